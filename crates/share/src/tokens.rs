//! Tokens: how a script becomes a [`Viewer`].

use crate::accounts::viewer_of;
use crate::error::{ReadError, WriteError};
use crate::ids::{now, random_text};
use crate::platform::{Platform, checked_text};
use crate::secret::{Secret, digest};
use crate::view::SessionView;
use crate::viewer::{Role, Viewer};

/// A token that was just made.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// To revoke it by.
    pub id: String,
    /// Shown once.
    pub secret: Secret,
}

impl Platform {
    /// Who an API token belongs to.
    pub async fn viewer_of_token(&self, secret: &str) -> Result<Option<(Viewer, SessionView)>, ReadError> {
        let row: Option<(String, String, String, String)> = sqlx::query_as(
            "SELECT a.id, a.organization, t.role, t.name
             FROM token t JOIN account a ON a.id = t.account WHERE t.secret = $1 AND t.revoked_at IS NULL",
        )
        .bind(digest(secret))
        .fetch_optional(&self.store.pool)
        .await?;
        let Some((id, organization, role, name)) = row else { return Ok(None) };
        // A token never manages the instance.
        let Some(viewer) = viewer_of((id, organization, role, 0)) else { return Ok(None) };
        let view = self.session_view(&viewer, name, String::new(), None);
        Ok(Some((viewer, view)))
    }

    /// Makes a token for scripts with at most the viewer's role.
    pub async fn add_token(&self, viewer: &Viewer, name: &str, role: Role) -> Result<NewToken, WriteError> {
        let name = checked_text("name", name)?;
        if role > viewer.role {
            return Err(WriteError::Role);
        }
        let (id, secret, _turn) = (random_text()?, Secret::fresh()?, self.row_turn().await);
        sqlx::query(
            "INSERT INTO token (id, secret, account, name, role, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(&id)
        .bind(digest(secret.reveal()))
        .bind(viewer.account.as_str())
        .bind(name)
        .bind(role.name())
        .bind(now().unix())
        .execute(&self.store.pool)
        .await?;
        Ok(NewToken { id, secret })
    }

    /// Revokes a token of the viewer's account.
    pub async fn revoke_token(&self, viewer: &Viewer, id: &str) -> Result<(), WriteError> {
        let _turn = self.row_turn().await;
        let done = sqlx::query(
            "UPDATE token SET revoked_at = $1 WHERE id = $2 AND account = $3 AND revoked_at IS NULL",
        )
        .bind(now().unix())
        .bind(id)
        .bind(viewer.account.as_str())
        .execute(&self.store.pool)
        .await?;
        if done.rows_affected() == 0 {
            return Err(WriteError::NotFound { what: id.to_owned() });
        }
        Ok(())
    }
}
