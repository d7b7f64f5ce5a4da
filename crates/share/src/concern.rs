//! Whom an event could concern, so that nobody walks through what happened between others.
//!
//! Everything comes to an organization from hand to hand, beginning with whoever registered or received it. An event is
//! kept under the hands it begins with; a viewer looks at those of its own and of everybody upstream. That it is kept
//! there means only that it is worth looking at: what is shown of it is decided by `disclose`, as ever.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use crate::fact::{Effect, EvidenceFact};
use crate::ids::{EvidenceId, OrganizationId, ReleaseId};
use crate::universe::{Event, Universe};

/// Where something begins; `None`: anybody may see it.
pub(crate) type Hands = Option<BTreeSet<OrganizationId>>;

/// Places of events.
#[derive(Debug, Default)]
pub(crate) struct Concerns {
    by_hand: BTreeMap<OrganizationId, Vec<usize>>,
    everybody: Vec<usize>,
    /// What happened to evidence after it was registered: it was received, taken back, committed to, matched.
    related: BTreeMap<EvidenceId, Vec<usize>>,
}

impl Concerns {
    pub(crate) fn put(&mut self, place: usize, hands: Hands) {
        let Some(hands) = hands else { return insert(&mut self.everybody, place) };
        for hand in hands {
            insert(self.by_hand.entry(hand).or_default(), place);
        }
    }

    /// The event at `place` happens to `evidence`, which was registered before.
    pub(crate) fn relate(&mut self, place: usize, evidence: &EvidenceId) {
        self.related.entry(evidence.clone()).or_default().push(place);
    }
}

/// Lists ascend; nearly always it is the last.
fn insert(places: &mut Vec<usize>, place: usize) {
    if let Err(at) = places.binary_search(&place) {
        places.insert(at, place);
    }
}

impl Universe {
    /// Places of events from `first` on that may concern `viewer`, ascending.
    pub(crate) fn concerning(
        &self,
        viewer: &OrganizationId,
        first: usize,
    ) -> impl Iterator<Item = usize> + use<'_> {
        let lists = self.upstream_of(viewer).chain([viewer]).filter_map(|o| self.concerns.by_hand.get(o));
        let from = |list: &'_ [usize]| list.partition_point(|place| *place < first);
        let mut rest: Vec<_> = lists
            .chain([&self.concerns.everybody])
            .map(|list| list.get(from(list)..).unwrap_or_default().iter())
            .collect();
        let begin = |(which, list): (usize, &mut std::slice::Iter<'_, usize>)| {
            list.next().map(|place| Reverse((*place, which)))
        };
        let mut heads: BinaryHeap<_> = rest.iter_mut().enumerate().filter_map(begin).collect();
        let mut last = None;
        std::iter::from_fn(move || {
            loop {
                let Reverse((place, which)) = heads.pop()?;
                if let Some(next) = rest.get_mut(which).and_then(Iterator::next) {
                    heads.push(Reverse((*next, which)));
                }
                if last != Some(place) {
                    last = Some(place);
                    return last;
                }
            }
        })
    }

    /// Where evidence begins. For what takes back or commits to other evidence: also where that begins.
    pub(crate) fn hands_of(&self, fact: &EvidenceFact) -> Hands {
        let mut hands = BTreeSet::from([fact.issuer.clone(), fact.owner().clone()]);
        hands.extend(fact.receipt.iter().map(|r| r.by.clone()));
        hands.extend(self.receipts.get(&fact.id).into_iter().flatten().map(|r| r.by.clone()));
        match &fact.effect {
            // Whoever has a supply link with somebody must know its keys, in either direction.
            Effect::KeyAdded { .. } | Effect::KeysRevoked { .. } => return None,
            Effect::Grant { audience, .. } => hands.extend(audience.iter().cloned()),
            Effect::Answer { asker, .. } => {
                hands.insert(asker.clone());
            }
            Effect::Head { link, .. } => {
                hands.extend(self.links.get(link).map(|link| link.fact.customer.clone()));
            }
            Effect::Commit { document: of, .. } | Effect::Withdraw { target: of, .. } => {
                let of = self.evidence.get(of).filter(|of| of.fact.id != fact.id);
                let Some(of) = of else { return Some(hands) };
                hands.extend(self.hands_of(&of.fact)?);
            }
            Effect::Nothing
            | Effect::System { .. }
            | Effect::Assess { .. }
            | Effect::Apply { .. }
            | Effect::Delegate { .. } => {}
        }
        Some(hands)
    }

    pub(crate) fn hands(&self, event: &Event) -> Hands {
        match event {
            Event::Evidence(id) | Event::Matched(id, _) => match self.evidence.get(id) {
                Some(evidence) => self.hands_of(&evidence.fact),
                None => Some(BTreeSet::new()),
            },
            Event::Release(id) => {
                let receipts = self.release_receipts.get(id).into_iter().flatten().map(|r| &r.by);
                Some(receipts.chain(self.supplier_of(id)).cloned().collect())
            }
            Event::Link(id) => {
                let sides = |link: &crate::universe::Link| {
                    BTreeSet::from([link.fact.supplier.clone(), link.fact.customer.clone()])
                };
                Some(self.links.get(id).map(sides).unwrap_or_default())
            }
            Event::Key(organization) => Some(BTreeSet::from([organization.clone()])),
            Event::Emergency(_) => None,
        }
    }

    /// What happened to evidence before `hand` received it may concern those downstream of `hand` from now on.
    pub(crate) fn evidence_reaches(&mut self, id: &EvidenceId, hand: &OrganizationId) {
        let (mut open, mut known) = (vec![id.clone()], BTreeSet::new());
        while let Some(id) = open.pop() {
            let own = self.event_places.get(id.as_str());
            let places = self.concerns.related.get(&id).into_iter().flatten().chain(own);
            known.extend(places.copied());
            let related = self.concerns.related.get(&id).into_iter().flatten();
            // What takes it back, or commits to it, may have been taken back in its turn.
            open.extend(related.filter_map(|place| match &self.events.get(*place)?.event {
                Event::Evidence(other) if *other != id => Some(other.clone()),
                _ => None,
            }));
        }
        for place in known {
            self.concerns.put(place, Some(BTreeSet::from([hand.clone()])));
        }
    }

    /// The same for a release.
    pub(crate) fn release_reaches(&mut self, id: &ReleaseId, hand: &OrganizationId) {
        if let Some(place) = self.event_places.get(id.as_str()) {
            self.concerns.put(*place, Some(BTreeSet::from([hand.clone()])));
        }
    }
}

