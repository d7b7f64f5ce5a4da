//! .NET's packages: up to four numbers, then a pre-release as in Semantic Versioning, without regard to case.

use std::cmp::Ordering;

use super::number::Number;
use super::semver::{self, Pre};

pub(super) fn compare(left: &str, right: &str) -> Ordering {
    let (left, right) = (left.to_ascii_lowercase(), right.to_ascii_lowercase());
    super::by_key(&left, &right, parse)
}

pub(super) fn valid(version: &str) -> bool {
    parse(version).is_some()
}

fn parse(version: &str) -> Option<([Number<'_>; 4], Pre<'_>)> {
    let version = version.trim();
    let version = version.strip_prefix('v').unwrap_or(version);
    let version = version.split_once('+').map_or(version, |(version, _)| version);
    let (core, pre) = match version.split_once('-') {
        Some((core, pre)) => (core, Pre::Identifiers(semver::identifiers(pre)?)),
        None => (version, Pre::Release),
    };
    let mut numbers = [Number::zero(); 4];
    let mut parts = core.split('.');
    for (number, part) in numbers.iter_mut().zip(&mut parts) {
        *number = Number::parse(part)?;
    }
    parts.next().is_none().then_some((numbers, pre))
}
