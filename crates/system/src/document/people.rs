//! Accounts, groups, credentials, people and what they do.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Located;

/// An account on one or several hosts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Account {
    /// Host ids it is known on.
    pub hosts: Vec<Located<String>>,
    /// User name; the id where left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// What it may do there.
    pub privilege: Privilege,
    /// Credential ids; each alone opens it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub credentials: Vec<Located<String>>,
    /// Person id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<Located<String>>,
    /// A second factor is required.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub mfa: bool,
    /// Its password is the maker's default, or none.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub default_password: bool,
    /// Its owner has left.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub leaver: bool,
}

/// What an account may do on its hosts.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Privilege {
    /// Ordinary work.
    #[default]
    User,
    /// Everything.
    Admin,
}

/// A group of accounts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Group {
    /// `account:…` or `group:…`.
    pub members: Vec<Located<String>>,
    /// Host ids its members administer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub admin_of: Vec<Located<String>>,
}

/// A secret.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Credential {
    /// What kind.
    pub kind: CredentialKind,
    /// Host ids that hold it on disk where their administrator can read it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stored_on: Vec<Located<String>>,
    /// Host ids that hold it in memory after a login.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cached_on: Vec<Located<String>>,
    /// Credential ids with the same secret.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reuses: Vec<Located<String>>,
    /// Can be guessed in practice.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub weak: bool,
}

/// Kinds of secret.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum CredentialKind {
    /// Something remembered.
    #[default]
    Password,
    /// A private key.
    Key,
    /// A ticket or token.
    Token,
}

/// A person or role.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Person {
    /// For reading.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Place ids the person can enter.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub can_enter: Vec<Located<String>>,
    /// Trained to recognise deception.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub trained: bool,
}

/// What a person does with a host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Usage {
    /// Person id.
    pub person: Located<String>,
    /// Host ids.
    pub hosts: Vec<Located<String>>,
    /// What is done there.
    pub does: Vec<Interaction>,
    /// Name of the carried medium or laptop: two usages with one name share it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub medium: Option<String>,
    /// Account id used for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<Located<String>>,
}

/// Interactions that attackers use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Interaction {
    /// Reads mail from outside.
    OpensMail,
    /// Visits web sites outside.
    Browses,
    /// Lets documents run macros.
    RunsMacros,
    /// Puts in removable media.
    InsertsMedia,
    /// Approves second-factor prompts.
    ApprovesMfa,
    /// Logs in from here to other hosts.
    LogsIn,
}

impl Interaction {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::OpensMail => "opens-mail",
            Self::Browses => "browses",
            Self::RunsMacros => "runs-macros",
            Self::InsertsMedia => "inserts-media",
            Self::ApprovesMfa => "approves-mfa",
            Self::LogsIn => "logs-in",
        }
    }
}
