//! Threads among which work is shared.
//!
//! What comes out does not depend on how many there are: work is cut into pieces without regard to it, and results come
//! in the order of the pieces.

use std::sync::Arc;

use rayon::ThreadPool;
use rayon::iter::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};
use rayon::slice::ParallelSliceMut;

/// Fewer rows are done with before another thread is awake.
const FEW: usize = 1024;

/// The threads of a session; none of their own where there is to be only one.
#[derive(Clone)]
pub(crate) struct Workers(Option<Arc<ThreadPool>>);

impl Workers {
    /// 1–64. Where the system gives no threads, the work is done without.
    pub(crate) fn new(count: usize) -> Self {
        let pool = || rayon::ThreadPoolBuilder::new().num_threads(count.min(64)).build().ok();
        Self((count > 1).then(pool).flatten().map(Arc::new))
    }

    /// Work that will share parts of itself often: whoever does it then waits for no one to wake up.
    pub(crate) fn run<T: Send>(&self, rows: usize, work: impl FnOnce() -> T + Send) -> T {
        match &self.0 {
            Some(pool) if rows >= FEW => pool.install(work),
            _ => work(),
        }
    }

    /// The results of all pieces, in their order. `rows` says how much work they are together.
    pub(crate) fn map<P: Send, T: Send>(
        &self,
        rows: usize,
        pieces: Vec<P>,
        work: impl Fn(P) -> T + Send + Sync,
    ) -> Vec<T> {
        match &self.0 {
            Some(pool) if rows >= FEW && pieces.len() > 1 => {
                pool.install(|| pieces.into_par_iter().with_max_len(1).map(work).collect())
            }
            _ => pieces.into_iter().map(work).collect(),
        }
    }

    /// Ascending.
    pub(crate) fn sort<T: Ord + Send>(&self, rows: &mut [T]) {
        match &self.0 {
            Some(pool) if rows.len() >= FEW => pool.install(|| rows.par_sort_unstable()),
            _ => rows.sort_unstable(),
        }
    }
}
