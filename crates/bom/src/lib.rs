//! Which components does this document, or this file tree, contain?
//!
//! A [`Bom`] is one component graph, whatever it was read from. Names stand in it as the document states them; `ident`
//! gives them meaning.
//!
//! Not here: which vulnerabilities a component has (`vuln`), who vouches for the document (`statement`).

mod component;
mod graph;
mod hash;
mod licence;

pub use component::{Component, ComponentKind, ComponentRef, Evidence, Technique};
pub use graph::{Bom, Metadata, Relation, RelationKind};
pub use hash::HashAlgorithm;
pub use licence::Licence;
