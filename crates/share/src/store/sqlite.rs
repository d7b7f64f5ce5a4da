//! SQLite in the data directory: opening it, and bringing an older one up to date: expand first, contract in a later
//! version, and a copy before either.

use std::fmt::Write as _;
use std::path::Path;
use std::str::FromStr as _;

use sqlx::AnyPool;
use sqlx::any::{AnyConnectOptions, AnyPoolOptions};

use super::directory;
use crate::error::OpenError;

/// In order; the database remembers how many it has seen. Never changed once released.
pub(crate) const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001_facts.sql"),
    include_str!("migrations/0002_access_by_owner.sql"),
    include_str!("migrations/0003_pending.sql"),
    include_str!("migrations/0004_witness.sql"),
    include_str!("migrations/0005_requests.sql"),
    include_str!("migrations/0006_matched.sql"),
    include_str!("migrations/0007_webhook.sql"),
    include_str!("migrations/0008_instance.sql"),
    include_str!("migrations/0009_lease.sql"),
    include_str!("migrations/0010_upload.sql"),
    include_str!("migrations/0011_peer.sql"),
    include_str!("migrations/0012_identity.sql"),
    include_str!("migrations/0013_peer_kind.sql"),
    include_str!("migrations/0014_delivery.sql"),
];

/// Of every connection: what was answered must be on disk.
const FULL: &str = "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON; \
    PRAGMA synchronous = FULL";

/// Of connections for lines that may be lost in a power cut.
const RELAXED: &str = "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON; \
    PRAGMA synchronous = NORMAL";

/// The database in `folder`, and the same for lines that may be lost.
pub(super) async fn open(folder: &Path) -> Result<(AnyPool, AnyPool), OpenError> {
    let database = |source| OpenError::Database { place: folder.display().to_string(), source };
    let file = folder.join(directory::DATABASE);
    let pool = connect(&file, 4, FULL).await.map_err(database)?;
    let relaxed = connect(&file, 1, RELAXED).await.map_err(database)?;
    migrate(&pool, folder, MIGRATIONS).await?;
    Ok((pool, relaxed))
}

async fn connect(file: &Path, most: u32, pragmas: &'static str) -> Result<AnyPool, sqlx::Error> {
    AnyPoolOptions::new()
        .max_connections(most)
        .after_connect(move |connection, _| {
            Box::pin(async move { sqlx::raw_sql(pragmas).execute(connection).await.map(drop) })
        })
        .connect_with(AnyConnectOptions::from_str(&url(file)?)?)
        .await
}

/// Makes every write to `table` fail with `text`.
pub(super) fn fence(table: &str, text: &str) -> String {
    let one = |what: &str| {
        format!(
            "CREATE TRIGGER moved_{table}_{what} BEFORE {what} ON {table} BEGIN SELECT RAISE(ABORT, '{text}'); END;"
        )
    };
    ["INSERT", "UPDATE"].map(one).concat()
}

/// The file as a URL; the driver takes nothing else.
fn url(file: &Path) -> Result<String, sqlx::Error> {
    let path = std::path::absolute(file)?;
    let not_text = || sqlx::Error::Configuration("the path of the data directory is not UTF-8".into());
    let mut url = "sqlite://".to_owned();
    for byte in path.to_str().ok_or_else(not_text)?.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' => url.push(byte.into()),
            _ => write!(url, "%{byte:02X}").map_err(|e| sqlx::Error::Configuration(e.into()))?,
        }
    }
    url.push_str("?mode=rwc");
    Ok(url)
}

/// Runs what is missing of `migrations`. A database that has data is copied to `backups/` first.
async fn migrate(
    pool: &AnyPool,
    folder: &Path,
    migrations: &'static [&'static str],
) -> Result<(), OpenError> {
    let place = || folder.display().to_string();
    let database = |source| OpenError::Database { place: place(), source };
    let found: i64 = sqlx::query_scalar("PRAGMA user_version").fetch_one(pool).await.map_err(database)?;
    let (done, known) = (usize::try_from(found).unwrap_or(usize::MAX), migrations.len());
    let Some(missing) = migrations.get(done..) else {
        let newer = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        return Err(OpenError::Newer { place: place(), found: newer(done), known: newer(known) });
    };
    if done > 0 && !missing.is_empty() {
        back_up(pool, folder, done).await?;
    }
    for (version, script) in (done + 1..).zip(missing) {
        let mut change = pool.begin().await.map_err(database)?;
        sqlx::raw_sql(*script).execute(&mut *change).await.map_err(database)?;
        let mark = sqlx::AssertSqlSafe(format!("PRAGMA user_version = {version}"));
        sqlx::raw_sql(mark).execute(&mut *change).await.map_err(database)?;
        change.commit().await.map_err(database)?;
    }
    Ok(())
}

async fn back_up(pool: &AnyPool, folder: &Path, version: usize) -> Result<(), OpenError> {
    let backups = folder.join("backups");
    std::fs::create_dir_all(&backups).map_err(|source| OpenError::Io { path: backups.clone(), source })?;
    let file = backups.join(format!("before-{}.sqlite", version + 1));
    // A copy from an interrupted upgrade is of the same version and may be incomplete.
    match std::fs::remove_file(&file) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
            return Err(OpenError::Io { path: file, source: e });
        }
        _ => {}
    }
    sqlx::query("VACUUM INTO $1")
        .bind(file.to_string_lossy().into_owned())
        .execute(pool)
        .await
        .map_err(|source| OpenError::Database { place: folder.display().to_string(), source })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn database(folder: &Path) -> AnyPool {
        crate::store::install_drivers();
        connect(&folder.join("x y%.sqlite"), 2, FULL).await.unwrap()
    }

    #[tokio::test]
    async fn an_older_database_is_copied_and_keeps_its_facts() {
        let folder = tempfile::tempdir().unwrap();
        let pool = database(folder.path()).await;
        migrate(&pool, folder.path(), &MIGRATIONS[..1]).await.unwrap();
        sqlx::query("INSERT INTO fact (body) VALUES ('{}')").execute(&pool).await.unwrap();
        assert!(!folder.path().join("backups").exists());
        migrate(&pool, folder.path(), MIGRATIONS).await.unwrap();
        assert!(folder.path().join("backups/before-2.sqlite").exists());
        let count: i64 = sqlx::query_scalar("SELECT count(*) FROM fact").fetch_one(&pool).await.unwrap();
        assert_eq!(count, 1);
    }

    #[tokio::test]
    async fn a_newer_database_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let pool = database(folder.path()).await;
        migrate(&pool, folder.path(), MIGRATIONS).await.unwrap();
        let error = migrate(&pool, folder.path(), &MIGRATIONS[..1]).await.unwrap_err();
        assert!(matches!(error, OpenError::Newer { found: 14, known: 1, .. }), "{error}");
    }

    #[tokio::test]
    async fn any_folder_name_is_the_file_that_is_opened() {
        let folder = tempfile::tempdir().unwrap();
        database(folder.path()).await;
        assert!(folder.path().join("x y%.sqlite").exists());
    }

    #[tokio::test]
    async fn what_was_answered_is_on_disk() {
        let folder = tempfile::tempdir().unwrap();
        let pool = database(folder.path()).await;
        let level: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(&pool).await.unwrap();
        let mode: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&pool).await.unwrap();
        assert_eq!((level, mode.as_str()), (2, "wal"), "2: FULL");
    }
}
