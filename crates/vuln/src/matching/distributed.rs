//! What distributions' repairs tell of upstream's own program.
//!
//! Many records name no product, or name the versions somebody happened to look at. A distribution that repaired
//! `1.3.3-5` by a patch of its own, in `1.3.3-6`, says that upstream's `1.3.3` has the flaw: there was something to
//! patch. If the repair is a newer version of upstream's, it is not said since when the flaw is there: of older
//! versions nothing is known, and that is reported where no record of names decides.
//!
//! Only Debian's and Alpine's kinds of versions are read so: that of an RPM does not tell a patch from a rebuild.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use ident::Scheme;

use super::names::Subject;
use super::{Certainty, Hit, Verdict, upstream};
use crate::PackageRange;
use crate::snapshot::PackageEntry;

/// Where a package of the component's name is looked for. Sorted.
const SOURCES: [&str; 5] = ["apk/alpine", "apk/chainguard", "apk/wolfi", "deb/debian", "deb/ubuntu"];

/// Keys of the packages of a component that no distribution built, and that does not name itself more exactly.
pub(super) fn keys(subject: &Subject) -> impl Iterator<Item = String> {
    let asks = subject.is_upstream() && !subject.name.is_empty() && subject.version.is_some();
    SOURCES.iter().filter(move |_| asks).map(|source| format!("{source}/{}", subject.name))
}

/// What the advisories on one package say. `named` are records that name a product of the component's name, whatever
/// versions they have.
pub(super) fn judge(entries: &[PackageEntry], subject: &Subject, named: &BTreeSet<u32>) -> Vec<Hit> {
    let Some(version) = subject.version.as_deref() else { return Vec::new() };
    let said = |entry: &PackageEntry| {
        let named = named.contains(&entry.record);
        let ends = entry.range.spans.iter().filter_map(|span| span.end.as_ref().filter(|end| !end.inclusive));
        let hits = ends.filter_map(|end| one(&entry.range, &end.version, version, named));
        hits.min_by_key(|said| said.verdict).map(|said| Hit { record: entry.record, ..said })
    };
    entries.iter().filter_map(said).collect()
}

/// What the repair `fixed` tells of upstream's `version`.
fn one(range: &PackageRange, fixed: &str, version: &str, named: bool) -> Option<Hit> {
    let kind = range.package.split('/').next().unwrap_or_default();
    let repaired = upstream::of(kind, fixed);
    let order = Scheme::Generic.compare(version, repaired);
    let (verdict, shown, why) = if order == Ordering::Equal && is_patch(kind, fixed) {
        let why = format!("`{}` repairs this version by a patch, in `{fixed}`", range.advisory);
        (Verdict::Affected, format!("= {repaired}"), why)
    } else if order == Ordering::Less && !named {
        let why = format!(
            "`{}` repairs the package by `{fixed}`, and does not say whether `{version}` has the flaw",
            range.advisory
        );
        (Verdict::Unknown, format!("< {repaired}"), why)
    } else {
        return None;
    };
    let disputed = if named { "; the record itself names other versions" } else { "" };
    Some(Hit {
        record: 0,
        verdict,
        certainty: if named { Certainty::Possible } else { Certainty::Probable },
        name: range.package.clone(),
        range: shown,
        source: range.advisory.clone(),
        why: format!("{why}{disputed}"),
        platforms: Vec::new(),
    })
}

/// The version was packaged before, and this is a later package of it.
fn is_patch(kind: &str, version: &str) -> bool {
    let (mark, first) = if kind == "apk" { ("-r", 0) } else { ("-", 1) };
    let Some((_, revision)) = version.rsplit_once(mark) else { return false };
    // `~` marks a newer package built for an older release, `really` an older version under a newer one's number.
    if revision.contains('~') || version.contains("really") {
        return false;
    }
    let digits = revision.find(|c: char| !c.is_ascii_digit()).unwrap_or(revision.len());
    let (number, rest) = revision.split_at(digits);
    match number.parse::<u32>() {
        Ok(number) if number == first => rest.starts_with(['+', '.']),
        Ok(number) => number > first,
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matching::Query;
    use crate::{Bound, Span};

    #[test]
    fn a_patch_is_told_from_a_new_version_of_upstream() {
        assert!(SOURCES.is_sorted());
        for (kind, version, expected) in [
            ("deb", "1.3.3.5-4+deb8u3", true),
            ("deb", "1.3.3.5-1+deb8u1", true),
            ("deb", "1.3-1.1", true),
            ("deb", "1.3-2", true),
            ("deb", "1.3-1", false),
            ("deb", "10.1.45-0+deb9u1", false),
            ("deb", "1.3-2~deb9u1", false),
            ("deb", "2.0+really1.3-2", false),
            ("deb", "20230101", false),
            ("apk", "1.35.0-r7", true),
            ("apk", "1.35.0-r0", false),
        ] {
            assert_eq!(is_patch(kind, version), expected, "{version}");
        }
    }

    fn said(package: &str, fixed: &str, version: &str, named: bool) -> Vec<(Verdict, Certainty, String)> {
        let range = PackageRange {
            package: package.to_owned(),
            advisory: "DLA-1".to_owned(),
            spans: vec![Span {
                introduced: "0".to_owned(),
                end: Some(Bound { version: fixed.to_owned(), inclusive: false }),
            }],
            ..PackageRange::default()
        };
        let query = Query { name: "ding".to_owned(), version: Some(version.to_owned()), ..Query::default() };
        let named = if named { BTreeSet::from([7]) } else { BTreeSet::new() };
        let hits = judge(&[PackageEntry { record: 7, range }], &Subject::new(&query), &named);
        hits.into_iter().map(|hit| (hit.verdict, hit.certainty, hit.range)).collect()
    }

    #[test]
    fn a_patched_version_is_affected_and_of_older_ones_nothing_is_known() {
        let patched = |version, named| said("deb/debian/ding", "1.3-4+deb8u3", version, named);
        let affected = |certainty| vec![(Verdict::Affected, certainty, "= 1.3".to_owned())];
        assert_eq!(patched("1.3", false), affected(Certainty::Probable));
        assert_eq!(patched("1.3", true), affected(Certainty::Possible), "the record has other versions");
        let unknown = vec![(Verdict::Unknown, Certainty::Probable, "< 1.3".to_owned())];
        assert_eq!(patched("1.2", false), unknown);
        assert_eq!(patched("1.2", true), [], "the record's own versions decide");
        assert_eq!(patched("1.4", false), []);
        assert_eq!(said("apk/alpine/ding", "1.3-r0", "1.3", false), [], "the new version is the repair");
    }

    #[test]
    fn only_what_no_distribution_built_and_no_cpe_names_is_asked_about() {
        let count = |query: Query| keys(&Subject::new(&query)).count();
        let query = Query { name: "ding".to_owned(), version: Some("1".to_owned()), ..Query::default() };
        assert_eq!(count(query.clone()), SOURCES.len());
        assert_eq!(
            count(Query { purl: Some("pkg:generic/ding@1".to_owned()), ..query.clone() }),
            SOURCES.len()
        );
        assert_eq!(count(Query { purl: Some("pkg:deb/debian/ding@1".to_owned()), ..query.clone() }), 0);
        assert_eq!(count(Query { purl: Some("pkg:npm/ding@1".to_owned()), ..query.clone() }), 0);
        assert_eq!(count(Query { version: None, ..query.clone() }), 0);
        let cpe = "cpe:2.3:a:dong:ding:1:*:*:*:*:*:*:*".to_owned();
        assert_eq!(count(Query { cpes: vec![cpe], ..query }), 0);
    }
}
