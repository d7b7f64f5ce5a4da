//! Java's versions up to 8, which are written in four ways: `1.8.0_222`, `8u222-b10`, `8.222.10` and `8.0.222` are one.
//!
//! From 9 on the numbers are in the usual order (JEP 223, JEP 322).

use std::borrow::Cow;
use std::cmp::Ordering;

use ident::Scheme;

/// Products of CPE that are numbered so. Sorted.
const PRODUCTS: [&str; 5] = ["java", "java_se", "jdk", "jre", "openjdk"];

pub(super) fn is_numbered_so(product: &str) -> bool {
    PRODUCTS.binary_search(&product).is_ok()
}

pub(super) fn compare(a: &str, b: &str) -> Ordering {
    Scheme::Generic.compare(&plain(a), &plain(b))
}

/// `8.0.222`, or the version as it is.
fn plain(version: &str) -> Cow<'_, str> {
    let numbers: Vec<&str> =
        version.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty()).collect();
    let old = |number: &str| matches!(number, "2" | "3" | "4" | "5" | "6" | "7" | "8");
    let (major, rest) = match numbers.as_slice() {
        ["1", major, rest @ ..] | [major, rest @ ..] if old(major) => (major, rest),
        _ => return Cow::Borrowed(version),
    };
    let update = rest.iter().copied().find(|number| number.bytes().any(|digit| digit != b'0')).unwrap_or("0");
    Cow::Owned(format!("{major}.0.{update}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_four_ways_to_write_a_version_are_one() {
        assert!(PRODUCTS.is_sorted());
        for version in ["1.8.0_222", "1.8.0 update222", "8u222-b10", "8.222.10", "8.0.222", "8 update_222"] {
            assert_eq!(plain(version), "8.0.222", "{version}");
        }
        for (version, expected) in
            [("7", "7.0.0"), ("1.7", "7.0.0"), ("1.7.0", "7.0.0"), ("11.0.4", "11.0.4")]
        {
            assert_eq!(plain(version), expected);
        }
        assert_eq!(compare("7.201.2.6.16", "1.7.0_211"), Ordering::Less);
        assert_eq!(compare("8u222", "9"), Ordering::Less);
        assert_eq!(compare("1.8", "8"), Ordering::Equal);
    }
}
