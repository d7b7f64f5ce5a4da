//! The computations along a chain of blocks, as expressions over what is unknown at its start.

use std::collections::{BTreeMap, BTreeSet};

use sleigh::pcode::{Op, Opcode, Varnode};

use crate::address::VirtAddr;
use crate::explore::{Explored, RawBlock};
use crate::fold::{fold, signed, truncate};
use crate::state::{Setting, State, Value};

/// Expressions of one chain.
const MAX_NODES: usize = 8192;

#[derive(Clone, Debug)]
pub(super) enum Node {
    /// Unknown.
    Leaf,
    Number(u64),
    /// The entry stack pointer plus a distance.
    Stack(i64),
    Load(usize),
    Apply(Opcode, Vec<usize>),
}

/// Expressions in the order of their making: operands come before what uses them.
pub(super) struct Expressions<'a, 's> {
    pub(super) setting: &'a Setting<'s>,
    pub(super) state: &'a State,
    pub(super) nodes: Vec<(Node, u16)>,
    pub(super) registers: BTreeMap<(u8, u64), (u16, usize)>,
    pub(super) slots: BTreeMap<(i64, u16), usize>,
    pub(super) temporaries: BTreeMap<(u64, u16), usize>,
    /// The condition read by each conditional branch, by operation.
    pub(super) conditions: BTreeMap<u32, usize>,
    /// The target of each indirect jump.
    pub(super) targets: BTreeMap<u32, usize>,
}

impl Expressions<'_, '_> {
    fn add(&mut self, node: Node, size: u16) -> usize {
        self.nodes.push((node, size));
        self.nodes.len() - 1
    }

    pub(super) fn size(&self, node: usize) -> u16 {
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
            return self.load(address, place);
        }
        self.read_register(place)
    }

    fn read_register(&mut self, place: Varnode) -> usize {
        if self.setting.roles.overflow == Some(place) {
            return self.add(Node::Number(0), place.size);
        }
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

    fn load(&mut self, address: usize, output: Varnode) -> usize {
        let size = output.size;
        match self.nodes.get(address) {
            Some((Node::Stack(distance), _)) => {
                let key = (*distance, size);
                if let Some(node) = self.slots.get(&key) {
                    return *node;
                }
                let restored = || self.setting.restored(output).map(Value::Number);
                let node = self.known(self.state.read_slot(key.0, size).or_else(restored), size);
                self.slots.insert(key, node);
                node
            }
            _ => self.add(Node::Load(address), size),
        }
    }

    /// `None` if the expressions grow too many.
    pub(super) fn add_block(&mut self, found: &Explored, block: &RawBlock) -> Option<()> {
        for index in block.instructions.clone() {
            let instruction = found.instructions.get(index as usize)?;
            self.temporaries.clear();
            for place in instruction.ops() {
                let op = found.ops.as_slice().get(place)?;
                self.add_op(place as u32, op);
                if op.opcode() == Opcode::Call
                    && let Some(target) = op.input(0)
                    && let Some(register) = self.setting.pc_thunk_register(VirtAddr(target.offset))
                {
                    let own = self.add(Node::Number(instruction.end().0), register.size);
                    self.write(register, own);
                }
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
                        self.load(address, output)
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
                return self.add(Node::Stack(base.wrapping_add(signed((*n, *bytes)))), size);
            }
            (Opcode::IntSub, [(Node::Stack(base), _), (Node::Number(n), bytes)]) => {
                return self.add(Node::Stack(base.wrapping_sub(signed((*n, *bytes)))), size);
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

    /// Which nodes does this one need, if `given` is known? Sorted.
    pub(super) fn needs(&self, node: usize, given: Option<usize>) -> BTreeSet<usize> {
        let (mut needed, mut todo) = (BTreeSet::new(), vec![node]);
        while let Some(node) = todo.pop() {
            if needed.insert(node) && Some(node) != given {
                todo.extend(self.operands(node));
            }
        }
        needed
    }

    pub(super) fn operands(&self, node: usize) -> Vec<usize> {
        match self.nodes.get(node) {
            Some((Node::Load(address), _)) => vec![*address],
            Some((Node::Apply(_, operands), _)) => operands.clone(),
            _ => Vec::new(),
        }
    }
}
