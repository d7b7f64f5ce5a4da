//! What a calling convention is made of.

use super::register::Register;
use super::{aarch64, arm, mips_n64, mips_o32, ppc32, ppc64, riscv, x86, x86_64};
use crate::LanguageId;

/// Application binary interfaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Abi {
    /// x86 System V, also called cdecl.
    X86Cdecl,
    /// x86-64 System V.
    X86_64SysV,
    /// x86-64 Windows.
    X86_64Windows,
    /// AAPCS64.
    Aapcs64,
    /// AAPCS, floats in general registers (`gnueabi`).
    ArmAapcsSoft,
    /// AAPCS, floats in vector registers (`gnueabihf`).
    ArmAapcsHard,
    /// MIPS o32.
    MipsO32,
    /// MIPS n64.
    MipsN64,
    /// MIPS n32: n64 with pointers of 32 bits.
    MipsN32,
    /// PowerPC System V, 32 bits.
    Ppc32SysV,
    /// PowerPC 64 ELF version 2.
    Ppc64ElfV2,
    /// PowerPC 64 ELF version 1: function pointers point to descriptors.
    Ppc64ElfV1,
    /// RISC-V, 64 bits, floats in registers.
    RiscvLp64d,
    /// RISC-V, 32 bits, floats in registers.
    RiscvIlp32d,
}

/// Where an argument is when the first instruction of the callee runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// In a register; a narrower argument in its low part.
    Register(Register),
    /// In memory.
    Stack {
        /// Bytes above the stack pointer.
        offset: u64,
        /// Bytes of the slot.
        size: u8,
    },
}

/// Arguments that found no register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StackArguments {
    /// Offset of the first one from the stack pointer at the first instruction of the callee.
    pub first: u64,
    /// Distance to the next one, in bytes. Larger arguments take several slots and are aligned to their size.
    pub slot: u8,
}

/// How floating-point arguments share places with the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FloatRule {
    /// They are passed like integers of their size.
    AsIntegers,
    /// They are counted on their own.
    OwnCount,
    /// The n-th register serves the n-th argument, whatever the arguments before were.
    ByPosition,
    /// Like [`Self::ByPosition`], but only while no integer came before.
    LeadingOnly,
}

/// Registers of floating-point and vector arguments. `singles` and `doubles` may overlap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FloatArguments {
    /// How they are counted.
    pub rule: FloatRule,
    /// For values of 32 bits.
    pub singles: &'static [Register],
    /// For values of 64 bits.
    pub doubles: &'static [Register],
    /// For vectors of 128 bits.
    pub vectors: &'static [Register],
}

impl FloatArguments {
    /// Nothing of the kind: passed like integers.
    pub(super) const AS_INTEGERS: Self =
        Self { rule: FloatRule::AsIntegers, singles: &[], doubles: &[], vectors: &[] };
}

/// Where results are. Of a result that needs two registers, the first holds what comes first in memory: the low part on
/// little-endian processors, the high part on big-endian ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Results {
    /// Integers and pointers.
    pub integers: &'static [Register],
    /// Floats of 32 bits.
    pub singles: &'static [Register],
    /// Floats of 64 bits.
    pub doubles: &'static [Register],
}

/// Where the callee finds its return address at its first instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReturnAddress {
    /// In the link register.
    Register(Register),
    /// In the word at the stack pointer; returning pops it.
    Stack,
}

/// How Linux is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SystemCall {
    /// Name of the `CALLOTHER` user operation that stands for the instruction.
    pub user_op: &'static str,
    /// Its first operand where the operation serves other purposes too (x86: the interrupt number).
    pub operand: Option<u64>,
    /// Number of the call.
    pub number: Register,
    /// Arguments in order.
    pub arguments: &'static [Register],
    /// Result; in `(-4096, 0)` a negative error unless `error` says otherwise.
    pub result: Register,
    /// Not 0 after an error, `result` is then the positive error number. On PowerPC only its lowest bit counts.
    pub error: Option<Register>,
    /// Other registers that change.
    pub clobbers: &'static [Register],
}

