//! Where facts lie: a data directory with the instance's keys; SQLite in it or a PostgreSQL server; and blobs.
//!
//! Statements are written once, in the SQL that both databases share (`$1`, `ON CONFLICT`, `RETURNING`). What differs is
//! in `sqlite` and `postgres`: opening, bringing up to date, and whose turn it is. One process has a SQLite directory
//! alone; processes on one PostgreSQL take turns by a lock in it.

mod directory;
mod postgres;
mod sqlite;
mod tables;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, Once, PoisonError};
use std::time::Duration;

use sqlx::{Any, AnyPool, AssertSqlSafe, Transaction};

pub(crate) use directory::DATABASE;
pub(crate) use tables::TABLES;

use crate::blob::Blobs;
use crate::error::OpenError;
use crate::fact::Entry;
use crate::trouble::MOVED;

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

/// Where a platform keeps what it is told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// The data directory: the instance's keys, and whatever has no place of its own.
    pub data: PathBuf,
    /// A PostgreSQL server, `postgres://…`; otherwise SQLite in the data directory.
    pub database: Option<String>,
    /// A bucket, `s3://bucket/prefix?endpoint=…`; otherwise files in the data directory.
    pub blobs: Option<String>,
}

impl Places {
    /// Everything in one directory.
    pub fn directory(data: &Path) -> Self {
        Self { data: data.to_owned(), ..Self::default() }
    }
}

/// Which database it is.
pub(crate) enum Database {
    Sqlite,
    /// Its URL.
    Postgres(String),
}

pub(crate) struct Store {
    pub(crate) pool: AnyPool,
    /// For lines that may be lost in a power cut without harm: they reach the disk with the next transaction of `pool`.
    pub(crate) relaxed: AnyPool,
    pub(crate) database: Database,
    pub(crate) blobs: Blobs,
    /// Seeds of the instance's own keys; never those of an organization.
    pub(crate) seeds: Seeds,
    /// Held while open: two processes on one SQLite would each know only half of the facts.
    lock: Mutex<Option<File>>,
}

/// The turn to write, among all processes on one database. Ends when it is dropped.
pub(crate) struct Turn {
    /// Never locked: a connection is not `Sync`, and a turn is shared by those who write in it.
    _held: Mutex<Option<Transaction<'static, Any>>>,
}

/// How long a connection is waited for that may have to be closed.
const PATIENCE: Duration = Duration::from_secs(1);

impl Store {
    /// Opens `places`, makes what is missing, and brings an older database up to date.
    pub(crate) async fn open(places: &Places) -> Result<Self, OpenError> {
        let seeds = directory::prepare(&places.data)?;
        let lock = if places.database.is_none() { Some(directory::lock(&places.data)?) } else { None };
        Self::with(places, seeds, lock).await
    }

    /// Opens `places` beside whoever serves them, to copy what is there.
    pub(crate) async fn beside(places: &Places) -> Result<Self, OpenError> {
        Self::with(places, directory::prepare(&places.data)?, None).await
    }

    async fn with(places: &Places, seeds: Seeds, lock: Option<File>) -> Result<Self, OpenError> {
        install_drivers();
        let ((pool, relaxed), database) = match &places.database {
            None => (sqlite::open(&places.data).await?, Database::Sqlite),
            Some(url) => (postgres::open(url).await?, Database::Postgres(url.clone())),
        };
        let blobs = open_blobs(places).await?;
        Ok(Self { pool, relaxed, database, blobs, seeds, lock: Mutex::new(lock) })
    }

    /// Closes the database and lets others open the directory.
    pub(crate) async fn close(&self) {
        self.relaxed.close().await;
        self.pool.close().await;
        self.lock.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Whether other processes may write as well.
    pub(crate) fn is_shared(&self) -> bool {
        matches!(self.database, Database::Postgres(_))
    }

    /// Waits until no other process writes.
    pub(crate) async fn turn(&self) -> Result<Turn, sqlx::Error> {
        let held = if self.is_shared() { Some(postgres::turn(&self.pool).await?) } else { None };
        Ok(Turn { _held: Mutex::new(held) })
    }

    /// Begins a transaction that writes.
    pub(crate) async fn begin(&self) -> Result<Transaction<'static, Any>, sqlx::Error> {
        // Otherwise two that read first and then write would fail instead of waiting.
        const BEGIN: &str = "BEGIN IMMEDIATE";
        match self.database {
            Database::Sqlite => match self.pool.begin_with(BEGIN).await {
                Err(sqlx::Error::InvalidSavePointStatement) => {
                    self.close_stuck().await;
                    self.pool.begin_with(BEGIN).await
                }
                begun => begun,
            },
            Database::Postgres(_) => self.pool.begin().await,
        }
    }

