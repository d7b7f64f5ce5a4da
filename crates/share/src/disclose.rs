//! Who gets how much of what: one pure function over the facts.
//!
//! An organization gets everything of its own. From there, evidence travels down supply links: its issuer's direct
//! customers get it redacted, unless a grant says otherwise; further hops get it only where each hop may re-share and
//! grants it. The most specific grant in force decides, the latest among equals; it may also take away. A grant that
//! says so is widened to the outcome in an emergency: where a list of known exploited vulnerabilities, imported by an
//! administrator, concerns the release.
//!
//! What came from another instance starts from whoever received it, at the level it was received at, and not from its
//! owner: what the owner discloses by default to its customers here was never said of it.

use std::collections::BTreeMap;

use statement::{DisclosureLevel, EvidenceType, GrantScope, Timestamp};

use crate::fact::{Effect, Receipt};
use crate::ids::{EvidenceId, OrganizationId, ReleaseId, SystemId};
use crate::universe::{Evidence, Link, Universe};
use crate::view::Tlp;

/// Something that may be disclosed: evidence, or the existence of a release (no kind).
#[derive(Clone, Copy, Debug)]
struct Object<'a> {
    owner: &'a OrganizationId,
    kind: Option<EvidenceType>,
    release: Option<&'a ReleaseId>,
    system: Option<&'a SystemId>,
    evidence: Option<&'a EvidenceId>,
    /// TLP:RED or under embargo: nobody gets it by default, only by a grant for this piece of evidence.
    restricted: bool,
    /// Whether its owner registered it here.
    native: bool,
    receipts: &'a [Receipt],
}

/// What the direct customers of an issuer get without any grant.
const DEFAULT: DisclosureLevel = DisclosureLevel::Redacted;

impl Universe {
    /// What `viewer` gets of `evidence`.
    pub(crate) fn evidence_level(
        &self,
        evidence: &Evidence,
        viewer: &OrganizationId,
        now: Timestamp,
    ) -> DisclosureLevel {
        let fact = &evidence.fact;
        if fact.issuer == *viewer || fact.owner() == viewer {
            return DisclosureLevel::FullAndReshare;
        }
        let full_if = |shown: bool| if shown { DisclosureLevel::Full } else { DisclosureLevel::Hidden };
        match &fact.effect {
            Effect::Grant { audience, .. } => full_if(audience.contains(viewer)),
            // Whoever has a supply link with somebody must know which keys to believe.
            Effect::KeyAdded { .. } | Effect::KeysRevoked { .. } => full_if(
                self.links
                    .values()
                    .any(|l| l.in_force(now) && l.concerns(&fact.issuer) && l.concerns(viewer))
                    || self.has_word_of(&fact.issuer, evidence, viewer, now),
            ),
            Effect::Head { link, .. } => {
                full_if(self.links.get(link).is_some_and(|l| l.in_force(now) && l.fact.customer == *viewer))
            }
            Effect::Delegate { .. } => DisclosureLevel::Hidden,
            // The commitment holds nothing of the document; without it a view proves nothing.
            Effect::Commit { document, .. } => full_if(self.evidence.get(document).is_some_and(|document| {
                self.evidence_level(document, viewer, now) >= DisclosureLevel::Redacted
            })),
            Effect::Answer { asker, .. } => full_if(asker == viewer),
            // Whoever relied on a statement learns that it was taken back.
            Effect::Withdraw { target, .. } => self
                .evidence
                .get(target)
                .filter(|t| !matches!(t.fact.effect, Effect::Withdraw { .. }))
                .map_or(DisclosureLevel::Hidden, |t| self.evidence_level(t, viewer, now)),
            Effect::Nothing | Effect::System { .. } | Effect::Assess { .. } | Effect::Apply { .. } => {
                self.level(self.evidence_object(evidence, now), viewer, now)
            }
        }
    }

    /// Whether `viewer` has a statement of `issuer` that came with `key_change` from another instance: there is no
    /// supply link here then, and still the keys must be known.
    fn has_word_of(
        &self,
        issuer: &OrganizationId,
        key_change: &Evidence,
        viewer: &OrganizationId,
        now: Timestamp,
    ) -> bool {
        let received = self.receipts.get(&key_change.fact.id);
        let Some(receipts) = received else { return false };
        let theirs = |id: &&EvidenceId| {
            self.evidence.get(id).is_some_and(|e| {
                e.fact.issuer == *issuer
                    && matches!(e.fact.effect, Effect::Nothing)
                    && self.evidence_level(e, viewer, now) >= DisclosureLevel::Full
            })
        };
        receipts.iter().any(|r| r.by == *viewer) || self.receipts.keys().any(|id| theirs(&id))
    }

    /// What `viewer` gets of the fact that `release` exists.
    pub(crate) fn release_level(
        &self,
        release: &ReleaseId,
        viewer: &OrganizationId,
        now: Timestamp,
    ) -> DisclosureLevel {
        let Some(owner) = self.supplier_of(release) else { return DisclosureLevel::Hidden };
        if owner == viewer {
            return DisclosureLevel::FullAndReshare;
        }
        let came = self.releases.get(release).is_some_and(|r| r.fact.receipt.is_some());
        let object = Object {
            owner,
            kind: None,
            release: Some(release),
            system: None,
            evidence: None,
            restricted: false,
            native: !came,
            receipts: self.release_receipts.get(release).map(Vec::as_slice).unwrap_or_default(),
        };
        self.level(object, viewer, now)
    }

