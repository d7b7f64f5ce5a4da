//! What statements of our own types say.

use record::Sha256;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::key::{KeyId, PublicKey};
use crate::predicate::EvidenceType;

/// A system model and what is installed in it. Subject: the system's name with the digest of its model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SystemRegistration {
    /// The `sukashi.system/1` document.
    pub model: serde_json::Value,
    /// Hosts and software of the model, each with what it says of its origin.
    pub assets: Vec<DeclaredAsset>,
}

/// An installed release, as a system's owner declares it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeclaredAsset {
    /// Id in the model, `kind:id`.
    pub id: String,
    /// Name for reading.
    pub name: String,
    /// What it is.
    pub kind: AssetKind,
    /// Id of the asset it is a part of.
    pub parent: Option<String>,
    /// Which release it is said to be.
    pub release: Option<DeclaredRelease>,
}

/// Kinds of asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AssetKind {
    /// A device.
    Equipment,
    /// A program or firmware.
    Software,
}

/// What is known of an installed release; a digest is exact, the rest is a name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct DeclaredRelease {
    /// Digest of a delivered artifact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Sha256>,
    /// Package URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purl: Option<String>,
    /// Product name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// Version of the product.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// How much of a piece of evidence somebody gets. Ordered: each level includes those before it.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum DisclosureLevel {
    /// Nothing, not even that it exists.
    #[default]
    Hidden,
    /// That it exists, by whom, since when.
    Exists,
    /// Its figures.
    Outcome,
    /// The document with its secrets taken out.
    Redacted,
    /// The signed statement.
    Full,
    /// The same, and the right to grant it to one's own customers.
    FullAndReshare,
}

/// Gives somebody a level. Subject: the public keys (name of the organization, key id) of those it is given to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DisclosureGrant {
    /// Of what.
    pub scope: GrantScope,
    /// Of which kinds of evidence; null for all.
    pub types: Option<Vec<EvidenceType>>,
    /// How much; may also be less than the default.
    pub level: DisclosureLevel,
    /// Until when; null for until further notice.
    pub valid_until: Option<Timestamp>,
    /// In an emergency (a known exploited vulnerability, from a list that an administrator imported) the outcome may be
    /// shown although the level is lower.
    #[serde(default, skip_serializing_if = "is_false")]
    pub emergency: bool,
}

fn is_false(value: &bool) -> bool {
    !value
}

/// What a grant is about. Ids are the platform's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum GrantScope {
    /// All that the granting organization may disclose.
    Everything,
    /// All evidence about one product.
    Product {
        /// Product id.
        id: String,
    },
    /// All evidence about one release.
    Release {
        /// Release id.
        id: String,
    },
    /// All evidence about one system.
    System {
        /// System id.
        id: String,
    },
    /// One piece of evidence.
    Evidence {
        /// Evidence id.
        id: String,
    },
}

/// How many statements a customer should have over a supply link. Subject: the customer's key. A receiver that has fewer
/// was not given something; one whose head has expired has not heard from its supplier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Head {
    /// Id of the supply link.
    pub link: String,
    /// Statements disclosed over it so far.
    pub count: u64,
    /// SHA-256 of their log entries (32 bytes each), in the order of registration.
    pub list_sha256: Sha256,
    /// When it was made.
    pub issued: Timestamp,
    /// After this it is stale.
    pub valid_until: Timestamp,
}

/// A countermeasure that somebody put in place. Subject: the system's name and the digest of its model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CountermeasureApplied {
    /// Payload digest of the assessment that proposed it.
    pub assessment: Sha256,
    /// Its id there.
    pub countermeasure: String,
    /// Who applied it.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Digest of a document that shows it.
    pub evidence: Option<Sha256>,
}

/// Takes a statement of one's own back. Subject: the payload digest of that statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Withdrawal {
    /// Why, for those who relied on it.
    pub reason: String,
}

/// A new key of the issuer. Signed by a key it has and by the new one. Subject: the organization's name with the new
/// key's id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KeyRotation {
    /// The new key.
    pub public_key: PublicKey,
    /// The key it replaces from now on; null: both go on signing.
    pub replaces: Option<KeyId>,
}

/// A key of the issuer that must not be relied on any more. Subject: the organization's name with the key's id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KeyRevocation {
    /// Why.
    pub reason: String,
}

/// Lets an instance state in its own name what it derives for the issuer: re-assessments of its systems, answers about
/// its releases. Taken back by a withdrawal. Subject: the instance's name with its key's id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Delegation {
    /// The instance's key.
    pub public_key: PublicKey,
    /// What it may state.
    pub types: Vec<EvidenceType>,
}

/// An instance's answer to a question about components that the asker may not see. Subject: as of the bill of materials.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Answer {
    /// The vulnerability that was asked about.
    pub vulnerability: String,
    /// Whether a component is affected; nothing else of it.
    pub verdict: AnswerVerdict,
    /// Digest of the vulnerability data it was answered with.
    pub vuln_db: Sha256,
}

/// What an [`Answer`] says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AnswerVerdict {
    /// A component's version is one of the affected ones.
    Affected,
    /// No component's is.
    NotAffected,
    /// The data does not know the vulnerability, or a version cannot be compared.
    Unknown,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_ordered_from_nothing_to_everything() {
        use DisclosureLevel::{Exists, Full, FullAndReshare, Hidden, Outcome, Redacted};
        assert!([Hidden, Exists, Outcome, Redacted, Full, FullAndReshare].is_sorted());
        assert_eq!(DisclosureLevel::default(), Hidden);
    }
}
