//! Who is asking.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{AccountId, OrganizationId};

/// Somebody who is logged in. Only the platform makes one, from a session, a token or the local administrator's word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Viewer {
    pub(crate) account: AccountId,
    pub(crate) organization: OrganizationId,
    pub(crate) role: Role,
    pub(crate) instance_administrator: bool,
}

/// The right to manage the instance: organizations, their keys, accounts. Held by whoever owns the data directory and
/// by accounts marked so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Administrator(pub(crate) ());

/// What an account may do inside its organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Reads.
    Viewer,
    /// Reads the audit trail as well.
    Auditor,
    /// Adds products, releases and systems.
    Engineer,
    /// Registers evidence.
    Publisher,
    /// Approves what publishers prepare.
    Approver,
    /// Manages supply links, keys and tokens of the organization.
    Administrator,
}

impl Role {
    /// As documents and the database write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Auditor => "auditor",
            Self::Engineer => "engineer",
            Self::Publisher => "publisher",
            Self::Approver => "approver",
            Self::Administrator => "administrator",
        }
    }

    pub(crate) fn of_name(name: &str) -> Option<Self> {
        use Role::{Administrator, Approver, Auditor, Engineer, Publisher, Viewer};
        [Viewer, Auditor, Engineer, Publisher, Approver, Administrator].into_iter().find(|r| r.name() == name)
    }
}

impl Viewer {
    /// The organization whose eyes they are.
    pub fn organization(&self) -> &OrganizationId {
        &self.organization
    }

    /// The account.
    pub fn account(&self) -> &AccountId {
        &self.account
    }

    /// Their role.
    pub fn role(&self) -> Role {
        self.role
    }

    /// The right to manage the instance, where this account has it.
    pub fn administrator(&self) -> Option<Administrator> {
        self.instance_administrator.then_some(Administrator(()))
    }

    /// The right to manage the accounts of `organization`: its own administrators have it, and the instance's.
    pub fn administrator_of(&self, organization: &OrganizationId) -> Option<Administrator> {
        let own = self.organization == *organization && self.has(Role::Administrator);
        (own || self.instance_administrator).then_some(Administrator(()))
    }

    pub(crate) fn has(&self, least: Role) -> bool {
        self.role >= least
    }
}
