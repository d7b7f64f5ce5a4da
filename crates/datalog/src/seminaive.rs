//! Facts brought up to date by following rules from what came and what went.
//!
//! Stratum by stratum, in three steps. *Withdraw*: conclusions that may have rested on what went are looked for; one that
//! is stated, or has another way to be concluded from rows of smaller height, stays; the others go, and what rested on
//! them is looked for in turn. Heights (length of the longest chain of conclusions below a row) make sure that
//! two rows never keep each other in place. *Revive*: of what went, what still follows comes back. *Conclude*: from what
//! came, round by round, until nothing new comes.
//!
//! The method is that of Gupta, Mumick and Subrahmanian (Maintaining Views Incrementally, SIGMOD 1993), with heights to
//! withdraw less. `docs/decisions/0002-semi-naive-by-default.md` says why this stands beside the dataflow.
#![expect(
    clippy::indexing_slicing,
    reason = "one heap, and one list of changes, for each relation of the program"
)]

mod aggregate;
mod compile;
mod conclude;
mod explain;
mod heap;
mod proofs;
mod search;
mod withdraw;

use std::collections::HashMap;

use crate::engine::Delta;
use crate::order::Statistics;
use crate::program::{Program, RelationId};
use crate::session::Options;
use crate::stratify::Stratum;
use crate::value::Row;

pub(crate) use explain::Applied;
pub(crate) use proofs::Proofs;

use compile::{Plan, Start, compile, premises};
use heap::{DEAD, DYING, Heap, padded};

/// Rows stand in the order of their first column, unless another one has so many times the values.
const TELLING: f64 = 4.0;

/// The budget does not allow more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exceeded {
    Facts,
    Steps,
}

pub(crate) struct SemiNaive {
    heaps: Vec<Heap>,
    plans: HashMap<(usize, Start), Plan>,
    statistics: Statistics,
    /// Rows by relation that hold since this commit; rows that held before it and no longer do.
    came: Vec<Vec<u32>>,
    went: Vec<Vec<u32>>,
    workers: usize,
    /// Rows that are concluded now, and how many may be.
    concluded: i64,
    limit: i64,
    /// Rows that may be looked at in one commit, and those that still may be in this one.
    max_steps: u64,
    left: u64,
}

/// Rows that the next round follows, by relation.
type Fresh = Vec<Vec<u32>>;

