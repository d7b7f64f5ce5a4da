//! Reading evidence: everything passes through the viewer's level.

use serde::Serialize;
use serde_json::Value;
use statement::{DisclosureLevel, EvidenceType, Statement, Timestamp};

use crate::error::ReadError;
use crate::fact::{Effect, EvidenceFact};
use crate::ids::{EvidenceId, OrganizationId, ReleaseId, SystemId, now};
use crate::platform::Platform;
use crate::redact;
use crate::universe::{Evidence, Universe};
use crate::view::{
    ComponentView, EvidenceState, EvidenceView, FindingSummary, FindingView, NamedRef, SubjectView,
};
use crate::viewer::Viewer;

/// Which part of a list.
#[derive(Clone, Debug, Default)]
pub struct Paging {
    /// After the item with this id.
    pub after: Option<String>,
    /// At most this many, 1–200; 50 if absent.
    pub limit: Option<usize>,
}

/// A part of a list.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Page<T> {
    /// In the list's order.
    pub items: Vec<T>,
    /// To be given as `after` for the next part; null at the end.
    pub next: Option<String>,
}

/// Which evidence.
#[derive(Clone, Debug, Default)]
pub struct EvidenceFilter {
    /// Of this kind.
    pub kind: Option<EvidenceType>,
    /// By this organization.
    pub issuer: Option<OrganizationId>,
    /// About this release.
    pub release: Option<ReleaseId>,
    /// About this system.
    pub system: Option<SystemId>,
    /// Superseded and withdrawn ones as well.
    pub all_states: bool,
}

/// A document as one viewer may see it.
#[derive(Clone, Debug)]
pub struct Document {
    /// JSON.
    pub json: Vec<u8>,
    /// What the viewer gets: redacted or more.
    pub level: DisclosureLevel,
}

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

impl Paging {
    /// The part of `items` this asks for; `id` names an item.
    pub fn cut<T>(&self, items: impl IntoIterator<Item = T>, id: impl Fn(&T) -> String) -> Page<T> {
        let limit = self.limit.unwrap_or(50).clamp(1, 200);
        let mut rest = items.into_iter().peekable();
        if let Some(after) = &self.after {
            let _ = rest.find(|item| id(item) == *after);
        }
        let items: Vec<T> = rest.by_ref().take(limit).collect();
        let more = rest.peek().is_some();
        let next = items.last().filter(|_| more).map(id);
        Page { items, next }
    }
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

    fn sees(&self, id: &EvidenceId) -> bool {
        self.universe.visible_evidence(self.viewer, id, self.now).is_ok()
    }

    pub(crate) fn evidence(&self, evidence: &Evidence, level: DisclosureLevel) -> EvidenceView {
        let fact = &evidence.fact;
        let redacted = level >= DisclosureLevel::Redacted;
        let full = level >= DisclosureLevel::Full;
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
            key_id: full.then_some(fact.key_id),
            statement_sha256: full.then_some(fact.statement),
        }
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

    /// Visible evidence among `ids`, newest first, with its level.
    pub(crate) fn visible<'b>(
        &'b self,
        ids: impl DoubleEndedIterator<Item = &'b EvidenceId> + 'b,
    ) -> impl Iterator<Item = (&'b Evidence, DisclosureLevel)> + 'b {
        ids.rev().filter_map(|id| self.universe.visible_evidence(self.viewer, id, self.now).ok())
    }

    pub(crate) fn about_release<'b>(
        &'b self,
        id: &ReleaseId,
    ) -> impl Iterator<Item = (&'b Evidence, DisclosureLevel)> + 'b {
        self.visible(self.universe.evidence_by_release.get(id).into_iter().flatten())
    }

    pub(crate) fn about_system<'b>(
        &'b self,
        id: &SystemId,
    ) -> impl Iterator<Item = (&'b Evidence, DisclosureLevel)> + 'b {
        self.visible(self.universe.evidence_by_system.get(id).into_iter().flatten())
    }

    fn is_current(&self, evidence: &Evidence) -> bool {
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
        self.about_release(release).find(|(e, _)| e.fact.kind == kind && self.is_current(e))
    }

    pub(crate) fn latest_of_system(
        &self,
        system: &SystemId,
        kind: EvidenceType,
    ) -> Option<(&Evidence, DisclosureLevel)> {
        self.about_system(system).find(|(e, _)| e.fact.kind == kind && self.is_current(e))
    }
}

