//! Cheapest proofs of all facts at once (Knuth 1977, "A generalization of Dijkstra's algorithm").
//!
//! A fact is settled after its premises, so no proof goes in a circle.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use crate::explain::{Application, Derivations, FactId};

/// What a cheapest proof of a fact costs, and its last rule application (none for a base fact).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cheapest {
    /// Sum over the proof tree.
    pub cost: f64,
    /// Number of the application in [`Derivations`].
    pub application: Option<usize>,
    /// Facts are settled in this order: premises have smaller ones.
    pub order: usize,
}

/// Ordered by value; costs are never NaN.
#[derive(Clone, Copy, PartialEq)]
struct Cost(f64);

impl Eq for Cost {}

impl PartialOrd for Cost {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Cost {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

/// A fact that could be settled at this cost, by an application counted from 1, or 0 for a base fact.
type Offer = Reverse<(Cost, u32, u32)>;

struct Knuth<'d> {
    derivations: &'d Derivations,
    /// Applications that need a fact, by fact: from `starts[fact]` on in `users`.
    starts: Vec<u32>,
    users: Vec<u32>,
    /// Premises not yet settled, by application. One that stands there twice counts twice.
    open: Vec<u8>,
    settled: Vec<Option<Cheapest>>,
    queue: BinaryHeap<Offer>,
}

pub(crate) fn cheapest(
    derivations: &Derivations,
    cost: &dyn Fn(usize, Application<'_>) -> f64,
) -> Vec<Option<Cheapest>> {
    Knuth::new(derivations).run(cost)
}

#[expect(clippy::indexing_slicing, reason = "ids and indices are those of the same derivations")]
impl<'d> Knuth<'d> {
    fn new(derivations: &'d Derivations) -> Self {
        let facts = derivations.facts().count();
        let mut starts = vec![0_u32; facts + 1];
        let premises = || derivations.applications().flat_map(|a| a.premises.iter().map(|p| p.index()));
        premises().for_each(|fact| starts[fact + 1] += 1);
        for fact in 0..facts {
            starts[fact + 1] += starts[fact];
        }
        let mut next = starts.clone();
        let mut users = vec![0; premises().count()];
        for (index, application) in (0_u32..).zip(derivations.applications()) {
            for premise in application.premises {
                let place = &mut next[premise.index()];
                users[*place as usize] = index;
                *place += 1;
            }
        }
        // A rule has at most 32 premises.
        let open = derivations.applications().map(|a| u8::try_from(a.premises.len()).unwrap_or(u8::MAX));
        let open = open.collect();
        Self { derivations, starts, users, open, settled: vec![None; facts], queue: BinaryHeap::new() }
    }

    fn run(mut self, cost: &dyn Fn(usize, Application<'_>) -> f64) -> Vec<Option<Cheapest>> {
        for fact in self.derivations.facts().filter(|f| self.derivations.is_base(*f)) {
            self.queue.push(Reverse((Cost(0.0), fact.0, 0)));
        }
        for (index, application) in self.derivations.applications().enumerate() {
            if application.premises.is_empty() {
                self.offer(index, cost);
            }
        }
        let mut order = 0;
        while let Some(Reverse((value, fact, by))) = self.queue.pop() {
            let fact = FactId(fact).index();
            if self.settled[fact].is_some() {
                continue;
            }
            let application = by.checked_sub(1).map(|index| index as usize);
            self.settled[fact] = Some(Cheapest { cost: value.0, application, order });
            order += 1;
            for at in self.starts[fact]..self.starts[fact + 1] {
                let user = self.users[at as usize] as usize;
                self.open[user] -= 1;
                if self.open[user] == 0 {
                    self.offer(user, cost);
                }
            }
        }
        self.settled
    }

    fn offer(&mut self, index: usize, cost: &dyn Fn(usize, Application<'_>) -> f64) {
        let Some(application) = self.derivations.application(index) else { return };
        if self.settled[application.head.index()].is_some() {
            return;
        }
        let premises = application.premises.iter().filter_map(|p| self.settled[p.index()]);
        let total = cost(index, application).max(0.0) + premises.map(|c| c.cost).sum::<f64>();
        if total.is_finite() {
            let by = u32::try_from(index).unwrap_or(u32::MAX - 1) + 1;
            self.queue.push(Reverse((Cost(total), application.head.0, by)));
        }
    }
}
