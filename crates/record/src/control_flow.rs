//! The picture of a finding: control flow of the functions on its route, as data. Positions are not part of a record.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Address, Evidence};

/// Blocks and edges of the functions on a route. Bounded: what is far from the route is left out and counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ControlFlow {
    /// The functions, in the order of the route.
    pub functions: Vec<FlowFunction>,
    /// Their blocks: by function, then by address.
    pub blocks: Vec<FlowBlock>,
    /// Between blocks, sorted; each once.
    pub edges: Vec<FlowEdge>,
    /// Blocks of these functions that are not shown.
    pub omitted_blocks: u64,
}

/// A function on the route.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FlowFunction {
    /// Its name, or one made from its address.
    pub name: String,
    /// Where it begins.
    pub entry: Address,
}

/// Instructions that run one after the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FlowBlock {
    /// Index into `functions`.
    pub function: u32,
    /// Where it begins.
    pub address: Address,
    /// The instructions that matter, in order: those that the route names, and the last ones.
    pub lines: Vec<Evidence>,
    /// Instructions that are not shown.
    pub omitted_lines: u64,
    /// Does the route pass here?
    pub on_route: bool,
    /// What of the finding happens here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<FlowMark>,
}

/// What happens in a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FlowMark {
    /// Data from outside enters.
    Source,
    /// The condition is tested.
    Trigger,
    /// The payload runs.
    Payload,
}

/// From one block to another, by index into `blocks`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct FlowEdge {
    /// From.
    pub from: u32,
    /// To.
    pub to: u32,
    /// How.
    pub kind: FlowEdgeKind,
    /// Does the route use it?
    pub on_route: bool,
}

/// How control gets from block to block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FlowEdgeKind {
    /// On to the next instruction: nothing branches, or the branch is not taken.
    Fallthrough,
    /// By a jump, a branch that is taken, or a case of a switch.
    Taken,
    /// Into another function of the picture.
    Call,
}
