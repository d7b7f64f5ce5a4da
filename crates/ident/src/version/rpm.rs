//! RPM packages: `[epoch:]version[-release]`, each part compared as by `rpmvercmp`.
//!
//! Source: RPM's manual, `rpm-version(7)`. A missing release lies below every release, which keeps the order total;
//! RPM itself skips the comparison then, because in a dependency it means "any".

use std::cmp::Ordering;

use super::number::{Number, is_digits, take_while};

pub(super) fn compare(left: &str, right: &str) -> Ordering {
    let (left, right) = (Parts::of(left), Parts::of(right));
    left.epoch.cmp(&right.epoch).then_with(|| compare_part(left.version, right.version)).then_with(|| match (
        left.release,
        right.release,
    ) {
        (Some(left), Some(right)) => compare_part(left, right),
        (left, right) => left.is_some().cmp(&right.is_some()),
    })
}

struct Parts<'a> {
    epoch: Number<'a>,
    version: &'a str,
    release: Option<&'a str>,
}

impl<'a> Parts<'a> {
    fn of(text: &'a str) -> Self {
        let (epoch, rest) = text
            .split_once(':')
            .filter(|(epoch, _)| epoch.is_empty() || is_digits(epoch))
            .map_or((Number::zero(), text), |(e, rest)| (Number::parse(e).unwrap_or(Number::zero()), rest));
        match rest.rsplit_once('-') {
            Some((version, release)) => Self { epoch, version, release: Some(release) },
            None => Self { epoch, version: rest, release: None },
        }
    }
}

fn compare_part(mut left: &str, mut right: &str) -> Ordering {
    loop {
        skip_separators(&mut left);
        skip_separators(&mut right);
        // `~` lies below the end, `^` just above it but below anything else.
        for mark in ['~', '^'] {
            match (left.starts_with(mark), right.starts_with(mark)) {
                (true, true) => break,
                (true, false) => return marked(mark, right),
                (false, true) => return marked(mark, left).reverse(),
                (false, false) => {}
            }
        }
        if left.starts_with(['~', '^']) {
            (left, right) = (left.get(1..).unwrap_or(""), right.get(1..).unwrap_or(""));
            continue;
        }
        if left.is_empty() || right.is_empty() {
            return right.is_empty().cmp(&left.is_empty());
        }
        let order = compare_segment(&mut left, &mut right);
        if order.is_ne() {
            return order;
        }
    }
}

/// The order of what begins with `mark` against `other`, which does not.
fn marked(mark: char, other: &str) -> Ordering {
    if mark == '^' && other.is_empty() { Ordering::Greater } else { Ordering::Less }
}

fn skip_separators(text: &mut &str) {
    *text = text.trim_start_matches(|c: char| !c.is_ascii_alphanumeric() && c != '~' && c != '^');
}

/// Both start with a letter or digit. A number lies above a word.
fn compare_segment(left: &mut &str, right: &mut &str) -> Ordering {
    let numbers = (take_number(left), take_number(right));
    match numbers {
        (Some(left), Some(right)) => left.cmp(&right),
        (Some(_), None) => Ordering::Greater,
        (None, Some(_)) => Ordering::Less,
        (None, None) => take_word(left).cmp(take_word(right)),
    }
}

fn take_number<'a>(text: &mut &'a str) -> Option<Number<'a>> {
    Number::parse(take_while(text, |b| b.is_ascii_digit()))
}

fn take_word<'a>(text: &mut &'a str) -> &'a str {
    take_while(text, |b| b.is_ascii_alphabetic())
}
