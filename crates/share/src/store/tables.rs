//! Every table, row by row: copied from one database to another, and compared.
//!
//! The rows of a platform mean the same in SQLite and PostgreSQL. Whoever adds a table adds it here; a test compares the
//! list with what the migrations make.

use record::Sha256;
use sha2::Digest as _;
use sqlx::any::{AnyArguments, AnyRow};
use sqlx::query::Query;
use sqlx::{Any, AnyConnection, AssertSqlSafe, Row as _};

/// Rows that are read at once.
const PAGE: i64 = 1000;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Number,
    Text,
    Bytes,
}

use Kind::{Bytes, Number, Text};

/// A table of a platform.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    columns: &'static [(&'static str, Kind)],
    /// How many of the first columns are its primary key.
    key: usize,
}

/// All of them; what others refer to comes first. `lease` and `writer` belong to processes and stay where they are.
pub(crate) const TABLES: &[Table] = &[
    Table { name: "instance", columns: &[("name", Text), ("value", Text)], key: 1 },
    Table { name: "fact", columns: &[("seq", Number), ("body", Text)], key: 1 },
    Table { name: "log_tile", columns: &[("level", Number), ("place", Number), ("hashes", Bytes)], key: 2 },
    Table { name: "log_entry", columns: &[("place", Number), ("entry", Bytes)], key: 1 },
    Table { name: "log_checkpoint", columns: &[("size", Number), ("note", Text), ("at", Number)], key: 1 },
    Table {
        name: "account",
        columns: &[
            ("id", Text),
            ("organization", Text),
            ("name", Text),
            ("role", Text),
            ("instance", Number),
            ("created_at", Number),
        ],
        key: 1,
    },
    Table {
        name: "identity",
        columns: &[("issuer", Text), ("subject", Text), ("organization", Text), ("account", Text)],
        key: 3,
    },
    Table {
        name: "login_link",
        columns: &[("secret", Bytes), ("account", Text), ("expires_at", Number), ("used_at", Number)],
        key: 1,
    },
    Table {
        name: "session",
        columns: &[("secret", Bytes), ("account", Text), ("csrf", Text), ("expires_at", Number)],
        key: 1,
    },
    Table {
        name: "token",
        columns: &[
            ("id", Text),
            ("secret", Bytes),
            ("account", Text),
            ("name", Text),
            ("role", Text),
            ("created_at", Number),
            ("revoked_at", Number),
            ("instance", Number),
        ],
        key: 1,
    },
    Table {
        name: "access",
        columns: &[
            ("seq", Number),
            ("at", Number),
            ("owner", Text),
            ("organization", Text),
            ("evidence", Text),
            ("level", Text),
        ],
        key: 1,
    },
    Table {
        name: "pending",
        columns: &[
            ("id", Text),
            ("organization", Text),
            ("account", Text),
            ("at", Number),
            ("statement", Bytes),
            ("registration", Text),
        ],
        key: 1,
    },
    Table {
        name: "watched_log",
        columns: &[("origin", Text), ("key", Text), ("size", Number), ("root", Bytes)],
        key: 2,
    },
    Table { name: "witness", columns: &[("url", Text), ("key", Text), ("size", Number)], key: 1 },
    Table {
        name: "idempotency",
        columns: &[
            ("scope", Bytes),
            ("key", Text),
            ("request", Bytes),
            ("status", Number),
            ("body", Bytes),
            ("at", Number),
        ],
        key: 2,
    },
    Table {
        name: "audit",
        columns: &[
            ("seq", Number),
            ("at", Number),
            ("organization", Text),
            ("account", Text),
            ("method", Text),
            ("path", Text),
            ("status", Number),
        ],
        key: 1,
    },
    Table { name: "matched", columns: &[("evidence", Text), ("data", Bytes)], key: 1 },
    Table {
        name: "webhook",
        columns: &[
            ("id", Text),
            ("organization", Text),
            ("account", Text),
            ("url", Text),
            ("cursor", Text),
            ("failures", Number),
            ("next_at", Number),
            ("created_at", Number),
        ],
        key: 1,
    },
    Table {
        name: "delivery",
        columns: &[
            ("webhook", Text),
            ("attempt", Number),
            ("at", Number),
            ("changes", Number),
            ("error", Text),
        ],
        key: 2,
    },
    Table {
        name: "peer",
        columns: &[
            ("id", Text),
            ("name", Text),
            ("url", Text),
            ("organization", Text),
            ("token", Bytes),
            ("trust", Text),
            ("size", Number),
            ("root", Bytes),
            ("cursor", Text),
            ("swept_at", Number),
            ("pulled_at", Number),
            ("failures", Number),
            ("error", Text),
            ("next_at", Number),
            ("created_at", Number),
            ("kind", Text),
            ("heads", Text),
            ("faults", Text),
        ],
        key: 1,
    },
    Table {
        name: "upload",
        columns: &[
            ("id", Text),
            ("organization", Text),
            ("account", Text),
            ("name", Text),
            ("size", Number),
            ("sha256", Bytes),
            ("received", Number),
            ("created_at", Number),
        ],
        key: 1,
    },
    Table {
        name: "upload_piece",
        columns: &[("upload", Text), ("place", Number), ("length", Number)],
        key: 2,
    },
    Table {
        name: "job",
        columns: &[
            ("id", Text),
            ("organization", Text),
            ("account", Text),
            ("name", Text),
            ("state", Text),
            ("attempts", Number),
            ("holder", Text),
            ("until", Number),
            ("next_at", Number),
            ("done", Number),
            ("total", Number),
            ("error", Text),
            ("created_at", Number),
        ],
        key: 1,
    },
    Table {
        name: "job_result",
        columns: &[("job", Text), ("kind", Text), ("sha256", Bytes), ("size", Number)],
        key: 2,
    },
];

