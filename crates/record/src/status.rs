//! `sukashi.status/1`: per system, equipment and software, what is known, by whose word, how old.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The format's name and major version; a document of another format does not read as this one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum StatusFormat {
    /// The only version so far.
    #[default]
    #[serde(rename = "sukashi.status/1")]
    V1,
}

/// The status map of everything one viewer runs or delivers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Status {
    /// Always `sukashi.status/1`.
    pub schema: StatusFormat,
    /// The systems (or, for a supplier, the products) at the top, sorted by name, then id.
    pub nodes: Vec<StatusNode>,
}

/// One system, piece of equipment or piece of software. A parent takes its worst child in every aspect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StatusNode {
    /// Stable id, to link to.
    pub id: String,
    /// What it is.
    pub kind: NodeKind,
    /// Name and version for reading.
    pub name: String,
    /// The organization that delivered it, where known.
    pub supplier: Option<String>,
    /// Is its configuration known?
    pub configuration: AspectStatus,
    /// Was it inspected?
    pub inspection: AspectStatus,
    /// Is its risk assessed?
    pub risk: AspectStatus,
    /// Parts, sorted by name, then id.
    pub children: Vec<StatusNode>,
}

/// Levels of the map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NodeKind {
    /// A running or delivered system.
    System,
    /// A device in it.
    Equipment,
    /// Software in that.
    Software,
}

/// One aspect of a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AspectStatus {
    /// Outcome.
    pub state: AspectState,
    /// Organization whose word it is.
    pub by: Option<String>,
    /// When it was stated (RFC 3339).
    pub at: Option<String>,
    /// Until when it may be relied on (RFC 3339).
    pub valid_until: Option<String>,
    /// Id of the evidence.
    pub evidence: Option<String>,
    /// Share of code reached; inspection only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage: Option<Permille>,
    /// One sentence.
    pub why: String,
}

/// A share in thousandths, 0–1000; integral so that equal inputs give equal bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Permille(pub u16);

/// States of an aspect, worst last: a parent takes the greatest of its children.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AspectState {
    /// Complete and current.
    Known,
    /// Something is missing.
    Partial,
    /// Was known; newer facts or an expiry make it doubtful.
    Stale,
    /// Nothing is known.
    None,
}
