//! The owner's side of disclosure: who may see what, who looked, and which organizations there are.

use std::collections::BTreeMap;

use statement::{DisclosureLevel, GrantScope, Timestamp};

use crate::error::ReadError;
use crate::fact::Effect;
use crate::ids::{EvidenceId, OrganizationId, ProductId, ReleaseId, SystemId, now};
use crate::looking::Looking;
use crate::paging::Page;
use crate::platform::Platform;
use crate::universe::Universe;
use crate::view::{AccessView, DisclosureView, KeyState, KeyView, OrganizationView, Relation, ScopeView};
use crate::viewer::Viewer;

impl Platform {
    /// Writes down that somebody read evidence of another organization; its owner sees it.
    pub(crate) async fn note_access(&self, viewer: &Viewer, id: &EvidenceId) -> Result<(), ReadError> {
        let (owner, level) = {
            let universe = self.universe();
            let (evidence, level) = universe.visible_evidence(viewer, id, now())?;
            (evidence.fact.issuer.clone(), level)
        };
        if owner == viewer.organization {
            return Ok(());
        }
        let level =
            serde_json::to_value(level).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default();
        let _turn = self.row_turn().await;
        sqlx::query(
            "INSERT INTO access (at, owner, organization, evidence, level) VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(now().unix())
        .bind(owner.as_str())
        .bind(viewer.organization.as_str())
        .bind(id.as_str())
        .bind(level)
        .execute(&self.store.relaxed)
        .await?;
        Ok(())
    }

    /// Who looked at evidence of the viewer's organization, newest first.
    pub async fn accesses(
        &self,
        viewer: &Viewer,
        after: Option<&str>,
        limit: Option<usize>,
    ) -> Result<Page<AccessView>, ReadError> {
        let before: i64 = after.and_then(|a| a.parse().ok()).unwrap_or(0);
        let limit = limit.unwrap_or(50).clamp(1, 200);
        // Positions count only the owner's own rows, so that they reveal nothing of others.
        let rows: Vec<(i64, String, String, String)> = sqlx::query_as(
            "SELECT at, organization, evidence, level FROM access WHERE owner = $1 ORDER BY seq DESC LIMIT $2 OFFSET $3",
        )
        .bind(viewer.organization.as_str())
        .bind(i64::try_from(limit).unwrap_or(200).saturating_add(1))
        .bind(before)
        .fetch_all(&self.store.pool)
        .await?;
        let universe = self.universe();
        let looking = Looking::new(&universe, viewer);
        let more = rows.len() > limit;
        let view = |(at, organization, evidence, level): (i64, String, String, String)| {
            Some(AccessView {
                at: Timestamp::from_unix(at)?,
                organization: universe.organization_ref(&OrganizationId::new(organization)),
                evidence: looking.evidence_by_id(&EvidenceId::new(evidence))?,
                level: serde_json::from_value(serde_json::Value::String(level)).ok()?,
            })
        };
        let items = rows.into_iter().take(limit).filter_map(view).collect();
        let next = more.then(|| before.saturating_add(i64::try_from(limit).unwrap_or(200)).to_string());
        Ok(Page { items, next })
    }

    /// What the viewer's organization discloses: the defaults of its supply links, then its grants, newest first.
    pub fn disclosures(&self, viewer: &Viewer) -> Vec<DisclosureView> {
        let universe = self.universe();
        let looking = Looking::new(&universe, viewer);
        let links = universe.links.values();
        let customers: BTreeMap<_, _> = links
            .filter(|l| l.fact.supplier == viewer.organization && l.in_force(now()))
            .map(|l| (&l.fact.customer, ()))
            .collect();
        let defaults = customers.into_keys().map(|customer| DisclosureView {
            id: format!("default.{customer}"),
            audience: universe.organization_ref(customer),
            scope: ScopeView { kind: "default", id: None, name: None },
            types: None,
            level: DisclosureLevel::Redacted,
            until: None,
            granted_at: None,
        });
        let grants = universe.grants.get(&viewer.organization).into_iter().flatten().rev();
        defaults.chain(grants.flat_map(|id| looking.grant_views(id))).collect()
    }

    /// Organizations the viewer has to do with, by name.
    pub fn organizations(&self, viewer: &Viewer) -> Vec<OrganizationView> {
        let universe = self.universe();
        let looking = Looking::new(&universe, viewer);
        let mut views: Vec<_> = looking
            .relations()
            .into_iter()
            .filter_map(|(id, r)| universe.organization_view(&id, r))
            .collect();
        views.sort_by(|a, b| (a.relation, &a.name, &a.id).cmp(&(b.relation, &b.name, &b.id)));
        views
    }
}

impl Looking<'_> {
    /// Self, both ends of supply links, and whoever's word or product the viewer sees.
    fn relations(&self) -> BTreeMap<OrganizationId, Relation> {
        let own = &self.viewer.organization;
        let mut found = BTreeMap::from([(own.clone(), Relation::Own)]);
        for link in self.universe.links.values().filter(|l| l.concerns(own)) {
            let (other, relation) = match link.fact.customer == *own {
                true => (&link.fact.supplier, Relation::Supplier),
                false => (&link.fact.customer, Relation::Customer),
            };
            found.entry(other.clone()).or_insert(relation);
        }
        for (evidence, _) in self.visible(self.universe.evidence.iter()) {
            found.entry(evidence.fact.issuer.clone()).or_insert(Relation::Upstream);
        }
        for release in self.universe.releases.keys().filter(|r| self.sees_release(r)) {
            if let Some(supplier) = self.universe.supplier_of(release) {
                found.entry(supplier.clone()).or_insert(Relation::Upstream);
            }
        }
        found
    }
}

