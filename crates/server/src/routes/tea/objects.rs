//! What the platform shows, in the words of the Transparency Exchange API 0.4.0.
//!
//! A product is both a TEA product and a TEA component, a release both kinds of release; its parts are further
//! components. Each registration about a release that the viewer sees makes a version of its collection. Ids of 128 bits
//! are written as UUIDs.

use serde::Serialize;
use serde_json::{Value, json};
use share::{EvidenceId, EvidenceState, EvidenceView, ProductView, ReleaseRef, ReleaseView};
use statement::{DisclosureLevel, EvidenceType, Timestamp};

use crate::here::Here;

/// `0123456789abcdef…` as a UUID; ids that are not 128 bits stay as they are.
pub(super) fn uuid(id: &str) -> String {
    let parts = [id.get(..8), id.get(8..12), id.get(12..16), id.get(16..20), id.get(20..32)];
    match (id.len(), parts.into_iter().collect::<Option<Vec<_>>>()) {
        (32, Some(parts)) => parts.join("-"),
        _ => id.to_owned(),
    }
}

/// The id that a UUID stands for. `None` unless it is written canonically.
pub(super) fn id(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(|c| *c != '-').collect();
    let hex = digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    (hex && digits.len() == 32 && uuid(&digits) == text).then_some(digits)
}

fn identifiers(here: &Here, id: &str) -> Value {
    json!([{"idType": "TEI", "idValue": tei(here, id)}])
}

pub(super) fn tei(here: &Here, id: &str) -> String {
    format!("urn:tei:uuid:{}:{}", here.domain, uuid(id))
}

/// A product, or the component it is as well.
pub(super) fn product(here: &Here, product: &ProductView) -> Value {
    let id = product.id.as_str();
    json!({"uuid": uuid(id), "name": product.name, "identifiers": identifiers(here, id)})
}

pub(super) fn product_release(here: &Here, release: &ReleaseView) -> Value {
    let id = release.id.as_str();
    let own = json!({"uuid": uuid(release.product.as_str()), "release": uuid(id)});
    let part = |p: &ReleaseRef| json!({"uuid": uuid(p.product.as_str()), "release": uuid(p.id.as_str())});
    let components: Vec<_> = std::iter::once(own).chain(release.parts.iter().map(part)).collect();
    json!({
        "uuid": uuid(id),
        "product": uuid(release.product.as_str()),
        "productName": release.name,
        "version": release.version,
        "createdDate": release.released_at,
        "releaseDate": release.released_at,
        "identifiers": identifiers(here, id),
        "components": components,
    })
}

pub(super) fn component_release(here: &Here, release: &ReleaseView) -> Value {
    let id = release.id.as_str();
    let distribution = |a: &share::ArtifactView| {
        // The digest is the distribution's identity; its first half is as unique as a random UUID.
        let digest = a.sha256.to_string();
        json!({
            "distributionId": uuid(digest.get(..32).unwrap_or_default()),
            "description": a.name,
            "checksums": [{"algType": "SHA-256", "algValue": digest}],
        })
    };
    json!({
        "uuid": uuid(id),
        "component": uuid(release.product.as_str()),
        "componentName": release.name,
        "version": release.version,
        "createdDate": release.released_at,
        "releaseDate": release.released_at,
        "identifiers": identifiers(here, id),
        "distributions": release.artifacts.iter().map(distribution).collect::<Vec<_>>(),
    })
}

fn artifact_type(kind: EvidenceType) -> &'static str {
    match kind {
        EvidenceType::Sbom => "BOM",
        EvidenceType::Vex => "VULNERABILITIES",
        EvidenceType::Provenance => "BUILD_META",
        EvidenceType::Inspection | EvidenceType::Assessment | EvidenceType::VerificationSummary => {
            "ATTESTATION"
        }
        _ => "OTHER",
    }
}

