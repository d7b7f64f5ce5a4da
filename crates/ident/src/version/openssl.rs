//! OpenSSL's releases: before 3.0 patch releases have letters (`1.0.1f`, `1.0.2zd`), since then numbers.
//!
//! Source: OpenSSL's "Versioning Policy". Pre-releases are `1.1.0-pre1`, `1.0.2-beta3`, `3.0.0-alpha7`.

use std::cmp::Ordering;

use super::number::{Number, Run, runs, take_while};

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key<'a> {
    numbers: [Number<'a>; 3],
    /// Length first: `z` < `za`.
    letters: (usize, &'a str),
    pre: Pre<'a>,
}

/// A release lies above its pre-releases.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Pre<'a> {
    Stage(&'a str, Number<'a>),
    Release,
}

pub(super) fn compare(left: &str, right: &str) -> Ordering {
    super::by_key(left, right, parse)
}

pub(super) fn valid(version: &str) -> bool {
    parse(version).is_some()
}

fn parse(version: &str) -> Option<Key<'_>> {
    let (mut core, pre) =
        version.trim().split_once('-').map_or((version.trim(), None), |(c, p)| (c, Some(p)));
    let mut numbers = [Number::zero(); 3];
    for (at, number) in numbers.iter_mut().enumerate() {
        if at > 0 {
            let Some(rest) = core.strip_prefix('.') else { break };
            core = rest;
        }
        *number = Number::parse(take_while(&mut core, |b| b.is_ascii_digit()))?;
    }
    let letters = take_while(&mut core, |b| b.is_ascii_lowercase());
    let key = Key { numbers, letters: (letters.len(), letters), pre: pre.map_or(Some(Pre::Release), stage)? };
    core.is_empty().then_some(key)
}

/// `beta3`, `pre1`, or FIPS-like words without number.
fn stage(text: &str) -> Option<Pre<'_>> {
    let mut parts = runs(text);
    let Some(Run::Word(word)) = parts.next() else { return None };
    match parts.next() {
        Some(Run::Number(number)) => Some(Pre::Stage(word, number)),
        None => Some(Pre::Stage(word, Number::zero())),
        Some(Run::Word(_)) => None,
    }
}
