//! What a place can hold, as far as one function shows it.
//!
//! Values are hash-consed: equal expressions have equal ids, so "the same datum" is an integer comparison. They are
//! built bottom-up and simplified while they are built (constants folded, sums normalised to base plus constant,
//! comparisons reduced to equality and negation). Two widths are told apart only below four bytes: that is where
//! programs compare bytes and characters; above, extensions and truncations are transparent.

mod bits;
mod compact;
mod evaluate;
mod simplify;

use program::{BlockId, ImportId};
use sleigh::pcode::{Opcode, Varnode};

use crate::hash::HashMap;

/// A value of one function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ValueId(pub(crate) u32);

/// How a value comes to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    /// A number, perhaps an address.
    Number(u64),
    /// The address of an imported symbol.
    Import(ImportId),
    /// An address on the stack: distance from the stack pointer at entry, in bytes.
    Stack(i64),
    /// Argument `n` as the caller passed it.
    Parameter(u8),
    /// Another register as it was at entry.
    Entry(Varnode),
    /// What call `n` of the function returned.
    Result(u32),
    /// What memory holds at an address; when is not told.
    Load {
        /// Where.
        at: ValueId,
        /// Bytes.
        size: u16,
    },
    /// A value plus a number.
    Sum(ValueId, i64),
    /// An operation of one input.
    Unary(Opcode, u16, ValueId),
    /// An operation of two inputs; a constant is the second one of a commutative operation.
    Binary(Opcode, u16, ValueId, ValueId),
    /// The bytes of a value in the opposite order.
    Reversed(u16, ValueId),
    /// One of two, by a condition (conditional execution).
    Choice {
        /// The condition.
        when: ValueId,
        /// Value if it holds.
        then: ValueId,
        /// Value if not.
        otherwise: ValueId,
    },
    /// Different values of one place meet at the start of a block; [`Arena::operands`] tells which.
    Merge {
        /// Where.
        block: BlockId,
        /// Which place, by number.
        place: u32,
    },
    /// Not known: written by operation `n`.
    Unknown(u32),
}

/// All values of one function.
#[derive(Clone, Debug, Default)]
pub struct Arena {
    values: Vec<Value>,
    /// While values are added.
    ids: HashMap<Value, ValueId>,
    /// Once no more are: ids in the order of their values, which takes a tenth of the table's memory.
    sorted: Vec<ValueId>,
    /// Values that meet: merge, predecessor, value; sorted.
    pub(crate) merges: Vec<(ValueId, BlockId, ValueId)>,
}

impl Arena {
    /// How the value comes to be.
    pub fn get(&self, id: ValueId) -> Value {
        self.values.get(id.0 as usize).copied().unwrap_or(Value::Unknown(u32::MAX))
    }

