//! Why execution cannot go on.

use super::memory::MemoryError;
use crate::error::LiftError;
use crate::pcode::{Opcode, Varnode};

/// What stopped an instruction. Registers and memory keep what its earlier operations wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// No executable memory at the program counter.
    #[error("no code at {address:#x}")]
    Fetch {
        /// Program counter.
        address: u64,
    },
    /// The instruction does not lift.
    #[error(transparent)]
    Lift(#[from] LiftError),
    /// Memory refused an access.
    #[error("the instruction at {address:#x} cannot access memory")]
    Memory {
        /// Of the instruction.
        address: u64,
        /// The reason.
        #[source]
        source: MemoryError,
    },
    /// Division by 0.
    #[error("the instruction at {address:#x} divides by zero")]
    DivisionByZero {
        /// Of the instruction.
        address: u64,
    },
    /// The environment does not know this user operation.
    #[error("the instruction at {address:#x} performs user operation {number}, which has no model")]
    UserOp {
        /// Of the instruction.
        address: u64,
        /// Its number in the table: see [`crate::Table::user_op`].
        number: u32,
    },
    /// An operation without a value in [`super::fold`].
    #[error("{} at {address:#x} has no value", opcode.name())]
    NoValue {
        /// Of the instruction.
        address: u64,
        /// The operation.
        opcode: Opcode,
    },
    /// A place that is neither memory nor a register of the table, or is too large.
    #[error("the instruction at {address:#x} uses {} bytes at {:#x} of space {}, which do not exist", place.size, place.offset, place.space.0)]
    Place {
        /// Of the instruction.
        address: u64,
        /// The place.
        place: Varnode,
    },
    /// A branch inside the instruction leads out of it, or it executes more than 65 536 operations.
    #[error("the instruction at {address:#x} does not end")]
    Endless {
        /// Of the instruction.
        address: u64,
    },
}
