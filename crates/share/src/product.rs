//! Products and releases.

use std::collections::{BTreeMap, BTreeSet};

use record::Sha256;
use statement::DisclosureLevel;

use crate::error::{ReadError, WriteError};
use crate::fact::{ArtifactFact, Fact, ReleaseFact};
use crate::ids::{OrganizationId, ProductId, ReleaseId, SystemId, now};
use crate::looking::Looking;
use crate::platform::{Platform, checked_text};
use crate::view::{
    ArtifactView, InstalledIn, NamedRef, OrganizationRef, ProductKind, ProductView, ReleaseRef, ReleaseView,
};
use crate::viewer::{Role, Viewer};

/// Most artifacts or parts of one release.
const MAX_LIST: usize = 10_000;

/// A release to add.
#[derive(Clone, Debug, Default)]
pub struct NewRelease {
    /// Version, unique in the product.
    pub version: String,
    /// Name, digest and bytes of each delivered file.
    pub artifacts: Vec<(String, Sha256, Option<u64>)>,
    /// Releases inside it, own or visible ones.
    pub parts: Vec<ReleaseId>,
}

impl Platform {
    /// Adds a product of the viewer's organization.
    pub async fn add_product(
        &self,
        viewer: &Viewer,
        name: &str,
        kind: ProductKind,
    ) -> Result<ProductId, WriteError> {
        if !viewer.has(Role::Engineer) {
            return Err(WriteError::Role);
        }
        let name = checked_text("name", name)?;
        let mut turn = self.write().await?;
        let supplier = viewer.organization.clone();
        if self.universe().products.values().any(|p| p.supplier == supplier && p.name == name) {
            return Err(WriteError::Exists { what: name });
        }
        let id = ProductId::fresh()?;
        turn.add(Fact::Product { id: id.clone(), supplier, name, kind }).await?;
        Ok(id)
    }

    /// Adds a release to a product of the viewer's organization.
    pub async fn add_release(
        &self,
        viewer: &Viewer,
        product: &ProductId,
        release: NewRelease,
    ) -> Result<ReleaseId, WriteError> {
        if !viewer.has(Role::Engineer) {
            return Err(WriteError::Role);
        }
        let version = checked_text("version", &release.version)?;
        let mut turn = self.write().await?;
        self.check_release(viewer, product, &version, &release)?;
        let artifact = |(name, sha256, size): (String, Sha256, Option<u64>)| {
            Ok(ArtifactFact { name: checked_text("name", &name)?, sha256, size })
        };
        let artifacts: Result<Vec<_>, WriteError> = release.artifacts.into_iter().map(artifact).collect();
        let id = ReleaseId::fresh()?;
        let fact = ReleaseFact {
            id: id.clone(),
            product: product.clone(),
            version,
            artifacts: artifacts?,
            parts: release.parts,
            receipt: None,
        };
        turn.add(Fact::Release(fact)).await?;
        Ok(id)
    }

    fn check_release(
        &self,
        viewer: &Viewer,
        product: &ProductId,
        version: &str,
        release: &NewRelease,
    ) -> Result<(), WriteError> {
        let universe = self.universe();
        let own = universe.products.get(product).filter(|p| p.supplier == viewer.organization);
        let own = own.ok_or_else(|| WriteError::NotFound { what: product.to_string() })?;
        if release.artifacts.len() > MAX_LIST || release.parts.len() > MAX_LIST {
            return Err(WriteError::Text { field: "artifacts" });
        }
        let same = |id: &&ReleaseId| universe.releases.get(*id).is_some_and(|r| r.fact.version == version);
        if own.releases.iter().any(|id| same(&id)) {
            return Err(WriteError::Exists { what: version.to_owned() });
        }
        let hidden = |id: &&ReleaseId| {
            universe.release_level(id, &viewer.organization, now()) == DisclosureLevel::Hidden
        };
        match release.parts.iter().find(hidden) {
            Some(part) => Err(WriteError::NotFound { what: part.to_string() }),
            None => Ok(()),
        }
    }

    /// Products the viewer sees: own ones, those delivered to it, and those of visible releases; by supplier and name.
    pub fn products(&self, viewer: &Viewer, own_only: bool) -> Vec<ProductView> {
        let universe = self.universe();
        let looking = Looking::new(&universe, viewer);
        let visible = universe.products.keys().filter_map(|id| looking.product(id));
        let mut views: Vec<_> = visible.filter(|p| p.own || !own_only).collect();
        views.sort_by(|a, b| {
            (!a.own, &a.supplier.name, &a.name, &a.id).cmp(&(!b.own, &b.supplier.name, &b.name, &b.id))
        });
        views
    }

    /// A product with its releases.
    pub fn product(&self, viewer: &Viewer, id: &ProductId) -> Result<ProductView, ReadError> {
        let universe = self.universe();
        let looking = Looking::new(&universe, viewer);
        let mut view = looking.product(id).ok_or(ReadError::NotFound)?;
        let releases = looking.releases_of(id).into_iter().filter_map(|id| looking.release(id));
        view.release_list = Some(releases.collect());
        Ok(view)
    }

