//! What can be wrong with a name.

use crate::source::Span;

/// Why names mean nothing, or the wrong thing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResolveError {
    /// Not declared anywhere.
    #[error("unknown relation `{name}`")]
    UnknownRelation {
        /// As written.
        name: String,
        /// A similar declared one.
        similar: Option<String>,
        /// Where.
        span: Span,
    },
    /// Declared twice, differently.
    #[error("`{name}` is declared twice with different columns")]
    Redeclared {
        /// Of the relation.
        name: String,
        /// The second declaration.
        span: Span,
    },
    /// Neither `symbol` nor `int`.
    #[error("unknown type `{name}`")]
    UnknownType {
        /// As written.
        name: String,
        /// Where.
        span: Span,
    },
    /// More than 8.
    #[error("`{name}` has more than 8 columns")]
    TooManyColumns {
        /// Of the relation.
        name: String,
        /// Its declaration.
        span: Span,
    },
    /// Not as many as columns.
    #[error("`{name}` has {columns} columns, here are {found} arguments")]
    WrongArity {
        /// Of the relation.
        name: String,
        /// Declared.
        columns: usize,
        /// Written.
        found: usize,
        /// Where.
        span: Span,
    },
    /// A name where a figure must stand, or the other way round.
    #[error("expected {expected}, found {found}")]
    WrongType {
        /// In words.
        expected: String,
        /// In words.
        found: String,
        /// Where.
        span: Span,
    },
    /// A fact of figures outside of 32 bits.
    #[error("this figure is too large")]
    Overflow {
        /// Where.
        span: Span,
    },
    /// `_` in a head, an expression or a fact.
    #[error("`_` cannot stand here")]
    Anything {
        /// Where.
        span: Span,
    },
    /// A fact with a variable.
    #[error("a fact has no variables, `{name}` is one")]
    VariableInFact {
        /// As written.
        name: String,
        /// Where.
        span: Span,
    },
    /// `min X { … }` without `X` in the braces, or a group wider than the engine.
    #[error("`{name}` does not stand in the braces, or there are more than 7 variables in them")]
    Aggregate {
        /// The variable.
        name: String,
        /// Where.
        span: Span,
    },
}

impl ResolveError {
    pub(crate) fn span(&self) -> Span {
        match self {
            Self::UnknownRelation { span, .. }
            | Self::Redeclared { span, .. }
            | Self::UnknownType { span, .. }
            | Self::TooManyColumns { span, .. }
            | Self::WrongArity { span, .. }
            | Self::WrongType { span, .. }
            | Self::Overflow { span }
            | Self::Anything { span }
            | Self::VariableInFact { span, .. }
            | Self::Aggregate { span, .. } => *span,
        }
    }

    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownRelation { similar: Some(similar), .. } => Some(similar.clone()),
            Self::UnknownRelation { name, .. } => Some(format!("declare it: `.decl {name}(…)`")),
            Self::UnknownType { .. } => Some("types are `symbol` and `int`".to_owned()),
            Self::VariableInFact { .. } => {
                Some("write names that begin with a capital in double quotes".to_owned())
            }
            Self::Overflow { .. } => Some("figures are between -2147483648 and 2147483647".to_owned()),
            Self::Anything { .. } => Some("give it a name and bind that in a premise".to_owned()),
            _ => None,
        }
    }
}
