//! Assessments in formats that other tools read, one a file.
//!
//! All are deterministic: where a format demands a time, an author or an id of the document, the caller gives it.

mod csaf;
mod cyclonedx;
mod dot;
mod navigator;
mod openvex;
mod stix;

pub use csaf::csaf;
pub use cyclonedx::cyclonedx;
pub use dot::dot;
pub use navigator::navigator;
pub use openvex::openvex;
pub use stix::stix;

use record::Verdict;
use sha2::Digest;

/// Who publishes, when, under which name: what formats demand and an assessment does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publication {
    /// Name of the publishing organization.
    pub author: String,
    /// IRI of its name space.
    pub namespace: String,
    /// RFC 3339, UTC.
    pub timestamp: String,
}

impl Publication {
    /// A URL-style id made from contents: equal contents, equal id.
    fn id(&self, kind: &str, contents: &str) -> String {
        format!("{}/{kind}/{}", self.namespace.trim_end_matches('/'), digest(contents))
    }
}

fn digest(contents: &str) -> String {
    let bytes: [u8; 32] = sha2::Sha256::digest(contents.as_bytes()).into();
    bytes.iter().take(16).map(|b| format!("{b:02x}")).collect()
}

/// A UUID of the text: equal texts have equal ones. Of version 4, since the schemas of STIX 2.1 know no version above 5,
/// and a digest is as good as a random number.
fn uuid(contents: &str) -> String {
    let hex = digest(contents);
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default().to_owned();
    format!("{}-{}-4{}-8{}-{}", part(0, 8), part(8, 12), part(13, 16), part(17, 20), part(20, 32))
}

/// Both formats' words for a verdict: OpenVEX and CSAF share them.
fn status(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Exploitable => "affected",
        Verdict::NotReachable | Verdict::Mitigated | Verdict::NotAffected => "not_affected",
        Verdict::Unknown => "under_investigation",
    }
}

/// The formats' shared word for why something is not affected.
fn justification(verdict: Verdict) -> Option<&'static str> {
    match verdict {
        Verdict::NotReachable => Some("vulnerable_code_cannot_be_controlled_by_adversary"),
        Verdict::Mitigated => Some("inline_mitigations_already_exist"),
        Verdict::NotAffected | Verdict::Exploitable | Verdict::Unknown => None,
    }
}