pub(super) fn artifact(here: &Here, evidence: &EvidenceView) -> Value {
    let id = evidence.id.as_str();
    let at = |what: &str| format!("{}/api/v1/evidence/{id}/{what}", here.origin);
    let mut formats = Vec::new();
    if evidence.level >= DisclosureLevel::Redacted {
        formats.push(json!({"mediaType": "application/json", "url": at("document")}));
    }
    if let Some(digest) = evidence.statement_sha256 {
        formats.push(json!({
            "mediaType": "application/vnd.dsse.envelope.v1+json",
            "url": at("statement"),
            "checksums": [{"algType": "SHA-256", "algValue": digest}],
        }));
    }
    let kind = serde_json::to_value(evidence.r#type).unwrap_or_default();
    json!({
        "uuid": uuid(id),
        "version": 1,
        "name": format!("{} by {}", kind.as_str().unwrap_or("document"), evidence.issuer.name),
        "type": artifact_type(evidence.r#type),
        "createdDate": evidence.registered_at,
        "formats": formats,
    })
}

/// Which kind of release a collection belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum Owner {
    ComponentRelease,
    ProductRelease,
}

/// The versions of a release's collection: one when it was added, and one for each registration since.
pub(super) struct Collections<'a> {
    release: &'a ReleaseView,
    /// Oldest first.
    history: Vec<&'a EvidenceView>,
    owner: Owner,
}

impl<'a> Collections<'a> {
    /// `history` is newest first.
    pub(super) fn new(release: &'a ReleaseView, history: &'a [EvidenceView], owner: Owner) -> Self {
        Self { release, history: history.iter().rev().collect(), owner }
    }

    /// The newest version's number; the first is 1.
    pub(super) fn latest(&self) -> usize {
        self.history.len().saturating_add(1)
    }

    /// Version `number`; `None` if there is none.
    pub(super) fn version(&self, here: &Here, number: usize) -> Option<Value> {
        let seen = self.history.get(..number.checked_sub(1)?)?;
        let replaced = |id: &EvidenceId| seen.iter().any(|e| e.supersedes.as_ref() == Some(id));
        let withdrawals = seen.iter().filter(|e| e.r#type == EvidenceType::Withdrawal).count();
        let taken_back = |e: &&&EvidenceView| withdrawals > 0 && e.state == EvidenceState::Withdrawn;
        let current = seen
            .iter()
            .filter(|e| e.r#type != EvidenceType::Withdrawal && !replaced(&e.id))
            .filter(|e| !taken_back(e));
        let (date, reason) = match seen.last() {
            Some(last) => (last.registered_at, reason(last)),
            None => (self.release.released_at, "INITIAL_RELEASE"),
        };
        Some(json!({
            "uuid": uuid(self.release.id.as_str()),
            "version": number,
            "date": date,
            "belongsTo": self.owner,
            "updateReason": {"type": reason},
            "artifacts": current.map(|e| artifact(here, e)).collect::<Vec<_>>(),
        }))
    }
}

fn reason(evidence: &EvidenceView) -> &'static str {
    match (evidence.r#type, &evidence.supersedes) {
        (EvidenceType::Withdrawal, _) => "ARTIFACT_REMOVED",
        (EvidenceType::Vex, Some(_)) => "VEX_UPDATED",
        (_, Some(_)) => "ARTIFACT_UPDATED",
        (_, None) => "ARTIFACT_ADDED",
    }
}

/// Life cycle (ECMA-428): when which version was released; newest first.
pub(super) fn life_cycle(versions: &[(Timestamp, String)]) -> Value {
    let event = |(n, (at, version)): (usize, &(Timestamp, String))| json!({"id": n.saturating_add(1), "type": "released", "effective": at, "published": at, "version": version});
    json!({"events": versions.iter().enumerate().map(event).rev().collect::<Vec<_>>()})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_uuids_and_back_and_other_texts_are_not() {
        let text = "0123456789abcdef0123456789abcdef";
        assert_eq!(uuid(text), "01234567-89ab-cdef-0123-456789abcdef");
        assert_eq!(id(&uuid(text)).as_deref(), Some(text));
        for wrong in
            [text, "01234567-89AB-cdef-0123-456789abcdef", "0123456-789ab-cdef-0123-456789abcdef", "", "é"]
        {
            assert_eq!(id(wrong), None, "{wrong}");
        }
    }
}
