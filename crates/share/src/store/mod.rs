//! Where facts lie: a directory with a version, a SQLite database, blobs, and the log's key.

mod directory;
mod migrate;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};

pub(crate) use directory::DATABASE;

use crate::blob::Blobs;
use crate::error::OpenError;
use crate::fact::Entry;

/// What the instance signs with.
#[cfg_attr(test, derive(Debug, PartialEq))]
pub(crate) struct Seeds {
    /// Checkpoints of the log.
    pub(crate) log: [u8; 32],
    /// Statements it makes under a delegation.
    pub(crate) instance: [u8; 32],
    /// Cosignatures of other logs.
    pub(crate) witness: [u8; 32],
}

pub(crate) struct Store {
    pub(crate) pool: SqlitePool,
    /// For lines that may be lost in a power cut without harm: they reach the disk with the next transaction of `pool`.
    pub(crate) relaxed: SqlitePool,
    pub(crate) blobs: Blobs,
    /// Seeds of the instance's own keys; never those of an organization.
    pub(crate) seeds: Seeds,
    /// Held while open: two processes would each know only half of the facts.
    lock: Mutex<Option<File>>,
}

impl Store {
    /// Opens `folder`, makes it where it is empty or missing, and brings an older one up to date.
    pub(crate) async fn open(folder: &Path) -> Result<Self, OpenError> {
        let (lock, seeds) = directory::prepare(folder)?;
        let database = |source| OpenError::Database { path: folder.to_owned(), source };
        let options = SqliteConnectOptions::new()
            .filename(folder.join(directory::DATABASE))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // What was answered must be on disk.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(10));
        let relaxed = options.clone().synchronous(SqliteSynchronous::Normal);
        let pool =
            SqlitePoolOptions::new().max_connections(4).connect_with(options).await.map_err(database)?;
        let relaxed =
            SqlitePoolOptions::new().max_connections(1).connect_with(relaxed).await.map_err(database)?;
        migrate::run(&pool, folder, migrate::MIGRATIONS).await?;
        let blobs =
            Blobs::open(folder.join("blobs")).map_err(|(path, source)| OpenError::Io { path, source })?;
        Ok(Self { pool, relaxed, blobs, seeds, lock: Mutex::new(Some(lock)) })
    }

    /// Closes the database and lets others open the directory.
    pub(crate) async fn close(&self) {
        self.relaxed.close().await;
        self.pool.close().await;
        self.lock.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// All facts in their order.
    pub(crate) async fn facts(&self, folder: &Path) -> Result<Vec<Entry>, OpenError> {
        let rows: Vec<(i64, String)> = sqlx::query_as("SELECT seq, body FROM fact ORDER BY seq")
            .fetch_all(&self.pool)
            .await
            .map_err(|source| OpenError::Database { path: PathBuf::from(folder), source })?;
        rows.into_iter()
            .map(|(seq, body)| {
                let damaged = |e| OpenError::Damaged { what: format!("fact {seq} does not read: {e}") };
                serde_json::from_str(&body).map_err(damaged)
            })
            .collect()
    }
}
