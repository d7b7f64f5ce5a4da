//! People who log in elsewhere: an issuer of identities vouches for them, and whoever runs the instance said which of
//! them act for which organization. Whether the issuer's word is true is checked by the caller.

use crate::accounts::{AccountRow, viewer_of};
use crate::error::WriteError;
use crate::ids::{AccountId, OrganizationId, now};
use crate::platform::{Platform, checked_text};
use crate::sessions::Session;
use crate::viewer::{Administrator, Role};

/// Somebody an issuer vouches for, and what they may do here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The issuer.
    pub issuer: String,
    /// Who they are there, for ever.
    pub subject: String,
    /// What they are called.
    pub name: String,
    /// For whom they act here.
    pub organization: OrganizationId,
    /// In which role.
    pub role: Role,
}

impl Platform {
    /// Logs somebody in, in the role that they have now; their account is made when they come for the first time. Such
    /// an account never manages the instance.
    pub async fn log_in_as(&self, _: &Administrator, identity: &Identity) -> Result<Session, WriteError> {
        let name = checked_text("name", &identity.name)?;
        if !self.universe().organizations.contains_key(&identity.organization) {
            return Err(WriteError::NotFound { what: identity.organization.to_string() });
        }
        let turn = self.write().await?;
        let account = match self.account_of(identity).await? {
            Some(account) => {
                sqlx::query("UPDATE account SET role = $1, name = $2 WHERE id = $3")
                    .bind(identity.role.name())
                    .bind(&name)
                    .bind(&account)
                    .execute(&self.store.pool)
                    .await?;
                account
            }
            None => self.add_identity(identity, &name).await?,
        };
        drop(turn);
        let row: Option<AccountRow> =
            sqlx::query_as("SELECT id, organization, role, instance FROM account WHERE id = $1")
                .bind(&account)
                .fetch_optional(&self.store.pool)
                .await?;
        let viewer = row.and_then(viewer_of).ok_or(WriteError::NotFound { what: account })?;
        self.begin_session(viewer).await
    }

    async fn account_of(&self, identity: &Identity) -> Result<Option<String>, sqlx::Error> {
        sqlx::query_scalar(
            "SELECT account FROM identity WHERE issuer = $1 AND subject = $2 AND organization = $3",
        )
        .bind(&identity.issuer)
        .bind(&identity.subject)
        .bind(identity.organization.as_str())
        .fetch_optional(&self.store.pool)
        .await
    }

    async fn add_identity(&self, identity: &Identity, name: &str) -> Result<String, WriteError> {
        let (id, mut change) = (AccountId::fresh()?, self.store.begin().await?);
        sqlx::query("INSERT INTO account (id, organization, name, role, instance, created_at) VALUES ($1, $2, $3, $4, 0, $5)")
            .bind(id.as_str())
            .bind(identity.organization.as_str())
            .bind(name)
            .bind(identity.role.name())
            .bind(now().unix())
            .execute(&mut *change)
            .await?;
        sqlx::query("INSERT INTO identity (issuer, subject, organization, account) VALUES ($1, $2, $3, $4)")
            .bind(&identity.issuer)
            .bind(&identity.subject)
            .bind(identity.organization.as_str())
            .bind(id.as_str())
            .execute(&mut *change)
            .await?;
        change.commit().await?;
        Ok(id.to_string())
    }
}
