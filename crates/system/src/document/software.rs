//! Software, services, vulnerabilities and suppliers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Located, Protocol};

/// Software, installed on the hosts that name it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Software {
    /// For reading.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// CPE 2.3 formatted string.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpe: Option<Located<String>>,
    /// Package URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purl: Option<Located<String>>,
    /// Supplier id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supplier: Option<Located<String>>,
    /// Installs what its supplier publishes without asking.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub auto_update: bool,
    /// Digest or path of its bill of materials.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sbom: Option<String>,
    /// What inspection of it found: an attacker who knows may enter here.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Interest>,
    /// What somebody states of vulnerabilities in it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub vex: Vec<SoftwareVex>,
}

impl Software {
    /// The word by which a vulnerability of it is none on a host; `None` as well where words differ.
    pub fn dismissed(&self, vulnerability: &str, host: &str) -> Option<&SoftwareVex> {
        let speaks = |vex: &&SoftwareVex| {
            vex.vulnerability == vulnerability
                && (vex.hosts.is_empty() || vex.hosts.iter().any(|h| h.value == host))
        };
        let mut words = self.vex.iter().filter(speaks);
        let first = words.next()?;
        (first.status.dismisses() && words.all(|vex| vex.status.dismisses())).then_some(first)
    }
}

/// A VEX statement on a vulnerability in one piece of software.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SoftwareVex {
    /// CVE or other id.
    pub vulnerability: String,
    /// What is stated.
    pub status: VexStatus,
    /// By whom.
    pub by: String,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Host ids where it holds; all that have the software if left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<Located<String>>,
}

/// A finding of an inspection record that matters to the system.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Interest {
    /// Finding id in the inspection record.
    pub id: String,
    /// Detector's rule id.
    pub rule: String,
    /// Whether the way in is open to the network, or needs local input.
    pub range: Range,
}

/// Which delivered version of which product.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Release {
    /// Package URL or product name.
    pub product: String,
    /// Version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// SHA-256 of the delivered image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// Something that listens on a host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// Host id.
    pub host: Located<String>,
    /// Software id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub software: Option<Located<String>>,
    /// Transport protocol, not `any`.
    pub protocol: Protocol,
    /// 1–65535.
    pub port: u16,
    /// The account's user name it runs as.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_as: Option<String>,
    /// Whoever holds an account of the host can work on it through this service (SSH, RDP, Telnet).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub login: bool,
    /// Obeys whoever connects (Modbus, S7 without protection).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unauthenticated: bool,
    /// Sends credentials in clear (Telnet, FTP, HTTP basic).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cleartext: bool,
}

/// A vulnerability stated by hand, or by a merged document.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Vulnerability {
    /// Software ids.
    pub affects: Vec<Located<String>>,
    /// CVSS vector, version 2 to 4.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cvss: Option<Located<String>>,
    /// Where an attacker must be; from the vector where left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub range: Option<Range>,
    /// Probability of exploitation, 0.0–1.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epss: Option<f64>,
    /// Known to be exploited.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub kev: bool,
    /// Weakness ids, such as `CWE-787`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cwe: Vec<String>,
    /// What somebody states of it in this system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vex: Option<Vex>,
}

/// Where an attacker must be to use a way in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Range {
    /// Anywhere packets come from.
    Network,
    /// On the same link.
    Adjacent,
    /// On the host.
    Local,
    /// At the device.
    Physical,
}

/// A VEX statement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Vex {
    /// What is stated.
    pub status: VexStatus,
    /// By whom.
    pub by: String,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// Statuses, as OpenVEX names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum VexStatus {
    /// Cannot be used.
    NotAffected,
    /// Can be used.
    Affected,
    /// No longer there.
    Fixed,
    /// Nobody knows yet.
    UnderInvestigation,
}

/// Who delivered something.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Supplier {
    /// For reading.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Assume that an attacker controls what this supplier delivers.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub compromised: bool,
}

impl VexStatus {
    /// The vulnerability is none there.
    pub fn dismisses(self) -> bool {
        matches!(self, Self::NotAffected | Self::Fixed)
    }
}
