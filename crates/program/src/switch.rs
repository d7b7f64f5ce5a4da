//! Indirect jumps through tables: which targets, for which values.
//!
//! Instead of matching the shapes that compilers emit, the target's computation is written down as an expression over
//! what is unknown at the start of a short chain of blocks, together with the conditions under which that chain is
//! taken. If one unknown (or one intermediate result) decides the target, its values are tried one after the other:
//! those that meet all conditions and lead to code are the cases. So absolute tables, relative tables, byte tables and
//! computed jumps are one case, on every processor.
//!
//! Misses: two-level tables whose bound stands further away than [`MAX_CHAIN`] blocks; selectors of more than
//! [`MAX_CASES`] values.

use std::collections::{BTreeMap, BTreeSet};

use sleigh::pcode::{Op, Opcode, Varnode};

use crate::address::VirtAddr;
use crate::explore::{Explored, RawBlock, RawExit, RawPlace};
use crate::fold::{fold, truncate};
use crate::state::{Setting, State, Value};

/// Blocks looked at, the jump's own included.
const MAX_CHAIN: usize = 6;
/// Values of one selector.
const MAX_CASES: u64 = 4096;
/// Values tried around each constant that the expressions name.
const WINDOW: u64 = 1024;
/// Expressions of one chain.
const MAX_NODES: usize = 8192;
/// Cases believed without any condition that bounds them.
const MAX_UNBOUNDED: usize = 512;

/// A resolved jump.
pub(crate) struct Solution {
    pub(crate) op: u32,
    pub(crate) cases: Vec<(u64, VirtAddr)>,
    pub(crate) work: u64,
}

#[derive(Clone, Debug)]
enum Node {
    /// Unknown.
    Leaf,
    Number(u64),
    /// The entry stack pointer plus a distance.
    Stack(i64),
    Load(usize),
    Apply(Opcode, Vec<usize>),
}

/// Expressions in the order of their making: operands come before what uses them.
struct Expressions<'a, 's> {
    setting: &'a Setting<'s>,
    state: &'a State,
    nodes: Vec<(Node, u16)>,
    registers: BTreeMap<(u8, u64), (u16, usize)>,
    slots: BTreeMap<(i64, u16), usize>,
    temporaries: BTreeMap<(u64, u16), usize>,
    /// The condition read by each conditional branch, by operation.
    conditions: BTreeMap<u32, usize>,
    /// The target of each indirect jump.
    targets: BTreeMap<u32, usize>,
}

/// Finds the cases of the indirect jump that ends the block at `start`.
pub(crate) fn solve(
    setting: &Setting<'_>,
    found: &Explored,
    border: Option<VirtAddr>,
    start: VirtAddr,
) -> Option<Solution> {
    let chain = chain(found, start);
    let first = found.blocks.get(chain.last()?)?;
    let mut expressions = Expressions {
        setting,
        state: &first.state,
        nodes: Vec::new(),
        registers: BTreeMap::new(),
        slots: BTreeMap::new(),
        temporaries: BTreeMap::new(),
        conditions: BTreeMap::new(),
        targets: BTreeMap::new(),
    };
    for address in chain.iter().rev() {
        expressions.add_block(found, found.blocks.get(address)?)?;
    }
    let (op, target) = expressions.targets.last_key_value().map(|(op, node)| (*op, *node))?;
    let conditions = conditions(found, &chain, &expressions);
    let jump = Jump { setting, found, border, expressions: &expressions, target, conditions };
    let cases = jump.cases()?;
    let work = expressions.nodes.len() as u64 + cases.len() as u64;
    Some(Solution { op, cases, work })
}

/// The block and those before it, as long as there is only one way there; nearest first.
fn chain(found: &Explored, start: VirtAddr) -> Vec<VirtAddr> {
    let mut chain = vec![start];
    while let Some(last) = chain.last().copied().filter(|_| chain.len() < MAX_CHAIN) {
        let leads = |block: &RawBlock| {
            block
                .exit
                .iter()
                .flat_map(RawExit::places)
                .any(|place| place.target().is_some_and(|to| to.0 == last))
        };
        let mut before = found.blocks.iter().filter(|(_, block)| leads(block)).map(|(address, _)| *address);
        match (before.next(), before.next()) {
            (Some(one), None) if !chain.contains(&one) && last != found.entry.address => chain.push(one),
            _ => break,
        }
    }
    chain
}

