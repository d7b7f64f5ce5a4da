//! AArch64: Procedure Call Standard for the Arm 64-bit Architecture (AAPCS64), release 2023Q3, section 6.

use super::convention::{
    Abi, Convention, FloatArguments, FloatRule, Results, ReturnAddress, Role, StackArguments, SystemCall,
};
use super::register::{Register, registers};

pub(super) const CONVENTIONS: &[Convention] = &[Convention {
    abi: Abi::Aapcs64,
    word: 8,
    pointer: 8,
    arguments: registers!["x0" "x1" "x2" "x3" "x4" "x5" "x6" "x7"],
    stack_arguments: StackArguments { first: 0, slot: 8 },
    float_arguments: FloatArguments {
        rule: FloatRule::OwnCount,
        singles: registers!["s0" "s1" "s2" "s3" "s4" "s5" "s6" "s7"],
        doubles: registers!["d0" "d1" "d2" "d3" "d4" "d5" "d6" "d7"],
        vectors: registers!["q0" "q1" "q2" "q3" "q4" "q5" "q6" "q7"],
    },
    results: Results {
        integers: registers!["x0" "x1"],
        singles: registers!["s0" "s1" "s2" "s3"],
        doubles: registers!["d0" "d1" "d2" "d3"],
    },
    stack_pointer: Register("sp"),
    frame_pointer: Some(Register("x29")),
    return_address: ReturnAddress::Register(Register("x30")),
    preserved: registers![
        "x19" "x20" "x21" "x22" "x23" "x24" "x25" "x26" "x27" "x28" "x29"
        "d8" "d9" "d10" "d11" "d12" "d13" "d14" "d15"
    ],
    flags: registers!["NG" "ZR" "CY" "OV"],
    program_counter: Register("pc"),
    system_call: SystemCall {
        user_op: "CallSupervisor",
        operand: None,
        number: Register("x8"),
        arguments: registers!["x0" "x1" "x2" "x3" "x4" "x5"],
        result: Register("x0"),
        error: None,
        clobbers: &[],
    },
    special: &[
        (Role::Zero, Register("xzr")),
        (Role::ResultPointer, Register("x8")),
        (Role::LinkerScratch, Register("x16")),
        (Role::LinkerScratch, Register("x17")),
        (Role::Platform, Register("x18")),
        (Role::ThreadPointer, Register("tpidr_el0")),
    ],
}];
