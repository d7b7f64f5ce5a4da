//! What each opcode computes: pure functions on values.
//!
//! One function an opcode or a pair of twins. The meaning is that of Ghidra's P-code reference manual; where it leaves
//! a case open, the choice is stated at the function. Not here: memory, registers, control flow.

use std::cmp::Ordering;

use super::float;
use super::value::Value;
use crate::pcode::Opcode;

/// The value of an operation that only computes.
///
/// `inputs` in order, `size` in bytes of the output. `None` when the operation has no value: it moves data or control,
/// an input is missing, it divides by 0, a float does not fit the integer asked for, or it is not supported: division
/// above 16 bytes, floats other than 4 and 8 bytes, numbers above [`Value::MAX_SIZE`] bytes.
pub fn fold(opcode: Opcode, inputs: &[Value], size: u16) -> Option<Value> {
    if size > Value::MAX_SIZE {
        return None;
    }
    match inputs {
        [a] => unary(opcode, a, size),
        [a, b] => binary(opcode, a, b, size),
        _ => None,
    }
}

fn unary(opcode: Opcode, a: &Value, size: u16) -> Option<Value> {
    let value = match opcode {
        Opcode::Copy | Opcode::IntZExt => a.resized(size),
        Opcode::IntSExt => a.sign_extended(size),
        Opcode::Int2Comp => a.negated().resized(size),
        Opcode::IntNegate => a.complement().resized(size),
        Opcode::BoolNegate => truth(a.is_zero(), size),
        Opcode::PopCount => Value::new(u64::from(a.ones()), size),
        Opcode::LzCount => Value::new(u64::from(a.leading_zeros()), size),
        _ => return float::unary(opcode, a, size),
    };
    Some(value)
}

fn binary(opcode: Opcode, a: &Value, b: &Value, size: u16) -> Option<Value> {
    let value = match opcode {
        Opcode::IntAdd => a.plus(b).resized(size),
        Opcode::IntSub => a.plus(&minus(b, a.size())).resized(size),
        Opcode::IntMult => a.times(b).resized(size),
        Opcode::IntAnd => a.bitwise(b, |a, b| a & b).resized(size),
        Opcode::IntOr => a.bitwise(b, |a, b| a | b).resized(size),
        Opcode::IntXor => a.bitwise(b, |a, b| a ^ b).resized(size),
        Opcode::IntLeft => left(a, b).resized(size),
        Opcode::IntRight => right(a, b).resized(size),
        Opcode::IntSRight => arithmetic_right(a, b).resized(size),
        Opcode::IntEqual => truth(a.compare(b).is_eq(), size),
        Opcode::IntNotEqual => truth(a.compare(b).is_ne(), size),
        Opcode::IntLess => truth(a.compare(b).is_lt(), size),
        Opcode::IntLessEqual => truth(a.compare(b).is_le(), size),
        Opcode::IntSLess => truth(signed_order(a, b).is_lt(), size),
        Opcode::IntSLessEqual => truth(signed_order(a, b).is_le(), size),
        Opcode::IntCarry => truth(carry(a, b), size),
        Opcode::IntSCarry => truth(signed_carry(a, b), size),
        Opcode::IntSBorrow => truth(signed_borrow(a, b), size),
        Opcode::BoolXor => truth(a.is_zero() != b.is_zero(), size),
        Opcode::BoolAnd => truth(!a.is_zero() && !b.is_zero(), size),
        Opcode::BoolOr => truth(!a.is_zero() || !b.is_zero(), size),
        Opcode::Piece => piece(a, b, size),
        Opcode::SubPiece => sub_piece(a, b, size),
        Opcode::IntDiv => Value::from_u128(a.to_u128()?.checked_div(b.to_u128()?)?, size),
        Opcode::IntRem => Value::from_u128(a.to_u128()?.checked_rem(b.to_u128()?)?, size),
        Opcode::IntSDiv => signed_quotient(a, b, size)?,
        Opcode::IntSRem => signed_remainder(a, b, size)?,
        _ => return float::binary(opcode, a, b, size),
    };
    Some(value)
}

fn truth(truth: bool, size: u16) -> Value {
    Value::new(u64::from(truth), size)
}

/// −b, as wide as its partner.
fn minus(b: &Value, size: u16) -> Value {
    b.resized(size).negated()
}

/// Shift amount; at least the number of bits when it is too large to matter.
fn amount(a: &Value, b: &Value) -> u32 {
    let wanted = b.to_u64().unwrap_or(u64::MAX);
    wanted.min(u64::from(a.bits())) as u32
}

fn left(a: &Value, b: &Value) -> Value {
    a.shifted_left(amount(a, b))
}

fn right(a: &Value, b: &Value) -> Value {
    a.shifted_right(amount(a, b))
}

fn arithmetic_right(a: &Value, b: &Value) -> Value {
    if a.is_negative() { right(&a.complement(), b).complement() } else { right(a, b) }
}

fn signed_order(a: &Value, b: &Value) -> Ordering {
    b.is_negative().cmp(&a.is_negative()).then_with(|| a.compare(b))
}

fn carry(a: &Value, b: &Value) -> bool {
    a.plus(b).compare(a).is_lt()
}

fn signed_carry(a: &Value, b: &Value) -> bool {
    a.is_negative() == b.is_negative() && a.plus(b).is_negative() != a.is_negative()
}

fn signed_borrow(a: &Value, b: &Value) -> bool {
    a.is_negative() != b.is_negative() && a.plus(&minus(b, a.size())).is_negative() != a.is_negative()
}

/// The lowest number divided by −1 is itself.
fn signed_quotient(a: &Value, b: &Value, size: u16) -> Option<Value> {
    let (a, b) = (a.to_i128()?, b.to_i128()?);
    (b != 0).then(|| Value::from_u128(a.wrapping_div(b) as u128, size))
}

/// Has the sign of `a`.
fn signed_remainder(a: &Value, b: &Value, size: u16) -> Option<Value> {
    let (a, b) = (a.to_i128()?, b.to_i128()?);
    (b != 0).then(|| Value::from_u128(a.wrapping_rem(b) as u128, size))
}

/// `a` above `b`.
fn piece(a: &Value, b: &Value, size: u16) -> Value {
    a.resized(size).shifted_left(b.bits()).bitwise(b, |high, low| high | low)
}

/// `a` without its low `b` bytes.
fn sub_piece(a: &Value, b: &Value, size: u16) -> Value {
    let bytes = b.to_u64().unwrap_or(u64::MAX).min(u64::from(a.size()));
    a.shifted_right(8 * bytes as u32).resized(size)
}
