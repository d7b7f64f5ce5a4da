//! The platform: facts on disk, their sum in memory, one writer.

use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use sqlx::{Any, Transaction};
use statement::SigningKey;
use tokio::sync::{Mutex, MutexGuard, Notify, watch};

use crate::error::{OpenError, ReadError, WriteError};
use crate::fact::{Entry, Fact};
use crate::ids::{now, random_text};
use crate::instance::Instance;
use crate::log::Log;
use crate::store::{Places, Store, Turn};
use crate::universe::Universe;
use crate::viewer::Administrator;

/// An open platform.
pub struct Platform {
    pub(crate) store: Store,
    universe: RwLock<Universe>,
    pub(crate) log: Log,
    pub(crate) instance: Instance,
    /// Whoever holds this may write; what it checked stays true until it lets go. It holds the sequence number of the
    /// last fact in the universe.
    writer: Mutex<i64>,
    folder: PathBuf,
    /// Tells this process from others on the same database.
    pub(crate) process: String,
    /// Told when a job was added here.
    pub(crate) waiting_job: Notify,
    /// Counts facts; whoever waits for changes waits for this.
    version: watch::Sender<u64>,
}

/// The right to write, and a transaction to do it in.
pub(crate) struct Writing<'a> {
    platform: &'a Platform,
    seen: MutexGuard<'a, i64>,
    _turn: Turn,
}

impl Platform {
    /// Opens `folder`; makes it where it is missing or empty, brings an older one up to date, refuses a newer one.
    pub async fn open(folder: &Path) -> Result<Self, OpenError> {
        Self::open_at(&Places::directory(folder)).await
    }

    /// The same with a database elsewhere.
    pub async fn open_at(places: &Places) -> Result<Self, OpenError> {
        let store = Store::open(places).await?;
        let folder = places.data.clone();
        let database = |source| OpenError::Database { place: store.place(&folder), source };
        if let Some(to) = store.moved_to().await.map_err(database)? {
            return Err(OpenError::Moved { place: store.place(&folder), to });
        }
        // Two processes that begin at the same time must not both found the instance.
        let turn = store.turn().await.map_err(database)?;
        let (mut universe, mut seen) = (Universe::default(), 0);
        for (seq, entry) in store.facts_after(0).await.map_err(database)? {
            universe.apply(entry);
            seen = seq;
        }
        let log = Log::new(&store.seeds.log)?;
        if !store.is_of(&log.verifier()).await.map_err(database)? {
            return Err(OpenError::OtherKeys { path: folder });
        }
        let key = SigningKey::from_seed(&store.seeds.instance);
        let (instance, facts) = Instance::of(&universe, key)?;
        let (universe, version) = (RwLock::new(universe), watch::Sender::new(0));
        let process = random_text().map_err(|error| OpenError::Damaged { what: error.to_string() })?;
        let writer = Mutex::new(seen);
        let platform = Self {
            store,
            universe,
            log,
            instance,
            writer,
            folder,
            process,
            waiting_job: Notify::new(),
            version,
        };
        let mut writing = Writing { platform: &platform, seen: platform.writer.lock().await, _turn: turn };
        for fact in facts {
            let damaged = |error: WriteError| OpenError::Damaged { what: error.to_string() };
            writing.add(fact).await.map_err(damaged)?;
        }
        drop(writing);
        let database = |source| OpenError::Database { place: platform.store.place(&platform.folder), source };
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

    /// Waits for the turn to write, and learns what other processes wrote.
    pub(crate) async fn write(&self) -> Result<Writing<'_>, sqlx::Error> {
        let mut seen = self.writer.lock().await;
        let turn = self.store.turn().await?;
        if self.store.is_shared() {
            self.learn(&mut seen).await?;
        }
        Ok(Writing { platform: self, seen, _turn: turn })
    }

    /// Waits for the turn to write rows that depend on no fact. SQLite has one writer; PostgreSQL has many.
    pub(crate) async fn row_turn(&self) -> Option<MutexGuard<'_, i64>> {
        if self.store.is_shared() { None } else { Some(self.writer.lock().await) }
    }

    /// Takes in facts after `seen`.
    async fn learn(&self, seen: &mut i64) -> Result<(), sqlx::Error> {
        for (seq, entry) in self.store.facts_after(*seen).await? {
            self.apply(entry);
            *seen = seq;
        }
        Ok(())
    }

    fn apply(&self, entry: Entry) {
        self.universe.write().unwrap_or_else(PoisonError::into_inner).apply(entry);
        self.version.send_modify(|version| *version = version.wrapping_add(1));
    }

    /// Learns what other processes on the same database write, until the database fails. Where there are none, for ever.
    pub async fn follow(&self) -> Result<(), ReadError> {
        let mut others = self.store.written_elsewhere().await?;
        loop {
            let mut seen = self.writer.lock().await;
            self.learn(&mut seen).await?;
            drop(seen);
            others.next().await?;
        }
    }

    /// Whether the database answers.
    pub async fn is_ready(&self) -> bool {
        sqlx::query_scalar::<_, i64>("SELECT 1").fetch_one(&self.store.pool).await.is_ok()
    }

    /// Writes what is pending and closes the database.
    pub async fn close(&self) {
        let _turn = self.writer.lock().await;
        // Otherwise they end by themselves.
        let _ = self.give_up_leases().await;
        self.store.close().await;
    }
}

impl Writing<'_> {
    pub(crate) async fn begin(&self) -> Result<Transaction<'static, Any>, WriteError> {
        Ok(self.platform.store.begin().await?)
    }

    /// Stores one fact in a transaction of its own.
    pub(crate) async fn add(&mut self, fact: Fact) -> Result<(), WriteError> {
        let change = self.begin().await?;
        self.commit(change, fact).await
    }

    /// Stores `fact` in `change`, commits, and only then lets readers see it. Its number is the next one: where another
    /// process took the turn of one that seemed gone, the second of the two fails.
    pub(crate) async fn commit(
        &mut self,
        mut change: Transaction<'static, Any>,
        fact: Fact,
    ) -> Result<(), WriteError> {
        let (entry, next) = (Entry { at: now(), fact }, self.seen.saturating_add(1));
        sqlx::query("INSERT INTO fact (seq, body) VALUES ($1, $2)")
            .bind(next)
            .bind(serde_json::to_string(&entry)?)
            .execute(&mut *change)
            .await?;
        self.platform.store.announce(&mut change).await?;
        if let Err(error) = change.commit().await {
            // It may be written although the answer was lost.
            self.platform.learn(&mut self.seen).await?;
            return Err(error.into());
        }
        self.platform.apply(entry);
        *self.seen = next;
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
