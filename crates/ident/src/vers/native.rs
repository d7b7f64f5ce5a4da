//! Ranges in the notations of package managers.
//!
//! The constraints of all alternatives are listed, as the specification's own cases want it; overlapping alternatives
//! are not merged.

use super::{Comparator, Constraint, Vers};
use crate::Scheme;

mod brackets;
mod node;

/// Why a text is not a native range.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum NativeRangeError {
    /// The scheme has no notation that is known here.
    #[error("no notation of ranges is known for `{scheme}`")]
    NoNotation {
        /// The scheme.
        scheme: &'static str,
    },
    /// The text is not of the scheme's notation.
    #[error("`{text}` is not a range of `{scheme}`")]
    Malformed {
        /// The scheme.
        scheme: &'static str,
        /// What was read.
        text: String,
    },
}

type Constraints = Option<Vec<Constraint>>;

pub(super) fn read(scheme: Scheme, text: &str) -> Result<Vers, NativeRangeError> {
    let malformed = || NativeRangeError::Malformed { scheme: scheme.name(), text: text.to_owned() };
    let trimmed = text.trim();
    if trimmed == "*" && scheme != Scheme::Conan {
        return Ok(Vers::all(scheme));
    }
    let constraints = match scheme {
        Scheme::Npm | Scheme::Semver => node::npm(trimmed),
        Scheme::Conan => node::conan(trimmed),
        Scheme::NuGet | Scheme::Maven => brackets::intervals(trimmed),
        Scheme::Gem => list(trimmed, gem),
        Scheme::Pep440 => list(trimmed, python),
        Scheme::OpenSsl => list(trimmed, plain),
        Scheme::Generic => list_of_branches(trimmed),
        Scheme::Debian | Scheme::Rpm | Scheme::Apk | Scheme::Arch => list(trimmed, package),
        _ => return Err(NativeRangeError::NoNotation { scheme: scheme.name() }),
    };
    Ok(Vers::new(scheme, constraints.ok_or_else(malformed)?))
}

/// Items between commas.
fn list(text: &str, item: impl Fn(&str) -> Constraints) -> Constraints {
    let items = text.split(',').map(|text| item(text.trim())).collect::<Option<Vec<_>>>()?;
    Some(items.into_iter().flatten().collect())
}

fn constraint(comparator: Comparator, version: &str) -> Constraint {
    Constraint { comparator, version: version.to_owned() }
}

/// `>= 1.0`, with the signs that VERS has.
fn plain(text: &str) -> Constraints {
    let (comparator, version) = Comparator::split(text);
    single(comparator, version)
}

fn single(comparator: Comparator, version: &str) -> Constraints {
    let version = version.trim();
    let whole = !version.is_empty() && !version.contains(|c: char| c.is_whitespace() || "<>=!|".contains(c));
    whole.then(|| vec![constraint(comparator, version)])
}

/// `~> 2.0.8`: at least this, below the next of the last part but one.
fn gem(text: &str) -> Constraints {
    let Some(version) = text.strip_prefix("~>") else { return plain(text) };
    let version = version.trim();
    let upper = next_of(version, version.split('.').count().saturating_sub(2))?;
    Some(vec![constraint(Comparator::GreaterOrEqual, version), constraint(Comparator::Less, &upper)])
}

/// PEP 440: `==`, `===` and `~=` besides the usual signs.
fn python(text: &str) -> Constraints {
    if let Some(version) = text.strip_prefix("===").or_else(|| text.strip_prefix("==")) {
        return single(Comparator::Equal, version);
    }
    let Some(version) = text.strip_prefix("~=") else { return plain(text) };
    let version = version.trim();
    let upper = next_of(version, version.split('.').count().checked_sub(2)?)?;
    Some(vec![constraint(Comparator::GreaterOrEqual, version), constraint(Comparator::Less, &upper)])
}

/// Debian doubles the sign of strict comparison.
fn package(text: &str) -> Constraints {
    if let Some(version) = text.strip_prefix("<<") {
        return single(Comparator::Less, version);
    }
    match text.strip_prefix(">>") {
        Some(version) => single(Comparator::Greater, version),
        None => plain(text),
    }
}

/// nginx: `0.7.52-0.8.39`, `1.4.1+` (up to the end of a stable, even-numbered branch), `0.9.10`.
fn list_of_branches(text: &str) -> Constraints {
    list(text, |item| {
        if let Some((first, last)) = item.split_once('-') {
            let last = constraint(Comparator::LessOrEqual, last.trim());
            return Some(vec![constraint(Comparator::GreaterOrEqual, first.trim()), last]);
        }
        let Some(version) = item.strip_suffix('+') else { return plain(item) };
        let mut constraints = vec![constraint(Comparator::GreaterOrEqual, version)];
        let branch: u64 = version.split('.').nth(1)?.parse().ok()?;
        if branch.is_multiple_of(2) {
            constraints.push(constraint(Comparator::Less, &format!("{}.0", next_of(version, 1)?)));
        }
        Some(constraints)
    })
}

/// The version cut behind its part number `at`, which is counted up: `1.2.3`, 1 → `1.3`.
fn next_of(version: &str, at: usize) -> Option<String> {
    let parts: Vec<&str> = version.split('.').collect();
    let number: u64 = parts.get(at)?.parse().ok()?;
    let kept = parts.get(..at)?.iter().map(|part| format!("{part}.")).collect::<String>();
    Some(format!("{kept}{}", number.checked_add(1)?))
}
