//! Semantic Versioning 2.0.0.
//!
//! Advisories write `0` or `1.2` where the specification wants three numbers; such versions compare with zeros added,
//! though they are not valid.

use std::cmp::Ordering;

use super::number::{Number, is_digits};

/// Section 11: numbers, then pre-release; build metadata is ignored.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key<'a> {
    numbers: [Number<'a>; 3],
    pre: Pre<'a>,
}

/// A release lies above its pre-releases.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Pre<'a> {
    Identifiers(Vec<Identifier<'a>>),
    Release,
}

/// Numeric identifiers lie below the others.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Identifier<'a> {
    Number(Number<'a>),
    Text(&'a str),
}

pub(super) fn compare(left: &str, right: &str) -> Ordering {
    super::by_key(left, right, parse)
}

pub(super) fn parse(version: &str) -> Option<Key<'_>> {
    let core_and_pre = version.split_once('+').map_or(version, |(core, _)| core);
    let (core, pre) = match core_and_pre.split_once('-') {
        Some((core, pre)) => (core, Pre::Identifiers(identifiers(pre)?)),
        None => (core_and_pre, Pre::Release),
    };
    let mut numbers = [Number::zero(); 3];
    let mut parts = core.split('.');
    for (number, part) in numbers.iter_mut().zip(&mut parts) {
        *number = Number::parse(part)?;
    }
    parts.next().is_none().then_some(Key { numbers, pre })
}

pub(super) fn identifiers(pre: &str) -> Option<Vec<Identifier<'_>>> {
    pre.split('.').map(identifier).collect()
}

fn identifier(text: &str) -> Option<Identifier<'_>> {
    if let Some(number) = Number::parse(text) {
        return Some(Identifier::Number(number));
    }
    is_identifier(text).then_some(Identifier::Text(text))
}

fn is_identifier(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// The grammar of the specification: three numbers without leading zeros, well-formed identifiers.
pub(super) fn valid(version: &str) -> bool {
    let (rest, build) = version.split_once('+').map_or((version, None), |(rest, build)| (rest, Some(build)));
    let (core, pre) = rest.split_once('-').map_or((rest, None), |(core, pre)| (core, Some(pre)));
    let plain = |number: &str| is_digits(number) && (number == "0" || !number.starts_with('0'));
    core.split('.').count() == 3
        && core.split('.').all(plain)
        && pre.is_none_or(|pre| pre.split('.').all(|i| is_identifier(i) && (!is_digits(i) || plain(i))))
        && build.is_none_or(|build| build.split('.').all(is_identifier))
}
