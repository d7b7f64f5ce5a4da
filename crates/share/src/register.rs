//! Registration: a verified statement becomes a fact, a blob and a leaf of the log, or nothing at all.

use record::Sha256;
use serde::{Deserialize, Serialize};
use statement::{EvidenceType, KeyId, KeyRing, Signer, Statement, Timestamp, Verified};

use crate::edition;
use crate::effect;
use crate::error::WriteError;
use crate::fact::{Effect, EvidenceFact, Fact};
use crate::ids::{EvidenceId, ReleaseId, SystemId};
use crate::looking::Looking;
use crate::outcome;
use crate::platform::{Platform, Writing};
use crate::target::Target;
use crate::universe::{Evidence, Universe};
use crate::view::{EvidenceView, Outcome, PendingView, Tlp};
use crate::viewer::{Role, Viewer};

/// What the registrant says beside the statement.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Registration {
    /// The release it is about; found by digest where absent.
    pub release: Option<ReleaseId>,
    /// The system it is about; found by the digest of its model where absent.
    pub system: Option<SystemId>,
    /// What it replaces. Where absent: the current evidence of the same type, predicate and thing by the same issuer.
    pub supersedes: Option<EvidenceId>,
    /// Traffic light.
    pub tlp: Option<Tlp>,
    /// Not shown to others before, unless granted by name.
    pub embargo_until: Option<Timestamp>,
    /// For a commitment: the evidence whose document it is about.
    pub document: Option<EvidenceId>,
    /// For a commitment: the seed of the document's salts.
    pub seed: Option<Sha256>,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Registered {
    /// It is registered.
    New(Box<EvidenceView>),
    /// The same statement was registered before.
    Known(Box<EvidenceView>),
    /// It waits for a second person.
    Waiting(Box<PendingView>),
}

impl Registered {
    /// The evidence; `None` while it waits.
    pub fn evidence(&self) -> Option<&EvidenceView> {
        match self {
            Self::New(evidence) | Self::Known(evidence) => Some(evidence),
            Self::Waiting(_) => None,
        }
    }
}

/// What a statement says by itself: computed before anybody has to wait.
pub(crate) struct Claim {
    key_id: KeyId,
    outcome: Outcome,
    pub(crate) effect: Effect,
}

impl Platform {
    /// Keys of the viewer's organization: to verify what it registers. Revoked ones as well, whose statements are refused
    /// by that name.
    pub fn own_keys(&self, viewer: &Viewer) -> KeyRing {
        let universe = self.universe();
        let mut ring = KeyRing::default();
        let own = universe.keys.values().filter(|k| k.organization == viewer.organization);
        for key in own {
            ring.accept(key.public, key.organization.as_str());
        }
        ring
    }

    /// Registers a statement signed by the viewer's organization. All of it, or nothing. Where the organization wants
    /// four eyes, it waits until a second person approves.
    pub async fn register(
        &self,
        viewer: &Viewer,
        statement: Verified<Statement>,
        registration: Registration,
    ) -> Result<Registered, WriteError> {
        if !viewer.has(Role::Publisher) {
            return Err(WriteError::Role);
        }
        let claim = self.claim(viewer, &statement)?;
        // Before the turn to write: a blob that no fact names does no harm.
        let stored = self.store_envelope(&statement).await?;
        let mut turn = self.write().await?;
        let known = self.already(viewer, statement.payload_sha256());
        let waits = self.four_eyes(viewer);
        if let Some(known) = known.filter(|known| !waits || !self.came_from_elsewhere(viewer, known)) {
            self.own_evidence(&mut turn, viewer, &known).await?;
            return Ok(Registered::Known(Box::new(known)));
        }
        if waits {
            // Whatever would be refused is refused now, not when somebody approves it.
            self.prepare(viewer, &statement, &registration, claim)?;
            let waiting = self.hold(&turn, viewer, &statement, stored, &registration).await?;
            return Ok(Registered::Waiting(Box::new(waiting)));
        }
        let fact = self.prepare(viewer, &statement, &registration, claim)?;
        self.check_commitment(&fact, statement.value()).await?;
        self.own_release(&mut turn, viewer, fact.release.as_ref()).await?;
        let evidence = self.admit(&mut turn, viewer, EvidenceFact { statement: stored, ..fact }).await?;
        Ok(Registered::New(Box::new(evidence)))
    }

    pub(crate) fn claim(
        &self,
        viewer: &Viewer,
        statement: &Verified<Statement>,
    ) -> Result<Claim, WriteError> {
        let key_id = signing_key(&self.universe(), viewer, statement)?;
        let (outcome, effect) = outcome::of(statement.value())?;
        Ok(Claim { key_id, outcome, effect })
    }

    pub(crate) async fn store_envelope(&self, statement: &Verified<Statement>) -> Result<Sha256, WriteError> {
        let (envelope, blobs) = (statement.envelope().clone(), self.store.blobs.clone());
        let stored = tokio::task::spawn_blocking(move || blobs.put(|out| envelope.write_json(out))).await;
        stored.map_err(std::io::Error::other).and_then(|r| r).map_err(WriteError::Blob)
    }

    /// Fact and leaf in one transaction.
    pub(crate) async fn admit(
        &self,
        turn: &mut Writing<'_>,
        viewer: &Viewer,
        mut fact: EvidenceFact,
    ) -> Result<EvidenceView, WriteError> {
        let mut change = turn.begin().await?;
        fact.log_index = self.log.append(&mut change, fact.log_entry()).await?;
        let id = fact.id.clone();
        turn.commit(change, Fact::Evidence(Box::new(fact))).await?;
        let universe = self.universe();
        let view = Looking::new(&universe, viewer).evidence_by_id(&id);
        view.ok_or(WriteError::NotFound { what: id.to_string() })
    }

