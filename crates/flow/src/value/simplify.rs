//! Operations on values, brought to one form while they are built.

use sleigh::emulate;
use sleigh::pcode::Opcode;

use super::bits::BIT_DEPTH;
use super::{Arena, Value, ValueId, narrow, sign_extend};

impl Arena {
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

/// The low `size` bytes of a number in the opposite order.
fn reverse(number: u64, size: u16) -> u64 {
    number.swap_bytes().checked_shr(64 - 8 * u32::from(size.clamp(1, 8))).unwrap_or(0)
}
