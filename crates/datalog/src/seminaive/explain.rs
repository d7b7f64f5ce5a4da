//! A proof of one row, from the rows there are.
#![expect(clippy::indexing_slicing, reason = "one heap for each relation of the program")]

use std::collections::BTreeSet;

use crate::program::{Program, RelationId};
use crate::stratify::Stratum;
use crate::value::Row;

use super::SemiNaive;
use super::compile::Start;
use super::heap::padded;
use super::search::{Purpose, Search, Way};

/// A rule that concludes a row from others.
pub(crate) struct Applied {
    pub(crate) rule: usize,
    pub(crate) head: (RelationId, Row),
    /// In the order of the rule's text.
    pub(crate) premises: Vec<(RelationId, Row)>,
}

impl SemiNaive {
    /// Height of a row within its stratum; `None` if it does not hold.
    pub(crate) fn height(&mut self, id: RelationId, row: &Row) -> Option<u32> {
        let heap = &mut self.heaps[id.0];
        heap.enter();
        heap.find(heap.used(row)).filter(|at| heap.holds(*at)).map(|at| heap.height(at))
    }

    /// Rules that together conclude a derived row: for each row the lowest way, so that none goes in a circle. Stated
    /// rows and results of aggregates are taken as they are.
    pub(crate) fn proof(&mut self, program: &Program, id: RelationId, row: &Row) -> Vec<Applied> {
        let heap = &mut self.heaps[id.0];
        heap.enter();
        let mut work: Vec<(RelationId, u32)> =
            heap.find(heap.used(row)).map(|at| (id, at)).into_iter().collect();
        let (mut seen, mut proof) = (BTreeSet::new(), Vec::new());
        while let Some((id, at)) = work.pop() {
            let relation = program.relation(id);
            if !relation.derived
                || relation.internal
                || self.heaps[id.0].height(at) == 0
                || !seen.insert((id, at))
            {
                continue;
            }
            let Some((rule, way)) = self.lowest(program, id, at) else { continue };
            let full = |(id, at): &(RelationId, u32)| (*id, padded(self.heaps[id.0].row(*at)));
            proof.push(Applied { rule, head: full(&(id, at)), premises: way.2.iter().map(full).collect() });
            work.extend(way.2);
        }
        proof
    }

    fn lowest(&mut self, program: &Program, id: RelationId, at: u32) -> Option<(usize, Way)> {
        let holds = |stratum: &&Stratum| stratum.relations.contains(&id);
        let stratum = program.strata.iter().find(holds)?;
        let mut lowest: Option<(usize, Way)> = None;
        for rule in stratum.rules.iter().filter(|rule| program.rules[**rule].head.relation == id) {
            self.plan(program, stratum, *rule, Start::Head);
            let below = Purpose::Explain(self.heaps[id.0].height(at));
            let mut search = Search::new(&self.heaps, &self.plans[&(*rule, Start::Head)], below);
            search.from(self.heaps[id.0].row(at), 0);
            if let Some(way) = search.found.lowest
                && lowest.as_ref().is_none_or(|(_, best)| (way.0, way.1) < (best.0, best.1))
            {
                lowest = Some((*rule, way));
            }
        }
        lowest
    }
}
