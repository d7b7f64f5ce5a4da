//! Peers as the database holds them.

use sqlx::any::AnyRow;
use sqlx::{FromRow, Row as _};

/// A row, without what only the list shows.
pub(super) struct Row {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) url: String,
    pub(super) organization: String,
    pub(super) token: Vec<u8>,
    pub(super) trust: String,
    pub(super) size: i64,
    pub(super) root: Option<Vec<u8>>,
    pub(super) cursor: Option<String>,
    pub(super) swept_at: i64,
    pub(super) pulled_at: Option<i64>,
    pub(super) failures: i64,
    pub(super) error: Option<String>,
    pub(super) next_at: i64,
    pub(super) created_at: i64,
    pub(super) kind: String,
    pub(super) heads: String,
    pub(super) faults: String,
}

impl FromRow<'_, AnyRow> for Row {
    fn from_row(row: &AnyRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.try_get("id")?,
            name: row.try_get("name")?,
            url: row.try_get("url")?,
            organization: row.try_get("organization")?,
            token: row.try_get("token")?,
            trust: row.try_get("trust")?,
            size: row.try_get("size")?,
            root: row.try_get("root")?,
            cursor: row.try_get("cursor")?,
            swept_at: row.try_get("swept_at")?,
            pulled_at: row.try_get("pulled_at")?,
            failures: row.try_get("failures")?,
            error: row.try_get("error")?,
            next_at: row.try_get("next_at")?,
            created_at: row.try_get("created_at")?,
            kind: row.try_get("kind")?,
            heads: row.try_get("heads")?,
            faults: row.try_get("faults")?,
        })
    }
}

pub(super) const SELECT: &str = "SELECT id, name, url, organization, token, trust, size, root, cursor, swept_at, pulled_at, \
    failures, error, next_at, created_at, kind, heads, faults FROM peer";
