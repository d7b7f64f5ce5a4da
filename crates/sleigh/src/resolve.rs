//! Which constructors an instruction consists of.
//!
//! Decoding starts at the instruction table and goes down through the operands, depth first and in order, to a tree of
//! [`Slot`]s: one per operand, each either a node (a chosen constructor) or a leaf. Children stand behind their
//! parent, those of one node together. Context changes take effect while the tree grows and are never undone.

#![expect(
    clippy::indexing_slicing,
    reason = "numbers from the table were checked when it was loaded; slot numbers are made here"
)]

use crate::context::{self, Context, replaced};
use crate::error::{Fault, LiftError};
use crate::expression::apply;
use crate::handle::Handle;
use crate::program::{MAX_STEPS, Step};
use crate::table::{
    CommitTarget, Constructor, ContextCommit, ContextSet, Decision, Expression, NONE, Operand, Pair, Range,
    Source, Table,
};

/// Bytes an instruction may read.
pub(crate) const WINDOW: usize = 16;
/// Operands of one instruction, over all its nodes; the reference has room for 75.
const MAX_SLOTS: usize = 512;
/// Offsets and lengths of operands and constructors, and places they lead to.
pub(crate) const MAX_POSITION: u16 = 1024;
const MAX_DEPTH: u32 = 64;
const MAX_COMMITS: usize = 64;
/// An entry of a value map that selects nothing.
const NO_VALUE: i64 = 0x0bad_beef;

/// One operand of a node, or the root.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot {
    /// The constructor chosen, or [`NONE`] for a leaf.
    pub constructor: u32,
    /// Number of the operand in the table, [`NONE`] for the root.
    pub operand: u32,
    /// First child slot.
    pub first: u16,
    pub parent: u16,
    /// Bytes from the start of the instruction.
    pub start: u16,
    pub length: u16,
    /// What the operand selects from its list: a value, or the number of a string or register.
    pub entry: i64,
}

/// A commit whose address is not known before the handles are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pending {
    pub target: CommitTarget,
    /// The node that issued it.
    pub slot: u16,
    pub flow: bool,
    pub word: u8,
    pub mask: u32,
    pub bits: u32,
}

/// One decoded instruction; the memory is used again for the next.
#[derive(Debug)]
pub(crate) struct Tree {
    pub slots: Vec<Slot>,
    /// What each slot means, parallel to `slots`.
    pub handles: Vec<Handle>,
    pub pending: Vec<Pending>,
    pub address: u64,
    /// Address after the instruction, without its delay slot.
    pub next: u64,
    /// Both words as one number.
    pub context: u64,
    /// Of the steps of the program that runs.
    values: [i64; MAX_STEPS],
    /// Bytes of delay slot that follow.
    pub delay: u8,
    /// The instruction, then zeros, so that eight bytes can be read at each of its positions.
    bytes: [u8; WINDOW + 8],
}

impl Default for Tree {
    fn default() -> Self {
        Self {
            slots: Vec::with_capacity(64),
            handles: Vec::with_capacity(64),
            pending: Vec::new(),
            address: 0,
            next: 0,
            context: 0,
            values: [0; MAX_STEPS],
            delay: 0,
            bytes: [0; WINDOW + 8],
        }
    }
}

impl Tree {
    /// Decodes the instruction at `address` and computes its handles. Returns its length.
    pub(crate) fn decode(
        &mut self,
        table: &Table,
        bytes: &[u8],
        address: u64,
        context: Context,
    ) -> Result<u32, LiftError> {
        let mask = table.spaces[usize::from(table.code_space.0)].mask;
        self.address = address & mask;
        if !self.address.is_multiple_of(u64::from(table.alignment)) {
            return Err(LiftError::Unaligned { address });
        }
        self.fill(bytes);
        self.context = context.to_bits();
        let length = self.resolve(table).map_err(|fault| fault.at(address, 0))?;
        if length == 0 {
            return Err(LiftError::NoMatch { address });
        }
        if length > WINDOW {
            return Err(LiftError::TooLong { address });
        }
        if length > bytes.len() {
            return Err(LiftError::Truncated { address });
        }
        self.next = self.address.wrapping_add(length as u64) & mask;
        self.compute_handles(table).map_err(|fault| fault.at(address, 0))?;
        Ok(length as u32)
    }

