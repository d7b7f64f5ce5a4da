//! How far peers were pulled, and how it went.

use statement::Head;
use tlog::Hash;

use crate::error::ReadError;
use crate::ids::now;
use crate::peer::{PAUSE, Peer, Source};
use crate::platform::Platform;
use crate::trouble::shown_reason;

/// Longest pause between pulls of a peer that fails, in seconds.
pub(super) const MAX_PAUSE: i64 = 60 * 60;

/// Servers without a list of changes are asked more rarely.
const LONG_PAUSE: i64 = 15 * 60;

/// Most faults that are kept of one pull.
const MAX_FAULTS: usize = 100;

/// What a pull leaves behind.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    /// Everything up to here was looked at.
    pub cursor: Option<String>,
    /// The newest head of each supply link.
    pub heads: Vec<Head>,
    /// What is wrong with what suppliers counted.
    pub faults: Vec<String>,
}

impl Platform {
    /// Remembers a checkpoint of the peer's log that was verified: everything later must continue it.
    pub async fn peer_seen(&self, peer: &Peer, size: u64, root: Hash) -> Result<(), ReadError> {
        let _turn = self.row_turn().await;
        sqlx::query("UPDATE peer SET size = $1, root = $2 WHERE id = $3 AND size <= $1")
            .bind(i64::try_from(size).unwrap_or(i64::MAX))
            .bind(root.0.to_vec())
            .bind(&peer.id)
            .execute(&self.store.pool)
            .await?;
        Ok(())
    }

    /// Remembers what a pull leaves behind.
    pub async fn peer_pulled(&self, peer: &Peer, progress: Progress) -> Result<(), ReadError> {
        let Progress { cursor, heads, mut faults } = progress;
        faults.truncate(MAX_FAULTS);
        let text = |value: serde_json::Value| value.to_string();
        let (heads, faults) = (text(serde_json::json!(heads)), text(serde_json::json!(faults)));
        let (at, _turn) = (now().unix(), self.row_turn().await);
        let pause = if matches!(peer.source, Source::Tea) { LONG_PAUSE } else { PAUSE };
        let swept = if peer.sweep { "swept_at = $1, " } else { "" };
        let sql = format!(
            "UPDATE peer SET {swept}pulled_at = $1, cursor = $2, failures = 0, error = NULL, next_at = $3,
                heads = $4, faults = $5 WHERE id = $6"
        );
        sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(at)
            .bind(cursor)
            .bind(at.saturating_add(pause))
            .bind(heads)
            .bind(faults)
            .bind(&peer.id)
            .execute(&self.store.pool)
            .await?;
        Ok(())
    }

    /// Remembers that a pull failed, and why; the next one is later each time.
    pub async fn peer_failed(&self, peer: &Peer, why: &str) -> Result<(), ReadError> {
        let _turn = self.row_turn().await;
        let failures: Option<i64> = sqlx::query_scalar("SELECT failures FROM peer WHERE id = $1")
            .bind(&peer.id)
            .fetch_optional(&self.store.pool)
            .await?;
        let failures = failures.unwrap_or(0).clamp(0, 1000);
        let doubled = 1_i64.checked_shl(u32::try_from(failures.min(10)).unwrap_or(0)).unwrap_or(1);
        let pause = PAUSE.saturating_mul(doubled).min(MAX_PAUSE);
        sqlx::query("UPDATE peer SET failures = $1, error = $2, next_at = $3 WHERE id = $4")
            .bind(failures.saturating_add(1))
            .bind(shown_reason(why))
            .bind(now().unix().saturating_add(pause))
            .bind(&peer.id)
            .execute(&self.store.pool)
            .await?;
        Ok(())
    }
}
