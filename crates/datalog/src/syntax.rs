//! What the text says, before names mean anything.

use std::collections::BTreeMap;

use crate::source::Span;

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Text {
    pub(crate) declarations: Vec<Declaration>,
    pub(crate) clauses: Vec<Clause>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Declaration {
    pub(crate) name: String,
    pub(crate) columns: Vec<(String, String, Span)>,
    pub(crate) span: Span,
}

/// A rule, or a fact if the body is empty.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Clause {
    pub(crate) annotations: Vec<Annotation>,
    pub(crate) head: Atom,
    pub(crate) body: Vec<Literal>,
    pub(crate) span: Span,
}

/// `@name("positional", key: value)` in front of a rule. The engine gives it no meaning.
#[derive(Clone, Debug, PartialEq)]
pub struct Annotation {
    /// After the `@`.
    pub name: String,
    /// Values without a key, in order.
    pub positional: Vec<Argument>,
    /// Values with one.
    pub named: BTreeMap<String, Argument>,
    /// Where it stands.
    pub span: Span,
}

/// A value in an annotation.
#[derive(Clone, Debug, PartialEq)]
pub enum Argument {
    /// A name or text in quotes.
    Text(String),
    /// An integer or decimal figure.
    Number(f64),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Atom {
    pub(crate) relation: String,
    pub(crate) relation_span: Span,
    pub(crate) terms: Vec<(Term, Span)>,
    pub(crate) span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Term {
    Variable(String),
    Anything,
    Symbol(String),
    Integer(i64),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Literal {
    Positive(Atom),
    Negative(Atom),
    Compare {
        left: Expr,
        comparison: Comparison,
        right: Expr,
        span: Span,
    },
    Aggregate {
        result: (String, Span),
        function: Function,
        over: Option<(String, Span)>,
        atom: Atom,
        span: Span,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Expr {
    Term(Term, Span),
    Binary(Box<Expr>, Operation, Box<Expr>),
}

impl Expr {
    pub(crate) fn span(&self) -> Span {
        match self {
            Self::Term(_, span) => *span,
            Self::Binary(left, _, right) => left.span().to(right.span()),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparison {
    pub(crate) fn holds(self, left: u32, right: u32) -> bool {
        match self {
            Self::Equal => left == right,
            Self::NotEqual => left != right,
            Self::Less => left < right,
            Self::LessOrEqual => left <= right,
            Self::Greater => left > right,
            Self::GreaterOrEqual => left >= right,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

impl Operation {
    pub(crate) fn apply(self, left: i32, right: i32) -> Option<i32> {
        match self {
            Self::Add => left.checked_add(right),
            Self::Subtract => left.checked_sub(right),
            Self::Multiply => left.checked_mul(right),
            Self::Divide => left.checked_div(right),
            Self::Remainder => left.checked_rem(right),
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
        }
    }
}

/// What an aggregate computes over the facts of one group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Function {
    Count,
    Min,
    Max,
}

impl Function {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Min => "min",
            Self::Max => "max",
        }
    }
}
