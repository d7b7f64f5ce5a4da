//! What was registered, once and for all. A platform is the sum of its facts in their order.

use record::Sha256;
use serde::{Deserialize, Serialize};
use statement::{DeclaredAsset, DisclosureLevel, EvidenceType, GrantScope, KeyId, PublicKey, Timestamp};

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
    Organization { id: OrganizationId, name: String, kind: OrganizationKind },
    Key { organization: OrganizationId, public_key: PublicKey },
    KeyRevoked { key_id: KeyId },
    Link(LinkFact),
    LinkAccepted { id: LinkId },
    LinkEnded { id: LinkId },
    Product { id: ProductId, supplier: OrganizationId, name: String, kind: ProductKind },
    Release(ReleaseFact),
    Evidence(Box<EvidenceFact>),
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
    pub(crate) tlp: Option<Tlp>,
    pub(crate) embargo_until: Option<Timestamp>,
    pub(crate) supersedes: Option<EvidenceId>,
    pub(crate) log_index: u64,
    pub(crate) salt: Sha256,
    pub(crate) effect: Effect,
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
    },
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct HostVerdicts {
    pub(crate) host: String,
    pub(crate) exploitable: u64,
    pub(crate) unknown: u64,
    pub(crate) total: u64,
}