/// Conditions on the way along the chain: expression and the value it must have.
fn conditions(found: &Explored, chain: &[VirtAddr], expressions: &Expressions<'_, '_>) -> Vec<(usize, bool)> {
    let mut all = Vec::new();
    let towards = |place: RawPlace, next: Option<VirtAddr>| match next {
        Some(next) => place.target().is_some_and(|to| to.0 == next),
        None => place == RawPlace::Unresolved,
    };
    let nexts = std::iter::once(None).chain(chain.iter().map(|address| Some(*address)));
    for (address, next) in chain.iter().zip(nexts) {
        let Some(RawExit::Branch { op, when, taken, otherwise }) =
            found.blocks.get(address).and_then(|b| b.exit.clone())
        else {
            continue;
        };
        let Some(condition) = expressions.conditions.get(&op).copied() else { continue };
        match (towards(taken, next), towards(otherwise, next)) {
            (true, false) => all.push((condition, when)),
            (false, true) => all.push((condition, !when)),
            _ => {}
        }
    }
    all
}

impl Expressions<'_, '_> {
    fn add(&mut self, node: Node, size: u16) -> usize {
        self.nodes.push((node, size));
        self.nodes.len() - 1
    }

    fn size(&self, node: usize) -> u16 {
        self.nodes.get(node).map_or(0, |node| node.1)
    }

    fn known(&mut self, value: Option<Value>, size: u16) -> usize {
        match value {
            Some(Value::Number(number)) => self.add(Node::Number(truncate(number, size)), size),
            Some(Value::Stack(distance)) => self.add(Node::Stack(distance), size),
            Some(Value::ReturnAddress | Value::Import(_)) | None => self.add(Node::Leaf, size),
        }
    }

    fn read(&mut self, place: Varnode) -> usize {
        let table = self.setting.table;
        if place.is_constant() {
            return self.add(Node::Number(truncate(place.offset, place.size)), place.size);
        }
        if place.space == table.unique_space() {
            if let Some(node) = self.temporaries.get(&(place.offset, place.size)) {
                return *node;
            }
            return self.add(Node::Leaf, place.size);
        }
        if place.space == table.code_space() {
            let address = self.add(Node::Number(place.offset), u16::from(self.setting.image.pointer_size));
            return self.load(address, place.size);
        }
        self.read_register(place)
    }

    fn read_register(&mut self, place: Varnode) -> usize {
        let key = (place.space.0, place.offset);
        let near = self.registers.range(..=key).next_back().map(|(key, value)| (*key, *value));
        if let Some(((space, offset), (size, node))) = near
            && space == place.space.0
            && place.offset + u64::from(place.size) <= offset + u64::from(size)
        {
            return self.part(node, size, place.offset - offset, place.size);
        }
        let whole = self.whole_register(place);
        let big_endian = self.setting.table.big_endian();
        let value = self.state.read(whole, big_endian).filter(|_| !self.overlaps(whole));
        let node = self.known(value, whole.size);
        // A register whose parts were written is only partly what it was: give the read a node of its own.
        if self.overlaps(whole) {
            return self.add(Node::Leaf, place.size);
        }
        self.registers.insert((whole.space.0, whole.offset), (whole.size, node));
        self.part(node, whole.size, place.offset - whole.offset, place.size)
    }

    fn overlaps(&self, place: Varnode) -> bool {
        let end = (place.space.0, place.offset + u64::from(place.size));
        let last = self.registers.range(..end).next_back();
        last.is_some_and(|((space, offset), (size, _))| {
            *space == place.space.0 && offset + u64::from(*size) > place.offset
        })
    }

    /// The pointer-sized register that holds this one, so that its parts share one unknown.
    fn whole_register(&self, place: Varnode) -> Varnode {
        let size = u16::from(self.setting.image.pointer_size);
        let whole = Varnode { offset: place.offset & !(u64::from(size) - 1), size, ..place };
        let fits = place.offset + u64::from(place.size) <= whole.offset + u64::from(size);
        if fits && self.setting.table.register_name(whole).is_some() { whole } else { place }
    }

    fn part(&mut self, node: usize, size: u16, skip: u64, wanted: u16) -> usize {
        if size == wanted {
            return node;
        }
        let low = match self.setting.table.big_endian() {
            true => u64::from(size) - skip - u64::from(wanted),
            false => skip,
        };
        // The low part of a widened value is that value.
        if let Some((Node::Apply(Opcode::IntZExt | Opcode::IntSExt, inputs), _)) = self.nodes.get(node)
            && low == 0
            && let Some(inner) = inputs.first().copied().filter(|inner| self.size(*inner) == wanted)
        {
            return inner;
        }
        let drop = self.add(Node::Number(low), 4);
        self.add(Node::Apply(Opcode::SubPiece, vec![node, drop]), wanted)
    }

