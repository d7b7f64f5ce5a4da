//! Cheapest proofs of all rows at once, from the rows there are (Knuth 1977, "A generalization of Dijkstra's algorithm").
//!
//! The AND/OR graph is never made. Stratum by stratum: where nothing is recursive, each rule is followed once through
//! finished premises. Elsewhere rows are settled in the order of their costs, and rules are followed from each settled
//! row through rows that are settled, so that a way is met when the last of its premises is. A way that costs no less
//! than the best so far is left before it is complete.
#![expect(clippy::indexing_slicing, reason = "variables, columns and relations are numbered by `compile`")]

use std::collections::{BTreeMap, BTreeSet};

use crate::program::{Expr, Program, RelationId};
use crate::stratify::Stratum;
use crate::value::Row;

use super::compile::{Access, Match, Plan, Start, Step, facts, fill, premises};
use super::explain::Applied;
use super::heap::{Heap, padded};
use super::search::{fits, is_absent};
use super::{SemiNaive, is_own};

/// Place of a row that is not settled.
const OPEN: u32 = u32::MAX;
/// Of a stated row.
const NO_WAY: u32 = u32::MAX;

/// The cheapest proof of each row, by relation and row; nothing for relations whose rows are taken as they are.
pub(crate) struct Proofs {
    known: Vec<Vec<Known>>,
    /// A rule, then the rows of its premises in the order of its text; one after the other.
    ways: Vec<u32>,
    /// Rows settled later have higher places.
    place: u32,
}

#[derive(Clone, Copy)]
struct Known {
    cost: f64,
    /// Where its last step stands in `ways`.
    way: u32,
    place: u32,
}

/// Rows of a stratum to be settled, by the bits of their costs, which are in the order of the figures from 0 on.
type Queue = BTreeMap<u64, Vec<(RelationId, u32)>>;

impl SemiNaive {
    /// Cheapest proofs under a cost for each rule, from 0 to infinity. Row numbers are those of the last commit.
    pub(crate) fn proofs(&mut self, program: &Program, cost: &dyn Fn(usize) -> f64) -> Proofs {
        let mut proofs = Proofs { known: Vec::new(), ways: Vec::new(), place: 0 };
        for (heap, relation) in self.heaps.iter_mut().zip(&program.relations) {
            let counted = relation.derived && !relation.internal;
            if counted {
                heap.enter();
            }
            let rows = if counted { heap.numbers() } else { 0..0 };
            proofs.known.push(rows.map(|at| Known::begin(heap.height(at) == 0)).collect());
        }
        for stratum in &program.strata {
            self.prove(program, stratum, cost, &mut proofs);
        }
        proofs
    }

    fn prove(
        &mut self,
        program: &Program,
        stratum: &Stratum,
        cost: &dyn Fn(usize) -> f64,
        proofs: &mut Proofs,
    ) {
        let own = |rule: &usize| {
            let rule = *rule;
            let read = premises(&program.rules[rule]).filter(|(_, id, _)| is_own(stratum, *id));
            read.map(move |(premise, id, _)| (rule, premise, id))
        };
        let uses: Vec<(usize, usize, RelationId)> = stratum.rules.iter().flat_map(own).collect();
        let mut queue = Queue::new();
        for rule in stratum.rules.iter().filter(|rule| uses.iter().all(|(user, ..)| user != *rule)) {
            self.plan(program, stratum, *rule, Start::Whole);
            let plan = &self.plans[&(*rule, Start::Whole)];
            Follow::new(&self.heaps, plan, *rule, proofs, stratum.recursive.then_some(&mut queue))
                .go(0, cost(*rule));
        }
        if !stratum.recursive {
            proofs.settle_all(stratum);
            return;
        }
        for (rule, premise, _) in &uses {
            self.plan(program, stratum, *rule, Start::Premise(*premise));
        }
        for id in &stratum.relations {
            let heap = &self.heaps[id.0];
            let stated = heap.numbers().filter(|at| heap.height(*at) == 0).map(|at| (*id, at));
            queue.entry(0).or_default().extend(stated);
        }
        let mut settled = vec![Vec::new(); self.heaps.len()];
        while let Some((cost_so_far, rows)) = queue.pop_first() {
            proofs.settle(cost_so_far, rows, &mut settled);
            for (rule, premise, source) in &uses {
                let plan = &self.plans[&(*rule, Start::Premise(*premise))];
                let sum = cost(*rule) + f64::from_bits(cost_so_far);
                let mut follow = Follow::new(&self.heaps, plan, *rule, proofs, Some(&mut queue));
                settled[source.0].iter().for_each(|at| follow.from(*source, *at, sum));
            }
            stratum.relations.iter().for_each(|id| settled[id.0].clear());
        }
    }

