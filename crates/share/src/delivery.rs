//! What became of deliveries to webhooks and mailboxes: the last ones of each, and why they failed.

use statement::Timestamp;

use crate::error::ReadError;
use crate::ids::now;
use crate::platform::Platform;
use crate::trouble::shown_reason;
use crate::view::DeliveryView;
use crate::viewer::Viewer;

/// Deliveries to one webhook that are remembered.
const REMEMBERED: i64 = 50;

impl Platform {
    /// The last deliveries to a webhook of the viewer's organization, newest first.
    pub async fn deliveries(&self, viewer: &Viewer, webhook: &str) -> Result<Vec<DeliveryView>, ReadError> {
        let own: Option<i64> =
            sqlx::query_scalar("SELECT created_at FROM webhook WHERE id = $1 AND organization = $2")
                .bind(webhook)
                .bind(viewer.organization.as_str())
                .fetch_optional(&self.store.pool)
                .await?;
        own.ok_or(ReadError::NotFound)?;
        let rows: Vec<(i64, i64, i64, Option<String>)> = sqlx::query_as(
            "SELECT attempt, at, changes, error FROM delivery WHERE webhook = $1 ORDER BY attempt DESC",
        )
        .bind(webhook)
        .fetch_all(&self.store.pool)
        .await?;
        let view = |(attempt, at, changes, error): (i64, i64, i64, Option<String>)| {
            let (attempt, changes) = (u64::try_from(attempt).ok()?, u64::try_from(changes).ok()?);
            Some(DeliveryView { attempt, at: Timestamp::from_unix(at)?, changes, error })
        };
        Ok(rows.into_iter().filter_map(view).collect())
    }

    /// Remembers a delivery, and forgets what is long ago.
    pub(crate) async fn note_delivery(
        &self,
        webhook: &str,
        changes: usize,
        error: Option<&str>,
    ) -> Result<(), ReadError> {
        let newest: Option<i64> = sqlx::query_scalar("SELECT max(attempt) FROM delivery WHERE webhook = $1")
            .bind(webhook)
            .fetch_one(&self.store.pool)
            .await?;
        let attempt = newest.unwrap_or(0).saturating_add(1);
        // It may have been removed while it was told.
        sqlx::query(
            "INSERT INTO delivery (webhook, attempt, at, changes, error)
             SELECT id, $2, $3, $4, $5 FROM webhook WHERE id = $1",
        )
        .bind(webhook)
        .bind(attempt)
        .bind(now().unix())
        .bind(i64::try_from(changes).unwrap_or(i64::MAX))
        .bind(error.map(shown_reason))
        .execute(&self.store.pool)
        .await?;
        sqlx::query("DELETE FROM delivery WHERE webhook = $1 AND attempt <= $2")
            .bind(webhook)
            .bind(attempt.saturating_sub(REMEMBERED))
            .execute(&self.store.pool)
            .await?;
        Ok(())
    }
}
