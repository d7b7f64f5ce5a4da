//! Pattern expressions.

use super::ids::{attribute, element};
use super::{Builder, intern};
use crate::error::LoadError;
use crate::packed::Element;
use crate::table::{Binary, ContextField, Expression, TokenField};

impl Builder<'_> {
    /// Stores an expression, inner ones first. The nesting of elements is bounded by the reader of the encoding.
    pub(super) fn expression(&mut self, item: Element<'_>) -> Result<u32, LoadError> {
        let expression = match item.id() {
            element::INTB => Expression::Number(item.need(attribute::VAL)?.cast_signed()),
            element::TOKENFIELD => Expression::Token(token(item)?),
            element::CONTEXTFIELD => Expression::Context(context(item)?),
            element::START_EXP => Expression::InstructionStart,
            element::END_EXP => Expression::InstructionEnd,
            element::OPERAND_EXP => {
                let owner =
                    self.symbols.constructor(item.int(attribute::TABLE)?, item.int(attribute::CT)?)?;
                Expression::Operand(owner, item.int(attribute::INDEX)?)
            }
            element::MINUS_EXP => Expression::Minus(self.expression(item.child(0)?)?),
            element::NOT_EXP => Expression::Not(self.expression(item.child(0)?)?),
            other => {
                let op = binary(other)?;
                let left = self.expression(item.child(0)?)?;
                Expression::Binary(op, left, self.expression(item.child(1)?)?)
            }
        };
        Ok(intern(&mut self.table.expressions, &mut self.expressions, expression))
    }
}

fn binary(id: u16) -> Result<Binary, LoadError> {
    Ok(match id {
        element::PLUS_EXP => Binary::Add,
        element::SUB_EXP => Binary::Sub,
        element::MULT_EXP => Binary::Mult,
        element::DIV_EXP => Binary::Div,
        element::LSHIFT_EXP => Binary::Left,
        element::RSHIFT_EXP => Binary::Right,
        element::AND_EXP => Binary::And,
        element::OR_EXP => Binary::Or,
        element::XOR_EXP => Binary::Xor,
        _ => return Err(LoadError::Unsupported { what: "an unknown pattern expression" }),
    })
}

/// Bytes from the first to the last one, and bits kept.
fn extent(item: Element<'_>) -> Result<(u8, u8, u8), LoadError> {
    let (start, end): (u8, u8) = (item.int(attribute::STARTBYTE)?, item.int(attribute::ENDBYTE)?);
    let (low, high): (u8, u8) = (item.int(attribute::STARTBIT)?, item.int(attribute::ENDBIT)?);
    if end < start || end - start >= 8 || high < low || high >= 128 {
        return Err(LoadError::Range { element: item.id(), attribute: attribute::ENDBYTE });
    }
    Ok((start, end - start + 1, high - low + 1))
}

fn token(item: Element<'_>) -> Result<TokenField, LoadError> {
    let (start, bytes, bits) = extent(item)?;
    let signed = item.need(attribute::SIGNBIT)? != 0;
    let big_endian = item.need(attribute::BIGENDIAN)? != 0;
    Ok(TokenField { start, bytes, shift: item.int(attribute::SHIFT)?, bits, signed, big_endian })
}

fn context(item: Element<'_>) -> Result<ContextField, LoadError> {
    let (start, bytes, bits) = extent(item)?;
    let end = start + bytes;
    if end > 8 {
        return Err(LoadError::Unsupported { what: "more than two words of context" });
    }
    let shift: u8 = item.int(attribute::SHIFT)?;
    let signed = item.need(attribute::SIGNBIT)? != 0;
    let shift = shift.saturating_add(8 * (8 - end));
    Ok(ContextField { shift, bits, signed })
}
