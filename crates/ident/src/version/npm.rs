//! Node's packages: Semantic Versioning, with `v` or `=` tolerated in front.

use std::cmp::Ordering;

use super::semver;

pub(super) fn compare(left: &str, right: &str) -> Ordering {
    super::by_key(plain(left), plain(right), semver::parse)
}

pub(super) fn valid(version: &str) -> bool {
    semver::valid(plain(version))
}

fn plain(version: &str) -> &str {
    version.trim().trim_start_matches(['v', '=']).trim_start()
}
