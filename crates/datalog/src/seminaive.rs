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
mod explain;
mod heap;
mod proofs;
mod search;

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
use search::{Found, Purpose, Search};

/// Rows followed before what they conclude is taken in.
const TOGETHER: usize = 16_384;
/// Rows stand in the order of their first column, unless another one has so many times the values.
const TELLING: f64 = 4.0;
/// Rows of one look-through. Whatever the number of threads, the same rows are looked through together: then the same
/// things are found in the same order, in the same number of steps.
const PIECE: usize = 2048;
const ANY: Purpose = Purpose::Conclude(DYING);

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

/// What goes.
impl SemiNaive {
    fn withdraw(&mut self, program: &Program, stratum: &Stratum, delta: &Delta) -> Result<(), Exceeded> {
        let (mut lost, mut doubtful) = (self.nothing(), self.nothing());
        for id in &stratum.relations {
            let no_longer_stated = delta[id.0].iter().filter(|(_, difference)| *difference < 0);
            let heap = &self.heaps[id.0];
            // Nothing is below a stated row. Where it still follows it comes back higher, and so must what rests on it.
            lost[id.0].extend(no_longer_stated.filter_map(|(row, _)| heap.find(heap.used(row))));
            lost[id.0].iter().for_each(|at| self.lose(*id, *at));
        }
        for rule in &stratum.rules {
            for (premise, id, absent) in premises(&program.rules[*rule]) {
                let rows = match absent {
                    _ if is_own(stratum, id) => lost[id.0].clone(),
                    true => self.came[id.0].clone(),
                    false => self.went[id.0].clone(),
                };
                self.doubt(program, stratum, (*rule, premise), &rows, &mut doubtful)?;
            }
        }
        while doubtful.iter().any(|rows| !rows.is_empty()) {
            lost = self.nothing();
            for id in &stratum.relations {
                for at in std::mem::take(&mut doubtful[id.0]) {
                    if self.is_lost(program, stratum, *id, at) {
                        self.lose(*id, at);
                        lost[id.0].push(at);
                    }
                }
            }
            self.within_budget()?;
            for rule in &stratum.rules {
                for (premise, id, _) in premises(&program.rules[*rule]).filter(|p| is_own(stratum, p.1)) {
                    self.doubt(program, stratum, (*rule, premise), &lost[id.0], &mut doubtful)?;
                }
            }
        }
        Ok(())
    }

    fn lose(&mut self, id: RelationId, at: u32) {
        self.heaps[id.0].set_height(at, DYING);
        self.concluded -= 1;
        self.went[id.0].push(at);
    }

    /// Conclusions that may have rested on these rows of a premise's relation.
    fn doubt(
        &mut self,
        program: &Program,
        stratum: &Stratum,
        (rule, premise): (usize, usize),
        rows: &[u32],
        doubtful: &mut Fresh,
    ) -> Result<(), Exceeded> {
        if rows.is_empty() {
            return Ok(());
        }
        self.plan(program, stratum, rule, Start::Premise(premise));
        let rule_head = program.rules[rule].head.relation;
        let found = self.look(
            (rule, premise),
            source_of(program, rule, premise),
            false,
            rows,
            Purpose::Withdraw,
            false,
        );
        for part in found {
            doubtful[rule_head.0].extend(part.numbers);
        }
        doubtful[rule_head.0].sort_unstable();
        doubtful[rule_head.0].dedup();
        self.within_budget()
    }

    /// It holds so far, and no way to conclude it from smaller heights is left.
    fn is_lost(&mut self, program: &Program, stratum: &Stratum, id: RelationId, at: u32) -> bool {
        let height = self.heaps[id.0].height(at);
        (1..DYING).contains(&height) && self.support(program, stratum, id, at, height).is_none()
    }

    /// The height at which a row can be concluded from rows of its stratum that are lower than `below`.
    fn support(
        &mut self,
        program: &Program,
        stratum: &Stratum,
        id: RelationId,
        at: u32,
        below: u32,
    ) -> Option<u32> {
        for rule in stratum.rules.iter().filter(|rule| program.rules[**rule].head.relation == id) {
            self.plan(program, stratum, *rule, Start::Head);
            let plan = &self.plans[&(*rule, Start::Head)];
            let mut search = Search::new(&self.heaps, plan, Purpose::Support(below)).within(self.left);
            search.from(self.heaps[id.0].row(at), 0);
            let Found { heights, steps, .. } = search.found;
            self.spend(steps);
            if let Some(height) = heights.first() {
                return Some(*height);
            }
        }
        None
    }
}

