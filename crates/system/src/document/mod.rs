//! `sukashi.system/1` as it is written: sections, each a map by id.
//!
//! Every section and field is optional unless its meaning needs it; an unknown key is an error. What may be wrong in
//! a single value is refused here by its type; what may be wrong between values is found by [`crate::System`].

mod mentions;
mod network;
mod outcome;
mod people;
mod software;

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Place;
pub(crate) use mentions::{Entry, Mention};
pub use network::{
    Action, Direction, Filter, FilterRule, Host, HostKind, Interface, Link, LinkKind, Network, PlaceOf,
    Protection, Protocol, Zone,
};
pub use outcome::{Attacker, Countermeasure, CountermeasureKind, Data, Flow, Goal, Process};
pub use people::{Account, Credential, CredentialKind, Group, Interaction, Person, Privilege, Usage};
pub use software::{
    Interest, Range, Release, Service, Software, SoftwareVex, Supplier, Vex, VexStatus, Vulnerability,
};

/// The format's name and major version.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum SystemFormat {
    /// The only version so far.
    #[default]
    #[serde(rename = "sukashi.system/1")]
    V1,
}

/// One entry of a section, with the place it was written at.
pub(crate) type Section<T> = BTreeMap<String, Located<T>>;

/// A document, or several merged ones.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// Always `sukashi.system/1`.
    pub schema: SystemFormat,
    /// Name of the system; overlays may leave it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Sets of networks with one purpose and one level of trust.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub zones: Section<Zone>,
    /// Rooms, buildings, sites.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub places: Section<PlaceOf>,
    /// Networks that hosts are attached to.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub networks: Section<Network>,
    /// Devices.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub hosts: Section<Host>,
    /// What passes between two zones.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub filters: Section<Filter>,
    /// Connections outside the networks: serial lines, remote maintenance, radio.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub links: Section<Link>,
    /// Software, installed on hosts.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub software: Section<Software>,
    /// What listens.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub services: Section<Service>,
    /// Vulnerabilities stated by hand, or by a merged document.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub vulnerabilities: Section<Vulnerability>,
    /// Accounts on hosts.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub accounts: Section<Account>,
    /// Groups of accounts.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub groups: Section<Group>,
    /// Passwords, keys, tokens.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub credentials: Section<Credential>,
    /// Persons or roles.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub people: Section<Person>,
    /// What people do with hosts.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub usages: Section<Usage>,
    /// Data that one host sends to another.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub flows: Section<Flow>,
    /// Data worth protecting.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub data: Section<Data>,
    /// Physical processes under control.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub processes: Section<Process>,
    /// Who delivered what.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub suppliers: Section<Supplier>,
    /// Where attacks begin.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attackers: Section<Attacker>,
    /// What must not happen.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub goals: Section<Goal>,
    /// What can be changed, at what cost.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub countermeasures: Section<Countermeasure>,
    /// `kind:id` of what to take away; only in what-if files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remove: Vec<Located<String>>,
}

/// A value and the place it was written at. Two are equal when their values are.
#[derive(Clone, Copy, Debug, Default)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub written: Place,
}

impl<T> std::ops::Deref for Located<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: PartialEq> PartialEq for Located<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Located<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = serde_saphyr::Spanned::<T>::deserialize(deserializer)?;
        let written = Place { line: spanned.referenced.line(), column: spanned.referenced.column() };
        Ok(Self { value: spanned.value, written })
    }
}

impl<T: Serialize> Serialize for Located<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(serializer)
    }
}

impl<T: JsonSchema> JsonSchema for Located<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> std::borrow::Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}
