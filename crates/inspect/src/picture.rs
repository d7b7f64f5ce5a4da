//! The control flow around a finding's route, as data that pages and reports draw.
//!
//! The functions that the route names are shown with their blocks. The route runs from step to step: inside a function
//! by the fewest blocks, into a called function through its entry. Functions may be large; then the blocks nearest to the
//! route are kept and the others counted.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use flow::Facts;
use program::{BlockId, Exit, FuncId, Function, Place, VirtAddr};
use record::{Address, ControlFlow, Evidence, FlowBlock, FlowEdge, FlowEdgeKind, FlowFunction, FlowMark};

use crate::disassembly;
use crate::finding::{ProgramFinding, name_of};

/// Functions in one picture.
const MAX_FUNCTIONS: usize = 8;
/// Blocks in one picture.
const MAX_BLOCKS: usize = 64;
/// Instructions shown of one block.
const MAX_LINES: usize = 4;
/// Findings of a lower score get no picture: nobody is asked to look at them.
const LEAST_SCORE: u8 = 40;

/// A block of a function.
type Node = (FuncId, BlockId);

/// Adds the pictures of findings that somebody will look at.
pub(crate) fn draw(facts: &Facts<'_>, findings: &mut [ProgramFinding]) {
    for finding in findings.iter_mut().filter(|finding| finding.score >= LEAST_SCORE) {
        finding.control_flow = picture(facts, finding);
    }
}

fn picture(facts: &Facts<'_>, finding: &ProgramFinding) -> Option<ControlFlow> {
    let mut sketch = Sketch {
        facts,
        functions: Vec::new(),
        last: BTreeMap::new(),
        nodes: BTreeSet::new(),
        ways: BTreeSet::new(),
    };
    for step in sketch.steps(finding) {
        sketch.go_to(step);
    }
    (!sketch.functions.is_empty()).then(|| sketch.finish(finding))
}

/// The route, as it grows.
struct Sketch<'a> {
    facts: &'a Facts<'a>,
    functions: Vec<FuncId>,
    /// Where the route is in each function.
    last: BTreeMap<FuncId, BlockId>,
    /// Blocks on the route.
    nodes: BTreeSet<Node>,
    /// Edges on the route.
    ways: BTreeSet<(Node, Node)>,
}

