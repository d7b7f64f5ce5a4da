//! Matching by package URL: advisories that speak of the very package, in its own scheme of versions.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use ident::{Purl, Scheme};

use super::names::Subject;
use super::{Certainty, Hit, Verdict};
use crate::snapshot::PackageEntry;
use crate::{PackageRange, Span};

/// What the advisories on one record say together.
pub(super) enum Decision {
    Affected(Box<Hit>),
    /// They speak of the package, and its version is not affected.
    NotAffected(u32),
}

/// Names of releases that advisories and package URLs number: Debian's, and Ubuntu's with long support.
const RELEASES: &[(&str, &str)] = &[
    ("bionic", "18.04"),
    ("bookworm", "12"),
    ("bullseye", "11"),
    ("buster", "10"),
    ("focal", "20.04"),
    ("forky", "14"),
    ("jammy", "22.04"),
    ("jessie", "8"),
    ("noble", "24.04"),
    ("stretch", "9"),
    ("trixie", "13"),
    ("wheezy", "7"),
];

/// What all entries of a package say, record by record. Of entries for one release, one that finds the version affected
/// counts: a repair that was repaired again names its last version. If the component's release is not known and releases
/// differ, nothing can be said.
pub(super) fn decide(entries: &[PackageEntry], subject: &Subject, version: Option<&str>) -> Vec<Decision> {
    let Some(purl) = &subject.purl else { return Vec::new() };
    let release = release_of(purl);
    let speaks = |range: &PackageRange| match (&range.release, &release) {
        (Some(own), Some(wanted)) => same_release(own, wanted),
        _ => true,
    };
    let mut by_record: BTreeMap<u32, Vec<(&PackageEntry, Decision)>> = BTreeMap::new();
    for entry in entries.iter().filter(|entry| speaks(&entry.range)) {
        by_record.entry(entry.record).or_default().push((entry, one(entry, subject, purl, version)));
    }
    by_record.into_values().filter_map(|said| together(said, release.is_none())).collect()
}

fn together(said: Vec<(&PackageEntry, Decision)>, any_release: bool) -> Option<Decision> {
    let is_affected = |decision: &Decision| matches!(decision, Decision::Affected(_));
    let differ = said.iter().any(|(_, d)| is_affected(d)) && said.iter().any(|(_, d)| !is_affected(d));
    let of_releases = said.iter().any(|(entry, _)| entry.range.release.is_some());
    let rank = |decision: &Decision| match decision {
        Decision::Affected(hit) if hit.verdict == Verdict::Affected => 0,
        Decision::Affected(_) => 1,
        Decision::NotAffected(_) => 2,
    };
    let mut strongest = said.into_iter().map(|(_, decision)| decision).min_by_key(rank)?;
    if let Decision::Affected(hit) = &mut strongest
        && any_release
        && of_releases
        && differ
    {
        hit.verdict = Verdict::Unknown;
        hit.why = "releases of the distribution differ, and the component's is not known".to_owned();
    }
    Some(strongest)
}

/// The release a package belongs to: as its URL says, else as Debian's mark in the version says (`+deb12u3`).
fn release_of(purl: &Purl) -> Option<String> {
    if let Some(distro) = purl.qualifier("distro") {
        let stated = distro.split_once('-').map_or(distro, |(_, release)| release);
        return Some(numbered(stated).to_owned());
    }
    if purl.package_type() != "deb" {
        return None;
    }
    let (_, mark) = purl.version()?.rsplit_once(['+', '~']).and_then(|(_, mark)| mark.split_once("deb"))?;
    let digits = mark.find(|c: char| !c.is_ascii_digit()).and_then(|end| mark.get(..end)).unwrap_or(mark);
    (!digits.is_empty()).then(|| digits.to_owned())
}

fn numbered(release: &str) -> &str {
    let release = release
        .strip_prefix('v')
        .filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
        .unwrap_or(release);
    RELEASES.iter().find(|(name, _)| *name == release).map_or(release, |(_, number)| number)
}

/// Alpine `3.18` has points `3.18.4`; RedHat `9` has `9.2`; OSV adds `:LTS` to Ubuntu's.
fn same_release(own: &str, wanted: &str) -> bool {
    let own = numbered(own.split(':').next().unwrap_or(own));
    own == wanted || wanted.strip_prefix(own).is_some_and(|rest| rest.starts_with('.'))
}

fn one(entry: &PackageEntry, subject: &Subject, purl: &Purl, version: Option<&str>) -> Decision {
    let range = &entry.range;
    let hit = |verdict, shown: String, why: String| {
        Decision::Affected(Box::new(Hit {
            record: entry.record,
            verdict,
            certainty: Certainty::Exact,
            name: range.package.clone(),
            range: shown,
            source: range.advisory.clone(),
            why,
            platforms: Vec::new(),
        }))
    };
    let Some(version) = version.or(purl.version()).or(subject.version.as_deref()) else {
        return hit(Verdict::Unknown, shown(range), "the component's version is not known".to_owned());
    };
    let scheme = subject.scheme();
    let listed = range.versions.iter().any(|v| scheme.compare(v, version) == Ordering::Equal);
    match range.spans.iter().find(|span| inside(span, version, scheme)) {
        Some(span) => hit(
            Verdict::Affected,
            shown_span(span),
            format!("`{}` names version `{version}`", range.advisory),
        ),
        None if listed => {
            hit(Verdict::Affected, format!("= {version}"), format!("`{}` lists it", range.advisory))
        }
        None if range.spans.is_empty() && range.versions.is_empty() => {
            hit(Verdict::Unknown, "any".to_owned(), format!("`{}` names no versions", range.advisory))
        }
        None => Decision::NotAffected(entry.record),
    }
}

fn inside(span: &Span, version: &str, scheme: Scheme) -> bool {
    let from = span.introduced == "0" || scheme.compare(version, &span.introduced) != Ordering::Less;
    let to = span.end.as_ref().is_none_or(|end| match scheme.compare(version, &end.version) {
        Ordering::Less => true,
        Ordering::Equal => end.inclusive,
        Ordering::Greater => false,
    });
    from && to
}

fn shown_span(span: &Span) -> String {
    let sign = |inclusive| if inclusive { "<=" } else { "<" };
    match &span.end {
        Some(end) => format!(">= {}, {} {}", span.introduced, sign(end.inclusive), end.version),
        None => format!(">= {}", span.introduced),
    }
}

fn shown(range: &PackageRange) -> String {
    range.spans.iter().map(shown_span).collect::<Vec<_>>().join(" or ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_known_by_name_number_or_mark() {
        assert!(RELEASES.is_sorted());
        for (purl, release) in [
            ("pkg:deb/debian/p@1?distro=debian-12", Some("12")),
            ("pkg:deb/debian/p@1?distro=bookworm", Some("12")),
            ("pkg:deb/debian/openssh@1:9.2p1-2+deb12u3", Some("12")),
            ("pkg:deb/debian/chromium@111.0-1~deb11u1", Some("11")),
            ("pkg:deb/debian/p@1", None),
            ("pkg:apk/alpine/p@1?distro=alpine-v3.18.4", Some("3.18.4")),
        ] {
            assert_eq!(release_of(&purl.parse().unwrap()).as_deref(), release, "{purl}");
        }
        assert!(
            same_release("bullseye", "11")
                && same_release("v3.18", "3.18.4")
                && same_release("22.04:LTS", "22.04")
        );
        assert!(!same_release("3.1", "3.18"));
    }
}
