//! Lists and heads of supply links: what a customer should have, and how it notices that it has not.

use record::Sha256;
use statement::{DisclosureLevel, EvidenceType, Timestamp, list_digest};

use crate::error::ReadError;
use crate::fact::Effect;
use crate::ids::{LinkId, OrganizationId, now};
use crate::looking::Looking;
use crate::platform::Platform;
use crate::universe::{Link, Universe};
use crate::view::{HeadView, LinkListView};
use crate::viewer::Viewer;

impl Universe {
    /// Log entries of the supplier's own evidence that the customer sees, in the order of registration. Heads do not
    /// count themselves.
    pub(crate) fn disclosed_over(&self, link: &Link, now: Timestamp) -> Vec<Sha256> {
        let own = self.evidence.iter();
        let own = own.filter(|e| e.fact.issuer == link.fact.supplier && e.fact.kind != EvidenceType::Head);
        let seen = own.filter(|e| self.evidence_level(e, &link.fact.customer, now) > DisclosureLevel::Hidden);
        seen.map(|e| e.fact.log_entry()).collect()
    }

    /// Until when the newest head of `supplier` for `customer` holds; `None` if it signs none.
    pub(crate) fn head_until(
        &self,
        supplier: &OrganizationId,
        customer: &OrganizationId,
    ) -> Option<Timestamp> {
        let links =
            self.links.values().filter(|l| l.fact.supplier == *supplier && l.fact.customer == *customer);
        let heads = links.filter_map(|l| l.heads.last()).filter_map(|id| self.evidence.get(id));
        let until = heads.filter_map(|e| match &e.fact.effect {
            Effect::Head { valid_until, .. } => Some(*valid_until),
            _ => None,
        });
        until.max()
    }
}

impl Platform {
    /// What is disclosed over a supply link of the viewer's organization, and the newest head.
    pub fn link_list(&self, viewer: &Viewer, id: &LinkId) -> Result<LinkListView, ReadError> {
        let universe = self.universe();
        let link = universe.links.get(id).filter(|l| l.concerns(&viewer.organization) && l.in_force(now()));
        let link = link.ok_or(ReadError::NotFound)?;
        let entries = universe.disclosed_over(link, now());
        let customer = universe.organizations.get(&link.fact.customer);
        let active = |key: &&statement::KeyId| universe.keys.get(*key).is_some_and(|k| !k.revoked);
        Ok(LinkListView {
            link: id.clone(),
            own: link.fact.supplier == viewer.organization,
            customer: universe.organization_ref(&link.fact.customer),
            customer_key: customer.and_then(|c| c.keys.iter().rev().find(active)).copied(),
            head: Looking::new(&universe, viewer).head(link, &entries),
            entries,
        })
    }
}

impl Looking<'_> {
    fn head(&self, link: &Link, entries: &[Sha256]) -> Option<HeadView> {
        let evidence = self.universe.evidence.get(link.heads.last()?)?;
        let Effect::Head { count, list, issued, valid_until, .. } = &evidence.fact.effect else {
            return None;
        };
        Some(HeadView {
            evidence: evidence.fact.id.clone(),
            count: *count,
            list_sha256: *list,
            issued: *issued,
            valid_until: *valid_until,
            matches: entries.len() as u64 == *count && list_digest(entries) == *list,
        })
    }
}
