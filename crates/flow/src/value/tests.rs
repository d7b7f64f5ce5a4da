//! What values look like once they are built.

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
