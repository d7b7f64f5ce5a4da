//! Go's modules: Semantic Versioning behind a `v`, which vulnerability data drops; `+incompatible` takes no part.

use std::cmp::Ordering;

use super::semver;

pub(super) fn compare(left: &str, right: &str) -> Ordering {
    super::by_key(plain(left), plain(right), semver::parse)
}

pub(super) fn valid(version: &str) -> bool {
    semver::valid(plain(version))
}

/// The tool chain itself is called `go1.22.3`.
fn plain(version: &str) -> &str {
    version.strip_prefix("go").or_else(|| version.strip_prefix('v')).unwrap_or(version)
}