impl Universe {
    fn organization_view(&self, id: &OrganizationId, relation: Relation) -> Option<OrganizationView> {
        let organization = self.organizations.get(id)?;
        let key = |id: &statement::KeyId| {
            let key = self.keys.get(id)?;
            let state = if key.revoked { KeyState::Revoked } else { KeyState::Active };
            Some(KeyView { key_id: *id, public_key: key.public, state })
        };
        Some(OrganizationView {
            id: id.clone(),
            name: organization.name.clone(),
            kind: organization.kind,
            relation,
            keys: organization.keys.iter().filter_map(key).collect(),
        })
    }
}

impl Looking<'_> {
    /// One row for each organization a grant is given to.
    fn grant_views(&self, id: &EvidenceId) -> Vec<DisclosureView> {
        let Some(grant) = self.universe.evidence.get(id).filter(|g| g.is_current()) else {
            return Vec::new();
        };
        let Effect::Grant { audience, scope, types, level, valid_until, .. } = &grant.fact.effect else {
            return Vec::new();
        };
        let row = |organization: &OrganizationId| DisclosureView {
            id: format!("{id}.{organization}"),
            audience: self.universe.organization_ref(organization),
            scope: self.scope_view(scope),
            types: types.clone(),
            level: *level,
            until: *valid_until,
            granted_at: Some(grant.at),
        };
        audience.iter().map(row).collect()
    }

    /// Names only what the viewer sees: knowing an id is no entitlement.
    fn scope_view(&self, scope: &GrantScope) -> ScopeView {
        let (kind, id, name) = match scope {
            GrantScope::Everything => return ScopeView { kind: "everything", id: None, name: None },
            GrantScope::Product { id } => ("product", id, self.product(&ProductId::new(id)).map(|p| p.name)),
            GrantScope::Release { id } => {
                let release = self.release_ref(&ReleaseId::new(id));
                ("release", id, release.map(|r| format!("{} {}", r.name, r.version)))
            }
            GrantScope::System { id } => {
                let own = self
                    .universe
                    .systems
                    .get(&SystemId::new(id))
                    .filter(|s| s.owner == self.viewer.organization);
                ("system", id, own.map(|s| s.name.clone()))
            }
            GrantScope::Evidence { id } => ("evidence", id, None),
        };
        ScopeView { kind, id: Some(id.clone()), name }
    }
}
