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
use std::collections::hash_map::Entry;

use crate::engine::Delta;
use crate::order::Statistics;
use crate::program::{Program, RelationId};
use crate::session::Options;
use crate::stratify::Stratum;
use crate::value::Row;
use crate::workers::Workers;

pub(crate) use explain::Applied;
pub(crate) use proofs::Proofs;

use compile::{Plan, Start, compile, premises};
use conclude::{ANY, Use};
use heap::{Behind, DEAD, DYING, Heap, padded};

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
    workers: Workers,
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
        workers: Workers,
    ) -> Result<Self, Exceeded> {
        let Options { max_derived, max_steps, .. } = options;
        let mut all = Self {
            heaps: program.relations.iter().map(Heap::new).collect(),
            plans: HashMap::new(),
            statistics: Statistics { relations: vec![None; program.relations.len()] },
            came: vec![Vec::new(); program.relations.len()],
            went: vec![Vec::new(); program.relations.len()],
            workers,
            concluded: 0,
            // While old facts go and new ones come, both are counted for a moment: hence twice.
            limit: i64::try_from(max_derived).unwrap_or(i64::MAX).saturating_mul(2),
            max_steps,
            left: max_steps,
        };
        for id in (0..program.relations.len()).map(RelationId) {
            all.heaps[id.0].load(stated(id), 0);
        }
        let strata: Vec<&Stratum> = program.strata.iter().collect();
        all.derive(program, &vec![true; program.relations.len()], &strata)?;
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
                None => all.heaps[id.0].load(stated(id), 0),
            }
        }
        let loaded: Vec<bool> = stays.iter().map(Option::is_none).collect();
        let changed = |stratum: &&Stratum| stratum.relations.iter().any(|id| loaded[id.0]);
        let strata: Vec<&Stratum> = program.strata.iter().filter(changed).collect();
        all.derive(program, &loaded, &strata)?;
        Ok(all)
    }

    /// What follows in these strata, once the stated rows of these relations are there.
    fn derive(&mut self, program: &Program, loaded: &[bool], strata: &[&Stratum]) -> Result<(), Exceeded> {
        let (workers, rows) = (self.workers.clone(), self.len());
        workers.run(rows, || {
            self.loaded(program, loaded);
            strata.iter().try_for_each(|stratum| self.fill(program, stratum))
        })
    }

    /// Stated rows of these relations are there, and nothing is concluded from them yet.
    fn loaded(&mut self, program: &Program, which: &[bool]) {
        let heaps = self.heaps.iter_mut().zip(&program.relations).zip(&mut self.statistics.relations);
        let heaps: Vec<_> = heaps.zip(which).filter(|(_, loaded)| **loaded).collect();
        let rows = heaps.iter().map(|(((heap, ..), _), _)| heap.numbers().len()).sum();
        self.workers.map(rows, heaps, |(((heap, relation), statistics), _)| {
            if relation.derived {
                heap.enter();
                return;
            }
            let (rows, distinct) = heap.statistics();
            *statistics = Some((rows, distinct));
            let most = (0..relation.columns.len()).max_by(|a, b| distinct[*a].total_cmp(&distinct[*b]));
            if let Some(most) = most.filter(|most| distinct[*most] > TELLING * distinct[0]) {
                heap.gather(most);
            }
        });
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
        match stratum.rules.as_slice() {
            [rule] if self.gives_each_once(program, stratum, *rule) => {
                self.conclude_once(program, stratum, *rule)?;
            }
            rules => {
                let reads_own = |rule: usize| premises(&program.rules[rule]).any(|p| is_own(stratum, p.1));
                let below = rules.iter().copied().filter(|rule| !reads_own(*rule));
                let uses = below.map(|rule| (Use { rule, start: Start::Whole }, [].as_slice().into()));
                self.follow(program, stratum, uses.collect(), ANY, &mut fresh)?;
            }
        }
        self.rounds(program, stratum, fresh, true)?;
        let heaps = &self.heaps;
        let rows = stratum.relations.iter().map(|id| heaps[id.0].numbers().len()).sum();
        let statistics = |id: &RelationId| heaps[id.0].statistics();
        let known = self.workers.map(rows, stratum.relations.iter().collect(), statistics);
        for (id, known) in stratum.relations.iter().zip(known) {
            self.came[id.0].clear();
            self.statistics.relations[id.0] = Some(known);
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
        heap.catch_up();
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

    /// How many rows there are, those that do not hold counted.
    pub(crate) fn len(&self) -> usize {
        self.heaps.iter().map(|heap| heap.numbers().len()).sum()
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

    /// The plan is there, and can be followed.
    fn plan(&mut self, program: &Program, stratum: &Stratum, rule: usize, start: Start) {
        if self.compile(program, stratum, Use { rule, start }) {
            self.catch_up();
        }
    }

    /// True if there was none yet: it can be followed after [`SemiNaive::catch_up`].
    fn compile(&mut self, program: &Program, stratum: &Stratum, of: Use) -> bool {
        let Self { plans, heaps, statistics, .. } = self;
        let Entry::Vacant(place) = plans.entry((of.rule, of.start)) else { return false };
        place.insert(compile(program, of.rule, of.start, &|id| is_own(stratum, id), heaps, statistics));
        true
    }

    /// All indexes have all rows.
    fn catch_up(&mut self) {
        let behind: Vec<Behind<'_>> = self.heaps.iter_mut().flat_map(Heap::behind).collect();
        let rows = behind.iter().map(Behind::len).sum();
        self.workers.map(rows, behind, Behind::catch_up);
    }
}

fn is_own(stratum: &Stratum, id: RelationId) -> bool {
    stratum.recursive && stratum.relations.contains(&id)
}
