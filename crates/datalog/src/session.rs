//! Facts that come and go, and what follows from them at each moment.

use std::collections::{BTreeMap, BTreeSet};

use crate::database::Database;
use crate::engine::{Delta, Engine, Round, Stopped};
use crate::pattern::{Encoded, FactError, Pattern};
use crate::plan::{Statistics, plan_with};
use crate::program::{Program, RelationId};
use crate::reference;
use crate::render::Difference;
use crate::value::{Change, Fact, Row, Update, WIDTH};

/// How a session computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Threads, 1–64. Results do not depend on it.
    pub workers: usize,
    /// Budget: most facts that may be derived.
    pub max_derived: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { workers: 1, max_derived: 50_000_000 }
    }
}

/// How many derived facts are kept once the budget is exceeded.
pub const KEPT_WHEN_CUT: u64 = 100_000;

/// A program and the facts it runs on. Facts are inserted and retracted freely; [`Session::commit`] brings what
/// follows from them up to date.
pub struct Session {
    pub(crate) program: Program,
    pub(crate) database: Database,
    pub(crate) base: Vec<BTreeSet<Row>>,
    pending: BTreeMap<(RelationId, Row), Difference>,
    engine: Option<Engine>,
    options: Options,
    incomplete: Option<Incomplete>,
}

/// What a cut left out: no fact that is there is wrong, but others are missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incomplete {
    /// The budget, in derived facts.
    pub limit: u64,
    /// Relations of which some facts may be missing, sorted.
    pub cut: Vec<String>,
    /// Relations that were not computed at all, sorted.
    pub untouched: Vec<String>,
}

/// What a commit changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    delta: Delta,
}

impl Changes {
    /// Facts that came or went.
    pub fn len(&self) -> usize {
        self.delta.len()
    }

    /// Nothing came or went.
    pub fn is_empty(&self) -> bool {
        self.delta.is_empty()
    }

    /// The facts, sorted.
    pub fn updates(&self, session: &Session) -> Vec<Update> {
        let symbols = &session.program.symbols;
        let visible = self.delta.iter().filter(|(id, ..)| !session.program.relation(*id).internal);
        let mut updates: Vec<Update> = visible
            .map(|(id, row, difference)| Update {
                fact: session.program.decode(symbols, *id, row),
                change: if *difference > 0 { Change::Added } else { Change::Removed },
            })
            .collect();
        updates.sort();
        updates
    }
}

/// Why a commit failed. The session's base facts are kept; the next commit starts the engine anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CommitError {
    /// A worker thread could not be started, or has panicked.
    #[error("the rule engine stopped; hint: try fewer workers, and report this as a bug if it happens again")]
    EngineStopped,
}

impl From<Stopped> for CommitError {
    fn from(_: Stopped) -> Self {
        Self::EngineStopped
    }
}

impl Session {
    /// A session with the facts of the program's own text. Nothing is derived before the first commit.
    pub fn new(program: Program, options: Options) -> Self {
        let relations = program.relations.len();
        let mut session = Self {
            database: Database::new(relations),
            base: vec![BTreeSet::new(); relations],
            pending: BTreeMap::new(),
            engine: None,
            options,
            incomplete: None,
            program,
        };
        for (relation, row) in std::mem::take(&mut session.program.facts) {
            session.change(relation, row, Change::Added);
        }
        session
    }

    /// The program.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// Adds a base fact; false if it was there.
    ///
    /// # Errors
    /// If it is no fact of a declared relation.
    pub fn insert(&mut self, fact: &Fact) -> Result<bool, FactError> {
        self.update(fact, Change::Added)
    }

    /// Takes a base fact away; false if it was not there. What is derived otherwise stays.
    ///
    /// # Errors
    /// If it is no fact of a declared relation.
    pub fn retract(&mut self, fact: &Fact) -> Result<bool, FactError> {
        self.update(fact, Change::Removed)
    }

    fn update(&mut self, fact: &Fact, change: Change) -> Result<bool, FactError> {
        let mut symbols = std::mem::take(&mut self.program.symbols);
        let encoded = self.program.encode(&mut symbols, fact);
        self.program.symbols = symbols;
        let (relation, row) = encoded?;
        Ok(self.change(relation, row, change))
    }