    fn level(&self, object: Object<'_>, viewer: &OrganizationId, now: Timestamp) -> DisclosureLevel {
        let hands = object.receipts.iter().map(|r| &r.by).chain(object.native.then_some(object.owner));
        if !hands.into_iter().any(|hand| hand == viewer || self.is_upstream(hand, viewer)) {
            return DisclosureLevel::Hidden;
        }
        let mut best = BTreeMap::new();
        if object.native {
            best.insert(object.owner, DisclosureLevel::FullAndReshare);
        }
        for receipt in object.receipts {
            let known: &mut DisclosureLevel = best.entry(&receipt.by).or_default();
            *known = receipt.level.max(*known);
        }
        let may_hand_on = best.iter().filter(|(_, level)| **level == DisclosureLevel::FullAndReshare);
        let mut open: Vec<_> = may_hand_on.map(|(id, _)| *id).collect();
        while let Some(supplier) = open.pop() {
            for link in self.links_from(supplier, now).filter(|l| self.covers(l, &object)) {
                let customer = &link.fact.customer;
                let level = self.handed_on(&object, supplier, customer, now);
                let known = best.entry(customer).or_default();
                if level > *known {
                    *known = level;
                    if level == DisclosureLevel::FullAndReshare {
                        open.push(customer);
                    }
                }
            }
        }
        best.get(viewer).copied().unwrap_or_default()
    }

    fn evidence_object<'a>(&'a self, evidence: &'a Evidence, now: Timestamp) -> Object<'a> {
        let fact = &evidence.fact;
        let embargoed = fact.embargo_until.is_some_and(|until| now < until);
        let receipts = self.receipts.get(&fact.id).map(Vec::as_slice).unwrap_or_default();
        Object {
            owner: fact.owner(),
            kind: Some(fact.kind),
            release: fact.release.as_ref(),
            system: fact.system.as_ref(),
            evidence: Some(&fact.id),
            restricted: embargoed || fact.tlp == Some(Tlp::Red),
            native: fact.receipt.is_none(),
            receipts,
        }
    }

    fn links_from<'a>(
        &'a self,
        supplier: &'a OrganizationId,
        now: Timestamp,
    ) -> impl Iterator<Item = &'a Link> {
        let ids = self.links_by_supplier.get(supplier).into_iter().flatten();
        ids.filter_map(|id| self.links.get(id)).filter(move |l| l.in_force(now))
    }

    fn covers(&self, link: &Link, object: &Object<'_>) -> bool {
        let Some(products) = &link.fact.products else { return true };
        let Some(release) = object.release else { return false };
        self.containing(release)
            .into_iter()
            .filter_map(|r| self.releases.get(r))
            .any(|r| products.contains(&r.fact.product))
    }

    fn handed_on(
        &self,
        object: &Object<'_>,
        supplier: &OrganizationId,
        customer: &OrganizationId,
        now: Timestamp,
    ) -> DisclosureLevel {
        let own = object.owner == supplier;
        let closed = matches!(object.kind, Some(EvidenceType::SystemRegistration | EvidenceType::Head));
        let default = if own && !object.restricted && !closed { DEFAULT } else { DisclosureLevel::Hidden };
        match self.granted(object, supplier, customer, now) {
            Some((level, true)) if own && self.is_endangered(object) => level.max(DisclosureLevel::Outcome),
            Some((level, _)) => level,
            None => default,
        }
    }

    /// Whether an imported list of known exploited vulnerabilities concerns the release it is about.
    fn is_endangered(&self, object: &Object<'_>) -> bool {
        !object.restricted && object.release.is_some_and(|release| self.endangered.contains(release))
    }

    /// Level of the grant that decides, if any, and whether it may be widened in an emergency.
    fn granted(
        &self,
        object: &Object<'_>,
        supplier: &OrganizationId,
        customer: &OrganizationId,
        now: Timestamp,
    ) -> Option<(DisclosureLevel, bool)> {
        let grants = self.grants.get(supplier).into_iter().flatten().filter_map(|id| self.evidence.get(id));
        let fitting = grants.filter(|g| g.is_current()).filter_map(|grant| {
            let Effect::Grant { audience, scope, types, level, valid_until, emergency } = &grant.fact.effect
            else {
                return None;
            };
            let in_force = valid_until.is_none_or(|until| now < until) && audience.contains(customer);
            let of_kind = types.as_ref().is_none_or(|t| object.kind.is_none_or(|k| t.contains(&k)));
            let rank = self.fits(scope, object).filter(|rank| !object.restricted || *rank == EXACT)?;
            (in_force && of_kind).then_some((rank, grant.order, *level, *emergency))
        });
        fitting
            .max_by_key(|(rank, order, ..)| (*rank, *order))
            .map(|(_, _, level, emergency)| (level, emergency))
    }

    /// How specific `scope` is for `object`; `None` if it is about something else.
    fn fits(&self, scope: &GrantScope, object: &Object<'_>) -> Option<u8> {
        let is = |id: &str, text: Option<&str>| text == Some(id);
        let product = object.release.and_then(|r| self.releases.get(r)).map(|r| r.fact.product.as_str());
        match scope {
            GrantScope::Everything => Some(0),
            GrantScope::Product { id } => is(id, product).then_some(1),
            GrantScope::Release { id } => is(id, object.release.map(ReleaseId::as_str)).then_some(2),
            GrantScope::System { id } => is(id, object.system.map(SystemId::as_str)).then_some(2),
            GrantScope::Evidence { id } => is(id, object.evidence.map(EvidenceId::as_str)).then_some(EXACT),
        }
    }
}

const EXACT: u8 = 3;

impl Link {
    /// Agreed by both sides, not ended, and within its dates.
    pub(crate) fn in_force(&self, now: Timestamp) -> bool {
        let begun = self.fact.valid_from.is_none_or(|from| from <= now);
        let over = self.ended || self.fact.valid_to.is_some_and(|to| to <= now);
        self.accepted && begun && !over
    }
}