    fn write(&mut self, place: Varnode, node: usize) {
        let table = self.setting.table;
        if place.space == table.unique_space() {
            self.temporaries.insert((place.offset, place.size), node);
        } else if place.space == table.register_space() {
            let end = (place.space.0, place.offset + u64::from(place.size));
            while let Some((key, (size, _))) = self.registers.range(..end).next_back().map(|(k, v)| (*k, *v))
            {
                if key.0 != place.space.0 || key.1 + u64::from(size) <= place.offset {
                    break;
                }
                self.registers.remove(&key);
            }
            self.registers.insert((place.space.0, place.offset), (place.size, node));
        }
    }

    fn load(&mut self, address: usize, size: u16) -> usize {
        match self.nodes.get(address) {
            Some((Node::Stack(distance), _)) => {
                let key = (*distance, size);
                if let Some(node) = self.slots.get(&key) {
                    return *node;
                }
                let node = self.add(Node::Leaf, size);
                self.slots.insert(key, node);
                node
            }
            _ => self.add(Node::Load(address), size),
        }
    }

    /// `None` if the expressions grow too many.
    fn add_block(&mut self, found: &Explored, block: &RawBlock) -> Option<()> {
        for index in block.instructions.clone() {
            let instruction = found.instructions.get(index as usize)?;
            self.temporaries.clear();
            for place in instruction.ops() {
                let op = found.ops.as_slice().get(place)?;
                self.add_op(place as u32, op);
            }
            if self.nodes.len() > MAX_NODES {
                return None;
            }
        }
        Some(())
    }

    fn add_op(&mut self, place: u32, op: &Op) {
        let input = |index: usize| op.input(index);
        match op.opcode() {
            Opcode::CBranch => {
                if let Some(condition) = input(1) {
                    let node = self.read(condition);
                    self.conditions.insert(place, node);
                }
            }
            Opcode::BranchInd => {
                if let Some(target) = input(0) {
                    let node = self.read(target);
                    self.targets.insert(place, node);
                }
            }
            Opcode::Call | Opcode::CallInd => self.forget_unsaved(),
            Opcode::Store => {
                let (Some(pointer), Some(stored)) = (input(1), input(2)) else { return };
                let (address, value) = (self.read(pointer), self.read(stored));
                if let Some((Node::Stack(distance), _)) = self.nodes.get(address) {
                    let (from, size) = (*distance, stored.size);
                    let to = from.saturating_add(i64::from(size));
                    self.slots.retain(|(start, size), _| {
                        start.saturating_add(i64::from(*size)) <= from || *start >= to
                    });
                    self.slots.insert((from, size), value);
                }
            }
            opcode => {
                let Some(output) = op.output() else { return };
                let node = match (opcode, input(0), input(1)) {
                    (Opcode::Copy, Some(a), _) => self.read(a),
                    (Opcode::Load, _, Some(pointer)) => {
                        let address = self.read(pointer);
                        self.load(address, output.size)
                    }
                    (Opcode::CallOther, ..) => self.add(Node::Leaf, output.size),
                    (_, Some(a), b) => {
                        let mut operands = vec![self.read(a)];
                        operands.extend(b.map(|b| self.read(b)));
                        self.apply(opcode, operands, output.size)
                    }
                    _ => self.add(Node::Leaf, output.size),
                };
                self.write(output, node);
            }
        }
    }

    fn apply(&mut self, opcode: Opcode, operands: Vec<usize>, size: u16) -> usize {
        let nodes: Vec<(Node, u16)> =
            operands.iter().filter_map(|operand| self.nodes.get(*operand).cloned()).collect();
        match (opcode, &nodes[..]) {
            (Opcode::IntAdd, [(Node::Stack(base), _), (Node::Number(n), bytes)])
            | (Opcode::IntAdd, [(Node::Number(n), bytes), (Node::Stack(base), _)]) => {
                return self.add(Node::Stack(base.wrapping_add(crate::fold::signed((*n, *bytes)))), size);
            }
            (Opcode::IntSub, [(Node::Stack(base), _), (Node::Number(n), bytes)]) => {
                return self.add(Node::Stack(base.wrapping_sub(crate::fold::signed((*n, *bytes)))), size);
            }
            _ => {}
        }
        let numbers: Option<Vec<(u64, u16)>> = nodes
            .iter()
            .map(|(node, size)| match node {
                Node::Number(number) => Some((*number, *size)),
                _ => None,
            })
            .collect();
        match numbers.and_then(|numbers| fold(opcode, size, &numbers)) {
            Some(number) => self.add(Node::Number(number), size),
            None => self.add(Node::Apply(opcode, operands), size),
        }
    }

