//! Cheapest proofs in a graph (Knuth 1977, "A generalization of Dijkstra's algorithm").
//!
//! A fact is settled after its premises, so no proof goes in a circle. What is asked again and again, with other costs,
//! needs [`Uses`] of the graph, which are made once, and looks no further than to the facts that are asked for.

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
    /// Facts are settled in this order: premises that are derived have smaller ones. 0 for base facts.
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

/// A fact that could be settled at this cost, by an application.
type Offer = Reverse<(Cost, u32, u32)>;

/// Which applications use which facts.
#[derive(Clone, Debug, Default)]
pub struct Uses {
    /// Applications that need a fact, by fact: from `starts[fact]` on in `users`.
    starts: Vec<u32>,
    users: Vec<u32>,
    /// Derived premises, by application. One that stands there twice counts twice.
    open: Vec<u8>,
    /// Applications that need base facts only.
    ready: Vec<u32>,
}

#[expect(clippy::indexing_slicing, reason = "ids and indices are those of the same derivations")]
impl Uses {
    pub(crate) fn new(derivations: &Derivations) -> Self {
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
        let derived = |a: Application<'_>| a.premises.iter().filter(|p| !derivations.is_base(**p)).count();
        // A rule has at most 32 premises.
        let open = derivations.applications().map(|a| u8::try_from(derived(a)).unwrap_or(u8::MAX));
        let open: Vec<u8> = open.collect();
        let ready = (0..).zip(&open).filter(|(_, open)| **open == 0).map(|(index, _)| index).collect();
        Self { starts, users, open, ready }
    }

    /// Numbers of the applications that need a fact, ascending; twice where it stands there twice.
    pub fn of(&self, fact: FactId) -> impl Iterator<Item = usize> + '_ {
        let (start, end) = (self.starts[fact.index()] as usize, self.starts[fact.index() + 1] as usize);
        self.users[start..end].iter().map(|index| *index as usize)
    }
}

struct Knuth<'d> {
    derivations: &'d Derivations,
    uses: &'d Uses,
    /// Derived premises not yet settled, by application.
    open: Vec<u8>,
    settled: Vec<Option<Cheapest>>,
    queue: BinaryHeap<Offer>,
}

/// Until one fact of each of the `goals` is settled, or, if there are none, all facts are.
pub(crate) fn cheapest(
    derivations: &Derivations,
    uses: &Uses,
    goals: &[&[FactId]],
    cost: &dyn Fn(usize, Application<'_>) -> f64,
) -> Vec<Option<Cheapest>> {
    let base = Cheapest { cost: 0.0, application: None, order: 0 };
    let settled = derivations.facts().map(|fact| derivations.is_base(fact).then_some(base)).collect();
    let knuth = Knuth { derivations, uses, open: uses.open.clone(), settled, queue: BinaryHeap::new() };
    knuth.run(goals, cost)
}

#[expect(clippy::indexing_slicing, reason = "ids and indices are those of the same derivations")]
impl Knuth<'_> {
    fn run(
        mut self,
        goals: &[&[FactId]],
        cost: &dyn Fn(usize, Application<'_>) -> f64,
    ) -> Vec<Option<Cheapest>> {
        let stated = |goal: &&&[FactId]| goal.iter().any(|fact| self.derivations.is_base(*fact));
        let mut wanted: Vec<&[FactId]> = goals.iter().filter(|goal| !stated(goal)).copied().collect();
        if wanted.is_empty() && !goals.is_empty() {
            return self.settled;
        }
        let mut is_goal = vec![false; if wanted.is_empty() { 0 } else { self.settled.len() }];
        wanted.iter().copied().flatten().for_each(|fact| is_goal[fact.index()] = true);
        for index in &self.uses.ready {
            self.offer(*index as usize, cost);
        }
        let mut order = 0;
        while let Some(Reverse((value, fact, by))) = self.queue.pop() {
            let fact = FactId(fact);
            if self.settled[fact.index()].is_some() {
                continue;
            }
            order += 1;
            self.settled[fact.index()] =
                Some(Cheapest { cost: value.0, application: Some(by as usize), order });
            if is_goal.get(fact.index()).copied().unwrap_or_default() {
                wanted.retain(|goal| !goal.contains(&fact));
                if wanted.is_empty() {
                    break;
                }
            }
            for user in self.uses.of(fact) {
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
            let by = u32::try_from(index).unwrap_or(u32::MAX);
            self.queue.push(Reverse((Cost(total), application.head.0, by)));
        }
    }
}
