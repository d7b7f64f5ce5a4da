//! Registration: a verified statement becomes a fact, a blob and a leaf of the log, or nothing at all.

use std::collections::BTreeSet;

use record::Sha256;
use statement::{
    DisclosureGrant, DisclosureLevel, EvidenceType, KeyId, KeyRing, Signer, Statement, SystemRegistration,
    Timestamp, Verified, Withdrawal,
};

use crate::error::WriteError;
use crate::fact::{Effect, EvidenceFact, Fact};
use crate::ids::{EvidenceId, OrganizationId, ReleaseId, SystemId, now};
use crate::log;
use crate::outcome;
use crate::platform::{Platform, checked_text};
use crate::read::Looking;
use crate::universe::{Evidence, Universe};
use crate::view::{EvidenceView, Outcome, Tlp};
use crate::viewer::{Role, Viewer};

/// What the registrant says beside the statement.
#[derive(Clone, Debug, Default)]
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
}

/// What became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Registered {
    /// The evidence.
    pub evidence: EvidenceView,
    /// False if the same statement was registered before.
    pub new: bool,
}

/// What a statement is about.
enum Target {
    Release(ReleaseId),
    System(SystemId),
    /// Grants, heads, withdrawals of such.
    Neither,
}

impl Platform {
    /// Keys of the viewer's organization that may sign now: to verify what it registers.
    pub fn own_keys(&self, viewer: &Viewer) -> KeyRing {
        let universe = self.universe();
        let mut ring = KeyRing::default();
        let own = universe.keys.values().filter(|k| k.organization == viewer.organization && !k.revoked);
        for key in own {
            ring.accept(key.public, key.organization.as_str());
        }
        ring
    }

    /// Registers a statement signed by the viewer's organization. All of it, or nothing.
    pub async fn register(
        &self,
        viewer: &Viewer,
        statement: Verified<Statement>,
        registration: Registration,
    ) -> Result<Registered, WriteError> {
        if !viewer.has(Role::Publisher) {
            return Err(WriteError::Role);
        }
        let key_id = signing_key(&self.universe(), viewer, &statement)?;
        let (outcome, effect) = outcome::of(statement.value())?;
        let turn = self.write().await;
        if let Some(known) = self.already(viewer, statement.payload_sha256()) {
            return Ok(Registered { evidence: known, new: false });
        }
        let mut fact = self.prepare(viewer, &statement, registration, key_id, (outcome, effect))?;
        let json = statement.envelope().to_json()?;
        let blobs = self.store.blobs.clone();
        let stored = tokio::task::spawn_blocking(move || blobs.put(&json)).await;
        fact.statement = stored.map_err(std::io::Error::other).and_then(|r| r).map_err(WriteError::Blob)?;
        let mut change = turn.begin().await?;
        fact.log_index = self.log.append(&mut change, log::entry(fact.payload, key_id, fact.salt)).await?;
        let id = fact.id.clone();
        turn.commit(change, Fact::Evidence(Box::new(fact))).await?;
        let universe = self.universe();
        let view = Looking::new(&universe, viewer).evidence_by_id(&id);
        Ok(Registered { evidence: view.ok_or(WriteError::NotFound { what: id.to_string() })?, new: true })
    }

    fn already(&self, viewer: &Viewer, payload: Sha256) -> Option<EvidenceView> {
        let universe = self.universe();
        let id = universe.evidence_by_payload.get(&(viewer.organization.clone(), payload))?;
        Looking::new(&universe, viewer).evidence_by_id(id)
    }

    fn prepare(
        &self,
        viewer: &Viewer,
        statement: &Verified<Statement>,
        registration: Registration,
        key_id: KeyId,
        (outcome, effect): (Outcome, Effect),
    ) -> Result<EvidenceFact, WriteError> {
        let universe = self.universe();
        let value = statement.value();
        let kind = value.predicate_type().evidence_type();
        let (target, effect) = resolve(&universe, viewer, value, &registration, kind, effect)?;
        let (release, system) = match target {
            Target::Release(release) => (Some(release), None),
            Target::System(system) => (None, Some(system)),
            Target::Neither => (None, None),
        };
        let mut salt = [0; 32];
        getrandom::fill(&mut salt).map_err(WriteError::Random)?;
        let mut fact = EvidenceFact {
            id: EvidenceId::fresh()?,
            predicate_type: value.predicate_type().to_string(),
            kind,
            issuer: viewer.organization.clone(),
            key_id,
            release,
            system,
            subjects: value.subjects().iter().map(|s| (s.name.clone(), s.sha256())).collect(),
            statement: Sha256([0; 32]),
            payload: statement.payload_sha256(),
            size: value.document().len() as u64,
            outcome,
            tlp: registration.tlp,
            embargo_until: registration.embargo_until,
            supersedes: None,
            log_index: 0,
            salt: Sha256(salt),
            effect,
        };
        fact.supersedes = superseded(&universe, &fact, registration.supersedes)?;
        Ok(fact)
    }
}

