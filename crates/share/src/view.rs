//! What reading functions return: the JSON of the HTTP interface (`docs/api.md`), already cut to the viewer's level.

use std::collections::BTreeMap;

use record::{Artifact, AspectStatus, Assessment, Finding, ReviewState, Severity, Sha256};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use statement::{AssetKind, DeclaredRelease, DisclosureLevel, EvidenceType, KeyId, PublicKey, Timestamp};

use crate::ids::{AccountId, EvidenceId, LinkId, OrganizationId, ProductId, ReleaseId, SystemId};
use crate::viewer::Role;

macro_rules! views {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
            pub struct $name { $($(#[$field_doc])* pub $field: $type,)* }
        )*
    };
}

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident,)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
            #[serde(rename_all = "kebab-case")]
            pub enum $name { $($(#[$variant_doc])* $variant,)* }
        )*
    };
}

words! {
    /// What an organization does in the chain.
    OrganizationKind {
        /// Makes software.
        SoftwareManufacturer,
        /// Makes devices.
        EquipmentManufacturer,
        /// Builds systems.
        Integrator,
        /// Runs systems.
        Operator,
        /// Checks.
        Auditor,
    }
    /// What a product is.
    ProductKind {
        /// A program or library.
        Software,
        /// A device with its firmware.
        Equipment,
        /// A delivered system.
        System,
    }
    /// Where a piece of evidence stands.
    EvidenceState {
        /// The latest word.
        Current,
        /// A later one replaces it.
        Superseded,
        /// Its issuer took it back.
        Withdrawn,
    }
    /// Where a supply link stands.
    LinkState {
        /// One side has agreed.
        Proposed,
        /// Both have, and it is in force.
        Active,
        /// Over, or not in force yet.
        Ended,
    }
    /// Whether a key may still sign.
    KeyState {
        /// It may.
        Active,
        /// It may not; what it signed before stays registered.
        Revoked,
    }
    /// How an organization stands to the viewer's.
    Relation {
        /// The viewer's own.
        #[serde(rename = "self")]
        Own,
        /// Delivers to it.
        Supplier,
        /// Receives from it.
        Customer,
        /// Further up the chain.
        Upstream,
    }
    /// How sure it is that an asset is that release.
    Confidence {
        /// The digest is that of a delivered artifact.
        Exact,
        /// Name and version fit one release.
        Likely,
        /// Nothing fits; only the owner's word.
        Declared,
    }
    /// Traffic Light Protocol 2.0.
    Tlp {
        /// No limit.
        Clear,
        /// The community.
        Green,
        /// The recipients' organizations and their clients.
        Amber,
        /// The recipients' organizations.
        #[serde(rename = "amber+strict")]
        AmberStrict,
        /// The recipients; nobody gets it by default.
        Red,
    }
    /// What a change is.
    ChangeKind {
        /// New evidence.
        EvidenceRegistered,
        /// Evidence that replaces earlier evidence.
        EvidenceSuperseded,
        /// Evidence taken back.
        EvidenceWithdrawn,
        /// A new release.
        ReleaseAdded,
        /// A supply link proposed, agreed or ended.
        LinkChanged,
        /// Somebody may see more or less.
        DisclosureChanged,
        /// A key added or revoked.
        KeyChanged,
    }
    /// Why a viewer is told of a change.
    ChangeReason {
        /// It is about something installed in a system of theirs.
        Installed,
        /// It comes from a supplier.
        Supplier,
        /// It is their own.
        Own,
        /// It was granted to them.
        Granted,
    }
}

