//! What holds now.

use super::{Incomplete, Session};
use crate::pattern::{Encoded, FactError, Pattern};
use crate::program::{Relation, RelationId};
use crate::value::{Fact, Row};

impl Session {
    /// Set while the last commit exceeded the budget. What is derived then still holds, but is not all.
    pub fn incomplete(&self) -> Option<&Incomplete> {
        self.incomplete.as_ref()
    }

    /// How many facts the rules derive now, those of base facts not counted.
    pub fn derived_facts(&self) -> u64 {
        let visible = |id: &RelationId| {
            let relation = self.program.relation(*id);
            relation.derived && !relation.internal
        };
        let more = |id| self.database.count(id).saturating_sub(self.stated.count(id)) as u64;
        self.ids().filter(visible).map(more).sum()
    }

    /// How many facts each relation holds, in the order of declaration.
    pub fn counts(&self) -> impl Iterator<Item = (&Relation, usize)> {
        let relations = self.ids().map(|id| (self.program.relation(id), self.database.count(id)));
        relations.filter(|(relation, _)| !relation.internal)
    }

    /// All facts of a relation, sorted; none if there is no such relation.
    pub fn facts(&self, relation: &str) -> Vec<Fact> {
        let Some(id) = self.program.names.get(relation) else { return Vec::new() };
        let rows = self.database.rows(*id);
        let mut facts: Vec<Fact> =
            rows.map(|row| self.program.decode(&self.program.symbols, *id, &row)).collect();
        facts.sort();
        facts
    }

    /// All facts that fit a pattern, sorted.
    ///
    /// # Errors
    /// If the pattern's relation is not declared, or has other columns.
    pub fn matching(&self, pattern: &Pattern) -> Result<Vec<Fact>, FactError> {
        let encoded = self.program.encode_pattern(&self.program.symbols, pattern)?;
        let rows = encoded.map(|e| self.rows(&e)).unwrap_or_default();
        let id = self.program.find(&pattern.relation, pattern.args.len())?;
        let mut facts: Vec<Fact> =
            rows.iter().map(|row| self.program.decode(&self.program.symbols, id, row)).collect();
        facts.sort();
        Ok(facts)
    }

    pub(crate) fn rows(&self, pattern: &Encoded) -> Vec<Row> {
        let (columns, values) = pattern.given();
        self.database.matching(pattern.relation, &columns, &values)
    }
}
