//! What comes: conclusions from what came, round by round, looked through in pieces.
#![expect(
    clippy::indexing_slicing,
    reason = "one heap, and one list of changes, for each relation of the program"
)]

use std::borrow::Cow;
use std::sync::atomic::{AtomicU64, Ordering};

use super::compile::{Start, premises};
use super::heap::{DEAD, DYING, Heap, padded};
use super::search::{Found, Purpose, Search};
use super::{Exceeded, Fresh, SemiNaive, is_own};
use crate::engine::Delta;
use crate::program::{Program, RelationId};
use crate::stratify::Stratum;

/// Pieces looked through before what they conclude is taken in.
const TOGETHER: usize = 64;
/// Rows of one look-through. Whatever the number of threads, the same rows are looked through together: then the same
/// things are found in the same order, in the same number of steps.
const PIECE: usize = 256;
pub(super) const ANY: Purpose = Purpose::Conclude(DYING);
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
        let mut uses = Vec::new();
        for rule in &stratum.rules {
            for (premise, id, absent) in premises(&program.rules[*rule]).filter(|p| !is_own(stratum, p.1)) {
                let rows = if absent { &self.went[id.0] } else { &self.came[id.0] };
                if !rows.is_empty() {
                    uses.push((Use { rule: *rule, start: Start::Premise(premise) }, rows.clone().into()));
                }
            }
        }
        self.follow(program, stratum, uses, ANY, &mut fresh)?;
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
            let mut uses = Vec::new();
            for rule in &stratum.rules {
                for (premise, id, _) in premises(&program.rules[*rule]).filter(|p| is_own(stratum, p.1)) {
                    let of = Use { rule: *rule, start: Start::Premise(premise) };
                    uses.push((of, Cow::Borrowed(fresh[id.0].as_slice())));
                }
            }
            self.follow(program, stratum, uses, purpose, &mut next)?;
            (fresh, round) = (next, round + 1);
        }
        Ok(())
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
        let of = Use { rule, start: Start::Whole };
        self.compile(program, stratum, of);
        self.catch_up();
        let head = program.rules[rule].head.relation;
        let entrance = self.plans[&(rule, Start::Whole)].entrance(&self.heaps);
        let pieces = pieces(of, head, false, entrance.as_deref());
        for together in pieces.chunks(TOGETHER) {
            let found = self.look(together, Purpose::Fill, false);
            self.within_budget()?;
            for (piece, found) in together.iter().zip(found) {
                let found = if found.cut { self.look_alone(piece)? } else { found };
                let heap = &mut self.heaps[head.0];
                heap.load(found.rows(heap.width()).map(|(row, _)| padded(row)), 1);
                self.concluded += i64::try_from(found.heights.len()).unwrap_or(i64::MAX);
                self.within_budget()?;
            }
        }
        self.catch_up();
        Ok(())
    }

    /// More is found in a piece than is to be held of several at once.
    fn look_alone(&mut self, piece: &Piece<'_>) -> Result<Found, Exceeded> {
        let most = usize::try_from(self.limit - self.concluded).unwrap_or_default().saturating_add(1);
        let plan = &self.plans[&(piece.of.rule, piece.of.start)];
        let mut search = Search::new(&self.heaps, plan, Purpose::Fill).up_to(most).within(self.left);
        piece.search(&self.heaps, &mut search);
        let full = search.is_full();
        let found = search.found;
        self.spend(found.steps);
        self.within_budget()?;
        if full { Err(Exceeded::Facts) } else { Ok(found) }
    }

    /// What rules conclude with one of these rows where they start. Rows for whole rules are not asked for.
    pub(super) fn follow(
        &mut self,
        program: &Program,
        stratum: &Stratum,
        uses: Vec<(Use, Cow<'_, [u32]>)>,
        purpose: Purpose,
        fresh: &mut Fresh,
    ) -> Result<(), Exceeded> {
        let uses: Vec<_> =
            uses.into_iter().filter(|(of, rows)| of.start == Start::Whole || !rows.is_empty()).collect();
        for (of, _) in &uses {
            self.compile(program, stratum, *of);
        }
        self.catch_up();
        let entrance = |of: Use| self.plans[&(of.rule, of.start)].entrance(&self.heaps).map(Cow::Owned);
        let starting =
            |(of, rows): (Use, _)| (of, if of.start == Start::Whole { entrance(of) } else { Some(rows) });
        let uses: Vec<(Use, Option<Cow<'_, [u32]>>)> = uses.into_iter().map(starting).collect();
        let mut all: Vec<Piece<'_>> = Vec::new();
        for (of, rows) in &uses {
            let source = of.source(program);
            all.extend(pieces(*of, source, is_own(stratum, source), rows.as_deref()));
        }
        for together in all.chunks(TOGETHER) {
            let (mut pieces, mut again) = (together.to_vec(), false);
            while !pieces.is_empty() {
                let found = self.look(&pieces, purpose, again);
                self.take_in_all(program, &pieces, &found, fresh)?;
                let cut = pieces.into_iter().zip(&found).filter(|(_, found)| found.cut);
                (pieces, again) = (cut.map(|(piece, _)| piece).collect(), true);
            }
        }
        Ok(())
    }

    /// What is found in each piece; less if the steps are spent.
    pub(super) fn look(&mut self, pieces: &[Piece<'_>], purpose: Purpose, again: bool) -> Vec<Found> {
        let (heaps, plans, left, spent) = (&self.heaps, &self.plans, self.left, AtomicU64::new(0));
        let look = |piece: &Piece<'_>| {
            let left = left.saturating_sub(spent.load(Ordering::Relaxed));
            let plan = &plans[&(piece.of.rule, piece.of.start)];
            let mut search = Search::new(heaps, plan, purpose).again(again).within(left);
            if left > 0 {
                piece.search(heaps, &mut search);
            }
            search.found.cut = search.is_full();
            spent.fetch_add(search.found.steps, Ordering::Relaxed);
            search.found
        };
        let rows = pieces.iter().map(|piece| piece.rows.map_or(1, <[u32]>::len)).sum();
        let found = self.workers.map(rows, pieces.iter().collect(), look);
        self.spend(spent.into_inner());
        found
    }

    /// Relations do not wait for each other.
    fn take_in_all(
        &mut self,
        program: &Program,
        pieces: &[Piece<'_>],
        found: &[Found],
        fresh: &mut Fresh,
    ) -> Result<(), Exceeded> {
        let mut of = vec![Vec::new(); self.heaps.len()];
        for (piece, found) in pieces.iter().zip(found).filter(|(_, found)| !found.heights.is_empty()) {
            of[program.rules[piece.of.rule].head.relation.0].push(found);
        }
        let relations = self.heaps.iter_mut().zip(&mut self.came).zip(fresh).zip(of);
        let relations: Vec<_> = relations.filter(|(_, found)| !found.is_empty()).collect();
        let rows = found.iter().map(|found| found.heights.len()).sum();
        let concluded = self.workers.map(rows, relations, |(((heap, came), fresh), found)| {
            let width = heap.width();
            let rows = found.into_iter().flat_map(|found| found.rows(width));
            rows.filter(|(row, height)| take_in(heap, row, *height, came, fresh)).count()
        });
        self.concluded += i64::try_from(concluded.into_iter().sum::<usize>()).unwrap_or(i64::MAX);
        self.catch_up();
        self.within_budget()
    }

    pub(super) fn take_in(&mut self, id: RelationId, row: &[u32], height: u32, fresh: &mut Fresh) {
        let (heap, came, fresh) = (&mut self.heaps[id.0], &mut self.came[id.0], &mut fresh[id.0]);
        self.concluded += i64::from(take_in(heap, row, height, came, fresh));
        heap.catch_up();
    }
}

/// A conclusion; true if it did not hold. It is found by index after [`Heap::catch_up`].
fn take_in(heap: &mut Heap, row: &[u32], height: u32, came: &mut Vec<u32>, fresh: &mut Vec<u32>) -> bool {
    let (at, new) = heap.add(row, height);
    if new {
        came.push(at);
        fresh.push(at);
        return true;
    }
    match heap.height(at) {
        DEAD => came.push(at),
        DYING => {}
        holds => {
            heap.set_height(at, holds.min(height));
            return false;
        }
    }
    heap.set_height(at, height);
    fresh.push(at);
    true
}

/// A rule, and where it is followed from.
#[derive(Clone, Copy)]
pub(super) struct Use {
    pub(super) rule: usize,
    pub(super) start: Start,
}

impl Use {
    /// The relation of the rows where it starts; the conclusion's for whole rules.
    pub(super) fn source(self, program: &Program) -> RelationId {
        let rule = &program.rules[self.rule];
        let Start::Premise(premise) = self.start else { return rule.head.relation };
        premises(rule).find(|(at, ..)| *at == premise).map_or(rule.head.relation, |(_, id, _)| id)
    }
}

/// Rows from which a rule is followed together.
#[derive(Clone, Copy)]
pub(super) struct Piece<'r> {
    of: Use,
    source: RelationId,
    /// The source is of the rule's own stratum.
    own: bool,
    /// `None` where a whole rule cannot be followed row by row.
    rows: Option<&'r [u32]>,
}

impl Piece<'_> {
    fn search(&self, heaps: &[Heap], search: &mut Search<'_>) {
        let heap = &heaps[self.source.0];
        match (self.of.start, self.rows) {
            (_, None) => search.whole(),
            (Start::Whole, Some(rows)) => search.among(rows),
            (_, Some(rows)) => {
                for at in rows {
                    search.from(heap.row(*at), if self.own { heap.height(*at) } else { 0 });
                    if search.is_full() {
                        break;
                    }
                }
            }
        }
    }
}

pub(super) fn pieces(of: Use, source: RelationId, own: bool, rows: Option<&[u32]>) -> Vec<Piece<'_>> {
    let piece = |rows| Piece { of, source, own, rows };
    rows.map_or_else(|| vec![piece(None)], |rows| rows.chunks(PIECE).map(|rows| piece(Some(rows))).collect())
}
