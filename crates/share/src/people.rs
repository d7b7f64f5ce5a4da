//! Organizations, their keys, and accounts: how somebody becomes a [`Viewer`].
//!
//! Secrets (login links, sessions, tokens) are 32 random bytes in hexadecimal; only their SHA-256 is stored.

use sha2::Digest as _;
use statement::{KeyId, PublicKey, Timestamp};

use crate::error::{ReadError, WriteError};
use crate::fact::Fact;
use crate::ids::{AccountId, OrganizationId, now, random_text};
use crate::platform::{Platform, checked_text};
use crate::view::{AccountRef, OrganizationKind, SessionView};
use crate::viewer::{Administrator, Role, Viewer};

/// How long a login link works.
pub const LOGIN_LINK_SECONDS: i64 = 30 * 60;

/// How long a session lasts.
pub const SESSION_SECONDS: i64 = 12 * 60 * 60;

/// A secret in clear: shown once, never stored, not printed by accident.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The text to hand over.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    fn fresh() -> Result<Self, WriteError> {
        Ok(Self(random_text()? + &random_text()?))
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

fn digest(secret: &str) -> Vec<u8> {
    sha2::Sha256::digest(secret).to_vec()
}

/// A session that just began.
#[derive(Clone, Debug)]
pub struct Session {
    /// Whose.
    pub viewer: Viewer,
    /// For the cookie.
    pub secret: Secret,
}

/// A token that was just made.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// To revoke it by.
    pub id: String,
    /// Shown once.
    pub secret: Secret,
}

type AccountRow = (String, String, String, i64);

impl Platform {
    /// Adds an organization.
    pub async fn add_organization(
        &self,
        _: &Administrator,
        name: &str,
        kind: OrganizationKind,
    ) -> Result<OrganizationId, WriteError> {
        let name = checked_text("name", name)?;
        let turn = self.write().await;
        if self.universe().organizations.values().any(|o| o.name == name) {
            return Err(WriteError::Exists { what: name });
        }
        let id = OrganizationId::fresh()?;
        turn.add(Fact::Organization { id: id.clone(), name, kind }).await?;
        Ok(id)
    }

    /// The organization with that name.
    pub fn organization_named(&self, _: &Administrator, name: &str) -> Option<OrganizationId> {
        self.universe().organizations.iter().find(|(_, o)| o.name == name).map(|(id, _)| id.clone())
    }

    /// Accepts a key for an organization: what it signs is that organization's word.
    pub async fn add_key(
        &self,
        _: &Administrator,
        organization: &OrganizationId,
        key: PublicKey,
    ) -> Result<KeyId, WriteError> {
        let turn = self.write().await;
        {
            let universe = self.universe();
            if !universe.organizations.contains_key(organization) {
                return Err(WriteError::NotFound { what: organization.to_string() });
            }
            if universe.keys.contains_key(&key.id()) {
                return Err(WriteError::Exists { what: key.id().to_string() });
            }
        }
        turn.add(Fact::Key { organization: organization.clone(), public_key: key }).await?;
        Ok(key.id())
    }

