//! RISC-V: psABI specification 1.0, chapters 1 and 2 (integer and hardware floating-point calling convention).
//!
//! Soft-float programs (lp64, ilp32) pass floats in `a0`–`a7`; everything else is the same.

use super::convention::{
    Abi, Convention, FloatArguments, FloatRule, Results, ReturnAddress, Role, StackArguments, SystemCall,
};
use super::register::{Register, registers};

const FLOATS: &[Register] = registers!["fa0" "fa1" "fa2" "fa3" "fa4" "fa5" "fa6" "fa7"];
const FLOAT_RESULTS: &[Register] = registers!["fa0" "fa1"];

const LP64D: Convention = Convention {
    abi: Abi::RiscvLp64d,
    word: 8,
    pointer: 8,
    arguments: registers!["a0" "a1" "a2" "a3" "a4" "a5" "a6" "a7"],
    stack_arguments: StackArguments { first: 0, slot: 8 },
    float_arguments: FloatArguments {
        rule: FloatRule::OwnCount,
        // The upper half of a register that holds a single is all ones.
        singles: FLOATS,
        doubles: FLOATS,
        vectors: &[],
    },
    results: Results { integers: registers!["a0" "a1"], singles: FLOAT_RESULTS, doubles: FLOAT_RESULTS },
    stack_pointer: Register("sp"),
    frame_pointer: Some(Register("s0")),
    return_address: ReturnAddress::Register(Register("ra")),
    preserved: registers![
        "s0" "s1" "s2" "s3" "s4" "s5" "s6" "s7" "s8" "s9" "s10" "s11"
        "fs0" "fs1" "fs2" "fs3" "fs4" "fs5" "fs6" "fs7" "fs8" "fs9" "fs10" "fs11"
    ],
    flags: &[],
    program_counter: Register("pc"),
    system_call: SystemCall {
        user_op: "ecall",
        operand: None,
        number: Register("a7"),
        arguments: registers!["a0" "a1" "a2" "a3" "a4" "a5"],
        result: Register("a0"),
        error: None,
        clobbers: &[],
    },
    special: &[
        (Role::Zero, Register("zero")),
        (Role::SmallData, Register("gp")),
        (Role::ThreadPointer, Register("tp")),
        (Role::LinkerScratch, Register("t1")),
        (Role::LinkerScratch, Register("t3")),
    ],
};

const ILP32D: Convention = Convention {
    abi: Abi::RiscvIlp32d,
    word: 4,
    pointer: 4,
    stack_arguments: StackArguments { first: 0, slot: 4 },
    ..LP64D
};

pub(super) const BITS_64: &[Convention] = &[LP64D];
pub(super) const BITS_32: &[Convention] = &[ILP32D];
