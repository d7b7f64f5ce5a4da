//! How far places are from the one that is to be reached.

use std::collections::{BTreeMap, VecDeque};

use program::{BlockId, FuncId};

use super::{Aim, Goal};
use crate::facts::Facts;

/// Blocks that are looked at.
const MAX_BLOCKS: usize = 20_000;

/// Blocks between places and the goal. What leads there only by returning to a caller is not counted.
pub(super) struct Route {
    /// By the start of the block.
    distances: BTreeMap<u64, u32>,
    /// Starts of the blocks that a branching instruction leads to, by its address.
    ways: BTreeMap<u64, Vec<u64>>,
    aim: Aim,
}

impl Route {
    pub(super) fn to(facts: &Facts<'_>, goal: &Goal) -> Self {
        let mut route = Self { distances: BTreeMap::new(), ways: BTreeMap::new(), aim: goal.aim };
        let at = match goal.aim {
            Aim::Instruction(at) => at,
            Aim::Branch { from, .. } => from,
        };
        let mut todo: VecDeque<(FuncId, BlockId, u32)> = VecDeque::new();
        for (id, code) in facts.program().functions() {
            let holds = |block: &program::Block| code.instructions(block).iter().any(|i| i.address == at);
            let blocks = (0..).map(BlockId).zip(&code.blocks).filter(|(_, block)| holds(block));
            todo.extend(blocks.map(|(block, _)| (id, block, 0)));
        }
        while let Some((function, block, distance)) = todo.pop_front() {
            route.visit(facts, function, block, distance, &mut todo);
        }
        route
    }

    fn visit(
        &mut self,
        facts: &Facts<'_>,
        function: FuncId,
        block: BlockId,
        distance: u32,
        todo: &mut VecDeque<(FuncId, BlockId, u32)>,
    ) {
        let Some((code, own)) = facts.program().function(function).zip(facts.function(function)) else {
            return;
        };
        let Some(start) = code.block(block).map(|block| block.start) else { return };
        if self.distances.len() >= MAX_BLOCKS || self.distances.contains_key(&start.0) {
            return;
        }
        self.distances.insert(start.0, distance);
        if let Some(last) = code.block(block).and_then(|block| code.instructions(block).last()) {
            let next = code.block(block).map(program::Block::successors).unwrap_or_default();
            let starts = next.iter().filter_map(|next| Some(code.block(*next)?.start.0)).collect();
            self.ways.insert(last.address.0, starts);
        }
        todo.extend(own.dominance.predecessors(block).iter().map(|before| (function, *before, distance + 1)));
        if start == code.entry {
            let calls = facts.callers(function).filter_map(|edge| {
                let site = facts.function(edge.caller)?.calls.get(&edge.call)?;
                Some((edge.caller, site.block, distance + 1))
            });
            todo.extend(calls);
        }
    }

    /// Where a branch leads that went to one place, if it had gone the other way.
    pub(super) fn other_way(&self, branch: u64, went: u64) -> Option<u64> {
        let ways = self.ways.get(&branch)?;
        let mut others = ways.iter().filter(|to| **to != went);
        others.next().filter(|_| others.next().is_none()).copied()
    }

    /// Blocks from a branch's target to the goal.
    pub(super) fn distance(&self, branch: u64, to: u64) -> Option<u32> {
        match self.aim {
            Aim::Branch { from, to: aim } if from.0 == branch && aim.0 == to => Some(0),
            Aim::Branch { from, .. } if from.0 == branch => self.distances.get(&to).map(|blocks| blocks + 1),
            _ => self.distances.get(&to).map(|blocks| blocks + 1),
        }
    }
}