/// What comes.
impl SemiNaive {
    fn conclude(&mut self, program: &Program, stratum: &Stratum, delta: &Delta) -> Result<(), Exceeded> {
        let mut fresh = self.nothing();
        for id in &stratum.relations {
            for at in self.went[id.0].clone() {
                if let Some(height) = self.support(program, stratum, *id, at, DYING) {
                    self.heaps[id.0].set_height(at, height);
                    self.concluded += 1;
                    fresh[id.0].push(at);
                }
            }
            for (row, _) in delta[id.0].iter().filter(|(_, difference)| *difference > 0) {
                let row = self.heaps[id.0].used(row).to_vec();
                self.take_in(*id, &row, 0, &mut fresh);
            }
        }
        self.within_budget()?;
        for rule in &stratum.rules {
            for (premise, id, absent) in premises(&program.rules[*rule]) {
                if !is_own(stratum, id) {
                    let rows = if absent { self.went[id.0].clone() } else { self.came[id.0].clone() };
                    self.follow(program, stratum, (*rule, premise), &rows, ANY, &mut fresh)?;
                }
            }
        }
        self.rounds(program, stratum, fresh, false)
    }

    /// Until nothing new comes. If these are the first rows of the stratum, each row gets the smallest height it can
    /// have, whatever the order in which rows are followed.
    fn rounds(
        &mut self,
        program: &Program,
        stratum: &Stratum,
        fresh: Fresh,
        first: bool,
    ) -> Result<(), Exceeded> {
        let (mut fresh, mut round) = (fresh, 1);
        while stratum.recursive && fresh.iter().any(|rows| !rows.is_empty()) {
            let mut next = self.nothing();
            // What comes in this round is higher, and followed in the next.
            let purpose = Purpose::Conclude(if first { round + 1 } else { DYING });
            for rule in &stratum.rules {
                for (premise, id, _) in premises(&program.rules[*rule]).filter(|p| is_own(stratum, p.1)) {
                    self.follow(program, stratum, (*rule, premise), &fresh[id.0], purpose, &mut next)?;
                }
            }
            (fresh, round) = (next, round + 1);
        }
        Ok(())
    }

    fn conclude_whole(
        &mut self,
        program: &Program,
        stratum: &Stratum,
        rule: usize,
        fresh: &mut Fresh,
    ) -> Result<(), Exceeded> {
        self.plan(program, stratum, rule, Start::Whole);
        let mut again = false;
        loop {
            let search = Search::new(&self.heaps, &self.plans[&(rule, Start::Whole)], ANY);
            let mut search = search.again(again).within(self.left);
            search.whole();
            again = search.is_full();
            let found = search.found;
            self.spend(found.steps);
            self.take_in_all(program.rules[rule].head.relation, &found, fresh)?;
            if !again {
                return Ok(());
            }
        }
    }

    /// No other rule concludes the relation, nothing of it is stated, and no conclusion comes twice.
    fn gives_each_once(&self, program: &Program, stratum: &Stratum, rule: usize) -> bool {
        let head = program.rules[rule].head.relation;
        let alone =
            stratum.rules.iter().filter(|rule| program.rules[**rule].head.relation == head).count() == 1;
        let once = program.plans.get(rule).is_some_and(|plan| plan.once);
        alone && once && !stratum.recursive && self.heaps[head.0].numbers().is_empty()
    }

    fn conclude_once(&mut self, program: &Program, stratum: &Stratum, rule: usize) -> Result<(), Exceeded> {
        self.plan(program, stratum, rule, Start::Whole);
        let most = usize::try_from(self.limit - self.concluded).unwrap_or_default().saturating_add(1);
        let search = Search::new(&self.heaps, &self.plans[&(rule, Start::Whole)], Purpose::Fill);
        let mut search = search.up_to(most).within(self.left);
        search.whole();
        let full = search.is_full();
        let Found { figures, heights, steps, .. } = search.found;
        self.spend(steps);
        self.within_budget()?;
        if full {
            return Err(Exceeded::Facts);
        }
        let heap = &mut self.heaps[program.rules[rule].head.relation.0];
        let width = heap.used(&Row::default()).len();
        heap.load((0..heights.len()).map(|place| padded(&figures[place * width..][..width])), 1);
        self.concluded += i64::try_from(heights.len()).unwrap_or(i64::MAX);
        Ok(())
    }

