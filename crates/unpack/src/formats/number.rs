//! Numbers at places of an image; absent where it ends before.

pub(super) fn le16(data: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*data.get(at..)?.first_chunk()?))
}

pub(super) fn le32(data: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*data.get(at..)?.first_chunk()?))
}

pub(super) fn le64(data: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*data.get(at..)?.first_chunk()?))
}

pub(super) fn be16(data: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(*data.get(at..)?.first_chunk()?))
}

pub(super) fn be32(data: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*data.get(at..)?.first_chunk()?))
}

pub(super) fn be64(data: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_be_bytes(*data.get(at..)?.first_chunk()?))
}

/// CRC-32 with the register set to `register` first and not inverted at the end, as flash file systems of Linux take it.
pub(super) fn crc32(register: u32, data: &[u8]) -> u32 {
    let step = |register: u32, byte: &u8| {
        let index = (register as u8 ^ byte) as usize;
        TABLE.get(index).copied().unwrap_or(0) ^ register >> 8
    };
    data.iter().fold(register, step)
}

/// The polynomial of IEEE 802.3, reflected, for each byte.
static TABLE: std::sync::LazyLock<Vec<u32>> = std::sync::LazyLock::new(|| {
    let bit = |register: u32, _| register >> 1 ^ (0xedb8_8320 & (register & 1).wrapping_neg());
    (0..256).map(|byte| (0..8).fold(byte, bit)).collect()
});

#[cfg(test)]
mod tests {
    use super::crc32;

    #[test]
    fn crc32_gives_the_check_value_of_its_catalogue() {
        assert_eq!(!crc32(u32::MAX, b"123456789"), 0xcbf4_3926);
        assert_eq!(crc32(0, &[0; 9]), 0);
    }
}
