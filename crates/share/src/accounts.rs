//! Accounts: who may act for an organization, in which role.

use crate::error::{ReadError, WriteError};
use crate::ids::{AccountId, OrganizationId, now};
use crate::platform::{Platform, checked_text};
use crate::viewer::{Administrator, Role, Viewer};

/// Id, organization, role, whether it manages the instance.
pub(crate) type AccountRow = (String, String, String, i64);

impl Platform {
    /// Adds an account to an organization. `instance`: it also manages the instance.
    pub async fn add_account(
        &self,
        _: &Administrator,
        organization: &OrganizationId,
        name: &str,
        role: Role,
        instance: bool,
    ) -> Result<AccountId, WriteError> {
        let name = checked_text("name", name)?;
        if !self.universe().organizations.contains_key(organization) {
            return Err(WriteError::NotFound { what: organization.to_string() });
        }
        let (id, _turn) = (AccountId::fresh()?, self.write().await?);
        sqlx::query("INSERT INTO account (id, organization, name, role, instance, created_at) VALUES ($1, $2, $3, $4, $5, $6)")
            .bind(id.as_str())
            .bind(organization.as_str())
            .bind(name)
            .bind(role.name())
            .bind(i64::from(instance))
            .bind(now().unix())
            .execute(&self.store.pool)
            .await?;
        Ok(id)
    }

    /// Whether anybody has an account yet.
    pub async fn has_accounts(&self) -> Result<bool, ReadError> {
        let count: i64 =
            sqlx::query_scalar("SELECT count(*) FROM account").fetch_one(&self.store.pool).await?;
        Ok(count > 0)
    }

    /// The account with that name in an organization.
    pub async fn account_named(
        &self,
        _: &Administrator,
        organization: &OrganizationId,
        name: &str,
    ) -> Result<Option<AccountId>, ReadError> {
        let id: Option<String> =
            sqlx::query_scalar("SELECT id FROM account WHERE organization = $1 AND name = $2")
                .bind(organization.as_str())
                .bind(name)
                .fetch_optional(&self.store.pool)
                .await?;
        Ok(id.map(AccountId::new))
    }

    /// Whoever managed the instance first.
    pub async fn first_administrator(&self, _: &Administrator) -> Result<Option<AccountId>, ReadError> {
        let sql = "SELECT id FROM account WHERE instance <> 0 ORDER BY created_at, id LIMIT 1";
        let id: Option<String> = sqlx::query_scalar(sql).fetch_optional(&self.store.pool).await?;
        Ok(id.map(AccountId::new))
    }

    /// Acts as an account without logging in: for programs that own the data directory.
    pub async fn viewer(&self, _: &Administrator, account: &AccountId) -> Result<Viewer, ReadError> {
        let row: Option<AccountRow> =
            sqlx::query_as("SELECT id, organization, role, instance FROM account WHERE id = $1")
                .bind(account.as_str())
                .fetch_optional(&self.store.pool)
                .await?;
        row.and_then(viewer_of).ok_or(ReadError::NotFound)
    }
}

pub(crate) fn viewer_of((id, organization, role, instance): AccountRow) -> Option<Viewer> {
    Some(Viewer {
        account: AccountId::new(id),
        organization: OrganizationId::new(organization),
        role: Role::of_name(&role)?,
        instance_administrator: instance != 0,
    })
}
