//! Facts that come and go, and what follows from them at each moment.

mod changes;
mod read;
mod start;

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use crate::database::{Database, Table};
use crate::engine::{Delta, Engine, Round, Stopped};
use crate::explain::Recorded;
use crate::operators::Difference;
use crate::order::Statistics;
use crate::packed::{Mixed, Packed};
use crate::pattern::FactError;
use crate::program::{Program, RelationId};
use crate::seminaive::{Exceeded, SemiNaive};
use crate::value::{Change, Fact, Row, Update};
use crate::workers::Workers;

pub use changes::{Changes, CommitError, Incomplete, Limit, WhatIfError};

/// How conclusions are kept up to date. What holds does not depend on it; which of several proofs is shown may.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Method {
    /// Rules are followed from what came and what went: the fastest on one machine.
    #[default]
    SemiNaive,
    /// Operators of differential-dataflow, which keep every intermediate result.
    Dataflow,
}

/// How a session computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Threads, 1–64. Results do not depend on it.
    pub workers: usize,
    /// Budget: most facts that may be derived.
    pub max_derived: u64,
    /// Budget: most steps of one commit. A step is a row that is tried for a premise, so that a rule that joins much and
    /// concludes little ends as well. [`Method::Dataflow`] finishes joins that it has begun, without conclusions.
    pub max_steps: u64,
    /// The way to the results.
    pub method: Method,
}

pub(crate) enum Machine {
    SemiNaive(Box<SemiNaive>),
    Dataflow(Engine),
}

