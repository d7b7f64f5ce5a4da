//! Cases follow "VERS specification", clauses 5.3 and 5.4.

use super::*;

#[test]
fn sorted_ranges_keep_their_form() {
    for text in
        ["vers:npm/1.2.3|>=2.0.0|<5.0.0", "vers:deb/*", "vers:gem/>=2.2.0|!=2.2.1|<2.3.0", "vers:none/*"]
    {
        assert_eq!(Vers::parse(text).unwrap().to_string(), text);
    }
}

#[test]
fn what_breaks_a_rule_is_refused() {
    for text in [
        "npm/1",
        "vers:npm",
        "vers:n_m/1",
        "vers:1npm/1",
        "vers:invalid/1",
        "vers:npm/",
        "vers:npm/|1",
        "vers:npm/1|",
        "vers:npm/1||2",
        "vers:npm/=1",
        "vers:npm/>=",
        "vers:npm/>=1 |<2",
        "vers:npm/2|1",
        "vers:npm/1|1.0.0",
        "vers:npm/*|1",
        "vers:npm/>1|>2",
        "vers:npm/<1|<2",
        "vers:npm/1|<2",
        "vers:npm/1%2g",
        "vers:npm/1%2E0",
        "vers:all/1",
        "vers:datetime/2024-01-01t00:00:00z",
    ] {
        assert!(Vers::parse(text).is_err(), "{text}");
    }
}

#[test]
fn lenient_reading_sorts() {
    assert_eq!(Vers::read("VERS:x/1").map_err(|_| ()), Err(()));
    assert_eq!(Vers::read("vers:pypi/ 3 | <2|>=1 ").unwrap().to_string(), "vers:pypi/>=1|<2|3");
}

#[test]
fn versions_lie_in_the_intervals() {
    for (range, inside, outside) in [
        ("vers:npm/1.2.3|>=2.0.0|<5.0.0", &["1.2.3", "2.0.0", "4.9.9"][..], &["1.2.4", "1.0.0", "5.0.0"][..]),
        ("vers:gem/>=2.2.0|!=2.2.1|<2.3.0", &["2.2.0", "2.2.2"], &["2.2.1", "2.3.0", "2.1.9"]),
        ("vers:deb/<1:9.2p1-2+deb12u3", &["1:9.2p1-2+deb12u2", "9.9"], &["1:9.2p1-2+deb12u3", "1:9.3"]),
        ("vers:openssl/>=1.0.1|<1.0.1g", &["1.0.1", "1.0.1f"], &["1.0.1g", "1.0.0z", "1.0.1za"]),
        ("vers:semver/<=1|>2", &["0.9.0", "1.0.0", "2.0.1"], &["1.0.1", "2.0.0"]),
        ("vers:pypi/!=5", &["4", "6"], &["5", "5.0"]),
        ("vers:generic/1", &["1.0"], &["2"]),
        ("vers:rpm/*", &["1"], &[]),
        ("vers:none/*", &[], &["1"]),
    ] {
        let range = Vers::parse(range).unwrap();
        inside.iter().for_each(|v| assert!(range.contains(v), "{v} in {range}"));
        outside.iter().for_each(|v| assert!(!range.contains(v), "{v} not in {range}"));
    }
}

// Sources: node-semver's README ("Advanced Range Syntax"), NuGet's "Package versioning", RubyGems' "Patterns",
// PEP 440 ("Compatible release"), Conan's "Version ranges".
#[test]
fn native_notations_become_constraints() {
    for (scheme, native, range) in [
        (Scheme::Npm, "1.2.3 - 2.3.4", "vers:npm/>=1.2.3|<=2.3.4"),
        (Scheme::Npm, "1.x", "vers:npm/>=1.0.0|<2.0.0"),
        (Scheme::Npm, "~1.2", "vers:npm/>=1.2.0|<1.3.0"),
        (Scheme::Npm, "^0.2.3", "vers:npm/>=0.2.3|<0.3.0"),
        (Scheme::Npm, "^0.0.3", "vers:npm/>=0.0.3|<0.0.4"),
        (Scheme::NuGet, "(1.0,2.0]", "vers:nuget/>1.0|<=2.0"),
        (Scheme::NuGet, "[1.0]", "vers:nuget/1.0"),
        (Scheme::Maven, "(,1.0],[1.2,)", "vers:maven/<=1.0|>=1.2"),
        (Scheme::Gem, "~> 2.2", "vers:gem/>=2.2|<3"),
        (Scheme::Pep440, "~=2.2.1,!=2.2.5", "vers:pypi/>=2.2.1|!=2.2.5|<2.3"),
        (Scheme::Conan, "~2.5", "vers:conan/>=2.5|<2.6-"),
        (Scheme::Debian, "<< 1:2.0, >= 1.0", "vers:deb/>=1.0|<1:2.0"),
    ] {
        assert_eq!(Vers::from_native(scheme, native).unwrap().to_string(), range, "{native}");
    }
    assert!(Vers::from_native(Scheme::NuGet, "[1.0").is_err());
    assert!(Vers::from_native(Scheme::Datetime, "1").is_err());
}

proptest::proptest! {
    #[test]
    fn any_text_is_a_range_or_an_error(text in "\\PC{0,40}") {
        for scheme in Scheme::all() {
            let _ = Vers::from_native(scheme, &text);
            if let Ok(range) = Vers::read(&format!("vers:{}/{text}", scheme.name())) {
                let _ = range.contains(&text);
            }
        }
    }

    #[test]
    fn what_is_printed_can_be_read(versions in proptest::collection::btree_set(0_u8..99, 1..6)) {
        let signs = [Comparator::GreaterOrEqual, Comparator::Less];
        let constraints = versions.iter().zip(signs.into_iter().cycle())
            .map(|(v, comparator)| Constraint { comparator, version: format!("{v}.0.0") });
        let range = Vers::new(Scheme::Semver, constraints);
        proptest::prop_assert_eq!(Vers::parse(&range.to_string()), Ok(range));
    }
}

/// Found by fuzzing: versions whose order turns in a circle must not stop the sorting.
#[test]
fn versions_without_a_total_order_are_read() {
    let text = "1.0,1(0.2.[.\u{10},2[1.0,02,[1,;20,1.0,1(0.2,[1,;2002,[1,;20,1.0,1(0.2,[1,;20,[).0,.,\0ve[,[).0,.,\0ve[h2.~1vg:d";
    for scheme in Scheme::all() {
        let _ = Vers::from_native(scheme, text);
    }
}