    fn change(&mut self, relation: RelationId, row: Row, change: Change) -> bool {
        let Some(rows) = self.base.get_mut(relation.0) else { return false };
        let (changed, difference) = match change {
            Change::Added => (rows.insert(row), 1),
            Change::Removed => (rows.remove(&row), -1),
        };
        if changed {
            *self.pending.entry((relation, row)).or_default() += difference;
        }
        changed
    }

    /// Derives what follows from the changes since the last commit.
    ///
    /// # Errors
    /// [`CommitError::EngineStopped`]. An exceeded budget is no error: see [`Session::incomplete`].
    pub fn commit(&mut self) -> Result<Changes, CommitError> {
        let pending = std::mem::take(&mut self.pending);
        let delta: Delta =
            pending.into_iter().filter(|(_, d)| *d != 0).map(|((r, row), d)| (r, row, d)).collect();
        match self.engine.take() {
            None => self.start(),
            Some(mut engine) => match engine.commit(delta.clone())? {
                Round::Exceeded => {
                    drop(engine);
                    Ok(self.replace(None))
                }
                Round::Changes(derived) if self.too_many(&derived) => {
                    drop(engine);
                    Ok(self.replace(None))
                }
                Round::Changes(derived) => {
                    self.engine = Some(engine);
                    Ok(self.apply(delta, derived))
                }
            },
        }
    }

    fn start(&mut self) -> Result<Changes, CommitError> {
        let plans =
            plan_with(&self.program, &self.statistics()).unwrap_or_else(|_| self.program.plans.clone());
        let mut engine =
            Engine::start(&self.program, &plans, self.options.workers, self.options.max_derived)?;
        let rows = self.base.iter().enumerate();
        let all = rows.flat_map(|(at, rows)| rows.iter().map(move |row| (RelationId(at), *row, 1))).collect();
        match engine.commit(all)? {
            Round::Changes(derived) if derived.len() as u64 <= self.options.max_derived => {
                self.engine = Some(engine);
                Ok(self.replace(Some(derived)))
            }
            Round::Changes(_) | Round::Exceeded => Ok(self.replace(None)),
        }
    }

    fn too_many(&self, derived: &Delta) -> bool {
        let more: i64 = derived.iter().map(|(_, _, d)| i64::from(*d)).sum();
        u64::try_from(more)
            .is_ok_and(|more| self.derived_facts().saturating_add(more) > self.options.max_derived)
    }

    fn statistics(&self) -> Statistics {
        let relation = |(rows, relation): (&BTreeSet<Row>, &crate::program::Relation)| {
            if relation.derived {
                return None;
            }
            let mut distinct = [1.0; WIDTH];
            for (column, slot) in distinct.iter_mut().enumerate().take(relation.columns.len()) {
                let mut values: Vec<u32> = rows.iter().filter_map(|row| row.get(column).copied()).collect();
                values.sort_unstable();
                values.dedup();
                *slot = values.len() as f64;
            }
            Some((rows.len() as f64, distinct))
        };
        Statistics { relations: self.base.iter().zip(&self.program.relations).map(relation).collect() }
    }

    /// Base and derived changes of one round into the database.
    fn apply(&mut self, delta: Delta, derived: Delta) -> Changes {
        let mut all = delta;
        all.retain(|(id, ..)| !self.program.relation(*id).derived);
        all.extend(derived);
        for (id, row, difference) in &all {
            if *difference > 0 {
                self.database.insert(*id, *row);
            } else {
                self.database.remove(*id, row);
            }
        }
        Changes { delta: all }
    }