#[cfg(test)]
mod tests {
    use record::Sha256;

    use super::*;
    use crate::fact::{Fact, Receipt};
    use crate::ids::{AccountId, now};
    use crate::looking::Looking;
    use crate::random_universe::{EVIDENCE, ORGANIZATIONS, entry, organization, universe};
    use crate::viewer::{Role, Viewer};

    /// Vulnerabilities become known, and some of the evidence reaches one more organization afterwards.
    fn later(seed: u64) -> Vec<Fact> {
        use statement::DisclosureLevel::FullAndReshare;
        let evidence = |n: u64| EvidenceId::new(format!("e{}", n % EVIDENCE));
        let added = vec!["CVE-1".to_owned()];
        let matched = |n| Fact::Matched {
            evidence: evidence(n),
            data: Sha256([1; 32]),
            added: added.clone(),
            removed: Vec::new(),
        };
        let received = |n: u64| {
            let by = organization((n + seed) % ORGANIZATIONS);
            let receipt = Receipt { by, level: FullAndReshare, entry: None, hops: Vec::new() };
            Fact::Received { evidence: evidence(n + seed), receipt }
        };
        (0..4).map(|n| matched(n * 3)).chain((0..3).map(received)).collect()
    }

    #[test]
    fn every_change_that_a_viewer_sees_is_found_without_walking_through_all() {
        let (mut seen, mut skipped) = (0, 0);
        for seed in 0..150 {
            let mut engine = Universe::default();
            universe(seed).iter().chain(&later(seed)).for_each(|fact| engine.apply(entry(fact)));
            for n in 0..ORGANIZATIONS {
                let viewer = Viewer {
                    account: AccountId::new("a"),
                    organization: organization(n),
                    role: Role::Administrator,
                    instance_administrator: false,
                };
                let looking = Looking { universe: &engine, viewer: &viewer, now: now() };
                let sees = |place: &usize| looking.change(&engine.events[*place]).is_some();
                let all: Vec<_> = (0..engine.events.len()).filter(sees).collect();
                let concerning: Vec<_> = engine.concerning(&viewer.organization, 0).collect();
                assert!(concerning.is_sorted_by(|a, b| a < b));
                let found: Vec<_> = concerning.iter().copied().filter(|place| sees(place)).collect();
                assert_eq!(found, all, "seed {seed}, viewer {n}");
                let rest: Vec<_> = engine.concerning(&viewer.organization, 7).collect();
                assert!(rest.iter().eq(concerning.iter().filter(|place| **place >= 7)));
                seen += all.len();
                skipped += engine.events.len() - concerning.len();
            }
        }
        assert!(seen > 5_000 && skipped > 5_000, "{seen} seen, {skipped} skipped: it tests nothing");
    }
}