    fn fill(&mut self, bytes: &[u8]) {
        if let Some(window) = bytes.first_chunk::<WINDOW>() {
            self.bytes[..WINDOW].copy_from_slice(window);
        } else {
            self.bytes = [0; WINDOW + 8];
            self.bytes[..bytes.len()].copy_from_slice(bytes);
        }
    }

    fn resolve(&mut self, table: &Table) -> Result<usize, Fault> {
        self.slots.clear();
        self.pending.clear();
        self.delay = 0;
        self.next = self.address;
        let constructor = self.decide(table, table.root, 0)?;
        self.slots.push(Slot {
            constructor,
            operand: NONE,
            first: 1,
            parent: 0,
            start: 0,
            length: 0,
            entry: 0,
        });
        self.node(table, 0, 0)?;
        Ok(usize::from(self.slots[0].length))
    }

    /// Resolves the operands of the constructor already chosen for `slot`.
    fn node(&mut self, table: &Table, slot: usize, depth: u32) -> Result<(), Fault> {
        let Slot { constructor: chosen, start, .. } = self.slots[slot];
        let constructor = &table.constructors[chosen as usize];
        let first = self.open(slot, constructor, depth)?;
        if constructor.changes.count > 0 {
            self.change_context(table, slot, table.index.programs.ranges[chosen as usize])?;
        }
        let mut end = start + constructor.length;
        let operands = &table.operands[constructor.operands.indices()];
        for (index, operand) in operands.iter().enumerate() {
            let own = first + index;
            let position = self.position(first, start, operand)?;
            self.slots[own].start = position;
            if let Source::Subtable(root) = operand.source {
                self.slots[own].constructor = self.decide(table, root, position)?;
                self.node(table, own, depth + 1)?;
            } else {
                self.slots[own].length = operand.length;
                self.check_index(table, operand, own)?;
            }
            end = end.max(position + self.slots[own].length);
        }
        self.slots[slot].length = end - start;
        if constructor.delay > 0 && constructor.template != NONE {
            self.delay = constructor.delay;
        }
        Ok(())
    }

    /// Makes a slot for each operand.
    fn open(&mut self, slot: usize, constructor: &Constructor, depth: u32) -> Result<usize, Fault> {
        let first = self.slots.len();
        let operands = constructor.operands;
        if depth >= MAX_DEPTH || first + operands.count as usize > MAX_SLOTS {
            return Err(Fault::Limit);
        }
        self.slots[slot].first = first as u16;
        let parent = slot as u16;
        let leaf =
            |operand| Slot { constructor: NONE, operand, first: 0, parent, start: 0, length: 0, entry: 0 };
        self.slots.extend((operands.first..operands.first + operands.count).map(leaf));
        Ok(first)
    }

    #[inline]
    fn position(&self, first: usize, start: u16, operand: &Operand) -> Result<u16, Fault> {
        let from = match usize::try_from(operand.base) {
            Ok(base) => self.slots[first + base].start + self.slots[first + base].length,
            Err(_) => start,
        };
        // Beyond any read, and small enough for sums not to overflow: the table's own numbers are below as well.
        let position = from + operand.offset;
        if position < MAX_POSITION { Ok(position) } else { Err(Fault::TooLong) }
    }

    fn change_context(&mut self, table: &Table, slot: usize, program: Range) -> Result<(), Fault> {
        let start = self.slots[slot].start;
        for (number, step) in table.index.programs.steps[program.indices()].iter().enumerate() {
            let value = |step: u8| self.values[usize::from(step)];
            let result = match *step {
                Step::Number(value) => value,
                Step::Token(field) => self.token(field, start)?,
                Step::Context(field) => self.context_field(field),
                Step::InstructionStart => self.address.cast_signed(),
                Step::InstructionEnd => self.next.cast_signed(),
                Step::Binary(op, left, right) => apply(op, value(left), value(right)),
                Step::Minus(inner) => value(inner).wrapping_neg(),
                Step::Not(inner) => !value(inner),
                Step::Walk(expression) => self.value(table, expression, slot, start, 0)?,
                Step::Set(set, from) => self.set(&set, value(from)),
                Step::WalkSet(set) => self.set(&set, self.value(table, set.expression, slot, start, 0)?),
                Step::Commit(commit) => self.commit(slot, &commit)?,
            };
            self.values[number & (MAX_STEPS - 1)] = result;
        }
        Ok(())
    }