    /// What a rule concludes with one of these rows as the premise.
    fn follow(
        &mut self,
        program: &Program,
        stratum: &Stratum,
        (rule, premise): (usize, usize),
        rows: &[u32],
        purpose: Purpose,
        fresh: &mut Fresh,
    ) -> Result<(), Exceeded> {
        if rows.is_empty() {
            return Ok(());
        }
        self.plan(program, stratum, rule, Start::Premise(premise));
        let (source, head) = (source_of(program, rule, premise), program.rules[rule].head.relation);
        let own = is_own(stratum, source);
        for part in rows.chunks(TOGETHER) {
            let mut again = false;
            loop {
                let found = self.look((rule, premise), source, own, part, purpose, again);
                again = found.iter().any(|found| found.cut);
                for found in found {
                    self.take_in_all(head, &found, fresh)?;
                }
                if !again {
                    break;
                }
            }
        }
        Ok(())
    }

    /// What is found from these rows, piece by piece; workers share the pieces.
    fn look(
        &mut self,
        (rule, premise): (usize, usize),
        source: RelationId,
        own: bool,
        rows: &[u32],
        purpose: Purpose,
        again: bool,
    ) -> Vec<Found> {
        let plan = &self.plans[&(rule, Start::Premise(premise))];
        let heap = &self.heaps[source.0];
        let left = self.left;
        let look = |rows: &[u32]| {
            let mut search = Search::new(&self.heaps, plan, purpose).again(again).within(left);
            for at in rows {
                search.from(heap.row(*at), if own { heap.height(*at) } else { 0 });
                if search.is_full() {
                    search.found.cut = true;
                    break;
                }
            }
            search.found
        };
        let found = in_pieces(rows, self.workers, left, &look);
        self.spend(found.iter().map(|found| found.steps).sum());
        found
    }

    fn take_in_all(&mut self, head: RelationId, found: &Found, fresh: &mut Fresh) -> Result<(), Exceeded> {
        let width = self.heaps[head.0].used(&Row::default()).len();
        for (place, height) in found.heights.iter().enumerate() {
            self.take_in(head, &found.figures[place * width..][..width], *height, fresh);
        }
        self.within_budget()
    }

    fn take_in(&mut self, id: RelationId, row: &[u32], height: u32, fresh: &mut Fresh) {
        let heap = &mut self.heaps[id.0];
        let (at, new) = heap.add(row, height);
        if new {
            self.concluded += 1;
            self.came[id.0].push(at);
            fresh[id.0].push(at);
            return;
        }
        match heap.height(at) {
            DEAD => self.came[id.0].push(at),
            DYING => {}
            holds => {
                heap.set_height(at, holds.min(height));
                return;
            }
        }
        heap.set_height(at, height);
        self.concluded += 1;
        fresh[id.0].push(at);
    }
}

fn is_own(stratum: &Stratum, id: RelationId) -> bool {
    stratum.recursive && stratum.relations.contains(&id)
}

fn source_of(program: &Program, rule: usize, premise: usize) -> RelationId {
    let at = premises(&program.rules[rule]).find(|(at, ..)| *at == premise);
    at.map_or(program.rules[rule].head.relation, |(_, id, _)| id)
}

/// What is found in each piece of the rows, in their order; less if the steps are spent.
fn in_pieces(
    rows: &[u32],
    workers: usize,
    steps: u64,
    look: &(dyn Fn(&[u32]) -> Found + Sync),
) -> Vec<Found> {
    let several = |rows: &[u32]| {
        let mut left = steps;
        let mut found: Vec<Found> = Vec::new();
        for piece in rows.chunks(PIECE) {
            if left == 0 {
                break;
            }
            let piece = look(piece);
            left = left.saturating_sub(piece.steps);
            found.push(piece);
        }
        found
    };
    let pieces = rows.len().div_ceil(PIECE);
    if workers == 1 || pieces < 2 {
        return several(rows);
    }
    std::thread::scope(|scope| {
        let parts = rows.chunks(pieces.div_ceil(workers) * PIECE);
        let running: Vec<_> = parts.map(|part| scope.spawn(|| several(part))).collect();
        // A panic in a part is one here.
        let join = |part: std::thread::ScopedJoinHandle<'_, Vec<Found>>| {
            part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        running.into_iter().flat_map(join).collect()
    })
}
