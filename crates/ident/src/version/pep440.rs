//! Python's packages: PEP 440, with its normalizations.

use std::cmp::Ordering;

use super::number::{Number, take_while};

/// Ordered as the PEP's "Summary of permitted suffixes and relative ordering" says.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    epoch: Digits,
    /// Without the zeros at its end.
    release: Vec<Digits>,
    pre: Pre,
    /// `None`, no post-release, lies below.
    post: Option<Digits>,
    dev: Dev,
    local: Option<Vec<Local>>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Pre {
    /// A development release of the plain version comes before its pre-releases.
    DevelopmentOnly,
    Stage(Stage, Digits),
    None,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Alpha,
    Beta,
    Candidate,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Dev {
    Number(Digits),
    None,
}

/// Numbers lie above words.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Local {
    Word(String),
    Number(Digits),
}

/// A number without leading zeros, ordered by length first.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Clone)]
struct Digits(usize, String);

impl Digits {
    fn parse(text: &str) -> Option<Self> {
        Number::parse(text)?;
        let digits = text.trim_start_matches('0');
        Some(Self(digits.len(), digits.to_owned()))
    }

    fn zero() -> Self {
        Self(0, String::new())
    }
}

pub(super) fn compare(left: &str, right: &str) -> Ordering {
    super::by_key(left, right, parse)
}

pub(super) fn valid(version: &str) -> bool {
    parse(version).is_some()
}

fn parse(version: &str) -> Option<Key> {
    let text = version.trim().to_ascii_lowercase();
    let text = text.strip_prefix('v').unwrap_or(&text);
    let (public, local) = text.split_once('+').map_or((text, None), |(public, local)| (public, Some(local)));
    let (epoch, mut rest) = match public.split_once('!') {
        Some((epoch, rest)) => (Digits::parse(epoch)?, rest),
        None => (Digits::zero(), public),
    };
    let release = take_release(&mut rest)?;
    let stage = take_stage(&mut rest);
    let post = take_post(&mut rest);
    let dev = take_suffix(&mut rest, &["dev"]);
    let pre = match (stage, &post, &dev) {
        (Some((stage, number)), ..) => Pre::Stage(stage, number),
        (None, None, Some(_)) => Pre::DevelopmentOnly,
        _ => Pre::None,
    };
    let local = match local {
        Some(local) => Some(local.split(['.', '-', '_']).map(local_part).collect::<Option<_>>()?),
        None => None,
    };
    rest.is_empty().then_some(Key {
        epoch,
        release,
        pre,
        post,
        dev: dev.map_or(Dev::None, Dev::Number),
        local,
    })
}

fn take_release(rest: &mut &str) -> Option<Vec<Digits>> {
    let mut release = vec![Digits::parse(take_while(rest, |b| b.is_ascii_digit()))?];
    while let Some(after) = rest.strip_prefix('.').filter(|r| r.starts_with(|c: char| c.is_ascii_digit())) {
        *rest = after;
        release.push(Digits::parse(take_while(rest, |b| b.is_ascii_digit()))?);
    }
    while release.last() == Some(&Digits::zero()) {
        release.pop();
    }
    Some(release)
}

fn take_stage(rest: &mut &str) -> Option<(Stage, Digits)> {
    if let Some(number) = take_suffix(rest, &["alpha", "a"]) {
        return Some((Stage::Alpha, number));
    }
    if let Some(number) = take_suffix(rest, &["beta", "b"]) {
        return Some((Stage::Beta, number));
    }
    take_suffix(rest, &["rc", "c", "preview", "pre"]).map(|number| (Stage::Candidate, number))
}

/// `.post1`, `-rev1`, `r1`, or the implicit form `-1`.
fn take_post(rest: &mut &str) -> Option<Digits> {
    if let Some(mut after) = rest.strip_prefix('-') {
        let number = Digits::parse(take_while(&mut after, |b| b.is_ascii_digit()));
        if number.is_some() {
            *rest = after;
            return number;
        }
    }
    take_suffix(rest, &["post", "rev", "r"])
}

/// `[.-_]name[.-_][number]`; a missing number is 0.
fn take_suffix(rest: &mut &str, names: &[&str]) -> Option<Digits> {
    let separator = ['.', '-', '_'];
    let bare = rest.strip_prefix(separator).unwrap_or(rest);
    let after = names.iter().find_map(|name| bare.strip_prefix(name))?;
    let mut numbered = after.strip_prefix(separator).unwrap_or(after);
    match Digits::parse(take_while(&mut numbered, |b| b.is_ascii_digit())) {
        Some(number) => {
            *rest = numbered;
            Some(number)
        }
        None if after.starts_with(|c: char| c.is_ascii_alphabetic()) => None,
        None => {
            *rest = after;
            Some(Digits::zero())
        }
    }
}

fn local_part(text: &str) -> Option<Local> {
    if let Some(number) = Digits::parse(text) {
        return Some(Local::Number(number));
    }
    let word = !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric());
    word.then(|| Local::Word(text.to_owned()))
}
