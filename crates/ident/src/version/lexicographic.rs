//! Bytes of UTF-8, unsigned, without normalization.

use std::cmp::Ordering;

pub(super) fn compare(left: &str, right: &str) -> Ordering {
    left.as_bytes().cmp(right.as_bytes())
}
