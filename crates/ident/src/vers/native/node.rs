//! Ranges of Node's packages, and of Conan, which took them over: alternatives between `||`, signs, `~`, `^`, `x`.

use super::{Constraint, Constraints, constraint};
use crate::vers::Comparator;

pub(super) fn npm(text: &str) -> Constraints {
    let mut constraints = Vec::new();
    for alternative in text.split("||") {
        let alternative = alternative.trim();
        if let Some((first, last)) = alternative.split_once(" - ") {
            constraints.push(constraint(Comparator::GreaterOrEqual, &completed(first.trim())?));
            constraints.push(constraint(Comparator::LessOrEqual, &completed(last.trim())?));
            continue;
        }
        for word in words(alternative) {
            npm_word(&word, &mut constraints)?;
        }
    }
    (!constraints.is_empty()).then_some(constraints)
}

/// Words, with the space between a sign and its version taken out.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in text.split([' ', '\t', ',']).filter(|word| !word.is_empty()) {
        match words.last_mut().filter(|last| last.ends_with(['<', '>', '=', '~', '^'])) {
            Some(sign) => sign.push_str(word),
            None => words.push(word.to_owned()),
        }
    }
    words
}

fn npm_word(word: &str, out: &mut Vec<Constraint>) -> Option<()> {
    if let Some(version) = word.strip_prefix("~>").or_else(|| word.strip_prefix('~')) {
        let parts = parts(version)?;
        return bounded(version, usize::from(parts > 1), out, "");
    }
    if let Some(version) = word.strip_prefix('^') {
        return bounded(version, caret(version)?, out, "");
    }
    let (comparator, version) = Comparator::split(word);
    let version = version.trim_start_matches(['v', '=']);
    let parts = parts(version)?;
    if comparator == Comparator::Equal && parts < 3 {
        return bounded(version, parts.checked_sub(1)?, out, "");
    }
    out.push(constraint(comparator, &completed(version)?));
    Some(())
}

/// At least `version`, below the next of its part number `at`.
fn bounded(version: &str, at: usize, out: &mut Vec<Constraint>, pre: &str) -> Option<()> {
    let lower = completed(version)?;
    let (release, _) = lower.split_once('-').unwrap_or((&lower, ""));
    let next = super::next_of(release, at)?;
    let upper = completed(&next)?;
    out.push(constraint(Comparator::GreaterOrEqual, &lower));
    out.push(constraint(Comparator::Less, &format!("{upper}{pre}")));
    Some(())
}

/// The first part that is not zero is what a caret keeps.
fn caret(version: &str) -> Option<usize> {
    let (release, _) = version.split_once('-').unwrap_or((version, ""));
    let numbers: Vec<&str> = release.split('.').filter(|part| !is_wild(part)).collect();
    numbers
        .iter()
        .position(|part| !part.trim_matches('0').is_empty())
        .or_else(|| numbers.len().checked_sub(1))
}

/// How many of the three parts are given.
fn parts(version: &str) -> Option<usize> {
    let (release, _) = version.split_once('-').unwrap_or((version, ""));
    let given = release.split('.').take_while(|part| !is_wild(part)).count();
    (given > 0).then_some(given)
}

fn is_wild(part: &str) -> bool {
    matches!(part, "x" | "X" | "*" | "")
}

/// With three numbers, missing ones as zero.
fn completed(version: &str) -> Option<String> {
    let version = version.trim_start_matches(['v', '=']);
    let (release, pre) = version.split_once('-').map_or((version, ""), |(r, p)| (r, p));
    let mut numbers: Vec<&str> =
        release.split('.').map(|part| if is_wild(part) { "0" } else { part }).collect();
    if !numbers
        .iter()
        .all(|n| n.bytes().all(|b| b.is_ascii_digit() || b == b'+' || b.is_ascii_alphanumeric()))
    {
        return None;
    }
    while numbers.len() < 3 {
        numbers.push("0");
    }
    let dash = if pre.is_empty() { "" } else { "-" };
    Some(format!("{}{dash}{pre}", numbers.join(".")))
}

pub(super) fn conan(text: &str) -> Constraints {
    let text = text.split(',').next().unwrap_or_default();
    let mut constraints = Vec::new();
    for alternative in text.split("||") {
        for word in words(alternative.trim()) {
            conan_word(word.trim_end_matches('-'), &mut constraints)?;
        }
    }
    if constraints.is_empty() {
        constraints.push(constraint(Comparator::GreaterOrEqual, "0.0.0"));
    }
    Some(constraints)
}

/// Conan keeps versions as written, and excludes the pre-releases of an upper bound with a hyphen at its end.
fn conan_word(word: &str, out: &mut Vec<Constraint>) -> Option<()> {
    let at = match word.as_bytes().first()? {
        b'*' => {
            out.push(constraint(Comparator::GreaterOrEqual, "0.0.0"));
            return Some(());
        }
        b'~' => usize::from(parts(word.get(1..)?)? > 1),
        b'^' => caret(word.get(1..)?)?,
        _ => {
            let (comparator, version) = Comparator::split(word);
            (!version.is_empty()).then(|| out.push(constraint(comparator, version)))?;
            return Some(());
        }
    };
    let version = word.get(1..)?;
    let (release, _) = version.split_once('-').unwrap_or((version, ""));
    out.push(constraint(Comparator::GreaterOrEqual, version));
    out.push(constraint(Comparator::Less, &format!("{}-", super::next_of(release, at)?)));
    Some(())
}
