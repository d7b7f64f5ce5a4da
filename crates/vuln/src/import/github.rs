//! GitHub's advisories as its REST API gives them ("global security advisories"): objects, or a list of them. Its
//! repository of advisories holds OSV.
//!
//! Source: GitHub REST API, version 2022-11-28.

use serde::Deserialize;

use super::text::is_cve;
use super::{Context, Fact, each, osv};
use crate::merge::{Contribution, Source};
use crate::{Bound, PackageRange, Rating, Span, Status, Vulnerability};

#[derive(Deserialize)]
struct Advisory {
    ghsa_id: String,
    cve_id: Option<String>,
    #[serde(default)]
    summary: Option<String>,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    vulnerabilities: Vec<Affected>,
    #[serde(default)]
    cvss: Option<Cvss>,
    #[serde(default)]
    cvss_severities: Option<Severities>,
    #[serde(default)]
    cwes: Vec<Weakness>,
    #[serde(default)]
    references: Vec<String>,
    #[serde(default)]
    published_at: Option<String>,
    #[serde(default)]
    updated_at: Option<String>,
    #[serde(default)]
    withdrawn_at: Option<String>,
}

#[derive(Deserialize)]
struct Affected {
    package: Option<Package>,
    #[serde(default)]
    vulnerable_version_range: Option<String>,
}

#[derive(Deserialize)]
struct Package {
    #[serde(default)]
    ecosystem: String,
    #[serde(default)]
    name: Option<String>,
}

#[derive(Deserialize)]
struct Cvss {
    vector_string: Option<String>,
}

#[derive(Deserialize)]
struct Severities {
    cvss_v3: Option<Cvss>,
    cvss_v4: Option<Cvss>,
}

#[derive(Deserialize)]
struct Weakness {
    #[serde(default)]
    cwe_id: String,
}

pub(super) fn recognise(head: &str) -> bool {
    head.starts_with(['{', '[']) && head.contains("\"ghsa_id\"")
}

pub(super) fn read(text: &str, _: &mut Context, out: &mut Vec<Fact>) -> Result<(), String> {
    each(text, |advisory: Advisory| {
        let record = vulnerability(advisory);
        out.push(Fact::Said(Box::new(Contribution { source: Source::Advisory, record })));
    })
}

fn vulnerability(advisory: Advisory) -> Vulnerability {
    let id = advisory.ghsa_id;
    let cve = advisory.cve_id.filter(|cve| is_cve(cve));
    let severities = advisory.cvss_severities.map(|s| [s.cvss_v3, s.cvss_v4]).into_iter().flatten();
    let vectors = severities.chain([advisory.cvss]).flatten().filter_map(|cvss| cvss.vector_string);
    let texts =
        [advisory.summary, advisory.description].into_iter().flatten().filter(|text| !text.is_empty());
    Vulnerability {
        packages: advisory.vulnerabilities.iter().filter_map(|affected| package(affected, &id)).collect(),
        aliases: if cve.is_some() { vec![id.clone()] } else { Vec::new() },
        id: cve.unwrap_or(id),
        status: if advisory.withdrawn_at.is_some() { Status::Rejected } else { Status::Active },
        description: texts.collect::<Vec<_>>().join("\n\n"),
        published: advisory.published_at.unwrap_or_default(),
        modified: advisory.updated_at.unwrap_or_default(),
        ratings: vectors.map(|vector| Rating { source: "github".to_owned(), vector }).collect(),
        weaknesses: advisory.cwes.iter().filter_map(|cwe| super::text::weakness(&cwe.cwe_id)).collect(),
        references: advisory.references,
        sources: vec!["github".to_owned()],
        ..Vulnerability::default()
    }
}

fn package(affected: &Affected, advisory: &str) -> Option<PackageRange> {
    let package = affected.package.as_ref()?;
    // The API writes its ecosystems in lower case, OSV as their owners do.
    let ecosystem = match package.ecosystem.as_str() {
        "go" => "Go",
        "rust" => "crates.io",
        "pip" => "PyPI",
        "maven" => "Maven",
        "rubygems" => "RubyGems",
        "nuget" => "NuGet",
        "composer" => "Packagist",
        "erlang" => "Hex",
        "pub" => "Pub",
        other => other,
    };
    let range = affected.vulnerable_version_range.as_deref().unwrap_or_default();
    let (spans, versions) = spans(range);
    Some(PackageRange {
        package: osv::key(ecosystem, package.name.as_deref()?)?,
        release: None,
        advisory: advisory.to_owned(),
        spans,
        versions,
    })
}

/// `>= 1.0, < 1.2`, or `= 1.3`; several ranges stand between `||`.
fn spans(text: &str) -> (Vec<Span>, Vec<String>) {
    let (mut spans, mut versions) = (Vec::new(), Vec::new());
    for range in text.split("||").map(str::trim).filter(|range| !range.is_empty()) {
        let mut span = Span { introduced: "0".to_owned(), end: None };
        for step in range.split(',').map(str::trim) {
            let bound = |sign: &str, inclusive| {
                let version = step.strip_prefix(sign)?.trim().to_owned();
                Some(Bound { version, inclusive })
            };
            if let Some(end) = bound("<=", true).or_else(|| bound("<", false)) {
                span.end = Some(end);
            } else if let Some(start) = bound(">=", true).or_else(|| bound(">", false)) {
                span.introduced = start.version;
            } else if let Some(only) = bound("=", true) {
                versions.push(only.version);
            }
        }
        if span.end.is_some() || span.introduced != "0" {
            spans.push(span);
        }
    }
    (spans, versions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_an_advisory_become_spans() {
        let text = r#"[{"ghsa_id": "GHSA-a", "cve_id": "CVE-2024-0001", "summary": "s", "vulnerabilities": [
            {"package": {"ecosystem": "pip", "name": "Foo_bar"}, "vulnerable_version_range": ">= 1.0, < 1.2"},
            {"package": {"ecosystem": "npm", "name": "x"}, "vulnerable_version_range": "= 1.3"}]}]"#;
        assert!(recognise(text));
        let mut out = Vec::new();
        read(text, &mut Context::default(), &mut out).unwrap();
        let [Fact::Said(said)] = out.as_slice() else { panic!("one record") };
        assert_eq!(
            (said.record.id.as_str(), said.record.aliases.as_slice()),
            ("CVE-2024-0001", ["GHSA-a".to_owned()].as_slice())
        );
        let [python, node] = said.record.packages.as_slice() else { panic!("two packages") };
        assert_eq!((python.package.as_str(), python.spans[0].introduced.as_str()), ("pypi/foo-bar", "1.0"));
        assert_eq!(python.spans[0].end, Some(Bound { version: "1.2".to_owned(), inclusive: false }));
        assert_eq!(node.versions, ["1.3"]);
    }
}