impl Sketch<'_> {
    /// The blocks of the route's steps, in order; steps in functions beyond the limit are left out.
    fn steps(&mut self, finding: &ProgramFinding) -> Vec<Node> {
        let mut all = Vec::new();
        for step in &finding.route {
            let (Some(address), Some(name)) = (step.address, step.function.as_deref()) else { continue };
            let Some(node) = self.node(VirtAddr(address.0), name) else { continue };
            if !self.functions.contains(&node.0) {
                if self.functions.len() == MAX_FUNCTIONS {
                    continue;
                }
                self.functions.push(node.0);
            }
            all.push(node);
        }
        all
    }

    /// The block of the function of that name that holds an instruction.
    fn node(&self, address: VirtAddr, name: &str) -> Option<Node> {
        let holds = |code: &Function| {
            let at = code.blocks.iter().position(|block| {
                (block.start..block.end).contains(&address)
                    && code.instructions(block).iter().any(|i| i.address == address)
            });
            at.map(|index| BlockId(index as u32))
        };
        let all = self.facts.program().functions();
        let mut found = all.filter_map(|(id, code)| Some((id, holds(code)?)));
        found.find(|(id, _)| name_of(self.facts, *id) == name)
    }

    /// Extends the route to the block of the next step.
    fn go_to(&mut self, to: Node) {
        let first = self.last.is_empty();
        let here = self.last.insert(to.0, to.1).map(|block| (to.0, block));
        let start = here.or_else(|| self.entry(to.0)).filter(|_| !first);
        // A step that control cannot reach from the ones before stands for itself: data gets there in another way.
        match start.and_then(|start| self.shortest(start, to)) {
            Some(way) => {
                self.ways.extend(way.iter().copied().zip(way.iter().copied().skip(1)));
                self.nodes.extend(way);
            }
            None => {
                self.nodes.insert(to);
            }
        }
    }

    fn entry(&self, function: FuncId) -> Option<Node> {
        let code = self.facts.program().function(function)?;
        Some((function, code.block_at(code.entry)?))
    }

    /// The fewest blocks from one to another of the same function.
    fn shortest(&self, start: Node, to: Node) -> Option<Vec<Node>> {
        let code = self.facts.program().function(to.0)?;
        let mut before: BTreeMap<BlockId, Option<BlockId>> = BTreeMap::from([(start.1, None)]);
        let mut todo = VecDeque::from([start.1]);
        while let Some(at) = todo.pop_front() {
            if at == to.1 {
                let mut way = vec![(to.0, at)];
                let mut at = at;
                while let Some(Some(previous)) = before.get(&at) {
                    at = *previous;
                    way.push((to.0, at));
                }
                way.reverse();
                return Some(way);
            }
            for next in code.block(at).map(program::Block::successors).unwrap_or_default() {
                if let std::collections::btree_map::Entry::Vacant(slot) = before.entry(next) {
                    slot.insert(Some(at));
                    todo.push_back(next);
                }
            }
        }
        None
    }

    fn finish(self, finding: &ProgramFinding) -> ControlFlow {
        let kept = self.kept();
        let places = Places::of(finding);
        let index: BTreeMap<Node, u32> = kept.iter().copied().zip(0..).collect();
        let blocks = kept.iter().filter_map(|node| self.block(*node, &places)).collect();
        let total: usize = self
            .functions
            .iter()
            .filter_map(|id| self.facts.program().function(*id))
            .map(|f| f.blocks.len())
            .sum();
        let functions = self.functions.iter().map(|id| FlowFunction {
            name: name_of(self.facts, *id),
            entry: Address(self.facts.program().function(*id).map_or(0, |code| code.entry.0)),
        });
        ControlFlow {
            functions: functions.collect(),
            blocks,
            edges: self.edges(&index),
            omitted_blocks: total.saturating_sub(kept.len()) as u64,
        }
    }

    /// The blocks shown: the route, then what is nearest to it. By function, then by address.
    fn kept(&self) -> Vec<Node> {
        let mut kept: BTreeSet<Node> = self.nodes.iter().copied().take(MAX_BLOCKS).collect();
        let mut todo: VecDeque<Node> = kept.iter().copied().collect();
        while let Some((function, at)) = todo.pop_front() {
            let code = self.facts.program().function(function);
            let next = code.and_then(|code| code.block(at)).map(program::Block::successors);
            let own = self.facts.function(function);
            let before = own.map(|own| own.dominance.predecessors(at)).unwrap_or_default();
            for block in next.unwrap_or_default().iter().chain(before) {
                if kept.len() < MAX_BLOCKS && kept.insert((function, *block)) {
                    todo.push_back((function, *block));
                }
            }
        }
        let mut kept: Vec<Node> = kept.into_iter().collect();
        kept.sort_by_key(|node| (self.place(node.0), node.1));
        kept
    }

    fn place(&self, function: FuncId) -> Option<usize> {
        self.functions.iter().position(|f| *f == function)
    }

    fn block(&self, node: Node, places: &Places) -> Option<FlowBlock> {
        let program = self.facts.program();
        let code = program.function(node.0)?;
        let block = code.block(node.1)?;
        let all = disassembly::of_block(program, code, block);
        let count = all.len();
        let lines = places.choose(all);
        let marks = places.marks(&lines);
        Some(FlowBlock {
            function: self.place(node.0)? as u32,
            address: Address(block.start.0),
            omitted_lines: count.saturating_sub(lines.len()) as u64,
            lines,
            on_route: self.nodes.contains(&node),
            marks,
        })
    }

    fn edges(&self, index: &BTreeMap<Node, u32>) -> Vec<FlowEdge> {
        let mut all = BTreeMap::new();
        for (node, from) in index {
            for (block, kind) in self.successors(*node) {
                let Some(to) = index.get(&(node.0, block)) else { continue };
                let on_route = self.ways.contains(&(*node, (node.0, block)));
                all.entry((*from, *to)).or_insert((kind, on_route));
            }
        }
        for (from, to) in self.calls() {
            if let (Some(a), Some(b)) = (index.get(&from), index.get(&to)) {
                let on_route = self.nodes.contains(&from) && self.nodes.contains(&to);
                all.entry((*a, *b)).or_insert((FlowEdgeKind::Call, on_route));
            }
        }
        let edge = |((from, to), (kind, on_route))| FlowEdge { from, to, kind, on_route };
        all.into_iter().map(edge).collect()
    }

    fn successors(&self, node: Node) -> Vec<(BlockId, FlowEdgeKind)> {
        let code = self.facts.program().function(node.0);
        let Some(block) = code.and_then(|code| code.block(node.1)) else { return Vec::new() };
        let kind = |to: BlockId| match code.and_then(|code| code.block(to)) {
            Some(next) if next.start == block.end => FlowEdgeKind::Fallthrough,
            _ => FlowEdgeKind::Taken,
        };
        let to = |place: &Place| place.block();
        match &block.exit {
            Exit::Always(place) => to(place).map(|b| (b, kind(b))).into_iter().collect(),
            Exit::Branch { taken, otherwise, .. } => {
                let other = to(otherwise).map(|b| (b, FlowEdgeKind::Fallthrough));
                to(taken).map(|b| (b, FlowEdgeKind::Taken)).into_iter().chain(other).collect()
            }
            Exit::Switch { cases, .. } => cases.iter().map(|case| (case.1, FlowEdgeKind::Taken)).collect(),
        }
    }

    /// Calls between the functions of the picture.
    fn calls(&self) -> Vec<(Node, Node)> {
        let mut all = Vec::new();
        for caller in &self.functions {
            for edge in self.facts.callees(*caller).filter(|edge| self.functions.contains(&edge.callee)) {
                let site = self.facts.function(*caller).and_then(|own| own.calls.get(&edge.call));
                if let (Some(site), Some(entry)) = (site, self.entry(edge.callee)) {
                    all.push(((*caller, site.block), entry));
                }
            }
        }
        all
    }
}

