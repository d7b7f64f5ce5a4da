//! Calling convention families.

/// Calling convention family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Abi {
    /// x86 System V, arguments on the stack.
    X86SystemV,
    /// x86-64 System V.
    X86_64SystemV,
    /// x86-64 with 32-bit pointers.
    X32,
    /// AAPCS64.
    Aapcs64,
    /// AAPCS, floating-point arguments in integer registers.
    Aapcs,
    /// AAPCS, floating-point arguments in VFP registers.
    AapcsVfp,
    /// MIPS o32.
    MipsO32,
    /// MIPS n32.
    MipsN32,
    /// MIPS n64.
    MipsN64,
    /// 32-bit PowerPC System V.
    Ppc32SystemV,
    /// 64-bit PowerPC, function descriptors.
    Ppc64ElfV1,
    /// 64-bit PowerPC, global and local entry points.
    Ppc64ElfV2,
    /// 32-bit x86 Windows: cdecl, stdcall, fastcall.
    X86Windows,
    /// x86-64 Windows.
    X86_64Windows,
    /// RISC-V, 64 bits.
    RiscvLp64,
    /// RISC-V, 32 bits.
    RiscvIlp32,
}
