//! Which components does this document, or this file tree, contain?
//!
//! A [`Bom`] is one component graph, whatever it was read from: [`read`] takes documents, [`write`]
//! makes one, [`generate`] looks into a file tree. Names stand in it as the
//! document states them; `ident` gives them meaning.
//!
//! Not here: which vulnerabilities a component has (`vuln`), who vouches for the document (`statement`).

mod component;
mod format;
mod generate;
mod graph;
mod hash;
mod licence;
mod place;
mod read;
mod write;

pub use component::{Component, ComponentKind, ComponentRef, Evidence, Technique};
pub use format::Format;
pub use generate::{Generated, generate};
pub use graph::{Bom, Metadata, Relation, RelationKind};
pub use hash::HashAlgorithm;
pub use licence::Licence;
pub use place::Place;
pub use read::{Document, ReadError, ReadLimits, Recognised, read, recognise};
pub use write::{Target, Written, write};
