//! PowerPC, 32 bits: System V ABI, PowerPC processor supplement (1995), chapter 3; Linux keeps it.
//!
//! The callee saves LR in the caller's frame, at the stack pointer of its entry plus 4.

use super::convention::{
    Abi, Convention, FloatArguments, FloatRule, Results, ReturnAddress, Role, StackArguments, SystemCall,
};
use super::register::{Register, registers};

pub(super) const CONVENTIONS: &[Convention] = &[Convention {
    abi: Abi::Ppc32SysV,
    word: 4,
    pointer: 4,
    arguments: registers!["r3" "r4" "r5" "r6" "r7" "r8" "r9" "r10"],
    stack_arguments: StackArguments { first: 8, slot: 4 },
    float_arguments: FloatArguments {
        rule: FloatRule::OwnCount,
        // Registers hold singles in the format of doubles.
        singles: registers!["f1" "f2" "f3" "f4" "f5" "f6" "f7" "f8"],
        doubles: registers!["f1" "f2" "f3" "f4" "f5" "f6" "f7" "f8"],
        vectors: &[],
    },
    results: Results {
        integers: registers!["r3" "r4"],
        singles: registers!["f1"],
        doubles: registers!["f1"],
    },
    stack_pointer: Register("r1"),
    frame_pointer: Some(Register("r31")),
    return_address: ReturnAddress::Register(Register("LR")),
    preserved: registers![
        "r14" "r15" "r16" "r17" "r18" "r19" "r20" "r21" "r22" "r23" "r24" "r25" "r26" "r27" "r28" "r29" "r30" "r31"
        "f14" "f15" "f16" "f17" "f18" "f19" "f20" "f21" "f22" "f23" "f24" "f25" "f26" "f27" "f28" "f29" "f30" "f31"
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
        (Role::ThreadPointer, Register("r2")),
        (Role::SmallData, Register("r13")),
        (Role::JumpTarget, Register("CTR")),
    ],
}];
