//! MIPS o32: System V ABI, MIPS RISC processor supplement, 3rd edition, chapter 3.
//!
//! The first four words of the stack belong to the register arguments, so the fifth argument is at offset 16. The
//! global pointer is not kept: callers restore it.

use super::convention::{
    Abi, Convention, FloatArguments, FloatRule, Results, ReturnAddress, Role, StackArguments, SystemCall,
};
use super::register::{Register, registers};

pub(super) const CONVENTIONS: &[Convention] = &[Convention {
    abi: Abi::MipsO32,
    word: 4,
    pointer: 4,
    arguments: registers!["a0" "a1" "a2" "a3"],
    stack_arguments: StackArguments { first: 16, slot: 4 },
    float_arguments: FloatArguments {
        rule: FloatRule::LeadingOnly,
        singles: registers!["f12" "f14"],
        doubles: registers!["f12_13" "f14_15"],
        vectors: &[],
    },
    results: Results {
        integers: registers!["v0" "v1"],
        singles: registers!["f0" "f2"],
        doubles: registers!["f0_1" "f2_3"],
    },
    stack_pointer: Register("sp"),
    frame_pointer: Some(Register("s8")),
    return_address: ReturnAddress::Register(Register("ra")),
    preserved: registers![
        "s0" "s1" "s2" "s3" "s4" "s5" "s6" "s7" "s8"
        "f20_21" "f22_23" "f24_25" "f26_27" "f28_29" "f30_31"
    ],
    flags: &[],
    program_counter: Register("pc"),
    system_call: SystemCall {
        user_op: "syscall",
        operand: None,
        number: Register("v0"),
        // Arguments five to seven are on the stack, at 16, 20 and 24.
        arguments: registers!["a0" "a1" "a2" "a3"],
        result: Register("v0"),
        error: Some(Register("a3")),
        clobbers: registers!["v1" "at" "t0" "t1" "t2" "t3" "t4" "t5" "t6" "t7" "t8" "t9" "hi" "lo"],
    },
    special: &[
        (Role::Zero, Register("zero")),
        (Role::GlobalPointer, Register("gp")),
        (Role::FunctionEntry, Register("t9")),
        (Role::Product, Register("lo")),
        (Role::Product, Register("hi")),
        (Role::ModeSwitch, Register("ISAModeSwitch")),
    ],
}];
