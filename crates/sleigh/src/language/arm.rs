//! ARM: Procedure Call Standard for the Arm Architecture (AAPCS), release 2023Q3, section 6.
//!
//! Thumb code usually keeps its frame address in `r7`.

use super::convention::{
    Abi, Convention, FloatArguments, FloatRule, Results, ReturnAddress, Role, StackArguments, SystemCall,
};
use super::register::{Register, registers};

const SOFT: Convention = Convention {
    abi: Abi::ArmAapcsSoft,
    word: 4,
    pointer: 4,
    arguments: registers!["r0" "r1" "r2" "r3"],
    stack_arguments: StackArguments { first: 0, slot: 4 },
    float_arguments: FloatArguments::AS_INTEGERS,
    // A double is returned in both.
    results: Results { integers: registers!["r0" "r1"], singles: registers!["r0"], doubles: &[] },
    stack_pointer: Register("sp"),
    frame_pointer: Some(Register("r11")),
    return_address: ReturnAddress::Register(Register("lr")),
    preserved: registers![
        "r4" "r5" "r6" "r7" "r8" "r9" "r10" "r11"
        "d8" "d9" "d10" "d11" "d12" "d13" "d14" "d15"
    ],
    flags: registers!["NG" "ZR" "CY" "OV"],
    program_counter: Register("pc"),
    system_call: SystemCall {
        user_op: "software_interrupt",
        operand: None,
        number: Register("r7"),
        arguments: registers!["r0" "r1" "r2" "r3" "r4" "r5" "r6"],
        result: Register("r0"),
        error: None,
        clobbers: &[],
    },
    special: &[
        (Role::LinkerScratch, Register("r12")),
        (Role::Platform, Register("r9")),
        (Role::ModeSwitch, Register("ISAModeSwitch")),
    ],
};

/// Singles fill the gaps that doubles leave (section 6.1.2.1, rule C.1).
const HARD: Convention = Convention {
    abi: Abi::ArmAapcsHard,
    float_arguments: FloatArguments {
        rule: FloatRule::OwnCount,
        singles: registers![
            "s0" "s1" "s2" "s3" "s4" "s5" "s6" "s7" "s8" "s9" "s10" "s11" "s12" "s13" "s14" "s15"
        ],
        doubles: registers!["d0" "d1" "d2" "d3" "d4" "d5" "d6" "d7"],
        vectors: registers!["q0" "q1" "q2" "q3"],
    },
    results: Results {
        integers: registers!["r0" "r1"],
        singles: registers!["s0" "s1" "s2" "s3"],
        doubles: registers!["d0" "d1" "d2" "d3"],
    },
    ..SOFT
};

pub(super) const CONVENTIONS: &[Convention] = &[SOFT, HARD];
