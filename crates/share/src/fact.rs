//! What was registered, once and for all. A platform is the sum of its facts in their order.

use record::Sha256;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use statement::{
    AnswerVerdict, DeclaredAsset, DisclosureLevel, EvidenceType, GrantScope, KeyId, PublicKey, Timestamp,
};

use crate::ids::{EvidenceId, LinkId, OrganizationId, ProductId, ReleaseId, SystemId};
use crate::view::{OrganizationKind, Outcome, ProductKind, Tlp};

/// A fact and when it was registered.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) at: Timestamp,
    pub(crate) fact: Fact,
}

/// Stored as JSON; adding a variant or an optional field is free, anything else needs a migration.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "kebab-case")]
pub(crate) enum Fact {
    Organization {
        id: OrganizationId,
        name: String,
        kind: OrganizationKind,
    },
    Key {
        organization: OrganizationId,
        public_key: PublicKey,
    },
    KeyRevoked {
        key_id: KeyId,
    },
    Link(LinkFact),
    LinkAccepted {
        id: LinkId,
    },
    LinkEnded {
        id: LinkId,
    },
    Product {
        id: ProductId,
        supplier: OrganizationId,
        name: String,
        kind: ProductKind,
    },
    Release(ReleaseFact),
    Evidence(Box<EvidenceFact>),
    /// Another organization received evidence that is here already.
    Received {
        evidence: EvidenceId,
        receipt: Receipt,
    },
    /// Another organization received a release that is here already.
    ReleaseReceived {
        release: ReleaseId,
        receipt: Receipt,
    },
    /// Whether an organization's statements need a second person.
    FourEyes {
        organization: OrganizationId,
        on: bool,
    },
    /// Questions about opaque components that the customer of a link may ask in a month.
    Questions {
        link: LinkId,
        a_month: u32,
    },
    Emergency(EmergencyFact),
    /// Known vulnerabilities of a bill of materials, as far as they changed.
    Matched {
        evidence: EvidenceId,
        data: Sha256,
        added: Vec<String>,
        removed: Vec<String>,
    },
}

/// A list of known exploited vulnerabilities that an administrator imported, and the releases it concerns.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct EmergencyFact {
    /// Digest of the list.
    pub(crate) kev: Sha256,
    pub(crate) releases: Vec<(ReleaseId, Vec<String>)>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct LinkFact {
    pub(crate) id: LinkId,
    pub(crate) supplier: OrganizationId,
    pub(crate) customer: OrganizationId,
    pub(crate) products: Option<Vec<ProductId>>,
    pub(crate) valid_from: Option<Timestamp>,
    pub(crate) valid_to: Option<Timestamp>,
    pub(crate) proposed_by: OrganizationId,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ReleaseFact {
    pub(crate) id: ReleaseId,
    pub(crate) product: ProductId,
    pub(crate) version: String,
    pub(crate) artifacts: Vec<ArtifactFact>,
    pub(crate) parts: Vec<ReleaseId>,
    /// Where it came from another instance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) receipt: Option<Receipt>,
}

/// What came from another instance: for whom here, and how. It was not registered here, so that no default of its owner
/// discloses it: only whoever received it has it, and hands it on where it may.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Receipt {
    /// Who got it there.
    pub(crate) by: OrganizationId,
    /// What that instance discloses of it.
    pub(crate) level: DisclosureLevel,
    /// The log entry there; none where the owner registered it here afterwards, and for releases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) entry: Option<Sha256>,
    /// The logs it passed through, the issuer's own instance first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) hops: Vec<Hop>,
}

