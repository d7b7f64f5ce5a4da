//! The image as memory: which bytes stand at an address, and what may be done with them.

use std::ops::Range;
use std::sync::Arc;

use super::{Endian, Image};
use crate::address::{FileOffset, VirtAddr};

/// What the loader allows on a segment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Access {
    /// Data may be read.
    pub read: bool,
    /// Data may be written.
    pub write: bool,
    /// Instructions may be fetched.
    pub execute: bool,
}

/// A loaded segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// First address.
    pub start: VirtAddr,
    /// Bytes in memory; those beyond the file's are zero.
    pub size: u64,
    /// Its bytes in the file.
    pub(crate) file: Range<usize>,
    /// Permissions.
    pub access: Access,
}

impl Segment {
    /// Where the byte at this address stands in the file. `None` if it lies outside, or is not filled from the file.
    pub fn file_offset(&self, address: VirtAddr) -> Option<FileOffset> {
        let delta = address.0.checked_sub(self.start.0).filter(|delta| *delta < self.file.len() as u64)?;
        Some(FileOffset(self.file.start as u64 + delta))
    }

    fn contains(&self, address: VirtAddr) -> bool {
        address.0.checked_sub(self.start.0).is_some_and(|delta| delta < self.size)
    }
}

/// A loaded section: a named part of a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// Name, lossily decoded.
    pub name: String,
    /// First address.
    pub start: VirtAddr,
    /// Bytes in memory.
    pub size: u64,
    /// Flags, as permissions.
    pub access: Access,
    /// Does the file hold its bytes?
    pub filled: bool,
}

/// Segments over the file's bytes.
#[derive(Clone, Debug)]
pub(crate) struct Memory {
    pub(crate) file: Arc<[u8]>,
    /// By start.
    pub(crate) segments: Vec<Segment>,
    /// By start.
    pub(crate) sections: Vec<Section>,
    /// Made read-only after relocation (`PT_GNU_RELRO`).
    pub(crate) relro: Vec<Range<u64>>,
}

impl Memory {
    fn segment(&self, address: VirtAddr) -> Option<&Segment> {
        let after = self.segments.partition_point(|segment| segment.start <= address);
        let before = self.segments.get(..after)?;
        // Segments of a hostile file may overlap; the loader maps later ones over earlier ones.
        before.iter().rev().take(8).find(|segment| segment.contains(address))
    }

    pub(crate) fn bytes_from(&self, address: VirtAddr) -> &[u8] {
        let bytes = || {
            let segment = self.segment(address)?;
            let start = usize::try_from(segment.file_offset(address)?.0).ok()?;
            self.file.get(start..segment.file.end)
        };
        bytes().unwrap_or_default()
    }
}

impl Image {
    /// The file's bytes from an address to the end of its segment; empty where nothing is loaded from the file.
    pub fn bytes_from(&self, address: VirtAddr) -> &[u8] {
        self.memory.bytes_from(address)
    }

    /// Where the byte at this address stands in the file.
    pub fn file_offset(&self, address: VirtAddr) -> Option<FileOffset> {
        self.memory.segment(address)?.file_offset(address)
    }

    /// An unsigned number of 1–8 bytes in the data byte order, as the file has it (before relocation).
    pub fn read_uint(&self, address: VirtAddr, size: u8) -> Option<u64> {
        let bytes = self.bytes_from(address).get(..usize::from(size.min(8)))?;
        let join = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
        Some(match self.endian {
            Endian::Big => bytes.iter().fold(0, join),
            Endian::Little => bytes.iter().rev().fold(0, join),
        })
    }

    /// Permissions at an address; `None` where nothing is mapped.
    pub fn access(&self, address: VirtAddr) -> Option<Access> {
        let mut access = self.memory.segment(address)?.access;
        access.write &= !self.memory.relro.iter().any(|range| range.contains(&address.0));
        Some(access)
    }

    /// Can what stands here never change once the program runs?
    pub fn is_read_only(&self, address: VirtAddr) -> bool {
        self.access(address).is_some_and(|access| !access.write)
    }

    /// Can instructions stand here? Where sections are known, only inside an executable one.
    pub fn is_code(&self, address: VirtAddr) -> bool {
        self.access(address).is_some_and(|access| access.execute) && self.in_code_section(address)
    }

    fn in_code_section(&self, address: VirtAddr) -> bool {
        let sections = self.sections();
        if !sections.iter().any(|section| section.access.execute) {
            return true;
        }
        let after = sections.partition_point(|section| section.start <= address);
        let before = sections.get(..after).unwrap_or_default();
        let here = |section: &&Section| address.0 - section.start.0 < section.size;
        before.iter().rev().take(4).find(here).is_some_and(|section| section.access.execute)
    }

    /// Ranges that may hold instructions, by address: executable sections, else executable segments.
    pub fn code_ranges(&self) -> Vec<Range<u64>> {
        let sections = self.sections().iter().filter(|s| s.access.execute && s.filled && s.size > 0);
        let mut ranges: Vec<Range<u64>> =
            sections.map(|s| s.start.0..s.start.0.saturating_add(s.size)).collect();
        if ranges.is_empty() {
            let segments = self.segments().iter().filter(|segment| segment.access.execute);
            ranges = segments.map(|s| s.start.0..s.start.0.saturating_add(s.file.len() as u64)).collect();
        }
        // A section header may lie: only what is loaded from the file counts.
        for range in &mut ranges {
            let loaded = self.bytes_from(VirtAddr(range.start)).len() as u64;
            range.end = range.end.min(range.start.saturating_add(loaded));
        }
        ranges.retain(|range| !range.is_empty());
        ranges
    }
}
