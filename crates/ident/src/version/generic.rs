//! Versions of unknown custom, as in CPE names and vendors' bulletins.
//!
//! A version is a sequence of components, padded with zeros without end: a word for a pre-release (`rc`, `beta`) lies
//! below zero, any other word (`p`, `patch`, `R`, `SP`) between zero and one, and letters right behind a number with
//! nothing after them (`1.0.1f`) above every number. That this is a lexicographic order over padded sequences makes it
//! total. The classes follow the idea of libversion's documentation (libversion, `doc/ALGORITHM.md`).

use std::cmp::Ordering;

use super::number::{Number, take_while};

/// Words that announce a release, in the order of its coming.
const BEFORE_RELEASE: &[(&str, u8)] = &[
    ("a", 1),
    ("alpha", 1),
    ("b", 2),
    ("beta", 2),
    ("c", 4),
    ("canary", 0),
    ("cr", 4),
    ("dev", 0),
    ("devel", 0),
    ("ea", 1),
    ("m", 3),
    ("milestone", 3),
    ("nightly", 0),
    ("pre", 4),
    ("preview", 4),
    ("rc", 4),
    ("snapshot", 0),
];

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Component<'a> {
    Before(u8),
    Zero,
    After(String),
    Number(Number<'a>),
    Letters(String),
}

/// The order of two versions; total on all texts.
pub(super) fn compare(left: &str, right: &str) -> Ordering {
    let (mut left, mut right) = (Components::new(left), Components::new(right));
    loop {
        match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (l, r) => {
                let order = l.unwrap_or(Component::Zero).cmp(&r.unwrap_or(Component::Zero));
                if order.is_ne() {
                    return order;
                }
            }
        }
    }
}

struct Components<'a> {
    rest: &'a str,
    /// Whether the last component was a number that the rest touches.
    behind_number: bool,
}

impl<'a> Components<'a> {
    fn new(version: &'a str) -> Self {
        let trimmed = version.trim_start();
        let numbered = |rest: &&str| rest.starts_with(|c: char| c.is_ascii_digit());
        let rest = trimmed.strip_prefix(['v', 'V']).filter(numbered).unwrap_or(trimmed);
        Self { rest, behind_number: false }
    }

    fn word(&mut self) -> Component<'a> {
        let touches = self.behind_number;
        let word = take_while(&mut self.rest, |b| b.is_ascii_alphabetic()).to_ascii_lowercase();
        self.behind_number = false;
        let before_digit = self.rest.starts_with(|c: char| c.is_ascii_digit());
        if touches && !before_digit && word.len() <= 2 && word != "rc" {
            return Component::Letters(word);
        }
        match BEFORE_RELEASE.iter().find(|(name, _)| *name == word) {
            Some((_, stage)) => Component::Before(*stage),
            None => Component::After(word),
        }
    }
}

impl<'a> Iterator for Components<'a> {
    type Item = Component<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let start = self.rest.find(|c: char| c.is_ascii_alphanumeric())?;
        self.behind_number &= start == 0;
        self.rest = self.rest.get(start..)?;
        match Number::parse(take_while(&mut self.rest, |b| b.is_ascii_digit())) {
            Some(number) => {
                self.behind_number = true;
                Some(if number.is_zero() { Component::Zero } else { Component::Number(number) })
            }
            None => Some(self.word()),
        }
    }
}