    /// Revokes a key of the viewer's organization. What it signed before stays registered.
    pub async fn revoke_key(&self, viewer: &Viewer, key_id: KeyId) -> Result<(), WriteError> {
        if !viewer.has(Role::Administrator) {
            return Err(WriteError::Role);
        }
        let turn = self.write().await;
        let own = self
            .universe()
            .keys
            .get(&key_id)
            .is_some_and(|k| k.organization == viewer.organization && !k.revoked);
        if !own {
            return Err(WriteError::NotFound { what: key_id.to_string() });
        }
        turn.add(Fact::KeyRevoked { key_id }).await
    }

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
        let (id, _turn) = (AccountId::fresh()?, self.write().await);
        sqlx::query("INSERT INTO account (id, organization, name, role, instance, created_at) VALUES (?, ?, ?, ?, ?, ?)")
            .bind(id.as_str())
            .bind(organization.as_str())
            .bind(name)
            .bind(role.name())
            .bind(instance)
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
            sqlx::query_scalar("SELECT id FROM account WHERE organization = ? AND name = ?")
                .bind(organization.as_str())
                .bind(name)
                .fetch_optional(&self.store.pool)
                .await?;
        Ok(id.map(AccountId::new))
    }

    /// Acts as an account without logging in: for programs that own the data directory.
    pub async fn viewer(&self, _: &Administrator, account: &AccountId) -> Result<Viewer, ReadError> {
        let row: Option<AccountRow> =
            sqlx::query_as("SELECT id, organization, role, instance FROM account WHERE id = ?")
                .bind(account.as_str())
                .fetch_optional(&self.store.pool)
                .await?;
        row.and_then(viewer_of).ok_or(ReadError::NotFound)
    }

    /// A secret that logs an account in once, within [`LOGIN_LINK_SECONDS`].
    pub async fn login_link(&self, _: &Administrator, account: &AccountId) -> Result<Secret, WriteError> {
        let (secret, _turn) = (Secret::fresh()?, self.write().await);
        sqlx::query("INSERT INTO login_link (secret, account, expires_at) VALUES (?, ?, ?)")
            .bind(digest(secret.reveal()))
            .bind(account.as_str())
            .bind(now().plus(LOGIN_LINK_SECONDS).unix())
            .execute(&self.store.pool)
            .await?;
        Ok(secret)
    }

    /// Logs in with a login link. `None`: unknown, expired or used; which of these is not said.
    pub async fn log_in(&self, link: &str) -> Result<Option<Session>, WriteError> {
        let _turn = self.write().await;
        let used: Option<String> = sqlx::query_scalar(
            "UPDATE login_link SET used_at = ?1 WHERE secret = ?2 AND used_at IS NULL AND expires_at > ?1 RETURNING account",
        )
        .bind(now().unix())
        .bind(digest(link))
        .fetch_optional(&self.store.pool)
        .await?;
        let Some(account) = used else { return Ok(None) };
        let (secret, csrf) = (Secret::fresh()?, random_text()?);
        sqlx::query("INSERT INTO session (secret, account, csrf, expires_at) VALUES (?, ?, ?, ?)")
            .bind(digest(secret.reveal()))
            .bind(&account)
            .bind(csrf)
            .bind(now().plus(SESSION_SECONDS).unix())
            .execute(&self.store.pool)
            .await?;
        let row: Option<AccountRow> =
            sqlx::query_as("SELECT id, organization, role, instance FROM account WHERE id = ?")
                .bind(account)
                .fetch_optional(&self.store.pool)
                .await?;
        Ok(row.and_then(viewer_of).map(|viewer| Session { viewer, secret }))
    }

    /// Who a session cookie belongs to, and its CSRF secret.
    pub async fn viewer_of_session(&self, secret: &str) -> Result<Option<(Viewer, SessionView)>, ReadError> {
        let row: Option<(String, String, String, i64, String, i64, String)> = sqlx::query_as(
            "SELECT a.id, a.organization, a.role, a.instance, s.csrf, s.expires_at, a.name
             FROM session s JOIN account a ON a.id = s.account WHERE s.secret = ? AND s.expires_at > ?",
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

    /// Who an API token belongs to.
    pub async fn viewer_of_token(&self, secret: &str) -> Result<Option<(Viewer, SessionView)>, ReadError> {
        let row: Option<(String, String, String, String)> = sqlx::query_as(
            "SELECT a.id, a.organization, t.role, t.name
             FROM token t JOIN account a ON a.id = t.account WHERE t.secret = ? AND t.revoked_at IS NULL",
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

    fn session_view(
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

    /// Ends a session.
    pub async fn log_out(&self, secret: &str) -> Result<(), WriteError> {
        let _turn = self.write().await;
        sqlx::query("DELETE FROM session WHERE secret = ?")
            .bind(digest(secret))
            .execute(&self.store.pool)
            .await?;
        Ok(())
    }

    /// Makes a token for scripts with at most the viewer's role.
    pub async fn add_token(&self, viewer: &Viewer, name: &str, role: Role) -> Result<NewToken, WriteError> {
        let name = checked_text("name", name)?;
        if role > viewer.role {
            return Err(WriteError::Role);
        }
        let (id, secret, _turn) = (random_text()?, Secret::fresh()?, self.write().await);
        sqlx::query(
            "INSERT INTO token (id, secret, account, name, role, created_at) VALUES (?, ?, ?, ?, ?, ?)",
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
        let _turn = self.write().await;
        let done = sqlx::query(
            "UPDATE token SET revoked_at = ? WHERE id = ? AND account = ? AND revoked_at IS NULL",
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

fn viewer_of((id, organization, role, instance): AccountRow) -> Option<Viewer> {
    Some(Viewer {
        account: AccountId::new(id),
        organization: OrganizationId::new(organization),
        role: Role::of_name(&role)?,
        instance_administrator: instance != 0,
    })
}
