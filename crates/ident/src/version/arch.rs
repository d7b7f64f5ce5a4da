//! Arch Linux's packages: `[epoch:]version[-release]`, compared as by pacman's `vercmp(8)`.
//!
//! A version without release equals the same version with any release, so this is no total order; among versions that
//! all have a release, or all have none, it is one.

use std::cmp::Ordering;

use super::number::{Number, is_digits, take_while};

pub(super) fn compare(left: &str, right: &str) -> Ordering {
    let ((left_epoch, left), (right_epoch, right)) = (split_epoch(left), split_epoch(right));
    let ((left, left_release), (right, right_release)) = (split_release(left), split_release(right));
    left_epoch.cmp(&right_epoch).then_with(|| compare_part(left, right)).then_with(|| {
        match (left_release, right_release) {
            (Some(left), Some(right)) => compare_part(left, right),
            _ => Ordering::Equal,
        }
    })
}

fn split_epoch(text: &str) -> (Number<'_>, &str) {
    match text.split_once(':') {
        Some((epoch, rest)) if epoch.is_empty() || is_digits(epoch) => {
            (Number::parse(epoch).unwrap_or(Number::zero()), rest)
        }
        _ => (Number::zero(), text),
    }
}

fn split_release(text: &str) -> (&str, Option<&str>) {
    text.rsplit_once('-').map_or((text, None), |(version, release)| (version, Some(release)))
}

fn compare_part(mut left: &str, mut right: &str) -> Ordering {
    while !left.is_empty() && !right.is_empty() {
        let gaps = (skip_separators(&mut left), skip_separators(&mut right));
        if left.is_empty() || right.is_empty() {
            break;
        }
        let order = gaps.0.cmp(&gaps.1).then_with(|| compare_segment(&mut left, &mut right));
        if order.is_ne() {
            return order;
        }
    }
    // What has something left is greater, unless that is a word: `1.0rc` comes before `1.0`.
    match (left.is_empty(), right.is_empty()) {
        (true, true) => Ordering::Equal,
        (true, false) => {
            if starts_with_letter(right) {
                Ordering::Greater
            } else {
                Ordering::Less
            }
        }
        (false, _) => {
            if starts_with_letter(left) {
                Ordering::Less
            } else {
                Ordering::Greater
            }
        }
    }
}

fn starts_with_letter(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
}

fn skip_separators(text: &mut &str) -> usize {
    let rest = text.trim_start_matches(|c: char| !c.is_ascii_alphanumeric());
    let skipped = text.len() - rest.len();
    *text = rest;
    skipped
}

/// Both start with a letter or digit. A number lies above a word.
fn compare_segment(left: &mut &str, right: &mut &str) -> Ordering {
    match (take_number(left), take_number(right)) {
        (Some(left), Some(right)) => left.cmp(&right),
        (Some(_), None) => Ordering::Greater,
        (None, Some(_)) => Ordering::Less,
        (None, None) => {
            let word = |text: &mut &str| take_while(text, |b| b.is_ascii_alphabetic()).to_owned();
            word(left).cmp(&word(right))
        }
    }
}

fn take_number<'a>(text: &mut &'a str) -> Option<Number<'a>> {
    Number::parse(take_while(text, |b| b.is_ascii_digit()))
}
