//! Operations that the instruction tables name without describing them, as far as programs compare data with them.

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
