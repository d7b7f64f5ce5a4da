//! What does this instruction do?
//!
//! Bytes, an address and a context value become P-code operations: a small register-transfer language that is the
//! same for every processor. The meaning of each instruction comes from Ghidra's compiled SLEIGH tables (`.sla`,
//! format version 4), read by our own runtime.
//!
//! [`table`] gives the embedded table of a language, [`Lifter`] lifts one instruction after the other,
//! [`Table::context_at`] carries the context along the edges of control flow (its module shows how, for ARM calling
//! Thumb code).
//!
//! [`language`] adds what tables do not contain (calling conventions, modes), [`emulate`] runs the operations.
//!
//! # Example: ARM code calls Thumb code
//! ```
//! # #[cfg(feature = "arm-le")] {
//! use sleigh::{LanguageId, Lifter, table};
//!
//! let arm = table(LanguageId::ArmLe)?;
//! let mut lifter = Lifter::new(arm);
//! let caller = arm.default_context(); // ARM state
//! // `blx 0x1008` orders another context for its target, and that order travels on from there …
//! let call = lifter.lift(&[0x00, 0x00, 0x00, 0xfa], 0x1000, caller)?;
//! let callee = arm.context_at(0x1000, caller, call.commits, 0x1008);
//! // … while the edge to the instruction behind the call keeps the context of the caller.
//! assert_eq!(arm.context_at(0x1000, caller, call.commits, 0x1004), caller);
//!
//! // Thumb: `it eq` orders a condition for the next instruction only.
//! let it = [0x08, 0xbf];
//! assert_eq!(lifter.text(&it, 0x1008, callee)?.to_string(), "it eq");
//! let block = lifter.lift(&it, 0x1008, callee)?;
//! let inside = arm.context_at(0x1008, callee, block.commits, 0x100a);
//! let movs = [0x01, 0x20];
//! assert_eq!(lifter.text(&movs, 0x100a, inside)?.to_string(), "mov.eq r0,#0x1");
//! let conditional = lifter.lift(&movs, 0x100a, inside)?;
//! assert_eq!(arm.context_at(0x100a, inside, conditional.commits, 0x100c), callee);
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Not here: files, programs, control flow across instructions. The caller walks the code and carries context along
//! its edges.

mod baked;
pub mod context;
mod embedded;
pub mod emulate;
mod error;
mod expression;
mod handle;
mod index;
pub mod language;
mod lifter;
#[cfg(any(test, feature = "bake"))]
mod packed;
pub mod pcode;
mod program;
#[cfg(any(test, feature = "bake"))]
mod read;
mod resolve;
mod table;
mod template;
mod text;
mod validate;

pub use context::{Commit, Context, ContextVariable};
pub use embedded::{LanguageId, table};
pub use error::{LiftError, LoadError};
pub use lifter::{Lifted, Lifter};
#[cfg(feature = "bake")]
pub use read::bake;
pub use table::{Space, SpaceKind, Table};
pub use text::Text;