impl Machine {
    fn commit(&mut self, program: &Program, delta: &Delta) -> Result<Round, Stopped> {
        match self {
            Self::SemiNaive(machine) => {
                Ok(machine.commit(program, delta).map_or_else(Round::Exceeded, Round::Changes))
            }
            Self::Dataflow(engine) => engine.commit(delta.clone()),
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self { workers: 1, max_derived: 50_000_000, max_steps: 5_000_000_000, method: Method::default() }
    }
}

/// How many derived facts are kept once the budget is exceeded.
pub const KEPT_WHEN_CUT: u64 = 100_000;
/// How many steps are done for them: seconds.
const STEPS_WHEN_CUT: u64 = 2_000_000;

/// A program and the facts it runs on. Facts are inserted and retracted freely; [`Session::commit`] brings what
/// follows from them up to date.
pub struct Session {
    pub(crate) program: Program,
    pub(crate) database: Database,
    /// Stated facts of derived relations; those of all others are in the database alone.
    pub(crate) stated: Database,
    /// Facts that the program's own text states.
    pub(crate) written: Vec<(RelationId, Row)>,
    /// Facts that are to come (true) or go with the next commit, by relation.
    pub(crate) pending: Vec<HashMap<Row, bool, Mixed>>,
    /// How often beyond once the engine holds a row, where it does.
    pub(crate) more: HashMap<(RelationId, Row), Difference>,
    pub(crate) engine: RefCell<Option<Machine>>,
    options: Options,
    workers: Workers,
    pub(crate) incomplete: Option<Incomplete>,
    /// Of the last commit, once somebody asked why.
    pub(crate) recorded: OnceCell<Recorded>,
}

impl Session {
    /// A session with the facts of the program's own text. Nothing is derived before the first commit.
    pub fn new(program: Program, options: Options) -> Self {
        let mut session = Self {
            database: Database::new(&program),
            stated: Database::new(&program),
            written: Vec::new(),
            pending: vec![HashMap::default(); program.relations.len()],
            more: HashMap::new(),
            engine: RefCell::new(None),
            options,
            workers: Workers::new(options.workers),
            incomplete: None,
            recorded: OnceCell::new(),
            program,
        };
        session.written = std::mem::take(&mut session.program.facts);
        for (relation, row) in session.written.clone() {
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
        let stated = self.is_stated(relation, &row);
        let Some(pending) = self.pending.get_mut(relation.0) else { return false };
        let wanted = change == Change::Added;
        if pending.get(&row).copied().unwrap_or(stated) == wanted {
            return false;
        }
        if stated == wanted {
            pending.remove(&row);
        } else {
            pending.insert(row, wanted);
        }
        true
    }

    /// A base fact of the last commit.
    pub(crate) fn is_stated(&self, relation: RelationId, row: &Row) -> bool {
        self.base(relation).contains(relation, row)
    }

    /// Where the base facts of a relation are.
    pub(crate) fn base(&self, relation: RelationId) -> &Database {
        let derived = self.program.relations.get(relation.0).is_some_and(|r| r.derived);
        if derived { &self.stated } else { &self.database }
    }

    fn base_mut(&mut self, relation: RelationId) -> &mut Database {
        let derived = self.program.relations.get(relation.0).is_some_and(|r| r.derived);
        if derived { &mut self.stated } else { &mut self.database }
    }

    /// Derives what follows from the changes since the last commit.
    ///
    /// # Errors
    /// [`CommitError::EngineStopped`]. An exceeded budget is no error: see [`Session::incomplete`].
    pub fn commit(&mut self) -> Result<Changes, CommitError> {
        self.recorded.take();
        let delta = self.take_pending();
        let Some(mut engine) = self.engine.get_mut().take() else { return self.start(&delta) };
        match engine.commit(&self.program, &delta) {
            Err(stopped) => {
                self.state(&delta);
                Err(stopped.into())
            }
            Ok(Round::Changes(derived)) if !self.too_many(&derived) => {
                *self.engine.get_mut() = Some(engine);
                Ok(self.apply(&delta, &derived))
            }
            Ok(Round::Exceeded(which)) => Ok(self.exceeded(&delta, which)),
            Ok(Round::Changes(_)) => Ok(self.exceeded(&delta, Exceeded::Facts)),
        }
    }

    /// The engine is of no more use: what is kept is derived anew.
    fn exceeded(&mut self, delta: &Delta, which: Exceeded) -> Changes {
        let before = self.tables();
        self.state(delta);
        self.cut(which);
        self.since(&before)
    }

    fn take_pending(&mut self) -> Delta {
        let sorted = |pending: &mut HashMap<Row, bool, Mixed>| {
            let changes = std::mem::take(pending).into_iter();
            let mut changes: Vec<(Row, Difference)> =
                changes.map(|(row, comes)| (row, if comes { 1 } else { -1 })).collect();
            self.workers.sort(&mut changes);
            changes
        };
        let rows = self.pending.iter().map(HashMap::len).sum();
        self.workers.map(rows, self.pending.iter_mut().collect(), sorted)
    }

    /// Base facts come and go, nothing else.
    fn state(&mut self, delta: &Delta) {
        let all = self.ids().zip(delta).filter(|(_, changes)| !changes.is_empty());
        let (first, later): (Vec<_>, Vec<_>) = all.partition(|(id, _)| self.base(*id).count(*id) == 0);
        let width = |id: RelationId| self.program.relation(id).columns.len();
        let first: Vec<_> = first.into_iter().map(|(id, changes)| (id, width(id), changes)).collect();
        let rows = first.iter().map(|(.., changes)| changes.len()).sum();
        let tables = self.workers.map(rows, first, |(id, width, changes)| {
            let rows = changes.iter().filter(|(_, d)| *d > 0).map(|(row, _)| *row);
            (id, width, Packed::new(width, rows))
        });
        for (id, width, rows) in tables {
            self.base_mut(id).set(id, Table::of_sorted(rows, width));
        }
        for (id, changes) in later {
            let database = self.base_mut(id);
            for (row, difference) in changes {
                if *difference > 0 {
                    database.insert(id, *row);
                } else {
                    database.remove(id, row);
                }
            }
        }
        self.stated.settle();
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = RelationId> + use<> {
        (0..self.program.relations.len()).map(RelationId)
    }

    pub(crate) fn tables(&self) -> Vec<Rc<Packed>> {
        self.ids().map(|id| self.database.table(id).map(Table::settled).unwrap_or_default()).collect()
    }

    /// Facts of a new text in the place of those of the old one, whose relations had the numbers in `old`.
    pub(crate) fn restate(&mut self, written: Vec<(RelationId, Row)>, old: &[Option<RelationId>]) {
        let now = |id: RelationId| old.iter().position(|from| *from == Some(id)).map(RelationId);
        for (relation, row) in std::mem::replace(&mut self.written, written) {
            if let Some(relation) = now(relation) {
                self.change(relation, row, Change::Removed);
            }
        }
        for (relation, row) in self.written.clone() {
            self.change(relation, row, Change::Added);
        }
    }

    /// What holds now and did not before, and the other way round.
    pub(crate) fn since(&self, before: &[Rc<Packed>]) -> Changes {
        let now = self.ids().zip(self.tables());
        if before.iter().all(|rows| rows.len() == 0) {
            return Changes { begun: now.collect(), delta: Vec::new() };
        }
        let mut delta = Vec::new();
        for ((id, after), before) in now.zip(before) {
            let absent = |rows: &Packed, row: &Row| rows.position(row).is_none();
            let went = before.rows().filter(|row| absent(&after, row));
            delta.extend(went.map(|row| (id, row, Change::Removed)));
            let came = after.rows().filter(|row| absent(before, row));
            delta.extend(came.map(|row| (id, row, Change::Added)));
        }
        Changes { begun: Vec::new(), delta }
    }

    fn too_many(&self, derived: &Delta) -> bool {
        let more: i64 = derived.iter().flatten().map(|(_, d)| i64::from(*d)).sum();
        u64::try_from(more)
            .is_ok_and(|more| self.derived_facts().saturating_add(more) > self.options.max_derived)
    }

    /// Of base relations; those of derived ones are estimated from them.
    fn statistics(&self) -> Statistics {
        let of = |id: RelationId| {
            let table = self.database.table(id).filter(|_| !self.program.relation(id).derived)?;
            Some(table.settled().statistics())
        };
        Statistics { relations: self.ids().map(of).collect() }
    }

    /// Base and derived changes of one round into the database.
    fn apply(&mut self, delta: &Delta, derived: &Delta) -> Changes {
        let mut changed = Vec::new();
        for (id, rows) in self.ids().zip(delta).filter(|(id, _)| !self.program.relation(*id).derived) {
            let change = |d: Difference| if d > 0 { Change::Added } else { Change::Removed };
            changed.extend(rows.iter().map(|(row, difference)| (id, *row, change(*difference))));
        }
        self.state(delta);
        for (id, rows) in self.ids().zip(derived) {
            for (row, difference) in rows {
                let change = self.tally(id, *row, *difference);
                changed.extend(change.map(|change| (id, *row, change)));
            }
        }
        self.database.settle();
        Changes { begun: Vec::new(), delta: changed }
    }

    /// A derived row so many times more; the database holds it while the engine does at least once.
    fn tally(&mut self, id: RelationId, row: Row, difference: Difference) -> Option<Change> {
        let held = self.database.contains(id, &row);
        let before = Difference::from(held) + self.more.remove(&(id, row)).unwrap_or_default();
        let after = before + difference;
        if after > 1 {
            self.more.insert((id, row), after - 1);
        }
        match (held, after > 0) {
            (false, true) => self.database.insert(id, row).then_some(Change::Added),
            (true, false) => self.database.remove(id, &row).then_some(Change::Removed),
            _ => None,
        }
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
