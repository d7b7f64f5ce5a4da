//! Webhooks and mailboxes (`mailto:`): who is told of changes, how far it got, and when to try again. The requests are the server's business.
//!
//! A webhook sees what the account that made it sees. Deliveries are signed with the instance's key, so that no secret
//! has to be kept for them; a delivery that fails is tried again, later each time, and given up in the end, visibly.

use sqlx::AssertSqlSafe;
use statement::Timestamp;

use crate::accounts::{AccountRow, viewer_of};
use crate::error::{ReadError, WriteError};
use crate::ids::{now, random_text};
use crate::platform::Platform;
use crate::view::WebhookView;
use crate::viewer::{Role, Viewer};

/// Failures in a row after which a webhook is dead.
const MAX_FAILURES: i64 = 12;

/// Pause after the first failure, in seconds; doubled each time, up to [`MAX_PAUSE`].
const PAUSE: i64 = 10;
const MAX_PAUSE: i64 = 6 * 60 * 60;

/// Most webhooks of one organization.
const MAX_WEBHOOKS: i64 = 20;

/// A webhook that may have something to be told.
#[derive(Clone, Debug)]
pub struct Due {
    /// Id.
    pub id: String,
    /// Where to.
    pub url: String,
    /// Whose eyes.
    pub viewer: Viewer,
    /// After which change.
    pub cursor: Option<String>,
}

/// Id, url, cursor, failures, next attempt, made at.
type Row = (String, String, Option<String>, i64, i64, i64);

impl Platform {
    /// Adds a webhook that begins with the next change.
    pub async fn add_webhook(&self, viewer: &Viewer, url: &str) -> Result<WebhookView, WriteError> {
        if !viewer.has(Role::Administrator) {
            return Err(WriteError::Role);
        }
        let known = url.starts_with("https://") || url.starts_with("mailto:");
        if !known || url.len() > 2000 || url.contains(char::is_control) {
            return Err(WriteError::Text { field: "url" });
        }
        let cursor = self.last_change(viewer);
        let (id, _turn, at) = (random_text()?, self.write().await?, now());
        let count: i64 = sqlx::query_scalar("SELECT count(*) FROM webhook WHERE organization = $1")
            .bind(viewer.organization.as_str())
            .fetch_one(&self.store.pool)
            .await?;
        if count >= MAX_WEBHOOKS {
            return Err(WriteError::Exists { what: format!("{MAX_WEBHOOKS} webhooks") });
        }
        sqlx::query("INSERT INTO webhook (id, organization, account, url, cursor, failures, next_at, created_at) VALUES ($1, $2, $3, $4, $5, 0, 0, $6)")
            .bind(&id)
            .bind(viewer.organization.as_str())
            .bind(viewer.account.as_str())
            .bind(url)
            .bind(cursor)
            .bind(at.unix())
            .execute(&self.store.pool)
            .await?;
        Ok(WebhookView { id, url: url.to_owned(), failures: 0, dead: false, next_at: None, created_at: at })
    }

