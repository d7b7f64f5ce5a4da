//! The dynamic table: what the run-time loader is told.
//!
//! Read from `PT_DYNAMIC` by address, never from sections. Sources: gABI chapter 5; MIPS supplement for
//! `DT_MIPS_LOCAL_GOTNO`, `DT_MIPS_GOTSYM`, `DT_MIPS_SYMTABNO`; GNU hash layout from binutils.

use std::collections::BTreeMap;

use super::super::memory::Memory;
use super::table::{Layout, name_at};
use crate::address::VirtAddr;

pub(super) const DT_NEEDED: u64 = 1;
pub(super) const DT_PLTRELSZ: u64 = 2;
pub(super) const DT_PLTGOT: u64 = 3;
const DT_HASH: u64 = 4;
const DT_STRTAB: u64 = 5;
pub(super) const DT_SYMTAB: u64 = 6;
pub(super) const DT_RELA: u64 = 7;
pub(super) const DT_RELASZ: u64 = 8;
const DT_STRSZ: u64 = 10;
pub(super) const DT_INIT: u64 = 12;
pub(super) const DT_FINI: u64 = 13;
pub(super) const DT_SONAME: u64 = 14;
pub(super) const DT_REL: u64 = 17;
pub(super) const DT_RELSZ: u64 = 18;
pub(super) const DT_PLTREL: u64 = 20;
pub(super) const DT_JMPREL: u64 = 23;
pub(super) const DT_INIT_ARRAY: u64 = 25;
pub(super) const DT_FINI_ARRAY: u64 = 26;
pub(super) const DT_INIT_ARRAYSZ: u64 = 27;
pub(super) const DT_FINI_ARRAYSZ: u64 = 28;
pub(super) const DT_PREINIT_ARRAY: u64 = 32;
pub(super) const DT_PREINIT_ARRAYSZ: u64 = 33;
pub(super) const DT_RELRSZ: u64 = 35;
pub(super) const DT_RELR: u64 = 36;
const DT_GNU_HASH: u64 = 0x6fff_fef5;
pub(super) const DT_MIPS_LOCAL_GOTNO: u64 = 0x7000_000a;
pub(super) const DT_MIPS_SYMTABNO: u64 = 0x7000_0011;
pub(super) const DT_MIPS_GOTSYM: u64 = 0x7000_0013;

/// Entries read at most; real tables have some dozens.
const MAX_ENTRIES: usize = 4096;

/// The dynamic table.
#[derive(Debug, Default)]
pub(super) struct Dynamic {
    values: BTreeMap<u64, u64>,
    needed: Vec<u64>,
    pub(super) strings: Vec<u8>,
}

impl Dynamic {
    pub(super) fn read(memory: &Memory, layout: Layout, table: &[u8]) -> Self {
        let mut dynamic = Self::default();
        for mut fields in layout.records(table, 2 * layout.word_size(), MAX_ENTRIES) {
            match (fields.word(), fields.word()) {
                (Some(0) | None, _) | (_, None) => break,
                (Some(DT_NEEDED), Some(value)) => dynamic.needed.push(value),
                (Some(tag), Some(value)) => {
                    dynamic.values.entry(tag).or_insert(value);
                }
            }
        }
        let strings = dynamic.table(memory, DT_STRTAB, DT_STRSZ).unwrap_or_default();
        dynamic.strings = strings.to_vec();
        dynamic
    }

    pub(super) fn value(&self, tag: u64) -> Option<u64> {
        self.values.get(&tag).copied()
    }

    pub(super) fn address(&self, tag: u64) -> Option<VirtAddr> {
        self.value(tag).filter(|value| *value != 0).map(VirtAddr)
    }

    pub(super) fn string(&self, tag: u64) -> Option<String> {
        name_at(&self.strings, self.value(tag)?)
    }

    pub(super) fn needed(&self) -> Vec<String> {
        self.needed.iter().filter_map(|offset| name_at(&self.strings, *offset)).collect()
    }

    /// Bytes of a table given by address and size tags, cut where the segment ends.
    pub(super) fn table<'m>(&self, memory: &'m Memory, address: u64, size: u64) -> Option<&'m [u8]> {
        let bytes = memory.bytes_from(self.address(address)?);
        let size = usize::try_from(self.value(size)?).unwrap_or(usize::MAX);
        Some(bytes.get(..size.min(bytes.len())).unwrap_or_default())
    }

    /// Number of dynamic symbols: from MIPS's own tag, the System V hash table, or the GNU hash table.
    pub(super) fn symbol_count(&self, memory: &Memory, layout: Layout) -> usize {
        let count = self.value(DT_MIPS_SYMTABNO).or_else(|| {
            let mut fields = layout.fields(memory.bytes_from(self.address(DT_HASH)?));
            fields.u32()?;
            fields.u32().map(u64::from)
        });
        let count = count.or_else(|| gnu_hash_count(memory.bytes_from(self.address(DT_GNU_HASH)?), layout));
        usize::try_from(count.unwrap_or(0)).unwrap_or(usize::MAX)
    }
}

/// The symbol with the highest number is the end of the longest chain.
fn gnu_hash_count(bytes: &[u8], layout: Layout) -> Option<u64> {
    let mut fields = layout.fields(bytes);
    let (buckets, first, bloom) = (fields.u32()?, fields.u32()?, fields.u32()?);
    let start = (bloom as usize).checked_mul(layout.word_size())?.checked_add(16)?;
    let chains = start.checked_add((buckets as usize).checked_mul(4)?)?;
    let highest =
        layout.records(bytes.get(start..chains)?, 4, usize::MAX).filter_map(|mut f| f.u32()).max()?;
    if highest < first {
        return Some(u64::from(first));
    }
    let skip = (highest - first) as usize;
    let chain = bytes.get(chains.checked_add(skip.checked_mul(4)?)?..)?;
    // The lowest bit marks the last symbol of a chain.
    let length =
        layout.records(chain, 4, usize::MAX).position(|mut f| f.u32().is_some_and(|hash| hash & 1 == 1))?;
    Some(u64::from(highest) + length as u64 + 1)
}
