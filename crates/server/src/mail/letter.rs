//! What a letter says: each change in a line, why it is told, and where to look, in English or Japanese.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::Deserialize;
use share::{ChangeKind, ChangeReason, ChangeView};

/// A language of letters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
pub(crate) enum Language {
    /// English.
    #[default]
    #[serde(rename = "en")]
    English,
    /// Japanese.
    #[serde(rename = "ja")]
    Japanese,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Letter {
    pub(super) subject: String,
    pub(super) body: String,
}

fn kind(language: Language, kind: ChangeKind) -> &'static str {
    use ChangeKind::{
        Answered, DisclosureChanged, Emergency, EvidenceRegistered, EvidenceSuperseded, EvidenceWithdrawn,
        KeyChanged, LinkChanged, Reassessed, ReleaseAdded, VulnerabilityKnown,
    };
    let (english, japanese) = match kind {
        EvidenceRegistered => ("new evidence", "新しい証拠"),
        EvidenceSuperseded => ("evidence replaced", "証拠の差し替え"),
        EvidenceWithdrawn => ("evidence taken back", "証拠の撤回"),
        ReleaseAdded => ("new release", "新しいリリース"),
        LinkChanged => ("supply link changed", "供給関係の変更"),
        DisclosureChanged => ("disclosure changed", "開示範囲の変更"),
        KeyChanged => ("keys changed", "鍵の変更"),
        Reassessed => ("system assessed anew", "システムの再評価"),
        VulnerabilityKnown => ("vulnerability known", "脆弱性の判明"),
        Answered => ("question answered", "質問への回答"),
        Emergency => ("emergency", "緊急通知"),
    };
    if language == Language::Japanese { japanese } else { english }
}

/// Why it is told, from what the platform says beside its English sentence.
fn reason(change: &ChangeView) -> String {
    let param = |name: &str| change.params.get(name).map(String::as_str);
    match (change.rule, param("system"), param("supplier"), param("release")) {
        (ChangeReason::Installed, Some(system), _, Some(release)) => {
            format!("貴組織のシステム「{system}」に {release} が含まれています")
        }
        (ChangeReason::Supplier, _, Some(supplier), Some(release)) => {
            format!("「{supplier}」が {release} を納入しています")
        }
        (ChangeReason::Own, ..) => "貴組織に関するものです".to_owned(),
        (ChangeReason::Granted | ChangeReason::Installed | ChangeReason::Supplier, ..) => {
            format!("「{}」が開示しています", change.organization.name)
        }
    }
}

/// Where to look, below the platform's address.
fn path(change: &ChangeView) -> String {
    match (&change.evidence, &change.release) {
        (Some(evidence), _) => format!("/evidence/{}", evidence.id),
        (None, Some(release)) => format!("/releases/{}", release.id),
        (None, None) => "/audit".to_owned(),
    }
}

fn line(language: Language, address: &str, change: &ChangeView) -> String {
    let about = change.release.as_ref().map(|r| format!("{} {}: ", r.name, r.version)).unwrap_or_default();
    let (what, by) = (kind(language, change.kind), change.organization.name.as_str());
    let vulnerabilities = change.params.get("vulnerabilities").map(|v| format!(" ({v})")).unwrap_or_default();
    let (by, why) = match language {
        Language::English => (format!("by {by}"), change.why.clone()),
        Language::Japanese => (format!("（{by}）"), reason(change)),
    };
    let why_word = if language == Language::Japanese { "理由" } else { "why" };
    let (at, path) = (change.at, path(change));
    format!("{at}  {about}{what}{vulnerabilities} {by}\n  {why_word}: {why}\n  {address}{path}\n")
}

/// One letter.
pub(super) fn write(language: Language, address: &str, changes: &[ChangeView]) -> Letter {
    let count = changes.len();
    let mut body = String::new();
    for change in changes {
        let _ = writeln!(body, "{}", line(language, address, change));
    }
    let (subject, end) = match language {
        Language::English => (
            format!("Sukashi: {count} {}", if count == 1 { "change" } else { "changes" }),
            "An administrator of your organization entered this mailbox; it can be taken out in the list of webhooks.\n",
        ),
        Language::Japanese => (
            format!("Sukashi: 変更 {count} 件"),
            "この宛先は貴組織の管理者が登録しました。Webhook の一覧から削除できます。\n",
        ),
    };
    body.push_str(end);
    Letter { subject, body }
}