/// Addresses that the finding names.
struct Places {
    named: BTreeSet<Address>,
    marks: Vec<(Address, FlowMark)>,
}

impl Places {
    fn of(finding: &ProgramFinding) -> Self {
        let marks = [
            (finding.source.as_ref().and_then(|s| s.address), FlowMark::Source),
            (finding.trigger.as_ref().and_then(|t| t.address), FlowMark::Trigger),
            (finding.payload.as_ref().and_then(|p| p.address), FlowMark::Payload),
        ];
        let marks: Vec<(Address, FlowMark)> =
            marks.into_iter().filter_map(|(address, mark)| Some((address?, mark))).collect();
        let steps = finding.route.iter().filter_map(|step| step.address);
        Self { named: steps.chain(marks.iter().map(|mark| mark.0)).collect(), marks }
    }

    /// The lines that are named, filled up with those at the end.
    fn choose(&self, all: Vec<Evidence>) -> Vec<Evidence> {
        let named = |line: &Evidence| line.address.is_some_and(|address| self.named.contains(&address));
        let count = all.iter().filter(|line| named(line)).count();
        let mut skip = all.len().saturating_sub(count).saturating_sub(MAX_LINES.saturating_sub(count));
        let mut keep = all;
        keep.retain(|line| {
            let drop = !named(line) && skip > 0;
            skip -= usize::from(drop);
            !drop
        });
        keep.truncate(2 * MAX_LINES);
        keep
    }

    fn marks(&self, lines: &[Evidence]) -> Vec<FlowMark> {
        let here = |address: Address| lines.iter().any(|line| line.address == Some(address));
        let mut marks: Vec<FlowMark> = self.marks.iter().filter(|m| here(m.0)).map(|m| m.1).collect();
        marks.dedup();
        marks
    }
}