    /// Webhooks of the viewer's organization, oldest first.
    pub async fn webhooks(&self, viewer: &Viewer) -> Result<Vec<WebhookView>, ReadError> {
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT id, url, cursor, failures, next_at, created_at FROM webhook WHERE organization = $1 ORDER BY created_at, id",
        )
        .bind(viewer.organization.as_str())
        .fetch_all(&self.store.pool)
        .await?;
        let view = |(id, url, _, failures, next_at, created_at): Row| {
            let dead = failures >= MAX_FAILURES;
            let next_at = Timestamp::from_unix(next_at).filter(|_| failures > 0 && !dead);
            let created_at = Timestamp::from_unix(created_at)?;
            Some(WebhookView { id, url, failures: u32::try_from(failures).ok()?, dead, next_at, created_at })
        };
        Ok(rows.into_iter().filter_map(view).collect())
    }

    /// Removes a webhook of the viewer's organization.
    pub async fn remove_webhook(&self, viewer: &Viewer, id: &str) -> Result<(), WriteError> {
        if !viewer.has(Role::Administrator) {
            return Err(WriteError::Role);
        }
        let _turn = self.row_turn().await;
        let mut change = self.store.begin().await?;
        let own = "SELECT id FROM webhook WHERE id = $1 AND organization = $2";
        let deliveries = AssertSqlSafe(format!("DELETE FROM delivery WHERE webhook IN ({own})"));
        let (id, organization) = (id.to_owned(), viewer.organization.as_str());
        sqlx::query(deliveries).bind(&id).bind(organization).execute(&mut *change).await?;
        let done = sqlx::query("DELETE FROM webhook WHERE id = $1 AND organization = $2")
            .bind(&id)
            .bind(organization)
            .execute(&mut *change)
            .await?;
        if done.rows_affected() == 0 {
            return Err(WriteError::NotFound { what: id });
        }
        Ok(change.commit().await?)
    }

    /// Webhooks that may be tried now.
    pub async fn due_webhooks(&self) -> Result<Vec<Due>, ReadError> {
        type Joined = (String, String, Option<String>, String, String, String, i64);
        let rows: Vec<Joined> = sqlx::query_as(
            "SELECT w.id, w.url, w.cursor, a.id, a.organization, a.role, a.instance
             FROM webhook w JOIN account a ON a.id = w.account
             WHERE w.failures < $1 AND (w.next_at <= $2 OR w.next_at > $3) ORDER BY w.next_at, w.id",
        )
        .bind(MAX_FAILURES)
        .bind(now().unix())
        // No pause is that long: the clock was put back.
        .bind(now().plus(MAX_PAUSE).unix())
        .fetch_all(&self.store.pool)
        .await?;
        let due = |(id, url, cursor, account, organization, role, instance): Joined| {
            let row: AccountRow = (account, organization, role, instance);
            Some(Due { id, url, cursor, viewer: viewer_of(row)? })
        };
        Ok(rows.into_iter().filter_map(due).collect())
    }

    /// Remembers that `changes` up to `cursor` were delivered.
    pub async fn webhook_delivered(&self, id: &str, cursor: &str, changes: usize) -> Result<(), ReadError> {
        let _turn = self.row_turn().await;
        self.note_delivery(id, changes, None).await?;
        sqlx::query("UPDATE webhook SET cursor = $1, failures = 0, next_at = 0 WHERE id = $2")
            .bind(cursor)
            .bind(id)
            .execute(&self.store.pool)
            .await?;
        Ok(())
    }

    /// Remembers that a delivery of `changes` failed and why, and when to try again.
    pub async fn webhook_failed(&self, id: &str, changes: usize, why: &str) -> Result<(), ReadError> {
        let _turn = self.row_turn().await;
        self.note_delivery(id, changes, Some(why)).await?;
        let failures: Option<i64> = sqlx::query_scalar("SELECT failures FROM webhook WHERE id = $1")
            .bind(id)
            .fetch_optional(&self.store.pool)
            .await?;
        let failures = failures.unwrap_or(0).clamp(0, MAX_FAILURES);
        let doubled = 1_i64.checked_shl(u32::try_from(failures).unwrap_or(0)).unwrap_or(i64::MAX);
        let pause = PAUSE.saturating_mul(doubled).min(MAX_PAUSE);
        sqlx::query("UPDATE webhook SET failures = $1, next_at = $2 WHERE id = $3")
            .bind(failures.saturating_add(1))
            .bind(now().plus(pause).unix())
            .bind(id)
            .execute(&self.store.pool)
            .await?;
        Ok(())
    }

    /// The instance's signature of a delivery: Ed25519 over time, line feed, body; base64.
    pub fn sign_delivery(&self, at: Timestamp, body: &[u8]) -> String {
        self.instance.sign(&[at.to_string().as_bytes(), b"\n", body].concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::NewPeer;
    use crate::view::{OrganizationKind, PeerKind};
    use statement::{PinnedLog, Trust};

    #[tokio::test]
    async fn a_clock_that_was_put_back_keeps_nobody_waiting() {
        let folder = tempfile::tempdir().unwrap();
        let platform = Platform::open(folder.path()).await.unwrap();
        let admin = platform.local_administrator();
        let id = platform.add_organization(&admin, "Water", OrganizationKind::Operator).await.unwrap();
        let account = platform.add_account(&admin, &id, "root", Role::Administrator, false).await.unwrap();
        let viewer = platform.viewer(&admin, &account).await.unwrap();
        platform.add_webhook(&viewer, "https://hooks.example").await.unwrap();
        let other_folder = tempfile::tempdir().unwrap();
        let other = Platform::open(other_folder.path()).await.unwrap();
        let (origin, key) = (other.log_origin().to_owned(), other.log_key());
        let trust = Trust { log: Some(PinnedLog { origin, key }), ..Trust::default() };
        let (name, url, token) = ("p".to_owned(), "https://p.example".to_owned(), "t".to_owned());
        platform
            .add_peer(
                &admin,
                NewPeer { name, url, kind: PeerKind::Instance, organization: id, token: Some(token), trust },
            )
            .await
            .unwrap();
        let due = async || {
            let (webhooks, peers) = (platform.due_webhooks().await, platform.due_peers().await);
            (webhooks.unwrap().len(), peers.unwrap().len())
        };
        assert_eq!(due().await, (1, 1));
        for (seconds, expected) in [(600, (0, 0)), (MAX_PAUSE + 3600, (1, 1))] {
            for table in ["webhook", "peer"] {
                let sql = format!("UPDATE {table} SET next_at = {}", now().plus(seconds).unix());
                let sql = sqlx::AssertSqlSafe(sql);
                sqlx::raw_sql(sql).execute(&platform.store.pool).await.unwrap();
            }
            assert_eq!(due().await, expected, "{seconds}");
        }
    }
}
