//! Headings and fixed texts in both languages.

/// Of a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// Japanese.
    Japanese,
}

impl Language {
    /// As HTML names it.
    pub fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Japanese => "ja",
        }
    }
}

macro_rules! words {
    ($($name:ident: $english:literal, $japanese:literal;)*) => {
        /// A heading or fixed text.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Word { $($name),* }

        impl Word {
            pub(super) fn in_language(self, language: Language) -> &'static str {
                match (self, language) {
                    $((Self::$name, Language::English) => $english,
                      (Self::$name, Language::Japanese) => $japanese,)*
                }
            }
        }
    };
}

words! {
    Accounts: "Accounts", "アカウント数";
    Allowed: "Allowed", "許可される通信";
    Asset: "Asset", "対象資産";
    AssetKind: "Kind of asset", "資産種別";
    AssetSheet: "Asset-based", "資産ベース";
    AttackStep: "Attack step", "攻撃ステップ";
    AttackTree: "Attack tree", "攻撃ツリー";
    Because: "Because", "根拠";
    BlindSpots: "Not judged", "判定できなかった事項";
    BusinessImpact: "Business damage level", "事業被害レベル";
    BusinessSheet: "Business-damage-based", "事業被害ベース";
    Chain: "Attack path", "攻撃経路";
    ChokePoints: "Choke points", "要所";
    ChokePointsText: "What many paths share: watching or closing these places helps most.", "多くの経路が共有する箇所。ここを監視・遮断すると効果が大きい。";
    Component: "Component", "構成要素";
    Conduit: "Conduit", "コンジット";
    Conduits: "Conduits (IEC 62443)", "コンジット(IEC 62443)";
    Cost: "Cost", "費用";
    Countermeasures: "Countermeasures", "対策";
    CountermeasureLevel: "Countermeasure level", "対策レベル";
    Days: "Days until reached (p10 / p50 / p90)", "到達までの日数(p10/p50/p90)";
    DefaultAction: "Otherwise", "既定動作";
    Difference: "Difference to the model before", "変更前との差";
    After: "after", "変更後";
    Before: "before", "変更前";
    Enforced: "Enforced by", "実施装置";
    Explanation: "Explanation", "説明";
    Goal: "What must not happen", "起きてはならない事象";
    Hosts: "Hosts", "装置";
    HowRead: "How to read this report", "本書の読み方";
    HowReadText: "“Can happen” is exact for this model: the rules derive a way, or there is none. Probabilities and days are sampled from public figures and estimates; use them to compare changes, not as a forecast. What could not be judged is listed at the end.", "「起こり得る」はこのモデルについて厳密です。規則から経路が導けるか、存在しないかのいずれかです。確率と日数は公開値と推定値からの標本で、変更の比較に用い、予測とはみなさないでください。判定できなかった事項は末尾に示します。";
    Impact: "Importance of the asset", "資産の重要度";
    Incomplete: "The analysis was cut by its budget: what is shown holds, but more may follow.", "分析は上限で打ち切られました。示した内容は成立しますが、他にもあり得ます。";
    LevelsNote: "Levels run from 1 to 3. Threat level: 3 if the best known path succeeds with at least 30 %, 2 with at least 5 %, else 1. Vulnerability level: from the mean success of the path's steps, 3 from 80 %, 2 from 50 %, else 1. Importance and damage: 3 where a goal strikes a process or a host that controls one, 2 where it strikes data, a view, or a host that holds them, 1 where no reported path passes the asset, unknown where the model does not say what a host is for. Risk value: product of the three; 18 and 27 A, 12 B, 8 and 9 C, 4 and 6 D, 1 to 3 E. The matrix is ours; replace it by that of your organization.", "各レベルは1~3。脅威レベル:最良の既知経路の成功確率が30%以上なら3、5%以上なら2、他は1。脆弱性レベル:経路の各手順の平均成功確率が80%以上なら3、50%以上なら2、他は1。重要度・事業被害:プロセスまたはそれを制御する装置に及ぶ目標は3、データ・監視またはそれらを持つ装置に及ぶ目標は2、報告された経路が通らない資産は1、装置の用途がモデルにない場合は不明。リスク値:三つの積で、18・27がA、12がB、8・9がC、4・6がD、1~3がE。この表は本製品のもので、組織の基準に置き換えてください。";
    Measure: "Countermeasure", "対策";
    Network: "The network and the most likely way to each goal", "ネットワークと各事象への最有力経路";
    NoDoes: "cannot happen", "起こり得ない";
    NoneFound: "no way found, analysis cut", "未検出(分析打ち切り)";
    NoPlan: "No countermeasure is needed, or none is known that would help.", "必要な対策はない、または有効な対策が知られていません。";
    None: "none", "なし";
    Number: "No.", "項番";
    Optimal: "proven cheapest", "最小費用であることを証明済み";
    NotOptimal: "not proven cheapest", "最小費用は未証明";
    MeasureKind: "Kind", "対策種別";
    PictureText: "zones and hosts; strong lines are the steps of the most likely path to each goal", "ゾーンと装置。太い線は各事象への最有力経路の各手順";
    Plan: "The cheapest way to stop it", "最も安価な対策の組合せ";
    Probability: "Probability (95 % interval)", "確率(95%信頼区間)";
    Residual: "still possible after the plan", "対策後もなお可能";
    RiskValue: "Risk value", "リスク値";
    Services: "Services", "サービス数";
    Steps: "Steps that make it up", "構成ステップ";
    Summary: "Summary", "要約";
    Target: "Target", "対象";
    Technique: "Technique", "攻撃手法";
    Threat: "Threat (attack method)", "脅威(攻撃手法)";
    ThreatLevel: "Threat level", "脅威レベル";
    Title: "Risk assessment", "リスク評価報告書";
    Verdict: "Verdict", "判定";
    Vulnerabilities: "Vulnerabilities", "脆弱性";
    Vulnerability: "Vulnerability", "脆弱性";
    VulnerabilityLevel: "Vulnerability level", "脆弱性レベル";
    Why: "Why", "理由";
    YesDoes: "can happen", "起こり得る";
    Zone: "Zone", "ゾーン";
    Zones: "Zones (IEC 62443)", "ゾーン(IEC 62443)";
    Exploitable: "exploitable", "悪用可能";
    NotReachable: "not reachable", "到達不可";
    Mitigated: "mitigated", "緩和済み";
    NotAffected: "not affected", "影響なし";
    Unknown: "unknown", "不明";
}
