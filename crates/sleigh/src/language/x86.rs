//! x86: System V ABI, Intel386 architecture processor supplement, 4th edition, chapter 3.

use super::convention::{
    Abi, Convention, FloatArguments, Results, ReturnAddress, Role, StackArguments, SystemCall,
};
use super::register::{Register, registers};

pub(super) const CONVENTIONS: &[Convention] = &[Convention {
    abi: Abi::X86Cdecl,
    word: 4,
    pointer: 4,
    arguments: &[],
    stack_arguments: StackArguments { first: 4, slot: 4 },
    float_arguments: FloatArguments::AS_INTEGERS,
    results: Results {
        integers: registers!["EAX" "EDX"],
        singles: registers!["ST0"],
        doubles: registers!["ST0"],
    },
    stack_pointer: Register("ESP"),
    frame_pointer: Some(Register("EBP")),
    return_address: ReturnAddress::Stack,
    preserved: registers!["EBX" "ESI" "EDI" "EBP"],
    flags: registers!["CF" "PF" "AF" "ZF" "SF" "DF" "OF"],
    program_counter: Register("EIP"),
    system_call: SystemCall {
        user_op: "swi",
        operand: Some(0x80),
        number: Register("EAX"),
        arguments: registers!["EBX" "ECX" "EDX" "ESI" "EDI" "EBP"],
        result: Register("EAX"),
        error: None,
        clobbers: &[],
    },
    // EBX holds the global offset table only at calls of position-independent code.
    special: &[(Role::GlobalPointer, Register("EBX")), (Role::ThreadPointer, Register("GS_OFFSET"))],
}];
