//! Gentoo's packages: `1.2.3a_rc1_p2-r4`.
//!
//! Source: Package Manager Specification, "Version Comparison" (algorithms 3.1 to 3.7).

use std::cmp::Ordering;

use super::number::{Number, take_while};

/// `_p` lies above the plain version, the others below.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Suffix {
    Alpha,
    Beta,
    Pre,
    Rc,
    None,
    Patch,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key<'a> {
    first: Number<'a>,
    others: Vec<Component<'a>>,
    letter: &'a str,
    suffixes: Vec<(Suffix, Number<'a>)>,
    revision: Number<'a>,
}

pub(super) fn compare(left: &str, right: &str) -> Ordering {
    super::by_key(left, right, parse)
}

pub(super) fn valid(version: &str) -> bool {
    parse(version).is_some()
}

/// A component after the first. With a leading zero it is a fraction, compared as text without trailing zeros.
#[derive(Debug, PartialEq, Eq)]
struct Component<'a>(&'a str);

impl Ord for Component<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        if self.0.starts_with('0') || other.0.starts_with('0') {
            let (left, right) = (self.0.trim_end_matches('0'), other.0.trim_end_matches('0'));
            return left.cmp(right);
        }
        Number::parse(self.0).cmp(&Number::parse(other.0))
    }
}

impl PartialOrd for Component<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

fn parse(version: &str) -> Option<Key<'_>> {
    let mut rest = version.trim();
    let first = take_number(&mut rest)?;
    let mut others = Vec::new();
    while let Some(after) = rest.strip_prefix('.') {
        rest = after;
        let digits = take_while(&mut rest, |b| b.is_ascii_digit());
        others.push(Component((!digits.is_empty()).then_some(digits)?));
    }
    let letter = take_letter(&mut rest);
    let suffixes = take_suffixes(&mut rest)?;
    let revision = match rest.strip_prefix("-r") {
        Some(digits) => Number::parse(digits)?,
        None if rest.is_empty() => Number::zero(),
        None => return None,
    };
    Some(Key { first, others, letter, suffixes, revision })
}

fn take_number<'a>(text: &mut &'a str) -> Option<Number<'a>> {
    Number::parse(take_while(text, |b| b.is_ascii_digit()))
}

fn take_letter<'a>(text: &mut &'a str) -> &'a str {
    if !text.starts_with(|c: char| c.is_ascii_lowercase()) {
        return "";
    }
    let (letter, rest) = text.split_at_checked(1).unwrap_or(("", text));
    *text = rest;
    letter
}

/// Ends with [`Suffix::None`], which makes `_rc1` less and `_p1` greater than nothing.
fn take_suffixes<'a>(rest: &mut &'a str) -> Option<Vec<(Suffix, Number<'a>)>> {
    let mut suffixes = Vec::new();
    while let Some(after) = rest.strip_prefix('_') {
        *rest = after;
        let suffix = match take_while(rest, |b| b.is_ascii_lowercase()) {
            "alpha" => Suffix::Alpha,
            "beta" => Suffix::Beta,
            "pre" => Suffix::Pre,
            "rc" => Suffix::Rc,
            "p" => Suffix::Patch,
            _ => return None,
        };
        suffixes.push((suffix, take_number(rest).unwrap_or(Number::zero())));
    }
    suffixes.push((Suffix::None, Number::zero()));
    Some(suffixes)
}
