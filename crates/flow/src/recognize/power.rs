//! Vector instructions of Power that the table only names, as far as C libraries use them while they start.
//!
//! What the table passes on leaves out the numbers in the instruction, so that is read again. Source: Power ISA 3.0B,
//! book I, section 7.6.3.

use sleigh::emulate::{Machine, Memory as _};

use super::space::Space;

/// A field of an instruction word; bit 0 is the highest one.
fn field(word: u32, first: u32, last: u32) -> u32 {
    word.wrapping_shr(31 - last) & ((1 << (last + 1 - first)) - 1)
}

/// Carries out the instruction at an address. `None` if it is another one.
pub(super) fn perform(machine: &mut Machine<'_, Space<'_>>, address: u64) -> Option<()> {
    let mut bytes = [0; 4];
    let whole = machine.memory.fetch(address, &mut bytes) == bytes.len();
    let word = match machine.table().big_endian() {
        _ if !whole => return None,
        true => u32::from_be_bytes(bytes),
        false => u32::from_le_bytes(bytes),
    };
    let register =
        |high: u32, low: u32| format!("vs{}", field(word, high, high) << 5 | field(word, low, low + 4));
    let (to, a, b) = (register(31, 6), register(29, 11), register(30, 16));
    let read = |name: &str| machine.registers.named(name).map(|value| value.low_u128());
    let result = match (field(word, 0, 5), field(word, 21, 28)) {
        // XXPERMDI: one half of each operand.
        (60, code) if code & 0x9f == 0x0a => {
            let half = |value: u128, second: bool| if second { value as u64 } else { (value >> 64) as u64 };
            let (high, low) = (half(read(&a)?, code & 0x40 != 0), half(read(&b)?, code & 0x20 != 0));
            u128::from(high) << 64 | u128::from(low)
        }
        _ => return None,
    };
    machine.registers.set_named(&to, result)
}