impl Platform {
    /// Evidence the viewer sees, newest first.
    pub fn evidence_list(
        &self,
        viewer: &Viewer,
        filter: &EvidenceFilter,
        paging: &Paging,
    ) -> Page<EvidenceView> {
        let universe = self.universe();
        let looking = Looking::new(&universe, viewer);
        let fits = |e: &Evidence| {
            filter.kind.is_none_or(|k| e.fact.kind == k)
                && filter.issuer.as_ref().is_none_or(|i| e.fact.issuer == *i)
                && filter.release.as_ref().is_none_or(|r| e.fact.release.as_ref() == Some(r))
                && filter.system.as_ref().is_none_or(|s| e.fact.system.as_ref() == Some(s))
                && (filter.all_states || looking.is_current(e))
        };
        let visible = looking.visible(universe.evidence_order.iter()).filter(|(e, _)| fits(e));
        let page = paging.cut(visible, |(e, _)| e.fact.id.to_string());
        Page { items: page.items.into_iter().map(|(e, l)| looking.evidence(e, l)).collect(), next: page.next }
    }

    /// One piece of evidence.
    pub fn evidence(&self, viewer: &Viewer, id: &EvidenceId) -> Result<EvidenceView, ReadError> {
        Looking::new(&self.universe(), viewer).evidence_by_id(id).ok_or(ReadError::NotFound)
    }

    /// All evidence about a release in all states, newest first.
    pub fn history(&self, viewer: &Viewer, id: &ReleaseId) -> Result<Vec<EvidenceView>, ReadError> {
        let universe = self.universe();
        let looking = Looking::new(&universe, viewer);
        if !looking.sees_release(id) {
            return Err(ReadError::NotFound);
        }
        Ok(looking.about_release(id).map(|(e, l)| looking.evidence(e, l)).collect())
    }

    /// The signed envelope, byte for byte as stored; level full.
    pub async fn statement(&self, viewer: &Viewer, id: &EvidenceId) -> Result<Vec<u8>, ReadError> {
        let (digest, _, _) = self.stored(viewer, id, DisclosureLevel::Full)?;
        let bytes = self.blob(digest).await?;
        self.note_access(viewer, id).await?;
        Ok(bytes)
    }

    /// The document as the viewer may see it; level redacted or more.
    pub async fn document(&self, viewer: &Viewer, id: &EvidenceId) -> Result<Document, ReadError> {
        let document = self.read_document(viewer, id).await?;
        self.note_access(viewer, id).await?;
        Ok(document)
    }

    async fn read_document(&self, viewer: &Viewer, id: &EvidenceId) -> Result<Document, ReadError> {
        let (digest, kind, level) = self.stored(viewer, id, DisclosureLevel::Redacted)?;
        let envelope = self.blob(digest).await?;
        let statement = read_statement(&envelope)?;
        let json = if level >= DisclosureLevel::Full {
            statement.document().as_bytes().to_vec()
        } else {
            redact::redacted(kind, statement.document()).ok_or(ReadError::NotFound)?
        };
        Ok(Document { json, level })
    }

    /// Digest of the envelope, kind, level.
    fn stored(
        &self,
        viewer: &Viewer,
        id: &EvidenceId,
        least: DisclosureLevel,
    ) -> Result<(record::Sha256, EvidenceType, DisclosureLevel), ReadError> {
        let universe = self.universe();
        let (evidence, level) = universe.visible_evidence(viewer, id, now())?;
        require(level, least)?;
        Ok((evidence.fact.statement, evidence.fact.kind, level))
    }