impl SemiNaive {
    /// Everything that follows from the stated rows, each of which is given once.
    pub(crate) fn start<'s>(
        program: &Program,
        stated: &dyn Fn(RelationId) -> Box<dyn Iterator<Item = Row> + 's>,
        options: Options,
    ) -> Result<Self, Exceeded> {
        let Options { workers, max_derived, max_steps, .. } = options;
        let mut all = Self {
            heaps: program.relations.iter().map(Heap::new).collect(),
            plans: HashMap::new(),
            statistics: Statistics { relations: vec![None; program.relations.len()] },
            came: vec![Vec::new(); program.relations.len()],
            went: vec![Vec::new(); program.relations.len()],
            workers: workers.clamp(1, 64),
            concluded: 0,
            // While old facts go and new ones come, both are counted for a moment: hence twice.
            limit: i64::try_from(max_derived).unwrap_or(i64::MAX).saturating_mul(2),
            max_steps,
            left: max_steps,
        };
        for id in (0..program.relations.len()).map(RelationId) {
            all.load(program, id, stated(id));
        }
        for stratum in &program.strata {
            all.fill(program, stratum)?;
        }
        Ok(all)
    }

    /// The same facts under other rules: for each relation the one of the old rules that has the same rows, if there is
    /// one. Everything else is derived anew.
    pub(crate) fn under<'s>(
        mut self,
        program: &Program,
        stays: &[Option<RelationId>],
        stated: &dyn Fn(RelationId) -> Box<dyn Iterator<Item = Row> + 's>,
    ) -> Result<Self, Exceeded> {
        let mut all = Self {
            heaps: program.relations.iter().map(Heap::new).collect(),
            plans: HashMap::new(),
            statistics: Statistics { relations: vec![None; program.relations.len()] },
            came: vec![Vec::new(); program.relations.len()],
            went: vec![Vec::new(); program.relations.len()],
            concluded: 0,
            left: self.max_steps,
            ..self
        };
        for (id, from) in (0..).map(RelationId).zip(stays) {
            match from {
                Some(from) => {
                    std::mem::swap(&mut all.heaps[id.0], &mut self.heaps[from.0]);
                    all.statistics.relations[id.0] = self.statistics.relations[from.0];
                    let heap = &all.heaps[id.0];
                    let derived = program.relation(id).derived.then(|| heap.rows().count());
                    all.concluded += derived.and_then(|rows| i64::try_from(rows).ok()).unwrap_or_default();
                }
                None => all.load(program, id, stated(id)),
            }
        }
        let changed = |stratum: &&Stratum| stratum.relations.iter().any(|id| stays[id.0].is_none());
        for stratum in program.strata.iter().filter(changed) {
            all.fill(program, stratum)?;
        }
        Ok(all)
    }

    /// Stated rows, before any are concluded.
    fn load(&mut self, program: &Program, id: RelationId, rows: impl Iterator<Item = Row>) {
        let (heap, relation) = (&mut self.heaps[id.0], program.relation(id));
        heap.load(rows, 0);
        if relation.derived {
            heap.enter();
            return;
        }
        let (rows, distinct) = heap.statistics();
        self.statistics.relations[id.0] = Some((rows, distinct));
        let most = (0..relation.columns.len()).max_by(|a, b| distinct[*a].total_cmp(&distinct[*b]));
        if let Some(most) = most.filter(|most| distinct[*most] > TELLING * distinct[0]) {
            heap.gather(most);
        }
    }

    /// A stratum for the first time.
    fn fill(&mut self, program: &Program, stratum: &Stratum) -> Result<(), Exceeded> {
        for aggregate in &stratum.aggregates {
            let aggregate = &program.aggregates[*aggregate];
            let rows: Vec<u32> = self.heaps[aggregate.source.relation.0].numbers().collect();
            self.aggregate(aggregate, &rows);
        }
        let mut fresh = self.nothing();
        for id in &stratum.relations {
            fresh[id.0] = self.heaps[id.0].numbers().collect();
        }
        for rule in &stratum.rules {
            if self.gives_each_once(program, stratum, *rule) {
                self.conclude_once(program, stratum, *rule)?;
            } else if !premises(&program.rules[*rule]).any(|(_, id, _)| is_own(stratum, id)) {
                self.conclude_whole(program, stratum, *rule, &mut fresh)?;
            }
        }
        self.rounds(program, stratum, fresh, true)?;
        for id in &stratum.relations {
            self.came[id.0].clear();
            self.statistics.relations[id.0] = Some(self.heaps[id.0].statistics());
        }
        Ok(())
    }

    /// Brings everything up to date. Changes of derived relations, sorted.
    pub(crate) fn commit(&mut self, program: &Program, delta: &Delta) -> Result<Delta, Exceeded> {
        self.left = self.max_steps;
        for (id, changes) in (0..).map(RelationId).zip(delta) {
            let derived = program.relation(id).derived;
            if derived || !changes.is_empty() {
                self.heaps[id.0].enter();
            }
            if !derived {
                self.state(id, changes);
            }
        }
        for stratum in &program.strata {
            for aggregate in &stratum.aggregates {
                self.aggregate_again(&program.aggregates[*aggregate]);
            }
            self.withdraw(program, stratum, delta)?;
            self.conclude(program, stratum, delta)?;
            for id in &stratum.relations {
                let heap = &self.heaps[id.0];
                self.went[id.0].retain(|at| heap.height(*at) == DYING);
            }
        }
        Ok(self.finish(program))
    }

    /// Changes of a relation that is not derived.
    fn state(&mut self, id: RelationId, changes: &[(Row, i32)]) {
        let heap = &mut self.heaps[id.0];
        for (row, difference) in changes {
            let row = heap.used(row);
            match heap.find(row) {
                Some(at) if *difference < 0 => {
                    heap.set_height(at, DYING);
                    self.went[id.0].push(at);
                }
                Some(at) => {
                    heap.set_height(at, 0);
                    self.came[id.0].push(at);
                }
                None => self.came[id.0].push(heap.add(row, 0).0),
            }
        }
    }

    fn finish(&mut self, program: &Program) -> Delta {
        let mut out = vec![Vec::new(); self.heaps.len()];
        for (id, relation) in (0..).map(RelationId).zip(&program.relations) {
            let (heap, came, went) = (&mut self.heaps[id.0], &mut self.came[id.0], &mut self.went[id.0]);
            if relation.derived {
                out[id.0].extend(came.iter().map(|at| (padded(heap.row(*at)), 1)));
                out[id.0].extend(went.iter().map(|at| (padded(heap.row(*at)), -1)));
                out[id.0].sort_unstable();
            }
            went.drain(..).for_each(|at| heap.set_height(at, DEAD));
            came.clear();
            heap.settle();
        }
        out
    }

    /// Rows that hold.
    pub(crate) fn rows(&self, id: RelationId) -> impl Iterator<Item = &[u32]> {
        self.heaps[id.0].rows()
    }

    fn spend(&mut self, steps: u64) {
        self.left = self.left.saturating_sub(steps);
    }

    fn within_budget(&self) -> Result<(), Exceeded> {
        match () {
            () if self.left == 0 => Err(Exceeded::Steps),
            () if self.concluded > self.limit => Err(Exceeded::Facts),
            () => Ok(()),
        }
    }

    fn nothing(&self) -> Fresh {
        vec![Vec::new(); self.heaps.len()]
    }

    fn plan(&mut self, program: &Program, stratum: &Stratum, rule: usize, start: Start) -> &Plan {
        let Self { plans, heaps, statistics, .. } = self;
        plans
            .entry((rule, start))
            .or_insert_with(|| compile(program, rule, start, &|id| is_own(stratum, id), heaps, statistics))
    }
}

fn is_own(stratum: &Stratum, id: RelationId) -> bool {
    stratum.recursive && stratum.relations.contains(&id)
}

fn source_of(program: &Program, rule: usize, premise: usize) -> RelationId {
    let at = premises(&program.rules[rule]).find(|(at, ..)| *at == premise);
    at.map_or(program.rules[rule].head.relation, |(_, id, _)| id)
}
