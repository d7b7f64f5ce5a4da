//! Maven's artifacts.
//!
//! Source: Maven's "POM Reference", section "Version Order Specification": tokens between dots, hyphens and changes
//! between digits and letters; trailing null values dropped before each hyphen; then the order of token after token,
//! the shorter one padded with nulls that fit the other's separator.

use std::cmp::Ordering;

use super::number::Number;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Separator {
    Hyphen,
    Dot,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Value<'a> {
    Number(Number<'a>),
    Qualifier(Qualifier),
}

/// Well-known qualifiers in their order; others follow by name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Qualifier {
    Alpha,
    Beta,
    Milestone,
    Candidate,
    Snapshot,
    Release,
    ServicePack,
    Other(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Token<'a> {
    separator: Separator,
    value: Value<'a>,
}

pub(super) fn compare(left: &str, right: &str) -> Ordering {
    let (left, right) = (left.trim().to_ascii_lowercase(), right.trim().to_ascii_lowercase());
    let (left, right) = (tokens(&left), tokens(&right));
    (0..left.len().max(right.len()))
        .map(|at| match (left.get(at), right.get(at)) {
            (Some(l), Some(r)) => compare_tokens(l, r),
            (Some(l), None) => compare_tokens(l, &padding(l)),
            (None, Some(r)) => compare_tokens(&padding(r), r),
            (None, None) => Ordering::Equal,
        })
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}

/// The null value that fits the other side. Maven's own code departs from its text here: beside a qualifier the null is a
/// release also after a dot (`2.0` < `2.0.a`).
fn padding<'a>(other: &Token<'_>) -> Token<'a> {
    let value = match (&other.value, other.separator) {
        (Value::Number(_), Separator::Dot) => Value::Number(Number::zero()),
        _ => Value::Qualifier(Qualifier::Release),
    };
    Token { separator: other.separator, value }
}

fn compare_tokens(left: &Token<'_>, right: &Token<'_>) -> Ordering {
    match (&left.value, &right.value) {
        (Value::Number(l), Value::Number(r)) => left.separator.cmp(&right.separator).then_with(|| l.cmp(r)),
        (Value::Number(_), Value::Qualifier(_)) => Ordering::Greater,
        (Value::Qualifier(_), Value::Number(_)) => Ordering::Less,
        (Value::Qualifier(l), Value::Qualifier(r)) => l.cmp(r),
    }
}

fn tokens(version: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut separator = Separator::Hyphen;
    let mut rest = version;
    loop {
        let end = token_end(rest);
        let (text, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
        let before_digit = after.starts_with(|c: char| c.is_ascii_digit());
        let next = match after.chars().next() {
            Some('.') => Separator::Dot,
            _ => Separator::Hyphen,
        };
        tokens.push(token(separator, text, before_digit));
        if next == Separator::Hyphen {
            drop_nulls(&mut tokens);
        }
        if after.is_empty() {
            return tokens;
        }
        rest = after.strip_prefix(['.', '-', '_']).unwrap_or(after);
        separator = next;
    }
}

/// Up to a separator or a change between digits and other characters.
fn token_end(text: &str) -> usize {
    let digits = text.starts_with(|c: char| c.is_ascii_digit());
    text.find(|c: char| matches!(c, '.' | '-' | '_') || c.is_ascii_digit() != digits).unwrap_or(text.len())
}

fn token(separator: Separator, text: &str, before_digit: bool) -> Token<'_> {
    let value = match Number::parse(text) {
        Some(number) => Value::Number(number),
        None if text.is_empty() => Value::Number(Number::zero()),
        None => Value::Qualifier(qualifier(text, before_digit)),
    };
    Token { separator, value }
}

fn qualifier(text: &str, before_digit: bool) -> Qualifier {
    match text {
        "alpha" => Qualifier::Alpha,
        "beta" => Qualifier::Beta,
        "milestone" => Qualifier::Milestone,
        "a" if before_digit => Qualifier::Alpha,
        "b" if before_digit => Qualifier::Beta,
        "m" if before_digit => Qualifier::Milestone,
        "rc" | "cr" => Qualifier::Candidate,
        "snapshot" => Qualifier::Snapshot,
        "" | "ga" | "final" | "release" => Qualifier::Release,
        "sp" => Qualifier::ServicePack,
        other => Qualifier::Other(other.to_owned()),
    }
}

fn drop_nulls(tokens: &mut Vec<Token<'_>>) {
    while matches!(tokens.last(), Some(token) if is_null(&token.value)) {
        tokens.pop();
    }
}

fn is_null(value: &Value<'_>) -> bool {
    match value {
        Value::Number(number) => number.is_zero(),
        Value::Qualifier(qualifier) => *qualifier == Qualifier::Release,
    }
}
