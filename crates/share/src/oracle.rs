//! Disclosure, computed a second time by other means: every chain of organizations is walked one by one, and every
//! grant is looked at by the words of `docs/formats`. Slow and obvious, and it shares no function with `disclose`.
//!
//! 100,000 decisions in an ordinary run; `SUKASHI_DECISIONS` sets another number.

use statement::{DisclosureLevel, GrantScope, Timestamp};

use crate::fact::{Effect, EvidenceFact, Fact, LinkFact, ReleaseFact};
use crate::ids::{EvidenceId, OrganizationId, ReleaseId, now};
use crate::random_universe::{ORGANIZATIONS, RELEASES, entry, organization, universe};
use crate::universe::Universe;
use crate::view::Tlp;

struct Oracle<'a> {
    facts: &'a [Fact],
    now: Timestamp,
}

/// Evidence, or a release by itself.
#[derive(Clone, Copy)]
struct Thing<'a> {
    owner: &'a OrganizationId,
    release: Option<&'a ReleaseId>,
    evidence: Option<&'a EvidenceFact>,
}

impl<'a> Oracle<'a> {
    fn evidence(&self) -> impl Iterator<Item = &'a EvidenceFact> {
        self.facts.iter().filter_map(|f| match f {
            Fact::Evidence(e) => Some(&**e),
            _ => None,
        })
    }

    fn releases(&self) -> impl Iterator<Item = &'a ReleaseFact> {
        self.facts.iter().filter_map(|f| match f {
            Fact::Release(r) => Some(r),
            _ => None,
        })
    }

    fn product_of(&self, release: &ReleaseId) -> String {
        self.releases().find(|r| r.id == *release).unwrap().product.to_string()
    }

    fn supplier_of(&self, release: &ReleaseId) -> &'a OrganizationId {
        let product = self.product_of(release);
        let found = self.facts.iter().find_map(|f| match f {
            Fact::Product { id, supplier, .. } if id.as_str() == product => Some(supplier),
            _ => None,
        });
        found.unwrap()
    }

    fn in_force(&self, link: &LinkFact) -> bool {
        let accepted = self.facts.iter().any(|f| matches!(f, Fact::LinkAccepted { id } if *id == link.id));
        let ended = self.facts.iter().any(|f| matches!(f, Fact::LinkEnded { id } if *id == link.id));
        accepted
            && !ended
            && link.valid_from.is_none_or(|t| t <= self.now)
            && link.valid_to.is_none_or(|t| t > self.now)
    }

    /// Whether `release` is `outer` or somewhere inside it.
    fn inside(&self, release: &ReleaseId, outer: &ReleaseId) -> bool {
        release == outer
            || self.releases().find(|r| r.id == *outer).unwrap().parts.iter().any(|p| self.inside(release, p))
    }

    fn carries(&self, link: &LinkFact, thing: Thing<'_>) -> bool {
        match (&link.products, thing.release) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(products), Some(release)) => self
                .releases()
                .any(|outer| products.contains(&outer.product) && self.inside(release, &outer.id)),
        }
    }

    fn taken_back(&self, id: &EvidenceId) -> bool {
        self.evidence().any(|e| matches!(&e.effect, Effect::Withdraw { target, .. } if target == id))
    }

    fn restricted(&self, thing: Thing<'_>) -> bool {
        thing
            .evidence
            .is_some_and(|e| e.tlp == Some(Tlp::Red) || e.embargo_until.is_some_and(|until| until > self.now))
    }

    fn names(&self, scope: &GrantScope, thing: Thing<'_>) -> Option<u8> {
        let rank = match scope {
            GrantScope::Everything => Some(0),
            GrantScope::Product { id } => thing.release.filter(|r| self.product_of(r) == *id).map(|_| 1),
            GrantScope::Release { id } => thing.release.filter(|r| r.as_str() == id).map(|_| 2),
            GrantScope::System { id } => {
                thing.evidence.and_then(|e| e.system.as_ref()).filter(|s| s.as_str() == id).map(|_| 2)
            }
            GrantScope::Evidence { id } => thing.evidence.filter(|e| e.id.as_str() == id).map(|_| 3),
        };
        rank.filter(|rank| !self.restricted(thing) || *rank == 3)
    }

    /// What `from` hands to `to`, who is its customer.
    fn hop(&self, from: &OrganizationId, to: &OrganizationId, thing: Thing<'_>) -> DisclosureLevel {
        let mut decided: Option<(u8, DisclosureLevel, bool)> = None;
        for grant in self.evidence().filter(|e| e.issuer == *from) {
            let Effect::Grant { audience, scope, types, level, valid_until, emergency } = &grant.effect
            else {
                continue;
            };
            let kind = thing.evidence.map(|e| e.kind);
            let applies = audience.contains(to)
                && !self.taken_back(&grant.id)
                && valid_until.is_none_or(|until| until > self.now)
                && (types.is_none() || kind.is_none() || types.as_ref().unwrap().contains(&kind.unwrap()));
            let rank = self.names(scope, thing).filter(|_| applies);
            let better = rank.filter(|rank| decided.is_none_or(|(best, ..)| *rank >= best));
            decided = better.map(|rank| (rank, *level, *emergency)).or(decided);
        }
        let endangered = self.facts.iter().any(
            |f| matches!(f, Fact::Emergency(e) if e.releases.iter().any(|(r, _)| Some(r) == thing.release)),
        );
        match decided {
            Some((_, level, true))
                if endangered
                    && from == thing.owner
                    && !self.restricted(thing)
                    && level < DisclosureLevel::Outcome =>
            {
                DisclosureLevel::Outcome
            }
            Some((_, level, _)) => level,
            None if from == thing.owner && !self.restricted(thing) => DisclosureLevel::Redacted,
            None => DisclosureLevel::Hidden,
        }
    }

    /// The best that any chain of customers from the owner to `to` brings; `passed` are on it already.
    fn along(&self, passed: &[&OrganizationId], to: &OrganizationId, thing: Thing<'_>) -> DisclosureLevel {
        let at = *passed.last().unwrap();
        if at == to {
            return DisclosureLevel::FullAndReshare;
        }
        let mut best = DisclosureLevel::Hidden;
        for fact in self.facts {
            let Fact::Link(link) = fact else { continue };
            if link.supplier != *at || passed.contains(&&link.customer) {
                continue;
            }
            if !self.in_force(link) || !self.carries(link, thing) {
                continue;
            }
            let level = self.hop(at, &link.customer, thing);
            if link.customer == *to {
                best = best.max(level);
            } else if level == DisclosureLevel::FullAndReshare {
                let further = [passed, &[&link.customer]].concat();
                best = best.max(self.along(&further, to, thing));
            }
        }
        best
    }

    /// Who has it without having got it here from anybody, and how much of it.
    fn first_hands(&self, thing: Thing<'a>) -> Vec<(&'a OrganizationId, DisclosureLevel)> {
        let came = match (thing.evidence, thing.release) {
            (Some(evidence), _) => evidence.receipt.as_ref(),
            (None, Some(release)) => {
                self.releases().find(|r| r.id == *release).and_then(|r| r.receipt.as_ref())
            }
            (None, None) => None,
        };
        let later = self.facts.iter().filter_map(|fact| match (fact, thing.evidence) {
            (Fact::Received { evidence, receipt }, Some(e)) if *evidence == e.id => Some(receipt),
            (Fact::ReleaseReceived { release, receipt }, None) if Some(release) == thing.release => {
                Some(receipt)
            }
            _ => None,
        });
        let owner = came.is_none().then_some((thing.owner, DisclosureLevel::FullAndReshare));
        owner.into_iter().chain(came.into_iter().chain(later).map(|r| (&r.by, r.level))).collect()
    }

    fn level(&self, thing: Thing<'a>, viewer: &OrganizationId) -> DisclosureLevel {
        if thing.owner == viewer {
            return DisclosureLevel::FullAndReshare;
        }
        let mut best = DisclosureLevel::Hidden;
        for (hand, level) in self.first_hands(thing) {
            if hand == viewer {
                best = best.max(level);
            } else if level == DisclosureLevel::FullAndReshare {
                best = best.max(self.along(&[hand], viewer, thing));
            }
        }
        best
    }

    fn of_evidence(&self, evidence: &'a EvidenceFact, viewer: &OrganizationId) -> DisclosureLevel {
        if evidence.issuer == *viewer {
            return DisclosureLevel::FullAndReshare;
        }
        match &evidence.effect {
            Effect::Grant { audience, .. } if audience.contains(viewer) => DisclosureLevel::Full,
            Effect::Grant { .. } => DisclosureLevel::Hidden,
            Effect::Withdraw { target, .. } => {
                self.of_evidence(self.evidence().find(|e| e.id == *target).unwrap(), viewer)
            }
            _ => self.level(
                Thing {
                    owner: &evidence.issuer,
                    release: evidence.release.as_ref(),
                    evidence: Some(evidence),
                },
                viewer,
            ),
        }
    }
}

