//! Non-negative integers with dots between them; reading stops at the first other character.

use std::cmp::Ordering;

use super::number::{Number, take_while};

pub(super) fn compare(left: &str, right: &str) -> Ordering {
    numbers(left).cmp(&numbers(right))
}

fn numbers(version: &str) -> Vec<Number<'_>> {
    let mut rest = version;
    let digits_and_dots = take_while(&mut rest, |b| b.is_ascii_digit() || b == b'.');
    digits_and_dots.split('.').map_while(Number::parse).collect()
}

pub(super) fn valid(version: &str) -> bool {
    version.split('.').all(super::number::is_digits)
}