fn signing_key(
    universe: &Universe,
    viewer: &Viewer,
    statement: &Verified<Statement>,
) -> Result<KeyId, WriteError> {
    let own = |s: &&Signer| s.organization == viewer.organization.as_str();
    let signer = statement.signers().iter().find(own).ok_or(WriteError::NotYourKey)?;
    match universe.keys.get(&signer.key_id) {
        Some(key) if key.organization != viewer.organization => Err(WriteError::NotYourKey),
        Some(key) if key.revoked => Err(WriteError::Revoked { key_id: signer.key_id }),
        Some(_) => Ok(signer.key_id),
        None => Err(WriteError::NotYourKey),
    }
}

/// What the statement is about, and what it does there.
fn resolve(
    universe: &Universe,
    viewer: &Viewer,
    statement: &Statement,
    registration: &Registration,
    kind: EvidenceType,
    effect: Effect,
) -> Result<(Target, Effect), WriteError> {
    match kind {
        EvidenceType::SystemRegistration => system_registration(universe, viewer, statement, registration),
        EvidenceType::DisclosureGrant => Ok((Target::Neither, grant(universe, statement)?)),
        EvidenceType::Withdrawal => withdrawal(universe, viewer, statement),
        EvidenceType::Head => Ok((Target::Neither, effect)),
        EvidenceType::Assessment | EvidenceType::CountermeasureApplied => {
            Ok((Target::System(system(universe, viewer, statement, registration)?), effect))
        }
        _ => match &registration.system {
            Some(_) => Ok((Target::System(system(universe, viewer, statement, registration)?), effect)),
            None => Ok((Target::Release(release(universe, viewer, statement, registration)?), effect)),
        },
    }
}

fn release(
    universe: &Universe,
    viewer: &Viewer,
    statement: &Statement,
    registration: &Registration,
) -> Result<ReleaseId, WriteError> {
    let visible =
        |id: &&ReleaseId| universe.release_level(id, &viewer.organization, now()) > DisclosureLevel::Hidden;
    let digests = statement.subjects().iter().map(|s| s.sha256());
    let named: BTreeSet<&ReleaseId> =
        digests.filter_map(|d| universe.releases_by_artifact.get(&d)).flatten().filter(visible).collect();
    if let Some(release) = &registration.release {
        return named.get(release).map(|r| (*r).clone()).ok_or(WriteError::UnknownSubject);
    }
    let own = |id: &&&ReleaseId| universe.supplier_of(id) == Some(&viewer.organization);
    let own: Vec<_> = named.iter().filter(own).collect();
    match (own.as_slice(), named.len()) {
        ([one], _) => Ok((**one).clone()),
        ([], 1) => named.first().map(|r| (*r).clone()).ok_or(WriteError::UnknownSubject),
        ([], 0) => Err(WriteError::UnknownSubject),
        _ => Err(WriteError::AmbiguousSubject),
    }
}

/// A system of the viewer, by id or by the digest of a model it has or had.
fn system(
    universe: &Universe,
    viewer: &Viewer,
    statement: &Statement,
    registration: &Registration,
) -> Result<SystemId, WriteError> {
    let own = |id: &&SystemId| universe.systems.get(*id).is_some_and(|s| s.owner == viewer.organization);
    let digests = statement.subjects().iter().map(|s| s.sha256());
    let named: BTreeSet<&SystemId> =
        digests.filter_map(|d| universe.systems_by_model.get(&d)).flatten().filter(own).collect();
    match &registration.system {
        Some(system) => named.get(system).map(|s| (*s).clone()).ok_or(WriteError::UnknownSubject),
        None if named.len() > 1 => Err(WriteError::AmbiguousSubject),
        None => named.first().map(|s| (*s).clone()).ok_or(WriteError::UnknownSubject),
    }
}

