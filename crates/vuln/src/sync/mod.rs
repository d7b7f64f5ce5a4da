//! Fetching feeds: only what is due, only what changed, resumed where it broke off, checked before it replaces the old.
//!
//! A folder holds one file a feed and `state.json` with what the server said of it. A file appears complete and checked,
//! or not at all. Only HTTPS is spoken, but to this machine itself. [`build`](crate::build) and
//! [`update`](crate::update) read what lies in the folder: without a network everything else works as well.

mod fetch;
mod schedule;
mod state;

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

pub use fetch::FetchError;
pub use schedule::{Feed, Schedule, ScheduleError};

use state::State;

/// How feeds are fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SyncOptions {
    /// Largest file, in bytes. Default 4 GiB.
    pub max_bytes: u64,
    /// Tries of one feed; each goes on where the last broke off. Default 4.
    pub tries: u32,
    /// Longest wait for the server to say something. Default 60 s.
    pub patience: Duration,
    /// Fetch even what is not due.
    pub all: bool,
}

impl Default for SyncOptions {
    fn default() -> Self {
        Self { max_bytes: 4 << 30, tries: 4, patience: Duration::from_secs(60), all: false }
    }
}

/// What became of a feed.
#[derive(Debug)]
#[non_exhaustive]
pub enum Synced {
    /// It is younger than its schedule demands.
    NotDue,
    /// The server has nothing newer.
    Unchanged,
    /// A new file lies in the folder.
    Fetched {
        /// Bytes that came over the network.
        transferred: u64,
        /// Bytes of the file.
        bytes: u64,
        /// Its SHA-256, lower-case hexadecimal.
        sha256: String,
    },
    /// The old file, if there was one, still stands.
    Failed(FetchError),
}

/// What one run did: name of each feed in the order of the schedule, its file, what became of it.
pub type SyncReport = Vec<(String, PathBuf, Synced)>;

/// Fetches what is due into a folder.
///
/// # Errors
/// If the folder cannot be used. That a feed fails is no error: others go on.
pub fn sync(
    schedule: &Schedule,
    folder: &Path,
    options: &SyncOptions,
    progress: &mut dyn FnMut(&str, u64, Option<u64>),
) -> Result<SyncReport, FetchError> {
    let failed = |source| FetchError::Write { path: folder.to_owned(), source };
    std::fs::create_dir_all(folder).map_err(failed)?;
    let mut state = State::read(folder)?;
    let agent = fetch::agent(options);
    let mut report = Vec::new();
    for feed in schedule.feeds() {
        let path = folder.join(&feed.name);
        let now = SystemTime::now();
        let done = if options.all || state.is_due(feed, now) || !path.exists() {
            let mut show = |bytes, of| progress(&feed.name, bytes, of);
            match fetch::fetch(&agent, feed, folder, &mut state, options, &mut show) {
                Ok(done) => {
                    state.checked(feed, now);
                    done
                }
                Err(error) => Synced::Failed(error),
            }
        } else {
            Synced::NotDue
        };
        state.write(folder)?;
        report.push((feed.name.clone(), path, done));
    }
    Ok(report)
}
