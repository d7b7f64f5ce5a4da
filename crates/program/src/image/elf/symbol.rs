//! Symbols, static and dynamic, and ARM/RISC-V mapping symbols.
//!
//! Sources: gABI chapter 4; ARM ELF (IHI 0044) section 4.5.5 on mapping symbols; 64-bit PowerPC ELF V2 section 3.4.1 on
//! local entry points in `st_other`; binutils' `include/elf/mips.h` on `STO_MIPS16` and `STO_MICROMIPS`.

use object::elf;

use super::super::symbol::{Mode, ModeMark, Symbol, SymbolKind};
use super::table::{Fields, Layout, name_at};
use crate::address::VirtAddr;

/// An entry of a symbol table.
pub(super) enum Entry {
    Symbol(Symbol),
    Mark(ModeMark),
}

pub(super) fn record_size(layout: Layout) -> usize {
    if layout.is_64 { 24 } else { 16 }
}

struct Raw {
    name: u32,
    value: u64,
    size: u64,
    info: u8,
    other: u8,
    section: u16,
}

fn raw(fields: &mut Fields<'_>, layout: Layout) -> Option<Raw> {
    let name = fields.u32()?;
    if layout.is_64 {
        let (info, other, section) = (fields.u8()?, fields.u8()?, fields.u16()?);
        Some(Raw { name, value: fields.word()?, size: fields.word()?, info, other, section })
    } else {
        let (value, size) = (fields.word()?, fields.word()?);
        Some(Raw { name, value, size, info: fields.u8()?, other: fields.u8()?, section: fields.u16()? })
    }
}

/// Reads one record. `None` for records that name nothing (sections, files, damaged names).
pub(super) fn read(
    fields: &mut Fields<'_>,
    layout: Layout,
    machine: elf::Machine,
    strings: &[u8],
    dynamic: bool,
) -> Option<Entry> {
    let raw = raw(fields, layout)?;
    let name = name_at(strings, u64::from(raw.name))?;
    if let Some(mode) = mapping_mode(&name, machine).filter(|_| raw.info & 15 == elf::STT_NOTYPE.0) {
        return Some(Entry::Mark(ModeMark { address: VirtAddr(raw.value & !1), mode }));
    }
    let kind = kind(raw.info & 15).filter(|_| !name.is_empty())?;
    let code = matches!(kind, SymbolKind::Function | SymbolKind::Resolver);
    let short = match machine {
        elf::EM_ARM => code && raw.value & 1 == 1,
        elf::EM_MIPS => raw.other & 0xc0 == 0x80 || raw.other & 0xf0 == 0xf0,
        _ => false,
    };
    let defined = raw.section != elf::SHN_UNDEF.0;
    let bind = raw.info >> 4;
    let visible = matches!(raw.other & 3, 0 | 3);
    Some(Entry::Symbol(Symbol {
        address: VirtAddr(raw.value & !u64::from(short)),
        name,
        size: raw.size,
        kind,
        short,
        local_entry: if machine == elf::EM_PPC64 { local_entry(raw.other) } else { 0 },
        defined,
        // Global, weak, unique.
        exported: defined && visible && matches!(bind, 1 | 2 | 10),
        weak: bind == 2,
        dynamic,
    }))
}

fn kind(kind: u8) -> Option<SymbolKind> {
    match elf::SymbolType(kind) {
        elf::STT_FUNC => Some(SymbolKind::Function),
        elf::STT_GNU_IFUNC => Some(SymbolKind::Resolver),
        elf::STT_OBJECT | elf::STT_COMMON => Some(SymbolKind::Object),
        elf::STT_TLS => Some(SymbolKind::ThreadLocal),
        elf::STT_NOTYPE => Some(SymbolKind::Untyped),
        _ => None,
    }
}

fn mapping_mode(name: &str, machine: elf::Machine) -> Option<Mode> {
    if !matches!(machine, elf::EM_ARM | elf::EM_AARCH64 | elf::EM_RISCV) {
        return None;
    }
    let rest = name.strip_prefix('$')?;
    let (letter, tail) = rest.split_at_checked(1)?;
    // RISC-V appends the instruction set: `$xrv64gc`.
    if !tail.is_empty() && !tail.starts_with('.') && machine != elf::EM_RISCV {
        return None;
    }
    match letter {
        "a" | "x" => Some(Mode::Normal),
        "t" => Some(Mode::Short),
        "d" => Some(Mode::Data),
        _ => None,
    }
}

/// Bits 5–7 of `st_other`: 0 and 1 mean none, 2–6 mean 2^n bytes.
fn local_entry(other: u8) -> u8 {
    match other >> 5 {
        n @ 2..=6 => 1 << n,
        _ => 0,
    }
}
