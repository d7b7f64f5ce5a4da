//! Orders from the schemes' own documents, and laws.
//!
//! Each row lists versions from the least to the greatest. Sources: semver.org 11; PEP 440 "Summary of permitted
//! suffixes"; Maven "POM Reference"; Debian Policy 5.6.12; rpm-version(7); apk-package(5); PMS "Version Comparison";
//! vercmp(8); `Gem::Version` documentation; NuGet "Package versioning"; Conan "Version ranges"; OpenSSL "Versioning
//! Policy"; Go "Module version numbering"; RFC 3339 5.6.

use proptest::prelude::*;

use super::*;

const ASCENDING: &[(Scheme, &[&str])] = &[
    (
        Scheme::Apk,
        &[
            "1.0_alpha",
            "1.0_alpha2",
            "1.0_beta",
            "1.0_pre",
            "1.0_rc1",
            "1.0",
            "1.0-r1",
            "1.0_git1",
            "1.0_p1",
            "1.0a",
            "1.0.1",
            "1.07",
            "1.1",
            "1.10",
        ],
    ),
    (
        Scheme::Arch,
        &["1.0a", "1.0alpha", "1.0b", "1.0beta", "1.0p", "1.0pre", "1.0rc", "1.0", "1.0.a", "1.0.1", "1:0.1"],
    ),
    (Scheme::Conan, &["1.0.0-", "1.0.0-alpha1", "1.0", "1.0+b1", "1.0+b2", "1.1", "1.1a", "1.a", "2"]),
    (
        Scheme::Datetime,
        &[
            "2024-01-01T00:00:00Z",
            "2024-01-01T00:00:00.5Z",
            "2024-01-01T00:00:00-01:00",
            "2024-02-29T00:00:00Z",
        ],
    ),
    (
        Scheme::Debian,
        &["1.0~beta1~svn1245", "1.0~beta1", "1.0", "1.0-1", "1.0-1.1", "1.0a", "1.0+deb12u1", "1:0.1"],
    ),
    (Scheme::Gem, &["1.0.a", "1.0.b1", "1.0-rc1", "1.0", "1.0.1.a", "1.0.1", "1.1"]),
    (
        Scheme::Generic,
        &[
            "1.0-alpha",
            "1.0b2",
            "1.0rc1",
            "1.0",
            "1.0p1",
            "1.0.1",
            "1.0.1f",
            "1.0.1zb",
            "1.0.2",
            "1.0.10",
            "9.2p1",
            "10",
        ],
    ),
    (
        Scheme::Gentoo,
        &[
            "1.0_alpha",
            "1.0_beta",
            "1.0_pre",
            "1.0_rc1",
            "1.0",
            "1.0-r1",
            "1.0_p1",
            "1.0a",
            "1.0.1",
            "1.1",
            "1.10",
        ],
    ),
    (
        Scheme::Golang,
        &["v0.0.0-20190101000000-abcdefabcdef", "v1.0.0-pre", "v1.0.0", "v1.9.0", "v2.0.0+incompatible"],
    ),
    (Scheme::IntDot, &["1.2", "1.2.1", "1.10", "10"]),
    (Scheme::Lexicographic, &["1.10", "1.9", "A", "a"]),
    (
        Scheme::Maven,
        &[
            "1-alpha-1",
            "1-beta-1",
            "1-milestone-1",
            "1-rc-1",
            "1-SNAPSHOT",
            "1",
            "1-sp",
            "1-foo2",
            "1-foo10",
            "1-1",
            "1.1",
        ],
    ),
    (Scheme::Npm, &["1.0.0-alpha", "v1.0.0", "=1.0.1"]),
    (Scheme::NuGet, &["1.0.0-alpha", "1.0.0-Beta.2", "1.0.0-beta.11", "1.0.0", "1.0.0.1", "1.0.1"]),
    (
        Scheme::OpenSsl,
        &[
            "1.0.1-beta1",
            "1.0.1",
            "1.0.1a",
            "1.0.1f",
            "1.0.1z",
            "1.0.1za",
            "1.0.2",
            "1.1.0-pre1",
            "1.1.0",
            "3.0.0-alpha1",
            "3.0.0",
            "3.0.12",
        ],
    ),
    (
        Scheme::Pep440,
        &[
            "1.dev0",
            "1.0.dev456",
            "1.0a1",
            "1.0a2.dev456",
            "1.0a12.dev456",
            "1.0a12",
            "1.0b1.dev456",
            "1.0b2",
            "1.0b2.post345.dev456",
            "1.0b2.post345",
            "1.0rc1.dev456",
            "1.0rc1",
            "1.0",
            "1.0+abc.5",
            "1.0+abc.7",
            "1.0+5",
            "1.0.post456.dev34",
            "1.0.post456",
            "1.0.15",
            "1.1.dev1",
            "1!0.1",
        ],
    ),
    (
        Scheme::Rpm,
        &["1.0~rc1", "1.0", "1.0-1", "1.0-2", "1.0^20240101", "1.0.a", "1.0.1", "1.0.1.1", "1:0.1"],
    ),
    (
        Scheme::Semver,
        &[
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0-rc.1",
            "1.0.0",
            "2.0.0",
            "2.1.0",
            "2.1.1",
        ],
    ),
];

