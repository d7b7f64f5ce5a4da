//! What library functions do, read from the data files under `knowledge/`.
//!
//! The form of the files is described in `knowledge/README.md`. They are part of the program, so a mistake in them is a
//! failing test, not an error.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::labels::Labels;

/// A place that a library function reads or writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Spot {
    /// Argument `n`, or what it points to.
    Argument(u8),
    /// Argument `n` and all behind it.
    From(u8),
    /// The object that argument `n` points to, which knows its own length.
    Object(u8),
    /// The buffers of the message whose header argument `n` points to (`struct msghdr`).
    Message(u8),
    /// The stream of C++ whose buffer argument `n` points to.
    Stream(u8),
    /// What it returns, or what that points to.
    Result,
}

/// How two texts are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Comparison {
    /// As a whole.
    Text,
    /// As a whole, upper and lower case alike.
    Caseless,
    /// Up to a number of bytes.
    Prefix,
    /// Up to a number of bytes, upper and lower case alike.
    CaselessPrefix,
    /// Exactly a number of bytes.
    Bytes,
    /// Somewhere inside.
    Contains,
}

/// One thing that a library function does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fact {
    /// Data of this kind comes in.
    Source(Labels, Spot),
    /// Data comes in through the descriptor or stream in argument `n`.
    Through(u8, Spot),
    /// The result, or what an argument points to, is a descriptor or stream.
    Opens(Labels, Spot),
    /// Compares argument `left` with `right`; `length` limits.
    Compares {
        /// How.
        how: Comparison,
        /// First text.
        left: u8,
        /// Second text.
        right: u8,
        /// Argument that limits.
        length: Option<u8>,
    },
    /// Data moves.
    Copies(Spot, Spot),
    /// A sensitive operation, with the argument that says on what.
    Does(&'static str, Option<u8>),
    /// The result says whether somebody is authenticated.
    Decides,
    /// The result is derived from a secret so that it cannot be turned back.
    Derives,
    /// Calls the function in one argument with another as its first.
    Calls(u8, Option<u8>),
    /// Hands what stands in the structure that argument `n` points to to the program that it starts.
    Hands(u8),
    /// In 32-bit Windows code, takes this many words of arguments off the stack.
    Pops(u8),
}

/// Files whose content nobody outside has a right to.
const CONFIDENTIAL: &str = include_str!("../knowledge/confidential.txt");

/// Is this the path of such a file?
pub(crate) fn is_confidential(path: &[u8]) -> bool {
    let lines = CONFIDENTIAL.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
    lines.filter(|line| !line.is_empty()).map(str::as_bytes).any(|known| match known.last() {
        Some(b'/') => path.starts_with(known),
        _ => path == known,
    })
}

/// Variables in which a web server hands a request's own texts to a program. Source: RFC 3875, section 4.1.
const REQUEST_VARIABLES: &[&[u8]] = &[
    b"CONTENT_LENGTH",
    b"CONTENT_TYPE",
    b"PATH_INFO",
    b"PATH_TRANSLATED",
    b"QUERY_STRING",
    b"REQUEST_METHOD",
    b"REQUEST_URI",
];

/// Where data comes from that `labels` tells of, if the call names this: the environment holds requests, too.
pub(crate) fn origin(labels: Labels, named: Option<&[u8]>) -> Labels {
    let request = named.is_some_and(|name| REQUEST_VARIABLES.contains(&name) || name.starts_with(b"HTTP_"));
    if labels == Labels::ENVIRONMENT && request { Labels::NETWORK } else { labels }
}

const FILES: &[&str] = &[
    include_str!("../knowledge/authentication.txt"),
    include_str!("../knowledge/cpp.txt"),
    include_str!("../knowledge/cryptography.txt"),
    include_str!("../knowledge/glib.txt"),
    include_str!("../knowledge/interpreters.txt"),
    include_str!("../knowledge/libc.txt"),
    include_str!("../knowledge/network.txt"),
    include_str!("../knowledge/storage.txt"),
    include_str!("../knowledge/win32.txt"),
];

static KNOWLEDGE: LazyLock<BTreeMap<&'static str, Vec<Fact>>> =
    LazyLock::new(|| FILES.iter().flat_map(|file| file.lines()).filter_map(function).collect());

/// What is known of a library function; empty if nothing.
pub fn facts_of(name: &str) -> &'static [Fact] {
    let known = |name: &str| KNOWLEDGE.get(name).map(Vec::as_slice);
    let plain = || known(name.strip_prefix("__")?.strip_suffix("_chk")?);
    known(name).or_else(plain).unwrap_or_default()
}