    /// Closes connections that are in a transaction for ever: SQLite ends one by itself where no room is left, and then the
    /// connection's own end of it fails.
    async fn close_stuck(&self) {
        use sqlx::Connection as _;
        let mut taken = Vec::new();
        for _ in 0..self.pool.options().get_max_connections() {
            // Those that were just given back take a moment; what somebody works with is not stuck.
            match tokio::time::timeout(PATIENCE, self.pool.acquire()).await {
                Ok(Ok(connection)) => taken.push(connection),
                Ok(Err(_)) | Err(_) => break,
            }
        }
        for mut connection in taken {
            let begun = connection.begin_with("BEGIN").await;
            let stuck = matches!(begun, Err(sqlx::Error::InvalidSavePointStatement));
            drop(begun);
            if stuck {
                drop(connection.detach());
            }
        }
    }

    /// Begins a transaction during which nobody else writes.
    pub(crate) async fn begin_alone(&self) -> Result<Transaction<'static, Any>, sqlx::Error> {
        let mut change = self.begin().await?;
        if self.is_shared() {
            let tables: Vec<_> = TABLES.iter().map(|table| table.name).collect();
            let lock = format!("LOCK TABLE writer, {} IN EXCLUSIVE MODE", tables.join(", "));
            sqlx::raw_sql(AssertSqlSafe(lock)).execute(&mut *change).await?;
        }
        Ok(change)
    }

    /// Begins a transaction that reads everything as it is now.
    pub(crate) async fn begin_snapshot(&self) -> Result<Transaction<'static, Any>, sqlx::Error> {
        match self.database {
            Database::Sqlite => self.pool.begin().await,
            Database::Postgres(_) => {
                self.pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY").await
            }
        }
    }

    /// Lets nobody write any more, once `change` commits: the platform is at `to` now.
    pub(crate) async fn fence(
        &self,
        change: &mut Transaction<'static, Any>,
        to: &str,
    ) -> Result<(), sqlx::Error> {
        sqlx::query("INSERT INTO instance (name, value) VALUES ('moved', $1)")
            .bind(to)
            .execute(&mut **change)
            .await?;
        let fence = if self.is_shared() { postgres::fence } else { sqlite::fence };
        for table in TABLES {
            let sql = AssertSqlSafe(fence(table.name, MOVED));
            sqlx::raw_sql(sql).execute(&mut **change).await?;
        }
        Ok(())
    }

    /// Where it went, if it was moved.
    pub(crate) async fn moved_to(&self) -> Result<Option<String>, sqlx::Error> {
        sqlx::query_scalar("SELECT value FROM instance WHERE name = 'moved'").fetch_optional(&self.pool).await
    }

    /// Facts after `seq`, in their order.
    pub(crate) async fn facts_after(&self, seq: i64) -> Result<Vec<(i64, Entry)>, sqlx::Error> {
        let rows: Vec<(i64, String)> =
            sqlx::query_as("SELECT seq, body FROM fact WHERE seq > $1 ORDER BY seq")
                .bind(seq)
                .fetch_all(&self.pool)
                .await?;
        let read = |(seq, body): (i64, String)| {
            let damaged = |e| sqlx::Error::Decode(format!("fact {seq} does not read: {e}").into());
            Ok((seq, serde_json::from_str(&body).map_err(damaged)?))
        };
        rows.into_iter().map(read).collect()
    }

    /// Says to other processes, when `change` commits, that there are new facts.
    pub(crate) async fn announce(&self, change: &mut Transaction<'static, Any>) -> Result<(), sqlx::Error> {
        if self.is_shared() { postgres::announce(change).await } else { Ok(()) }
    }

    /// Whether the log in the database is that of `key`; a new one becomes it.
    pub(crate) async fn is_of(&self, key: &str) -> Result<bool, sqlx::Error> {
        sqlx::query(
            "INSERT INTO instance (name, value) VALUES ('log-key', $1) ON CONFLICT (name) DO NOTHING",
        )
        .bind(key)
        .execute(&self.pool)
        .await?;
        let known: String = sqlx::query_scalar("SELECT value FROM instance WHERE name = 'log-key'")
            .fetch_one(&self.pool)
            .await?;
        Ok(known == key)
    }

    /// Where the database is, for messages.
    pub(crate) fn place(&self, folder: &Path) -> String {
        match &self.database {
            Database::Sqlite => folder.display().to_string(),
            Database::Postgres(url) => postgres::shown(url),
        }
    }

    /// Waits for what other processes write.
    pub(crate) async fn written_elsewhere(&self) -> Result<postgres::Listening, sqlx::Error> {
        match &self.database {
            Database::Sqlite => Ok(postgres::Listening::never()),
            Database::Postgres(url) => postgres::listen(url).await,
        }
    }
}

async fn open_blobs(places: &Places) -> Result<Blobs, OpenError> {
    let path = places.data.join("blobs");
    let Some(url) = places.blobs.clone() else {
        return Blobs::in_folder(&path).map_err(|source| OpenError::Io { path, source });
    };
    let opened = tokio::task::spawn_blocking(move || Blobs::in_bucket(&url)).await;
    opened.map_err(|error| OpenError::Io { path, source: std::io::Error::other(error) })?.map_err(Into::into)
}

fn install_drivers() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // Refused only where the program that embeds this has chosen drivers itself.
        let _ = sqlx::any::install_drivers(&[sqlx::sqlite::any::DRIVER, sqlx::postgres::any::DRIVER]);
    });
}
