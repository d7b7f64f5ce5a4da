//! Alpine's packages: `1.2.3a_rc1_p2~abcdef-r4`.
//!
//! Source: Alpine's `apk-package(5)`, and for the order of parts that only one side has, apk-tools' own rule that a
//! kind of part which stands earlier in the grammar is greater, except that a pre-release suffix is less.

use std::cmp::Ordering;

use super::number::{Number, is_digits, take_while};

/// One part of a version, in the order of the grammar.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
enum Token<'a> {
    /// A number between dots; the first one never counts as a fraction.
    Digits(&'a str, bool),
    Letter(u8),
    Suffix(Suffix),
    SuffixNumber(Number<'a>),
    Hash(&'a str),
    Revision(Number<'a>),
    End,
    /// What the grammar does not know; compared as text, below everything.
    Invalid(&'a str),
}

/// Pre-releases lie below the plain version, the others above.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Clone, Copy)]
enum Suffix {
    Alpha,
    Beta,
    Pre,
    Rc,
    Cvs,
    Svn,
    Git,
    Hg,
    Patch,
}

const SUFFIXES: &[(&str, Suffix)] = &[
    ("alpha", Suffix::Alpha),
    ("beta", Suffix::Beta),
    ("cvs", Suffix::Cvs),
    ("git", Suffix::Git),
    ("hg", Suffix::Hg),
    ("p", Suffix::Patch),
    ("pre", Suffix::Pre),
    ("rc", Suffix::Rc),
    ("svn", Suffix::Svn),
];

pub(super) fn compare(left: &str, right: &str) -> Ordering {
    let (mut left, mut right) = (Tokens::new(left), Tokens::new(right));
    loop {
        let (l, r) = (left.take(), right.take());
        let order = match (l, r) {
            (Token::End, Token::End) => return Ordering::Equal,
            (Token::Invalid(l), Token::Invalid(r)) => return l.cmp(r),
            (l, r) if l.rank() != r.rank() => return different_kinds(l, r),
            (l, r) => same_kind(l, r),
        };
        if order.is_ne() {
            return order;
        }
    }
}

fn same_kind(left: Token<'_>, right: Token<'_>) -> Ordering {
    match (left, right) {
        (Token::Digits(l, first), Token::Digits(r, _)) => compare_digits(l, r, first),
        (Token::Letter(l), Token::Letter(r)) => l.cmp(&r),
        (Token::Suffix(l), Token::Suffix(r)) => l.cmp(&r),
        (Token::SuffixNumber(l), Token::SuffixNumber(r)) => l.cmp(&r),
        (Token::Hash(l), Token::Hash(r)) => l.cmp(r),
        (Token::Revision(l), Token::Revision(r)) => l.cmp(&r),
        _ => Ordering::Equal,
    }
}

/// A number with a leading zero is a fraction: `1.07` lies below `1.1`.
fn compare_digits(left: &str, right: &str, first: bool) -> Ordering {
    if !first && (left.starts_with('0') || right.starts_with('0')) {
        return left.cmp(right);
    }
    Number::parse(left).cmp(&Number::parse(right))
}

fn different_kinds(left: Token<'_>, right: Token<'_>) -> Ordering {
    let announces = |token: Token<'_>| matches!(token, Token::Suffix(suffix) if suffix <= Suffix::Rc);
    match (left, right) {
        (Token::Invalid(_), _) => Ordering::Less,
        (_, Token::Invalid(_)) => Ordering::Greater,
        _ if announces(left) => Ordering::Less,
        _ if announces(right) => Ordering::Greater,
        _ => right.rank().cmp(&left.rank()),
    }
}

impl Token<'_> {
    fn rank(self) -> u8 {
        match self {
            Self::Digits(..) => 0,
            Self::Letter(_) => 1,
            Self::Suffix(_) => 2,
            Self::SuffixNumber(_) => 3,
            Self::Hash(_) => 4,
            Self::Revision(_) => 5,
            Self::End => 6,
            Self::Invalid(_) => 7,
        }
    }
}

struct Tokens<'a> {
    rest: &'a str,
    last: Token<'a>,
    first: bool,
}

impl<'a> Tokens<'a> {
    fn new(version: &'a str) -> Self {
        Self { rest: version.trim(), last: Token::End, first: true }
    }

    fn take(&mut self) -> Token<'a> {
        let token = self.parse().unwrap_or(Token::Invalid(self.rest));
        self.first = false;
        self.last = token;
        token
    }

    fn parse(&mut self) -> Option<Token<'a>> {
        if self.first {
            return self.digits(true);
        }
        let Some(next) = self.rest.bytes().next() else { return Some(Token::End) };
        let after = self.rest.get(1..).unwrap_or_default();
        match (next, self.last.rank()) {
            (b'.', 0) => {
                self.rest = after;
                self.digits(false)
            }
            (b'a'..=b'z', 0) => {
                self.rest = after;
                Some(Token::Letter(next))
            }
            (b'0'..=b'9', 2) => Number::parse(self.take_digits()).map(Token::SuffixNumber),
            (b'_', 0..=3) => self.suffix(after),
            (b'~', 0..=3) => self.hash(after),
            (b'-', 0..=4) => self.revision(after),
            _ => None,
        }
    }

    fn take_digits(&mut self) -> &'a str {
        take_while(&mut self.rest, |b| b.is_ascii_digit())
    }

    fn digits(&mut self, first: bool) -> Option<Token<'a>> {
        let before = self.rest;
        let digits = self.take_digits();
        if digits.is_empty() {
            self.rest = before;
            return None;
        }
        Some(Token::Digits(digits, first))
    }

    fn suffix(&mut self, after: &'a str) -> Option<Token<'a>> {
        let mut rest = after;
        let word = take_while(&mut rest, |b| b.is_ascii_lowercase());
        let (_, suffix) = SUFFIXES.iter().find(|(name, _)| *name == word)?;
        self.rest = rest;
        Some(Token::Suffix(*suffix))
    }

    fn hash(&mut self, after: &'a str) -> Option<Token<'a>> {
        let mut rest = after;
        let hash = take_while(&mut rest, |b| b.is_ascii_hexdigit() && !b.is_ascii_uppercase());
        self.rest = rest;
        (!hash.is_empty()).then_some(Token::Hash(hash))
    }

    fn revision(&mut self, after: &'a str) -> Option<Token<'a>> {
        let number = after.strip_prefix('r').filter(|number| is_digits(number))?;
        self.rest = "";
        Number::parse(number).map(Token::Revision)
    }
}

pub(super) fn valid(version: &str) -> bool {
    let mut tokens = Tokens::new(version);
    loop {
        match tokens.take() {
            Token::End => return true,
            Token::Invalid(_) => return false,
            _ => {}
        }
    }
}