views! {
    /// An organization, to link to.
    OrganizationRef {
        /// Id.
        id: OrganizationId,
        /// Name.
        name: String,
    }
    /// Something with an id and a name.
    NamedRef {
        /// Id.
        id: String,
        /// Name.
        name: String,
    }
    /// The account of a session.
    AccountRef {
        /// Id.
        id: AccountId,
        /// Name.
        name: String,
    }
    /// A release, to link to.
    ReleaseRef {
        /// Id.
        id: ReleaseId,
        /// Its product.
        product: ProductId,
        /// The product's name.
        name: String,
        /// Version.
        version: String,
        /// Who delivers it.
        supplier: OrganizationRef,
    }
    /// The answer of `/session`.
    SessionView {
        /// Who.
        account: AccountRef,
        /// Of which organization.
        organization: OrganizationRef,
        /// What they may do.
        role: Role,
        /// To be sent back in the header `X-Sukashi-CSRF` with every write.
        csrf: String,
        /// When the session ends.
        expires_at: Option<Timestamp>,
    }
    /// A subject of a statement.
    SubjectView {
        /// Name.
        name: String,
        /// Digest.
        sha256: Sha256,
    }
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
        /// Who signed; from level full.
        key_id: Option<KeyId>,
        /// Digest of the envelope; from level full.
        statement_sha256: Option<Sha256>,
    }
    /// The three aspects of a thing.
    Aspects {
        /// Is its configuration known?
        configuration: AspectStatus,
        /// Was it inspected?
        inspection: AspectStatus,
        /// Is its risk assessed?
        risk: AspectStatus,
    }
    /// A delivered file.
    ArtifactView {
        /// File name.
        name: String,
        /// Digest.
        sha256: Sha256,
        /// Bytes.
        size: Option<u64>,
    }
    /// A release.
    ReleaseView {
        /// Id.
        id: ReleaseId,
        /// Its product.
        product: ProductId,
        /// The product's name.
        name: String,
        /// Version.
        version: String,
        /// Who delivers it.
        supplier: OrganizationRef,
        /// When it was added.
        released_at: Timestamp,
        /// Files it consists of.
        artifacts: Vec<ArtifactView>,
        /// Releases inside it, as far as the viewer sees them.
        parts: Vec<ReleaseRef>,
        /// What is known of it.
        aspects: Aspects,
        /// Current evidence; null in lists.
        evidence: Option<Vec<EvidenceView>>,
        /// Own systems it is installed in; null in lists.
        installed_in: Option<Vec<InstalledIn>>,
        /// The release before it; null in lists.
        previous: Option<ReleaseRef>,
    }
    /// A place where a release is installed.
    InstalledIn {
        /// The system.
        system: NamedRef,
        /// The asset's id.
        asset: String,
    }
    /// A product.
    ProductView {
        /// Id.
        id: ProductId,
        /// Name.
        name: String,
        /// What it is.
        kind: ProductKind,
        /// Who delivers it.
        supplier: OrganizationRef,
        /// Whether that is the viewer's organization.
        own: bool,
        /// Releases the viewer sees.
        releases: u64,
        /// The newest of them.
        latest: Option<ReleaseRef>,
        /// All of them, newest first; null in lists.
        release_list: Option<Vec<ReleaseView>>,
    }
    /// A row of the tree-table of a system.
    AssetView {
        /// Id, unique in the system.
        id: String,
        /// Name.
        name: String,
        /// What it is.
        kind: AssetKind,
        /// The asset it is a part of.
        parent: Option<String>,
        /// Which release it is, where the viewer knows one.
        release: Option<ReleaseRef>,
        /// What the owner declares.
        declared: DeclaredRelease,
        /// Where the asset comes from.
        source: &'static str,
        /// How sure the release is.
        confidence: Confidence,
        /// What is known of it.
        aspects: Aspects,
    }
    /// A system.
    SystemView {
        /// Id.
        id: SystemId,
        /// Name.
        name: String,
        /// Whose it is.
        owner: OrganizationRef,
        /// How many assets it has.
        assets: u64,
        /// What is known of it.
        aspects: Aspects,
        /// The registration of its model.
        model: Option<EvidenceId>,
        /// Its latest assessment.
        assessment: Option<EvidenceId>,
        /// The assets; null in lists.
        asset_list: Option<Vec<AssetView>>,
        /// Current evidence about it; null in lists.
        evidence: Option<Vec<EvidenceView>>,
    }
    /// The latest assessment of a system.
    AssessmentView {
        /// The evidence.
        evidence: EvidenceView,
        /// The document.
        assessment: Assessment,
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
    /// A key of an organization.
    KeyView {
        /// Id.
        key_id: KeyId,
        /// The key, to pin in a trust file after comparing the id with its owner's.
        public_key: PublicKey,
        /// Whether it may sign.
        state: KeyState,
    }
    /// An organization.
    OrganizationView {
        /// Id.
        id: OrganizationId,
        /// Name.
        name: String,
        /// What it does.
        kind: OrganizationKind,
        /// How it stands to the viewer.
        relation: Relation,
        /// Its keys.
        keys: Vec<KeyView>,
    }
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
    /// The transparency log.
    LogView {
        /// First line of its checkpoints.
        origin: String,
        /// Leaves under the checkpoint.
        tree_size: u64,
        /// Root, hexadecimal.
        root_hash: String,
        /// The signed note.
        checkpoint: String,
        /// Verifier key of its signature.
        key: String,
    }
    /// Proof that a registration is in the log. The entry is SHA-256 over `sukashi.leaf/1`, payload digest, key id and
    /// salt, each behind its length in four big-endian bytes.
    LogProof {
        /// Which leaf.
        log_index: u64,
        /// Leaves under the checkpoint.
        tree_size: u64,
        /// Its hash, hexadecimal.
        leaf_hash: String,
        /// Salt of the entry, hexadecimal.
        salt: String,
        /// From the leaf up, hexadecimal.
        hashes: Vec<String>,
        /// The signed note.
        checkpoint: String,
    }
}

/// Figures of a document; what its kind does not have is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Outcome {
    /// Nothing was cut or damaged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub complete: Option<bool>,
    /// Findings by severity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub findings: Option<FindingCounts>,
    /// Share of code reached, thousandths.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coverage: Option<u16>,
    /// Components in a bill of materials.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub components: Option<u64>,
    /// Goals assessed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub goals: Option<u64>,
    /// Of these, reached ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub goals_reached: Option<u64>,
    /// Vulnerabilities by verdict.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdicts: Option<VerdictCounts>,
}

/// Findings by severity; rejected ones count only as rejected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "severities explain themselves")]
pub struct FindingCounts {
    pub critical: u64,
    pub high: u64,
    pub medium: u64,
    pub low: u64,
    pub info: u64,
    pub rejected: u64,
}

/// Vulnerabilities by verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "verdicts explain themselves")]
pub struct VerdictCounts {
    pub exploitable: u64,
    pub not_reachable: u64,
    pub mitigated: u64,
    pub not_affected: u64,
    pub unknown: u64,
}
