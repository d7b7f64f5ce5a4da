//! Debian's security tracker: its JSON, and its lists of advisories (DSA, DLA).
//!
//! Sources: the tracker's `data/json`, and `data/DSA/list` and `data/DLA/list` of its repository. A fixed version of `0`
//! says that the package is not affected.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::text::is_cve;
use super::{Context, Fact};
use crate::merge::{Contribution, Source};
use crate::{Bound, PackageRange, Span, Vulnerability};

type Tracker = BTreeMap<String, BTreeMap<String, Issue>>;

#[derive(Deserialize)]
struct Issue {
    #[serde(default)]
    releases: BTreeMap<String, Release>,
}

#[derive(Deserialize)]
struct Release {
    #[serde(default)]
    status: String,
    fixed_version: Option<String>,
}

pub(super) fn recognise_tracker(head: &str) -> bool {
    head.starts_with('{') && head.contains("\"releases\"") && head.contains("\"repositories\"")
}

pub(super) fn read_tracker(text: &str, _: &mut Context, out: &mut Vec<Fact>) -> Result<(), String> {
    let tracker: Tracker = serde_json::from_str(text).map_err(|e| e.to_string())?;
    for (package, issues) in tracker {
        for (id, issue) in issues.into_iter().filter(|(id, _)| is_cve(id)) {
            let ranges = issue.releases.into_iter().map(|(name, release)| {
                let spans = match (release.status.as_str(), release.fixed_version) {
                    // Nobody has looked yet: a range without versions means that.
                    ("undetermined", _) => Vec::new(),
                    (_, fixed) => vec![until(fixed)],
                };
                range(&package, &name, "debian-tracker", spans)
            });
            out.push(fact(&id, Vec::new(), ranges.collect()));
        }
    }
    Ok(())
}

pub(super) fn recognise_list(head: &str) -> bool {
    let line = head.lines().next().unwrap_or_default();
    line.starts_with('[') && [" DSA-", " DLA-"].iter().any(|mark| line.contains(mark))
}

/// ```text
/// [29 Mar 2023] DSA-5380-1 xorg-server - security update
///     {CVE-2023-1393}
///     [bullseye] - xorg-server 2:1.20.11-1+deb11u6
/// ```
pub(super) fn read_list(text: &str, _: &mut Context, out: &mut Vec<Fact>) -> Result<(), String> {
    let (mut advisory, mut cves, mut damaged) = ("", Vec::new(), 0_u64);
    for line in text.lines() {
        if line.starts_with('[') {
            (advisory, cves) = (line.split_whitespace().nth(3).unwrap_or_default(), Vec::new());
            damaged += u64::from(!advisory.contains('-'));
            continue;
        }
        let line = line.trim();
        if let Some(list) = line.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            // Ids of before 2006, and those that are not given out yet, are none of the record's.
            let (ids, others): (Vec<&str>, Vec<&str>) = list.split_whitespace().partition(|id| is_cve(id));
            damaged += u64::from(others.iter().any(|id| !id.starts_with("CVE-") && !id.starts_with("CAN-")));
            cves = ids;
        } else if let Some((release, package, version)) = fix(line) {
            let spans = match version {
                "<not-affected>" => vec![until(Some("0".to_owned()))],
                "<unfixed>" | "<end-of-life>" => vec![until(None)],
                other if other.starts_with('<') => continue,
                fixed => vec![until(Some(fixed.to_owned()))],
            };
            for cve in &cves {
                out.push(fact(
                    cve,
                    vec![advisory.to_owned()],
                    vec![range(package, release, advisory, spans.clone())],
                ));
            }
        } else if !line.is_empty() && !["NOTE:", "TODO:"].iter().any(|remark| line.starts_with(remark)) {
            damaged += 1;
        }
    }
    if damaged == 0 { Ok(()) } else { Err(format!("{damaged} lines tell of no advisory")) }
}

/// `[bullseye] - xorg-server 2:1.20.11-1+deb11u6`
fn fix(line: &str) -> Option<(&str, &str, &str)> {
    let (release, rest) = line.strip_prefix('[')?.split_once(']')?;
    let mut words = rest.split_whitespace();
    (words.next()? == "-").then_some(())?;
    Some((release, words.next()?, words.next()?))
}

fn until(fixed: Option<String>) -> Span {
    let end = fixed.map(|version| Bound { version, inclusive: false });
    Span { introduced: "0".to_owned(), end }
}

fn range(package: &str, release: &str, advisory: &str, spans: Vec<Span>) -> PackageRange {
    PackageRange {
        package: format!("deb/debian/{package}"),
        release: Some(release.to_owned()),
        advisory: advisory.to_owned(),
        spans,
        versions: Vec::new(),
    }
}

fn fact(cve: &str, aliases: Vec<String>, packages: Vec<PackageRange>) -> Fact {
    let record = Vulnerability {
        id: cve.to_owned(),
        aliases,
        packages,
        sources: vec!["debian".to_owned()],
        ..Vulnerability::default()
    };
    Fact::Said(Box::new(Contribution { source: Source::Advisory, record }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranges(
        read: fn(&str, &mut Context, &mut Vec<Fact>) -> Result<(), String>,
        text: &str,
    ) -> Vec<(String, PackageRange)> {
        let mut out = Vec::new();
        read(text, &mut Context::default(), &mut out).unwrap();
        let of = |fact| match fact {
            Fact::Said(said) => {
                said.record.packages.iter().map(|p| (said.record.id.clone(), p.clone())).collect::<Vec<_>>()
            }
            _ => unreachable!(),
        };
        out.into_iter().flat_map(of).collect()
    }

    #[test]
    fn advisories_say_which_version_of_a_release_is_repaired() {
        let text = "[29 Mar 2023] DSA-5380-1 xorg-server - security update\n\t{CVE-2023-1393}\n\t[bullseye] - xorg-server 2:1.20.11-1+deb11u6\n\t[buster] - xorg-server <not-affected>\n";
        assert!(recognise_list(text));
        let found = ranges(read_list, text);
        assert_eq!(found[0].1.spans[0].end.as_ref().unwrap().version, "2:1.20.11-1+deb11u6");
        assert_eq!(
            (found[0].1.release.as_deref(), found[0].1.advisory.as_str()),
            (Some("bullseye"), "DSA-5380-1")
        );
        assert_eq!(found[1].1.spans[0].end.as_ref().unwrap().version, "0");
    }

    #[test]
    fn the_tracker_knows_open_repaired_and_undetermined_issues() {
        let text = r#"{"p": {"CVE-2024-0001": {"description": "d", "releases": {
            "a": {"status": "open", "repositories": {"a": "1"}},
            "b": {"status": "resolved", "fixed_version": "2", "repositories": {}},
            "c": {"status": "undetermined", "repositories": {}}}}}}"#;
        assert!(recognise_tracker(text));
        let ends: Vec<_> = ranges(read_tracker, text)
            .into_iter()
            .map(|(_, range)| {
                range.spans.first().map(|span| span.end.as_ref().map(|end| end.version.clone()))
            })
            .collect();
        assert_eq!(ends, [Some(None), Some(Some("2".to_owned())), None]);
    }
}
