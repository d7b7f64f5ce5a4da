//! Conditions as people read them: which datum is compared with what.
//!
//! Here: what is asked ([`Test`]), and which answers are known wherever a block runs ([`Facts::guards`]). What a single
//! condition asks: [`condition`], with comparisons by functions in [`comparison`] and computed jumps in [`selector`].
//! Values that meet tell which way was taken ([`merge`]); what decides on who somebody is: [`kept`].

mod comparison;
mod condition;
mod kept;
mod merge;
mod selector;

use program::{BlockId, Exit, FuncId, Place, VirtAddr};

use crate::facts::Facts;
use crate::function::FunctionFacts;
use crate::hash::HashMap;
use crate::knowledge::Comparison;
use crate::value::ValueId;

/// What a condition asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Test {
    /// Are two texts equal, as a comparison function says?
    Text {
        /// How they are compared.
        how: Comparison,
        /// The call, by its place in [`program::Function::calls`].
        call: u32,
        /// First text.
        left: ValueId,
        /// Second text.
        right: ValueId,
        /// Bytes compared at most, if that is known.
        limit: Option<u64>,
    },
    /// Are two numbers equal?
    Equal {
        /// First number.
        left: ValueId,
        /// Second number; a constant if one is.
        right: ValueId,
    },
    /// Is a switch at this case?
    Case {
        /// What is switched on.
        subject: ValueId,
        /// The case.
        number: u64,
    },
    /// Is a number below another?
    Less {
        /// First number.
        left: ValueId,
        /// Second number.
        right: ValueId,
    },
}

/// A test that is known to have come out one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Guard {
    /// The block that branches.
    pub block: BlockId,
    /// The branching instruction.
    pub address: VirtAddr,
    /// What is asked.
    pub test: Test,
    /// The answer.
    pub holds: bool,
}

impl Guard {
    /// Do both say the same, whichever call found it out?
    fn agrees(&self, other: &Self) -> bool {
        let same = match (self.test, other.test) {
            (
                Test::Text { how, left, right, limit, .. },
                Test::Text { how: h, left: l, right: r, limit: n, .. },
            ) => (how, left, right, limit) == (h, l, r, n),
            (a, b) => a == b,
        };
        same && self.holds == other.holds
    }
}

/// What ways from one block to the next say; those that say nothing are left out.
pub(crate) type Edges = HashMap<(BlockId, BlockId), Vec<Guard>>;

/// Parts of one condition.
const MAX_PARTS: usize = 32;

impl Facts<'_> {
    /// Tests that have come out this way whenever the block runs, the closest first.
    pub fn guards(&self, function: FuncId, block: BlockId) -> Vec<Guard> {
        let Some(facts) = self.function(function) else { return Vec::new() };
        let mut all = self.dominating(function, facts, block);
        self.refine(function, facts, &mut all);
        all
    }

    fn dominating(&self, function: FuncId, facts: &FunctionFacts, block: BlockId) -> Vec<Guard> {
        let mut all = Vec::new();
        let mut at = block;
        loop {
            match facts.dominance.only_entry(at) {
                Some(from) => all.extend(self.edge(function, from, at)),
                None => all.extend(self.joint(function, facts, at)),
            }
            match facts.dominance.parent(at) {
                Some(parent) => at = parent,
                None => return all,
            }
        }
    }

    /// What every way into a block asks: compilers put one comparison in several places.
    fn joint(&self, function: FuncId, facts: &FunctionFacts, block: BlockId) -> Vec<Guard> {
        let before = facts.dominance.predecessors(block).iter();
        let mut before = before.filter(|from| !facts.dominance.dominates(block, **from));
        let Some(first) = before.next() else { return Vec::new() };
        let mut all = self.edge(function, *first, block);
        for from in before {
            if all.is_empty() {
                break;
            }
            let others = self.edge(function, *from, block);
            all.retain(|guard| others.iter().any(|other| guard.agrees(other)));
        }
        all
    }

    /// What the way from one block to another says by itself.
    pub fn edge(&self, function: FuncId, from: BlockId, to: BlockId) -> Vec<Guard> {
        match self.asked.get(function.0 as usize) {
            Some(asked) => {
                let asked = asked.get_or_init(|| self.edges(function));
                asked.get(&(from, to)).cloned().unwrap_or_default()
            }
            None => self.read_edge(function, from, to),
        }
    }

    /// What every way from one block to the next says, if it says anything.
    fn edges(&self, function: FuncId) -> Edges {
        let (Some(facts), Some(code)) = (self.function(function), self.program().function(function)) else {
            return Edges::default();
        };
        let next = |from: BlockId| code.block(from).map(program::Block::successors).unwrap_or_default();
        let all = facts.conditions.keys().flat_map(|from| next(*from).into_iter().map(|to| (*from, to)));
        let read = all.map(|(from, to)| ((from, to), self.read_edge(function, from, to)));
        read.filter(|(_, guards)| !guards.is_empty()).collect()
    }

    fn read_edge(&self, function: FuncId, from: BlockId, to: BlockId) -> Vec<Guard> {
        let (Some(facts), Some(code)) = (self.function(function), self.program().function(function)) else {
            return Vec::new();
        };
        let (Some(block), Some(condition)) = (code.block(from), facts.conditions.get(&from)) else {
            return Vec::new();
        };
        let address = code.instructions(block).last().map_or(block.start, |last| last.address);
        let to = Place::Block(to);
        match &block.exit {
            Exit::Branch { when, taken, otherwise, .. } if taken != otherwise => {
                let truth = if *taken == to {
                    *when
                } else if *otherwise == to {
                    !*when
                } else {
                    return Vec::new();
                };
                let parts = self.tests(function, facts, *condition, truth);
                parts.into_iter().map(|(test, holds)| Guard { block: from, address, test, holds }).collect()
            }
            Exit::Switch { cases, .. } => {
                let mut here = cases.iter().filter(|case| Place::Block(case.1) == to);
                let (Some((number, _)), None) = (here.next(), here.next()) else { return Vec::new() };
                let subject = self.selector(facts, *condition);
                let test = Test::Case { subject, number: *number };
                vec![Guard { block: from, address, test, holds: true }]
            }
            _ => Vec::new(),
        }
    }
}
