//! What is known about one vulnerability.

use serde::{Deserialize, Serialize};

/// One vulnerability, joined from all sources.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Vulnerability {
    /// `CVE-2021-44228`, or an advisory's own id where there is no CVE.
    pub id: String,
    /// Other names, sorted.
    pub aliases: Vec<String>,
    /// Whether it still stands.
    pub status: Status,
    /// English text.
    pub description: String,
    /// Date and time as the source writes them, in RFC 3339 order.
    pub published: String,
    /// Newest change, likewise.
    pub modified: String,
    /// Ratings by CVSS.
    pub ratings: Vec<Rating>,
    /// Numbers of CWE weaknesses, sorted.
    pub weaknesses: Vec<u32>,
    /// Addresses of advisories, patches and exploits.
    pub references: Vec<String>,
    /// Affected products by CPE; any one configuration suffices.
    pub configurations: Vec<Configuration>,
    /// Affected packages by purl.
    pub packages: Vec<PackageRange>,
    /// Entry in CISA's catalogue of known exploited vulnerabilities.
    pub kev: Option<Kev>,
    /// Probability of exploitation.
    pub epss: Option<Epss>,
    /// What is known of exploitation: as CISA says, and at least a proof of concept if an exploit is listed.
    pub exploitation: Option<Exploitation>,
    /// Public exploits, sorted.
    pub exploits: Vec<Exploit>,
    /// ATT&CK techniques of its exploitation and of what follows, sorted; from mappings by CVE.
    pub techniques: Vec<String>,
    /// Names of the sources it was joined from, sorted.
    pub sources: Vec<String>,
}

/// Whether a record stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// It stands.
    #[default]
    Active,
    /// The CVE id was rejected, or all advisories were withdrawn.
    Rejected,
}

/// One rating.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Rating {
    /// Who rated.
    pub source: String,
    /// Vector of CVSS 2 to 4, with the prefix `CVSS:` from version 3 on.
    pub vector: String,
}

/// An AND over nodes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Configuration {
    /// Each must hold.
    pub all_of: Vec<Node>,
}

/// An OR over criteria.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// One must hold.
    pub any_of: Vec<Criterion>,
    /// None may hold instead.
    pub negate: bool,
}

/// Products by name and range.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Criterion {
    /// Formatted string of CPE 2.3.
    pub cpe: String,
    /// Lowest version, if the name leaves the version open.
    pub start: Option<Bound>,
    /// Highest version, likewise.
    pub end: Option<Bound>,
    /// Whether these products are vulnerable, or only must be present.
    pub vulnerable: bool,
    /// Whether the name was made from words for vendor and product, not stated as CPE.
    pub derived: bool,
}

/// End of a range.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Bound {
    /// The version.
    pub version: String,
    /// Whether it belongs to the range.
    pub inclusive: bool,
}

/// Versions of a package that are affected.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageRange {
    /// `type/namespace/name` of a package URL.
    pub package: String,
    /// Release of the distribution, such as `12` for Debian.
    pub release: Option<String>,
    /// The advisory that says so.
    pub advisory: String,
    /// Intervals, in the order of the advisory.
    pub spans: Vec<Span>,
    /// Single versions.
    pub versions: Vec<String>,
}

/// From the version that introduced to the one that fixed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// First affected version; `0` means from the beginning.
    pub introduced: String,
    /// Where it ends; without, it does not.
    pub end: Option<Bound>,
}

/// Entry in CISA's catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kev {
    /// `YYYY-MM-DD`.
    pub added: String,
    /// Date by which agencies must act.
    pub due: String,
    /// Whether it is known from ransomware campaigns.
    pub ransomware: bool,
    /// What CISA calls it.
    pub name: String,
}

/// FIRST's estimate of exploitation within 30 days.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Epss {
    /// 0.0–1.0.
    pub probability: f32,
    /// Share of vulnerabilities with at most this probability, 0.0–1.0.
    pub percentile: f32,
}

/// A public exploit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Exploit {
    /// Who lists it.
    pub source: ExploitSource,
    /// Its number or name there.
    pub id: String,
}

/// Lists of exploits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExploitSource {
    /// Exploit-DB.
    ExploitDb,
    /// Modules of the Metasploit framework.
    Metasploit,
}

/// A weakness (CWE), an attack pattern (CAPEC) or a technique (ATT&CK).
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Concept {
    /// `CWE-121`, `CAPEC-100`, `T1190`.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// Ids of what it is a kind of.
    pub parents: Vec<String>,
    /// Ids of concepts of the other lists that belong to it; given from both sides.
    pub related: Vec<String>,
    /// Tactics of a technique, consequences of a weakness.
    pub purposes: Vec<String>,
}

/// SSVC decision point "Exploitation".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Exploitation {
    /// Nothing is known.
    None,
    /// A proof of concept is public.
    ProofOfConcept,
    /// It is exploited.
    Active,
}
