//! Organizations and their keys, as whoever manages the instance adds them.

use statement::{KeyId, PublicKey};

use crate::error::WriteError;
use crate::fact::Fact;
use crate::ids::OrganizationId;
use crate::platform::{Platform, checked_text};
use crate::view::OrganizationKind;
use crate::viewer::{Administrator, Role, Viewer};

impl Platform {
    /// Adds an organization.
    pub async fn add_organization(
        &self,
        _: &Administrator,
        name: &str,
        kind: OrganizationKind,
    ) -> Result<OrganizationId, WriteError> {
        let name = checked_text("name", name)?;
        let mut turn = self.write().await?;
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
        let mut turn = self.write().await?;
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
        let mut turn = self.write().await?;
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
}
