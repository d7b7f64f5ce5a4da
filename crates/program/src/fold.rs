//! P-code operations on known numbers.

use sleigh::pcode::Opcode;

/// A number with its width in bytes (1–8).
pub(crate) type Sized = (u64, u16);

/// Keeps the low `size` bytes.
pub(crate) fn truncate(value: u64, size: u16) -> u64 {
    if size >= 8 { value } else { value & ((1_u64 << (8 * size)) - 1) }
}

/// The number as a signed one of its width.
pub(crate) fn signed((value, size): Sized) -> i64 {
    let unused = 64 - 8 * u32::from(size.clamp(1, 8));
    ((value << unused) as i64) >> unused
}

/// The result of an operation, `size` bytes wide. `None` if it has no value or is wider than 8 bytes.
pub(crate) fn fold(opcode: Opcode, size: u16, inputs: &[Sized]) -> Option<u64> {
    if size > 8 || inputs.iter().any(|input| input.1 > 8) {
        return None;
    }
    let value = match *inputs {
        [a] => unary(opcode, a)?,
        [a, b] => binary(opcode, a, b)?,
        _ => return None,
    };
    Some(truncate(value, size))
}

fn unary(opcode: Opcode, a: Sized) -> Option<u64> {
    let bits = 8 * u32::from(a.1);
    Some(match opcode {
        Opcode::Copy | Opcode::IntZExt => a.0,
        Opcode::IntSExt => signed(a) as u64,
        Opcode::Int2Comp => a.0.wrapping_neg(),
        Opcode::IntNegate => !a.0,
        Opcode::BoolNegate => u64::from(a.0 == 0),
        Opcode::PopCount => u64::from(a.0.count_ones()),
        Opcode::LzCount => u64::from(a.0.leading_zeros().saturating_sub(64 - bits)),
        _ => return None,
    })
}

fn binary(opcode: Opcode, a: Sized, b: Sized) -> Option<u64> {
    let (x, y) = (a.0, b.0);
    let (sx, sy) = (signed(a), signed(b));
    let amount = u32::try_from(y).unwrap_or(u32::MAX);
    Some(match opcode {
        Opcode::IntAdd => x.wrapping_add(y),
        Opcode::IntSub => x.wrapping_sub(y),
        Opcode::IntMult => x.wrapping_mul(y),
        Opcode::IntDiv => x.checked_div(y)?,
        Opcode::IntRem => x.checked_rem(y)?,
        Opcode::IntSDiv => sx.checked_div(sy)? as u64,
        Opcode::IntSRem => sx.checked_rem(sy)? as u64,
        Opcode::IntAnd | Opcode::BoolAnd => x & y,
        Opcode::IntOr | Opcode::BoolOr => x | y,
        Opcode::IntXor | Opcode::BoolXor => x ^ y,
        Opcode::IntLeft => x.checked_shl(amount).unwrap_or(0),
        Opcode::IntRight => x.checked_shr(amount).unwrap_or(0),
        Opcode::IntSRight => (sx >> amount.min(63)) as u64,
        Opcode::IntEqual => u64::from(x == y),
        Opcode::IntNotEqual => u64::from(x != y),
        Opcode::IntLess => u64::from(x < y),
        Opcode::IntLessEqual => u64::from(x <= y),
        Opcode::IntSLess => u64::from(sx < sy),
        Opcode::IntSLessEqual => u64::from(sx <= sy),
        Opcode::IntCarry => u64::from(truncate(x.wrapping_add(y), a.1) < x || x.checked_add(y).is_none()),
        Opcode::IntSCarry => u64::from(overflows(sx.checked_add(sy), a.1)),
        Opcode::IntSBorrow => u64::from(overflows(sx.checked_sub(sy), a.1)),
        Opcode::Piece => x.checked_shl(8 * u32::from(b.1)).unwrap_or(0) | y,
        Opcode::SubPiece => x.checked_shr(amount.saturating_mul(8)).unwrap_or(0),
        _ => return None,
    })
}

/// Does a signed result not fit its width?
fn overflows(exact: Option<i64>, size: u16) -> bool {
    exact.is_none_or(|exact| signed((exact as u64, size)) != exact)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_keep_their_width() {
        let table = [
            (Opcode::IntAdd, 4, vec![(0xffff_ffff, 4), (2, 4)], Some(1)),
            (Opcode::IntSExt, 8, vec![(0x80, 1)], Some(0xffff_ffff_ffff_ff80)),
            (Opcode::IntSRight, 4, vec![(0x8000_0000, 4), (40, 1)], Some(0xffff_ffff)),
            (Opcode::IntSLess, 1, vec![(0xff, 1), (1, 1)], Some(1)),
            (Opcode::IntSBorrow, 1, vec![(0x80, 1), (1, 1)], Some(1)),
            (Opcode::IntCarry, 1, vec![(0xff, 1), (1, 1)], Some(1)),
            (Opcode::IntCarry, 1, vec![(u64::MAX, 8), (1, 8)], Some(1)),
            (Opcode::IntDiv, 4, vec![(1, 4), (0, 4)], None),
            (Opcode::LzCount, 4, vec![(1, 4)], Some(31)),
            (Opcode::Piece, 4, vec![(0x12, 2), (0x34, 2)], Some(0x12_0034)),
            (Opcode::SubPiece, 1, vec![(0x1234, 4), (1, 4)], Some(0x12)),
        ];
        for (opcode, size, inputs, expected) in table {
            assert_eq!(fold(opcode, size, &inputs), expected, "{}", opcode.name());
        }
    }
}
