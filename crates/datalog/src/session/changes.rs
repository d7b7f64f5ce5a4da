//! What a commit changed, and what may be said against it.

use std::rc::Rc;

use super::Session;
use crate::engine::Stopped;
use crate::packed::Packed;
use crate::pattern::FactError;
use crate::program::RelationId;
use crate::value::{Change, Row, Update};

/// What a cut left out: no fact that is there is wrong, but others are missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incomplete {
    /// The budget that was exceeded.
    pub limit: Limit,
    /// Relations of which some facts may be missing, sorted.
    pub cut: Vec<String>,
    /// Relations that were not computed at all, sorted.
    pub untouched: Vec<String>,
}

/// A budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// [`Options::max_derived`](crate::Options::max_derived).
    Facts(u64),
    /// [`Options::max_steps`](crate::Options::max_steps).
    Steps(u64),
}

impl std::fmt::Display for Limit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Facts(most) => write!(f, "{most} derived facts"),
            Self::Steps(most) => write!(f, "{most} steps"),
        }
    }
}

/// What a commit changed.
#[derive(Default)]
pub struct Changes {
    /// Everything that holds, after a commit from scratch.
    pub(super) begun: Vec<(RelationId, Rc<Packed>)>,
    pub(super) delta: Vec<(RelationId, Row, Change)>,
}

impl Changes {
    /// Facts that came or went.
    pub fn len(&self) -> usize {
        self.delta.len() + self.begun.iter().map(|(_, rows)| rows.len()).sum::<usize>()
    }

    /// Nothing came or went.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The facts, sorted.
    pub fn updates(&self, session: &Session) -> Vec<Update> {
        let begun = self.begun.iter().flat_map(|(id, rows)| rows.rows().map(|row| (*id, row, Change::Added)));
        let all = begun.chain(self.delta.iter().copied());
        let visible = all.filter(|(id, ..)| !session.program.relation(*id).internal);
        let update = |(id, row, change): (RelationId, Row, Change)| Update {
            fact: session.program.decode(&session.program.symbols, id, &row),
            change,
        };
        let mut updates: Vec<Update> = visible.map(update).collect();
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