    async fn blob(&self, digest: record::Sha256) -> Result<Vec<u8>, ReadError> {
        let blobs = self.store.blobs.clone();
        let read = tokio::task::spawn_blocking(move || blobs.get(digest)).await;
        read.map_err(std::io::Error::other).and_then(|r| r).map_err(ReadError::Blob)
    }

    pub(crate) async fn typed<T: serde::de::DeserializeOwned>(
        &self,
        viewer: &Viewer,
        id: &EvidenceId,
    ) -> Result<T, ReadError> {
        let document = self.document(viewer, id).await?;
        serde_json::from_slice(&document.json).map_err(|e| ReadError::Damaged { what: e.to_string() })
    }

    fn latest_id(
        &self,
        viewer: &Viewer,
        release: &ReleaseId,
        kind: EvidenceType,
    ) -> Result<Option<EvidenceId>, ReadError> {
        let universe = self.universe();
        let looking = Looking::new(&universe, viewer);
        if !looking.sees_release(release) {
            return Err(ReadError::NotFound);
        }
        let readable = looking.latest(release, kind).filter(|(_, l)| *l >= DisclosureLevel::Redacted);
        Ok(readable.map(|(e, _)| e.fact.id.clone()))
    }

    /// Findings of the newest inspection of a release, highest score first; none where it cannot be read.
    pub async fn findings(
        &self,
        viewer: &Viewer,
        release: &ReleaseId,
    ) -> Result<Vec<FindingSummary>, ReadError> {
        let Some(id) = self.latest_id(viewer, release, EvidenceType::Inspection)? else {
            return Ok(Vec::new());
        };
        let record: record::Inspection = self.typed(viewer, &id).await?;
        let summary = |f: record::Finding| FindingSummary {
            id: f.id,
            rule: f.rule,
            severity: f.severity,
            score: f.score,
            title: f.title,
            artifact: f.artifact,
            function: f.location.function,
            review: f.review.state,
            evidence: id.clone(),
        };
        let mut findings: Vec<_> = record.findings.into_iter().map(summary).collect();
        findings.sort_by(|a, b| b.score.cmp(&a.score).then_with(|| a.id.cmp(&b.id)));
        Ok(findings)
    }

    /// One finding of an inspection.
    pub async fn finding(
        &self,
        viewer: &Viewer,
        id: &EvidenceId,
        finding: &str,
    ) -> Result<FindingView, ReadError> {
        let evidence = self.evidence(viewer, id)?;
        if evidence.r#type != EvidenceType::Inspection {
            return Err(ReadError::NotFound);
        }
        let record: record::Inspection = self.typed(viewer, id).await?;
        let finding = record.findings.into_iter().find(|f| f.id == finding).ok_or(ReadError::NotFound)?;
        let artifact = record.artifacts.into_iter().find(|a| a.path == finding.artifact);
        Ok(FindingView { evidence, artifact, finding })
    }

    /// Components of the newest bill of materials of a release, in its order; none where it cannot be read.
    pub async fn components(
        &self,
        viewer: &Viewer,
        release: &ReleaseId,
    ) -> Result<Vec<ComponentView>, ReadError> {
        let Some(id) = self.latest_id(viewer, release, EvidenceType::Sbom)? else { return Ok(Vec::new()) };
        let sbom: Value = self.typed(viewer, &id).await?;
        Ok(redact::components(&sbom))
    }
}

fn read_statement(envelope: &[u8]) -> Result<Statement, ReadError> {
    let damaged = |what: String| ReadError::Damaged { what };
    let envelope = statement::Envelope::read(envelope).map_err(|e| damaged(e.to_string()))?;
    serde_json::from_slice(&envelope.payload).map_err(|e| damaged(e.to_string()))
}
