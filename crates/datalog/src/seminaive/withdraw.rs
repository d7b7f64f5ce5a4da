//! What goes: conclusions that rested on what went, unless they have another way from rows of smaller height.
#![expect(
    clippy::indexing_slicing,
    reason = "one heap, and one list of changes, for each relation of the program"
)]

use super::compile::{Start, premises};
use super::conclude::{Use, pieces};
use super::heap::DYING;
use super::search::{Found, Purpose, Search};
use super::{Exceeded, Fresh, SemiNaive, is_own};
use crate::engine::Delta;
use crate::program::{Program, RelationId};
use crate::stratify::Stratum;
impl SemiNaive {
    pub(super) fn withdraw(
        &mut self,
        program: &Program,
        stratum: &Stratum,
        delta: &Delta,
    ) -> Result<(), Exceeded> {
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
        let of = Use { rule, start: Start::Premise(premise) };
        self.plan(program, stratum, rule, of.start);
        let rule_head = program.rules[rule].head.relation;
        let source = of.source(program);
        let found = self.look(&pieces(of, source, false, Some(rows)), Purpose::Withdraw, false);
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
    pub(super) fn support(
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
