//! Relocations of the loader, reduced to what they put where.
//!
//! Numbers are those of the processor supplements to the System V ABI.

use object::elf;

use super::table::{Fields, Layout};
use crate::address::VirtAddr;

/// What a relocation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// Adds the load bias: the place holds an address of this image.
    Relative,
    /// Stores a symbol's address; the addend counts.
    Absolute,
    /// Stores a symbol's address; the addend does not count.
    Slot,
    /// Calls a resolver.
    Resolver,
    /// Anything else: thread-local storage, copies.
    Other,
}

pub(super) fn effect(machine: elf::Machine, kind: u32) -> Effect {
    use Effect::{Absolute, Other, Relative, Resolver, Slot};
    match (machine, kind) {
        (elf::EM_386, 8) | (elf::EM_X86_64, 8 | 38) => Relative,
        (elf::EM_386 | elf::EM_X86_64, 1) => Absolute,
        (elf::EM_X86_64, 10) => Absolute,
        (elf::EM_386 | elf::EM_X86_64, 6 | 7) => Slot,
        (elf::EM_386, 42) | (elf::EM_X86_64, 37) => Resolver,
        (elf::EM_AARCH64, 1027) => Relative,
        (elf::EM_AARCH64, 257) => Absolute,
        (elf::EM_AARCH64, 1025 | 1026) => Slot,
        (elf::EM_AARCH64, 1032) => Resolver,
        (elf::EM_ARM, 23) => Relative,
        (elf::EM_ARM, 2) => Absolute,
        (elf::EM_ARM, 21 | 22) => Slot,
        (elf::EM_ARM, 160) => Resolver,
        // R_MIPS_REL32 with symbol 0 is relative; the caller sees that. On 64 bits it is combined with R_MIPS_64.
        (elf::EM_MIPS, 2 | 3) | (elf::EM_MIPS, 0x1203) => Absolute,
        (elf::EM_MIPS, 127) => Slot,
        (elf::EM_PPC | elf::EM_PPC64, 22) => Relative,
        (elf::EM_PPC | elf::EM_PPC64, 20 | 21) => Slot,
        (elf::EM_PPC | elf::EM_PPC64, 248) => Resolver,
        (elf::EM_PPC, 1) | (elf::EM_PPC64, 38) => Absolute,
        (elf::EM_RISCV, 3) => Relative,
        (elf::EM_RISCV, 1 | 2) => Absolute,
        (elf::EM_RISCV, 5) => Slot,
        (elf::EM_RISCV, 58) => Resolver,
        _ => Other,
    }
}

/// A relocation record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Relocation {
    pub(super) place: VirtAddr,
    pub(super) symbol: u32,
    pub(super) kind: u32,
    /// `None`: the addend stands at the place.
    pub(super) addend: Option<i64>,
}

/// `Elf_Rel` or `Elf_Rela`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Rel,
    Rela,
}

impl Form {
    pub(super) fn record_size(self, layout: Layout) -> usize {
        layout.word_size() * if self == Self::Rela { 3 } else { 2 }
    }
}

pub(super) fn read(
    fields: &mut Fields<'_>,
    layout: Layout,
    machine: elf::Machine,
    form: Form,
) -> Option<Relocation> {
    let place = VirtAddr(fields.word()?);
    let (symbol, kind) = match (layout.is_64, machine) {
        // MIPS 64: symbol, then one special and three type bytes, whatever the byte order.
        (true, elf::EM_MIPS) => {
            let symbol = fields.u32()?;
            let [_special, third, second, first] = [fields.u8()?, fields.u8()?, fields.u8()?, fields.u8()?];
            (symbol, u32::from(first) | u32::from(second) << 8 | u32::from(third) << 16)
        }
        (true, _) => {
            let info = fields.word()?;
            ((info >> 32) as u32, info as u32)
        }
        (false, _) => {
            let info = fields.u32()?;
            (info >> 8, info & 0xff)
        }
    };
    let addend = if form == Form::Rela { Some(fields.signed_word()?) } else { None };
    Some(Relocation { place, symbol, kind, addend })
}

/// The places of a packed table of relative relocations (`DT_RELR`, gABI proposal of 2018).
pub(super) fn packed_places(layout: Layout, words: impl Iterator<Item = u64>, limit: usize) -> Vec<VirtAddr> {
    let size = layout.word_size() as u64;
    let (mut places, mut base) = (Vec::new(), 0_u64);
    for word in words {
        if places.len() >= limit {
            break;
        }
        if word & 1 == 0 {
            places.push(VirtAddr(word));
            base = word.wrapping_add(size);
            continue;
        }
        let bits = 8 * size - 1;
        let set = (0..bits).filter(|bit| word >> (bit + 1) & 1 == 1);
        places.extend(set.map(|bit| VirtAddr(base.wrapping_add(bit * size))));
        base = base.wrapping_add(bits * size);
    }
    places
}

#[cfg(test)]
mod tests {
    use super::super::super::Endian;
    use super::*;

    #[test]
    fn packed_relocations_expand_as_the_proposal_shows() {
        let layout = Layout { is_64: true, endian: Endian::Little };
        let places = packed_places(layout, [0x1000, 0b1011, 0x8000].into_iter(), 100);
        assert_eq!(places, [0x1000, 0x1008, 0x1018, 0x8000].map(VirtAddr));
    }

    #[test]
    fn mips64_little_endian_keeps_its_odd_record() {
        let layout = Layout { is_64: true, endian: Endian::Little };
        let record = [0x10, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0x12, 3];
        let read = read(&mut layout.fields(&record), layout, elf::EM_MIPS, Form::Rel).unwrap();
        assert_eq!((read.place, read.symbol, read.kind), (VirtAddr(0x10), 5, 0x1203));
    }
}
