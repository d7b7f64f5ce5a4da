//! A checked system as facts in the vocabulary that attack rules read.
//!
//! Names of entries stand in facts as they stand in the model (`web1`); compiled zones as [`crate::zones`] names them;
//! destination classes as `tcp/502`; compared figures as integers with the unit in the relation's meaning. Facts state
//! what is, never that it is bad.

mod emit;
mod relations;

use std::fmt;

pub use relations::{RELATIONS, Relation};

use crate::System;

/// One argument of a fact.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    /// A name.
    Symbol(String),
    /// A figure.
    Int(i64),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Symbol(name) => f.write_str(name),
            Self::Int(figure) => write!(f, "{figure}"),
        }
    }
}

impl From<&str> for Value {
    fn from(name: &str) -> Self {
        Self::Symbol(name.to_owned())
    }
}

impl From<&String> for Value {
    fn from(name: &String) -> Self {
        Self::Symbol(name.clone())
    }
}

impl From<i64> for Value {
    fn from(figure: i64) -> Self {
        Self::Int(figure)
    }
}

/// A relation and its arguments, as many as the relation has columns.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fact {
    /// One of [`RELATIONS`].
    pub relation: &'static str,
    /// In the order of the relation's columns.
    pub args: Vec<Value>,
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let args: Vec<String> = self.args.iter().map(ToString::to_string).collect();
        write!(f, "{}({})", self.relation, args.join(", "))
    }
}

impl System {
    /// All facts, sorted, each once.
    pub fn facts(&self) -> Vec<Fact> {
        emit::facts(self)
    }
}