    /// What a row's proof costs; 0 for rows that are taken as they are, `None` for those without a proof of finite cost.
    pub(crate) fn cost(&mut self, proofs: &Proofs, id: RelationId, row: &Row) -> Option<f64> {
        let at = self.at(id, row)?;
        Some(proofs.known[id.0].get(at as usize).map_or(0.0, |known| known.cost))
            .filter(|cost| cost.is_finite())
    }

    fn at(&mut self, id: RelationId, row: &Row) -> Option<u32> {
        let heap = &mut self.heaps[id.0];
        heap.enter();
        heap.find(heap.used(row)).filter(|at| heap.holds(*at))
    }

    /// The steps of a row's proof, each once, premises before conclusions.
    pub(crate) fn steps(
        &mut self,
        program: &Program,
        proofs: &Proofs,
        id: RelationId,
        row: &Row,
    ) -> Vec<Applied> {
        let mut work: Vec<(RelationId, u32)> = self.at(id, row).map(|at| (id, at)).into_iter().collect();
        let (mut seen, mut steps) = (BTreeSet::new(), Vec::new());
        let full = |(id, at): (RelationId, u32)| (id, padded(self.heaps[id.0].row(at)));
        while let Some((id, at)) = work.pop() {
            let Some(known) = proofs.known[id.0].get(at as usize).filter(|known| known.way != NO_WAY) else {
                continue;
            };
            if !seen.insert((id, at)) {
                continue;
            }
            let rule = proofs.ways[known.way as usize] as usize;
            let premises: Vec<_> = facts(&program.rules[rule])
                .map(|atom| atom.relation)
                .zip(proofs.ways[known.way as usize + 1..].iter().copied())
                .collect();
            let premises_in_full = premises.iter().copied().map(full).collect();
            steps.push((known.place, at, Applied { rule, head: full((id, at)), premises: premises_in_full }));
            work.extend(premises);
        }
        steps.sort_by_key(|(place, at, applied)| (*place, applied.head.0, *at));
        steps.into_iter().map(|(.., applied)| applied).collect()
    }
}

impl Known {
    fn begin(stated: bool) -> Self {
        Self { cost: if stated { 0.0 } else { f64::INFINITY }, way: NO_WAY, place: OPEN }
    }
}

impl Proofs {
    /// How many rows have a proof, those that are taken as they are not counted.
    pub(crate) fn len(&self) -> usize {
        self.known.iter().flatten().filter(|known| known.place != OPEN).count()
    }

    fn settle(&mut self, cost: u64, rows: Vec<(RelationId, u32)>, settled: &mut [Vec<u32>]) {
        self.place += 1;
        for (id, at) in rows {
            let known = &mut self.known[id.0][at as usize];
            if known.place == OPEN && known.cost.to_bits() == cost {
                known.place = self.place;
                settled[id.0].push(at);
            }
        }
    }

    fn settle_all(&mut self, stratum: &Stratum) {
        self.place += 1;
        for id in &stratum.relations {
            for known in self.known[id.0].iter_mut().filter(|known| known.cost.is_finite()) {
                known.place = self.place;
            }
        }
    }

    /// Cost of a row as a premise; `None` if it may not be used yet.
    fn of(&self, look_up: &Match, at: u32) -> Option<f64> {
        let Some(known) = self.known[look_up.relation.0].get(at as usize) else { return Some(0.0) };
        (!look_up.own || known.place != OPEN).then_some(known.cost)
    }
}

/// Following a rule through rows that have proofs.
struct Follow<'s> {
    heaps: &'s [Heap],
    plan: &'s Plan,
    /// Of the rule.
    number: u32,
    proofs: &'s mut Proofs,
    /// Where conclusions wait to be settled; `None` if they need not.
    queue: Option<&'s mut Queue>,
    values: Vec<u32>,
    /// Rows taken for the premises.
    taken: Vec<u32>,
    /// The conclusion's row, once it is known, and the best cost so far.
    head: u32,
}

impl<'s> Follow<'s> {
    fn new(
        heaps: &'s [Heap],
        plan: &'s Plan,
        rule: usize,
        proofs: &'s mut Proofs,
        queue: Option<&'s mut Queue>,
    ) -> Self {
        let (values, taken) = (vec![0; plan.variables], vec![0; plan.premises]);
        let number = u32::try_from(rule).unwrap_or(NO_WAY);
        Self { heaps, plan, number, proofs, queue, values, taken, head: OPEN }
    }

