//! Where the platforms of the tests keep what they are told: SQLite, or a schema of their own in PostgreSQL where
//! `SUKASHI_TEST_POSTGRES` names a server; and files, or a bucket where `SUKASHI_TEST_S3` names one. The same tests run on
//! all of them.

use std::path::Path;

use share::Places;
use sqlx::Connection as _;

const POSTGRES: &str = "SUKASHI_TEST_POSTGRES";
const S3: &str = "SUKASHI_TEST_S3";

/// An empty schema of its own; `None`, with a word about it, where no server is named.
pub(crate) async fn postgres() -> Option<String> {
    let Ok(server) = std::env::var(POSTGRES) else {
        println!("skipped: PostgreSQL (`{POSTGRES}` names no server)");
        return None;
    };
    let mut suffix = [0; 8];
    getrandom::fill(&mut suffix).unwrap();
    let schema = format!("t_{}", hex::encode(suffix));
    let mut connection = sqlx::PgConnection::connect(&server).await.unwrap();
    let create = sqlx::AssertSqlSafe(format!("CREATE SCHEMA {schema}"));
    sqlx::raw_sql(create).execute(&mut connection).await.unwrap();
    let joint = if server.contains('?') { '&' } else { '?' };
    Some(format!("{server}{joint}options[search_path]={schema}"))
}

/// A bucket, where one is named.
pub(crate) fn bucket() -> Option<String> {
    let named = std::env::var(S3).ok();
    if named.is_none() {
        println!("skipped: S3 (`{S3}` names no bucket)");
    }
    named
}

/// Places of the suite's database, with keys in `data`.
pub(crate) async fn places(data: &Path) -> Places {
    let database = if std::env::var(POSTGRES).is_ok() { postgres().await } else { None };
    Places { database, blobs: std::env::var(S3).ok(), ..Places::directory(data) }
}
