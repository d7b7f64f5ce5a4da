//! What a place can hold, as far as one function shows it.
//!
//! Values are hash-consed: equal expressions have equal ids, so "the same datum" is an integer comparison. They are
//! built bottom-up and simplified while they are built (constants folded, sums normalised to base plus constant,
//! comparisons reduced to equality and negation). Two widths are told apart only below four bytes: that is where
//! programs compare bytes and characters; above, extensions and truncations are transparent.

use std::collections::HashMap;

use program::{BlockId, ImportId};
use sleigh::emulate;
use sleigh::pcode::{Opcode, Varnode};

/// Operations looked through to find one bit or one byte.
const BIT_DEPTH: u32 = 16;

/// A value of one function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ValueId(pub(crate) u32);

/// How a value comes to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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
    ids: HashMap<Value, ValueId>,
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
        self.ids.get(&value).copied()
    }

    pub(crate) fn add(&mut self, value: Value) -> ValueId {
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

    pub(crate) fn unary(&mut self, opcode: Opcode, size: u16, a: (ValueId, u16)) -> ValueId {
        match opcode {
            Opcode::Copy => return a.0,
            Opcode::IntZExt => return self.cast(a.0, a.1, size, false),
            Opcode::IntSExt => return self.cast(a.0, a.1, size, true),
            Opcode::BoolNegate => {
                if let Value::Unary(Opcode::BoolNegate, _, inner) = self.get(a.0) {
                    return inner;
                }
            }
            _ => {}
        }
        if let Some(number) = self.number(a.0)
            && let Some(folded) = emulate::fold(opcode, &[emulate::Value::new(number, a.1)], size)
        {
            return self.constant(folded.low(), size);
        }
        // How many zeros lead depends on how many bits were counted.
        let size = if opcode == Opcode::LzCount { a.1 } else { size };
        self.add(Value::Unary(opcode, size, a.0))
    }

    pub(crate) fn binary(
        &mut self,
        opcode: Opcode,
        size: u16,
        a: (ValueId, u16),
        b: (ValueId, u16),
    ) -> ValueId {
        if let (Some(x), Some(y)) = (self.number(a.0), self.number(b.0)) {
            let inputs = [emulate::Value::new(x, a.1), emulate::Value::new(y, b.1)];
            if let Some(folded) = emulate::fold(opcode, &inputs, size) {
                return self.constant(folded.low(), size);
            }
        }
        let (a, b) = if is_commutative(opcode) && self.number(a.0).is_some() { (b, a) } else { (a, b) };
        match (opcode, self.number(b.0)) {
            (Opcode::IntAdd, Some(n)) => return self.sum(a.0, sign_extend(n, b.1), size),
            (Opcode::IntSub, Some(n)) => return self.sum(a.0, sign_extend(n, b.1).wrapping_neg(), size),
            (Opcode::IntSub, None) => return self.difference(size, a.0, b.0),
            (Opcode::IntAdd, None) if self.is_opposite(a.0, b.0) || self.is_opposite(b.0, a.0) => {
                return self.constant(0, size);
            }
            (Opcode::IntEqual, _) => return self.equal(a, b),
            (Opcode::IntNotEqual, _) => {
                let equal = self.equal(a, b);
                return self.unary(Opcode::BoolNegate, 1, (equal, 1));
            }
            (Opcode::IntSLessEqual, _) => return self.at_most(Opcode::IntSLess, a, b),
            (Opcode::IntLessEqual, Some(n)) if n != 0 => return self.at_most(Opcode::IntLess, a, b),
            (Opcode::IntLessEqual, None) => return self.at_most(Opcode::IntLess, a, b),
            // Processors without a flag for it ask in this way whether a value is 0.
            (Opcode::IntLess, Some(1)) | (Opcode::IntLessEqual, Some(0)) => {
                let zero = self.constant(0, b.1);
                return self.equal(a, (zero, b.1));
            }
            (Opcode::IntLess, None) if self.number(a.0) == Some(0) => {
                let zero = self.equal(b, a);
                return self.unary(Opcode::BoolNegate, 1, (zero, 1));
            }
            (Opcode::IntMult, Some(1)) => return self.cast(a.0, a.1, size, false),
            (Opcode::IntXor, _) if a.0 == b.0 => return self.constant(0, size),
            (Opcode::IntAnd | Opcode::IntOr, _) if a.0 == b.0 => return a.0,
            (Opcode::IntOr | Opcode::IntXor, Some(0)) => return a.0,
            (Opcode::IntLeft | Opcode::IntRight | Opcode::IntSRight | Opcode::SubPiece, Some(0)) => {
                return self.cast(a.0, a.1, size, false);
            }
            // All bits of a value are 0 if as many leading zeros as it has bits are counted.
            (Opcode::IntRight, Some(n @ (5 | 6))) => {
                if let Value::Unary(Opcode::LzCount, bytes, counted) = self.get(a.0)
                    && bytes == 1 << (n - 3)
                {
                    let zero = self.constant(0, bytes);
                    return self.equal((counted, bytes), (zero, bytes));
                }
            }
            (Opcode::IntAnd, Some(mask)) => return self.mask(size, a, mask),
            _ => {}
        }
        let plain = self.add(Value::Binary(opcode, size, a.0, b.0));
        match opcode {
            Opcode::IntOr | Opcode::IntAdd => match self.turned(plain, size) {
                Some(base) => self.reversed(base, size),
                None => plain,
            },
            _ => plain,
        }
    }

    /// The bytes of a value in the opposite order.
    pub(crate) fn reversed(&mut self, id: ValueId, size: u16) -> ValueId {
        match self.get(id) {
            Value::Number(number) => self.constant(reverse(number, size), size),
            Value::Reversed(own, inner) if own == size => inner,
            _ => self.add(Value::Reversed(size, id)),
        }
    }

    /// The value whose bytes another one has in the opposite order.
    fn turned(&self, id: ValueId, size: u16) -> Option<ValueId> {
        if !matches!(size, 2 | 4 | 8) {
            return None;
        }
        let (base, _) = self.byte(id, 0, BIT_DEPTH)?;
        let turned = |n: u16| self.byte(id, n, BIT_DEPTH) == Some((base, size - 1 - n));
        (self.width(base) == size && (0..size).all(turned)).then_some(base)
    }

    /// Byte `n` of a value, as a byte of what it was put together from.
    fn byte(&self, id: ValueId, n: u16, depth: u32) -> Option<(ValueId, u16)> {
        let depth = depth.checked_sub(1)?;
        let bytes =
            |bits: ValueId| self.number(bits).filter(|n| n % 8 == 0).and_then(|n| u16::try_from(n / 8).ok());
        match self.get(id) {
            Value::Unary(Opcode::SubPiece, size, inner) => self.byte(inner, n, depth).filter(|_| n < size),
            Value::Binary(Opcode::SubPiece, size, inner, skip) => {
                let skip = u16::try_from(self.number(skip)?).ok()?;
                self.byte(inner, n.checked_add(skip)?, depth).filter(|_| n < size)
            }
            Value::Binary(Opcode::IntRight, size, inner, by) => {
                let from = n.checked_add(bytes(by)?)?;
                self.byte(inner, from, depth).filter(|_| from < size)
            }
            Value::Binary(Opcode::IntLeft, size, inner, by) => {
                self.byte(inner, n.checked_sub(bytes(by)?)?, depth).filter(|_| n < size)
            }
            Value::Binary(Opcode::IntAnd, _, inner, mask) => {
                let kept = self.number(mask)?.checked_shr(8 * u32::from(n))? & 0xff;
                self.byte(inner, n, depth).filter(|_| kept == 0xff)
            }
            Value::Binary(Opcode::IntOr | Opcode::IntAdd, _, a, b) => {
                match (self.byte(a, n, depth), self.byte(b, n, depth)) {
                    (Some(byte), None) => self.is_blank(b, n, depth).then_some(byte),
                    (None, Some(byte)) => self.is_blank(a, n, depth).then_some(byte),
                    _ => None,
                }
            }
            Value::Number(_) => None,
            _ => (n < self.width(id)).then_some((id, n)),
        }
    }

    /// Is byte `n` of a value 0 by construction?
    fn is_blank(&self, id: ValueId, n: u16, depth: u32) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return false };
        let bytes = |bits: ValueId| self.number(bits).filter(|n| n % 8 == 0).map(|n| n / 8);
        let wide = u64::from(n);
        match self.get(id) {
            Value::Number(number) => number.checked_shr(8 * u32::from(n)).unwrap_or(0) & 0xff == 0,
            Value::Unary(Opcode::SubPiece, size, inner) => n >= size || self.is_blank(inner, n, depth),
            Value::Binary(Opcode::IntLeft, size, inner, by) => bytes(by)
                .is_some_and(|by| n >= size || wide < by || self.is_blank(inner, (wide - by) as u16, depth)),
            Value::Binary(Opcode::IntRight, size, inner, by) => bytes(by).is_some_and(|by| {
                wide + by >= u64::from(size) || self.is_blank(inner, (wide + by) as u16, depth)
            }),
            Value::Binary(Opcode::IntAnd, _, inner, mask) => {
                let kept = self.number(mask).and_then(|mask| mask.checked_shr(8 * u32::from(n)));
                kept.is_some_and(|kept| kept & 0xff == 0) || self.is_blank(inner, n, depth)
            }
            Value::Binary(Opcode::IntOr | Opcode::IntAdd, _, a, b) => {
                self.is_blank(a, n, depth) && self.is_blank(b, n, depth)
            }
            _ => n >= self.width(id),
        }
    }

    /// Is `a` minus `b`? Processors with a carry flag make a truth of `-x + x + carry`.
    fn is_opposite(&self, a: ValueId, b: ValueId) -> bool {
        let Value::Binary(Opcode::IntSub, _, zero, negated) = self.get(a) else { return false };
        negated == b && self.number(zero) == Some(0)
    }

    /// `a <= b` as "not `b < a`".
    fn at_most(&mut self, less: Opcode, a: (ValueId, u16), b: (ValueId, u16)) -> ValueId {
        let above = self.binary(less, 1, b, a);
        self.unary(Opcode::BoolNegate, 1, (above, 1))
    }

    fn difference(&mut self, size: u16, a: ValueId, b: ValueId) -> ValueId {
        let ((x, c), (y, d)) = (self.base(a), self.base(b));
        match (self.get(x), self.get(y)) {
            (Value::Stack(i), Value::Stack(j)) => self.constant(i.wrapping_sub(j) as u64, size),
            _ if x == y => self.constant(c.wrapping_sub(d) as u64, size),
            _ => {
                self.turn_constant(a, b);
                self.turn_constant(b, a);
                self.add(Value::Binary(Opcode::IntSub, size, a, b))
            }
        }
    }

    /// Makes sure that the constant which a reversed value is compared with exists in the other order, too, so that
    /// [`Self::in_order`] finds it.
    fn turn_constant(&mut self, value: ValueId, other: ValueId) {
        if let (Value::Reversed(size, _), Some(number)) = (self.get(value), self.number(other)) {
            self.constant(reverse(number, size), size);
        }
    }

    /// Two values that are asked to be equal, both with their bytes in the order of memory.
    pub(crate) fn in_order(&self, a: ValueId, b: ValueId) -> (ValueId, ValueId) {
        match (self.get(a), self.get(b)) {
            (Value::Reversed(size, x), Value::Reversed(other, y)) if size == other => (x, y),
            (Value::Reversed(size, x), Value::Number(n)) => {
                self.find(Value::Number(reverse(n, size))).map_or((a, b), |n| (x, n))
            }
            (Value::Number(n), Value::Reversed(size, x)) => {
                self.find(Value::Number(reverse(n, size))).map_or((a, b), |n| (x, n))
            }
            _ => (a, b),
        }
    }

    /// Masks that keep all of a narrow value, and those that align the stack.
    fn mask(&mut self, size: u16, a: (ValueId, u16), mask: u64) -> ValueId {
        match (self.get(a.0), mask) {
            (Value::Stack(distance), _) if sign_extend(mask, size) < 0 => {
                self.add(Value::Stack(distance & sign_extend(mask, size)))
            }
            (_, 0xff) => self.cast(a.0, a.1, 1, false),
            (_, 0xffff) => self.cast(a.0, a.1, 2, false),
            (_, 1) if self.is_truth(a.0) => a.0,
            (_, 1) if matches!(self.get(a.0), Value::Binary(..)) => match self.bit(a.0, 0, BIT_DEPTH) {
                Some(bit) => bit,
                None => {
                    let one = self.constant(1, size);
                    self.add(Value::Binary(Opcode::IntAnd, size, a.0, one))
                }
            },
            // The mode bit of a code pointer.
            (Value::Import(_), _) if sign_extend(mask, size) >= -4 => a.0,
            _ => self.field(a.0, mask).unwrap_or_else(|| {
                let mask = self.constant(mask, size);
                self.add(Value::Binary(Opcode::IntAnd, size, a.0, mask))
            }),
        }
    }

    /// All bits of a value from some bit on, if that is what is left after rotating and masking: how PowerPC shifts.
    fn field(&mut self, id: ValueId, mask: u64) -> Option<ValueId> {
        let count = mask.trailing_ones();
        let contiguous = mask.checked_shr(count).unwrap_or(0) == 0;
        let (base, from) = self.bits(id, 0, count, BIT_DEPTH).filter(|_| contiguous && count > 0)?;
        let size = self.width(base);
        if base == id || from == 0 || from + count < 8 * u32::from(size) {
            return None;
        }
        let by = self.constant(u64::from(from), size);
        Some(self.binary(Opcode::IntRight, size, (base, size), (by, size)))
    }

    /// Where the bits `from..from + count` of a value come from: a value, and the first bit of it.
    fn bits(&self, id: ValueId, from: u32, count: u32, depth: u32) -> Option<(ValueId, u32)> {
        let depth = depth.checked_sub(1)?;
        let shift = |by: ValueId| self.number(by).and_then(|by| u32::try_from(by).ok()).filter(|by| *by < 64);
        match self.get(id) {
            Value::Binary(Opcode::IntOr, _, a, b) => {
                match (self.are_zero(a, from, count, depth), self.are_zero(b, from, count, depth)) {
                    (true, _) => self.bits(b, from, count, depth),
                    (_, true) => self.bits(a, from, count, depth),
                    _ => None,
                }
            }
            Value::Binary(Opcode::IntLeft, _, inner, by) => {
                self.bits(inner, from.checked_sub(shift(by)?)?, count, depth)
            }
            Value::Binary(Opcode::IntRight, size, inner, by) => {
                let from = from.checked_add(shift(by)?)?;
                self.bits(inner, from, count, depth).filter(|_| from + count <= 8 * u32::from(size))
            }
            Value::Binary(Opcode::IntAnd, _, inner, mask) => {
                let kept = self.number(mask)?.checked_shr(from).unwrap_or(0);
                self.bits(inner, from, count, depth).filter(|_| kept.trailing_ones() >= count)
            }
            Value::Number(_) => None,
            _ => Some((id, from)),
        }
    }

    /// Are the bits `from..from + count` of a value 0 by construction?
    fn are_zero(&self, id: ValueId, from: u32, count: u32, depth: u32) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return false };
        let shift = |by: ValueId| self.number(by).and_then(|by| u32::try_from(by).ok()).filter(|by| *by < 64);
        let low = |number: u64| {
            let rest = number.checked_shr(from).unwrap_or(0);
            rest == 0 || rest.trailing_zeros() >= count
        };
        match self.get(id) {
            Value::Number(number) => low(number),
            Value::Binary(Opcode::IntOr, _, a, b) => {
                self.are_zero(a, from, count, depth) && self.are_zero(b, from, count, depth)
            }
            Value::Binary(Opcode::IntLeft, _, inner, by) => shift(by).is_some_and(|by| {
                from + count <= by || from >= by && self.are_zero(inner, from - by, count, depth)
            }),
            Value::Binary(Opcode::IntRight, size, inner, by) => shift(by).is_some_and(|by| {
                from + by >= 8 * u32::from(size) || self.are_zero(inner, from + by, count, depth)
            }),
            Value::Binary(Opcode::IntAnd, _, inner, mask) => {
                self.number(mask).is_some_and(low) || self.are_zero(inner, from, count, depth)
            }
            _ => from >= 8 * u32::from(self.width(id)),
        }
    }

    /// Bit `n` of a value as a truth, if it was put there as one: condition registers are made of such bits.
    fn bit(&mut self, id: ValueId, n: u64, depth: u32) -> Option<ValueId> {
        let depth = depth.checked_sub(1)?;
        if self.is_truth(id) {
            return Some(if n == 0 { id } else { self.constant(0, 1) });
        }
        match self.get(id) {
            Value::Number(number) => Some(self.constant(number.checked_shr(n as u32).unwrap_or(0) & 1, 1)),
            Value::Unary(Opcode::SubPiece, _, inner) => self.bit(inner, n, depth),
            Value::Binary(Opcode::IntRight, _, inner, by) => {
                let by = self.number(by)?;
                self.bit(inner, n.checked_add(by)?, depth)
            }
            Value::Binary(Opcode::IntLeft, _, inner, by) => match n.checked_sub(self.number(by)?) {
                Some(n) => self.bit(inner, n, depth),
                None => Some(self.constant(0, 1)),
            },
            Value::Binary(Opcode::IntAnd, _, inner, mask) => {
                let kept = self.number(mask)?.checked_shr(n as u32).unwrap_or(0) & 1 == 1;
                if kept { self.bit(inner, n, depth) } else { Some(self.constant(0, 1)) }
            }
            Value::Binary(Opcode::IntOr, _, a, b) => {
                let zero =
                    |arena: &Self, bit: Option<ValueId>| bit.and_then(|bit| arena.number(bit)) == Some(0);
                let (a, b) = (self.bit(a, n, depth), self.bit(b, n, depth));
                match (zero(self, a), zero(self, b)) {
                    (true, _) => b,
                    (_, true) => a,
                    _ => None,
                }
            }
            _ => None,
        }
    }

    fn equal(&mut self, a: (ValueId, u16), b: (ValueId, u16)) -> ValueId {
        let size = a.1.max(1);
        if a.0 == b.0 {
            return self.constant(1, 1);
        }
        if let Some(less) = self.signed_less(a.0, b.0).or_else(|| self.signed_less(b.0, a.0)) {
            return self.unary(Opcode::BoolNegate, 1, (less, 1));
        }
        if let (Value::Reversed(m, x), Value::Reversed(n, y)) = (self.get(a.0), self.get(b.0))
            && m == n
        {
            return self.equal((x, m), (y, n));
        }
        if let Some(n) = self.number(b.0) {
            match (self.get(a.0), n) {
                (Value::Reversed(size, x), _) => {
                    let n = self.constant(reverse(n, size), size);
                    return self.equal((x, size), (n, size));
                }
                (Value::Binary(Opcode::IntXor, _, x, y), _) if self.number(y).is_some() => {
                    let rest = self.constant(n ^ self.number(y).unwrap_or(0), size);
                    return self.equal((x, size), (rest, size));
                }
                // No bit is set.
                (Value::Unary(Opcode::PopCount, _, x), 0) => return self.equal((x, size), b),
                (Value::Sum(base, c), _) => {
                    let rest = self.constant(n.wrapping_sub(c as u64), size);
                    return self.equal((base, size), (rest, size));
                }
                (Value::Binary(Opcode::IntSub | Opcode::IntXor, _, x, y), 0) => {
                    return self.equal((x, size), (y, size));
                }
                (_, 0) if self.is_truth(a.0) => return self.unary(Opcode::BoolNegate, 1, (a.0, 1)),
                (_, 1) if self.is_truth(a.0) => return a.0,
                _ => {}
            }
        }
        self.add(Value::Binary(Opcode::IntEqual, size, a.0, b.0))
    }

    /// Processors with flags say `x < y` as "overflow of x - y differs from the sign of x - y".
    fn signed_less(&mut self, overflow: ValueId, sign: ValueId) -> Option<ValueId> {
        let Value::Binary(Opcode::IntSBorrow, size, x, y) = self.get(overflow) else { return None };
        let Value::Binary(Opcode::IntSLess, _, difference, zero) = self.get(sign) else { return None };
        if self.number(zero) != Some(0) {
            return None;
        }
        let expected = match self.number(y) {
            Some(n) => {
                let ((base, c), (own, d)) = (self.base(x), self.base(difference));
                base == own && narrow(c.wrapping_sub(n as i64), 4) == narrow(d, 4)
            }
            None => {
                self.find(Value::Binary(Opcode::IntSub, 8, x, y)) == Some(difference)
                    || self.find(Value::Binary(Opcode::IntSub, 4, x, y)) == Some(difference)
            }
        };
        expected.then(|| self.add(Value::Binary(Opcode::IntSLess, size, x, y)))
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

fn is_commutative(opcode: Opcode) -> bool {
    matches!(
        opcode,
        Opcode::IntAdd
            | Opcode::IntMult
            | Opcode::IntAnd
            | Opcode::IntOr
            | Opcode::IntXor
            | Opcode::IntEqual
            | Opcode::IntNotEqual
            | Opcode::BoolAnd
            | Opcode::BoolOr
            | Opcode::BoolXor
    )
}

/// Keeps the low `size` bytes.
pub(crate) fn truncate(number: u64, size: u16) -> u64 {
    if size >= 8 { number } else { number & ((1_u64 << (8 * size)) - 1) }
}

/// The low `size` bytes of a number in the opposite order.
fn reverse(number: u64, size: u16) -> u64 {
    number.swap_bytes().checked_shr(64 - 8 * u32::from(size.clamp(1, 8))).unwrap_or(0)
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
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn comparisons_lose_their_arithmetic() {
        let mut arena = Arena::default();
        let a = arena.add(Value::Parameter(0));
        let b = arena.add(Value::Parameter(1));
        let zero = arena.constant(0, 4);
        let difference = arena.binary(Opcode::IntSub, 4, (a, 4), (b, 4));
        let by_flag = arena.binary(Opcode::IntEqual, 1, (difference, 4), (zero, 4));
        let plain = arena.binary(Opcode::IntEqual, 1, (a, 4), (b, 4));
        assert_eq!(by_flag, plain);
        let unequal = arena.binary(Opcode::IntNotEqual, 1, (a, 4), (b, 4));
        assert_eq!(arena.binary(Opcode::IntEqual, 1, (unequal, 1), (zero, 1)), plain);
    }

    #[test]
    fn a_byte_subtracted_from_is_a_byte_compared() {
        let mut arena = Arena::default();
        let at = arena.add(Value::Parameter(0));
        let byte = arena.add(Value::Load { at, size: 1 });
        let wide = arena.unary(Opcode::IntZExt, 4, (byte, 1));
        assert_eq!(wide, byte);
        let k = arena.constant(0x41, 4);
        let minus = arena.binary(Opcode::IntSub, 4, (wide, 4), (k, 4));
        let zero = arena.constant(0, 4);
        let test = arena.binary(Opcode::IntEqual, 1, (minus, 4), (zero, 4));
        assert_eq!(arena.get(test), Value::Binary(Opcode::IntEqual, 4, byte, k));
    }

    #[test]
    fn unsigned_comparisons_with_one_ask_for_zero() {
        let mut arena = Arena::default();
        let x = arena.add(Value::Parameter(0));
        let (zero, one) = (arena.constant(0, 4), arena.constant(1, 4));
        let is_zero = arena.binary(Opcode::IntEqual, 1, (x, 4), (zero, 4));
        assert_eq!(arena.binary(Opcode::IntLess, 1, (x, 4), (one, 4)), is_zero);
        assert_eq!(arena.binary(Opcode::IntLessEqual, 1, (x, 4), (zero, 4)), is_zero);
        let not_zero = arena.unary(Opcode::BoolNegate, 1, (is_zero, 1));
        assert_eq!(arena.binary(Opcode::IntLess, 1, (zero, 4), (x, 4)), not_zero);
    }

    #[test]
    fn rotating_and_masking_shifts() {
        let mut arena = Arena::default();
        let x = arena.add(Value::Parameter(0));
        let count = arena.unary(Opcode::LzCount, 4, (x, 4));
        let number = |arena: &mut Arena, n| (arena.constant(n, 8), 8);
        let thirty_two = number(&mut arena, 32);
        let high = arena.binary(Opcode::IntLeft, 8, (count, 8), thirty_two);
        let both = arena.binary(Opcode::IntOr, 8, (high, 8), (count, 8));
        let (left, right, mask) =
            (number(&mut arena, 27), number(&mut arena, 37), number(&mut arena, 0x7ff_ffff));
        let left = arena.binary(Opcode::IntLeft, 8, (both, 8), left);
        let right = arena.binary(Opcode::IntRight, 8, (both, 8), right);
        let turned = arena.binary(Opcode::IntOr, 8, (left, 8), (right, 8));
        let found = arena.binary(Opcode::IntAnd, 8, (turned, 8), mask);
        let zero = arena.constant(0, 4);
        assert_eq!(arena.binary(Opcode::IntEqual, 1, (x, 4), (zero, 4)), found);
    }

    #[test]
    fn bytes_taken_in_the_opposite_order_are_compared_in_that_of_memory() {
        let mut arena = Arena::default();
        let at = arena.add(Value::Parameter(0));
        let word = arena.add(Value::Load { at, size: 4 });
        let mut all = arena.constant(0, 4);
        for (mask, by, left) in
            [(0xff, 24, true), (0xff00, 8, true), (0xff_0000, 8, false), (0xff00_0000, 24, false)]
        {
            let (mask, by) = (arena.constant(mask, 4), arena.constant(by, 4));
            let byte = arena.binary(Opcode::IntAnd, 4, (word, 4), (mask, 4));
            let opcode = if left { Opcode::IntLeft } else { Opcode::IntRight };
            let byte = arena.binary(opcode, 4, (byte, 4), (by, 4));
            all = arena.binary(Opcode::IntOr, 4, (all, 4), (byte, 4));
        }
        assert_eq!(arena.get(all), Value::Reversed(4, word));
        let (turned, plain) = (arena.constant(0x4142_4344, 4), arena.constant(0x4443_4241, 4));
        let test = arena.binary(Opcode::IntEqual, 1, (all, 4), (turned, 4));
        assert_eq!(arena.get(test), Value::Binary(Opcode::IntEqual, 4, word, plain));
        let difference = arena.binary(Opcode::IntSub, 4, (all, 4), (turned, 4));
        let zero = arena.constant(0, 4);
        assert_eq!(arena.binary(Opcode::IntEqual, 1, (difference, 4), (zero, 4)), test);
        assert_eq!(arena.in_order(all, turned), (word, plain));
    }

    #[test]
    fn counting_leading_zeros_asks_for_zero() {
        let mut arena = Arena::default();
        let x = arena.add(Value::Parameter(0));
        let (zero, five) = (arena.constant(0, 4), arena.constant(5, 4));
        let count = arena.unary(Opcode::LzCount, 4, (x, 4));
        let found = arena.binary(Opcode::IntRight, 4, (count, 4), (five, 4));
        assert_eq!(arena.binary(Opcode::IntEqual, 1, (x, 4), (zero, 4)), found);
    }

    #[test]
    fn a_bit_of_a_condition_register_is_the_truth_that_was_put_there() {
        let mut arena = Arena::default();
        let (x, y) = (arena.add(Value::Parameter(0)), arena.add(Value::Parameter(1)));
        let shifted = |arena: &mut Arena, opcode, by| {
            let truth = arena.binary(opcode, 1, (x, 4), (y, 4));
            let by = arena.constant(by, 4);
            (truth, arena.binary(Opcode::IntLeft, 1, (truth, 1), (by, 4)))
        };
        let (_, less) = shifted(&mut arena, Opcode::IntSLess, 3);
        let (equal, second) = shifted(&mut arena, Opcode::IntEqual, 1);
        let field = arena.binary(Opcode::IntOr, 1, (less, 1), (second, 1));
        let one = arena.constant(1, 4);
        let moved = arena.binary(Opcode::IntRight, 1, (field, 1), (one, 4));
        let asked = arena.binary(Opcode::IntAnd, 1, (moved, 1), (one, 1));
        assert_eq!(asked, equal);
    }

    #[test]
    fn flags_of_a_subtraction_are_a_signed_comparison() {
        let mut arena = Arena::default();
        let (x, y) = (arena.add(Value::Parameter(0)), arena.add(Value::Parameter(1)));
        let (zero, limit) = (arena.constant(0, 8), arena.constant(1000, 8));
        for y in [y, limit] {
            let overflow = arena.binary(Opcode::IntSBorrow, 1, (x, 8), (y, 8));
            let difference = arena.binary(Opcode::IntSub, 8, (x, 8), (y, 8));
            let sign = arena.binary(Opcode::IntSLess, 1, (difference, 8), (zero, 8));
            let not_below = arena.binary(Opcode::IntEqual, 1, (overflow, 1), (sign, 1));
            let below = arena.binary(Opcode::IntSLess, 1, (x, 8), (y, 8));
            let negated = arena.unary(Opcode::BoolNegate, 1, (below, 1));
            assert!(matches!(arena.get(not_below), Value::Unary(Opcode::BoolNegate, ..)));
            let Value::Unary(_, _, found) = arena.get(not_below) else { unreachable!() };
            let (Value::Binary(a, _, l, r), Value::Binary(b, _, m, s)) = (arena.get(found), arena.get(below))
            else {
                unreachable!()
            };
            assert_eq!((a, l, r), (b, m, s));
            assert!(matches!(arena.get(negated), Value::Unary(Opcode::BoolNegate, ..)));
        }
    }

    proptest! {
        #[test]
        fn sums_do_not_depend_on_their_order(a: i32, b: i32) {
            let mut arena = Arena::default();
            let base = arena.add(Value::Parameter(0));
            let (x, y) = (arena.constant(a as u64, 8), arena.constant(b as u64, 8));
            let ab = arena.binary(Opcode::IntAdd, 8, (base, 8), (x, 8));
            let ab = arena.binary(Opcode::IntAdd, 8, (ab, 8), (y, 8));
            let ba = arena.binary(Opcode::IntAdd, 8, (y, 8), (base, 8));
            let ba = arena.binary(Opcode::IntAdd, 8, (ba, 8), (x, 8));
            prop_assert_eq!(ab, ba);
        }
    }
}
