//! What statements say: the predicate types we know, and the bodies of our own.
//!
//! Standard predicates are used where they exist; their bodies are documents of others and stay as they are. An
//! inspection's body is a `sukashi.inspection/1`, an assessment's a `sukashi.assessment/1` (crate `record`).

use std::borrow::Cow;
use std::fmt;

use record::{Assessment, Inspection, Sha256};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Timestamp;

/// Type URI of a predicate, as `predicateType` writes it. Unknown ones are kept.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PredicateType(Cow<'static, str>);

/// What kind of evidence a statement is, whatever its exact predicate type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EvidenceType {
    /// A bill of materials: CycloneDX or SPDX.
    Sbom,
    /// An inspection record.
    Inspection,
    /// Which vulnerabilities matter: OpenVEX.
    Vex,
    /// An assessment of a system.
    Assessment,
    /// How it was built: SLSA provenance.
    Provenance,
    /// A verification summary (SLSA VSA).
    VerificationSummary,
    /// A system and what is installed in it.
    SystemRegistration,
    /// Who may see what.
    DisclosureGrant,
    /// The head of a supply link.
    Head,
    /// A countermeasure that was applied.
    CountermeasureApplied,
    /// A statement taken back.
    Withdrawal,
    /// A predicate type we do not know.
    Other,
}

/// Sorted as [`EvidenceType`]. The URN form is ours; the others are what the standards define.
const KNOWN: &[(EvidenceType, &str)] = &[
    (EvidenceType::Sbom, "https://cyclonedx.org/bom"),
    (EvidenceType::Sbom, "https://spdx.dev/Document"),
    (EvidenceType::Inspection, "urn:sukashi:inspection:1"),
    (EvidenceType::Vex, "https://openvex.dev/ns"),
    (EvidenceType::Assessment, "urn:sukashi:assessment:1"),
    (EvidenceType::Provenance, "https://slsa.dev/provenance"),
    (EvidenceType::VerificationSummary, "https://slsa.dev/verification_summary"),
    (EvidenceType::SystemRegistration, "urn:sukashi:system-registration:1"),
    (EvidenceType::DisclosureGrant, "urn:sukashi:disclosure-grant:1"),
    (EvidenceType::Head, "urn:sukashi:head:1"),
    (EvidenceType::CountermeasureApplied, "urn:sukashi:countermeasure-applied:1"),
    (EvidenceType::Withdrawal, "urn:sukashi:withdrawal:1"),
];

impl PredicateType {
    /// CycloneDX bill of materials, any version (the document says which).
    pub const CYCLONEDX: Self = Self(Cow::Borrowed("https://cyclonedx.org/bom"));
    /// SPDX document, any version.
    pub const SPDX: Self = Self(Cow::Borrowed("https://spdx.dev/Document"));
    /// OpenVEX 0.2.0.
    pub const OPENVEX: Self = Self(Cow::Borrowed("https://openvex.dev/ns/v0.2.0"));
    /// SLSA provenance 1.
    pub const SLSA_PROVENANCE: Self = Self(Cow::Borrowed("https://slsa.dev/provenance/v1"));
    /// SLSA verification summary 1.
    pub const VERIFICATION_SUMMARY: Self = Self(Cow::Borrowed("https://slsa.dev/verification_summary/v1"));

    /// The type with this URI.
    pub fn new(uri: impl Into<String>) -> Self {
        Self(Cow::Owned(uri.into()))
    }

    /// The URI.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What kind of evidence it is; versions of a standard (`…/v1`, `…/v1.5`) are one kind.
    pub fn evidence_type(&self) -> EvidenceType {
        let is = |base: &str| {
            self.0.strip_prefix(base).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        KNOWN.iter().find(|(_, base)| is(base)).map_or(EvidenceType::Other, |(kind, _)| *kind)
    }
}

impl fmt::Display for PredicateType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for PredicateType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for PredicateType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

impl JsonSchema for PredicateType {
    fn schema_name() -> Cow<'static, str> {
        "PredicateType".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "format": "uri"})
    }
}

/// A body whose type we own.
pub trait Predicate: Serialize + DeserializeOwned {
    /// Its URI.
    const TYPE: PredicateType;
}

macro_rules! predicates {
    ($($body:ident = $uri:literal),* $(,)?) => {
        $(impl Predicate for $body {
            const TYPE: PredicateType = PredicateType(Cow::Borrowed($uri));
        })*
    };
}

predicates! {
    Assessment = "urn:sukashi:assessment:1",
    CountermeasureApplied = "urn:sukashi:countermeasure-applied:1",
    DisclosureGrant = "urn:sukashi:disclosure-grant:1",
    Head = "urn:sukashi:head:1",
    Inspection = "urn:sukashi:inspection:1",
    SystemRegistration = "urn:sukashi:system-registration:1",
    Withdrawal = "urn:sukashi:withdrawal:1",
}

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

/// How many statements a customer should have over a supply link. Subject: the customer's key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Head {
    /// Id of the supply link.
    pub link: String,
    /// Statements disclosed over it so far.
    pub count: u64,
    /// SHA-256 of their payload digests (32 bytes each), in the order of disclosure.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_a_standard_are_one_kind_and_longer_names_are_not() {
        let cases = [
            ("https://cyclonedx.org/bom", EvidenceType::Sbom),
            ("https://cyclonedx.org/bom/v1.6", EvidenceType::Sbom),
            ("https://cyclonedx.org/bomb", EvidenceType::Other),
            ("https://spdx.dev/Document/v2.3", EvidenceType::Sbom),
            ("https://openvex.dev/ns/v0.2.0", EvidenceType::Vex),
            ("https://slsa.dev/provenance/v1", EvidenceType::Provenance),
            ("https://slsa.dev/verification_summary/v1", EvidenceType::VerificationSummary),
            ("urn:sukashi:inspection:1", EvidenceType::Inspection),
            ("urn:sukashi:inspection:2", EvidenceType::Other),
        ];
        for (uri, expected) in cases {
            assert_eq!(PredicateType::new(uri).evidence_type(), expected, "{uri}");
        }
    }

    #[test]
    fn levels_are_ordered_from_nothing_to_everything() {
        use DisclosureLevel::{Exists, Full, FullAndReshare, Hidden, Outcome, Redacted};
        assert!([Hidden, Exists, Outcome, Redacted, Full, FullAndReshare].is_sorted());
        assert_eq!(DisclosureLevel::default(), Hidden);
    }
}