fn system_registration(
    universe: &Universe,
    viewer: &Viewer,
    statement: &Statement,
    registration: &Registration,
) -> Result<(Target, Effect), WriteError> {
    let body: SystemRegistration = statement.predicate()?;
    let subject = statement.subjects().first().ok_or(WriteError::UnknownSubject)?;
    let name = checked_text("subject name", &subject.name)?;
    let own =
        |(_, s): &(&SystemId, &crate::universe::System)| s.owner == viewer.organization && s.name == name;
    let known = universe.systems.iter().find(own).map(|(id, _)| id.clone());
    let id = match (&registration.system, known) {
        (Some(id), _) if universe.systems.get(id).is_none_or(|s| s.owner != viewer.organization) => {
            return Err(WriteError::NotFound { what: id.to_string() });
        }
        (Some(id), _) => id.clone(),
        (None, Some(id)) => id,
        (None, None) => SystemId::fresh()?,
    };
    Ok((Target::System(id), Effect::System { name, model: subject.sha256(), assets: body.assets }))
}

fn grant(universe: &Universe, statement: &Statement) -> Result<Effect, WriteError> {
    let DisclosureGrant { scope, types, level, valid_until } = statement.predicate()?;
    let owner = |digest: Sha256| -> Result<OrganizationId, WriteError> {
        let key = universe.keys.get(&KeyId(digest));
        key.map(|k| k.organization.clone()).ok_or(WriteError::NotFound { what: digest.to_string() })
    };
    let audience: Result<Vec<_>, _> = statement.subjects().iter().map(|s| owner(s.sha256())).collect();
    Ok(Effect::Grant { audience: audience?, scope, types, level, valid_until })
}

fn withdrawal(
    universe: &Universe,
    viewer: &Viewer,
    statement: &Statement,
) -> Result<(Target, Effect), WriteError> {
    let Withdrawal { reason } = statement.predicate()?;
    let subject = statement.subjects().first().ok_or(WriteError::UnknownSubject)?;
    let found = universe.evidence_by_payload.get(&(viewer.organization.clone(), subject.sha256()));
    let target = found.and_then(|id| universe.evidence.get(id)).ok_or(WriteError::UnknownSubject)?;
    let may = target.withdrawn_by.is_none() && target.fact.kind != EvidenceType::Withdrawal;
    if !may {
        return Err(WriteError::Supersedes { what: subject.sha256().to_string() });
    }
    let place = match (&target.fact.release, &target.fact.system) {
        (Some(release), _) => Target::Release(release.clone()),
        (None, Some(system)) => Target::System(system.clone()),
        (None, None) => Target::Neither,
    };
    Ok((place, Effect::Withdraw { target: target.fact.id.clone(), reason: checked_text("reason", &reason)? }))
}

/// Named, or found: the newest current evidence of the same issuer, type, predicate and thing. Grants, heads and
/// withdrawals stand beside each other.
fn superseded(
    universe: &Universe,
    fact: &EvidenceFact,
    named: Option<EvidenceId>,
) -> Result<Option<EvidenceId>, WriteError> {
    let beside = matches!(
        fact.kind,
        EvidenceType::DisclosureGrant
            | EvidenceType::Head
            | EvidenceType::Withdrawal
            | EvidenceType::CountermeasureApplied
    );
    let same = |e: &Evidence| {
        e.is_current()
            && e.fact.issuer == fact.issuer
            && e.fact.kind == fact.kind
            && e.fact.release == fact.release
            && e.fact.system == fact.system
    };
    match named {
        Some(id) => match universe.evidence.get(&id).filter(|e| same(e)) {
            Some(_) => Ok(Some(id)),
            None => Err(WriteError::Supersedes { what: id.to_string() }),
        },
        None if beside => Ok(None),
        None => {
            let about = match (&fact.release, &fact.system) {
                (Some(release), _) => universe.evidence_by_release.get(release),
                (None, Some(system)) => universe.evidence_by_system.get(system),
                (None, None) => None,
            };
            let ids = about.into_iter().flatten().rev();
            let found = ids
                .filter_map(|id| universe.evidence.get(id))
                .find(|e| same(e) && e.fact.predicate_type == fact.predicate_type);
            Ok(found.map(|e| e.fact.id.clone()))
        }
    }
}
