//! Owners who register here what had come from elsewhere: from then on it is disclosed like anything they register.

use statement::DisclosureLevel;

use crate::error::WriteError;
use crate::fact::{Fact, Receipt};
use crate::ids::ReleaseId;
use crate::platform::{Platform, Writing};
use crate::view::EvidenceView;
use crate::viewer::Viewer;

impl Platform {
    /// Whether `known` is the viewer's word, came from another instance, and was not registered here by its owner yet.
    pub(crate) fn came_from_elsewhere(&self, viewer: &Viewer, known: &EvidenceView) -> bool {
        let universe = self.universe();
        let receipts = universe.receipts.get(&known.id).into_iter().flatten();
        let owned = receipts.into_iter().any(|r| r.by == viewer.organization);
        let fact = universe.evidence.get(&known.id).map(|e| &e.fact);
        fact.is_some_and(|f| f.receipt.is_some() && f.issuer == viewer.organization && !owned)
    }

    /// Its owner registers what had come from elsewhere: from now on it is disclosed as what it registers.
    pub(crate) async fn own_evidence(
        &self,
        turn: &mut Writing<'_>,
        viewer: &Viewer,
        known: &EvidenceView,
    ) -> Result<(), WriteError> {
        if !self.came_from_elsewhere(viewer, known) {
            return Ok(());
        }
        let release = self.universe().evidence.get(&known.id).and_then(|e| e.fact.release.clone());
        self.own_release(turn, viewer, release.as_ref()).await?;
        turn.add(Fact::Received { evidence: known.id.clone(), receipt: of_owner(viewer) }).await
    }

    /// The same for a release.
    pub(crate) async fn own_release(
        &self,
        turn: &mut Writing<'_>,
        viewer: &Viewer,
        release: Option<&ReleaseId>,
    ) -> Result<(), WriteError> {
        let Some(release) = release else { return Ok(()) };
        let came = {
            let universe = self.universe();
            let receipts = universe.release_receipts.get(release).into_iter().flatten();
            let owned = receipts.into_iter().any(|r| r.by == viewer.organization);
            let own = universe.supplier_of(release) == Some(&viewer.organization);
            own && !owned && universe.releases.get(release).is_some_and(|r| r.fact.receipt.is_some())
        };
        if came {
            turn.add(Fact::ReleaseReceived { release: release.clone(), receipt: of_owner(viewer) }).await?;
        }
        Ok(())
    }
}

fn of_owner(viewer: &Viewer) -> Receipt {
    let level = DisclosureLevel::FullAndReshare;
    Receipt { by: viewer.organization.clone(), level, entry: None, hops: Vec::new() }
}
