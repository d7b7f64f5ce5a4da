//! Facts and patterns as people write them outside of rules: no variables, so every word is a name.

use std::fmt;
use std::str::FromStr;

use crate::program::{ColumnType, Program, RelationId};
use crate::source::{Diagnostic, Source, Span, did_you_mean};
use crate::value::{Fact, Symbols, Value, WIDTH, decode_int, encode_int, is_word};

/// A relation with some arguments given, such as `runs_code(a1, plc1, _)`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pattern {
    /// Name of the relation.
    pub relation: String,
    /// `None` is `_`: anything.
    pub args: Vec<Option<String>>,
}

impl fmt::Display for Pattern {
    /// As [`Pattern::from_str`] reads it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |arg: &Option<String>| match arg {
            None => "_".to_owned(),
            Some(figure) if figure.parse::<i32>().is_ok() => figure.clone(),
            Some(name) => Value::Symbol(name.clone()).to_string(),
        };
        let args: Vec<String> = self.args.iter().map(shown).collect();
        write!(f, "{}({})", self.relation, args.join(", "))
    }
}

/// Why text is no pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParsePatternError {
    /// Not of the form `name(…)`.
    #[error("`{}` is no fact; hint: write `relation(name, name)`", .text.escape_debug())]
    Shape {
        /// As written.
        text: String,
    },
    /// An argument that is no word and no text in quotes.
    #[error("`{}` is no argument; hint: quote what holds blanks or brackets", .text.escape_debug())]
    Argument {
        /// As written.
        text: String,
    },
}

impl FromStr for Pattern {
    type Err = ParsePatternError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let shape = || ParsePatternError::Shape { text: text.to_owned() };
        let (relation, rest) = text.trim().split_once('(').ok_or_else(shape)?;
        let inside = rest.trim_end().strip_suffix(')').ok_or_else(shape)?;
        let relation = relation.trim();
        if !is_word(relation) {
            return Err(shape());
        }
        Ok(Self { relation: relation.to_owned(), args: arguments(inside)? })
    }
}

fn arguments(inside: &str) -> Result<Vec<Option<String>>, ParsePatternError> {
    if inside.trim().is_empty() {
        return Ok(Vec::new());
    }
    let mut args = Vec::new();
    for part in split(inside) {
        let part = part.trim();
        let wrong = || ParsePatternError::Argument { text: part.to_owned() };
        args.push(match part.strip_prefix('"') {
            Some(quoted) => Some(unquote(quoted).ok_or_else(wrong)?),
            None if part == "_" => None,
            None if is_word(part) => Some(part.to_owned()),
            None => return Err(wrong()),
        });
    }
    Ok(args)
}

/// At commas outside of quotes.
fn split(inside: &str) -> Vec<&str> {
    let (mut parts, mut start, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    for (at, c) in inside.char_indices() {
        match c {
            '"' if !escaped => quoted = !quoted,
            ',' if !quoted => {
                parts.push(inside.get(start..at).unwrap_or_default());
                start = at + 1;
            }
            _ => {}
        }
        escaped = c == '\\' && !escaped;
    }
    parts.push(inside.get(start..).unwrap_or_default());
    parts
}

fn unquote(rest: &str) -> Option<String> {
    let mut out = String::new();
    let mut chars = rest.chars();
    loop {
        match chars.next()? {
            '"' => return chars.next().is_none().then_some(out),
            '\\' => out.push(match chars.next()? {
                'n' => '\n',
                c => c,
            }),
            c => out.push(c),
        }
    }
}

/// Why a fact or pattern does not belong to a program.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FactError {
    /// Not declared.
    #[error("unknown relation `{name}`{}", .similar.as_ref().map_or_else(String::new, |s| format!("; hint: {s}")))]
    UnknownRelation {
        /// As written.
        name: String,
        /// A similar one.
        similar: Option<String>,
    },
    /// Not as many arguments as columns.
    #[error("`{name}` has {columns} columns, here are {found} arguments")]
    WrongArity {
        /// Of the relation.
        name: String,
        /// Declared.
        columns: usize,
        /// Given.
        found: usize,
    },
    /// A name in an integer column, or the other way round.
    #[error("column `{column}` of `{name}` is of type `{expected}`, `{}` is not", .found.escape_debug())]
    WrongType {
        /// Of the relation.
        name: String,
        /// Of the column.
        column: String,
        /// `symbol` or `int`.
        expected: &'static str,
        /// What was given.
        found: String,
    },
}

impl Program {
    /// Reads facts, one a line as `relation(name, name)`, a full stop after it allowed, `//` for comments.
    ///
    /// # Errors
    /// Every line that is no fact of a declared relation.
    pub fn read_facts(&self, source: Source<'_>) -> Result<Vec<Fact>, FactsError> {
        let mut facts = Vec::new();
        let mut diagnostics = Vec::new();
        let mut offset = 0;
        for line in source.text.split_inclusive('\n') {
            let body = line.trim();
            let start = offset + (line.len() - line.trim_start().len());
            offset += line.len();
            if body.is_empty() || body.starts_with("//") {
                continue;
            }
            match self.read_fact(body.strip_suffix('.').unwrap_or(body)) {
                Ok(fact) => facts.push(fact),
                Err(message) => {
                    let place = |at| u32::try_from(at).unwrap_or(u32::MAX);
                    let span = Span { source: 0, start: place(start), end: place(start + body.len()) };
                    diagnostics.push(Diagnostic::new(&[source], span, message, None));
                }
            }
        }
        if diagnostics.is_empty() { Ok(facts) } else { Err(FactsError { diagnostics }) }
    }

