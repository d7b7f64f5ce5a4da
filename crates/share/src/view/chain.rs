//! Supply links, disclosures, accesses and changes.

use std::collections::BTreeMap;

use record::Sha256;
use schemars::JsonSchema;
use serde::Serialize;
use statement::{AnswerVerdict, DisclosureLevel, EvidenceType, KeyId, Timestamp};

use crate::ids::{EvidenceId, LinkId};
use crate::view::{
    AccountRef, ChangeKind, ChangeReason, EvidenceView, LinkState, NamedRef, OrganizationRef, ReleaseRef,
    SubjectView,
};

views! {
    /// A supply link.
    LinkView {
        /// Id.
        id: LinkId,
        /// Who delivers.
        supplier: OrganizationRef,
        /// Who receives.
        customer: OrganizationRef,
        /// Which products; null for all.
        products: Option<Vec<NamedRef>>,
        /// Where it stands.
        state: LinkState,
        /// In force from.
        valid_from: Option<Timestamp>,
        /// In force until.
        valid_to: Option<Timestamp>,
        /// Questions about opaque components that the customer may ask in a month.
        questions: u32,
    }
    /// What is disclosed over a supply link, as heads count it.
    LinkListView {
        /// The link.
        link: LinkId,
        /// Whether the viewer's organization supplies over it.
        own: bool,
        /// Who receives.
        customer: OrganizationRef,
        /// A key of the receiver, to name it in a head.
        customer_key: Option<KeyId>,
        /// Log entries in the order of registration.
        entries: Vec<Sha256>,
        /// The newest head.
        head: Option<HeadView>,
    }
    /// The newest head of a supply link.
    HeadView {
        /// The statement.
        evidence: EvidenceId,
        /// Statements it counts.
        count: u64,
        /// Digest of their entries.
        list_sha256: Sha256,
        /// Signed at.
        issued: Timestamp,
        /// Stale after.
        valid_until: Timestamp,
        /// Whether it counts exactly what is disclosed now.
        matches: bool,
    }
    /// A statement that waits for a second person.
    PendingView {
        /// Id, to approve or reject it by.
        id: String,
        /// Who registered it.
        by: AccountRef,
        /// When.
        at: Timestamp,
        /// Kind.
        r#type: EvidenceType,
        /// What it is about.
        subjects: Vec<SubjectView>,
    }
    /// An answer without the document.
    AnswerView {
        /// The signed answer.
        evidence: EvidenceView,
        /// The vulnerability that was asked about.
        vulnerability: String,
        /// Whether a component is affected.
        verdict: AnswerVerdict,
        /// Questions left in this month.
        left: u32,
    }
    /// What a disclosure is about.
    ScopeView {
        /// `default`, `everything`, `product`, `release`, `system`, `evidence`.
        kind: &'static str,
        /// Id, where it is one thing.
        id: Option<String>,
        /// Its name.
        name: Option<String>,
    }
    /// Something the viewer's organization discloses.
    DisclosureView {
        /// Unique in the list: the grant's id, or `default`, and the audience's.
        id: String,
        /// To whom.
        audience: OrganizationRef,
        /// Of what.
        scope: ScopeView,
        /// Of which kinds; null for all.
        types: Option<Vec<EvidenceType>>,
        /// How much.
        level: DisclosureLevel,
        /// Until when.
        until: Option<Timestamp>,
        /// Since when; null for a default.
        granted_at: Option<Timestamp>,
    }
    /// Somebody looked at evidence of the viewer's organization.
    AccessView {
        /// When.
        at: Timestamp,
        /// Who.
        organization: OrganizationRef,
        /// At what.
        evidence: EvidenceView,
        /// How much they got.
        level: DisclosureLevel,
    }
    /// Something happened that concerns the viewer.
    ChangeView {
        /// Where it stands in this viewer's sequence.
        cursor: String,
        /// When.
        at: Timestamp,
        /// What.
        kind: ChangeKind,
        /// By whom.
        organization: OrganizationRef,
        /// The evidence.
        evidence: Option<EvidenceView>,
        /// The release.
        release: Option<ReleaseRef>,
        /// A system of the viewer that it concerns.
        system: Option<NamedRef>,
        /// One sentence, English.
        why: String,
        /// The reason.
        rule: ChangeReason,
        /// Values of the sentence.
        params: BTreeMap<String, String>,
    }
}