    fn set(&mut self, set: &ContextSet, value: i64) -> i64 {
        let value = (value as u32).wrapping_shl(u32::from(set.shift));
        self.context = replaced(self.context, set.word, set.mask, value);
        0
    }

    /// Keeps a commit with the bits as they are now.
    fn commit(&mut self, slot: usize, commit: &ContextCommit) -> Result<i64, Fault> {
        if self.pending.len() >= MAX_COMMITS {
            return Err(Fault::Limit);
        }
        let ContextCommit { target, word, mask, flow } = *commit;
        let bits = context::word(self.context, word) & mask;
        self.pending.push(Pending { target, slot: slot as u16, flow, word, mask, bits });
        Ok(0)
    }

    /// A field that selects nothing fails the whole instruction; no other constructor is tried.
    #[inline]
    fn check_index(&mut self, table: &Table, operand: &Operand, slot: usize) -> Result<(), Fault> {
        if let Source::ValueMap(_) | Source::Names(_) | Source::Registers(_) = operand.source {
            self.slots[slot].entry = self.select(table, operand, slot)?;
        }
        Ok(())
    }

    /// The entry an operand selects, now that the context is final.
    #[inline]
    pub(crate) fn entry(&self, table: &Table, operand: &Operand, slot: usize) -> Result<i64, Fault> {
        match table.expressions[operand.expression as usize] {
            Expression::Token(_) => Ok(self.slots[slot].entry),
            _ => self.select(table, operand, slot),
        }
    }

    /// The entry an operand selects: a value, or the number of a string or register.
    fn select(&self, table: &Table, operand: &Operand, slot: usize) -> Result<i64, Fault> {
        let index = self.value(table, operand.expression, slot, self.slots[slot].start, 0)?;
        let index = usize::try_from(index).map_err(|_| Fault::IllegalIndex)?;
        let number = |list: &[u32], range: Range| {
            let entry = list[range.indices()].get(index).filter(|entry| **entry != NONE);
            entry.map(|entry| i64::from(*entry))
        };
        let entry = match operand.source {
            Source::ValueMap(range) => {
                table.value_lists[range.indices()].get(index).copied().filter(|value| *value != NO_VALUE)
            }
            Source::Names(range) => number(&table.name_lists, range),
            Source::Registers(range) => number(&table.register_lists, range),
            _ => None,
        };
        entry.ok_or(Fault::IllegalIndex)
    }

    /// Walks a decision tree for the bytes at `start`.
    #[inline]
    fn decide(&self, table: &Table, root: u32, start: u16) -> Result<u32, Fault> {
        let mut node: &Decision = &table.decisions[root as usize];
        while node.size > 0 {
            let value = self.bits(node, start)?;
            node = &table.decisions[node.first as usize + value];
        }
        let first = node.first as usize;
        for pair in &table.pairs[first..first + usize::from(node.start)] {
            if self.matches(pair, start)? {
                return Ok(pair.constructor);
            }
        }
        Err(Fault::NoMatch)
    }

    #[inline]
    fn bits(&self, node: &Decision, start: u16) -> Result<usize, Fault> {
        let window = if node.context {
            self.context << (node.start & 63)
        } else {
            self.window(usize::from(start) + usize::from(node.start >> 3))? << (node.start & 7)
        };
        Ok((window >> (64 - u32::from(node.size))) as usize)
    }

    /// Eight bytes, the first one highest.
    #[inline]
    pub(crate) fn window(&self, position: usize) -> Result<u64, Fault> {
        if position >= WINDOW {
            return Err(Fault::TooLong);
        }
        let bytes = self.bytes[position..].first_chunk::<8>();
        bytes.map(|bytes| u64::from_be_bytes(*bytes)).ok_or(Fault::TooLong)
    }

    #[inline]
    fn matches(&self, pair: &Pair, start: u16) -> Result<bool, Fault> {
        if self.context & pair.context_mask != pair.context_value {
            return Ok(false);
        }
        if pair.mask == 0 {
            return Ok(pair.value == 0);
        }
        let position = usize::from(start) + usize::from(pair.offset);
        let difference = self.window(position)? & pair.mask ^ pair.value;
        if position + 4 >= WINDOW && pair.mask as u32 != 0 && difference >> 32 == 0 {
            return Err(Fault::TooLong);
        }
        Ok(difference == 0)
    }
}