    fn read_fact(&self, text: &str) -> Result<Fact, String> {
        let pattern: Pattern = text.parse().map_err(|e: ParsePatternError| e.to_string())?;
        let id = self.find(&pattern.relation, pattern.args.len()).map_err(|e| e.to_string())?;
        let mut args = Vec::new();
        for ((column, kind), arg) in self.relation(id).columns.iter().zip(&pattern.args) {
            let Some(text) = arg else { return Err("`_` cannot stand in a fact".to_owned()) };
            args.push(match (kind, text.parse()) {
                (ColumnType::Symbol, _) => Value::Symbol(text.clone()),
                (ColumnType::Int, Ok(figure)) => Value::Int(figure),
                (ColumnType::Int, Err(_)) => return Err(wrong(self, id, column, *kind, text).to_string()),
            });
        }
        Ok(Fact { relation: pattern.relation, args })
    }

    /// Whether facts could fit a pattern.
    ///
    /// # Errors
    /// If its relation is not declared, or has other columns.
    pub fn check(&self, pattern: &Pattern) -> Result<(), FactError> {
        self.encode_pattern(&self.symbols, pattern).map(drop)
    }

    pub(crate) fn find(&self, name: &str, arguments: usize) -> Result<RelationId, FactError> {
        let id = self.names.get(name).copied().ok_or_else(|| FactError::UnknownRelation {
            name: name.to_owned(),
            similar: did_you_mean(name, self.names.keys().map(String::as_str)),
        })?;
        let columns = self.relation(id).columns.len();
        if columns == arguments {
            Ok(id)
        } else {
            Err(FactError::WrongArity { name: name.to_owned(), columns, found: arguments })
        }
    }

    /// A fact as the engine sees it; new names get numbers.
    pub(crate) fn encode(
        &self,
        symbols: &mut Symbols,
        fact: &Fact,
    ) -> Result<(RelationId, crate::value::Row), FactError> {
        let id = self.find(&fact.relation, fact.args.len())?;
        let mut row = [0; WIDTH];
        for ((slot, (column, kind)), value) in row.iter_mut().zip(&self.relation(id).columns).zip(&fact.args)
        {
            *slot = match (kind, value) {
                (ColumnType::Symbol, Value::Symbol(name)) => symbols.intern(name),
                (ColumnType::Int, Value::Int(figure)) => encode_int(*figure),
                (kind, found) => return Err(wrong(self, id, column, *kind, &found.to_string())),
            };
        }
        Ok((id, row))
    }

    /// A pattern as the engine sees it; `Ok(None)` if it names something no fact names.
    pub(crate) fn encode_pattern(
        &self,
        symbols: &Symbols,
        pattern: &Pattern,
    ) -> Result<Option<Encoded>, FactError> {
        let id = self.find(&pattern.relation, pattern.args.len())?;
        let mut values = Vec::new();
        for ((column, kind), arg) in self.relation(id).columns.iter().zip(&pattern.args) {
            values.push(match (kind, arg) {
                (_, None) => None,
                (ColumnType::Symbol, Some(name)) => match symbols.number(name) {
                    Some(number) => Some(number),
                    None => return Ok(None),
                },
                (ColumnType::Int, Some(text)) => match text.parse() {
                    Ok(figure) => Some(encode_int(figure)),
                    Err(_) => return Err(wrong(self, id, column, *kind, text)),
                },
            });
        }
        Ok(Some(Encoded { relation: id, values }))
    }

    pub(crate) fn decode(&self, symbols: &Symbols, id: RelationId, row: &[u32]) -> Fact {
        let relation = self.relation(id);
        let value = |((_, kind), bits): (&(String, ColumnType), &u32)| decode(symbols, *kind, *bits);
        Fact { relation: relation.name.clone(), args: relation.columns.iter().zip(row).map(value).collect() }
    }
}

pub(crate) fn decode(symbols: &Symbols, kind: ColumnType, bits: u32) -> Value {
    match kind {
        ColumnType::Symbol => Value::Symbol(symbols.name(bits).to_owned()),
        ColumnType::Int => Value::Int(decode_int(bits)),
    }
}

fn wrong(program: &Program, id: RelationId, column: &str, kind: ColumnType, found: &str) -> FactError {
    FactError::WrongType {
        name: program.relation(id).name.clone(),
        column: column.to_owned(),
        expected: kind.name(),
        found: found.to_owned(),
    }
}

/// A pattern of one program's relation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Encoded {
    pub(crate) relation: RelationId,
    pub(crate) values: Vec<Option<u32>>,
}

impl Encoded {
    /// The columns whose value is given, and the values.
    pub(crate) fn given(&self) -> (Vec<usize>, Vec<u32>) {
        self.values.iter().enumerate().filter_map(|(column, v)| Some((column, (*v)?))).unzip()
    }
}

/// All lines of a text that are no facts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .diagnostics.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n\n"))]
pub struct FactsError {
    /// At least one.
    pub diagnostics: Vec<Diagnostic>,
}
