//! Numbers of any length as they stand in versions.

use std::cmp::Ordering;

/// Decimal digits, compared as a number. No overflow, whatever the length.
#[derive(Clone, Copy, Debug)]
pub(super) struct Number<'a>(&'a str);

impl<'a> Number<'a> {
    /// `None` unless `text` is one or more ASCII digits.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        is_digits(text).then(|| Self(text.trim_start_matches('0')))
    }

    pub(super) fn zero() -> Self {
        Self("")
    }

    pub(super) fn is_zero(self) -> bool {
        self.0.is_empty()
    }
}

impl Ord for Number<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.len().cmp(&other.0.len()).then_with(|| self.0.cmp(other.0))
    }
}

impl PartialOrd for Number<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Number<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl Eq for Number<'_> {}

/// One or more ASCII digits.
pub(super) fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// Takes the longest prefix whose bytes satisfy `wanted`, which must accept ASCII only.
pub(super) fn take_while<'a>(text: &mut &'a str, wanted: impl Fn(u8) -> bool) -> &'a str {
    let end = text.bytes().position(|b| !wanted(b)).unwrap_or(text.len());
    let (taken, rest) = text.split_at_checked(end).unwrap_or((text, ""));
    *text = rest;
    taken
}

/// Maximal runs of digits and of letters; whatever separates them is dropped.
pub(super) fn runs(text: &str) -> impl Iterator<Item = Run<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let digits = take_while(&mut rest, |b| b.is_ascii_digit());
        if let Some(number) = Number::parse(digits) {
            return Some(Run::Number(number));
        }
        let start = rest.find(|c: char| c.is_ascii_alphanumeric())?;
        rest = rest.get(start..).unwrap_or_default();
        let digits = take_while(&mut rest, |b| b.is_ascii_digit());
        match Number::parse(digits) {
            Some(number) => Some(Run::Number(number)),
            None => Some(Run::Word(take_while(&mut rest, |b| b.is_ascii_alphabetic()))),
        }
    })
}

/// What [`runs`] yields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Run<'a> {
    Number(Number<'a>),
    Word(&'a str),
}
