//! What a document calls itself. A newer edition of it replaces it; another document of the same kind stands beside it: a
//! release has many advisories.

use record::Sha256;
use serde::Deserialize;
use sha2::Digest as _;
use statement::{EvidenceType, OpenPgpSignature, Predicate as _, Statement};

/// Where documents on vulnerabilities say it: CSAF `/document/tracking/id`, OpenVEX `@id`, OSV `id`.
#[derive(Deserialize)]
struct Named {
    #[serde(rename = "@id")]
    url: Option<String>,
    id: Option<String>,
    document: Option<Tracked>,
}

#[derive(Deserialize)]
struct Tracked {
    tracking: Option<Tracking>,
}

#[derive(Deserialize)]
struct Tracking {
    id: Option<String>,
}

/// SHA-256 of the name that a document on vulnerabilities gives itself; of a signature, the document that it signs. `None`
/// for everything of which there is one at a time, such as the bill of materials of a release.
pub(crate) fn of(statement: &Statement) -> Option<Sha256> {
    let kind = statement.predicate_type();
    if *kind == OpenPgpSignature::TYPE {
        return statement.predicate::<OpenPgpSignature>().ok().map(|signature| signature.document);
    }
    if kind.evidence_type() != EvidenceType::Vex {
        return None;
    }
    let named: Named = serde_json::from_str(statement.document()).ok()?;
    let tracked = named.document.and_then(|document| document.tracking).and_then(|tracking| tracking.id);
    tracked.or(named.url).or(named.id).map(|name| Sha256(sha2::Sha256::digest(name).into()))
}
