//! Debian's packages: `[epoch:]upstream[-revision]`, ordered as Debian Policy 5.6.12 states.

use std::cmp::Ordering;

use super::number::{Number, take_while};

pub(super) fn compare(left: &str, right: &str) -> Ordering {
    let (left, right) = (Parts::of(left), Parts::of(right));
    left.epoch
        .cmp(&right.epoch)
        .then_with(|| compare_part(left.upstream, right.upstream))
        .then_with(|| compare_part(left.revision, right.revision))
}

struct Parts<'a> {
    epoch: Number<'a>,
    upstream: &'a str,
    revision: &'a str,
}

impl<'a> Parts<'a> {
    fn of(version: &'a str) -> Self {
        let version = version.trim();
        let (epoch, rest) = version
            .split_once(':')
            .and_then(|(epoch, rest)| Some((Number::parse(epoch)?, rest)))
            .unwrap_or((Number::zero(), version));
        let (upstream, revision) = rest.rsplit_once('-').unwrap_or((rest, ""));
        Self { epoch, upstream, revision }
    }
}

/// Alternates between non-digits, where `~` lies below the end and letters below the rest, and numbers.
fn compare_part(mut left: &str, mut right: &str) -> Ordering {
    while !(left.is_empty() && right.is_empty()) {
        let order = compare_text(take_text(&mut left), take_text(&mut right))
            .then_with(|| take_number(&mut left).cmp(&take_number(&mut right)));
        if order.is_ne() {
            return order;
        }
    }
    Ordering::Equal
}

fn take_number<'a>(text: &mut &'a str) -> Number<'a> {
    Number::parse(take_while(text, |b| b.is_ascii_digit())).unwrap_or(Number::zero())
}

fn take_text<'a>(text: &mut &'a str) -> &'a str {
    let end = text.find(|c: char| c.is_ascii_digit()).unwrap_or(text.len());
    let (taken, rest) = text.split_at_checked(end).unwrap_or((text, ""));
    *text = rest;
    taken
}

fn compare_text(left: &str, right: &str) -> Ordering {
    let weights = |text: &str| text.chars().map(weight).chain([0]).collect::<Vec<_>>();
    weights(left).cmp(&weights(right))
}

/// The end weighs 0.
fn weight(c: char) -> i64 {
    match c {
        '~' => -1,
        c if c.is_ascii_alphabetic() => i64::from(u32::from(c)),
        c => i64::from(u32::from(c)) + 256,
    }
}

/// Policy 5.6.12: digits first, then `.+-~`, with a numeric epoch.
pub(super) fn valid(version: &str) -> bool {
    let (epoch, rest) = version.split_once(':').map_or((None, version), |(e, rest)| (Some(e), rest));
    epoch.is_none_or(super::number::is_digits)
        && rest.starts_with(|c: char| c.is_ascii_alphanumeric())
        && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b".+-~:".contains(&b))
}
