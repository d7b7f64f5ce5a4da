//! Login links and sessions: how a person becomes a [`Viewer`].

use statement::Timestamp;

use crate::accounts::{AccountRow, viewer_of};
use crate::error::{ReadError, WriteError};
use crate::ids::{AccountId, now, random_text};
use crate::platform::Platform;
use crate::secret::{Secret, digest};
use crate::view::{AccountRef, SessionView};
use crate::viewer::{Administrator, Viewer};

/// How long a login link works.
pub const LOGIN_LINK_SECONDS: i64 = 30 * 60;

/// How long a session lasts.
pub const SESSION_SECONDS: i64 = 12 * 60 * 60;

/// A session that just began.
#[derive(Clone, Debug)]
pub struct Session {
    /// Whose.
    pub viewer: Viewer,
    /// For the cookie.
    pub secret: Secret,
}

impl Platform {
    /// A secret that logs an account in once, within [`LOGIN_LINK_SECONDS`].
    pub async fn login_link(&self, _: &Administrator, account: &AccountId) -> Result<Secret, WriteError> {
        let (secret, _turn) = (Secret::fresh()?, self.row_turn().await);
        sqlx::query("INSERT INTO login_link (secret, account, expires_at) VALUES ($1, $2, $3)")
            .bind(digest(secret.reveal()))
            .bind(account.as_str())
            .bind(now().plus(LOGIN_LINK_SECONDS).unix())
            .execute(&self.store.pool)
            .await?;
        Ok(secret)
    }

    /// Logs in with a login link. `None`: unknown, expired or used; which of these is not said.
    pub async fn log_in(&self, link: &str) -> Result<Option<Session>, WriteError> {
        // Whoever guesses keeps nobody from writing.
        let known: Option<i64> =
            sqlx::query_scalar("SELECT expires_at FROM login_link WHERE secret = $1 AND used_at IS NULL")
                .bind(digest(link))
                .fetch_optional(&self.store.pool)
                .await?;
        if known.is_none() {
            return Ok(None);
        }
        let turn = self.row_turn().await;
        let used: Option<String> = sqlx::query_scalar(
            "UPDATE login_link SET used_at = $1 WHERE secret = $2 AND used_at IS NULL AND expires_at > $1 RETURNING account",
        )
        .bind(now().unix())
        .bind(digest(link))
        .fetch_optional(&self.store.pool)
        .await?;
        let Some(account) = used else { return Ok(None) };
        let row: Option<AccountRow> =
            sqlx::query_as("SELECT id, organization, role, instance FROM account WHERE id = $1")
                .bind(account)
                .fetch_optional(&self.store.pool)
                .await?;
        drop(turn);
        match row.and_then(viewer_of) {
            Some(viewer) => Ok(Some(self.begin_session(viewer).await?)),
            None => Ok(None),
        }
    }

    pub(crate) async fn begin_session(&self, viewer: Viewer) -> Result<Session, WriteError> {
        let (secret, csrf, _turn) = (Secret::fresh()?, random_text()?, self.row_turn().await);
        sqlx::query("INSERT INTO session (secret, account, csrf, expires_at) VALUES ($1, $2, $3, $4)")
            .bind(digest(secret.reveal()))
            .bind(viewer.account.as_str())
            .bind(csrf)
            .bind(now().plus(SESSION_SECONDS).unix())
            .execute(&self.store.pool)
            .await?;
        Ok(Session { viewer, secret })
    }

    /// Who a session cookie belongs to, and its CSRF secret.
    pub async fn viewer_of_session(&self, secret: &str) -> Result<Option<(Viewer, SessionView)>, ReadError> {
        let row: Option<(String, String, String, i64, String, i64, String)> = sqlx::query_as(
            "SELECT a.id, a.organization, a.role, a.instance, s.csrf, s.expires_at, a.name
             FROM session s JOIN account a ON a.id = s.account WHERE s.secret = $1 AND s.expires_at > $2",
        )
        .bind(digest(secret))
        .bind(now().unix())
        .fetch_optional(&self.store.pool)
        .await?;
        let Some((id, organization, role, instance, csrf, expires, name)) = row else { return Ok(None) };
        let Some(viewer) = viewer_of((id, organization, role, instance)) else { return Ok(None) };
        let view = self.session_view(&viewer, name, csrf, Timestamp::from_unix(expires));
        Ok(Some((viewer, view)))
    }

    pub(crate) fn session_view(
        &self,
        viewer: &Viewer,
        name: String,
        csrf: String,
        expires_at: Option<Timestamp>,
    ) -> SessionView {
        let organization = self.universe().organization_ref(&viewer.organization);
        let account = AccountRef { id: viewer.account.clone(), name };
        SessionView { account, organization, role: viewer.role, csrf, expires_at }
    }

    /// Ends all sessions of the viewer's account, as after a computer was lost.
    pub async fn end_sessions(&self, viewer: &Viewer) -> Result<(), WriteError> {
        let _turn = self.row_turn().await;
        sqlx::query("DELETE FROM session WHERE account = $1")
            .bind(viewer.account.as_str())
            .execute(&self.store.pool)
            .await?;
        Ok(())
    }

    /// Ends a session.
    pub async fn log_out(&self, secret: &str) -> Result<(), WriteError> {
        let _turn = self.row_turn().await;
        sqlx::query("DELETE FROM session WHERE secret = $1")
            .bind(digest(secret))
            .execute(&self.store.pool)
            .await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test]
    async fn guessing_login_links_waits_for_nobody_who_writes() {
        let folder = tempfile::tempdir().unwrap();
        let platform = Platform::open(folder.path()).await.unwrap();
        let _turn = platform.row_turn().await;
        let guessed = tokio::time::timeout(Duration::from_secs(30), platform.log_in("guessed"));
        assert!(guessed.await.expect("it waits for the turn to write").unwrap().is_none());
    }
}
