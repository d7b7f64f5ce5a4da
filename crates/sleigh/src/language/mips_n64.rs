//! MIPS n64 and n32: MIPSpro N32 ABI Handbook (007-2816-005), chapter 2.
//!
//! The tables name registers 8–11 `t0`–`t3`, as o32 does; these ABIs call them `a4`–`a7`.

use super::convention::{
    Abi, Convention, FloatArguments, FloatRule, Results, ReturnAddress, Role, StackArguments, SystemCall,
};
use super::register::{Register, registers};

const N64: Convention = Convention {
    abi: Abi::MipsN64,
    word: 8,
    pointer: 8,
    arguments: registers!["a0" "a1" "a2" "a3" "t0" "t1" "t2" "t3"],
    stack_arguments: StackArguments { first: 0, slot: 8 },
    float_arguments: FloatArguments {
        rule: FloatRule::ByPosition,
        singles: registers!["f12" "f13" "f14" "f15" "f16" "f17" "f18" "f19"],
        doubles: registers!["f12" "f13" "f14" "f15" "f16" "f17" "f18" "f19"],
        vectors: &[],
    },
    results: Results {
        integers: registers!["v0" "v1"],
        singles: registers!["f0" "f2"],
        doubles: registers!["f0" "f2"],
    },
    stack_pointer: Register("sp"),
    frame_pointer: Some(Register("s8")),
    return_address: ReturnAddress::Register(Register("ra")),
    preserved: registers![
        "s0" "s1" "s2" "s3" "s4" "s5" "s6" "s7" "s8" "gp"
        "f24" "f25" "f26" "f27" "f28" "f29" "f30" "f31"
    ],
    flags: &[],
    program_counter: Register("pc"),
    system_call: SystemCall {
        user_op: "syscall",
        operand: None,
        number: Register("v0"),
        arguments: registers!["a0" "a1" "a2" "a3" "t0" "t1"],
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
};

const N32: Convention = Convention {
    abi: Abi::MipsN32,
    pointer: 4,
    preserved: registers![
        "s0" "s1" "s2" "s3" "s4" "s5" "s6" "s7" "s8" "gp"
        "f20" "f22" "f24" "f26" "f28" "f30"
    ],
    ..N64
};

pub(super) const CONVENTIONS: &[Convention] = &[N64, N32];
