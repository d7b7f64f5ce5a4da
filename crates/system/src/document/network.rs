//! Zones, places, networks, hosts, filters and links.

use std::collections::BTreeMap;

use record::Sha256;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Located;

/// A set of networks with one purpose and one level of trust.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Zone {
    /// For reading.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

/// A room, building or site.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PlaceOf {
    /// For reading.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The place it lies in.
    #[serde(rename = "in", skip_serializing_if = "Option::is_none")]
    pub inside: Option<Located<String>>,
}

/// A network that hosts are attached to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// Zone id.
    pub zone: Located<String>,
    /// IPv4 or IPv6 prefix, such as `10.0.1.0/24`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cidr: Option<Located<String>>,
    /// Can be joined by radio from `place`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub wireless: bool,
    /// Place id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Located<String>>,
}

/// A device.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Host {
    /// For reading.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What kind of device.
    pub kind: HostKind,
    /// Its attachments; a host without one is reached by links, media and hands only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub interfaces: Vec<Interface>,
    /// Software ids.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub software: Vec<Located<String>>,
    /// Place id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Located<String>>,
    /// Supplier id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supplier: Option<Located<String>>,
    /// The release it is an installation of: links the host to what its supplier registers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release: Option<super::Release>,
    /// Host ids of controllers it can load programs into.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub programs: Vec<Located<String>>,
    /// Host ids whose users may work here without further proof.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub trusts: Vec<Located<String>>,
    /// Its screen stays logged in.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub console_unlocked: bool,
    /// What protects it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub protections: Vec<Protection>,
    /// Digests of the programs on it, by path without a leading slash.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, Sha256>,
}

/// Measures on a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Protection {
    /// Only listed programs run.
    AllowListing,
    /// The disk is encrypted.
    DiskEncryption,
    /// Documents cannot run macros.
    MacroBlocking,
    /// A controller refuses new programs until a key is turned at the device.
    ProgramLock,
    /// Ports for removable media are off.
    PortLock,
    /// Updates without the maker's signature are refused.
    SignedUpdates,
}

impl Protection {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::AllowListing => "allow-listing",
            Self::DiskEncryption => "disk-encryption",
            Self::MacroBlocking => "macro-blocking",
            Self::ProgramLock => "program-lock",
            Self::PortLock => "port-lock",
            Self::SignedUpdates => "signed-updates",
        }
    }
}

/// Kinds of device.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum HostKind {
    /// Anything else.
    #[default]
    Other,
    /// Used by a person at a screen.
    Workstation,
    /// Carried between places.
    Laptop,
    /// Serves others.
    Server,
    /// Forwards packets.
    Router,
    /// Filters packets.
    Firewall,
    /// Switches frames.
    Switch,
    /// Programmable logic controller.
    Plc,
    /// Remote terminal unit.
    Rtu,
    /// Human-machine interface of a process.
    Hmi,
    /// Programs controllers.
    EngineeringStation,
    /// Records process data.
    Historian,
    /// Safety instrumented system.
    SafetyController,
    /// Measures.
    Sensor,
    /// Acts.
    Actuator,
    /// Sees.
    Camera,
    /// Carried by a person.
    Phone,
    /// Knows the accounts of other hosts and can set their passwords.
    DirectoryServer,
    /// Prints.
    Printer,
}

/// An attachment of a host to a network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Interface {
    /// Network id.
    pub network: Located<String>,
    /// IPv4 or IPv6 address inside the network's prefix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Located<String>>,
}

/// What passes between two zones. Where no filter stands between two zones, everything passes: what is not stated to
/// be stopped is assumed open. Several filters between the same two zones stand one behind the other: all have to let it
/// pass.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// Two zone ids; both directions.
    pub between: [Located<String>; 2],
    /// For what no rule names.
    pub default: Action,
    /// First match decides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<FilterRule>,
    /// The host that enforces it: whoever controls that host passes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<Located<String>>,
}

/// What a filter does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Let pass.
    Allow,
    /// Stop.
    Deny,
}

/// One line of a filter. It matches a new connection; answers to an allowed connection always pass.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FilterRule {
    /// What happens on a match.
    pub action: Action,
    /// Which way the connection crosses the filter.
    #[serde(default, skip_serializing_if = "Direction::is_both")]
    pub direction: Direction,
    /// Who opens the connection: `any`, `zone:…`, `network:…`, `host:…`, an address or a prefix.
    #[serde(default = "any")]
    pub from: Located<String>,
    /// To whom; same words.
    #[serde(default = "any")]
    pub to: Located<String>,
    /// Protocol.
    #[serde(default)]
    pub protocol: Protocol,
    /// Destination ports, such as `"502"` or `"8000-8080"`; none means all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<Located<String>>,
}

/// Ways across a filter.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// Both.
    #[default]
    Both,
    /// From the filter's first zone into its second.
    In,
    /// From the filter's second zone into its first.
    Out,
}

impl Direction {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde asks for")]
    fn is_both(&self) -> bool {
        *self == Self::Both
    }
}

fn any() -> Located<String> {
    Located { value: "any".to_owned(), ..Located::default() }
}

/// Transport protocols that filters distinguish.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// All of them.
    #[default]
    Any,
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

impl Protocol {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        }
    }
}

/// A connection outside the networks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// What kind.
    pub kind: LinkKind,
    /// Host id, or `zone:…` for remote maintenance from a whole zone.
    pub from: Located<String>,
    /// Host id.
    pub to: Located<String>,
}

/// Kinds of link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LinkKind {
    /// Serial line or field bus.
    Bus,
    /// Data passes in the stated direction only.
    Diode,
    /// Remote maintenance or VPN into a host.
    RemoteAccess,
}
