//! Which functions, blocks, calls, constants and strings does this executable have?
//!
//! [`image`] reads the file (segments, symbols, imports, strings) and needs no instruction tables. [`analyze`] finds its
//! functions and lifts them to P-code: entries from headers, symbols, unwinding tables, calls, addresses in data and gaps;
//! blocks by recursive descent with the decoder context carried along the edges; jump tables; tail calls; functions that
//! never come back. What was not understood is counted ([`Coverage`]) and listed ([`BlindSpot`]).
//!
//! Not here: what values mean (`flow`), what is suspicious (`inspect`).

mod address;
mod coverage;
mod discover;
mod dump;
mod entries;
mod explore;
mod fold;
mod function;
pub mod image;
mod instruction;
mod known;
mod linkage;
mod program;
mod registers;
mod state;
mod switch;

pub use address::{BlockId, FileOffset, FuncId, ImportId, VirtAddr};
pub use coverage::{BlindSpot, BlindSpotKind, Coverage};
pub use function::{Block, Call, CallTarget, Exit, Function, Origin, Place, Stop};
pub use instruction::Instruction;
pub use program::{AnalyzeError, Effort, Program, analyze};
