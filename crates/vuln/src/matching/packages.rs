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

/// Names of releases that advisories number: Debian's.
const RELEASES: &[(&str, &str)] = &[
    ("bookworm", "12"),
    ("bullseye", "11"),
    ("buster", "10"),
    ("forky", "14"),
    ("stretch", "9"),
    ("trixie", "13"),
];

pub(super) fn decide(entries: &[PackageEntry], subject: &Subject) -> Vec<Decision> {
    let Some(purl) = &subject.purl else { return Vec::new() };
    let mut by_record: BTreeMap<u32, Decision> = BTreeMap::new();
    for entry in entries.iter().filter(|entry| same_release(&entry.range, purl)) {
        let decision = one(entry, subject, purl);
        let settled = matches!(by_record.get(&entry.record), Some(Decision::Affected(_)));
        if !settled {
            by_record.insert(entry.record, decision);
        }
    }
    by_record.into_values().collect()
}

/// An advisory for another release of the distribution says nothing.
fn same_release(range: &PackageRange, purl: &Purl) -> bool {
    let (Some(release), Some(distro)) = (&range.release, purl.qualifier("distro")) else { return true };
    let stated = distro.rsplit('-').next().unwrap_or(distro);
    let stated = RELEASES.iter().find(|(name, _)| *name == stated).map_or(stated, |(_, number)| number);
    release.trim_start_matches('v') == stated
        || stated.starts_with(&format!("{}.", release.trim_start_matches('v')))
}

fn one(entry: &PackageEntry, subject: &Subject, purl: &Purl) -> Decision {
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
    let Some(version) = purl.version().or(subject.version.as_deref()) else {
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
