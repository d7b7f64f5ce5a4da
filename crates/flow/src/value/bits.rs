//! Single bits, bytes and fields of values: what rotating, masking and condition registers come to.

use sleigh::pcode::Opcode;

use super::{Arena, Value, ValueId};

/// Operations looked through to find one bit or one byte.
pub(super) const BIT_DEPTH: u32 = 16;

impl Arena {
    /// The value whose bytes another one has in the opposite order.
    pub(super) fn turned(&self, id: ValueId, size: u16) -> Option<ValueId> {
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

    /// All bits of a value from some bit on, if that is what is left after rotating and masking: how PowerPC shifts.
    pub(super) fn field(&mut self, id: ValueId, mask: u64) -> Option<ValueId> {
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
    pub(super) fn bit(&mut self, id: ValueId, n: u64, depth: u32) -> Option<ValueId> {
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
}
