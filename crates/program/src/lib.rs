//! Which functions, blocks, calls, constants and strings does this executable have?
//!
//! [`image`] reads the file (segments, symbols, imports, strings) and needs no instruction tables.

mod address;
pub mod image;

pub use address::{BlockId, FileOffset, FuncId, ImportId, VirtAddr};
