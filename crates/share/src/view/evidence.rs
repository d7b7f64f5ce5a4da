//! Evidence, findings and components.

use record::{Artifact, Finding, ReviewState, Severity, Sha256};
use schemars::JsonSchema;
use serde::Serialize;
use statement::{DisclosureLevel, EvidenceType, KeyId, PartialView, Timestamp};

use crate::ids::EvidenceId;
use crate::view::{EvidenceState, NamedRef, OrganizationRef, Outcome, ReleaseRef, SubjectView, Tlp};

views! {
    /// A piece of evidence; fields above the viewer's level are null.
    EvidenceView {
        /// Id.
        id: EvidenceId,
        /// Kind.
        r#type: EvidenceType,
        /// Predicate type URI.
        predicate_type: String,
        /// What the viewer gets.
        level: DisclosureLevel,
        /// Whose word it is.
        issuer: OrganizationRef,
        /// When it was registered.
        registered_at: Timestamp,
        /// The release it is about.
        release: Option<ReleaseRef>,
        /// The system it is about.
        system: Option<NamedRef>,
        /// Where it stands.
        state: EvidenceState,
        /// What it replaces.
        supersedes: Option<EvidenceId>,
        /// What replaces it.
        superseded_by: Option<EvidenceId>,
        /// Why it was taken back.
        withdrawn_because: Option<String>,
        /// Figures; from level outcome.
        outcome: Option<Outcome>,
        /// Subjects; from level redacted.
        subjects: Option<Vec<SubjectView>>,
        /// Media type of the document; from level redacted.
        media_type: Option<String>,
        /// Bytes of the document; from level redacted.
        size: Option<u64>,
        /// Traffic light.
        tlp: Option<Tlp>,
        /// Not shown to others before.
        embargo_until: Option<Timestamp>,
        /// The signed commitment to the document, which proves what is shown of it; from level redacted.
        commitment: Option<EvidenceId>,
        /// Parts of the document that did not come along from another instance; null where all of it is here.
        opaque: Option<u64>,
        /// Who signed; from level full.
        key_id: Option<KeyId>,
        /// Digest of the envelope; from level full.
        statement_sha256: Option<Sha256>,
        /// What the log holds of it: a salted digest that heads of supply links count.
        log_entry: Sha256,
        /// Whose systems or releases it speaks of, where an instance states it under a delegation.
        on_behalf_of: Option<OrganizationRef>,
    }
    /// A finding in a list.
    FindingSummary {
        /// Id.
        id: String,
        /// Rule.
        rule: String,
        /// How soon to look.
        severity: Severity,
        /// 0–100.
        score: u8,
        /// One line.
        title: String,
        /// Path of the artifact.
        artifact: String,
        /// Function, where the viewer may know it.
        function: Option<String>,
        /// What a reviewer decided.
        review: ReviewState,
        /// The inspection it stands in.
        evidence: EvidenceId,
    }
    /// A finding.
    FindingView {
        /// The inspection it stands in.
        evidence: EvidenceView,
        /// The artifact it was found in; null if the record does not list it.
        artifact: Option<Artifact>,
        /// The finding.
        finding: Finding,
    }
    /// A document shown in part, with proof against what its issuer signed.
    ShownView {
        /// The signed commitment; its envelope is at `/evidence/{id}/statement`.
        commitment: EvidenceView,
        /// What is shown.
        view: PartialView,
        /// Leaves that are not shown.
        opaque: u64,
    }
    /// A component of a bill of materials.
    ComponentView {
        /// Name.
        name: String,
        /// Version.
        version: Option<String>,
        /// Package URL.
        purl: Option<String>,
        /// CPE 2.3.
        cpe: Option<String>,
        /// Licences as written.
        licences: Vec<String>,
        /// Supplier as written.
        supplier: Option<String>,
    }
}
