//! From the ELF header to the processor language and the calling convention family.
//!
//! Sources: System V gABI and the processor supplements; `EF_ARM_BE8` from the ARM ELF specification (IHI 0044);
//! `EF_MIPS_ARCH` and `EF_MIPS_ABI` from the MIPS supplement and binutils' `include/elf/mips.h`; `EF_PPC64_ABI` from
//! the 64-bit ELF V2 ABI.

use object::elf;
use sleigh::LanguageId;

use super::super::{Abi, Endian};

const EF_ARM_BE8: u32 = 0x0080_0000;
const EF_ARM_ABI_FLOAT_HARD: u32 = 0x400;
const EF_MIPS_ABI2: u32 = 0x20;
const EF_MIPS_ARCH: u32 = 0xf000_0000;
const EF_MIPS_ARCH_R6: [u32; 2] = [0x9000_0000, 0xa000_0000];
const EF_PPC64_ABI: u32 = 3;

/// What the header says, and what of it matters for choosing.
pub(super) struct Header {
    pub(super) machine: u16,
    pub(super) is_64: bool,
    pub(super) endian: Endian,
    pub(super) flags: u32,
    /// `.ARM.attributes` says profile M.
    pub(super) arm_profile_m: bool,
}

/// `Err` names what is not supported.
pub(super) fn choose(header: &Header) -> Result<(LanguageId, Abi), &'static str> {
    use Endian::{Big, Little};
    let Header { is_64, endian, flags, .. } = *header;
    match (elf::Machine(header.machine), is_64, endian) {
        (elf::EM_386, false, Little) => Ok((LanguageId::X86, Abi::X86SystemV)),
        (elf::EM_X86_64, true, Little) => Ok((LanguageId::X86_64, Abi::X86_64SystemV)),
        (elf::EM_X86_64, false, Little) => Ok((LanguageId::X86_64, Abi::X32)),
        (elf::EM_AARCH64, true, Little) => Ok((LanguageId::Aarch64, Abi::Aapcs64)),
        (elf::EM_AARCH64, ..) => Err("big-endian or 32-bit AArch64"),
        (elf::EM_ARM, false, _) => Ok((arm(header), arm_abi(flags))),
        (elf::EM_MIPS, ..) if EF_MIPS_ARCH_R6.contains(&(flags & EF_MIPS_ARCH)) => Err("MIPS release 6"),
        (elf::EM_MIPS, true, Big) => Ok((LanguageId::Mips64Be, Abi::MipsN64)),
        (elf::EM_MIPS, true, Little) => Ok((LanguageId::Mips64Le, Abi::MipsN64)),
        (elf::EM_MIPS, false, Big) if flags & EF_MIPS_ABI2 != 0 => Ok((LanguageId::Mips64Be, Abi::MipsN32)),
        (elf::EM_MIPS, false, Little) if flags & EF_MIPS_ABI2 != 0 => {
            Ok((LanguageId::Mips64Le, Abi::MipsN32))
        }
        (elf::EM_MIPS, false, Big) => Ok((LanguageId::Mips32Be, Abi::MipsO32)),
        (elf::EM_MIPS, false, Little) => Ok((LanguageId::Mips32Le, Abi::MipsO32)),
        (elf::EM_PPC, false, Big) => Ok((LanguageId::Ppc32Be, Abi::Ppc32SystemV)),
        (elf::EM_PPC64, true, Big) if flags & EF_PPC64_ABI == 2 => Ok((LanguageId::Ppc64Be, Abi::Ppc64ElfV2)),
        (elf::EM_PPC64, true, Big) => Ok((LanguageId::Ppc64Be, Abi::Ppc64ElfV1)),
        (elf::EM_PPC64, true, Little) => Ok((LanguageId::Ppc64Le, Abi::Ppc64ElfV2)),
        (elf::EM_RISCV, true, Little) => Ok((LanguageId::Riscv64, Abi::RiscvLp64)),
        (elf::EM_RISCV, false, Little) => Ok((LanguageId::Riscv32, Abi::RiscvIlp32)),
        _ => Err("this processor"),
    }
}

fn arm(header: &Header) -> LanguageId {
    match (header.arm_profile_m, header.endian, header.flags & EF_ARM_BE8) {
        (true, Endian::Little, _) => LanguageId::CortexM,
        (_, Endian::Big, 0) => LanguageId::ArmBe,
        _ => LanguageId::ArmLe,
    }
}

fn arm_abi(flags: u32) -> Abi {
    if flags & EF_ARM_ABI_FLOAT_HARD == 0 { Abi::Aapcs } else { Abi::AapcsVfp }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(machine: elf::Machine, is_64: bool, endian: Endian, flags: u32) -> Header {
        Header { machine: machine.0, is_64, endian, flags, arm_profile_m: false }
    }

    #[test]
    fn flags_decide_between_languages_of_one_machine() {
        let table = [
            (header(elf::EM_ARM, false, Endian::Big, EF_ARM_BE8), (LanguageId::ArmLe, Abi::Aapcs)),
            (header(elf::EM_ARM, false, Endian::Big, 0), (LanguageId::ArmBe, Abi::Aapcs)),
            (header(elf::EM_ARM, false, Endian::Little, 0x5000_0400), (LanguageId::ArmLe, Abi::AapcsVfp)),
            (header(elf::EM_MIPS, false, Endian::Little, 0x8000_0026), (LanguageId::Mips64Le, Abi::MipsN32)),
            (header(elf::EM_MIPS, false, Endian::Big, 0x5000_1007), (LanguageId::Mips32Be, Abi::MipsO32)),
            (header(elf::EM_PPC64, true, Endian::Big, 1), (LanguageId::Ppc64Be, Abi::Ppc64ElfV1)),
            (header(elf::EM_PPC64, true, Endian::Big, 2), (LanguageId::Ppc64Be, Abi::Ppc64ElfV2)),
        ];
        for (header, expected) in table {
            assert_eq!(choose(&header), Ok(expected));
        }
    }

    #[test]
    fn mips_release_6_is_refused_because_its_encodings_differ() {
        assert!(choose(&header(elf::EM_MIPS, false, Endian::Big, 0x9000_0000)).is_err());
    }

    #[test]
    fn profile_m_is_always_thumb() {
        let header = Header { arm_profile_m: true, ..header(elf::EM_ARM, false, Endian::Little, 0) };
        assert_eq!(choose(&header), Ok((LanguageId::CortexM, Abi::Aapcs)));
    }
}
