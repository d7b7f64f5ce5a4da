//! What a statement is about: a release or a system, by the digests of its subjects.

use std::collections::BTreeSet;

use statement::{DisclosureLevel, Statement, SystemRegistration};

use crate::error::WriteError;
use crate::fact::Effect;
use crate::ids::{ReleaseId, SystemId, now};
use crate::platform::checked_text;
use crate::register::Registration;
use crate::universe::Universe;
use crate::viewer::Viewer;

/// What a statement is about.
pub(crate) enum Target {
    Release(ReleaseId),
    System(SystemId),
    /// Grants, heads, keys, withdrawals of such.
    Neither,
}

pub(crate) fn release(
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
pub(crate) fn system(
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

pub(crate) fn system_registration(
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
