//! XML Schema 1.0, as far as the schemas of CycloneDX use it: elements, attributes, sequences, choices, wildcards,
//! simple types, uniqueness.
//!
//! Not here: what these schemas do not use (substitution, derivation of complex types, keys, XSD 1.1). A schema that
//! asks for it does not compile.

mod automaton;
mod check;
mod compile;
mod simple;

use std::collections::HashMap;

use automaton::Automaton;
use simple::Simple;

pub(super) use check::check;
pub(super) use compile::compile;

/// Namespace and local name.
type Name = (String, String);

/// Index into [`Schema::types`].
type TypeId = usize;

/// A compiled schema.
#[derive(Debug, Default)]
pub(super) struct Schema {
    /// Namespace of everything it declares.
    target: String,
    types: Vec<Type>,
    /// Elements that may be roots.
    roots: HashMap<String, Root>,
}

#[derive(Debug)]
struct Root {
    kind: TypeId,
    /// Attributes whose values differ in all elements of the document.
    unique: Vec<String>,
}

#[derive(Debug)]
enum Type {
    /// Named, not defined yet; none is left after compiling.
    Undefined,
    /// Whatever stands there.
    Any,
    Simple(Simple),
    Complex(Complex),
}

/// What an element may hold.
#[derive(Debug, Default)]
struct Complex {
    content: Content,
    attributes: HashMap<String, AttributeRule>,
    others: Others,
}

#[derive(Debug, Default)]
enum Content {
    #[default]
    Empty,
    /// Text of a simple type.
    Text(TypeId),
    Elements {
        automaton: Automaton,
        mixed: bool,
    },
}

#[derive(Clone, Debug)]
struct AttributeRule {
    kind: TypeId,
    required: bool,
}

/// Attributes that are not named in the schema.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Others {
    #[default]
    None,
    /// Of namespaces besides the schema's.
    OtherNamespace,
    Any,
}
