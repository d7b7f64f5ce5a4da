//! x86-64: System V ABI, AMD64 architecture processor supplement 1.0, section 3.2 and appendix A.2; Microsoft, "x64 calling
//! convention". Windows has no documented system calls; its entry names the registers of the instruction.

use super::convention::{
    Abi, Convention, FloatArguments, FloatRule, Results, ReturnAddress, Role, StackArguments, SystemCall,
};
use super::register::{Register, registers};

pub(super) const CONVENTIONS: &[Convention] = &[SYSTEM_V, WINDOWS];

const SYSTEM_V: Convention = Convention {
    abi: Abi::X86_64SysV,
    word: 8,
    pointer: 8,
    arguments: registers!["RDI" "RSI" "RDX" "RCX" "R8" "R9"],
    stack_arguments: StackArguments { first: 8, slot: 8 },
    float_arguments: FloatArguments {
        rule: FloatRule::OwnCount,
        singles: registers![
            "XMM0_Da" "XMM1_Da" "XMM2_Da" "XMM3_Da" "XMM4_Da" "XMM5_Da" "XMM6_Da" "XMM7_Da"
        ],
        doubles: registers![
            "XMM0_Qa" "XMM1_Qa" "XMM2_Qa" "XMM3_Qa" "XMM4_Qa" "XMM5_Qa" "XMM6_Qa" "XMM7_Qa"
        ],
        vectors: registers!["XMM0" "XMM1" "XMM2" "XMM3" "XMM4" "XMM5" "XMM6" "XMM7"],
    },
    results: Results {
        integers: registers!["RAX" "RDX"],
        singles: registers!["XMM0_Da" "XMM1_Da"],
        doubles: registers!["XMM0_Qa" "XMM1_Qa"],
    },
    stack_pointer: Register("RSP"),
    frame_pointer: Some(Register("RBP")),
    return_address: ReturnAddress::Stack,
    preserved: registers!["RBX" "RBP" "R12" "R13" "R14" "R15"],
    flags: registers!["CF" "PF" "AF" "ZF" "SF" "DF" "OF"],
    program_counter: Register("RIP"),
    system_call: SystemCall {
        user_op: "syscall",
        operand: None,
        number: Register("RAX"),
        arguments: registers!["RDI" "RSI" "RDX" "R10" "R8" "R9"],
        result: Register("RAX"),
        error: None,
        clobbers: registers!["RCX" "R11"],
    },
    special: &[(Role::ThreadPointer, Register("FS_OFFSET")), (Role::VectorCount, Register("AL"))],
};

const WINDOWS: Convention = Convention {
    abi: Abi::X86_64Windows,
    arguments: registers!["RCX" "RDX" "R8" "R9"],
    // Above the return address, callers leave room for the arguments in registers.
    stack_arguments: StackArguments { first: 40, slot: 8 },
    float_arguments: FloatArguments {
        rule: FloatRule::ByPosition,
        singles: registers!["XMM0_Da" "XMM1_Da" "XMM2_Da" "XMM3_Da"],
        doubles: registers!["XMM0_Qa" "XMM1_Qa" "XMM2_Qa" "XMM3_Qa"],
        vectors: &[],
    },
    results: Results {
        integers: registers!["RAX"],
        singles: registers!["XMM0_Da"],
        doubles: registers!["XMM0_Qa"],
    },
    preserved: registers![
        "RBX" "RBP" "RDI" "RSI" "R12" "R13" "R14" "R15" "XMM6" "XMM7" "XMM8" "XMM9" "XMM10" "XMM11" "XMM12" "XMM13"
        "XMM14" "XMM15"
    ],
    special: &[(Role::ThreadPointer, Register("GS_OFFSET"))],
    ..SYSTEM_V
};
