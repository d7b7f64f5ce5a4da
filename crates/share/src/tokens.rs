//! Tokens: how a script becomes a [`Viewer`].

use statement::Timestamp;

use crate::accounts::viewer_of;
use crate::error::{ReadError, WriteError};
use crate::ids::{now, random_text};
use crate::platform::{Platform, checked_text};
use crate::secret::{Secret, digest};
use crate::view::{SessionView, TokenView};
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
        let row: Option<(String, String, String, String, i64)> = sqlx::query_as(
            "SELECT a.id, a.organization, t.role, t.name, t.instance * a.instance
             FROM token t JOIN account a ON a.id = t.account WHERE t.secret = $1 AND t.revoked_at IS NULL",
        )
        .bind(digest(secret))
        .fetch_optional(&self.store.pool)
        .await?;
        let Some((id, organization, role, name, instance)) = row else { return Ok(None) };
        // A token manages the instance only where it was made for that, and only while its account does.
        let Some(viewer) = viewer_of((id, organization, role, instance)) else { return Ok(None) };
        let view = self.session_view(&viewer, name, String::new(), None);
        Ok(Some((viewer, view)))
    }

    /// Makes a token for scripts with at most the viewer's role.
    pub async fn add_token(&self, viewer: &Viewer, name: &str, role: Role) -> Result<NewToken, WriteError> {
        if role > viewer.role {
            return Err(WriteError::Role);
        }
        self.insert_token(viewer, name, role, false).await
    }

    /// Makes a token that manages the instance, for somebody who does.
    pub async fn add_instance_token(&self, viewer: &Viewer, name: &str) -> Result<NewToken, WriteError> {
        if viewer.administrator().is_none() {
            return Err(WriteError::Role);
        }
        self.insert_token(viewer, name, viewer.role, true).await
    }

    async fn insert_token(
        &self,
        viewer: &Viewer,
        name: &str,
        role: Role,
        instance: bool,
    ) -> Result<NewToken, WriteError> {
        let name = checked_text("name", name)?;
        let (id, secret, _turn) = (random_text()?, Secret::fresh()?, self.row_turn().await);
        sqlx::query(
            "INSERT INTO token (id, secret, account, name, role, created_at, instance) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(&id)
        .bind(digest(secret.reveal()))
        .bind(viewer.account.as_str())
        .bind(name)
        .bind(role.name())
        .bind(now().unix())
        .bind(i64::from(instance))
        .execute(&self.store.pool)
        .await?;
        Ok(NewToken { id, secret })
    }

    /// Tokens of the viewer's account that are good, oldest first; not their secrets.
    pub async fn tokens(&self, viewer: &Viewer) -> Result<Vec<TokenView>, ReadError> {
        let rows: Vec<(String, String, String, i64, i64)> = sqlx::query_as(
            "SELECT id, name, role, instance, created_at FROM token
             WHERE account = $1 AND revoked_at IS NULL ORDER BY created_at, id",
        )
        .bind(viewer.account.as_str())
        .fetch_all(&self.store.pool)
        .await?;
        let view = |(id, name, role, instance, created_at): (String, String, String, i64, i64)| {
            let (role, created_at) = (Role::of_name(&role)?, Timestamp::from_unix(created_at)?);
            Some(TokenView { id, name, role, instance: instance != 0, created_at })
        };
        Ok(rows.into_iter().filter_map(view).collect())
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
