//! Operations that the instruction tables name without describing them, as far as programs compare and copy texts with
//! them.

use sleigh::emulate::{ByteOrder, Value};

/// Bytes that an operation loads in the opposite of memory's order; its operands add up to the address. Source: Power
/// ISA 3.0B, book I, section 3.3.5.
pub(crate) fn reversed_load(name: &str) -> Option<u16> {
    Some(match name {
        "LoadHalfwordByteReverseIndexed" => 2,
        "LoadWordByteReverseIndexed" => 4,
        "LoadDoublewordByteReverseIndexed" => 8,
        _ => return None,
    })
}

/// The result of an operation on numbers and vectors, `size` bytes of it. Sources: Arm Architecture Reference Manual
/// (UMAXP, UMINP, EXT; USAT, VCEQ, VPADD, VPMAX, VPMIN); Power ISA 3.0B, book I, chapter 6 (`vcmpequb`).
pub(crate) fn computed(name: &str, inputs: &[Value], size: u16) -> Option<Value> {
    let number = |n: usize| inputs.get(n).map(Value::low);
    let lane = || usize::try_from(number(2)?).ok().filter(|lane| matches!(lane, 1 | 2 | 4 | 8));
    let bytes = match name {
        "UnsignedSaturate" => {
            let most = (1_i64 << number(1)?.min(32)) - 1;
            let value = i64::from(number(0)? as u32 as i32).clamp(0, most);
            return Some(Value::new(value as u64, size));
        }
        "NEON_ext" => {
            let both = together(inputs, size)?;
            let start = usize::try_from(number(2)?).ok()?;
            both.get(start..start.checked_add(usize::from(size))?)?.to_vec()
        }
        "NEON_umaxp" | "VectorPairwiseMax" => pairs(&together(inputs, size)?, lane()?, u64::max),
        "NEON_uminp" | "VectorPairwiseMin" => pairs(&together(inputs, size)?, lane()?, u64::min),
        "VectorPairwiseAdd" => pairs(&together(inputs, size)?, lane()?, u64::wrapping_add),
        "VectorCompareEqual" => equal(inputs, size, lane()?)?,
        "vectorCompareEqualToUnsignedByte" => equal(inputs, size, 1)?,
        _ => return None,
    };
    Some(Value::from_bytes(&bytes, ByteOrder::Little))
}

/// Both operands as one row of bytes, the first one's lowest byte first.
fn together(inputs: &[Value], size: u16) -> Option<Vec<u8>> {
    let mut row = vec![0; 2 * usize::from(size)];
    let (first, second) = row.split_at_mut(usize::from(size));
    inputs.first()?.write_to(first, ByteOrder::Little);
    inputs.get(1)?.write_to(second, ByteOrder::Little);
    Some(row)
}

fn pairs(row: &[u8], lane: usize, of: impl Fn(u64, u64) -> u64) -> Vec<u8> {
    let number = |bytes: &[u8]| Value::from_bytes(bytes, ByteOrder::Little).low();
    let of = |pair: &[u8]| {
        let (first, second) = pair.split_at(pair.len().min(lane));
        of(number(first), number(second)).to_le_bytes().into_iter().take(lane)
    };
    row.chunks(2 * lane).flat_map(of).collect()
}

/// All bits set where the lanes of both operands are equal.
fn equal(inputs: &[Value], size: u16, lane: usize) -> Option<Vec<u8>> {
    let row = together(inputs, size)?;
    let (first, second) = row.split_at(usize::from(size));
    let lanes = first.chunks(lane).zip(second.chunks(lane));
    Some(lanes.flat_map(|(a, b)| std::iter::repeat_n(if a == b { 0xff } else { 0 }, a.len())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_are_paired_shifted_and_compared() {
        let vector = |number: u128| Value::from_u128(number, 16);
        let (a, b) = (vector(0x0f_0e0d_0c0b_0a09_0807_0605_0403_0201), vector(0xff << 120 | 7));
        let cases = [
            ("NEON_umaxp", 1, 0xff00_0000_0000_0007_0f0e_0c0a_0806_0402),
            ("NEON_uminp", 1, 0x000d_0b09_0705_0301),
            ("NEON_ext", 2, 0x0007_000f_0e0d_0c0b_0a09_0807_0605_0403),
            ("VectorCompareEqual", 8, 0),
        ];
        for (name, third, expected) in cases {
            let result = computed(name, &[a, b, Value::new(third, 1)], 16).unwrap();
            assert_eq!(result.low_u128(), expected, "{name}");
        }
        let same = computed("VectorCompareEqual", &[a, a, Value::new(1, 1)], 16).unwrap();
        assert_eq!(same.low_u128(), u128::MAX);
        assert_eq!(computed("VectorCompareEqual", &[a, b, Value::new(3, 1)], 16), None);
    }

    #[test]
    fn what_does_not_fit_is_cut_to_the_largest_or_smallest_number() {
        for (value, expected) in [(0x1ff_u64, 0xff), (0x7f, 0x7f), (0xffff_ff9b, 0)] {
            let result = computed("UnsignedSaturate", &[Value::new(value, 4), Value::new(8, 2)], 4).unwrap();
            assert_eq!(result.low(), expected);
        }
    }
}