/// One value of a row.
enum Value {
    Number(Option<i64>),
    Text(Option<String>),
    Bytes(Option<Vec<u8>>),
}

impl Table {
    fn names(&self) -> String {
        self.columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    }

    fn key_names(&self) -> String {
        self.columns.iter().take(self.key).map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    }

    /// Rows after the first `skip`.
    async fn page(&self, of: &mut AnyConnection, skip: i64) -> Result<Vec<Vec<Value>>, sqlx::Error> {
        let sql = format!(
            "SELECT {} FROM {} ORDER BY {} LIMIT $1 OFFSET $2",
            self.names(),
            self.name,
            self.key_names()
        );
        let rows = sqlx::query(AssertSqlSafe(sql)).bind(PAGE).bind(skip).fetch_all(of).await?;
        rows.iter().map(|row| self.values(row)).collect()
    }

    fn values(&self, row: &AnyRow) -> Result<Vec<Value>, sqlx::Error> {
        let value = |(at, (_, kind)): (usize, &(&str, Kind))| {
            Ok(match kind {
                Number => Value::Number(row.try_get(at)?),
                Text => Value::Text(row.try_get(at)?),
                Bytes => Value::Bytes(row.try_get(at)?),
            })
        };
        self.columns.iter().enumerate().map(value).collect()
    }

    /// Whether its rows are never changed and never taken away, and come in the order of their key.
    pub(crate) fn only_grows(&self) -> bool {
        matches!(self.name, "fact" | "log_entry" | "access" | "audit")
    }

    /// How many rows it has.
    pub(crate) async fn count(&self, of: &mut AnyConnection) -> Result<i64, sqlx::Error> {
        let sql = format!("SELECT count(*) FROM {}", self.name);
        sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(of).await
    }

