//! Registers of the calling convention of one image, as places.

use program::image::{Abi, Image};
use sleigh::Table;
use sleigh::language::{self, Convention, Place, Role, conventions_of};
use sleigh::pcode::Varnode;

use crate::cdecl;
use crate::state::slot;

/// Arguments looked at, in registers and on the stack together.
pub(crate) const MAX_ARGUMENTS: u32 = 6;

/// The convention, resolved.
#[derive(Debug)]
pub(crate) struct CallRules {
    pub(crate) convention: &'static Convention,
    pub(crate) stack: Varnode,
    pub(crate) arguments: Vec<Varnode>,
    /// Where functions that nobody outside calls take their first arguments, if the convention has no registers for it.
    pub(crate) local: Vec<Varnode>,
    pub(crate) result: Varnode,
    pub(crate) link: Option<Varnode>,
    pub(crate) entry: Option<Varnode>,
    pub(crate) global: Option<Varnode>,
    pub(crate) zero: Option<Varnode>,
    /// Where stubs keep the table of contents over a call: bytes above the stack pointer.
    pub(crate) contents_slot: Option<i64>,
    /// Number and arguments of a system call.
    pub(crate) system_number: Varnode,
    pub(crate) system_arguments: Vec<Varnode>,
    kept: Vec<Varnode>,
}

impl CallRules {
    /// `None` if the table lacks a register that the convention names.
    pub(crate) fn of(image: &Image, table: &Table) -> Option<Self> {
        let all = conventions_of(image.language);
        let convention = all.iter().find(|c| Some(c.abi) == same(image.abi)).or(all.first())?;
        let place = |register: language::Register| register.varnode(table);
        let special = |role| convention.special(role).and_then(place);
        let global = special(Role::GlobalPointer).or(special(Role::TableOfContents));
        let stack = place(convention.stack_pointer)?;
        let kept = convention.preserved.iter().filter_map(|r| place(*r));
        Some(Self {
            convention,
            stack,
            arguments: convention.arguments.iter().map(|r| place(*r)).collect::<Option<_>>()?,
            local: cdecl::registers(image.abi)
                .iter()
                .map(|name| table.register(name))
                .collect::<Option<_>>()?,
            result: place(*convention.results.integers.first()?)?,
            link: convention.link_register().and_then(place),
            entry: special(Role::FunctionEntry),
            global,
            zero: special(Role::Zero),
            contents_slot: contents_slot(image.abi),
            system_number: place(convention.system_call.number)?,
            system_arguments: convention
                .system_call
                .arguments
                .iter()
                .map(|r| place(*r))
                .collect::<Option<_>>()?,
            // The global pointer is the same in every function of an image; callers restore it.
            kept: kept.chain([stack]).chain(global).collect(),
        })
    }

    /// Where argument `n` lies, of a function that takes the first `local` ones in [`Self::local`]. `top` is the stack
    /// pointer at its entry.
    pub(crate) fn argument(&self, n: u32, local: u8, top: i64) -> Option<Varnode> {
        if let Some(register) = self.local.get(n as usize).filter(|_| n < u32::from(local)) {
            return Some(*register);
        }
        let n = n.saturating_sub(u32::from(local));
        match self.convention.argument(n) {
            Place::Register(_) => self.arguments.get(n as usize).copied(),
            Place::Stack { offset, size } => Some(slot(top.checked_add_unsigned(offset)?, u16::from(size))),
        }
    }

    /// Registers that keep their value over a call.
    pub(crate) fn kept(&self) -> &[Varnode] {
        &self.kept
    }
}

/// "TOC pointer doubleword" of the 64-bit ELF ABIs for the Power architecture, version 1 and 2.
pub(crate) fn contents_slot(abi: Abi) -> Option<i64> {
    match abi {
        Abi::Ppc64ElfV1 => Some(40),
        Abi::Ppc64ElfV2 => Some(24),
        _ => None,
    }
}

fn same(abi: Abi) -> Option<language::Abi> {
    Some(match abi {
        // What callees take off the stack on Windows is told by `windows`.
        Abi::X86SystemV | Abi::X86Windows => language::Abi::X86Cdecl,
        Abi::X86_64Windows => language::Abi::X86_64Windows,
        Abi::X86_64SystemV | Abi::X32 => language::Abi::X86_64SysV,
        Abi::Aapcs64 => language::Abi::Aapcs64,
        Abi::Aapcs => language::Abi::ArmAapcsSoft,
        Abi::AapcsVfp => language::Abi::ArmAapcsHard,
        Abi::MipsO32 => language::Abi::MipsO32,
        Abi::MipsN32 => language::Abi::MipsN32,
        Abi::MipsN64 => language::Abi::MipsN64,
        Abi::Ppc32SystemV => language::Abi::Ppc32SysV,
        Abi::Ppc64ElfV1 => language::Abi::Ppc64ElfV1,
        Abi::Ppc64ElfV2 => language::Abi::Ppc64ElfV2,
        Abi::RiscvLp64 => language::Abi::RiscvLp64d,
        Abi::RiscvIlp32 => language::Abi::RiscvIlp32d,
        _ => return None,
    })
}
