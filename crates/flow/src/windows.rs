//! What callees take off the stack in 32-bit Windows code (`stdcall`): without it the stack pointer, and every argument
//! behind it, is lost at the first call.
//!
//! Functions of the program say it themselves: their returns name the bytes. Imported ones are looked up
//! (`knowledge/win32.txt`, [`SOCKETS`]); of all others GCC's code tells, which takes the stack back right behind the call.
//! Misses: functions that are not known, in code of compilers that push arguments.

use program::image::Abi;
use program::{Block, CallTarget, Exit, Function, Place, Program, VirtAddr};
use sleigh::pcode::{Opcode, Varnode};

use crate::knowledge::{Fact, facts_of};

/// Winsock functions that mean what they do elsewhere, with their arguments.
const SOCKETS: &[(&str, u8)] = &[
    ("accept", 3),
    ("bind", 3),
    ("connect", 3),
    ("gethostbyname", 1),
    ("getsockname", 3),
    ("htonl", 1),
    ("htons", 1),
    ("inet_addr", 1),
    ("inet_ntoa", 1),
    ("listen", 2),
    ("ntohl", 1),
    ("ntohs", 1),
    ("recv", 4),
    ("recvfrom", 6),
    ("select", 5),
    ("send", 4),
    ("sendto", 6),
    ("setsockopt", 5),
    ("shutdown", 2),
    ("socket", 3),
];

/// Bytes of arguments that an imported function takes off the stack; `None` if that is not known.
pub(crate) fn popped_by(abi: Abi, name: &str) -> Option<u64> {
    if abi != Abi::X86Windows {
        return Some(0);
    }
    let socket = SOCKETS.binary_search_by_key(&name, |(name, _)| *name).ok();
    let socket = socket.and_then(|index| SOCKETS.get(index)).map(|(_, words)| *words);
    let known = || {
        facts_of(name).iter().find_map(|fact| match fact {
            Fact::Pops(words) => Some(*words),
            _ => None,
        })
    };
    socket.or_else(known).map(|words| 4 * u64::from(words))
}

/// Bytes of arguments that are off the stack behind a call.
pub(crate) fn popped(
    program: &Program,
    caller: &Function,
    block: Option<&Block>,
    target: CallTarget,
    next: VirtAddr,
    stack: Varnode,
) -> u64 {
    let abi = program.image.abi;
    if abi != Abi::X86Windows {
        return 0;
    }
    let known = match target {
        CallTarget::Function(callee) => program.function(callee).map(|callee| returned(callee, stack)),
        CallTarget::Import(import) => {
            program.image.import(import).and_then(|import| popped_by(abi, &import.name))
        }
        CallTarget::Address(_) | CallTarget::System | CallTarget::Unresolved => None,
    };
    known.or_else(|| taken_back(caller, block?, next, stack)).unwrap_or(0)
}

/// What the returns of a function take off beside the return address.
fn returned(function: &Function, stack: Varnode) -> u64 {
    let returning = function.blocks.iter().find(|block| block.exit == Exit::Always(Place::Return));
    let last = returning.and_then(|block| function.instructions(block).last());
    let Some(last) = last else { return 0 };
    let moved = function.instruction_ops(last).iter().filter_map(|op| moves(op, stack));
    moved.sum::<i64>().checked_sub(4).and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or(0)
}

/// The bytes that the instruction behind a call takes the stack back.
fn taken_back(function: &Function, block: &Block, next: VirtAddr, stack: Varnode) -> Option<u64> {
    let behind = function.instructions(block).iter().find(|instruction| instruction.address == next)?;
    let moved: i64 = function.instruction_ops(behind).iter().filter_map(|op| moves(op, stack)).sum();
    u64::try_from(moved.checked_neg()?).ok().filter(|bytes| bytes % 4 == 0 && (4..=64).contains(bytes))
}

/// Bytes that an operation moves the stack pointer up.
fn moves(op: &sleigh::pcode::Op, stack: Varnode) -> Option<i64> {
    let by = op.input(1).filter(|by| by.is_constant() && op.input(0) == Some(stack))?;
    let bytes = i64::from(by.offset as u32 as i32);
    match op.opcode() {
        _ if op.output() != Some(stack) => None,
        Opcode::IntAdd => Some(bytes),
        Opcode::IntSub => Some(-bytes),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_sorted_and_only_known_for_the_convention() {
        assert!(SOCKETS.is_sorted());
        assert_eq!(popped_by(Abi::X86Windows, "recv"), Some(16));
        assert_eq!(popped_by(Abi::X86Windows, "CreateProcessA"), Some(40));
        assert_eq!(popped_by(Abi::X86Windows, "what"), None);
        assert_eq!(popped_by(Abi::X86_64Windows, "recv"), Some(0));
    }
}