/// A log that a statement passed through, with the proof of its place there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Hop {
    /// Verifier key of the log.
    pub log: String,
    /// C2SP tlog-proof; its extra data are key id and salt, 32 bytes each.
    pub proof: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ArtifactFact {
    pub(crate) name: String,
    pub(crate) sha256: Sha256,
    pub(crate) size: Option<u64>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct EvidenceFact {
    pub(crate) id: EvidenceId,
    pub(crate) predicate_type: String,
    pub(crate) kind: EvidenceType,
    pub(crate) issuer: OrganizationId,
    /// Whose systems or releases an instance speaks of, under that organization's delegation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) on_behalf_of: Option<OrganizationId>,
    pub(crate) key_id: KeyId,
    pub(crate) release: Option<ReleaseId>,
    pub(crate) system: Option<SystemId>,
    pub(crate) subjects: Vec<(String, Sha256)>,
    /// Digest of the stored envelope.
    pub(crate) statement: Sha256,
    /// Digest of the signed payload.
    pub(crate) payload: Sha256,
    /// Bytes of the document.
    pub(crate) size: u64,
    pub(crate) outcome: Outcome,
    /// What the document calls itself, where others of its kind stand beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) edition_of: Option<Sha256>,
    pub(crate) tlp: Option<Tlp>,
    pub(crate) embargo_until: Option<Timestamp>,
    pub(crate) supersedes: Option<EvidenceId>,
    pub(crate) log_index: u64,
    pub(crate) salt: Sha256,
    pub(crate) effect: Effect,
    /// Where it came from another instance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) receipt: Option<Receipt>,
    /// Where only parts of the document are here: the statement is then the commitment to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) parts: Option<Parts>,
}

/// What another instance showed of a document, verified against its issuer's commitment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Parts {
    /// Digest of the stored view.
    pub(crate) view: Sha256,
    /// Leaves that are not shown.
    pub(crate) opaque: u64,
}

impl EvidenceFact {
    /// Whether the signed statement itself is for somebody at `level`. A commitment holds nothing of its document.
    pub(crate) fn gives_statement(&self, level: DisclosureLevel) -> bool {
        let least = if self.parts.is_some() { DisclosureLevel::Redacted } else { DisclosureLevel::Full };
        level >= least
    }

    /// Who decides what is disclosed of it.
    pub(crate) fn owner(&self) -> &OrganizationId {
        self.on_behalf_of.as_ref().unwrap_or(&self.issuer)
    }

    /// What the log holds of it.
    pub(crate) fn log_entry(&self) -> Sha256 {
        statement::log_entry(self.payload, self.key_id, self.salt)
    }
}

/// What evidence does beyond being there.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "kebab-case")]
pub(crate) enum Effect {
    Nothing,
    Grant {
        audience: Vec<OrganizationId>,
        scope: GrantScope,
        types: Option<Vec<EvidenceType>>,
        level: DisclosureLevel,
        valid_until: Option<Timestamp>,
        #[serde(default)]
        emergency: bool,
    },
    Withdraw {
        target: EvidenceId,
        reason: String,
    },
    System {
        name: String,
        model: Sha256,
        assets: Vec<DeclaredAsset>,
    },
    /// Which model was assessed, and what it says of each host.
    Assess {
        model: Sha256,
        hosts: Vec<HostVerdicts>,
        /// What changed, where the instance assessed it anew.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<String>,
    },
    /// A key introduced, perhaps in place of another.
    KeyAdded {
        public_key: PublicKey,
        replaces: Option<KeyId>,
    },
    KeysRevoked {
        keys: Vec<KeyId>,
    },
    Delegate {
        public_key: PublicKey,
        types: Vec<EvidenceType>,
    },
    /// Root over the leaves of `document`; the seed of its salts lets the instance show parts of it.
    Commit {
        document: EvidenceId,
        seed: Sha256,
    },
    Head {
        link: LinkId,
        count: u64,
        list: Sha256,
        issued: Timestamp,
        valid_until: Timestamp,
    },
    /// A countermeasure of an assessment (by payload digest) was put in place.
    Apply {
        assessment: Sha256,
        countermeasure: String,
    },
    Answer {
        asker: OrganizationId,
        link: LinkId,
        vulnerability: String,
        verdict: AnswerVerdict,
    },
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct HostVerdicts {
    pub(crate) host: String,
    pub(crate) exploitable: u64,
    pub(crate) unknown: u64,
    pub(crate) total: u64,
}
