//! What a statement does when it is registered, and whether it may.

use record::Sha256;
use statement::{
    Commitment, CountermeasureApplied, Delegation, DisclosureGrant, EvidenceType, Head, KeyId, KeyRevocation,
    KeyRotation, Statement, Verified, Withdrawal, list_digest,
};

use crate::error::WriteError;
use crate::fact::Effect;
use crate::ids::{LinkId, OrganizationId, now};
use crate::platform::checked_text;
use crate::register::Registration;
use crate::target::{Target, release, system, system_registration};
use crate::universe::Universe;
use crate::view::OrganizationKind;
use crate::viewer::{Role, Viewer};

/// What the statement is about, and what it does there.
pub(crate) fn resolve(
    universe: &Universe,
    viewer: &Viewer,
    verified: &Verified<Statement>,
    registration: &Registration,
    effect: Effect,
) -> Result<(Target, Effect), WriteError> {
    let statement = verified.value();
    let about_system = || system(universe, viewer, statement, registration).map(Target::System);
    match statement.predicate_type().evidence_type() {
        EvidenceType::SystemRegistration => system_registration(universe, viewer, statement, registration),
        EvidenceType::DisclosureGrant => Ok((Target::Neither, grant(universe, statement)?)),
        EvidenceType::Withdrawal => withdrawal(universe, viewer, statement),
        EvidenceType::Head => Ok((Target::Neither, head(universe, viewer, statement)?)),
        EvidenceType::KeyRotation => Ok((Target::Neither, key_rotation(universe, viewer, verified)?)),
        EvidenceType::KeyRevocation => Ok((Target::Neither, key_revocation(universe, viewer, statement)?)),
        EvidenceType::Delegation => Ok((Target::Neither, delegation(universe, viewer, statement)?)),
        EvidenceType::Commitment => commitment(universe, viewer, statement, registration),
        EvidenceType::Answer => Err(WriteError::InstanceOnly),
        EvidenceType::Assessment => Ok((about_system()?, effect)),
        EvidenceType::CountermeasureApplied => {
            let target = about_system()?;
            Ok((target, countermeasure(universe, viewer, statement)?))
        }
        EvidenceType::Sbom
        | EvidenceType::Inspection
        | EvidenceType::Vex
        | EvidenceType::Provenance
        | EvidenceType::VerificationSummary
        | EvidenceType::Other => match &registration.system {
            Some(_) => Ok((about_system()?, effect)),
            None => Ok((Target::Release(release(universe, viewer, statement, registration)?), effect)),
        },
    }
}

fn administrator(viewer: &Viewer) -> Result<(), WriteError> {
    if viewer.has(Role::Administrator) { Ok(()) } else { Err(WriteError::Role) }
}

fn grant(universe: &Universe, statement: &Statement) -> Result<Effect, WriteError> {
    let DisclosureGrant { scope, types, level, valid_until, emergency } = statement.predicate()?;
    let owner = |digest: Sha256| -> Result<OrganizationId, WriteError> {
        let key = universe.keys.get(&KeyId(digest));
        key.map(|k| k.organization.clone()).ok_or(WriteError::NotFound { what: digest.to_string() })
    };
    let audience: Result<Vec<_>, _> = statement.subjects().iter().map(|s| owner(s.sha256())).collect();
    Ok(Effect::Grant { audience: audience?, scope, types, level, valid_until, emergency })
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
    let commitment = universe.commitments.get(&target.fact.id).and_then(|id| universe.evidence.get(id));
    // Parts travel with the commitment and not with the document: what takes it back has to be seen where they are.
    if let Some(commitment) = commitment.filter(|c| c.withdrawn_by.is_none()) {
        return Err(WriteError::CommitmentStands { payload: commitment.fact.payload });
    }
    let place = match (&target.fact.release, &target.fact.system) {
        (Some(release), _) => Target::Release(release.clone()),
        (None, Some(system)) => Target::System(system.clone()),
        (None, None) => Target::Neither,
    };
    Ok((place, Effect::Withdraw { target: target.fact.id.clone(), reason: checked_text("reason", &reason)? }))
}

/// A head must count exactly what is disclosed over the link at this moment.
fn head(universe: &Universe, viewer: &Viewer, statement: &Statement) -> Result<Effect, WriteError> {
    let Head { link, count, list_sha256, issued, valid_until } = statement.predicate()?;
    let found = universe.links.get(&LinkId::new(&link));
    let found = found.filter(|l| l.fact.supplier == viewer.organization && l.in_force(now()));
    let found = found.ok_or(WriteError::NotFound { what: link })?;
    let entries = universe.disclosed_over(found, now());
    let same = entries.len() as u64 == count && list_digest(&entries) == list_sha256;
    if !same || issued > now().plus(MAX_CLOCK_SKEW) || valid_until <= issued {
        return Err(WriteError::Head { count: entries.len() as u64 });
    }
    Ok(Effect::Head { link: found.fact.id.clone(), count, list: list_sha256, issued, valid_until })
}

