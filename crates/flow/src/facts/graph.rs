//! The call graph, asked.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use program::{BlockId, FuncId, Origin};

use super::Facts;

/// How one function leads to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Edge {
    /// From.
    pub caller: FuncId,
    /// To.
    pub callee: FuncId,
    /// The call, by its place in [`program::Function::calls`].
    pub call: u32,
    /// Registered to be called later, rather than called.
    pub registered: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Up,
    Down,
}

impl Facts<'_> {
    /// Ways from a function to others, sorted.
    pub fn callees(&self, function: FuncId) -> impl Iterator<Item = &Edge> {
        let low = Edge { caller: function, callee: FuncId(0), call: 0, registered: false };
        let high = Edge { caller: function, callee: FuncId(u32::MAX), call: u32::MAX, registered: true };
        self.edges.range(low..=high)
    }

    /// Ways to a function, sorted.
    pub fn callers(&self, function: FuncId) -> impl Iterator<Item = &Edge> {
        self.back.get(&function).into_iter().flatten()
    }

    /// The shortest ways from `start` against the direction of calls until `found` answers; `depth` limits.
    pub fn upwards<T>(
        &self,
        start: FuncId,
        depth: usize,
        found: impl Fn(FuncId) -> Option<T>,
    ) -> Option<(Vec<Edge>, T)> {
        self.search(start, depth, found, Direction::Up)
    }

    /// The shortest ways from `start` along calls until `found` answers.
    pub fn downwards<T>(
        &self,
        start: FuncId,
        depth: usize,
        found: impl Fn(FuncId) -> Option<T>,
    ) -> Option<(Vec<Edge>, T)> {
        self.search(start, depth, found, Direction::Down)
    }

    fn search<T>(
        &self,
        start: FuncId,
        depth: usize,
        found: impl Fn(FuncId) -> Option<T>,
        direction: Direction,
    ) -> Option<(Vec<Edge>, T)> {
        let mut from: BTreeMap<FuncId, Option<Edge>> = BTreeMap::from([(start, None)]);
        let mut todo = VecDeque::from([(start, 0)]);
        while let Some((at, distance)) = todo.pop_front() {
            if let Some(answer) = found(at) {
                return Some((self.trace(&from, at, direction), answer));
            }
            if distance == depth {
                continue;
            }
            let edges: Vec<Edge> = match direction {
                Direction::Up => self.callers(at).copied().collect(),
                Direction::Down => self.callees(at).copied().collect(),
            };
            for edge in edges {
                let next = if direction == Direction::Up { edge.caller } else { edge.callee };
                if let std::collections::btree_map::Entry::Vacant(slot) = from.entry(next) {
                    slot.insert(Some(edge));
                    todo.push_back((next, distance + 1));
                }
            }
        }
        None
    }

    /// Edges in the order of calls.
    fn trace(&self, from: &BTreeMap<FuncId, Option<Edge>>, end: FuncId, direction: Direction) -> Vec<Edge> {
        let mut edges = Vec::new();
        let mut at = end;
        while let Some(Some(edge)) = from.get(&at) {
            edges.push(*edge);
            at = if direction == Direction::Up { edge.callee } else { edge.caller };
        }
        if direction == Direction::Down {
            edges.reverse();
        }
        edges
    }

    /// Is the function started by nobody that is known, though its address is not taken either?
    pub fn is_unreferenced(&self, function: FuncId) -> bool {
        let known = [Origin::Entry, Origin::Loader, Origin::Symbol, Origin::Called, Origin::Taken];
        let code = self.program.function(function);
        self.callers(function).next().is_none()
            && code.is_some_and(|f| !f.in_library && !f.origins.iter().any(|o| known.contains(o)))
    }

    /// Blocks that run only if control came through `block`.
    pub fn dominated(&self, function: FuncId, block: BlockId) -> BTreeSet<BlockId> {
        let Some(facts) = self.function(function) else { return BTreeSet::new() };
        let all = facts.dominance.order.iter().copied();
        all.filter(|b| facts.dominance.dominates(block, *b)).collect()
    }
}
