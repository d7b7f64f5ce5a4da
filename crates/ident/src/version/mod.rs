//! How versions are ordered. One scheme a file; [`SCHEMES`] is the list to extend.
//!
//! Every order here is defined for any text, so that a damaged version in an advisory cannot stop a search: in schemes
//! with a grammar, what breaks it sorts below everything that keeps it.

use std::cmp::Ordering;
use std::str::FromStr;

mod apk;
mod arch;
mod conan;
mod datetime;
mod debian;
mod gem;
mod generic;
mod gentoo;
mod golang;
mod intdot;
mod lexicographic;
mod maven;
mod npm;
mod nuget;
mod number;
mod openssl;
mod pep440;
mod rpm;
mod semver;

/// A way to order versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Scheme {
    /// Alpine's packages.
    Apk,
    /// Arch Linux's packages.
    Arch,
    /// Conan's packages (C and C++).
    Conan,
    /// Timestamps of RFC 3339.
    Datetime,
    /// Debian's packages, and those of its descendants.
    Debian,
    /// Ruby's packages.
    Gem,
    /// Anything else: numbers, words and letters after numbers, read as people mean them.
    Generic,
    /// Gentoo's packages.
    Gentoo,
    /// Go's modules.
    Golang,
    /// Numbers with dots between them.
    IntDot,
    /// Bytes.
    Lexicographic,
    /// Maven's artifacts.
    Maven,
    /// Node's packages.
    Npm,
    /// .NET's packages.
    NuGet,
    /// OpenSSL's releases, with letters before 3.0.
    OpenSsl,
    /// Python's packages.
    Pep440,
    /// RPM packages.
    Rpm,
    /// Semantic Versioning 2.0.0.
    Semver,
}

/// What a scheme's module provides.
struct Entry {
    scheme: Scheme,
    /// Names of the scheme in VERS and purl types of its packages; the first is printed.
    names: &'static [&'static str],
    compare: fn(&str, &str) -> Ordering,
    /// Whether the scheme's grammar allows this version.
    valid: fn(&str) -> bool,
}

/// Sorted by scheme.
const SCHEMES: &[Entry] = &[
    Entry { scheme: Scheme::Apk, names: &["apk", "alpine"], compare: apk::compare, valid: apk::valid },
    Entry {
        scheme: Scheme::Arch,
        names: &["alpm", "arch", "archlinux"],
        compare: arch::compare,
        valid: printable,
    },
    Entry { scheme: Scheme::Conan, names: &["conan"], compare: conan::compare, valid: printable },
    Entry {
        scheme: Scheme::Datetime,
        names: &["datetime"],
        compare: datetime::compare,
        valid: datetime::valid,
    },
    Entry {
        scheme: Scheme::Debian,
        names: &["deb", "debian", "opkg"],
        compare: debian::compare,
        valid: debian::valid,
    },
    Entry { scheme: Scheme::Gem, names: &["gem"], compare: gem::compare, valid: gem::valid },
    Entry {
        scheme: Scheme::Generic,
        names: &["generic", "nginx", "bitnami"],
        compare: generic::compare,
        valid: printable,
    },
    Entry {
        scheme: Scheme::Gentoo,
        names: &["ebuild", "gentoo"],
        compare: gentoo::compare,
        valid: gentoo::valid,
    },
    Entry {
        scheme: Scheme::Golang,
        names: &["golang", "go"],
        compare: golang::compare,
        valid: golang::valid,
    },
    Entry { scheme: Scheme::IntDot, names: &["intdot"], compare: intdot::compare, valid: intdot::valid },
    Entry {
        scheme: Scheme::Lexicographic,
        names: &["lexicographic"],
        compare: lexicographic::compare,
        valid: any,
    },
    Entry { scheme: Scheme::Maven, names: &["maven"], compare: maven::compare, valid: printable },
    Entry { scheme: Scheme::Npm, names: &["npm"], compare: npm::compare, valid: npm::valid },
    Entry { scheme: Scheme::NuGet, names: &["nuget"], compare: nuget::compare, valid: nuget::valid },
    Entry { scheme: Scheme::OpenSsl, names: &["openssl"], compare: openssl::compare, valid: openssl::valid },
    Entry {
        scheme: Scheme::Pep440,
        names: &["pypi", "pep440"],
        compare: pep440::compare,
        valid: pep440::valid,
    },
    Entry { scheme: Scheme::Rpm, names: &["rpm"], compare: rpm::compare, valid: printable },
    Entry {
        scheme: Scheme::Semver,
        names: &["semver", "cargo", "composer", "hex", "mozilla", "pub", "swift", "github"],
        compare: semver::compare,
        valid: semver::valid,
    },
];

/// What a scheme without a row would be.
const GENERIC: &Entry =
    &Entry { scheme: Scheme::Generic, names: &["generic"], compare: generic::compare, valid: printable };

/// A name that is no scheme's.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("no version scheme is called `{name}`")]
pub struct ParseSchemeError {
    name: String,
}

impl Scheme {
    /// Every scheme, sorted.
    pub fn all() -> impl Iterator<Item = Self> {
        SCHEMES.iter().map(|entry| entry.scheme)
    }

    /// Its name as a VERS type.
    pub fn name(self) -> &'static str {
        self.entry().names.first().copied().unwrap_or_default()
    }

    /// The order of two versions. Equal versions may be written differently (`1.0` and `1.0.0` in many schemes).
    pub fn compare(self, left: &str, right: &str) -> Ordering {
        (self.entry().compare)(left, right)
    }

    /// Whether the scheme's own grammar allows this version. Any text can be compared, though.
    pub fn is_valid(self, version: &str) -> bool {
        (self.entry().valid)(version)
    }

    fn entry(self) -> &'static Entry {
        // The table has a row for each variant; a test walks it.
        SCHEMES.iter().find(|entry| entry.scheme == self).unwrap_or(GENERIC)
    }
}

impl FromStr for Scheme {
    type Err = ParseSchemeError;

    /// Accepts VERS types and purl types.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        SCHEMES
            .iter()
            .find(|entry| entry.names.contains(&name))
            .map(|entry| entry.scheme)
            .ok_or_else(|| ParseSchemeError { name: name.to_owned() })
    }
}

fn printable(version: &str) -> bool {
    !version.is_empty() && version.bytes().all(|b| b.is_ascii_graphic())
}

fn any(version: &str) -> bool {
    !version.is_empty()
}

/// Orders by parsed keys; what does not parse lies below, ordered as in [`generic`].
fn by_key<'a, K: Ord>(left: &'a str, right: &'a str, parse: impl Fn(&'a str) -> Option<K>) -> Ordering {
    match (parse(left), parse(right)) {
        (Some(left), Some(right)) => left.cmp(&right),
        (Some(_), None) => Ordering::Greater,
        (None, Some(_)) => Ordering::Less,
        (None, None) => generic::compare(left, right),
    }
}

#[cfg(test)]
mod tests;
