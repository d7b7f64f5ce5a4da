//! Conan's packages: any number of items between dots, then `-pre` and `+build`, each again a list of items.
//!
//! Source: Conan 2 documentation, "Version ranges". Conan compares a number with a word as text, which is no order
//! (`10` < `5a` < `9`); here a number is compared with the number that a word begins with, and lies below it if equal.

use std::cmp::Ordering;

use super::number::{Number, take_while};

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key<'a> {
    items: Vec<Item<'a>>,
    pre: Pre<'a>,
    build: Option<Vec<Item<'a>>>,
}

/// A release lies above its pre-releases.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Pre<'a> {
    Items(Vec<Item<'a>>),
    Release,
}

/// Words without a number in front lie above those with one.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Item<'a> {
    Number(Number<'a>, &'a str),
    Word(&'a str),
}

pub(super) fn compare(left: &str, right: &str) -> Ordering {
    key(left).cmp(&key(right))
}

fn key(version: &str) -> Key<'_> {
    let (rest, build) = version.split_once('+').map_or((version, None), |(rest, build)| (rest, Some(build)));
    let (main, pre) = rest.split_once('-').map_or((rest, None), |(main, pre)| (main, Some(pre)));
    Key {
        items: items(main),
        pre: pre.map_or(Pre::Release, |pre| Pre::Items(items(pre))),
        build: build.map(items),
    }
}

/// Zeros at the end do not count.
fn items(text: &str) -> Vec<Item<'_>> {
    let mut items: Vec<Item<'_>> = text.split('.').map(item).collect();
    while matches!(items.last(), Some(Item::Number(number, "")) if number.is_zero()) {
        items.pop();
    }
    items
}

fn item(text: &str) -> Item<'_> {
    let mut rest = text;
    match Number::parse(take_while(&mut rest, |b| b.is_ascii_digit())) {
        Some(number) => Item::Number(number, rest),
        None => Item::Word(text),
    }
}