/// Every operation name that the knowledge uses, sorted.
pub fn operations() -> Vec<&'static str> {
    let all = KNOWLEDGE.values().flatten().filter_map(|fact| match fact {
        Fact::Does(operation, _) => Some(*operation),
        _ => None,
    });
    let mut all: Vec<&str> = all.collect();
    all.sort_unstable();
    all.dedup();
    all
}

fn function(line: &'static str) -> Option<(&'static str, Vec<Fact>)> {
    let line = line.split('#').next()?.trim();
    let (name, facts) = line.split_once(char::is_whitespace)?;
    Some((name, facts.split(';').filter_map(fact).collect()))
}

fn fact(text: &'static str) -> Option<Fact> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let number = |word: &str| word.parse::<u8>().ok();
    Some(match words.as_slice() {
        ["source", "through", n, to] => Fact::Through(number(n)?, spot(to)?),
        ["source", kind, to] => Fact::Source(Labels::named(kind)?, spot(to)?),
        ["opens", kind] => Fact::Opens(Labels::opened(kind)?, Spot::Result),
        ["opens", kind, what] => Fact::Opens(Labels::opened(kind)?, spot(what)?),
        ["compares", how, left, right, rest @ ..] => Fact::Compares {
            how: comparison(how)?,
            left: number(left)?,
            right: number(right)?,
            length: rest.first().and_then(|n| number(n)),
        },
        ["copies", from, to] => Fact::Copies(spot(from)?, spot(to)?),
        ["does", operation] => Fact::Does(operation, None),
        ["does", operation, n] => Fact::Does(operation, Some(number(n)?)),
        ["decides"] => Fact::Decides,
        ["derives"] => Fact::Derives,
        ["calls", n] => Fact::Calls(number(n)?, None),
        ["hands", n] => Fact::Hands(number(n)?),
        ["pops", n] => Fact::Pops(number(n)?),
        ["calls", n, a] => Fact::Calls(number(n)?, Some(number(a)?)),
        _ => return None,
    })
}

fn spot(word: &str) -> Option<Spot> {
    if let Some(n) = word.strip_prefix('*') {
        return n.parse().ok().map(Spot::Object);
    }
    if let Some(n) = word.strip_prefix('^') {
        return n.parse().ok().map(Spot::Stream);
    }
    if let Some(n) = word.strip_prefix('~') {
        return n.parse().ok().map(Spot::Message);
    }
    match (word, word.strip_suffix('+')) {
        ("result", _) => Some(Spot::Result),
        (_, Some(n)) => n.parse().ok().map(Spot::From),
        (n, None) => n.parse().ok().map(Spot::Argument),
    }
}

fn comparison(word: &str) -> Option<Comparison> {
    Some(match word {
        "text" => Comparison::Text,
        "caseless" => Comparison::Caseless,
        "prefix" => Comparison::Prefix,
        "caseless-prefix" => Comparison::CaselessPrefix,
        "bytes" => Comparison::Bytes,
        "contains" => Comparison::Contains,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_data_files_is_understood() {
        for line in FILES.iter().flat_map(|file| file.lines()) {
            let line = line.split('#').next().unwrap_or_default().trim();
            if line.is_empty() {
                continue;
            }
            let (_, facts) = function(line).unwrap();
            assert_eq!(facts.len(), line.split(';').count(), "{line}");
        }
    }

    #[test]
    fn confidential_files_are_told_from_others() {
        for path in ["/etc/shadow", "/etc/ssl/private/server.key", "/root/.ssh/id_ed25519"] {
            assert!(is_confidential(path.as_bytes()), "{path}");
        }
        for path in ["/etc/shadow.bak.d", "/etc/ssl/certs/ca.pem", "/etc/hosts", ""] {
            assert!(!is_confidential(path.as_bytes()), "{path}");
        }
    }

    #[test]
    fn request_variables_are_from_the_network() {
        assert_eq!(origin(Labels::ENVIRONMENT, Some(b"HTTP_COOKIE")), Labels::NETWORK);
        assert_eq!(origin(Labels::ENVIRONMENT, Some(b"HOME")), Labels::ENVIRONMENT);
        assert_eq!(origin(Labels::FILE, Some(b"QUERY_STRING")), Labels::FILE);
    }

    #[test]
    fn no_function_stands_twice() {
        let lines = FILES.iter().flat_map(|file| file.lines()).filter_map(function).count();
        assert_eq!(lines, KNOWLEDGE.len());
    }

    #[test]
    fn fortified_names_mean_the_same() {
        assert_eq!(facts_of("__strcpy_chk"), facts_of("strcpy"));
        assert_ne!(facts_of("__sprintf_chk"), facts_of("sprintf"));
    }
}
