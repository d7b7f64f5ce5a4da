//! All facts of a session by relation, with indexes made when first asked for.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use crate::program::RelationId;
use crate::value::{Row, WIDTH};

/// Rows by the values of some columns. Rows with the same values are in ascending order.
type Index = HashMap<Row, Rc<[Row]>>;

/// By relation and columns.
type Indexes = HashMap<(RelationId, Vec<usize>), Rc<Index>>;

#[derive(Default)]
pub(crate) struct Database {
    relations: Vec<BTreeSet<Row>>,
    indexes: RefCell<Indexes>,
}

impl Database {
    pub(crate) fn new(relations: usize) -> Self {
        Self { relations: vec![BTreeSet::new(); relations], indexes: RefCell::default() }
    }

    pub(crate) fn rows(&self, relation: RelationId) -> impl Iterator<Item = &Row> {
        self.relations.get(relation.0).into_iter().flatten()
    }

    pub(crate) fn count(&self, relation: RelationId) -> usize {
        self.relations.get(relation.0).map_or(0, BTreeSet::len)
    }

    pub(crate) fn contains(&self, relation: RelationId, row: &Row) -> bool {
        self.relations.get(relation.0).is_some_and(|rows| rows.contains(row))
    }

    /// True if this changed anything. Indexes of the relation are forgotten.
    pub(crate) fn insert(&mut self, relation: RelationId, row: Row) -> bool {
        let changed = self.relations.get_mut(relation.0).is_some_and(|rows| rows.insert(row));
        self.forget(relation, changed)
    }

    /// True if this changed anything. Indexes of the relation are forgotten.
    pub(crate) fn remove(&mut self, relation: RelationId, row: &Row) -> bool {
        let changed = self.relations.get_mut(relation.0).is_some_and(|rows| rows.remove(row));
        self.forget(relation, changed)
    }

    fn forget(&mut self, relation: RelationId, changed: bool) -> bool {
        if changed && !self.indexes.borrow().is_empty() {
            self.indexes.borrow_mut().retain(|(of, _), _| *of != relation);
        }
        changed
    }

    /// Rows that have these values in these columns, ascending.
    pub(crate) fn matching(&self, relation: RelationId, columns: &[usize], values: &[u32]) -> Rc<[Row]> {
        let key = (relation, columns.to_vec());
        let known = self.indexes.borrow().get(&key).cloned();
        let index = known.unwrap_or_else(|| {
            let index = Rc::new(self.index(relation, columns));
            self.indexes.borrow_mut().insert(key, index.clone());
            index
        });
        let mut wanted = [0; WIDTH];
        wanted.iter_mut().zip(values).for_each(|(slot, value)| *slot = *value);
        index.get(&wanted).cloned().unwrap_or_else(|| Rc::from([]))
    }

    fn index(&self, relation: RelationId, columns: &[usize]) -> Index {
        let mut lists: HashMap<Row, Vec<Row>> = HashMap::new();
        for row in self.rows(relation) {
            let mut key = [0; WIDTH];
            for (slot, column) in key.iter_mut().zip(columns) {
                *slot = row.get(*column).copied().unwrap_or_default();
            }
            lists.entry(key).or_default().push(*row);
        }
        lists.into_iter().map(|(key, rows)| (key, Rc::from(rows))).collect()
    }
}
