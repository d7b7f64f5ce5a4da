//! Sentences of the product in Japanese: those of the rules by the rule's id, others by the English they stand for.
//!
//! Names, facts and ids stay as the model and the rules give them. What has no translation, such as a sentence of a
//! pack of the user's own, stays as it is.

use std::collections::BTreeMap;

use record::{CountermeasureKind, Step};
use system::{Action, HostKind, Kind, Reference};

use crate::template::fill;

/// One a line: rule id, colon, sentence with the variables of the English one. Sorted.
const SENTENCES: &str = include_str!("../../rules/sentences.ja.txt");

/// English with `{…}` for what differs, and Japanese. The first that fits is taken.
const PHRASES: &[(&str, &str)] = &[
    (
        "{a} can use it over the network, with a taken account, {n} inferences from the start",
        "{a}が奪ったアカウントでネットワーク越しに悪用できる(開始から推論{n}段)",
    ),
    ("{a} can use it {how}, {n} inferences from the start", "{a}が{how}悪用できる(開始から推論{n}段)"),
    ("over the network", "ネットワーク越しに"),
    ("from the same network segment", "同じネットワークセグメントから"),
    ("from its foothold on the host", "装置上の足掛かりから"),
    ("through a person who opens it", "開いてしまう人を通じて"),
    ("at the device", "機器の前で"),
    ("{range} range, {privilege} privilege, {act}", "攻撃元区分:{range}、必要な権限:{privilege}、{act}"),
    ("network", "ネットワーク"),
    ("adjacent", "隣接"),
    ("local", "ローカル"),
    ("physical", "物理"),
    ("none", "不要"),
    ("low", "低"),
    ("high", "高"),
    ("no interaction", "利用者の関与は不要"),
    ("a person has to act", "利用者の関与が必要"),
    ("its weakness classes only stop a service", "弱点の種別から、サービス停止のみが生じる"),
    ("its weakness classes only let data out", "弱点の種別から、情報の読み出しのみが生じる"),
    ("CWE-{n} runs code where integrity suffers", "CWE-{n}は完全性が損なわれる場合にコード実行となる"),
    (
        "confidentiality, integrity and availability all suffer: taken as running code",
        "機密性・完全性・可用性のすべてが損なわれるため、コード実行とみなす",
    ),
    (
        "not all of confidentiality, integrity and availability suffer: taken as access to data",
        "機密性・完全性・可用性のすべては損なわれないため、データへのアクセスとみなす",
    ),
    ("fixed, by the word of {who}: {why}", "修正済み({who}の声明による):{why}"),
    ("fixed, by the word of {who}", "修正済み({who}の声明による)"),
    ("not affected, by the word of {who}: {why}", "影響なし({who}の声明による):{why}"),
    ("not affected, by the word of {who}", "影響なし({who}の声明による)"),
    (
        "no CVSS vector says where an attacker must be and what is gained",
        "攻撃者の位置と得られるものを示すCVSSベクトルがない",
    ),
    (
        "the budget cut the analysis: a way to it may have been missed",
        "分析が上限で打ち切られたため、経路を見落とした可能性がある",
    ),
    ("stopped by {facts}", "次により阻止される:{facts}"),
    (
        "no service of {host} is stated, so nobody can say whether it listens",
        "{host}のサービスがモデルにないため、待ち受けの有無を判定できない",
    ),
    ("nearest missing premise: {facts}", "経路に最も近い不足条件:{facts}"),
    ("vulnerabilities of host {host}", "装置{host}の脆弱性"),
    ("the model states no software for it", "モデルにソフトウェアの記述がない"),
    ("all attacks", "すべての攻撃"),
    ("the model states no attacker", "モデルに攻撃者の記述がない"),
    ("countermeasures against goal {goal}", "事象{goal}への対策"),
    (
        "one of its paths rests on nothing that a known countermeasure changes",
        "既知の対策では変えられない条件だけに基づく経路がある",
    ),
    ("a cheaper plan", "より安価な対策の組合せ"),
    (
        "the search was cut by its budget: what is chosen stops the attacks, but may not be the cheapest",
        "探索が上限で打ち切られた。示した対策は攻撃を阻止するが、最小費用とは限らない",
    ),
    ("some facts of {relation}", "{relation}の一部の事実"),
    ("all facts of {relation}", "{relation}のすべての事実"),
    ("the budget of {n} derived facts was exceeded", "導出する事実の上限{n}を超えた"),
    ("the budget of {n} steps was exceeded", "手順の上限{n}を超えた"),
];

/// The sentence of a step.
pub(super) fn sentence(step: &Step) -> String {
    let of_rule = SENTENCES.lines().filter_map(|line| line.split_once(": ")).find(|(id, _)| *id == step.rule);
    of_rule.map_or_else(|| step.explain.clone(), |(_, sentence)| fill(sentence, &step.params))
}

/// A reason, part by part.
pub(super) fn reason(english: &str) -> String {
    // Facts and what others state may hold the mark between parts.
    phrase(english).unwrap_or_else(|| {
        let parts = english.split("; ").map(|part| phrase(part).unwrap_or_else(|| part.to_owned()));
        parts.collect::<Vec<_>>().join("。")
    })
}

