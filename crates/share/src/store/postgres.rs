//! PostgreSQL: opening it, bringing it up to date, and turns among processes.

use std::str::FromStr as _;
use std::time::Duration;

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::postgres::PgListener;
use sqlx::{Any, AnyPool, Transaction};

use crate::error::OpenError;

/// In order; the database remembers how many it has seen. Never changed once released.
const MIGRATIONS: &[&str] = &[
    include_str!("migrations/postgres/0001_all.sql"),
    include_str!("migrations/postgres/0002_lease.sql"),
    include_str!("migrations/postgres/0003_upload.sql"),
    include_str!("migrations/postgres/0004_peer.sql"),
    include_str!("migrations/postgres/0005_identity.sql"),
    include_str!("migrations/postgres/0006_peer_kind.sql"),
    include_str!("migrations/postgres/0007_delivery.sql"),
];

/// Key of the lock under which one process at a time brings the database up to date: "sukashi" in ASCII.
const MIGRATING: i64 = 0x73_75_6b_61_73_68_69;

/// A process that vanished without a word loses its turn.
const FULL: &str = "SET idle_in_transaction_session_timeout = '60s'; SET lock_timeout = '30s'";

/// Of connections for lines that may be lost when the server's machine fails.
const RELAXED: &str = "SET synchronous_commit = off";

/// How long a request waits for a connection before it is told to come back.
const PATIENCE: Duration = Duration::from_secs(5);

/// Channel on which transactions that add facts are announced.
const CHANNEL: &str = "sukashi_fact";

/// Facts are looked for this often although nothing was announced: an announcement may be lost with its connection.
const LOOK: Duration = Duration::from_secs(5);

/// The database at `url`, and the same for lines that may be lost.
pub(super) async fn open(url: &str) -> Result<(AnyPool, AnyPool), OpenError> {
    let failed = |source| OpenError::Database { place: shown(url), source };
    let pool = connect(url, 16, FULL).await.map_err(failed)?;
    let relaxed = connect(url, 4, RELAXED).await.map_err(failed)?;
    migrate(&pool, url).await?;
    Ok((pool, relaxed))
}

/// A URL without its password, for messages.
pub(crate) fn shown(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return "the database".to_owned() };
    let rest = rest.split('?').next().unwrap_or_default();
    let (user, place) = rest.rsplit_once('@').map_or((None, rest), |(user, place)| (Some(user), place));
    match user.and_then(|user| user.split(':').next()) {
        Some(user) => format!("{scheme}://{user}@{place}"),
        None => format!("{scheme}://{place}"),
    }
}

async fn connect(url: &str, most: u32, settings: &'static str) -> Result<AnyPool, sqlx::Error> {
    AnyPoolOptions::new()
        .max_connections(most)
        .acquire_timeout(PATIENCE)
        .after_connect(move |connection, _| {
            Box::pin(async move { sqlx::raw_sql(settings).execute(connection).await.map(drop) })
        })
        .connect_with(AnyConnectOptions::from_str(url)?)
        .await
}

async fn migrate(pool: &AnyPool, url: &str) -> Result<(), OpenError> {
    let failed = |source| OpenError::Database { place: shown(url), source };
    let mut change = pool.begin().await.map_err(failed)?;
    // As text: the driver has no word for nothing.
    sqlx::query("SELECT pg_advisory_xact_lock($1)::text")
        .bind(MIGRATING)
        .execute(&mut *change)
        .await
        .map_err(failed)?;
    sqlx::raw_sql("CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL)")
        .execute(&mut *change)
        .await
        .map_err(failed)?;
    let found: i64 = sqlx::query_scalar("SELECT coalesce(max(version), 0) FROM schema_version")
        .fetch_one(&mut *change)
        .await
        .map_err(failed)?;
    let (done, known) = (usize::try_from(found).unwrap_or(usize::MAX), MIGRATIONS.len());
    let Some(missing) = MIGRATIONS.get(done..) else {
        let newer = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        return Err(OpenError::Newer { place: shown(url), found: newer(done), known: newer(known) });
    };
    for (version, script) in (found.saturating_add(1)..).zip(missing) {
        sqlx::raw_sql(*script).execute(&mut *change).await.map_err(failed)?;
        sqlx::query("INSERT INTO schema_version (version) VALUES ($1)")
            .bind(version)
            .execute(&mut *change)
            .await
            .map_err(failed)?;
    }
    change.commit().await.map_err(failed)
}

/// Waits for the turn: a transaction that holds the one row of `writer`.
pub(super) async fn turn(pool: &AnyPool) -> Result<Transaction<'static, Any>, sqlx::Error> {
    let mut held = pool.begin().await?;
    sqlx::query("SELECT 1 FROM writer FOR UPDATE").execute(&mut *held).await?;
    Ok(held)
}

/// Makes every write to `table` fail with `text`.
pub(super) fn fence(table: &str, text: &str) -> String {
    format!(
        "CREATE OR REPLACE FUNCTION moved() RETURNS trigger LANGUAGE plpgsql
             AS $$ BEGIN RAISE EXCEPTION '{text}'; END $$;
         CREATE TRIGGER moved BEFORE INSERT OR UPDATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION moved();"
    )
}

/// Says to other processes, when `change` commits, that there are new facts.
pub(crate) async fn announce(change: &mut Transaction<'static, Any>) -> Result<(), sqlx::Error> {
    sqlx::query("SELECT pg_notify($1, '')::text").bind(CHANNEL).execute(&mut **change).await.map(drop)
}

/// Waits for what other processes write.
pub(crate) struct Listening(Option<PgListener>);

pub(super) async fn listen(url: &str) -> Result<Listening, sqlx::Error> {
    let mut listener = PgListener::connect(url).await?;
    listener.listen(CHANNEL).await?;
    Ok(Listening(Some(listener)))
}

impl Listening {
    /// Where nobody else writes.
    pub(super) fn never() -> Self {
        Self(None)
    }

    /// Returns when there may be something new.
    pub(crate) async fn next(&mut self) -> Result<(), sqlx::Error> {
        match &mut self.0 {
            Some(listener) => match tokio::time::timeout(LOOK, listener.recv()).await {
                Ok(received) => received.map(drop),
                Err(_elapsed) => Ok(()),
            },
            None => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_not_shown() {
        assert_eq!(
            shown("postgres://u:p%40ss@db.example:5432/x?password=p"),
            "postgres://u@db.example:5432/x"
        );
        assert_eq!(shown("postgres:///x?host=/run"), "postgres:///x");
    }
}
