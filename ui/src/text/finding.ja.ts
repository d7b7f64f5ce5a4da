// Names of the inspection rules (crates/inspect) in Japanese, and why each of them matters in general. The record's own
// sentences, in English, are shown beside these.

export const findingJa: Record<string, { name: string; why: string }> = {
  'authentication-bypass': { name: '認証の迂回', why: '正規の確認を通らずに認証済みとなる経路があります。設定したパスワードを変えても防げません。' },
  'authorized-key': { name: 'あらかじめ登録された SSH 鍵', why: '対応する秘密鍵を持つ者は、納入されたすべての機器にログインできます。' },
  'connect-back': { name: '外部へ接続するシェル', why: '機器が自ら外部に接続し、相手にシェルを渡します。内向きの通信を遮断しても防げません。' },
  'default-account': { name: '既定のパスワードを持つアカウント', why: 'このパスワードは納入されるすべての機器で同じであり、知る者は誰でもログインできます。' },
  'hardcoded-credential': { name: '埋め込まれた認証情報', why: 'プログラムに固定された値で認証が通ります。設定したパスワードを変えても防げません。' },
  'hidden-command': { name: '隠しコマンド', why: '説明のどこにも書かれていない入力で、危険な操作が実行されます。' },
  'private-key': { name: '同梱された秘密鍵', why: 'イメージを入手した者は誰でもこの鍵を使い、機器になりすましたり通信を解読したりできます。' },
  'script-backdoor': { name: 'スクリプト内のバックドア', why: '外部からの入力が、そのまま命令として実行されます。' },
  'setuid-surprise': { name: '想定外の setuid プログラム', why: '一般の利用者が、所有者の権限でこのプログラムを動かせます。' },
  'shell-on-socket': { name: '接続相手に渡されるシェル', why: '接続した相手に、機器のシェルが渡されます。' },
  'signature-check-bypass': { name: '署名検証の迂回', why: '署名を確かめずに受け入れる経路があります。改変された更新を導入できてしまいます。' },
  'startup-shell': { name: '起動時に開かれるシェル', why: '機器の起動とともに、外部から使えるシェルが開かれます。' },
  'time-bomb': { name: '日時で起動する処理', why: '決まった日時を過ぎると、通常とは異なる操作が実行されます。' },
};
