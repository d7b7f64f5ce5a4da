//! Data, processes, attackers, goals and countermeasures.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Located;

/// Data that one host sends to another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Flow {
    /// Host id.
    pub from: Located<String>,
    /// Host id.
    pub to: Located<String>,
    /// Data ids.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub data: Vec<Located<String>>,
    /// The receiver acts on it without checking.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub trusted: bool,
}

/// Data worth protecting.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Data {
    /// For reading.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Host ids.
    pub stored_on: Vec<Located<String>>,
    /// Host ids that can change it where it is stored.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mounted_on: Vec<Located<String>>,
    /// Host ids that run it: scripts, updates, controller projects.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub executed_on: Vec<Located<String>>,
    /// Data id of what it is a copy of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backup_of: Option<Located<String>>,
    /// Encrypted at rest: reading needs more than the host's file access.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub encrypted: bool,
}

/// A physical process under control.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Process {
    /// For reading.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Host ids of the controllers.
    pub controlled_by: Vec<Located<String>>,
    /// Host ids from which people see it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub viewed_on: Vec<Located<String>>,
    /// Host ids of the safety system.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub safety: Vec<Located<String>>,
    /// Host ids without which it stops.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<Located<String>>,
    /// People can run it by hand for as long as the controllers are out.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub fallback: bool,
}

/// Where attacks begin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Attacker {
    /// `zone:…`, `host:…`, `place:…`, `person:…` or `supplier:…`.
    pub at: Located<String>,
    /// For reading.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Also mails, calls and offers false pages; false keeps an attacker to the technical ways from where it is.
    #[serde(default = "yes")]
    pub deceives: bool,
    /// Account ids the attacker already holds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub knows: Vec<Located<String>>,
}

/// What must not happen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Goal {
    /// For reading.
    pub title: String,
    /// The fact that states it, `_` for anything: `runs_code(a1, plc1, _)`.
    pub fact: Located<String>,
}

/// Something that can be changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Countermeasure {
    /// Kind of change.
    pub kind: CountermeasureKind,
    /// `kind:id` of what is taken away or changed.
    pub target: Located<String>,
    /// Above 0, in any one unit.
    #[serde(default = "one")]
    pub cost: f64,
    /// For reading.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

fn one() -> f64 {
    1.0
}

fn yes() -> bool {
    true
}

/// Kinds of change, as assessments report them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CountermeasureKind {
    /// Install a fixed version.
    Patch,
    /// Change a filter.
    Filter,
    /// Take something away.
    Remove,
    /// Change or protect a credential.
    Credential,
    /// Change an account or its rights.
    Account,
    /// Change how people use the system.
    Usage,
    /// Watch.
    Monitor,
}
