//! Bringing an older database up to date: expand first, contract in a later version, and a copy before either.

use std::path::Path;

use sqlx::sqlite::SqlitePool;

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
];

/// Runs what is missing of `migrations`. A database that has data is copied to `backups/` first.
pub(crate) async fn run(
    pool: &SqlitePool,
    folder: &Path,
    migrations: &'static [&'static str],
) -> Result<(), OpenError> {
    let database = |source| OpenError::Database { path: folder.to_owned(), source };
    let found: i64 = sqlx::query_scalar("PRAGMA user_version").fetch_one(pool).await.map_err(database)?;
    let (done, known) = (usize::try_from(found).unwrap_or(usize::MAX), migrations.len());
    let Some(missing) = migrations.get(done..) else {
        let newer = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        return Err(OpenError::Newer { path: folder.to_owned(), found: newer(done), known: newer(known) });
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

async fn back_up(pool: &SqlitePool, folder: &Path, version: usize) -> Result<(), OpenError> {
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
    sqlx::query("VACUUM INTO ?")
        .bind(file.to_string_lossy().into_owned())
        .execute(pool)
        .await
        .map_err(|source| OpenError::Database { path: folder.to_owned(), source })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::sqlite::SqliteConnectOptions;

    async fn database(folder: &Path) -> SqlitePool {
        let options = SqliteConnectOptions::new().filename(folder.join("x.sqlite")).create_if_missing(true);
        SqlitePool::connect_with(options).await.unwrap()
    }

    #[tokio::test]
    async fn an_older_database_is_copied_and_keeps_its_facts() {
        let folder = tempfile::tempdir().unwrap();
        let pool = database(folder.path()).await;
        run(&pool, folder.path(), &MIGRATIONS[..1]).await.unwrap();
        sqlx::query("INSERT INTO fact (body) VALUES ('{}')").execute(&pool).await.unwrap();
        assert!(!folder.path().join("backups").exists());
        run(&pool, folder.path(), MIGRATIONS).await.unwrap();
        assert!(folder.path().join("backups/before-2.sqlite").exists());
        let count: i64 = sqlx::query_scalar("SELECT count(*) FROM fact").fetch_one(&pool).await.unwrap();
        assert_eq!(count, 1);
    }

    #[tokio::test]
    async fn a_newer_database_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let pool = database(folder.path()).await;
        run(&pool, folder.path(), MIGRATIONS).await.unwrap();
        let error = run(&pool, folder.path(), &MIGRATIONS[..1]).await.unwrap_err();
        assert!(matches!(error, OpenError::Newer { found: 7, known: 1, .. }), "{error}");
    }
}
