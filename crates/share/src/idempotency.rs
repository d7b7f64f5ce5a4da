//! Answers to writes that carry an idempotency key, so that a repeated request is answered and not repeated.

use record::Sha256;

use crate::error::ReadError;
use crate::ids::now;
use crate::platform::Platform;

/// How long an answer is kept, in seconds.
const KEPT: i64 = 24 * 60 * 60;

/// How long a write may be under way in another process, in seconds.
const UNDER_WAY: i64 = 120;

/// What is known of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// Nothing: go on, and say how it ended.
    First,
    /// It was answered.
    Answered {
        /// HTTP status.
        status: u16,
        /// Body.
        body: Vec<u8>,
    },
    /// The same key came with another request.
    Other,
    /// The first attempt is still under way.
    UnderWay,
}

impl Platform {
    /// Begins a write. `scope`: who asks; `request`: digest of what is asked.
    pub async fn begin_once(&self, scope: Sha256, key: &str, request: Sha256) -> Result<Attempt, ReadError> {
        let _turn = self.row_turn().await;
        let at = now().unix();
        let pool = &self.store.pool;
        sqlx::query("DELETE FROM idempotency WHERE at < $1")
            .bind(at.saturating_sub(KEPT))
            .execute(pool)
            .await?;
        let begun = sqlx::query(
            "INSERT INTO idempotency (scope, key, request, status, body, at) VALUES ($1, $2, $3, 0, $4, $5)
             ON CONFLICT (scope, key) DO NOTHING",
        )
        .bind(scope.0.to_vec())
        .bind(key)
        .bind(request.0.to_vec())
        .bind(Vec::<u8>::new())
        .bind(at)
        .execute(pool)
        .await?;
        if begun.rows_affected() == 1 {
            return Ok(Attempt::First);
        }
        let (known, status, body): (Vec<u8>, i64, Vec<u8>) =
            sqlx::query_as("SELECT request, status, body FROM idempotency WHERE scope = $1 AND key = $2")
                .bind(scope.0.to_vec())
                .bind(key)
                .fetch_one(pool)
                .await?;
        Ok(match (known == request.0, u16::try_from(status)) {
            (false, _) => Attempt::Other,
            (true, Ok(status)) if status > 0 => Attempt::Answered { status, body },
            _ => Attempt::UnderWay,
        })
    }

    /// Says how a write ended. Failures of ours are forgotten: the next attempt may fare better.
    pub async fn end_once(
        &self,
        scope: Sha256,
        key: &str,
        status: u16,
        body: &[u8],
    ) -> Result<(), ReadError> {
        let _turn = self.row_turn().await;
        let pool = &self.store.pool;
        if status >= 500 || status == 429 {
            sqlx::query("DELETE FROM idempotency WHERE scope = $1 AND key = $2")
                .bind(scope.0.to_vec())
                .bind(key)
                .execute(pool)
                .await?;
            return Ok(());
        }
        sqlx::query("UPDATE idempotency SET status = $1, body = $2 WHERE scope = $3 AND key = $4")
            .bind(i64::from(status))
            .bind(body.to_vec())
            .bind(scope.0.to_vec())
            .bind(key)
            .execute(pool)
            .await?;
        Ok(())
    }

    /// Forgets writes that were under way when the last process ended. Other processes may be at work on young ones.
    pub(crate) async fn forget_unfinished(&self) -> Result<(), sqlx::Error> {
        let young = if self.store.is_shared() { UNDER_WAY } else { 0 };
        sqlx::query("DELETE FROM idempotency WHERE status = 0 AND at <= $1")
            .bind(now().unix().saturating_sub(young))
            .execute(&self.store.pool)
            .await?;
        Ok(())
    }
}
