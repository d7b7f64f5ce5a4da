//! What comes: conclusions from what came, round by round, looked through in pieces.
#![expect(
    clippy::indexing_slicing,
    reason = "one heap, and one list of changes, for each relation of the program"
)]

use super::compile::{Start, premises};
use super::heap::{DEAD, DYING, padded};
use super::search::{Found, Purpose, Search};
use super::{Exceeded, Fresh, SemiNaive, is_own, source_of};
use crate::engine::Delta;
use crate::program::{Program, RelationId};
use crate::stratify::Stratum;
use crate::value::Row;

/// Rows followed before what they conclude is taken in.
const TOGETHER: usize = 16_384;
/// Rows of one look-through. Whatever the number of threads, the same rows are looked through together: then the same
/// things are found in the same order, in the same number of steps.
const PIECE: usize = 2048;
const ANY: Purpose = Purpose::Conclude(DYING);
impl SemiNaive {
    pub(super) fn conclude(
        &mut self,
        program: &Program,
        stratum: &Stratum,
        delta: &Delta,
    ) -> Result<(), Exceeded> {
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
    pub(super) fn rounds(
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

    pub(super) fn conclude_whole(
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
    pub(super) fn gives_each_once(&self, program: &Program, stratum: &Stratum, rule: usize) -> bool {
        let head = program.rules[rule].head.relation;
        let alone =
            stratum.rules.iter().filter(|rule| program.rules[**rule].head.relation == head).count() == 1;
        let once = program.plans.get(rule).is_some_and(|plan| plan.once);
        alone && once && !stratum.recursive && self.heaps[head.0].numbers().is_empty()
    }

    pub(super) fn conclude_once(
        &mut self,
        program: &Program,
        stratum: &Stratum,
        rule: usize,
    ) -> Result<(), Exceeded> {
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
    pub(super) fn look(
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

    pub(super) fn take_in(&mut self, id: RelationId, row: &[u32], height: u32, fresh: &mut Fresh) {
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
