//! The platform: facts on disk, their sum in memory, one writer.

use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use sqlx::{Sqlite, Transaction};
use statement::SigningKey;
use tokio::sync::{Mutex, MutexGuard, watch};

use crate::error::{OpenError, WriteError};
use crate::fact::{Entry, Fact};
use crate::ids::now;
use crate::instance::Instance;
use crate::log::Log;
use crate::store::Store;
use crate::universe::Universe;
use crate::viewer::Administrator;

/// An open data directory.
pub struct Platform {
    pub(crate) store: Store,
    universe: RwLock<Universe>,
    pub(crate) log: Log,
    pub(crate) instance: Instance,
    /// Whoever holds this may write; what it checked stays true until it lets go.
    writer: Mutex<()>,
    folder: PathBuf,
    /// Counts facts; whoever waits for changes waits for this.
    version: watch::Sender<u64>,
}

/// The right to write, and a transaction to do it in.
pub(crate) struct Writing<'a> {
    platform: &'a Platform,
    _turn: MutexGuard<'a, ()>,
}

impl Platform {
    /// Opens `folder`; makes it where it is missing or empty, brings an older one up to date, refuses a newer one.
    pub async fn open(folder: &Path) -> Result<Self, OpenError> {
        let store = Store::open(folder).await?;
        let mut universe = Universe::default();
        for entry in store.facts(folder).await? {
            universe.apply(entry);
        }
        let log = Log::new(&store.seeds.log)?;
        let key = SigningKey::from_seed(&store.seeds.instance);
        let (instance, facts) = Instance::of(&universe, key)?;
        let platform = Self {
            store,
            universe: RwLock::new(universe),
            log,
            instance,
            writer: Mutex::new(()),
            folder: folder.to_owned(),
            version: watch::Sender::new(0),
        };
        let turn = platform.write().await;
        for fact in facts {
            let damaged = |error: WriteError| OpenError::Damaged { what: error.to_string() };
            turn.add(fact).await.map_err(damaged)?;
        }
        drop(turn);
        let database = |source| OpenError::Database { path: folder.to_owned(), source };
        platform.forget_unfinished().await.map_err(database)?;
        Ok(platform)
    }

    /// Changes whenever anything is registered. Says nothing of what it was.
    pub fn version(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }

    /// Where it lies.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The right to manage the instance, for whoever runs this program on the data directory.
    pub fn local_administrator(&self) -> Administrator {
        Administrator(())
    }

    pub(crate) fn universe(&self) -> RwLockReadGuard<'_, Universe> {
        // Applying a fact does not panic; a poisoned lock still holds whole facts.
        self.universe.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the turn to write.
    pub(crate) async fn write(&self) -> Writing<'_> {
        Writing { platform: self, _turn: self.writer.lock().await }
    }

    /// Whether the database answers.
    pub async fn is_ready(&self) -> bool {
        sqlx::query_scalar::<_, i64>("SELECT 1").fetch_one(&self.store.pool).await.is_ok()
    }

    /// Writes what is pending and closes the database.
    pub async fn close(&self) {
        let _turn = self.writer.lock().await;
        self.store.close().await;
    }
}

impl Writing<'_> {
    pub(crate) async fn begin(&self) -> Result<Transaction<'static, Sqlite>, WriteError> {
        Ok(self.platform.store.pool.begin_with("BEGIN IMMEDIATE").await?)
    }

    /// Stores one fact in a transaction of its own.
    pub(crate) async fn add(&self, fact: Fact) -> Result<(), WriteError> {
        let change = self.begin().await?;
        self.commit(change, fact).await
    }

    /// Stores `fact` in `change`, commits, and only then lets readers see it.
    pub(crate) async fn commit(
        &self,
        mut change: Transaction<'static, Sqlite>,
        fact: Fact,
    ) -> Result<(), WriteError> {
        let entry = Entry { at: now(), fact };
        sqlx::query("INSERT INTO fact (body) VALUES (?)")
            .bind(serde_json::to_string(&entry)?)
            .execute(&mut *change)
            .await?;
        change.commit().await?;
        self.platform.universe.write().unwrap_or_else(PoisonError::into_inner).apply(entry);
        self.platform.version.send_modify(|version| *version = version.wrapping_add(1));
        Ok(())
    }
}

/// Texts that people see: 1 to 200 characters, none of them a control character or a change of direction.
pub(crate) fn checked_text(field: &'static str, text: &str) -> Result<String, WriteError> {
    let shown = |c: char| !c.is_control() && !matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let text = text.trim();
    if text.is_empty() || text.chars().count() > 200 || !text.chars().all(shown) {
        return Err(WriteError::Text { field });
    }
    Ok(text.to_owned())
}