    /// A database from scratch: what a new engine derived, or what the reference evaluator can within the budget.
    fn replace(&mut self, derived: Option<Delta>) -> Changes {
        let mut database = Database::new(self.program.relations.len());
        for (at, rows) in self.base.iter().enumerate() {
            for row in rows {
                database.insert(RelationId(at), *row);
            }
        }
        self.incomplete = None;
        match derived {
            Some(derived) => {
                for (id, row, _) in derived {
                    database.insert(id, row);
                }
            }
            None => {
                let limit = self.options.max_derived.min(KEPT_WHEN_CUT);
                let cut = reference::evaluate(&self.program, &mut database, limit);
                let stratum = cut.err().map_or(self.program.strata.len(), |cut| cut.stratum);
                self.incomplete = Some(self.describe(stratum));
            }
        }
        let before = std::mem::replace(&mut self.database, database);
        Changes { delta: difference(&before, &self.database, self.program.relations.len()) }
    }

    fn describe(&self, stratum: usize) -> Incomplete {
        let names = |strata: &[crate::stratify::Stratum]| {
            let relations = strata.iter().flat_map(|s| &s.relations).map(|id| self.program.relation(*id));
            let mut names: Vec<String> = relations.filter(|r| !r.internal).map(|r| r.name.clone()).collect();
            names.sort();
            names
        };
        let (_, from) = self.program.strata.split_at(stratum.min(self.program.strata.len()));
        let (cut, untouched) = from.split_at(from.len().min(1));
        Incomplete { limit: self.options.max_derived, cut: names(cut), untouched: names(untouched) }
    }

    /// Set while the last commit exceeded the budget. What is derived then still holds, but is not all.
    pub fn incomplete(&self) -> Option<&Incomplete> {
        self.incomplete.as_ref()
    }

    /// How many facts the rules derive now, those of base facts not counted.
    pub fn derived_facts(&self) -> u64 {
        let relations = self.program.relations.iter().enumerate().filter(|(_, r)| r.derived && !r.internal);
        relations
            .map(|(at, _)| {
                let base = self.base.get(at).map_or(0, BTreeSet::len);
                self.database.count(RelationId(at)).saturating_sub(base) as u64
            })
            .sum()
    }

    /// All facts of a relation, sorted; none if there is no such relation.
    pub fn facts(&self, relation: &str) -> Vec<Fact> {
        let Some(id) = self.program.names.get(relation) else { return Vec::new() };
        let rows = self.database.rows(*id);
        let mut facts: Vec<Fact> =
            rows.map(|row| self.program.decode(&self.program.symbols, *id, row)).collect();
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
        let given = pattern.values.iter().enumerate().filter_map(|(column, v)| Some((column, (*v)?)));
        let (columns, values): (Vec<usize>, Vec<u32>) = given.unzip();
        self.database.matching(pattern.relation, &columns, &values).to_vec()
    }

    /// Applies updates, reads, and takes the updates back. The session is as before, also after an error.
    ///
    /// # Errors
    /// [`WhatIfError`]: an update that is no fact, or an engine that stopped.
    pub fn what_if<T>(
        &mut self,
        updates: &[Update],
        read: impl FnOnce(&Self, &Changes) -> T,
    ) -> Result<T, WhatIfError> {
        let mut done = Vec::new();
        let applied = updates.iter().try_for_each(|update| {
            if self.update(&update.fact, update.change)? {
                done.push(update);
            }
            Ok::<(), FactError>(())
        });
        let result = match applied {
            Ok(()) => self.commit().map(|changes| read(self, &changes)).map_err(WhatIfError::from),
            Err(error) => Err(error.into()),
        };
        for update in done.into_iter().rev() {
            self.update(&update.fact, update.change.inverse())?;
        }
        self.commit()?;
        result
    }
}

/// Why a what-if question has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WhatIfError {
    /// An update is no fact of the program.
    #[error(transparent)]
    Fact(#[from] FactError),
    /// The engine stopped.
    #[error(transparent)]
    Commit(#[from] CommitError),
}

fn difference(before: &Database, after: &Database, relations: usize) -> Delta {
    let mut delta = Delta::new();
    for id in (0..relations).map(RelationId) {
        delta.extend(before.rows(id).filter(|row| !after.contains(id, row)).map(|row| (id, *row, -1)));
        delta.extend(after.rows(id).filter(|row| !before.contains(id, row)).map(|row| (id, *row, 1)));
    }
    delta
}