    pub(crate) fn already(&self, viewer: &Viewer, payload: Sha256) -> Option<EvidenceView> {
        let universe = self.universe();
        let id = universe.evidence_by_payload.get(&(viewer.organization.clone(), payload))?;
        Looking::new(&universe, viewer).evidence_by_id(id)
    }

    /// The fact, all but the digest of the envelope and its place in the log.
    pub(crate) fn prepare(
        &self,
        viewer: &Viewer,
        statement: &Verified<Statement>,
        registration: &Registration,
        claim: Claim,
    ) -> Result<EvidenceFact, WriteError> {
        let (target, effect) =
            effect::resolve(&self.universe(), viewer, statement, registration, claim.effect.clone())?;
        self.prepare_about(viewer, statement, registration, claim, (target, effect))
    }

    /// The same where it is known what the statement is about, and what it does there.
    pub(crate) fn prepare_about(
        &self,
        viewer: &Viewer,
        statement: &Verified<Statement>,
        registration: &Registration,
        claim: Claim,
        (target, effect): (Target, Effect),
    ) -> Result<EvidenceFact, WriteError> {
        let universe = self.universe();
        let mut fact = fact_of(statement, target, effect)?;
        fact.issuer = viewer.organization.clone();
        fact.key_id = claim.key_id;
        fact.outcome = claim.outcome;
        fact.tlp = registration.tlp;
        fact.embargo_until = registration.embargo_until;
        fact.supersedes = superseded(&universe, &fact, registration.supersedes.as_ref())?;
        Ok(fact)
    }
}

/// A fact with everything that the statement itself says.
pub(crate) fn fact_of(
    statement: &Verified<Statement>,
    target: Target,
    effect: Effect,
) -> Result<EvidenceFact, WriteError> {
    let value = statement.value();
    let (release, system) = match target {
        Target::Release(release) => (Some(release), None),
        Target::System(system) => (None, Some(system)),
        Target::Neither => (None, None),
    };
    let mut salt = [0; 32];
    getrandom::fill(&mut salt).map_err(WriteError::Random)?;
    Ok(EvidenceFact {
        id: EvidenceId::fresh()?,
        predicate_type: value.predicate_type().to_string(),
        kind: value.predicate_type().evidence_type(),
        issuer: crate::OrganizationId::new(""),
        on_behalf_of: None,
        key_id: KeyId(Sha256([0; 32])),
        release,
        system,
        subjects: value.subjects().iter().map(|s| (s.name.clone(), s.sha256())).collect(),
        statement: Sha256([0; 32]),
        payload: statement.payload_sha256(),
        size: value.document().len() as u64,
        outcome: Outcome::default(),
        edition_of: edition::of(value),
        tlp: None,
        embargo_until: None,
        supersedes: None,
        log_index: 0,
        salt: Sha256(salt),
        effect,
        receipt: None,
        parts: None,
    })
}

fn signing_key(
    universe: &Universe,
    viewer: &Viewer,
    statement: &Verified<Statement>,
) -> Result<KeyId, WriteError> {
    let own = |s: &&Signer| s.organization == viewer.organization.as_str();
    let mut refused = WriteError::NotYourKey;
    for signer in statement.signers().iter().filter(own) {
        match universe.keys.get(&signer.key_id).filter(|key| key.organization == viewer.organization) {
            Some(key) if key.revoked => refused = WriteError::Revoked { key_id: signer.key_id },
            Some(_) => return Ok(signer.key_id),
            None => {}
        }
    }
    Err(refused)
}

/// Kinds that stand beside each other instead of replacing each other.
fn stands_beside(kind: EvidenceType) -> bool {
    use EvidenceType::{
        Answer, CountermeasureApplied, Delegation, DisclosureGrant, Head, KeyRevocation, KeyRotation,
        Withdrawal,
    };
    matches!(
        kind,
        Answer
            | CountermeasureApplied
            | Delegation
            | DisclosureGrant
            | Head
            | KeyRevocation
            | KeyRotation
            | Withdrawal
    )
}

/// Named, or found: the newest current evidence of the same issuer, type, predicate and thing, and of no other document.
pub(crate) fn superseded(
    universe: &Universe,
    fact: &EvidenceFact,
    named: Option<&EvidenceId>,
) -> Result<Option<EvidenceId>, WriteError> {
    let same = |e: &Evidence| {
        e.is_current()
            && e.fact.issuer == fact.issuer
            && e.fact.kind == fact.kind
            && e.fact.release == fact.release
            && e.fact.system == fact.system
    };
    if let Some(id) = named {
        let found = universe.evidence.get(id).filter(|e| same(e));
        return found.map(|_| Some(id.clone())).ok_or(WriteError::Supersedes { what: id.to_string() });
    }
    if stands_beside(fact.kind) {
        return Ok(None);
    }
    let about = match (&fact.release, &fact.system) {
        (Some(release), _) => universe.evidence_by_release.get(release),
        (None, Some(system)) => universe.evidence_by_system.get(system),
        (None, None) => None,
    };
    let found = universe.evidence.among(about).rev().find(|e| {
        same(e) && e.fact.predicate_type == fact.predicate_type && e.fact.edition_of == fact.edition_of
    });
    Ok(found.map(|e| e.fact.id.clone()))
}
