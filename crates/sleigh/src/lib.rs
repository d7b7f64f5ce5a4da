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
//! Not here: files, programs, control flow across instructions. The caller walks the code and carries context along
//! its edges.

mod baked;
pub mod context;
mod embedded;
pub mod emulate;
mod error;
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
