//! Counts what the dataflow does, and closes its rules once that is too much.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

use crate::operators::Difference;
use crate::seminaive::Exceeded;

/// One account for all workers.
#[derive(Clone, Debug)]
pub(crate) struct Meter(Arc<Account>);

#[derive(Debug)]
struct Account {
    derived: AtomicI64,
    max_derived: i64,
    steps: AtomicU64,
    max_steps: u64,
    open: AtomicBool,
}

impl Meter {
    pub(crate) fn new(max_derived: u64, max_steps: u64) -> Self {
        // While old facts go and new ones come, both are counted for a moment: hence twice.
        let max_derived = i64::try_from(max_derived).unwrap_or(i64::MAX).saturating_mul(2);
        let (derived, steps) = (AtomicI64::new(0), AtomicU64::new(0));
        Self(Arc::new(Account { derived, max_derived, steps, max_steps, open: AtomicBool::new(true) }))
    }

    /// The steps of a new commit.
    pub(crate) fn begin(&self) {
        self.0.steps.store(0, Ordering::Relaxed);
    }

    /// Derived rows more or less.
    pub(crate) fn count(&self, difference: Difference) {
        let difference = i64::from(difference);
        if self.0.derived.fetch_add(difference, Ordering::Relaxed) + difference > self.0.max_derived {
            self.0.open.store(false, Ordering::Relaxed);
        }
    }

    /// A pair of rows is joined; false if there were too many.
    pub(crate) fn step(&self) -> bool {
        if self.0.steps.fetch_add(1, Ordering::Relaxed) >= self.0.max_steps {
            self.0.open.store(false, Ordering::Relaxed);
        }
        self.open()
    }

    /// Nothing was exceeded yet.
    pub(crate) fn open(&self) -> bool {
        self.0.open.load(Ordering::Relaxed)
    }

    /// What was exceeded.
    pub(crate) fn exceeded(&self) -> Option<Exceeded> {
        let steps = self.0.steps.load(Ordering::Relaxed) > self.0.max_steps;
        (!self.open()).then_some(if steps { Exceeded::Steps } else { Exceeded::Facts })
    }
}
