//! Tables of fixed-size records in the byte order and word size of the file.

use super::super::Endian;

/// Byte order and word size.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    pub(super) is_64: bool,
    pub(super) endian: Endian,
}

/// Reads numbers one after the other; past the end every number is absent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields<'a> {
    bytes: &'a [u8],
    layout: Layout,
}

impl Layout {
    pub(super) fn word_size(self) -> usize {
        if self.is_64 { 8 } else { 4 }
    }

    pub(super) fn fields(self, bytes: &[u8]) -> Fields<'_> {
        Fields { bytes, layout: self }
    }

    /// The records of a table of `size` bytes, cut at `limit` records.
    pub(super) fn records(
        self,
        table: &[u8],
        record: usize,
        limit: usize,
    ) -> impl Iterator<Item = Fields<'_>> {
        table.chunks_exact(record.max(1)).take(limit).map(move |bytes| self.fields(bytes))
    }
}

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.bytes.split_first_chunk::<N>()?;
        self.bytes = rest;
        Some(*head)
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.take::<1>().map(|[byte]| byte)
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        let bytes = self.take()?;
        Some(if self.layout.endian == Endian::Big {
            u16::from_be_bytes(bytes)
        } else {
            u16::from_le_bytes(bytes)
        })
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        let bytes = self.take()?;
        Some(if self.layout.endian == Endian::Big {
            u32::from_be_bytes(bytes)
        } else {
            u32::from_le_bytes(bytes)
        })
    }

    fn u64(&mut self) -> Option<u64> {
        let bytes = self.take()?;
        Some(if self.layout.endian == Endian::Big {
            u64::from_be_bytes(bytes)
        } else {
            u64::from_le_bytes(bytes)
        })
    }

    /// An address-sized number.
    pub(super) fn word(&mut self) -> Option<u64> {
        if self.layout.is_64 { self.u64() } else { self.u32().map(u64::from) }
    }

    /// An address-sized signed number.
    pub(super) fn signed_word(&mut self) -> Option<i64> {
        if self.layout.is_64 { self.u64().map(|v| v as i64) } else { self.u32().map(|v| i64::from(v as i32)) }
    }
}

/// A NUL-terminated string at an offset of a string table.
pub(super) fn name_at(strings: &[u8], offset: u64) -> Option<String> {
    let rest = strings.get(usize::try_from(offset).ok()?..)?;
    let end = rest.iter().take(MAX_NAME).position(|byte| *byte == 0)?;
    Some(String::from_utf8_lossy(rest.get(..end)?).into_owned())
}

/// Longest symbol or library name, in bytes; C++ and Rust names reach some kilobytes.
const MAX_NAME: usize = 16 * 1024;
