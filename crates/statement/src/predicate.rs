//! What kinds of statement there are: the predicate types we know.
//!
//! Standard predicates are used where they exist; their bodies are documents of others and stay as they are. An
//! inspection's body is a `sukashi.inspection/1`, an assessment's a `sukashi.assessment/1` (crate `record`).

use std::borrow::Cow;
use std::fmt;

use record::{Assessment, Inspection};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::body::{
    Answer, CountermeasureApplied, Delegation, DisclosureGrant, Head, KeyRevocation, KeyRotation,
    SystemRegistration, Withdrawal,
};
use crate::openpgp::OpenPgpSignature;
use crate::redactable::Commitment;

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
    /// A new key of an organization.
    KeyRotation,
    /// A key not to be relied on any more.
    KeyRevocation,
    /// What an instance may state for an organization.
    Delegation,
    /// Root and size of a document that is shown in part.
    Commitment,
    /// An answer without the document.
    Answer,
    /// A predicate type we do not know.
    Other,
}

/// Before the version of a CSAF document's schema.
const CSAF_BASE: &str = "https://docs.oasis-open.org/csaf/csaf";

/// Sorted as [`EvidenceType`]. The URN form is ours; the others are what the standards define.
const KNOWN: &[(EvidenceType, &str)] = &[
    (EvidenceType::Sbom, "https://cyclonedx.org/bom"),
    (EvidenceType::Sbom, "https://spdx.dev/Document"),
    (EvidenceType::Inspection, "urn:sukashi:inspection:1"),
    (EvidenceType::Vex, "https://openvex.dev/ns"),
    (EvidenceType::Vex, CSAF_BASE),
    (EvidenceType::Vex, "https://ossf.github.io/osv-schema"),
    (EvidenceType::Assessment, "urn:sukashi:assessment:1"),
    (EvidenceType::Provenance, "https://slsa.dev/provenance"),
    (EvidenceType::VerificationSummary, "https://slsa.dev/verification_summary"),
    (EvidenceType::SystemRegistration, "urn:sukashi:system-registration:1"),
    (EvidenceType::DisclosureGrant, "urn:sukashi:disclosure-grant:1"),
    (EvidenceType::Head, "urn:sukashi:head:1"),
    (EvidenceType::CountermeasureApplied, "urn:sukashi:countermeasure-applied:1"),
    (EvidenceType::Withdrawal, "urn:sukashi:withdrawal:1"),
    (EvidenceType::KeyRotation, "urn:sukashi:key-rotation:1"),
    (EvidenceType::KeyRevocation, "urn:sukashi:key-revocation:1"),
    (EvidenceType::Delegation, "urn:sukashi:delegation:1"),
    (EvidenceType::Commitment, "urn:sukashi:commitment:1"),
    (EvidenceType::Answer, "urn:sukashi:answer:1"),
];

impl PredicateType {
    /// CycloneDX bill of materials, any version (the document says which).
    pub const CYCLONEDX: Self = Self(Cow::Borrowed("https://cyclonedx.org/bom"));
    /// SPDX document, any version.
    pub const SPDX: Self = Self(Cow::Borrowed("https://spdx.dev/Document"));
    /// OpenVEX 0.2.0.
    pub const OPENVEX: Self = Self(Cow::Borrowed("https://openvex.dev/ns/v0.2.0"));
    /// CSAF 2.0.
    pub const CSAF: Self = Self(Cow::Borrowed("https://docs.oasis-open.org/csaf/csaf/v2.0"));
    /// OSV, any version (the document says which).
    pub const OSV: Self = Self(Cow::Borrowed("https://ossf.github.io/osv-schema"));
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

    /// Whether it is a CSAF document, of any version.
    pub fn is_csaf(&self) -> bool {
        self.0.strip_prefix(CSAF_BASE).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
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
    Answer = "urn:sukashi:answer:1",
    Assessment = "urn:sukashi:assessment:1",
    Commitment = "urn:sukashi:commitment:1",
    CountermeasureApplied = "urn:sukashi:countermeasure-applied:1",
    Delegation = "urn:sukashi:delegation:1",
    DisclosureGrant = "urn:sukashi:disclosure-grant:1",
    Head = "urn:sukashi:head:1",
    Inspection = "urn:sukashi:inspection:1",
    KeyRevocation = "urn:sukashi:key-revocation:1",
    KeyRotation = "urn:sukashi:key-rotation:1",
    OpenPgpSignature = "urn:sukashi:openpgp-signature:1",
    SystemRegistration = "urn:sukashi:system-registration:1",
    Withdrawal = "urn:sukashi:withdrawal:1",
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
            ("https://docs.oasis-open.org/csaf/csaf/v2.0", EvidenceType::Vex),
            ("https://slsa.dev/provenance/v1", EvidenceType::Provenance),
            ("https://slsa.dev/verification_summary/v1", EvidenceType::VerificationSummary),
            ("urn:sukashi:inspection:1", EvidenceType::Inspection),
            ("urn:sukashi:inspection:2", EvidenceType::Other),
        ];
        for (uri, expected) in cases {
            assert_eq!(PredicateType::new(uri).evidence_type(), expected, "{uri}");
        }
    }
}
