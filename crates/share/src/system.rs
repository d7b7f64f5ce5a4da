//! Systems and their assets, bound to releases when they are looked at.

use record::Sha256;
use statement::{AssetKind, DeclaredAsset, DisclosureLevel, EvidenceType, SystemRegistration};

use crate::error::ReadError;
use crate::ids::{ReleaseId, SystemId};
use crate::looking::Looking;
use crate::platform::Platform;
use crate::universe::System;
use crate::view::{AssessmentView, AssetView, Confidence, SystemView};
use crate::viewer::Viewer;

impl Platform {
    /// Systems of the viewer's organization, and those whose registration it may read in full; by name.
    pub fn systems(&self, viewer: &Viewer) -> Vec<SystemView> {
        let universe = self.universe();
        let looking = Looking::new(&universe, viewer);
        let mut views: Vec<_> = looking.systems().into_iter().map(|(id, s)| looking.system(id, s)).collect();
        views.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        views
    }

    /// A system with its assets and current evidence.
    pub fn system(&self, viewer: &Viewer, id: &SystemId) -> Result<SystemView, ReadError> {
        let universe = self.universe();
        let looking = Looking::new(&universe, viewer);
        let system = looking.visible_system(id).ok_or(ReadError::NotFound)?;
        let mut view = looking.system(id, system);
        view.asset_list = Some(system.assets.iter().map(|a| looking.asset(id, system, a)).collect());
        view.evidence = Some(looking.current_evidence_of_system(id));
        Ok(view)
    }

    /// The model last registered, as JSON.
    pub async fn system_model(&self, viewer: &Viewer, id: &SystemId) -> Result<serde_json::Value, ReadError> {
        let evidence = {
            let universe = self.universe();
            let looking = Looking::new(&universe, viewer);
            looking.visible_system(id).ok_or(ReadError::NotFound)?.evidence.clone()
        };
        let registration: SystemRegistration = self.typed(viewer, &evidence).await?;
        Ok(registration.model)
    }

    /// The latest assessment of a system the viewer may read.
    pub async fn assessment(&self, viewer: &Viewer, id: &SystemId) -> Result<AssessmentView, ReadError> {
        let evidence = {
            let universe = self.universe();
            let looking = Looking::new(&universe, viewer);
            let found = looking.latest_of_system(id, EvidenceType::Assessment);
            let (found, level) =
                found.filter(|(_, l)| *l >= DisclosureLevel::Redacted).ok_or(ReadError::NotFound)?;
            looking.evidence(found, level)
        };
        let assessment = self.typed(viewer, &evidence.id).await?;
        Ok(AssessmentView { evidence, assessment })
    }
}

impl Looking<'_> {
    pub(crate) fn systems(&self) -> Vec<(&SystemId, &System)> {
        self.universe.systems.iter().filter(|(id, _)| self.visible_system(id).is_some()).collect()
    }

    fn visible_system(&self, id: &SystemId) -> Option<&System> {
        let system = self.universe.systems.get(id)?;
        let (_, level) = self.universe.visible_evidence(self.viewer, &system.evidence, self.now).ok()?;
        (level >= DisclosureLevel::Full).then_some(system)
    }

    fn system(&self, id: &SystemId, system: &System) -> SystemView {
        SystemView {
            id: id.clone(),
            name: system.name.clone(),
            owner: self.universe.organization_ref(&system.owner),
            assets: system.assets.len() as u64,
            aspects: self.aspects_of_system(id, system),
            model: Some(system.evidence.clone()),
            assessment: self.latest_of_system(id, EvidenceType::Assessment).map(|(e, _)| e.fact.id.clone()),
            asset_list: None,
            evidence: None,
        }
    }

    fn asset(&self, id: &SystemId, system: &System, asset: &DeclaredAsset) -> AssetView {
        let bound = self.bind(asset);
        AssetView {
            id: asset.id.clone(),
            name: asset.name.clone(),
            kind: asset.kind,
            parent: asset.parent.clone(),
            release: bound.and_then(|(r, _)| self.release_ref(r)),
            declared: asset.release.clone().unwrap_or_default(),
            source: "model",
            confidence: bound.map_or(Confidence::Declared, |(_, confidence)| confidence),
            aspects: self.aspects_of_asset(id, system, asset),
        }
    }

    /// The visible release an asset is: by the digest of a delivered file, else by product name and version.
    pub(crate) fn bind(&self, asset: &DeclaredAsset) -> Option<(&ReleaseId, Confidence)> {
        let declared = asset.release.as_ref()?;
        let exact = declared.sha256.and_then(|digest| self.release_with(digest));
        exact.map(|r| (r, Confidence::Exact)).or_else(|| {
            let (name, version) = match (&declared.product, &declared.version, &declared.purl) {
                (Some(product), Some(version), _) => (product.as_str(), version.as_str()),
                (_, _, Some(purl)) => purl_name(purl)?,
                _ => return None,
            };
            self.release_named(name, version, asset.kind).map(|r| (r, Confidence::Likely))
        })
    }

    /// The newest visible release with that file.
    fn release_with(&self, digest: Sha256) -> Option<&ReleaseId> {
        self.universe.releases_by_artifact.get(&digest)?.iter().rev().find(|r| self.sees_release(r))
    }

    /// The one visible release of that name and version; `None` where several products share the name.
    fn release_named(&self, name: &str, version: &str, _: AssetKind) -> Option<&ReleaseId> {
        let named = self.universe.products_by_name.get(&name.to_ascii_lowercase());
        let products = named.into_iter().flatten().filter_map(|id| self.universe.products.get(id));
        let releases = products.flat_map(|p| &p.releases);
        let mut fitting = releases.filter(|r| {
            self.universe.releases.get(*r).is_some_and(|f| f.fact.version == version) && self.sees_release(r)
        });
        match (fitting.next(), fitting.next()) {
            (Some(one), None) => Some(one),
            _ => None,
        }
    }

    /// Ids of the assets of `system` that are `release`.
    pub(crate) fn bound_assets<'b>(
        &'b self,
        system: &'b System,
        release: &'b ReleaseId,
    ) -> impl Iterator<Item = String> + 'b {
        let is = move |a: &&DeclaredAsset| self.bind(a).is_some_and(|(r, _)| r == release);
        system.assets.iter().filter(is).map(|a| a.id.clone())
    }
}

/// Name and version of `pkg:type/namespace/name@version?…`. A full reading of purls is `ident`'s; this one only
/// proposes a binding that is marked as likely.
fn purl_name(purl: &str) -> Option<(&str, &str)> {
    let body = purl.strip_prefix("pkg:")?.split(['?', '#']).next()?;
    let (path, version) = body.rsplit_once('@')?;
    Some((path.rsplit('/').next()?, version))
}