fn phrase(english: &str) -> Option<String> {
    // A phrase of several parts would take a part into what differs.
    let (values, japanese) =
        PHRASES.iter().find_map(|(template, japanese)| Some((differing(template, english)?, *japanese)))?;
    let word = |(name, value): (&str, &str)| {
        let known = PHRASES.iter().find(|(template, _)| *template == value);
        (name.to_owned(), known.map_or(value, |(_, japanese)| japanese).to_owned())
    };
    Some(fill(japanese, &values.into_iter().map(word).collect()))
}

/// What stands in the places of `{…}`; `None` if the text is another one.
fn differing<'t>(template: &'t str, text: &'t str) -> Option<BTreeMap<&'t str, &'t str>> {
    let mut values = BTreeMap::new();
    let mut parts = template.split('{');
    let mut rest = text.strip_prefix(parts.next()?)?;
    for part in parts {
        let (name, literal) = part.split_once('}')?;
        let end = if literal.is_empty() { rest.len() } else { rest.find(literal)? };
        let value = rest.get(..end)?;
        // Reasons have parts; only what is stated or listed at the end may hold the mark between them.
        if value.is_empty() || value.contains("; ") && !["facts", "why"].contains(&name) {
            return None;
        }
        values.insert(name, value);
        rest = rest.get(end + literal.len()..)?;
    }
    rest.is_empty().then_some(values)
}

pub(super) fn host_kind(kind: HostKind) -> &'static str {
    match kind {
        HostKind::Other => "その他",
        HostKind::Workstation => "業務端末",
        HostKind::Laptop => "ノートPC",
        HostKind::Server => "サーバ",
        HostKind::Router => "ルータ",
        HostKind::Firewall => "ファイアウォール",
        HostKind::Switch => "スイッチ",
        HostKind::Plc => "PLC",
        HostKind::Rtu => "RTU",
        HostKind::Hmi => "HMI",
        HostKind::EngineeringStation => "エンジニアリング端末(EWS)",
        HostKind::Historian => "ヒストリアン",
        HostKind::SafetyController => "安全計装装置",
        HostKind::Sensor => "センサ",
        HostKind::Actuator => "アクチュエータ",
        HostKind::Camera => "カメラ",
        HostKind::Phone => "携帯端末",
        HostKind::DirectoryServer => "ディレクトリサーバ",
        HostKind::Printer => "プリンタ",
    }
}

pub(super) fn action(action: Action) -> &'static str {
    match action {
        Action::Allow => "許可",
        Action::Deny => "拒否",
    }
}

pub(super) fn countermeasure_kind(kind: CountermeasureKind) -> &'static str {
    match kind {
        CountermeasureKind::Patch => "更新の適用",
        CountermeasureKind::Filter => "通信の遮断",
        CountermeasureKind::Remove => "除去・分離",
        CountermeasureKind::Credential => "認証情報の保護",
        CountermeasureKind::Account => "アカウントの見直し",
        CountermeasureKind::Usage => "運用の見直し",
        CountermeasureKind::Monitor => "監視",
    }
}

/// What a `kind:id` names.
pub(super) fn place(reference: &Reference) -> String {
    format!("{} {}", kind(reference.kind), reference.id)
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Account => "アカウント",
        Kind::Attacker => "攻撃者",
        Kind::Countermeasure => "対策",
        Kind::Credential => "認証情報",
        Kind::Data => "データ",
        Kind::Filter => "フィルタ",
        Kind::Flow => "データの流れ",
        Kind::Goal => "事象",
        Kind::Group => "グループ",
        Kind::Host => "装置",
        Kind::Link => "リンク",
        Kind::Network => "ネットワーク",
        Kind::Person => "利用者",
        Kind::Place => "場所",
        Kind::Process => "プロセス",
        Kind::Service => "サービス",
        Kind::Software => "ソフトウェア",
        Kind::Supplier => "供給者",
        Kind::Usage => "利用",
        Kind::Vulnerability => "脆弱性",
        Kind::Zone => "ゾーン",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::packs::{Knowledge, built_in};
    use crate::template::names;

    #[test]
    fn every_rule_has_a_sentence_with_the_same_variables() {
        let knowledge = Knowledge::load(&built_in()).unwrap();
        let variables = |sentence: &'_ str| names(sentence).map(str::to_owned).collect::<BTreeSet<_>>();
        let english: BTreeMap<&str, _> =
            knowledge.steps().map(|step| (step.id.as_str(), variables(&step.sentence))).collect();
        let japanese: BTreeMap<&str, _> = SENTENCES
            .lines()
            .map(|line| line.split_once(": ").unwrap())
            .map(|(id, sentence)| (id, variables(sentence)))
            .collect();
        assert_eq!(japanese, english);
        assert!(SENTENCES.lines().is_sorted(), "sorted by id");
    }

    #[test]
    fn a_reason_is_translated_part_by_part_and_names_stay() {
        assert_eq!(
            reason(
                "a1 can use it over the network, 6 inferences from the start; network range, none privilege, \
                 no interaction; CWE-78 runs code where integrity suffers"
            ),
            "a1がネットワーク越しに悪用できる(開始から推論6段)。攻撃元区分:ネットワーク、必要な権限:不要、\
             利用者の関与は不要。CWE-78は完全性が損なわれる場合にコード実行となる"
        );
        assert_eq!(
            reason("fixed, by the word of maker: new parser; see the notes"),
            "修正済み(makerの声明による):new parser; see the notes"
        );
        assert_eq!(reason("a sentence of a pack; of one's own"), "a sentence of a pack。of one's own");
    }
}
