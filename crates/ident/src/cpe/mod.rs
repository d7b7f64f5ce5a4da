//! Common Platform Enumeration 2.3: names of products, and how two names relate.
//!
//! Sources: NISTIR 7695 (naming) and NISTIR 7696 (name matching). A name keeps its values as they stand in a formatted
//! string, in lower case; the other bindings are made from that.

mod bind;
mod matching;
mod name;
mod value;

pub use bind::{MAX_CPE_BYTES, ParseCpeError};
pub use matching::Relation;
pub use name::{Attribute, Cpe, Part};
pub use value::Value;

#[cfg(test)]
mod tests;
