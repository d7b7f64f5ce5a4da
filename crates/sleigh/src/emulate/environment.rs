//! What surrounds the program: the callees it reaches, the operations that P-code only names.

use super::machine::Machine;
use super::memory::Memory;
use super::value::Value;
use crate::pcode::Op;

/// A call about to happen. The return address is already where the callee expects it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CallSite {
    /// Address of the calling instruction.
    pub from: u64,
    /// Address of the callee.
    pub target: u64,
    /// Where the program goes on after the call.
    pub return_to: u64,
}

/// What to do at a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Control {
    /// Execute the callee.
    Enter,
    /// The environment did what the callee does, its return included (see [`super::leave_function`]): go on behind
    /// the call.
    Skip,
    /// Stop before the first instruction of the callee.
    Halt,
}

/// A user operation: something the table names and does not describe.
#[derive(Clone, Copy, Debug)]
pub struct UserOp<'a> {
    /// Address of the instruction.
    pub from: u64,
    /// Number in the table.
    pub number: u32,
    /// Name in the table.
    pub name: &'a str,
    /// Operands.
    pub inputs: &'a [Value],
    /// Bytes of the result; 0 if there is none.
    pub output_size: u16,
}

/// Answer to a user operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// Done, with this result (cut or extended to the size wanted; ignored if none is).
    Value(Value),
    /// Done without a result; one that is wanted becomes 0.
    Done,
    /// Stop the program behind this operation.
    Halt,
    /// Not known: [`super::Fault::UserOp`].
    Unknown,
}

/// An operation that is about to be executed.
#[derive(Clone, Copy, Debug)]
pub struct Upcoming<'a> {
    /// Address of the instruction.
    pub from: u64,
    /// Address behind the instruction and its delay slot.
    pub next: u64,
    /// The operation.
    pub op: &'a Op,
}

/// Models what lies outside the program.
pub trait Environment<M: Memory> {
    /// Sees each operation before it is executed: for those who follow more about values than the machine does.
    fn before(&mut self, machine: &Machine<'_, M>, upcoming: &Upcoming<'_>) {
        let _ = (machine, upcoming);
    }

    /// A call; executed by default.
    fn call(&mut self, machine: &mut Machine<'_, M>, site: CallSite) -> Control {
        let _ = (machine, site);
        Control::Enter
    }

    /// A user operation; by default those that only order or announce memory accesses do nothing, all others are
    /// unknown.
    fn user_op(&mut self, machine: &mut Machine<'_, M>, operation: &UserOp<'_>) -> Reply {
        let _ = machine;
        if ORDERING.contains(&operation.name) { Reply::Done } else { Reply::Unknown }
    }
}

/// The environment that only lets the program run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Observe;

impl<M: Memory> Environment<M> for Observe {}

/// User operations without effect on a program that runs alone: barriers, prefetches, hints, locks. `setISAMode`
/// announces what the mode register already says.
const ORDERING: &[&str] = &[
    "DataMemoryBarrier",
    "DataSynchronizationBarrier",
    "HintPreloadData",
    "HintPreloadDataForWrite",
    "HintPreloadInstruction",
    "HintYield",
    "Hint_Prefetch",
    "InstructionSynchronizationBarrier",
    "LOAcquire",
    "LORelease",
    "LOCK",
    "SYNC",
    "SpeculationBarrier",
    "UNLOCK",
    "XACQUIRE",
    "XRELEASE",
    "Yield",
    "clearHistory",
    "dataCacheBlockStore",
    "dataCacheBlockTouch",
    "dataCacheBlockTouchForStore",
    "enforceInOrderExecutionIO",
    "fence",
    "fence.i",
    "instructionSynchronize",
    "prefetch",
    "setISAMode",
    "sync",
];
