//! Floating-point opcodes, for values of 4 and 8 bytes (IEEE 754 binary32 and binary64), rounding to nearest even.
//!
//! A result that is not a number is always the positive quiet one without payload; processors differ in what they
//! keep of the operands. Not here: half, extended and quadruple precision, exception flags, other rounding modes.

use super::value::Value;
use crate::pcode::Opcode;

#[derive(Clone, Copy)]
enum Float {
    Single(f32),
    Double(f64),
}

impl Float {
    fn of(value: &Value) -> Option<Self> {
        match value.size() {
            4 => Some(Self::Single(f32::from_bits(value.low() as u32))),
            8 => Some(Self::Double(f64::from_bits(value.low()))),
            _ => None,
        }
    }

    fn widened(self) -> f64 {
        match self {
            Self::Single(number) => f64::from(number),
            Self::Double(number) => number,
        }
    }

    fn map(self, single: impl Fn(f32) -> f32, double: impl Fn(f64) -> f64) -> Value {
        match self {
            Self::Single(number) => of_single(single(number)),
            Self::Double(number) => of_double(double(number)),
        }
    }
}

fn of_single(number: f32) -> Value {
    let bits = if number.is_nan() { 0x7fc0_0000 } else { number.to_bits() };
    Value::new(u64::from(bits), 4)
}

fn of_double(number: f64) -> Value {
    let bits = if number.is_nan() { 0x7ff8_0000_0000_0000 } else { number.to_bits() };
    Value::new(bits, 8)
}

pub(super) fn unary(opcode: Opcode, a: &Value, size: u16) -> Option<Value> {
    if opcode == Opcode::Int2Float {
        return from_integer(a.to_i128()?, size);
    }
    let number = Float::of(a)?;
    let value = match opcode {
        Opcode::FloatNan => Value::new(u64::from(number.widened().is_nan()), size),
        Opcode::FloatNeg => a.bitwise(&sign(a), |a, sign| a ^ sign),
        Opcode::FloatAbs => a.bitwise(&sign(a), |a, sign| a & !sign),
        Opcode::FloatSqrt => number.map(f32::sqrt, f64::sqrt),
        Opcode::Ceil => number.map(f32::ceil, f64::ceil),
        Opcode::Floor => number.map(f32::floor, f64::floor),
        Opcode::Round => number.map(f32::round_ties_even, f64::round_ties_even),
        Opcode::Float2Float => to_width(number, size)?,
        Opcode::Trunc => to_integer(number.widened(), size)?,
        _ => return None,
    };
    Some(value)
}

pub(super) fn binary(opcode: Opcode, a: &Value, b: &Value, size: u16) -> Option<Value> {
    let (a, b) = (Float::of(a)?, Float::of(b)?);
    let value = match opcode {
        Opcode::FloatAdd => arithmetic(a, b, |a, b| a + b, |a, b| a + b)?,
        Opcode::FloatSub => arithmetic(a, b, |a, b| a - b, |a, b| a - b)?,
        Opcode::FloatMult => arithmetic(a, b, |a, b| a * b, |a, b| a * b)?,
        Opcode::FloatDiv => arithmetic(a, b, |a, b| a / b, |a, b| a / b)?,
        Opcode::FloatEqual => comparison(a, b, size, |a, b| a == b),
        Opcode::FloatNotEqual => comparison(a, b, size, |a, b| a != b),
        Opcode::FloatLess => comparison(a, b, size, |a, b| a < b),
        Opcode::FloatLessEqual => comparison(a, b, size, |a, b| a <= b),
        _ => return None,
    };
    Some(value)
}

fn arithmetic(
    a: Float,
    b: Float,
    single: impl Fn(f32, f32) -> f32,
    double: impl Fn(f64, f64) -> f64,
) -> Option<Value> {
    match (a, b) {
        (Float::Single(a), Float::Single(b)) => Some(of_single(single(a, b))),
        (Float::Double(a), Float::Double(b)) => Some(of_double(double(a, b))),
        _ => None,
    }
}

/// Exact, as every single is a double.
fn comparison(a: Float, b: Float, size: u16, holds: impl Fn(f64, f64) -> bool) -> Value {
    Value::new(u64::from(holds(a.widened(), b.widened())), size)
}

/// Only the highest bit set.
fn sign(a: &Value) -> Value {
    Value::new(1, a.size()).shifted_left(a.bits().saturating_sub(1))
}

fn from_integer(number: i128, size: u16) -> Option<Value> {
    match size {
        4 => Some(of_single(number as f32)),
        8 => Some(of_double(number as f64)),
        _ => None,
    }
}

fn to_width(number: Float, size: u16) -> Option<Value> {
    match (number, size) {
        (Float::Single(number), 4) => Some(of_single(number)),
        (Float::Double(number), 4) => Some(of_single(number as f32)),
        (number, 8) => Some(of_double(number.widened())),
        _ => None,
    }
}

/// Processors differ in what they give for a number that does not fit: here it has no value.
fn to_integer(number: f64, size: u16) -> Option<Value> {
    let limit = 2_f64.powi(i32::from(8 * size.min(16)) - 1);
    let whole = number.trunc();
    (whole >= -limit && whole < limit)
        .then(|| Value::from_u128((whole as i128) as u128, 16).sign_extended(size))
}