    /// All ways that begin with this row; `sum` is the cost of the rule and of the row.
    fn from(&mut self, source: RelationId, at: u32, sum: f64) {
        let (Some(given), row) = (&self.plan.start, self.heaps[source.0].row(at)) else { return };
        if !given.fits(row) {
            return;
        }
        given.binds.iter().for_each(|(column, variable)| self.values[*variable] = row[*column]);
        if let Some(slot) = self.taken.get_mut(given.premise) {
            *slot = at;
        }
        self.go(0, sum);
    }

    /// At most 32 premises deep.
    fn go(&mut self, at: usize, sum: f64) {
        let plan = self.plan;
        if at == plan.decided && !self.decide() {
            return;
        }
        if at >= plan.decided && sum >= self.best() {
            return;
        }
        match plan.steps.get(at) {
            None => self.conclude(sum),
            Some(Step::Match(look_up)) => self.match_rows(look_up, at, sum),
            Some(Step::Absent(look_up)) => {
                if is_absent(self.heaps, look_up, &self.values) {
                    self.go(at + 1, sum);
                }
            }
            Some(Step::Compare(left, comparison, right)) => {
                let both = self.evaluate(left).zip(self.evaluate(right));
                if both.is_some_and(|(left, right)| comparison.holds(left, right)) {
                    self.go(at + 1, sum);
                }
            }
            Some(Step::Assign(variable, value, known)) => {
                let Some(value) = self.evaluate(value) else { return };
                if !*known || self.values[*variable] == value {
                    self.values[*variable] = value;
                    self.go(at + 1, sum);
                }
            }
        }
    }

    fn evaluate(&self, expr: &Expr) -> Option<u32> {
        expr.evaluate(&|variable| self.values[variable])
    }

    fn match_rows(&mut self, look_up: &'s Match, at: usize, sum: f64) {
        let heap = &self.heaps[look_up.relation.0];
        let key = fill(&look_up.key, &self.values);
        let key = &key[..look_up.key.len()];
        match look_up.access {
            Access::Row => heap.find(key).into_iter().for_each(|row| self.take(look_up, row, at, sum)),
            Access::Index(index) => heap.with(index, key).for_each(|row| self.take(look_up, row, at, sum)),
            Access::Scan => heap.numbers().for_each(|row| self.take(look_up, row, at, sum)),
        }
    }

    fn take(&mut self, look_up: &Match, row: u32, at: usize, sum: f64) {
        let heap = &self.heaps[look_up.relation.0];
        let Some(cost) = self.proofs.of(look_up, row) else { return };
        if !heap.holds(row) || !fits(look_up, heap.row(row), &self.values) {
            return;
        }
        for (column, variable) in &look_up.binds {
            self.values[*variable] = heap.row(row)[*column];
        }
        if let Some(slot) = self.taken.get_mut(look_up.premise) {
            *slot = row;
        }
        self.go(at + 1, sum + cost);
    }

    /// Looks the conclusion up; false if there is nothing left to find out of it.
    fn decide(&mut self) -> bool {
        let conclusion = fill(&self.plan.conclusion, &self.values);
        let row = self.heaps[self.plan.head.0].find(&conclusion[..self.plan.conclusion.len()]);
        self.head = row.unwrap_or(OPEN);
        // All conclusions are there; those of a relation in progress may be settled.
        row.is_some()
    }

    fn best(&self) -> f64 {
        self.proofs.known[self.plan.head.0].get(self.head as usize).map_or(0.0, |known| known.cost)
    }

    fn conclude(&mut self, sum: f64) {
        let head = self.plan.head;
        let known = &mut self.proofs.known[head.0][self.head as usize];
        known.cost = sum;
        // A better way by the same rule takes the place of the one before.
        if self.proofs.ways.get(known.way as usize).copied() != Some(self.number) {
            known.way = u32::try_from(self.proofs.ways.len()).unwrap_or(NO_WAY);
            self.proofs.ways.push(self.number);
            self.proofs.ways.resize(self.proofs.ways.len() + self.taken.len(), 0);
        }
        let start = known.way as usize + 1;
        self.proofs.ways[start..start + self.taken.len()].copy_from_slice(&self.taken);
        if let Some(queue) = &mut self.queue {
            queue.entry(sum.to_bits()).or_default().push((head, self.head));
        }
    }
}
