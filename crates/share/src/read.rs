//! Reading evidence: everything passes through the viewer's level.

use std::io;

use bytes::Bytes;
use record::Sha256;
use statement::{DisclosureLevel, Envelope, EvidenceType, Statement};

use crate::blob::Blobs;
use crate::error::ReadError;
use crate::fact::{EvidenceFact, Parts};
use crate::ids::{EvidenceId, OrganizationId, ReleaseId, SystemId, now};
use crate::looking::{Looking, require};
use crate::paging::{Page, Paging};
use crate::platform::Platform;
use crate::redact;
use crate::universe::Evidence;
use crate::view::EvidenceView;
use crate::viewer::Viewer;

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
    pub json: Bytes,
    /// What the viewer gets: redacted or more.
    pub level: DisclosureLevel,
}

/// Where a document is kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stored {
    pub(crate) kind: EvidenceType,
    statement: Sha256,
    pub(crate) parts: Option<Parts>,
}

impl Stored {
    pub(crate) fn of(evidence: &Evidence) -> Self {
        let EvidenceFact { kind, statement, parts, .. } = &evidence.fact;
        Self { kind: *kind, statement: *statement, parts: *parts }
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
        let visible = looking.visible(universe.evidence.iter()).filter(|(e, _)| fits(e));
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
        let digest = {
            let universe = self.universe();
            let (evidence, level) = universe.visible_evidence(viewer, id, now())?;
            let given = evidence.fact.gives_statement(level);
            given.then_some(evidence.fact.statement).ok_or(ReadError::NotFound)?
        };
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
        let (stored, level) = {
            let universe = self.universe();
            let (evidence, level) = universe.visible_evidence(viewer, id, now())?;
            require(level, DisclosureLevel::Redacted)?;
            (Stored::of(evidence), level)
        };
        let document = self.contents(&stored).await?;
        let json = if level >= DisclosureLevel::Full || stored.parts.is_some() {
            document
        } else {
            let text =
                std::str::from_utf8(&document).map_err(|e| ReadError::Damaged { what: e.to_string() })?;
            redact::redacted(stored.kind, text).ok_or(ReadError::NotFound)?.into()
        };
        Ok(Document { json, level })
    }

    /// The document as far as it is here.
    pub(crate) async fn contents(&self, stored: &Stored) -> Result<Bytes, ReadError> {
        match stored.parts {
            Some(parts) => Ok(self.partial(stored.kind, parts).await?.into()),
            None => Ok(self.stored_statement(stored.statement).await?.into_document()),
        }
    }

    pub(crate) async fn blob(&self, digest: Sha256) -> Result<Vec<u8>, ReadError> {
        self.with_blobs(move |blobs| blobs.get(digest)).await
    }

    /// A registered envelope.
    pub(crate) async fn stored_envelope(&self, digest: Sha256) -> Result<Envelope, ReadError> {
        self.with_blobs(move |blobs| blobs.envelope(digest)).await
    }

    /// What a registered envelope says.
    pub(crate) async fn stored_statement(&self, digest: Sha256) -> Result<Statement, ReadError> {
        let statement = self.stored_envelope(digest).await?.statement();
        statement.map_err(|e| ReadError::Damaged { what: e.to_string() })
    }

    async fn with_blobs<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Blobs) -> io::Result<T> + Send + 'static,
    ) -> Result<T, ReadError> {
        let blobs = self.store.blobs.clone();
        let read = tokio::task::spawn_blocking(move || read(&blobs)).await;
        read.map_err(io::Error::other).and_then(|r| r).map_err(ReadError::Blob)
    }

    pub(crate) async fn typed<T: serde::de::DeserializeOwned>(
        &self,
        viewer: &Viewer,
        id: &EvidenceId,
    ) -> Result<T, ReadError> {
        let document = self.document(viewer, id).await?;
        serde_json::from_slice(&document.json).map_err(|e| ReadError::Damaged { what: e.to_string() })
    }
}
