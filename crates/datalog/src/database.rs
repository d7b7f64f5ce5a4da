//! All facts of a session by relation.

use std::collections::BTreeSet;
use std::rc::Rc;

use crate::packed::Packed;
use crate::program::{Program, RelationId};
use crate::value::Row;

/// Changes that lie on top of a table before they are worked in.
const LOOSE: usize = 4096;

/// Rows that come and go: a sorted bulk, and the changes since it was sorted.
#[derive(Default)]
pub(crate) struct Table {
    width: usize,
    bulk: Rc<Packed>,
    /// Places in the bulk of rows that went.
    gone: BTreeSet<usize>,
    /// Rows that came; none of them in the bulk.
    fresh: BTreeSet<Row>,
}

impl Table {
    pub(crate) fn new(width: usize) -> Self {
        Self { width, ..Self::default() }
    }

    /// `rows` must be ascending, each once.
    pub(crate) fn of(width: usize, rows: impl IntoIterator<Item = Row>) -> Self {
        Self { width, bulk: Rc::new(Packed::new(width, rows)), ..Self::default() }
    }

    pub(crate) fn of_sorted(bulk: Packed, width: usize) -> Self {
        Self { width, bulk: Rc::new(bulk), ..Self::default() }
    }

    pub(crate) fn len(&self) -> usize {
        self.bulk.len() - self.gone.len() + self.fresh.len()
    }

    pub(crate) fn contains(&self, row: &Row) -> bool {
        self.fresh.contains(row) || self.bulk.position(row).is_some_and(|at| !self.gone.contains(&at))
    }

    /// True if this changed anything.
    pub(crate) fn insert(&mut self, row: Row) -> bool {
        match self.bulk.position(&row) {
            Some(at) => self.gone.remove(&at),
            None => self.fresh.insert(row),
        }
    }

    /// True if this changed anything.
    pub(crate) fn remove(&mut self, row: &Row) -> bool {
        match self.bulk.position(row) {
            Some(at) => self.gone.insert(at),
            None => self.fresh.remove(row),
        }
    }

    /// Ascending.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Row> + '_ {
        let bulk = (0..self.bulk.len()).filter(|at| !self.gone.contains(at)).map(|at| self.bulk.row(at));
        merged(bulk, self.fresh.iter().copied())
    }

    /// Rows with these values in these columns; columns ascending, rows too.
    #[cfg(test)]
    fn matching(&self, columns: &[usize], values: &[u32]) -> Vec<Row> {
        self.first(columns, values, usize::MAX)
    }

    /// The first of them, at most so many.
    pub(crate) fn first(&self, columns: &[usize], values: &[u32], most: usize) -> Vec<Row> {
        let mut rows = Vec::new();
        self.bulk.find(columns, values, &mut |at| {
            if self.gone.is_empty() || !self.gone.contains(&at) {
                rows.push(self.bulk.row(at));
            }
            rows.len() < most
        });
        if !self.fresh.is_empty() {
            let agrees = |row: &&Row| columns.iter().zip(values).all(|(c, v)| row.get(*c) == Some(v));
            let before = rows.len();
            rows.extend(self.fresh.iter().filter(agrees));
            if before > 0 && rows.len() > before {
                rows.sort_unstable();
            }
            rows.truncate(most);
        }
        rows
    }

    /// How many rows have these values in these columns, or `most` if there are so many.
    pub(crate) fn count(&self, columns: &[usize], values: &[u32], most: usize) -> usize {
        if self.gone.is_empty() && self.fresh.is_empty() {
            return self.bulk.count(columns, values, most);
        }
        self.first(columns, values, most).len()
    }

    /// The rows as one sorted bulk, shared where nothing changed since.
    pub(crate) fn settled(&self) -> Rc<Packed> {
        if self.gone.is_empty() && self.fresh.is_empty() {
            return self.bulk.clone();
        }
        Rc::new(Packed::new(self.width, self.rows()))
    }

    fn settle(&mut self, loose: usize) {
        if self.gone.len() + self.fresh.len() > loose {
            self.bulk = self.settled();
            self.gone.clear();
            self.fresh.clear();
        }
    }
}