#[test]
fn every_decision_is_that_of_the_oracle() {
    let wanted: u64 = std::env::var("SUKASHI_DECISIONS").ok().and_then(|n| n.parse().ok()).unwrap_or(100_000);
    let (mut decisions, mut seed) = (0, 0);
    let mut levels = [0_u64; 6];
    while decisions < wanted {
        let facts = universe(seed);
        let mut engine = Universe::default();
        facts.iter().for_each(|f| engine.apply(entry(f)));
        let oracle = Oracle { facts: &facts, now: now() };
        for n in 0..ORGANIZATIONS {
            let viewer = organization(n);
            for release in (0..RELEASES).map(|r| ReleaseId::new(format!("r{r}"))) {
                let thing =
                    Thing { owner: oracle.supplier_of(&release), release: Some(&release), evidence: None };
                let expected = oracle.level(thing, &viewer);
                let level = engine.release_level(&release, &viewer, oracle.now);
                assert_eq!(level, expected, "seed {seed}, {viewer}, {release}");
                decisions += 1;
            }
            for fact in oracle.evidence() {
                let expected = oracle.of_evidence(fact, &viewer);
                let level =
                    engine.evidence_level(engine.evidence.get(&fact.id).unwrap(), &viewer, oracle.now);
                assert_eq!(level, expected, "seed {seed}, {viewer}, {} {:?}", fact.id, fact.kind);
                levels[level as usize] += 1;
                decisions += 1;
            }
        }
        seed += 1;
    }
    println!("{decisions} decisions in {seed} universes; evidence by level: {levels:?}");
    assert!(levels.iter().all(|n| *n > decisions / 1000), "the universes test too little: {levels:?}");
}
