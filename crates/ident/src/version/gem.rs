//! Ruby's packages (`Gem::Version`): numbers and words; a word lies below every number, so it marks a pre-release.

use std::cmp::Ordering;

use super::number::{Number, Run, runs};

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Segment<'a> {
    Word(&'a str),
    Number(Number<'a>),
}

pub(super) fn compare(left: &str, right: &str) -> Ordering {
    // A hyphen starts a pre-release: RubyGems reads it as `.pre.`.
    let (left, right) = (left.trim().replace('-', ".pre."), right.trim().replace('-', ".pre."));
    let (left, right) = (segments(&left), segments(&right));
    let length = left.len().max(right.len());
    let zero = || Segment::Number(Number::zero());
    (0..length)
        .map(|at| left.get(at).unwrap_or(&zero()).cmp(right.get(at).unwrap_or(&zero())))
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}

/// Without the zeros that end the release or the whole: `1.0.0.a` is `1.a`.
fn segments(version: &str) -> Vec<Segment<'_>> {
    let mut segments = Vec::new();
    for run in runs(version) {
        match run {
            Run::Number(number) => segments.push(Segment::Number(number)),
            Run::Word(word) => {
                if !segments.iter().any(|s| matches!(s, Segment::Word(_))) {
                    drop_zeros(&mut segments);
                }
                segments.push(Segment::Word(word));
            }
        }
    }
    drop_zeros(&mut segments);
    segments
}

fn drop_zeros(segments: &mut Vec<Segment<'_>>) {
    while matches!(segments.last(), Some(Segment::Number(number)) if number.is_zero()) {
        segments.pop();
    }
}

/// `Gem::Version::VERSION_PATTERN`: numbers and words between dots, an optional part behind a hyphen.
pub(super) fn valid(version: &str) -> bool {
    let version = version.trim();
    let (release, pre) = version.split_once('-').map_or((version, None), |(r, p)| (r, Some(p)));
    let word = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric());
    version.starts_with(|c: char| c.is_ascii_digit())
        && release.split('.').all(word)
        && pre.is_none_or(|pre| pre.split(['.', '-']).all(word))
}
