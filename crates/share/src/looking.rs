//! One viewer looking at the facts: what is there for it, and how much of that.

use statement::{DisclosureLevel, EvidenceType, Timestamp};

use crate::error::ReadError;
use crate::fact::{Effect, EvidenceFact};
use crate::ids::{EvidenceId, ReleaseId, SystemId, now};
use crate::universe::{Evidence, Universe};
use crate::view::{EvidenceState, EvidenceView, NamedRef, SubjectView};
use crate::viewer::Viewer;

/// One viewer looking at the facts at one moment.
pub(crate) struct Looking<'a> {
    pub(crate) universe: &'a Universe,
    pub(crate) viewer: &'a Viewer,
    pub(crate) now: Timestamp,
}

/// Below `least`, things do not exist.
pub(crate) fn require(level: DisclosureLevel, least: DisclosureLevel) -> Result<(), ReadError> {
    if level >= least { Ok(()) } else { Err(ReadError::NotFound) }
}

impl Universe {
    pub(crate) fn visible_evidence(
        &self,
        viewer: &Viewer,
        id: &EvidenceId,
        now: Timestamp,
    ) -> Result<(&Evidence, DisclosureLevel), ReadError> {
        let evidence = self.evidence.get(id).ok_or(ReadError::NotFound)?;
        let level = self.evidence_level(evidence, &viewer.organization, now);
        require(level, DisclosureLevel::Exists)?;
        Ok((evidence, level))
    }
}

impl<'a> Looking<'a> {
    pub(crate) fn new(universe: &'a Universe, viewer: &'a Viewer) -> Self {
        Self { universe, viewer, now: now() }
    }

    pub(crate) fn evidence_by_id(&self, id: &EvidenceId) -> Option<EvidenceView> {
        let (evidence, level) = self.universe.visible_evidence(self.viewer, id, self.now).ok()?;
        Some(self.evidence(evidence, level))
    }

    pub(crate) fn level(&self, evidence: &Evidence) -> DisclosureLevel {
        self.universe.evidence_level(evidence, &self.viewer.organization, self.now)
    }

    fn sees(&self, id: &EvidenceId) -> bool {
        self.universe.visible_evidence(self.viewer, id, self.now).is_ok()
    }

    pub(crate) fn evidence(&self, evidence: &Evidence, level: DisclosureLevel) -> EvidenceView {
        let fact = &evidence.fact;
        let redacted = level >= DisclosureLevel::Redacted;
        let full = level >= DisclosureLevel::Full;
        let signed = fact.gives_statement(level);
        let subjects =
            || fact.subjects.iter().map(|(name, sha256)| SubjectView { name: name.clone(), sha256: *sha256 });
        EvidenceView {
            id: fact.id.clone(),
            r#type: fact.kind,
            predicate_type: fact.predicate_type.clone(),
            level,
            issuer: self.universe.organization_ref(&fact.issuer),
            registered_at: evidence.at,
            release: fact.release.as_ref().and_then(|r| self.release_ref(r)),
            system: fact.system.as_ref().and_then(|s| self.system_ref(s, fact)),
            state: self.state(evidence),
            supersedes: fact.supersedes.clone().filter(|id| self.sees(id)),
            superseded_by: evidence.superseded_by.clone().filter(|id| self.sees(id)),
            withdrawn_because: self.withdrawn_because(evidence),
            outcome: (level >= DisclosureLevel::Outcome).then(|| fact.outcome.clone()),
            subjects: redacted.then(|| subjects().collect()),
            media_type: redacted.then(|| "application/json".to_owned()),
            size: full.then_some(fact.size),
            tlp: fact.tlp,
            embargo_until: fact.embargo_until,
            commitment: self.commitment(fact).filter(|_| redacted),
            opaque: fact.parts.filter(|_| redacted).map(|parts| parts.opaque),
            key_id: signed.then_some(fact.key_id),
            statement_sha256: signed.then_some(fact.statement),
            log_entry: fact.log_entry(),
            on_behalf_of: fact.on_behalf_of.as_ref().map(|o| self.universe.organization_ref(o)),
        }
    }

