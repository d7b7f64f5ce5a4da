//! Counts and extremes.
#![expect(clippy::indexing_slicing, reason = "columns and relations are numbered by the program")]

use std::collections::BTreeSet;

use crate::operators::project;
use crate::plan::checks;
use crate::program::{Aggregate, RelationId};
use crate::render::{fold, pass};
use crate::value::Row;

use super::SemiNaive;
use super::heap::{DYING, padded};

impl SemiNaive {
    pub(super) fn aggregate_again(&mut self, aggregate: &Aggregate) {
        let source = aggregate.source.relation.0;
        let rows = [self.came[source].as_slice(), &self.went[source]].concat();
        self.aggregate(aggregate, &rows);
    }

    /// The results of the groups that these rows of the source belong to.
    pub(super) fn aggregate(&mut self, aggregate: &Aggregate, rows: &[u32]) {
        let Aggregate { relation, source, group, function, over, .. } = aggregate;
        let checks = checks(source);
        let heap = &mut self.heaps[source.relation.0];
        let rows = rows.iter().map(|at| padded(heap.row(*at))).filter(|row| pass(&checks, row));
        let groups: BTreeSet<Row> = rows.map(|row| project(&row, group)).collect();
        // Columns of an index are ascending, those of a group need not be.
        let mut places: Vec<usize> = (0..group.len()).collect();
        places.sort_by_key(|place| group[*place]);
        let columns: Vec<usize> = places.iter().map(|place| group[*place]).collect();
        let by_group = heap.index(&columns);
        self.heaps[relation.0].enter();
        let by_result = self.heaps[relation.0].index(&(0..group.len()).collect::<Vec<_>>());
        self.catch_up();
        for key in groups {
            let values: Vec<u32> = places.iter().map(|place| key[*place]).collect();
            let heap = &self.heaps[source.relation.0];
            let rows = heap.with(by_group, &values).filter(|at| heap.holds(*at));
            let rows: Vec<Row> =
                rows.map(|at| padded(heap.row(at))).filter(|row| pass(&checks, row)).collect();
            let value = fold(*function, *over, rows.iter());
            let mut result = key;
            result[group.len()] = value.unwrap_or_default();
            self.replace(*relation, by_result, &key[..group.len()], value.map(|_| result));
        }
    }

    fn replace(&mut self, id: RelationId, index: usize, key: &[u32], result: Option<Row>) {
        let heap = &mut self.heaps[id.0];
        let before = heap.with(index, key).find(|at| heap.holds(*at));
        let result = result.map(|row| heap.used(&row).to_vec());
        if before.map(|at| heap.row(at)) == result.as_deref() {
            return;
        }
        if let Some(at) = before {
            heap.set_height(at, DYING);
            self.went[id.0].push(at);
        }
        if let Some(row) = result {
            let mut unused = self.nothing();
            self.take_in(id, &row, 0, &mut unused);
        }
    }
}
