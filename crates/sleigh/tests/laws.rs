//! What opcodes compute: laws against the machine's own arithmetic, and the edges where a choice had to be made.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

use proptest::prelude::*;
use sleigh::emulate::{ByteOrder, Value, fold};
use sleigh::pcode::Opcode;

fn mask(size: u16) -> u128 {
    if size >= 16 { u128::MAX } else { (1 << (8 * size)) - 1 }
}

/// The number read as two's complement.
fn signed(number: u128, size: u16) -> i128 {
    let spare = 128 - 8 * u32::from(size);
    (number << spare) as i128 >> spare
}

fn binary(opcode: Opcode, a: u128, b: u128, size: u16, out: u16) -> Option<u128> {
    let inputs = [Value::from_u128(a, size), Value::from_u128(b, size)];
    fold(opcode, &inputs, out).map(|value| value.low_u128())
}

/// Numbers of 1 to 16 bytes, often near the edges.
fn operands() -> impl Strategy<Value = (u16, u128, u128)> {
    let number = || prop_oneof![any::<u128>(), (0..4_u128), (0..4_u128).prop_map(|n| !n), Just(1 << 127)];
    (1..=16_u16, number(), number(), any::<u8>()).prop_map(|(size, a, b, edge)| {
        let a = if edge & 1 == 1 { 1 << (8 * size - 1) } else { a };
        (size, a & mask(size), b & mask(size))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn integers_compute_modulo_their_size((size, a, b) in operands()) {
        let cut = |number: u128| Some(number & mask(size));
        prop_assert_eq!(binary(Opcode::IntAdd, a, b, size, size), cut(a.wrapping_add(b)));
        prop_assert_eq!(binary(Opcode::IntSub, a, b, size, size), cut(a.wrapping_sub(b)));
        prop_assert_eq!(binary(Opcode::IntMult, a, b, size, size), cut(a.wrapping_mul(b)));
        prop_assert_eq!(binary(Opcode::IntAnd, a, b, size, size), cut(a & b));
        prop_assert_eq!(binary(Opcode::IntOr, a, b, size, size), cut(a | b));
        prop_assert_eq!(binary(Opcode::IntXor, a, b, size, size), cut(a ^ b));
        prop_assert_eq!(binary(Opcode::IntDiv, a, b, size, size), a.checked_div(b));
        prop_assert_eq!(binary(Opcode::IntRem, a, b, size, size), a.checked_rem(b));
        let (signed_a, signed_b) = (signed(a, size), signed(b, size));
        let quotient = (b != 0).then(|| signed_a.wrapping_div(signed_b) as u128 & mask(size));
        let remainder = (b != 0).then(|| signed_a.wrapping_rem(signed_b) as u128 & mask(size));
        prop_assert_eq!(binary(Opcode::IntSDiv, a, b, size, size), quotient);
        prop_assert_eq!(binary(Opcode::IntSRem, a, b, size, size), remainder);
    }

    #[test]
    fn comparisons_and_flags_follow_both_readings((size, a, b) in operands()) {
        let (signed_a, signed_b) = (signed(a, size), signed(b, size));
        let truth = |truth: bool| Some(u128::from(truth));
        let fits = |exact: Option<i128>| exact.is_some_and(|exact| signed(exact as u128 & mask(size), size) == exact);
        let rows = [
            (Opcode::IntEqual, a == b),
            (Opcode::IntNotEqual, a != b),
            (Opcode::IntLess, a < b),
            (Opcode::IntLessEqual, a <= b),
            (Opcode::IntSLess, signed_a < signed_b),
            (Opcode::IntSLessEqual, signed_a <= signed_b),
            (Opcode::IntCarry, a.checked_add(b).is_none_or(|sum| sum > mask(size))),
            (Opcode::IntSCarry, !fits(signed_a.checked_add(signed_b))),
            (Opcode::IntSBorrow, !fits(signed_a.checked_sub(signed_b))),
            (Opcode::BoolAnd, a != 0 && b != 0),
            (Opcode::BoolOr, a != 0 || b != 0),
            (Opcode::BoolXor, (a != 0) != (b != 0)),
        ];
        for (opcode, expected) in rows {
            prop_assert_eq!(binary(opcode, a, b, size, 1), truth(expected), "{:?}", opcode);
        }
    }

    #[test]
    fn shifts_by_the_width_or_more_leave_nothing((size, a, _) in operands(), amount in 0..300_u128) {
        let bits = 8 * u128::from(size);
        let inside = amount < bits;
        let left = if inside { a << amount & mask(size) } else { 0 };
        let right = if inside { a >> amount } else { 0 };
        let arithmetic = signed(a, size) >> amount.min(bits - 1);
        // The amount may have another size than the number.
        let shift = |opcode| {
            let inputs = [Value::from_u128(a, size), Value::from_u128(amount, 4)];
            fold(opcode, &inputs, size).unwrap().low_u128()
        };
        prop_assert_eq!(shift(Opcode::IntLeft), left);
        prop_assert_eq!(shift(Opcode::IntRight), right);
        prop_assert_eq!(shift(Opcode::IntSRight), arithmetic as u128 & mask(size));
    }

    #[test]
    fn unary_operations((size, a, _) in operands(), wider in 0..16_u16) {
        let wide = (size + wider).min(16);
        let unary = |opcode, out| fold(opcode, &[Value::from_u128(a, size)], out).unwrap().low_u128();
        prop_assert_eq!(unary(Opcode::Copy, size), a);
        prop_assert_eq!(unary(Opcode::IntZExt, wide), a);
        prop_assert_eq!(unary(Opcode::IntSExt, wide), signed(a, size) as u128 & mask(wide));
        prop_assert_eq!(unary(Opcode::Int2Comp, size), a.wrapping_neg() & mask(size));
        prop_assert_eq!(unary(Opcode::IntNegate, size), !a & mask(size));
        prop_assert_eq!(unary(Opcode::BoolNegate, 1), u128::from(a == 0));
        prop_assert_eq!(unary(Opcode::PopCount, 4), u128::from(a.count_ones()));
        prop_assert_eq!(unary(Opcode::LzCount, 4), u128::from(a.leading_zeros() + 8 * u32::from(size) - 128));
    }

    #[test]
    fn pieces_come_apart_again((high_size, high, low) in operands(), low_size in 1..=16_u16) {
        let low = low & mask(low_size);
        let parts = [Value::from_u128(high, high_size), Value::from_u128(low, low_size)];
        let whole = fold(Opcode::Piece, &parts, high_size + low_size).unwrap();
        let part = |skipped: u16, size| fold(Opcode::SubPiece, &[whole, Value::new(skipped.into(), 4)], size).unwrap();
        prop_assert_eq!(part(low_size, high_size), parts[0]);
        prop_assert_eq!(part(0, low_size), parts[1]);
    }

    #[test]
    fn wide_numbers_compute_by_halves(a in any::<[u64; 8]>(), b in any::<[u64; 8]>(), size in 17..=64_u16, amount in 0..520_u64) {
        let value = |limbs: [u64; 8]| {
            let bytes: Vec<u8> = limbs.iter().flat_map(|limb| limb.to_le_bytes()).collect();
            Value::from_bytes(&bytes[..usize::from(size)], ByteOrder::Little)
        };
        let (a, b) = (value(a), value(b));
        let two = |opcode, a, b| fold(opcode, &[a, b], size).unwrap();
        let one = |opcode, a| fold(opcode, &[a], size).unwrap();
        let sum = two(Opcode::IntAdd, a, b);
        prop_assert_eq!(two(Opcode::IntSub, sum, b), a);
        prop_assert_eq!(one(Opcode::Int2Comp, a), two(Opcode::IntAdd, one(Opcode::IntNegate, a), Value::new(1, size)));
        // (a + b)·a = a·a + b·a
        let product = two(Opcode::IntAdd, two(Opcode::IntMult, a, a), two(Opcode::IntMult, b, a));
        prop_assert_eq!(two(Opcode::IntMult, sum, a), product);
        // A carry is what makes the sum smaller.
        let carry = fold(Opcode::IntCarry, &[a, b], 1).unwrap();
        prop_assert_eq!(fold(Opcode::IntLess, &[sum, a], 1).unwrap(), carry);
        // Shifting left multiplies by a power of two; rotating by halves loses nothing.
        let amount = amount % (8 * u64::from(size));
        let by = Value::new(amount, 2);
        let power = two(Opcode::IntLeft, Value::new(1, size), by);
        prop_assert_eq!(two(Opcode::IntLeft, a, by), two(Opcode::IntMult, a, power));
        let back = Value::new(8 * u64::from(size) - amount, 2);
        let rotated = two(Opcode::IntOr, two(Opcode::IntLeft, a, by), two(Opcode::IntRight, a, back));
        let restored = two(Opcode::IntOr, two(Opcode::IntRight, rotated, by), two(Opcode::IntLeft, rotated, back));
        prop_assert_eq!(restored, a);
    }

    #[test]
    fn bytes_in_either_order_keep_the_number(bytes in proptest::collection::vec(any::<u8>(), 0..=64)) {
        for order in [ByteOrder::Little, ByteOrder::Big] {
            let value = Value::from_bytes(&bytes, order);
            let mut written = vec![0; bytes.len()];
            value.write_to(&mut written, order);
            prop_assert_eq!(&written, &bytes);
            let mut reversed = bytes.clone();
            reversed.reverse();
            let other = if order == ByteOrder::Big { ByteOrder::Little } else { ByteOrder::Big };
            prop_assert_eq!(Value::from_bytes(&reversed, other), value);
        }
    }

    #[test]
    fn no_operation_panics(
        opcode in proptest::sample::select(Opcode::ALL),
        numbers in proptest::collection::vec((any::<u128>(), 0..70_u16), 0..4),
        size in 0..300_u16,
    ) {
        let inputs: Vec<_> = numbers.iter().map(|(number, size)| Value::from_u128(*number, *size)).collect();
        if let Some(value) = fold(opcode, &inputs, size) {
            prop_assert!(value.size() <= Value::MAX_SIZE);
        }
    }

    #[test]
    fn floats_are_those_of_the_machine(a in any::<f64>(), b in any::<f64>()) {
        let single = |x: f64| Value::new(u64::from((x as f32).to_bits()), 4);
        let double = |x: f64| Value::new(x.to_bits(), 8);
        let both = |opcode, a, b, size| fold(opcode, &[a, b], size).unwrap().low();
        let (small_a, small_b) = (a as f32, b as f32);
        let rows = [
            (Opcode::FloatAdd, a + b, small_a + small_b),
            (Opcode::FloatSub, a - b, small_a - small_b),
            (Opcode::FloatMult, a * b, small_a * small_b),
            (Opcode::FloatDiv, a / b, small_a / small_b),
        ];
        for (opcode, wide, narrow) in rows.into_iter().filter(|row| !row.1.is_nan() && !row.2.is_nan()) {
            prop_assert_eq!(both(opcode, double(a), double(b), 8), wide.to_bits());
            prop_assert_eq!(both(opcode, single(a), single(b), 4), u64::from(narrow.to_bits()));
        }
        prop_assert_eq!(both(Opcode::FloatLess, double(a), double(b), 1), u64::from(a < b));
        prop_assert_eq!(both(Opcode::FloatLessEqual, single(a), single(b), 1), u64::from(small_a <= small_b));
        prop_assert_eq!(both(Opcode::FloatEqual, double(a), double(b), 1), u64::from(a == b));
        prop_assert_eq!(both(Opcode::FloatNotEqual, double(a), double(b), 1), u64::from(a != b));
    }
}

#[test]
fn single_float_operations_at_their_edges() {
    let double = |x: f64| Value::new(x.to_bits(), 8);
    let to_double = |opcode, x| f64::from_bits(fold(opcode, &[double(x)], 8).unwrap().low());
    assert_eq!(to_double(Opcode::Round, 2.5), 2.0);
    assert_eq!(to_double(Opcode::Round, 3.5), 4.0);
    assert_eq!(to_double(Opcode::Ceil, -1.5), -1.0);
    assert_eq!(to_double(Opcode::Floor, -1.5), -2.0);
    assert_eq!(to_double(Opcode::FloatSqrt, 2.25), 1.5);
    assert_eq!(to_double(Opcode::FloatAbs, -0.0).to_bits(), 0);
    assert_eq!(to_double(Opcode::FloatNeg, 0.0).to_bits(), 1 << 63);
    let trunc = |x, size| fold(Opcode::Trunc, &[double(x)], size).map(|value| value.low());
    assert_eq!(trunc(-1.9, 4), Some(0xffff_ffff));
    assert_eq!(trunc(-2_147_483_648.5, 4), Some(0x8000_0000));
    assert_eq!(trunc(2_147_483_648.0, 4), None, "processors differ");
    assert_eq!(trunc(f64::NAN, 8), None);
    assert_eq!(trunc(9.3e18, 16), Some(9_300_000_000_000_000_000));
    let nan = Value::new(0xfff4_0000_0000_0001, 8);
    assert_eq!(fold(Opcode::FloatAdd, &[nan, double(1.0)], 8).unwrap().low(), 0x7ff8_0000_0000_0000);
    assert_eq!(fold(Opcode::FloatNan, &[nan], 1).unwrap().low(), 1);
    // Converted once, not through a double: 2^24 + 1 + 2^-40 lies above the middle.
    let integer = Value::from_u128((1 << 64) + (1 << 40) + 1, 16);
    let converted = fold(Opcode::Int2Float, &[integer], 4).unwrap().low();
    assert_eq!(f32::from_bits(converted as u32), 18_446_746_272_732_807_168.0);
    let narrow = fold(Opcode::Float2Float, &[double(0.1)], 4).unwrap();
    assert_eq!(narrow, Value::new(u64::from(0.1_f32.to_bits()), 4));
}

#[test]
fn what_is_not_supported_has_no_value() {
    let extended = Value::from_u128(1, 10);
    assert_eq!(fold(Opcode::FloatAdd, &[extended, extended], 10), None);
    assert_eq!(fold(Opcode::FloatAdd, &[Value::new(0, 4), Value::new(0, 8)], 8), None);
    assert_eq!(fold(Opcode::IntSDiv, &[Value::new(1, 32), Value::new(1, 32)], 32), None);
    assert_eq!(fold(Opcode::Copy, &[Value::new(1, 8)], 65), None);
    assert_eq!(fold(Opcode::Load, &[Value::new(3, 8), Value::new(0, 8)], 8), None);
    assert_eq!(fold(Opcode::IntAdd, &[Value::new(1, 4)], 4), None);
}
