//! Which components does this document, or this file tree, contain?
//!
//! A [`Bom`] is one component graph, whatever it was read from: [`read`] takes documents, [`write()`]
//! makes one, [`generate`] looks into a file tree, [`validate`] judges a document by its standard. Names stand in it as the
//! document states them; `ident` gives them meaning.
//!
//! Not here: which vulnerabilities a component has (`vuln`), who vouches for the document (`statement`).

mod component;
mod diff;
mod format;
mod generate;
mod graph;
mod hash;
mod json_tree;
mod licence;
mod merge;
mod place;
mod quality;
mod read;
mod validate;
mod write;
mod xml;

pub use component::{Component, ComponentKind, ComponentRef, Evidence, Technique};
pub use diff::{Change, Difference, FieldChange, Item, Move, diff};
pub use format::Format;
pub use generate::{Generated, Installed, generate, installed};
pub use graph::{Bom, Metadata, Relation, RelationKind};
pub use hash::HashAlgorithm;
pub use json_tree::{JsonTree, JsonTreeError};
pub use licence::Licence;
pub use merge::{Conflict, Merged, merge};
pub use place::Place;
pub use quality::{Element, Quality, quality};
pub use read::{Document, ReadError, ReadLimits, Recognised, each_component, read, recognise};
pub use validate::{Outcome, Verdict, Violation, validate};
pub use write::{Target, Written, write};