#[test]
fn each_scheme_orders_as_its_document_says() {
    let mut wrong = Vec::new();
    for (scheme, versions) in ASCENDING {
        for (at, left) in versions.iter().enumerate() {
            for (other, right) in versions.iter().enumerate() {
                if scheme.compare(left, right) != at.cmp(&other) {
                    wrong.push(format!("{}: {left} {right}", scheme.name()));
                }
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn different_spellings_of_a_version_are_equal() {
    for (scheme, left, right) in [
        (Scheme::Arch, "1.0", "1.0-3"),
        (Scheme::Conan, "1", "1.0.0"),
        (Scheme::Datetime, "2024-01-01T01:00:00+01:00", "2024-01-01T00:00:00.0Z"),
        (Scheme::Debian, "0:1.00", "1.0"),
        (Scheme::Gem, "1.0.0", "1"),
        (Scheme::Generic, "v1.0", "1"),
        (Scheme::Generic, "9.2 P1", "9.2p1"),
        (Scheme::Gentoo, "1.0-r0", "1.0"),
        (Scheme::Maven, "1-ga", "1.0.0"),
        (Scheme::Maven, "1a1", "1-alpha-1"),
        (Scheme::NuGet, "1.0", "1.0.0.0+build"),
        (Scheme::Pep440, "1.0-1", "1.0.post1"),
        (Scheme::Pep440, "v1.0-RC_1", "1rc1"),
        (Scheme::Semver, "1.0.0+a", "1.0.0+b"),
    ] {
        assert_eq!(scheme.compare(left, right), Ordering::Equal, "{left} {right}");
    }
}

#[test]
fn each_grammar_accepts_its_own_and_refuses_others() {
    for (scheme, good, bad) in [
        (Scheme::Apk, "1.2.3a_rc1~ab12-r4", "1.0-rc1"),
        (Scheme::Datetime, "2024-01-01T00:00:00Z", "2024-13-01T00:00:00Z"),
        (Scheme::Debian, "1:9.2p1-2+deb12u3", "x:1"),
        (Scheme::Gem, "1.0.a-b", "a b"),
        (Scheme::Gentoo, "1.2a_p1-r3", "1.2-rc3"),
        (Scheme::Golang, "v1.2.3", "v1.2"),
        (Scheme::IntDot, "1.2", "1.2a"),
        (Scheme::NuGet, "1.2.3.4-a", "1.2.3.4.5"),
        (Scheme::OpenSsl, "1.0.2zd", "1.0.2Z"),
        (Scheme::Pep440, "1!2.0rc1.post2.dev3+local.1", "1.0-foo"),
        (Scheme::Semver, "1.2.3-a.1+b", "01.2.3"),
    ] {
        assert!(scheme.is_valid(good), "{good}");
        assert!(!scheme.is_valid(bad), "{bad}");
    }
}

#[test]
fn the_list_is_sorted_and_names_are_unique() {
    assert!(SCHEMES.is_sorted_by_key(|entry| entry.scheme));
    let names: Vec<&str> = SCHEMES.iter().flat_map(|entry| entry.names).copied().collect();
    let unique: std::collections::BTreeSet<&str> = names.iter().copied().collect();
    assert_eq!(names.len(), unique.len());
    for scheme in Scheme::all() {
        assert_eq!(scheme.name().parse(), Ok(scheme));
        assert_eq!(scheme.entry().scheme, scheme);
    }
}

/// Pieces that versions are made of, so that random versions meet interesting cases.
fn version() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "0", "1", "2", "9", "10", "01", ".", "-", "_", "+", "~", "^", ":", "a", "b", "f", "p", "z", "rc",
        "alpha", "beta", "pre", "dev", "post", "sp", "r", "v", "SNAPSHOT", "x", "!", "é",
    ]);
    prop_oneof![
        4 => prop::collection::vec(piece, 0..7).prop_map(|pieces| pieces.concat()),
        1 => "[0-9]{1,2}(\\.[0-9]{1,2}){0,3}(-[a-z0-9.]{1,4})?",
        1 => "\\PC{0,8}",
    ]
}

/// Whether every three versions agree; Arch says in its module why it does not.
fn is_total(scheme: Scheme) -> bool {
    scheme != Scheme::Arch
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn comparison_reads_backwards(a in version(), b in version()) {
        for scheme in Scheme::all() {
            prop_assert_eq!(scheme.compare(&a, &b), scheme.compare(&b, &a).reverse(), "{}", scheme.name());
            prop_assert_eq!(scheme.compare(&a, &a), Ordering::Equal, "{}", scheme.name());
        }
    }

    #[test]
    fn comparison_is_transitive(a in version(), b in version(), c in version()) {
        for scheme in Scheme::all().filter(|scheme| is_total(*scheme)) {
            let mut sorted = [a.as_str(), b.as_str(), c.as_str()];
            // Bubble sort needs only pairs; a cycle leaves the ends in the wrong order.
            for (i, j) in [(0, 1), (1, 2), (0, 1)] {
                if scheme.compare(sorted[i], sorted[j]).is_gt() {
                    sorted.swap(i, j);
                }
            }
            let [x, y, z] = sorted;
            let expected = match (scheme.compare(x, y), scheme.compare(y, z)) {
                (Ordering::Equal, other) | (other, Ordering::Equal) => other,
                _ => Ordering::Less,
            };
            prop_assert_eq!(scheme.compare(x, z), expected, "{}: {} {} {}", scheme.name(), x, y, z);
        }
    }
}
