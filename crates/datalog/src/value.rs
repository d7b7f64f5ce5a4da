//! Facts as callers see them, and the table that turns names into the figures the engine computes with.

use std::collections::HashMap;
use std::fmt;

/// One argument of a fact.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    /// A name or text; equal or not, without further order.
    Symbol(String),
    /// A figure.
    Int(i32),
}

impl fmt::Display for Value {
    /// A symbol is quoted where it would not read back as one word.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(figure) => write!(f, "{figure}"),
            Self::Symbol(name) if is_word(name) => f.write_str(name),
            Self::Symbol(name) => {
                let escaped = name.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
                write!(f, "\"{escaped}\"")
            }
        }
    }
}

/// May stand without quotes in a fact or pattern.
pub(crate) fn is_word(text: &str) -> bool {
    let plain = |c: char| !c.is_whitespace() && !c.is_control() && !"\"(),".contains(c);
    !text.is_empty() && text != "_" && text.chars().all(plain) && !text.contains("//")
}

impl From<&str> for Value {
    fn from(name: &str) -> Self {
        Self::Symbol(name.to_owned())
    }
}

impl From<i32> for Value {
    fn from(figure: i32) -> Self {
        Self::Int(figure)
    }
}

/// A relation and as many arguments as it has columns.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fact {
    /// Name of a declared relation.
    pub relation: String,
    /// In the order of its columns.
    pub args: Vec<Value>,
}

impl Fact {
    /// A fact of symbols only.
    pub fn of(relation: &str, names: &[&str]) -> Self {
        Self { relation: relation.to_owned(), args: names.iter().map(|n| Value::from(*n)).collect() }
    }
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let args: Vec<String> = self.args.iter().map(ToString::to_string).collect();
        write!(f, "{}({})", self.relation, args.join(", "))
    }
}

/// What happened to a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// It holds now.
    Added,
    /// It no longer holds.
    Removed,
}

impl Change {
    /// The opposite.
    pub fn inverse(self) -> Self {
        match self {
            Self::Added => Self::Removed,
            Self::Removed => Self::Added,
        }
    }
}

/// A fact that came or went.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Update {
    /// The fact.
    pub fact: Fact,
    /// Whether it came or went.
    pub change: Change,
}

/// Most columns of a relation, and most variables that are alive between two premises of a rule.
pub(crate) const WIDTH: usize = 8;

/// A fact's arguments as the engine sees them: symbols by number, integers shifted so that they compare as unsigned;
/// unused columns are 0.
pub(crate) type Row = [u32; WIDTH];

pub(crate) fn encode_int(figure: i32) -> u32 {
    figure.cast_unsigned() ^ 0x8000_0000
}

pub(crate) fn decode_int(bits: u32) -> i32 {
    (bits ^ 0x8000_0000).cast_signed()
}

/// Names by number, in order of first appearance: equal input gives equal numbers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Symbols {
    names: Vec<std::sync::Arc<str>>,
    numbers: HashMap<std::sync::Arc<str>, u32>,
}

impl Symbols {
    /// 2³² names do not fit into memory, so numbers do not run out.
    pub(crate) fn intern(&mut self, name: &str) -> u32 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        let shared: std::sync::Arc<str> = name.into();
        self.names.push(shared.clone());
        self.numbers.insert(shared, number);
        number
    }

    pub(crate) fn number(&self, name: &str) -> Option<u32> {
        self.numbers.get(name).copied()
    }

    pub(crate) fn name(&self, number: u32) -> &str {
        self.names.get(number as usize).map_or("?", |name| name)
    }
}