/// What a register is reserved for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Role {
    /// Reads as 0.
    Zero,
    /// Base of global data or of the global offset table.
    GlobalPointer,
    /// Base of the table of contents.
    TableOfContents,
    /// Base of small data.
    SmallData,
    /// Base of thread-local data.
    ThreadPointer,
    /// Holds the address of the callee at its first instruction.
    FunctionEntry,
    /// Target of indirect jumps.
    JumpTarget,
    /// Changed by linker-made code between caller and callee.
    LinkerScratch,
    /// Meaning decided by the platform.
    Platform,
    /// Address for a result in memory.
    ResultPointer,
    /// Number of vector registers used by a variadic call.
    VectorCount,
    /// Half of a product or of a quotient and remainder.
    Product,
    /// Instruction set that an indirect jump selects.
    ModeSwitch,
}

/// One calling convention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Convention {
    /// Which one.
    pub abi: Abi,
    /// Bytes of a general register.
    pub word: u8,
    /// Bytes of a pointer.
    pub pointer: u8,
    /// Integer and pointer arguments in registers, in order.
    pub arguments: &'static [Register],
    /// Further arguments.
    pub stack_arguments: StackArguments,
    /// Floating-point arguments.
    pub float_arguments: FloatArguments,
    /// Results.
    pub results: Results,
    /// Stack pointer. It has its old value again after the return address was popped, if it is on the stack.
    pub stack_pointer: Register,
    /// Register that usually holds the frame address.
    pub frame_pointer: Option<Register>,
    /// Return address at the first instruction.
    pub return_address: ReturnAddress,
    /// Registers that a callee gives back unchanged, besides the stack pointer. Parts of larger registers are listed
    /// where only they are kept (`d8` of `q8`).
    pub preserved: &'static [Register],
    /// Condition flags. No callee keeps them unless they are in `preserved`.
    pub flags: &'static [Register],
    /// Program counter.
    pub program_counter: Register,
    /// System calls of Linux.
    pub system_call: SystemCall,
    /// Registers with a role.
    pub special: &'static [(Role, Register)],
}

impl Convention {
    /// Place of integer or pointer argument `index`, counted from 0, when all arguments are such and none is larger
    /// than a general register.
    pub fn argument(&self, index: u32) -> Place {
        if let Some(register) = self.arguments.get(index as usize) {
            return Place::Register(*register);
        }
        let StackArguments { first, slot } = self.stack_arguments;
        let behind = u64::from(index) - self.arguments.len() as u64;
        Place::Stack { offset: first + behind * u64::from(slot), size: slot }
    }

    /// Bytes that a return takes off the stack: those of the return address, if it is there.
    pub fn popped_on_return(&self) -> u8 {
        match self.return_address {
            ReturnAddress::Stack => self.pointer,
            ReturnAddress::Register(_) => 0,
        }
    }

    /// The link register, if the return address is in one.
    pub fn link_register(&self) -> Option<Register> {
        match self.return_address {
            ReturnAddress::Register(register) => Some(register),
            ReturnAddress::Stack => None,
        }
    }

    /// The first register of a role.
    pub fn special(&self, role: Role) -> Option<Register> {
        self.special.iter().find(|(of, _)| *of == role).map(|(_, register)| *register)
    }
}

/// The conventions of a language, the most usual one first. Never empty.
pub fn conventions_of(language: LanguageId) -> &'static [Convention] {
    match language {
        LanguageId::X86 => x86::CONVENTIONS,
        LanguageId::X86_64 => x86_64::CONVENTIONS,
        LanguageId::Aarch64 => aarch64::CONVENTIONS,
        LanguageId::ArmLe | LanguageId::ArmBe | LanguageId::CortexM => arm::CONVENTIONS,
        LanguageId::Mips32Be | LanguageId::Mips32Le => mips_o32::CONVENTIONS,
        LanguageId::Mips64Be | LanguageId::Mips64Le => mips_n64::CONVENTIONS,
        LanguageId::Ppc32Be => ppc32::CONVENTIONS,
        LanguageId::Ppc64Le => ppc64::LITTLE_ENDIAN,
        LanguageId::Ppc64Be => ppc64::BIG_ENDIAN,
        LanguageId::Riscv64 => riscv::BITS_64,
        LanguageId::Riscv32 => riscv::BITS_32,
    }
}