    /// Copies every row of `from` after the first `copied`, which `to` has already.
    pub(crate) async fn copy(
        &self,
        from: &mut AnyConnection,
        to: &mut AnyConnection,
        mut copied: i64,
    ) -> Result<(), sqlx::Error> {
        let places: Vec<_> = (1..=self.columns.len()).map(|n| format!("${n}")).collect();
        // What was copied before may have changed since.
        let changed: Vec<_> =
            self.columns.iter().skip(self.key).map(|(name, _)| format!("{name} = excluded.{name}")).collect();
        let sql = format!(
            "INSERT INTO {} ({}) VALUES ({}) ON CONFLICT ({}) DO UPDATE SET {}",
            self.name,
            self.names(),
            places.join(", "),
            self.key_names(),
            changed.join(", ")
        );
        loop {
            let page = self.page(from, copied).await?;
            let Ok(count @ 1..) = i64::try_from(page.len()) else { return Ok(()) };
            for row in page {
                let insert = sqlx::query(AssertSqlSafe(sql.clone()));
                row.into_iter().fold(insert, bind).execute(&mut *to).await?;
            }
            copied = copied.saturating_add(count);
        }
    }

    /// Digest of all rows; the same for the same rows, whatever their order.
    pub(crate) async fn digest(&self, of: &mut AnyConnection) -> Result<Sha256, sqlx::Error> {
        let (mut rows, mut skip) = (Vec::new(), 0_i64);
        loop {
            let page = self.page(of, skip).await?;
            let Ok(count @ 1..) = i64::try_from(page.len()) else { break };
            rows.extend(page.iter().map(|row| digest(row)));
            skip = skip.saturating_add(count);
        }
        // Databases sort texts by different rules.
        rows.sort_unstable();
        Ok(Sha256(rows.iter().fold(sha2::Sha256::new(), sha2::Sha256::chain_update).finalize().into()))
    }

    /// Goes on counting after the rows that were copied; only PostgreSQL has to be told.
    pub(crate) async fn count_on(&self, database: &mut AnyConnection) -> Result<(), sqlx::Error> {
        if !matches!(self.name, "access" | "audit") {
            return Ok(());
        }
        let name = self.name;
        let sql = format!(
            "SELECT setval(pg_get_serial_sequence('{name}', 'seq'), greatest(max(seq), 1)) FROM {name}"
        );
        sqlx::query(AssertSqlSafe(sql)).execute(database).await.map(drop)
    }
}

type Insert<'q> = Query<'q, Any, AnyArguments>;

fn bind(insert: Insert<'_>, value: Value) -> Insert<'_> {
    match value {
        Value::Number(value) => insert.bind(value),
        Value::Text(value) => insert.bind(value),
        Value::Bytes(value) => insert.bind(value),
    }
}

fn digest(row: &[Value]) -> [u8; 32] {
    let mut hash = sha2::Sha256::new();
    for value in row {
        let bytes = match value {
            Value::Number(value) => value.map(|v| v.to_be_bytes().to_vec()),
            Value::Text(value) => value.as_ref().map(|v| v.as_bytes().to_vec()),
            Value::Bytes(value) => value.clone(),
        };
        // The length tells nothing from an empty text, and where one value ends.
        hash.update(bytes.as_ref().map_or(u64::MAX, |b| b.len() as u64).to_be_bytes());
        hash.update(bytes.unwrap_or_default());
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Platform;
    use std::collections::BTreeSet;

    #[tokio::test]
    async fn every_table_and_column_is_listed() {
        let folder = tempfile::tempdir().unwrap();
        let platform = Platform::open(folder.path()).await.unwrap();
        let columns: Vec<(String, String, i64)> = sqlx::query_as(
            "SELECT m.name, c.name, c.pk FROM sqlite_schema m JOIN pragma_table_info(m.name) c
             WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name <> 'lease'",
        )
        .fetch_all(&platform.store.pool)
        .await
        .unwrap();
        let there: BTreeSet<(String, String, bool)> =
            columns.into_iter().map(|(table, column, key)| (table, column, key > 0)).collect();
        let listed = TABLES.iter().flat_map(|t| {
            let column =
                |(at, (name, _)): (usize, &(&str, Kind))| (t.name.to_owned(), (*name).to_owned(), at < t.key);
            t.columns.iter().enumerate().map(column)
        });
        assert_eq!(listed.collect::<BTreeSet<_>>(), there);
    }
}
