//! Running P-code on concrete values.
//!
//! An [`Emulator`] lifts and executes one instruction after the other on a [`Machine`]: [`Registers`] and a [`Memory`]
//! of the caller. Calls, returns and user operations are shown to an [`Environment`], which may model them. Everything
//! is bounded: [`Emulator::run`] counts operations, one instruction may execute at most 65 536.
//!
//! [`fold`] is the meaning of the computing opcodes as a pure function, for constant folding too.
//!
//! Not here: operating systems, devices, time. Not supported, and reported as [`Fault::NoValue`]: floats other than 32
//! and 64 bits, division above 128 bits, conversions of floats that do not fit.
//!
//! # Example
//! ```
//! # #[cfg(feature = "x86-64")] {
//! use sleigh::emulate::{Emulator, Machine, Observe, Outcome, PagedMemory, Permissions};
//! use sleigh::{LanguageId, table};
//!
//! let table = table(LanguageId::X86_64)?;
//! let mut memory = PagedMemory::new(16);
//! memory.map(0x1000, 0x1000, Permissions::READ_EXECUTE)?;
//! memory.place(0x1000, &[0x01, 0xd8])?; // add eax, ebx
//! let mut emulator = Emulator::new(Machine::new(table, memory), 0x1000, table.default_context());
//! emulator.machine.registers.set_named("EAX", 0xffff_ffff);
//! emulator.machine.registers.set_named("EBX", 1);
//! assert_eq!(emulator.step(&mut Observe)?, Outcome::Stepped { to: 0x1002 });
//! assert_eq!(emulator.machine.registers.named("RAX").map(|v| v.low()), Some(0));
//! assert_eq!(emulator.machine.registers.named("CF").map(|v| v.low()), Some(1));
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod call;
mod decoded;
mod emulator;
mod environment;
mod error;
mod execute;
mod float;
mod machine;
mod memory;
mod registers;
mod semantics;
mod value;

pub use call::{enter_function, leave_function};
pub use emulator::{Emulator, Outcome, Stop};
pub use environment::{CallSite, Control, Environment, Observe, Reply, Upcoming, UserOp};
pub use error::Fault;
pub use machine::Machine;
pub use memory::{MapError, Memory, MemoryError, PAGE, PagedMemory, Permissions};
pub use registers::Registers;
pub use semantics::fold;
pub use value::{ByteOrder, Value};
