//! From text to ranges, strictly and not.

use super::percent;
use super::{Comparator, Constraint, MAX_VERS_BYTES, ParseVersError, Vers};
use crate::Scheme;

/// Type, scheme and the text of the constraints.
type Split<'a> = (String, Option<Scheme>, &'a str);

fn split(text: &str) -> Result<Split<'_>, ParseVersError> {
    if text.len() > MAX_VERS_BYTES {
        return Err(ParseVersError::TooLong { bytes: text.len() });
    }
    let form = || ParseVersError::Form { text: text.to_owned() };
    let rest = text.strip_prefix("vers:").ok_or_else(form)?;
    let (name, constraints) = rest.split_once('/').ok_or_else(form)?;
    let letters = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'-');
    let vers_type = name.to_ascii_lowercase();
    if !letters || !name.starts_with(|c: char| c.is_ascii_alphabetic()) || vers_type == "invalid" {
        return Err(ParseVersError::Type { name: name.to_owned() });
    }
    let scheme = vers_type.parse().ok();
    Ok((vers_type, scheme, constraints))
}

pub(super) fn read(text: &str) -> Result<Vers, ParseVersError> {
    let (vers_type, scheme, text) = split(text)?;
    let pieces: Vec<String> = text
        .split('|')
        .map(|piece| piece.chars().filter(|c| !c.is_ascii_whitespace()).collect::<String>())
        .filter(|piece| !piece.is_empty())
        .collect();
    if let [star] = pieces.as_slice()
        && star == "*"
    {
        return Ok(Vers { vers_type, scheme, constraints: None });
    }
    let constraints: Vec<Constraint> = pieces.iter().map(|p| constraint(p)).collect::<Result<_, _>>()?;
    if constraints.is_empty() {
        return Err(ParseVersError::Sequence { why: "there is none" });
    }
    Ok(Vers::sorted(vers_type, scheme, constraints))
}

pub(super) fn parse(text: &str) -> Result<Vers, ParseVersError> {
    let (vers_type, scheme, text) = split(text)?;
    if text == "*" {
        return Ok(Vers { vers_type, scheme, constraints: None });
    }
    if matches!(vers_type.as_str(), "all" | "none") {
        return Err(ParseVersError::Sequence { why: "this type only has `*`" });
    }
    let constraints: Vec<Constraint> = text.split('|').map(canonical).collect::<Result<_, _>>()?;
    if scheme == Some(Scheme::Datetime) {
        constraints.iter().try_for_each(|c| upper_case_datetime(&c.version))?;
    }
    let range = Vers { vers_type, scheme, constraints: Some(constraints) };
    sequence(&range)?;
    Ok(range)
}

/// A constraint in the only way the specification allows to write it.
fn canonical(text: &str) -> Result<Constraint, ParseVersError> {
    let refuse = |why| ParseVersError::Constraint { constraint: text.to_owned(), why };
    if text.is_empty() {
        return Err(refuse("it is empty"));
    }
    if text.starts_with('=') {
        return Err(refuse("equality has no sign"));
    }
    if !text.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(refuse("spaces, control characters and non-ASCII must be percent-encoded"));
    }
    let constraint = constraint(text)?;
    let (_, written) = Comparator::split(text);
    if percent::encode(&constraint.version) != written {
        return Err(refuse("percent-encoding is not canonical"));
    }
    Ok(constraint)
}

fn constraint(text: &str) -> Result<Constraint, ParseVersError> {
    let refuse = |why| ParseVersError::Constraint { constraint: text.to_owned(), why };
    let (comparator, version) = Comparator::split(text);
    let version = percent::decode(version).ok_or_else(|| refuse("percent-encoding is broken"))?;
    if version.is_empty() || version == "*" {
        return Err(refuse("it has no version"));
    }
    Ok(Constraint { comparator, version })
}

/// RFC 3339 allows lower case; a canonical range does not.
fn upper_case_datetime(version: &str) -> Result<(), ParseVersError> {
    let lower = version.contains(['t', 'z']);
    if lower || !Scheme::Datetime.is_valid(version) {
        return Err(ParseVersError::Constraint {
            constraint: version.to_owned(),
            why: "a time is written as in RFC 3339, with `T` and `Z` in upper case",
        });
    }
    Ok(())
}

/// Clause 5.4.
fn sequence(range: &Vers) -> Result<(), ParseVersError> {
    let constraints = range.constraints().unwrap_or_default();
    if range.scheme.is_some() {
        for pair in constraints.windows(2) {
            let [first, second] = pair else { continue };
            match range.order().compare(&first.version, &second.version) {
                std::cmp::Ordering::Less => {}
                std::cmp::Ordering::Equal => {
                    return Err(ParseVersError::Sequence { why: "a version is named twice" });
                }
                std::cmp::Ordering::Greater => {
                    return Err(ParseVersError::Sequence { why: "they are not sorted by version" });
                }
            }
        }
    }
    let without = |excluded: &[Comparator]| {
        constraints.iter().map(|c| c.comparator).filter(|c| !excluded.contains(c)).collect::<Vec<_>>()
    };
    let upper = |c: Comparator| matches!(c, Comparator::Less | Comparator::LessOrEqual);
    let after_equal = without(&[Comparator::NotEqual]);
    if after_equal.windows(2).any(|pair| matches!(pair, [Comparator::Equal, next] if upper(*next))) {
        return Err(ParseVersError::Sequence { why: "a single version lies in an interval" });
    }
    let bounds = without(&[Comparator::NotEqual, Comparator::Equal]);
    if bounds.windows(2).any(|pair| matches!(pair, [first, second] if upper(*first) == upper(*second))) {
        return Err(ParseVersError::Sequence { why: "lower and upper bounds must alternate" });
    }
    Ok(())
}
