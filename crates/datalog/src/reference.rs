//! The slow, obvious evaluator: stratum by stratum, round by round, every rule on what the last round brought.
//!
//! It is the oracle that tests compare the engine with, and what a session falls back to when the budget on derived
//! facts is exceeded: it then stops at exactly the same fact for any number of workers. Everything it has derived by
//! then does follow, because no stratum begins before those below it are complete.

use std::collections::BTreeSet;

use crate::database::Database;
use crate::matching::{Delta, for_each_match, ground};
use crate::operators::project;
use crate::pattern::FactError;
use crate::plan::checks;
use crate::program::{Aggregate, Literal, Program, RelationId};
use crate::render::{fold, pass};
use crate::stratify::Stratum;
use crate::value::{Fact, Row};

/// All facts that follow from the program's own and the given facts, these included, sorted.
///
/// # Errors
/// If a fact belongs to no declared relation.
pub fn reference(program: &Program, facts: &[Fact]) -> Result<Vec<Fact>, FactError> {
    let mut symbols = program.symbols.clone();
    let mut database = Database::new(program);
    for (relation, row) in &program.facts {
        database.insert(*relation, *row);
    }
    for fact in facts {
        let (relation, row) = program.encode(&mut symbols, fact)?;
        database.insert(relation, row);
    }
    // No more facts than this fit into memory: there is no cut.
    let _complete = evaluate(program, &mut database, &mut Left { facts: u64::MAX, steps: u64::MAX });
    let relations = program.relations.iter().enumerate().filter(|(_, r)| !r.internal);
    let rows =
        relations.flat_map(|(at, _)| database.rows(RelationId(at)).map(move |row| (RelationId(at), row)));
    let mut all: Vec<Fact> = rows.map(|(id, row)| program.decode(&symbols, id, &row)).collect();
    all.sort();
    Ok(all)
}

/// Where evaluation stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cut {
    /// The stratum that was being computed.
    pub(crate) stratum: usize,
}

/// What may still be done.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Left {
    /// Facts to derive.
    pub(crate) facts: u64,
    /// Rows to try for a premise.
    pub(crate) steps: u64,
}

/// Adds everything that follows to `database`, as far as the budget goes.
pub(crate) fn evaluate(program: &Program, database: &mut Database, left: &mut Left) -> Result<(), Cut> {
    database.settle_all();
    for (at, stratum) in program.strata.iter().enumerate() {
        for aggregate in stratum.aggregates.iter().filter_map(|a| program.aggregates.get(*a)) {
            for row in rows_of(aggregate, database) {
                database.insert(aggregate.relation, row);
            }
        }
        if !derive(program, stratum, database, left) {
            return Err(Cut { stratum: at });
        }
    }
    Ok(())
}

fn rows_of(aggregate: &Aggregate, database: &Database) -> Vec<Row> {
    let checks = checks(&aggregate.source);
    let mut groups: std::collections::BTreeMap<Row, Vec<Row>> = std::collections::BTreeMap::new();
    for row in database.rows(aggregate.source.relation).filter(|row| pass(&checks, row)) {
        groups.entry(project(&row, &aggregate.group)).or_default().push(row);
    }
    let result = |(mut key, rows): (Row, Vec<Row>)| {
        let value = fold(aggregate.function, aggregate.over, rows.iter())?;
        if let Some(slot) = key.get_mut(aggregate.group.len()) {
            *slot = value;
        }
        Some(key)
    };
    groups.into_iter().filter_map(result).collect()
}

fn derive(program: &Program, stratum: &Stratum, database: &mut Database, left: &mut Left) -> bool {
    let mut fresh: BTreeSet<(RelationId, Row)> = BTreeSet::new();
    for rule in stratum.rules.iter().filter_map(|r| program.rules.get(*r)) {
        let most = left.facts;
        for_each_match(rule, database, None, &mut left.steps, &mut |values| {
            let row = ground(&rule.head, values);
            if !database.contains(rule.head.relation, &row) {
                fresh.insert((rule.head.relation, row));
            }
            fresh.len() as u64 <= most
        });
    }
    loop {
        let mut added: Vec<(RelationId, Row)> = Vec::new();
        for (relation, row) in fresh {
            if database.contains(relation, &row) {
                continue;
            }
            if left.facts == 0 {
                return false;
            }
            left.facts -= 1;
            database.insert(relation, row);
            added.push((relation, row));
        }
        if left.steps == 0 {
            return false;
        }
        if added.is_empty() {
            return true;
        }
        database.settle();
        fresh = round(program, stratum, database, &added, left);
    }
}

/// Conclusions of the stratum's rules that use at least one of the facts just added.
fn round(
    program: &Program,
    stratum: &Stratum,
    database: &Database,
    added: &[(RelationId, Row)],
    left: &mut Left,
) -> BTreeSet<(RelationId, Row)> {
    let mut fresh = BTreeSet::new();
    for rule in stratum.rules.iter().filter_map(|r| program.rules.get(*r)) {
        for (premise, literal) in rule.body.iter().enumerate() {
            let Literal::Positive(atom) = literal else { continue };
            let rows: Vec<Row> =
                added.iter().filter(|(r, _)| *r == atom.relation).map(|(_, row)| *row).collect();
            if rows.is_empty() {
                continue;
            }
            let delta = Delta { premise, rows: &rows };
            let most = left.facts;
            for_each_match(rule, database, Some(&delta), &mut left.steps, &mut |values| {
                let row = ground(&rule.head, values);
                if !database.contains(rule.head.relation, &row) {
                    fresh.insert((rule.head.relation, row));
                }
                fresh.len() as u64 <= most
            });
        }
    }
    fresh
}
