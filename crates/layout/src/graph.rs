//! What is asked for: sizes, edges, limits.

use std::fmt;

use crate::Size;

/// A directed graph whose nodes have sizes. Cycles, loops, parallel edges and separate parts are all welcome.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Graph {
    /// Node `i` has size `nodes[i]`.
    pub nodes: Vec<Size>,
    /// Between indices of `nodes`.
    pub edges: Vec<Edge>,
}

/// From one node to another, by index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Edge {
    /// Index of the start.
    pub from: usize,
    /// Index of the end.
    pub to: usize,
}

/// Where edges lead.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the top to the bottom.
    #[default]
    Down,
    /// From the left to the right.
    Right,
}

/// Free space, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spacing {
    /// Between ranks; in nested pictures, between a box and what it holds.
    pub rank: u32,
    /// Between neighbours.
    pub node: u32,
    /// Around everything.
    pub margin: u32,
}

impl Default for Spacing {
    fn default() -> Self {
        Self { rank: 36, node: 24, margin: 16 }
    }
}

/// What a picture may cost. Beyond a size, it is refused; beyond the work, the order stays as good as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Nodes.
    pub nodes: usize,
    /// Edges.
    pub edges: usize,
    /// Places where edges pass through a rank without stopping there.
    pub bends: usize,
    /// Pixels of one side of a node.
    pub side: u32,
    /// Work units (visits of an edge) spent on ordering and placing.
    pub work: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { nodes: 5_000, edges: 20_000, bends: 100_000, side: 20_000, work: 20_000_000 }
    }
}

/// What a limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Nodes.
    Nodes,
    /// Edges.
    Edges,
    /// Passages of edges through ranks.
    Bends,
    /// Pixels of a node's side.
    Pixels,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nodes => "nodes",
            Self::Edges => "edges",
            Self::Bends => "passages of edges through ranks",
            Self::Pixels => "pixels in a node's side",
        })
    }
}

/// A picture that cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LayoutError {
    /// Too large to be drawn, and to be looked at.
    #[error("picture with {count} {part}, limit is {limit}; hint: draw a part of it, or a table")]
    TooLarge {
        /// What there is too much of.
        part: Part,
        /// How much.
        count: u64,
        /// How much is allowed.
        limit: u64,
    },
    /// An edge or a parent names a node that is not there.
    #[error("`{name}` names no node of a picture with {nodes} nodes")]
    NoSuchNode {
        /// The index given.
        name: usize,
        /// Nodes there are.
        nodes: usize,
    },
    /// A box stands before the one that holds it.
    #[error("box {index} stands before its holder {parent}; hint: list holders first")]
    HolderAfterwards {
        /// The box.
        index: usize,
        /// Its holder.
        parent: usize,
    },
}

impl Limits {
    /// Checks sizes and references, before anything is computed from them.
    pub(crate) fn check(&self, nodes: &[Size], edges: &[Edge]) -> Result<(), LayoutError> {
        within(Part::Nodes, nodes.len(), self.nodes)?;
        within(Part::Edges, edges.len(), self.edges)?;
        let side = nodes.iter().map(|n| n.width.max(n.height)).max().unwrap_or(0);
        within(Part::Pixels, side as usize, self.side as usize)?;
        let absent = edges.iter().flat_map(|e| [e.from, e.to]).find(|&name| name >= nodes.len());
        absent.map_or(Ok(()), |name| Err(LayoutError::NoSuchNode { name, nodes: nodes.len() }))
    }
}

pub(crate) fn within(part: Part, count: usize, limit: usize) -> Result<(), LayoutError> {
    if count <= limit {
        return Ok(());
    }
    Err(LayoutError::TooLarge { part, count: count as u64, limit: limit as u64 })
}
