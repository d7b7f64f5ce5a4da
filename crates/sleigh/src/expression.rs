//! The values of pattern expressions.

#![expect(
    clippy::indexing_slicing,
    reason = "numbers from the table were checked when it was loaded; slot numbers are made by the resolver"
)]

use crate::error::Fault;
use crate::resolve::{Tree, WINDOW};
use crate::table::{Binary, ContextField, Expression, NONE, Table, TokenField};

/// Steps into expressions, and from expression to operand.
const MAX_DEPTH: u32 = 64;

impl Tree {
    /// The value of an expression, seen from a slot: fields count from `start`, operands are looked for upwards.
    #[inline]
    pub(crate) fn value(
        &self,
        table: &Table,
        expression: u32,
        slot: usize,
        start: u16,
        depth: u32,
    ) -> Result<i64, Fault> {
        match table.expressions[expression as usize] {
            Expression::Token(field) => self.token(field, start),
            Expression::Number(number) => Ok(number),
            _ => self.walk(table, expression, slot, start, depth),
        }
    }

    /// As [`Self::value`], for all kinds of expressions.
    fn walk(
        &self,
        table: &Table,
        expression: u32,
        slot: usize,
        start: u16,
        depth: u32,
    ) -> Result<i64, Fault> {
        if depth > MAX_DEPTH {
            return Err(Fault::Limit);
        }
        let inner = |expression| self.value(table, expression, slot, start, depth + 1);
        Ok(match table.expressions[expression as usize] {
            Expression::Number(number) => number,
            Expression::Token(field) => self.token(field, start)?,
            Expression::Context(field) => self.context_field(field),
            Expression::InstructionStart => self.address.cast_signed(),
            Expression::InstructionEnd => self.next.cast_signed(),
            Expression::Operand(constructor, index) => {
                return self.operand_value(table, constructor, index, slot, depth);
            }
            Expression::Binary(op, left, right) => apply(op, inner(left)?, inner(right)?),
            Expression::Minus(operand) => inner(operand)?.wrapping_neg(),
            Expression::Not(operand) => !inner(operand)?,
        })
    }

    fn operand_value(
        &self,
        table: &Table,
        constructor: u32,
        index: u32,
        mut slot: usize,
        depth: u32,
    ) -> Result<i64, Fault> {
        while self.slots[slot].constructor != constructor {
            if slot == 0 {
                return Err(Fault::Unsupported);
            }
            slot = usize::from(self.slots[slot].parent);
        }
        let node = self.slots[slot];
        let operands = table.constructors[constructor as usize].operands;
        let operand = &table.operands[(operands.first + index) as usize];
        if operand.expression == NONE {
            return Ok(0);
        }
        let start = match operand.base {
            -1 => node.start.saturating_add(operand.offset),
            _ => self.slots[usize::from(node.first) + index as usize].start,
        };
        self.value(table, operand.expression, slot, start, depth + 1)
    }

    #[inline]
    pub(crate) fn token(&self, field: TokenField, start: u16) -> Result<i64, Fault> {
        let position = usize::from(start) + usize::from(field.start);
        let window = self.window(position)?;
        if field.bytes > 4 && position + 4 >= WINDOW {
            return Err(Fault::TooLong);
        }
        let value =
            if field.big_endian { window >> (64 - 8 * u32::from(field.bytes)) } else { window.swap_bytes() };
        Ok(extract(value >> field.shift, field.bits, field.signed))
    }

    pub(crate) fn context_field(&self, field: ContextField) -> i64 {
        extract(self.context >> field.shift, field.bits, field.signed)
    }
}

/// The low `bits` bits (1–64), sign- or zero-extended.
#[inline]
fn extract(value: u64, bits: u8, signed: bool) -> i64 {
    let spare = 64 - u32::from(bits);
    let high = value << spare;
    if signed { high.cast_signed() >> spare } else { (high >> spare).cast_signed() }
}

pub(crate) fn apply(op: Binary, left: i64, right: i64) -> i64 {
    let amount = u32::try_from(right).unwrap_or(u32::MAX);
    match op {
        Binary::Add => left.wrapping_add(right),
        Binary::Sub => left.wrapping_sub(right),
        Binary::Mult => left.wrapping_mul(right),
        Binary::Div if right == 0 => 0,
        Binary::Div => left.wrapping_div(right),
        Binary::Left => left.checked_shl(amount).unwrap_or(0),
        Binary::Right => left.checked_shr(amount).unwrap_or(0),
        Binary::And => left & right,
        Binary::Or => left | right,
        Binary::Xor => left ^ right,
    }
}