    fn forget_unsaved(&mut self) {
        let roles = self.setting.roles;
        let kept = |offset: u64| {
            roles
                .saved
                .iter()
                .chain([&roles.stack])
                .chain(&roles.global)
                .any(|r| offset >= r.offset && offset < r.offset + u64::from(r.size))
        };
        // Forgotten means: a new unknown, not what the register was at the start.
        let lost: Vec<((u8, u64), u16)> =
            self.registers.iter().filter(|(key, _)| !kept(key.1)).map(|(k, v)| (*k, v.0)).collect();
        for (key, size) in lost {
            let node = self.add(Node::Leaf, size);
            self.registers.insert(key, (size, node));
        }
    }

    /// Which nodes does this one need? Sorted.
    fn needs(&self, node: usize) -> BTreeSet<usize> {
        let (mut needed, mut todo) = (BTreeSet::new(), vec![node]);
        while let Some(node) = todo.pop() {
            if needed.insert(node) {
                todo.extend(self.operands(node));
            }
        }
        needed
    }

    fn operands(&self, node: usize) -> Vec<usize> {
        match self.nodes.get(node) {
            Some((Node::Load(address), _)) => vec![*address],
            Some((Node::Apply(_, operands), _)) => operands.clone(),
            _ => Vec::new(),
        }
    }
}

struct Jump<'a, 's> {
    setting: &'a Setting<'s>,
    found: &'a Explored,
    border: Option<VirtAddr>,
    expressions: &'a Expressions<'a, 's>,
    target: usize,
    conditions: Vec<(usize, bool)>,
}

impl Jump<'_, '_> {
    fn cases(&self) -> Option<Vec<(u64, VirtAddr)>> {
        let selectors = self.selectors();
        let bounded = selectors.iter().filter_map(|selector| self.bounded(*selector));
        let unbounded = || selectors.first().and_then(|selector| self.unbounded(*selector));
        bounded.into_iter().next().or_else(unbounded)
    }

    /// Nodes that alone decide the target, innermost first.
    fn selectors(&self) -> Vec<usize> {
        let needed = self.expressions.needs(self.target);
        let depends = self.dependent(&needed);
        let mut path = Vec::new();
        let mut node = self.target;
        loop {
            path.push(node);
            let open: Vec<usize> = self
                .expressions
                .operands(node)
                .into_iter()
                .filter(|operand| depends.contains(operand))
                .collect();
            match open[..] {
                [one] => node = one,
                [a, b] if a == b => node = a,
                _ => break,
            }
        }
        // Both operands may come from one unknown further in.
        let leaves: Vec<usize> = needed
            .iter()
            .copied()
            .filter(|node| matches!(self.expressions.nodes.get(*node), Some((Node::Leaf, _))))
            .collect();
        if let ([leaf], false) = (&leaves[..], path.contains(leaves.first().unwrap_or(&usize::MAX))) {
            path.push(*leaf);
        }
        path.reverse();
        // The target itself is no selector.
        path.pop();
        path
    }

    /// The nodes among these that depend on an unknown.
    fn dependent(&self, needed: &BTreeSet<usize>) -> BTreeSet<usize> {
        let mut depends = BTreeSet::new();
        for node in needed {
            let open = match self.expressions.nodes.get(*node) {
                Some((Node::Leaf | Node::Stack(_), _)) => true,
                _ => self.expressions.operands(*node).iter().any(|operand| depends.contains(operand)),
            };
            if open {
                depends.insert(*node);
            }
        }
        depends
    }

    /// Tries the values that meet the conditions. `None` if no condition depends on the selector alone.
    fn bounded(&self, selector: usize) -> Option<Vec<(u64, VirtAddr)>> {
        let plan = self.plan(selector);
        let conditions: Vec<(usize, bool)> = self
            .conditions
            .iter()
            .copied()
            .filter(|(node, _)| self.value(&plan, selector, 0, *node).is_some())
            .collect();
        let met = |value: u64| {
            conditions.iter().all(|(node, wanted)| {
                self.value(&plan, selector, value, *node).is_none_or(|found| (found != 0) == *wanted)
            })
        };
        let candidates = self.candidates(selector, &plan);
        let allowed: Vec<u64> = candidates.iter().copied().filter(|value| met(*value)).collect();
        // A condition such as `≠ 0` bounds nothing.
        if allowed.is_empty() || allowed.len() as u64 > MAX_CASES || 2 * allowed.len() > candidates.len() {
            return None;
        }
        let mut cases = Vec::new();
        for value in allowed {
            let target = self.value(&plan, selector, value, self.target)?;
            cases.push((value, self.code(target)?));
        }
        Some(cases)
    }