    fn commitment(&self, fact: &EvidenceFact) -> Option<EvidenceId> {
        if fact.parts.is_some() {
            return Some(fact.id.clone());
        }
        let id = self.universe.commitments.get(&fact.id)?;
        self.universe.evidence.get(id).filter(|c| c.is_current()).map(|c| c.fact.id.clone())
    }

    fn system_ref(&self, id: &SystemId, fact: &EvidenceFact) -> Option<NamedRef> {
        let name = match (&fact.effect, self.universe.systems.get(id)) {
            (Effect::System { name, .. }, _) => name.clone(),
            (_, Some(system)) => system.name.clone(),
            _ => return None,
        };
        Some(NamedRef { id: id.to_string(), name })
    }

    /// As far as the viewer sees what replaced it: a hidden successor changes nothing.
    pub(crate) fn state(&self, evidence: &Evidence) -> EvidenceState {
        if evidence.withdrawn_by.as_ref().is_some_and(|id| self.sees(id)) {
            EvidenceState::Withdrawn
        } else if evidence.superseded_by.as_ref().is_some_and(|id| self.sees(id)) {
            EvidenceState::Superseded
        } else {
            EvidenceState::Current
        }
    }

    fn withdrawn_because(&self, evidence: &Evidence) -> Option<String> {
        let by = evidence.withdrawn_by.as_ref().filter(|id| self.sees(id))?;
        match &self.universe.evidence.get(by)?.fact.effect {
            Effect::Withdraw { reason, .. } => Some(reason.clone()),
            _ => None,
        }
    }

    /// What of `all` is visible, newest first, with its level.
    pub(crate) fn visible<'b>(
        &'b self,
        all: impl DoubleEndedIterator<Item = &'b Evidence> + 'b,
    ) -> impl Iterator<Item = (&'b Evidence, DisclosureLevel)> + 'b {
        all.rev().filter_map(|evidence| {
            let level = self.universe.evidence_level(evidence, &self.viewer.organization, self.now);
            (level >= DisclosureLevel::Exists).then_some((evidence, level))
        })
    }

    pub(crate) fn about_release<'b>(
        &'b self,
        id: &ReleaseId,
    ) -> impl Iterator<Item = (&'b Evidence, DisclosureLevel)> + 'b {
        self.visible(self.universe.evidence.among(self.universe.evidence_by_release.get(id)))
    }

    pub(crate) fn about_system<'b>(
        &'b self,
        id: &SystemId,
    ) -> impl Iterator<Item = (&'b Evidence, DisclosureLevel)> + 'b {
        self.visible(self.universe.evidence.among(self.universe.evidence_by_system.get(id)))
    }

    pub(crate) fn is_current(&self, evidence: &Evidence) -> bool {
        self.state(evidence) == EvidenceState::Current && evidence.fact.kind != EvidenceType::Withdrawal
    }

    pub(crate) fn current_evidence_of_release(&self, id: &ReleaseId) -> Vec<EvidenceView> {
        self.about_release(id).filter(|(e, _)| self.is_current(e)).map(|(e, l)| self.evidence(e, l)).collect()
    }

    pub(crate) fn current_evidence_of_system(&self, id: &SystemId) -> Vec<EvidenceView> {
        self.about_system(id).filter(|(e, _)| self.is_current(e)).map(|(e, l)| self.evidence(e, l)).collect()
    }

    /// The newest current evidence of a kind about a release.
    pub(crate) fn latest(
        &self,
        release: &ReleaseId,
        kind: EvidenceType,
    ) -> Option<(&Evidence, DisclosureLevel)> {
        let about = self.universe.evidence.among(self.universe.evidence_by_release.get(release));
        self.newest(about, kind)
    }

    pub(crate) fn latest_of_system(
        &self,
        system: &SystemId,
        kind: EvidenceType,
    ) -> Option<(&Evidence, DisclosureLevel)> {
        self.newest(self.universe.evidence.among(self.universe.evidence_by_system.get(system)), kind)
    }

    fn newest<'b>(
        &'b self,
        about: impl DoubleEndedIterator<Item = &'b Evidence> + 'b,
        kind: EvidenceType,
    ) -> Option<(&'b Evidence, DisclosureLevel)> {
        let of_kind = about.filter(move |e| e.fact.kind == kind);
        self.visible(of_kind).find(|(e, _)| self.is_current(e))
    }
}