    /// Every value, by id.
    pub fn values(&self) -> impl ExactSizeIterator<Item = (ValueId, Value)> + '_ {
        self.values.iter().enumerate().map(|(index, value)| (ValueId(index as u32), *value))
    }

    /// The values that meet in a merge, with the blocks they come from. Empty for other values.
    pub fn operands(&self, merge: ValueId) -> &[(ValueId, BlockId, ValueId)] {
        if !matches!(self.get(merge), Value::Merge { .. }) {
            return &[];
        }
        let start = self.merges.partition_point(|entry| entry.0 < merge);
        let rest = self.merges.get(start..).unwrap_or_default();
        let count = rest.iter().take_while(|entry| entry.0 == merge).count();
        rest.get(..count).unwrap_or_default()
    }

    /// The number a value is.
    pub fn number(&self, id: ValueId) -> Option<u64> {
        match self.get(id) {
            Value::Number(number) => Some(number),
            _ => None,
        }
    }

    /// A value as base plus constant.
    pub fn base(&self, id: ValueId) -> (ValueId, i64) {
        match self.get(id) {
            Value::Sum(base, constant) => (base, constant),
            _ => (id, 0),
        }
    }

    /// Bytes from one address to another, if both have the same base.
    pub(crate) fn distance(&self, from: ValueId, to: ValueId) -> Option<i64> {
        let ((base, more), (other, bytes)) = (self.base(from), self.base(to));
        match (self.get(base), self.get(other)) {
            (Value::Number(a), Value::Number(b)) => Some(b.wrapping_sub(a) as i64),
            (Value::Stack(a), Value::Stack(b)) => b.checked_sub(a),
            _ if base == other => bytes.checked_sub(more),
            _ => None,
        }
    }

    /// The inputs of a value; those of merges are not among them.
    pub fn inputs(&self, value: Value) -> [Option<ValueId>; 3] {
        match value {
            Value::Load { at, .. } => [Some(at), None, None],
            Value::Sum(base, _) | Value::Unary(_, _, base) | Value::Reversed(_, base) => {
                [Some(base), None, None]
            }
            Value::Binary(_, _, a, b) => [Some(a), Some(b), None],
            Value::Choice { when, then, otherwise } => [Some(when), Some(then), Some(otherwise)],
            _ => [None; 3],
        }
    }

    /// The id of a value that exists.
    pub fn find(&self, value: Value) -> Option<ValueId> {
        let known = || self.sorted.binary_search_by(|id| self.get(*id).cmp(&value)).ok();
        self.ids.get(&value).copied().or_else(|| self.sorted.get(known()?).copied())
    }

    pub(crate) fn add(&mut self, value: Value) -> ValueId {
        debug_assert!(self.sorted.is_empty(), "values are added before they are compacted");
        let next = ValueId(self.values.len() as u32);
        let id = *self.ids.entry(value).or_insert(next);
        if id == next {
            self.values.push(value);
        }
        id
    }

    pub(crate) fn constant(&mut self, number: u64, size: u16) -> ValueId {
        self.add(Value::Number(truncate(number, size)))
    }

    pub(crate) fn sum(&mut self, base: ValueId, more: i64, size: u16) -> ValueId {
        if more == 0 {
            return base;
        }
        match self.get(base) {
            Value::Number(number) => self.constant(number.wrapping_add(more as u64), size),
            Value::Stack(distance) => self.add(Value::Stack(distance.wrapping_add(more))),
            Value::Sum(base, constant) => match narrow(constant.wrapping_add(more), size) {
                0 => base,
                constant => self.add(Value::Sum(base, constant)),
            },
            _ => self.add(Value::Sum(base, narrow(more, size))),
        }
    }

    /// Bytes that a value can fill; 8 where nothing is known.
    pub(crate) fn width(&self, id: ValueId) -> u16 {
        match self.get(id) {
            Value::Load { size, .. } => size,
            Value::Unary(Opcode::SubPiece, size, _) | Value::Reversed(size, _) => size,
            // Counts of bits.
            Value::Unary(Opcode::BoolNegate | Opcode::LzCount | Opcode::PopCount, ..) => 1,
            Value::Binary(opcode, size, ..) if is_comparison(opcode) => size.min(1),
            _ => 8,
        }
    }

    /// Cut or extended to another size.
    pub(crate) fn cast(&mut self, id: ValueId, from: u16, to: u16, signed: bool) -> ValueId {
        if let Value::Number(number) = self.get(id) {
            let number = if signed { sign_extend(number, from) as u64 } else { truncate(number, from) };
            return self.constant(number, to);
        }
        if to >= 4 || self.width(id) <= to { id } else { self.add(Value::Unary(Opcode::SubPiece, to, id)) }
    }

    /// Is the value 0 or 1 by construction?
    pub fn is_truth(&self, id: ValueId) -> bool {
        match self.get(id) {
            Value::Unary(Opcode::BoolNegate, ..) => true,
            Value::Binary(opcode, ..) => is_comparison(opcode),
            _ => false,
        }
    }
}

fn is_comparison(opcode: Opcode) -> bool {
    matches!(
        opcode,
        Opcode::IntEqual
            | Opcode::IntNotEqual
            | Opcode::IntLess
            | Opcode::IntLessEqual
            | Opcode::IntSLess
            | Opcode::IntSLessEqual
            | Opcode::IntCarry
            | Opcode::IntSCarry
            | Opcode::IntSBorrow
            | Opcode::BoolAnd
            | Opcode::BoolOr
            | Opcode::BoolXor
    )
}

/// Keeps the low `size` bytes.
pub(crate) fn truncate(number: u64, size: u16) -> u64 {
    if size >= 8 { number } else { number & ((1_u64 << (8 * size)) - 1) }
}

/// A number of `size` bytes with its sign.
pub(crate) fn sign_extend(number: u64, size: u16) -> i64 {
    let unused = 64 - 8 * u32::from(size.clamp(1, 8));
    ((number << unused) as i64) >> unused
}

fn narrow(number: i64, size: u16) -> i64 {
    sign_extend(number as u64, size)
}

#[cfg(test)]
mod tests;