    /// A release with its current evidence and where it is installed.
    pub fn release(&self, viewer: &Viewer, id: &ReleaseId) -> Result<ReleaseView, ReadError> {
        let universe = self.universe();
        let looking = Looking::new(&universe, viewer);
        let mut view = looking.release(id).ok_or(ReadError::NotFound)?;
        view.evidence = Some(looking.current_evidence_of_release(id));
        view.installed_in = Some(looking.installed_in(id));
        let later = looking.releases_of(&view.product).into_iter().skip_while(|r| *r != id);
        view.previous = later.skip(1).find_map(|r| looking.release_ref(r));
        Ok(view)
    }
}

impl Looking<'_> {
    /// Visible releases of a product, newest first.
    pub(crate) fn releases_of(&self, product: &ProductId) -> Vec<&ReleaseId> {
        let releases = self.universe.products.get(product).map(|p| p.releases.as_slice()).unwrap_or_default();
        releases.iter().rev().filter(|r| self.sees_release(r)).collect()
    }

    pub(crate) fn sees_release(&self, id: &ReleaseId) -> bool {
        self.universe.release_level(id, &self.viewer.organization, self.now) > DisclosureLevel::Hidden
    }

    pub(crate) fn product(&self, id: &ProductId) -> Option<ProductView> {
        let product = self.universe.products.get(id)?;
        let own = product.supplier == self.viewer.organization;
        let releases = self.releases_of(id);
        let delivered = self.universe.links.values().any(|l| {
            let names = l.fact.products.as_ref().is_none_or(|p| p.contains(id));
            l.fact.supplier == product.supplier
                && l.fact.customer == self.viewer.organization
                && l.in_force(self.now)
                && names
        });
        (own || delivered || !releases.is_empty()).then(|| ProductView {
            id: id.clone(),
            name: product.name.clone(),
            kind: product.kind,
            supplier: self.universe.organization_ref(&product.supplier),
            own,
            releases: releases.len() as u64,
            latest: releases.first().and_then(|r| self.release_ref(r)),
            release_list: None,
        })
    }

    /// `None` if the viewer does not see it.
    pub(crate) fn release_ref(&self, id: &ReleaseId) -> Option<ReleaseRef> {
        if !self.sees_release(id) {
            return None;
        }
        let release = self.universe.releases.get(id)?;
        let product = self.universe.products.get(&release.fact.product)?;
        Some(ReleaseRef {
            id: id.clone(),
            product: release.fact.product.clone(),
            name: product.name.clone(),
            version: release.fact.version.clone(),
            supplier: self.universe.organization_ref(&product.supplier),
        })
    }

    pub(crate) fn release(&self, id: &ReleaseId) -> Option<ReleaseView> {
        let reference = self.release_ref(id)?;
        let release = self.universe.releases.get(id)?;
        let artifacts = release.fact.artifacts.iter();
        Some(ReleaseView {
            id: reference.id,
            product: reference.product,
            name: reference.name,
            version: reference.version,
            supplier: reference.supplier,
            released_at: release.at,
            artifacts: artifacts
                .map(|a| ArtifactView { name: a.name.clone(), sha256: a.sha256, size: a.size })
                .collect(),
            parts: release.fact.parts.iter().filter_map(|p| self.release_ref(p)).collect(),
            aspects: self.aspects_of_release(id),
            evidence: None,
            installed_in: None,
            previous: None,
        })
    }

    /// Where a release is installed in the viewer's systems.
    pub(crate) fn installed_in(&self, release: &ReleaseId) -> Vec<InstalledIn> {
        self.installations().remove(release).unwrap_or_default()
    }

    /// Everything that is installed in the viewer's systems, by release.
    pub(crate) fn installations(&self) -> BTreeMap<&ReleaseId, Vec<InstalledIn>> {
        let own = self.universe.systems.iter().filter(|(_, s)| s.owner == self.viewer.organization);
        let mut found: BTreeMap<&ReleaseId, BTreeSet<(&SystemId, &str, &str)>> = BTreeMap::new();
        for (id, system) in own {
            for asset in &system.assets {
                if let Some((release, _)) = self.bind(asset) {
                    found.entry(release).or_default().insert((id, &system.name, &asset.id));
                }
            }
        }
        let view = |(id, name, asset): (&SystemId, &str, &str)| InstalledIn {
            system: NamedRef { id: id.to_string(), name: name.to_owned() },
            asset: asset.to_owned(),
        };
        found.into_iter().map(|(release, places)| (release, places.into_iter().map(view).collect())).collect()
    }
}

impl crate::universe::Universe {
    /// Names of organizations are shown wherever something of theirs is.
    pub(crate) fn organization_ref(&self, id: &OrganizationId) -> OrganizationRef {
        let name = self.organizations.get(id).map(|o| o.name.clone()).unwrap_or_default();
        OrganizationRef { id: id.clone(), name }
    }
}
