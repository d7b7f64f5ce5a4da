//! PowerPC, 64 bits: Power Architecture 64-bit ELF V2 ABI specification 1.5, section 2.2, and the ELF V1 ABI 1.9.
//!
//! Every frame begins with a header (32 bytes in version 2, 48 in version 1), then one slot an argument, also for
//! those in registers. The callee saves LR in the caller's frame, at the stack pointer of its entry plus 16.

use super::convention::{
    Abi, Convention, FloatArguments, FloatRule, Results, ReturnAddress, Role, StackArguments, SystemCall,
};
use super::register::{Register, registers};

const FLOATS: &[Register] = registers!["f1" "f2" "f3" "f4" "f5" "f6" "f7" "f8" "f9" "f10" "f11" "f12" "f13"];

const ELF_V2: Convention = Convention {
    abi: Abi::Ppc64ElfV2,
    word: 8,
    pointer: 8,
    arguments: registers!["r3" "r4" "r5" "r6" "r7" "r8" "r9" "r10"],
    stack_arguments: StackArguments { first: 96, slot: 8 },
    float_arguments: FloatArguments {
        rule: FloatRule::OwnCount,
        // Registers hold singles in the format of doubles.
        singles: FLOATS,
        doubles: FLOATS,
        vectors: registers![
            "vs34" "vs35" "vs36" "vs37" "vs38" "vs39" "vs40" "vs41" "vs42" "vs43" "vs44" "vs45"
        ],
    },
    results: Results {
        integers: registers!["r3" "r4"],
        singles: registers!["f1" "f2"],
        doubles: registers!["f1" "f2"],
    },
    stack_pointer: Register("r1"),
    frame_pointer: Some(Register("r31")),
    return_address: ReturnAddress::Register(Register("LR")),
    preserved: registers![
        "r14" "r15" "r16" "r17" "r18" "r19" "r20" "r21" "r22" "r23" "r24" "r25" "r26" "r27" "r28" "r29" "r30" "r31"
        "f14" "f15" "f16" "f17" "f18" "f19" "f20" "f21" "f22" "f23" "f24" "f25" "f26" "f27" "f28" "f29" "f30" "f31"
        "vs52" "vs53" "vs54" "vs55" "vs56" "vs57" "vs58" "vs59" "vs60" "vs61" "vs62" "vs63"
        "cr2" "cr3" "cr4"
    ],
    flags: registers![
        "cr0" "cr1" "cr2" "cr3" "cr4" "cr5" "cr6" "cr7" "xer_so" "xer_ov" "xer_ca"
    ],
    program_counter: Register("pc"),
    system_call: SystemCall {
        user_op: "syscall",
        operand: None,
        number: Register("r0"),
        arguments: registers!["r3" "r4" "r5" "r6" "r7" "r8"],
        result: Register("r3"),
        error: Some(Register("cr0")),
        clobbers: registers!["r4" "r5" "r6" "r7" "r8" "r9" "r10" "r11" "r12" "CTR"],
    },
    special: &[
        (Role::TableOfContents, Register("r2")),
        (Role::FunctionEntry, Register("r12")),
        (Role::ThreadPointer, Register("r13")),
        (Role::JumpTarget, Register("CTR")),
    ],
};

const ELF_V1: Convention = Convention {
    abi: Abi::Ppc64ElfV1,
    stack_arguments: StackArguments { first: 112, slot: 8 },
    results: Results { integers: registers!["r3"], ..ELF_V2.results },
    special: &[
        (Role::TableOfContents, Register("r2")),
        (Role::ThreadPointer, Register("r13")),
        (Role::JumpTarget, Register("CTR")),
    ],
    ..ELF_V2
};

pub(super) const LITTLE_ENDIAN: &[Convention] = &[ELF_V2];
pub(super) const BIG_ENDIAN: &[Convention] = &[ELF_V1, ELF_V2];
