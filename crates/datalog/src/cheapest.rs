//! Cheapest proofs in a graph (Knuth 1977, "A generalization of Dijkstra's algorithm").
//!
//! A fact is settled after its premises, so no proof goes in a circle. A [`Search`] looks no further than to the facts
//! that are asked for, and goes on from there when applications are switched off: only what rested on these is settled
//! anew (the increases of Ramalingam and Reps 1996, "An incremental algorithm for a generalization of the
//! shortest-path problem").
#![expect(clippy::indexing_slicing, reason = "ids and indices are those of the same derivations")]

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use crate::derivations::{Derivations, FactId};
use crate::uses::Uses;

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

/// Cheapest proofs as far as they were asked for, of a graph whose applications are switched off one after another.
pub struct Search<'d> {
    derivations: &'d Derivations,
    uses: &'d Uses,
    /// By application; infinite where it is switched off.
    costs: Vec<f64>,
    /// Derived premises not yet settled, by application.
    open: Vec<u8>,
    settled: Vec<Option<Cheapest>>,
    /// Every application that is on, whose premises are settled and whose conclusion is not, is in it. Others may be as
    /// well: they are recognised when their turn comes.
    queue: BinaryHeap<Offer>,
    order: usize,
}

impl<'d> Search<'d> {
    /// Costs are by application, above or equal 0, infinite for what is not to be used.
    pub(crate) fn new(derivations: &'d Derivations, uses: &'d Uses, mut costs: Vec<f64>) -> Self {
        costs.resize(derivations.len(), f64::INFINITY);
        costs.iter_mut().for_each(|cost| *cost = cost.max(0.0));
        let base = Cheapest { cost: 0.0, application: None, order: 0 };
        let settled = derivations.facts().map(|fact| derivations.is_base(fact).then_some(base)).collect();
        let (open, queue) = (uses.derived.clone(), BinaryHeap::new());
        let mut search = Self { derivations, uses, costs, open, settled, queue, order: 0 };
        (0..derivations.len()).for_each(|index| search.offer(index));
        search
    }

    /// By fact: its cheapest proof, `None` where it has none or was not asked for.
    pub fn settled(&self) -> &[Option<Cheapest>] {
        &self.settled
    }

    pub(crate) fn into_settled(self) -> Vec<Option<Cheapest>> {
        self.settled
    }

    /// Looks until the cheapest fact of each of the goals is settled, or there is no more.
    pub fn until(&mut self, goals: &[&[FactId]]) {
        let cost = |settled: &Option<Cheapest>| settled.map_or(f64::INFINITY, |known| known.cost);
        let cheapest = |goal: &&[FactId]| {
            goal.iter().map(|fact| cost(&self.settled[fact.index()])).fold(f64::INFINITY, f64::min)
        };
        let mut best: Vec<f64> = goals.iter().map(cheapest).collect();
        let mut is_goal = vec![false; self.settled.len()];
        goals.iter().copied().flatten().for_each(|fact| is_goal[fact.index()] = true);
        let mut furthest = best.iter().copied().fold(0.0, f64::max);
        while self.queue.peek().is_some_and(|Reverse((Cost(next), ..))| *next < furthest) {
            let Some((fact, cost)) = self.settle() else { continue };
            if is_goal[fact.index()] {
                let with_fact = best.iter_mut().zip(goals).filter(|(_, goal)| goal.contains(&fact));
                with_fact.for_each(|(best, _)| *best = best.min(cost));
                furthest = best.iter().copied().fold(0.0, f64::max);
            }
        }
    }

    /// Looks until no further fact has a proof.
    pub fn to_the_end(&mut self) {
        while !self.queue.is_empty() {
            self.settle();
        }
    }

    /// Takes the next offer, if it still stands.
    fn settle(&mut self) -> Option<(FactId, f64)> {
        let Reverse((Cost(cost), fact, by)) = self.queue.pop()?;
        let (fact, by) = (FactId(fact), by as usize);
        let stands = self.settled[fact.index()].is_none() && self.total(by) == Some(cost);
        if !stands {
            return None;
        }
        self.order += 1;
        self.settled[fact.index()] = Some(Cheapest { cost, application: Some(by), order: self.order });
        let uses = self.uses;
        for user in uses.of(fact) {
            self.open[user] -= 1;
            self.offer(user);
        }
        Some((fact, cost))
    }

    /// What the conclusion would cost; `None` while a premise is open or the application is off.
    fn total(&self, index: usize) -> Option<f64> {
        if self.open[index] > 0 {
            return None;
        }
        let premises = self.derivations.application(index)?.premises.iter();
        let known = premises.filter_map(|premise| self.settled[premise.index()]);
        let total = self.costs[index] + known.map(|known| known.cost).sum::<f64>();
        total.is_finite().then_some(total)
    }

    fn offer(&mut self, index: usize) {
        if self.open[index] > 0 {
            return;
        }
        let Some(application) = self.derivations.application(index) else { return };
        if self.settled[application.head.index()].is_none()
            && let Some(total) = self.total(index)
        {
            let by = u32::try_from(index).unwrap_or(u32::MAX);
            self.queue.push(Reverse((Cost(total), application.head.0, by)));
        }
    }

    /// Switches applications off. What was settled by one of them, and what rested on that, is open again.
    pub fn switch_off(&mut self, applications: impl IntoIterator<Item = usize>) {
        let mut work = Vec::new();
        for index in applications {
            if let Some(cost) = self.costs.get_mut(index) {
                *cost = f64::INFINITY;
                work.push(index);
            }
        }
        let mut opened = Vec::new();
        while let Some(index) = work.pop() {
            let Some(application) = self.derivations.application(index) else { continue };
            let slot = &mut self.settled[application.head.index()];
            if slot.is_some_and(|known| known.application == Some(index)) {
                *slot = None;
                opened.push(application.head);
                for user in self.uses.of(application.head) {
                    self.open[user] += 1;
                    work.push(user);
                }
            }
        }
        let uses = self.uses;
        opened.into_iter().flat_map(|fact| uses.concluding(fact)).for_each(|index| self.offer(index));
    }
}