/// How far a signer's clock may be ahead of ours, in seconds.
const MAX_CLOCK_SKEW: i64 = 300;

/// A new key proves itself: it has signed as well, so that nobody can claim a key of somebody else.
fn key_rotation(
    universe: &Universe,
    viewer: &Viewer,
    verified: &Verified<Statement>,
) -> Result<Effect, WriteError> {
    administrator(viewer)?;
    let KeyRotation { public_key, replaces } = verified.value().predicate()?;
    let envelope = verified.envelope();
    if !envelope.signatures.iter().any(|s| envelope.is_signed_by(public_key, s)) {
        return Err(WriteError::KeyProof { key_id: public_key.id() });
    }
    if universe.keys.contains_key(&public_key.id()) {
        return Err(WriteError::Exists { what: public_key.id().to_string() });
    }
    match replaces.filter(|old| !is_own_active(universe, viewer, *old)) {
        Some(old) => Err(WriteError::NotFound { what: old.to_string() }),
        None => Ok(Effect::KeyAdded { public_key, replaces }),
    }
}

fn is_own_active(universe: &Universe, viewer: &Viewer, key: KeyId) -> bool {
    universe.keys.get(&key).is_some_and(|k| k.organization == viewer.organization && !k.revoked)
}

fn key_revocation(universe: &Universe, viewer: &Viewer, statement: &Statement) -> Result<Effect, WriteError> {
    administrator(viewer)?;
    let KeyRevocation { reason } = statement.predicate()?;
    checked_text("reason", &reason)?;
    let keys: Vec<_> = statement.subjects().iter().map(|s| KeyId(s.sha256())).collect();
    match keys.iter().find(|key| !is_own_active(universe, viewer, **key)) {
        Some(key) => Err(WriteError::NotFound { what: key.to_string() }),
        None => Ok(Effect::KeysRevoked { keys }),
    }
}

fn delegation(universe: &Universe, viewer: &Viewer, statement: &Statement) -> Result<Effect, WriteError> {
    administrator(viewer)?;
    let Delegation { public_key, types } = statement.predicate()?;
    let key = universe.keys.get(&public_key.id()).filter(|k| !k.revoked);
    let owner = key.and_then(|k| universe.organizations.get(&k.organization));
    match owner {
        Some(owner) if owner.kind == OrganizationKind::Instance => Ok(Effect::Delegate { public_key, types }),
        _ => Err(WriteError::NotFound { what: public_key.id().to_string() }),
    }
}

/// A commitment to a document that the viewer registered. With the seed the instance can check it now, and show parts
/// of the document later.
fn commitment(
    universe: &Universe,
    viewer: &Viewer,
    statement: &Statement,
    registration: &Registration,
) -> Result<(Target, Effect), WriteError> {
    let Commitment { predicate_type, .. } = statement.predicate()?;
    let (Some(document), Some(seed)) = (&registration.document, registration.seed) else {
        return Err(WriteError::Commitment);
    };
    let found = universe.evidence.get(document).filter(|e| e.fact.issuer == viewer.organization);
    let found = found.ok_or(WriteError::NotFound { what: document.to_string() })?;
    let digests = |subjects: &[statement::Subject]| subjects.iter().map(|s| s.sha256()).collect::<Vec<_>>();
    let same_subjects = found.fact.subjects.iter().map(|(_, d)| *d).eq(digests(statement.subjects()));
    if !same_subjects || found.fact.predicate_type != predicate_type.as_str() {
        return Err(WriteError::Commitment);
    }
    let target = match (&found.fact.release, &found.fact.system) {
        (Some(release), _) => Target::Release(release.clone()),
        (None, Some(system)) => Target::System(system.clone()),
        (None, None) => Target::Neither,
    };
    Ok((target, Effect::Commit { document: document.clone(), seed }))
}

/// The assessment that proposed it must be known, and be about the viewer's system.
fn countermeasure(universe: &Universe, viewer: &Viewer, statement: &Statement) -> Result<Effect, WriteError> {
    let CountermeasureApplied { assessment, countermeasure, .. } = statement.predicate()?;
    let known = universe.evidence.iter().any(|e| {
        e.fact.payload == assessment
            && e.fact.kind == EvidenceType::Assessment
            && *e.fact.owner() == viewer.organization
    });
    if !known {
        return Err(WriteError::NotFound { what: assessment.to_string() });
    }
    let countermeasure = checked_text("countermeasure", &countermeasure)?;
    Ok(Effect::Apply { assessment, countermeasure })
}