fn merged(a: impl Iterator<Item = Row>, b: impl Iterator<Item = Row>) -> impl Iterator<Item = Row> {
    let (mut a, mut b) = (a.peekable(), b.peekable());
    std::iter::from_fn(move || match (a.peek(), b.peek()) {
        (Some(x), Some(y)) if x < y => a.next(),
        (Some(_), None) => a.next(),
        _ => b.next(),
    })
}

#[derive(Default)]
pub(crate) struct Database {
    tables: Vec<Table>,
}

impl Database {
    pub(crate) fn new(program: &Program) -> Self {
        Self { tables: program.relations.iter().map(|r| Table::new(r.columns.len())).collect() }
    }

    pub(crate) fn table(&self, relation: RelationId) -> Option<&Table> {
        self.tables.get(relation.0)
    }

    pub(crate) fn set(&mut self, relation: RelationId, table: Table) {
        if let Some(slot) = self.tables.get_mut(relation.0) {
            *slot = table;
        }
    }

    /// Leaves an empty one.
    pub(crate) fn take(&mut self, relation: RelationId) -> Option<Table> {
        let table = self.tables.get_mut(relation.0)?;
        let width = table.width;
        Some(std::mem::replace(table, Table::new(width)))
    }

    pub(crate) fn rows(&self, relation: RelationId) -> impl Iterator<Item = Row> + '_ {
        self.table(relation).into_iter().flat_map(Table::rows)
    }

    pub(crate) fn count(&self, relation: RelationId) -> usize {
        self.table(relation).map_or(0, Table::len)
    }

    pub(crate) fn contains(&self, relation: RelationId, row: &Row) -> bool {
        self.table(relation).is_some_and(|table| table.contains(row))
    }

    /// True if this changed anything.
    pub(crate) fn insert(&mut self, relation: RelationId, row: Row) -> bool {
        self.tables.get_mut(relation.0).is_some_and(|table| table.insert(row))
    }

    /// True if this changed anything.
    pub(crate) fn remove(&mut self, relation: RelationId, row: &Row) -> bool {
        self.tables.get_mut(relation.0).is_some_and(|table| table.remove(row))
    }

    /// Works changes into the bulk where there are many.
    pub(crate) fn settle(&mut self) {
        for table in &mut self.tables {
            let loose = LOOSE.max(table.bulk.len() / 16);
            table.settle(loose);
        }
    }

    /// Works all changes into the bulk.
    pub(crate) fn settle_all(&mut self) {
        self.tables.iter_mut().for_each(|table| table.settle(0));
    }

    /// Rows that have these values in these columns, ascending.
    pub(crate) fn matching(&self, relation: RelationId, columns: &[usize], values: &[u32]) -> Vec<Row> {
        self.first(relation, columns, values, usize::MAX)
    }

    /// The first of them, at most so many.
    pub(crate) fn first(
        &self,
        relation: RelationId,
        columns: &[usize],
        values: &[u32],
        most: usize,
    ) -> Vec<Row> {
        self.table(relation).map(|table| table.first(columns, values, most)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn row(a: u32, b: u32) -> Row {
        let mut row = Row::default();
        (row[0], row[1]) = (a, b);
        row
    }

    proptest! {
        #[test]
        fn a_table_is_a_sorted_set_whenever_it_is_settled(
            steps in prop::collection::vec((0..5_u32, 0..5_u32, 0..4_u8), 1..60)
        ) {
            let (mut table, mut model) = (Table::new(2), BTreeSet::new());
            for (a, b, step) in steps {
                match step {
                    0 => prop_assert_eq!(table.remove(&row(a, b)), model.remove(&row(a, b))),
                    1 => table.settle(0),
                    _ => prop_assert_eq!(table.insert(row(a, b)), model.insert(row(a, b))),
                }
                prop_assert_eq!(table.len(), model.len());
                prop_assert_eq!(table.contains(&row(a, b)), model.contains(&row(a, b)));
                prop_assert!(table.rows().eq(model.iter().copied()));
                prop_assert!(table.settled().rows().eq(model.iter().copied()));
                let second: Vec<Row> = model.iter().filter(|r| r[1] == b).copied().collect();
                prop_assert_eq!(table.first(&[1], &[b], 2), second.iter().copied().take(2).collect::<Vec<_>>());
                prop_assert_eq!(table.matching(&[1], &[b]), second);
            }
        }
    }
}