    /// Without a bound: entries are believed as long as they lead into this function.
    fn unbounded(&self, selector: usize) -> Option<Vec<(u64, VirtAddr)>> {
        let needed = self.expressions.needs(self.target);
        let loads =
            needed.iter().any(|node| matches!(self.expressions.nodes.get(*node), Some((Node::Load(_), _))));
        let plan = self.plan(selector);
        let mut cases = Vec::new();
        let mut repeated = 0;
        let mut seen = BTreeSet::new();
        for value in 0..MAX_UNBOUNDED as u64 {
            let target = self.value(&plan, selector, value, self.target).and_then(|target| self.code(target));
            let Some(target) = target.filter(|target| self.is_own(*target)) else { break };
            repeated = if seen.insert(target) { 0 } else { repeated + 1 };
            cases.push((value, target));
            if repeated > 64 {
                break;
            }
        }
        (loads && seen.len() >= 2).then_some(cases)
    }

    fn is_own(&self, target: VirtAddr) -> bool {
        target > self.found.entry.address && self.border.is_none_or(|border| target < border)
    }

    fn code(&self, target: u64) -> Option<VirtAddr> {
        let image = self.setting.image;
        let address = image.code_addr(target).address;
        let aligned = address.0.is_multiple_of(u64::from(self.setting.table.alignment()));
        (aligned && image.is_code(address)).then_some(address)
    }

    /// The nodes to compute, in order, for the target and the conditions.
    fn plan(&self, selector: usize) -> Vec<usize> {
        let mut needed = self.expressions.needs(self.target);
        for (condition, _) in &self.conditions {
            needed.extend(self.expressions.needs(*condition));
        }
        needed.insert(selector);
        needed.into_iter().collect()
    }

    /// Small numbers, and those near the constants of the expressions.
    fn candidates(&self, selector: usize, plan: &[usize]) -> Vec<u64> {
        let size = self.expressions.size(selector);
        let mut all: BTreeSet<u64> = (0..2 * WINDOW).collect();
        let constants = plan.iter().filter_map(|node| match self.expressions.nodes.get(*node) {
            Some((Node::Number(number), bytes)) => Some((*number, *bytes)),
            _ => None,
        });
        let constants: BTreeSet<(u64, u16)> = constants.collect();
        for (number, bytes) in constants.into_iter().take(16) {
            let number = crate::fold::signed((number, bytes)) as u64;
            for base in [number, number.wrapping_neg()] {
                all.extend((0..WINDOW).map(|step| truncate(base.wrapping_add(step), size)));
            }
        }
        all.into_iter().filter(|value| truncate(*value, size) == *value).collect()
    }

    /// The value of `node` if the selector has `value`.
    fn value(&self, plan: &[usize], selector: usize, value: u64, node: usize) -> Option<u64> {
        let mut known: BTreeMap<usize, (u64, u16)> = BTreeMap::new();
        for at in plan.iter().copied().filter(|at| *at <= node.max(selector)) {
            let (expression, size) = self.expressions.nodes.get(at)?;
            let number = match expression {
                _ if at == selector => Some(truncate(value, *size)),
                Node::Number(number) => Some(*number),
                Node::Leaf | Node::Stack(_) => None,
                Node::Load(address) => {
                    known.get(address).and_then(|(address, _)| self.loaded(*address, *size))
                }
                Node::Apply(opcode, operands) => {
                    let inputs: Option<Vec<(u64, u16)>> =
                        operands.iter().map(|o| known.get(o).copied()).collect();
                    inputs.and_then(|inputs| fold(*opcode, *size, &inputs))
                }
            };
            if let Some(number) = number {
                known.insert(at, (number, *size));
            }
        }
        known.get(&node).map(|known| known.0)
    }

    fn loaded(&self, address: u64, size: u16) -> Option<u64> {
        let image = self.setting.image;
        let address = VirtAddr(address);
        if size == u16::from(image.pointer_size) {
            return image.word_at(address);
        }
        image.read_uint(address, u8::try_from(size).ok().filter(|size| *size <= 8)?)
    }
}
