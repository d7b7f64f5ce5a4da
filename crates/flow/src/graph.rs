//! Dominance between the blocks of one function.
//!
//! An edge dominates a block if every way from the entry to the block uses the edge: then the condition of the edge
//! holds whenever the block runs. That, not control dependence, is what "only after this comparison" means. Dominators
//! after Cooper, Harvey and Kennedy, "A simple, fast dominance algorithm" (2001).

use program::{BlockId, Function};

/// Dominators and predecessors.
#[derive(Clone, Debug, Default)]
pub struct Dominance {
    /// Reachable blocks in reverse postorder.
    pub(crate) order: Vec<BlockId>,
    /// Place of each block in `order`; `u32::MAX` if it is not reachable.
    rank: Vec<u32>,
    /// Immediate dominator of each block, by rank; the entry's is itself.
    parent: Vec<u32>,
    /// Reachable predecessors of each block.
    predecessors: Vec<Vec<BlockId>>,
}

impl Dominance {
    pub(crate) fn of(function: &Function) -> Self {
        let count = function.blocks.len();
        let successors: Vec<Vec<BlockId>> = function.blocks.iter().map(program::Block::successors).collect();
        let Some(entry) = function.block_at(function.entry) else { return Self::default() };
        let order = reverse_postorder(&successors, entry);
        let mut rank = vec![u32::MAX; count];
        for (place, block) in (0..).zip(&order) {
            if let Some(slot) = rank.get_mut(block.0 as usize) {
                *slot = place;
            }
        }
        let mut predecessors = vec![Vec::new(); count];
        for block in &order {
            for next in successors.get(block.0 as usize).into_iter().flatten() {
                if let Some(list) = predecessors.get_mut(next.0 as usize) {
                    list.push(*block);
                }
            }
        }
        let mut dominance = Self { order, rank, parent: Vec::new(), predecessors };
        dominance.solve();
        dominance
    }

    fn solve(&mut self) {
        self.parent = vec![u32::MAX; self.order.len()];
        if let Some(entry) = self.parent.first_mut() {
            *entry = 0;
        }
        let mut changed = true;
        while changed {
            changed = false;
            for (rank, block) in (0..).zip(&self.order).skip(1) {
                let known = self.predecessors(*block).iter().filter_map(|p| self.rank(*p));
                let known = known.filter(|p| self.parent_of(*p) != u32::MAX);
                let Some(new) = known.reduce(|a, b| self.common(a, b)) else { continue };
                if let Some(slot) = self.parent.get_mut(rank as usize).filter(|slot| **slot != new) {
                    *slot = new;
                    changed = true;
                }
            }
        }
    }

    fn common(&self, mut a: u32, mut b: u32) -> u32 {
        while a != b {
            if a > b {
                a = self.parent_of(a);
            } else {
                b = self.parent_of(b);
            }
        }
        a
    }

    fn parent_of(&self, rank: u32) -> u32 {
        self.parent.get(rank as usize).copied().unwrap_or(0)
    }

    fn rank(&self, block: BlockId) -> Option<u32> {
        self.rank.get(block.0 as usize).copied().filter(|rank| *rank != u32::MAX)
    }

    /// Blocks that may come right before, each once.
    pub fn predecessors(&self, block: BlockId) -> &[BlockId] {
        self.predecessors.get(block.0 as usize).map(Vec::as_slice).unwrap_or_default()
    }

    /// The closest block that every way to this one uses. `None` for the entry and for unreachable blocks.
    pub fn parent(&self, block: BlockId) -> Option<BlockId> {
        let rank = self.rank(block).filter(|rank| *rank > 0)?;
        self.order.get(self.parent_of(rank) as usize).copied()
    }

    /// Does every way to `block` use `above`?
    pub fn dominates(&self, above: BlockId, block: BlockId) -> bool {
        let (Some(above), Some(mut rank)) = (self.rank(above), self.rank(block)) else { return false };
        while rank > above {
            rank = self.parent_of(rank);
        }
        rank == above
    }

    /// The only way into a block from outside of what it dominates, if there is just one.
    pub fn only_entry(&self, block: BlockId) -> Option<BlockId> {
        let mut outside = self.predecessors(block).iter().filter(|p| !self.dominates(block, **p));
        outside.next().filter(|_| outside.next().is_none()).copied()
    }
}

fn reverse_postorder(successors: &[Vec<BlockId>], entry: BlockId) -> Vec<BlockId> {
    let mut seen = vec![false; successors.len()];
    let mut stack = vec![(entry, 0)];
    let mut order = Vec::new();
    if let Some(seen) = seen.get_mut(entry.0 as usize) {
        *seen = true;
    }
    while let Some((block, next)) = stack.pop() {
        match successors.get(block.0 as usize).and_then(|list| list.get(next)) {
            Some(successor) => {
                stack.push((block, next + 1));
                if let Some(seen) = seen.get_mut(successor.0 as usize).filter(|seen| !**seen) {
                    *seen = true;
                    stack.push((*successor, 0));
                }
            }
            None => order.push(block),
        }
    }
    order.reverse();
    order
}
