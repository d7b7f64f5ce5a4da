//! Supply links: who delivers what to whom. Both sides agree before anything is disclosed over one.

use statement::Timestamp;

use crate::error::WriteError;
use crate::fact::{Fact, LinkFact};
use crate::ids::{LinkId, OrganizationId, ProductId, now};
use crate::platform::Platform;
use crate::universe::{Link, Universe};
use crate::view::{LinkState, LinkView, NamedRef};
use crate::viewer::{Role, Viewer};

/// A supply link to propose.
#[derive(Clone, Debug)]
pub struct NewLink {
    /// Who delivers.
    pub supplier: OrganizationId,
    /// Who receives.
    pub customer: OrganizationId,
    /// Which products of the supplier; `None` for all.
    pub products: Option<Vec<ProductId>>,
    /// In force from.
    pub valid_from: Option<Timestamp>,
    /// In force until.
    pub valid_to: Option<Timestamp>,
}

impl Platform {
    /// Proposes a supply link; the viewer's organization is one side of it.
    pub async fn propose_link(&self, viewer: &Viewer, link: NewLink) -> Result<LinkId, WriteError> {
        if !viewer.has(Role::Administrator) {
            return Err(WriteError::Role);
        }
        let mut turn = self.write().await?;
        check(&self.universe(), viewer, &link)?;
        let id = LinkId::fresh()?;
        let NewLink { supplier, customer, products, valid_from, valid_to } = link;
        let proposed_by = viewer.organization.clone();
        let fact =
            LinkFact { id: id.clone(), supplier, customer, products, valid_from, valid_to, proposed_by };
        turn.add(Fact::Link(fact)).await?;
        Ok(id)
    }

    /// Agrees to a link the other side has proposed.
    pub async fn accept_link(&self, viewer: &Viewer, id: &LinkId) -> Result<(), WriteError> {
        self.change_link(
            viewer,
            id,
            |l| !l.accepted && !l.ended && l.fact.proposed_by != viewer.organization,
            |id| Fact::LinkAccepted { id },
        )
        .await
    }

    /// Ends a link; nothing more is disclosed over it.
    pub async fn end_link(&self, viewer: &Viewer, id: &LinkId) -> Result<(), WriteError> {
        self.change_link(viewer, id, |l| !l.ended, |id| Fact::LinkEnded { id }).await
    }

    async fn change_link(
        &self,
        viewer: &Viewer,
        id: &LinkId,
        may: impl Fn(&Link) -> bool,
        fact: impl Fn(LinkId) -> Fact,
    ) -> Result<(), WriteError> {
        if !viewer.has(Role::Administrator) {
            return Err(WriteError::Role);
        }
        let mut turn = self.write().await?;
        let fits = self.universe().links.get(id).is_some_and(|l| l.concerns(&viewer.organization) && may(l));
        if !fits {
            return Err(WriteError::NotFound { what: id.to_string() });
        }
        turn.add(fact(id.clone())).await
    }

    /// The supply links of the viewer's organization, oldest first.
    pub fn links(&self, viewer: &Viewer) -> Vec<LinkView> {
        let universe = self.universe();
        let own = universe.links.values().filter(|l| l.concerns(&viewer.organization));
        let mut views: Vec<_> = own.map(|l| universe.link_view(l)).collect();
        views.sort_by(|a, b| {
            (&a.supplier.name, &a.customer.name, &a.id).cmp(&(&b.supplier.name, &b.customer.name, &b.id))
        });
        views
    }
}

fn check(universe: &Universe, viewer: &Viewer, link: &NewLink) -> Result<(), WriteError> {
    if ![&link.supplier, &link.customer].contains(&&viewer.organization) {
        return Err(WriteError::Role);
    }
    for side in [&link.supplier, &link.customer] {
        if !universe.organizations.contains_key(side) || link.supplier == link.customer {
            return Err(WriteError::NotFound { what: side.to_string() });
        }
    }
    let foreign = |p: &&ProductId| universe.products.get(*p).is_none_or(|p| p.supplier != link.supplier);
    match link.products.iter().flatten().find(foreign) {
        Some(product) => Err(WriteError::NotFound { what: product.to_string() }),
        None => Ok(()),
    }
}

impl Link {
    pub(crate) fn concerns(&self, organization: &OrganizationId) -> bool {
        self.fact.supplier == *organization || self.fact.customer == *organization
    }
}

impl Universe {
    fn link_view(&self, link: &Link) -> LinkView {
        let fact = &link.fact;
        let named = |id: &ProductId| NamedRef {
            id: id.to_string(),
            name: self.products.get(id).map(|p| p.name.clone()).unwrap_or_default(),
        };
        LinkView {
            id: fact.id.clone(),
            supplier: self.organization_ref(&fact.supplier),
            customer: self.organization_ref(&fact.customer),
            products: fact.products.as_ref().map(|p| p.iter().map(named).collect()),
            state: match (link.in_force(now()), link.accepted || link.ended) {
                (true, _) => LinkState::Active,
                (false, true) => LinkState::Ended,
                (false, false) => LinkState::Proposed,
            },
            valid_from: fact.valid_from,
            valid_to: fact.valid_to,
            questions: link.questions,
        }
    }
}
