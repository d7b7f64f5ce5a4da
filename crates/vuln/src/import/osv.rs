//! OSV, one advisory a line. An advisory of one CVE counts for that CVE.
//!
//! Source: OSV schema 1.6. Ranges of type GIT name commits, not versions, and are left out.

use serde::Deserialize;
use serde_json::Value;

use super::text::{Reference, is_cve, urls};
use super::{Context, Fact};
use crate::merge::{Contribution, Source};
use crate::{Bound, PackageRange, Rating, Span, Status, Vulnerability};

#[derive(Deserialize)]
struct Advisory {
    id: String,
    #[serde(default)]
    modified: String,
    #[serde(default)]
    published: Option<String>,
    withdrawn: Option<String>,
    #[serde(default)]
    aliases: Vec<String>,
    #[serde(default)]
    upstream: Vec<String>,
    #[serde(default)]
    summary: String,
    #[serde(default)]
    details: String,
    #[serde(default)]
    severity: Vec<Score>,
    #[serde(default)]
    affected: Vec<Affected>,
    #[serde(default)]
    references: Vec<Reference>,
}

#[derive(Deserialize)]
struct Score {
    #[serde(default)]
    score: String,
}

#[derive(Deserialize)]
struct Affected {
    package: Option<Package>,
    #[serde(default)]
    severity: Vec<Score>,
    #[serde(default)]
    ranges: Vec<Range>,
    #[serde(default)]
    versions: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Package {
    #[serde(default)]
    ecosystem: String,
    #[serde(default)]
    name: String,
    purl: Option<String>,
}

#[derive(Deserialize)]
struct Range {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    events: Vec<serde_json::Map<String, Value>>,
}

pub(super) fn recognise(head: &str) -> bool {
    head.starts_with('{') && head.contains("\"modified\"") && !head.contains("\"cveMetadata\"")
}

pub(super) fn read(line: &str, _: &mut Context, out: &mut Vec<Fact>) -> Result<(), String> {
    let advisory: Advisory = serde_json::from_str(line).map_err(|e| e.to_string())?;
    let names = std::iter::once(&advisory.id).chain(&advisory.aliases).chain(&advisory.upstream);
    let mut cves: Vec<String> = names.filter(|name| is_cve(name)).cloned().collect();
    cves.sort();
    cves.dedup();
    let record = vulnerability(advisory);
    if cves.is_empty() {
        cves.push(record.id.clone());
    }
    for cve in cves {
        let mut record = record.clone();
        record.aliases.push(std::mem::replace(&mut record.id, cve));
        out.push(Fact::Said(Box::new(Contribution { source: Source::Advisory, record })));
    }
    Ok(())
}

fn vulnerability(advisory: Advisory) -> Vulnerability {
    let source = advisory.id.split('-').next().unwrap_or_default().to_lowercase();
    let scores = advisory.severity.iter().chain(advisory.affected.iter().flat_map(|a| &a.severity));
    let ratings = scores.map(|s| Rating { source: source.clone(), vector: s.score.clone() }).collect();
    let packages = advisory.affected.iter().filter_map(|a| package(a, &advisory.id)).collect();
    let text = [advisory.summary, advisory.details];
    let mut aliases: Vec<String> = advisory.aliases;
    aliases.retain(|alias| !is_cve(alias));
    Vulnerability {
        id: advisory.id,
        aliases,
        status: if advisory.withdrawn.is_some() { Status::Rejected } else { Status::Active },
        description: text.into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>().join("\n\n"),
        // Some databases write year 1 where they know no date.
        published: advisory.published.filter(|date| !date.starts_with("0001")).unwrap_or_default(),
        modified: Some(advisory.modified).filter(|date| !date.starts_with("0001")).unwrap_or_default(),
        ratings,
        references: urls(advisory.references),
        packages,
        sources: vec![format!("osv-{source}")],
        ..Vulnerability::default()
    }
}

fn package(affected: &Affected, advisory: &str) -> Option<PackageRange> {
    let package = affected.package.as_ref()?;
    let (ecosystem, release) = package
        .ecosystem
        .split_once(':')
        .map_or((package.ecosystem.as_str(), None), |(e, r)| (e, Some(r.to_owned())));
    let key = match package.purl.as_deref().and_then(|purl| purl.parse::<ident::Purl>().ok()) {
        Some(purl) => crate::matching::package_key(&purl),
        None => key(ecosystem, &package.name)?,
    };
    let ranges = affected.ranges.iter().filter(|range| range.kind != "GIT");
    Some(PackageRange {
        package: key,
        release,
        advisory: advisory.to_owned(),
        spans: ranges.flat_map(|range| spans(&range.events)).collect(),
        versions: affected.versions.clone().unwrap_or_default(),
    })
}

/// `type/namespace/name` from OSV's names of ecosystems.
pub(super) fn key(ecosystem: &str, name: &str) -> Option<String> {
    let (kind, name) = match ecosystem {
        "Go" => ("golang", name.to_lowercase()),
        "crates.io" => ("cargo", name.to_owned()),
        "npm" => ("npm", name.to_lowercase()),
        "PyPI" => ("pypi", name.to_lowercase().replace('_', "-")),
        "Maven" => ("maven", name.replace(':', "/")),
        "RubyGems" => ("gem", name.to_owned()),
        "NuGet" => ("nuget", name.to_owned()),
        "Packagist" => ("composer", name.to_lowercase()),
        "Hex" => ("hex", name.to_lowercase()),
        "Pub" => ("pub", name.to_owned()),
        "Bitnami" => ("bitnami", name.to_owned()),
        "Debian" => ("deb/debian", name.to_owned()),
        "Ubuntu" => ("deb/ubuntu", name.to_owned()),
        "Alpine" => ("apk/alpine", name.to_owned()),
        "AlmaLinux" => ("rpm/almalinux", name.to_owned()),
        "Chainguard" => ("apk/chainguard", name.to_owned()),
        "Red Hat" => ("rpm/redhat", name.to_owned()),
        "Rocky Linux" => ("rpm/rocky-linux", name.to_owned()),
        "SUSE" => ("rpm/suse", name.to_owned()),
        "openSUSE" => ("rpm/opensuse", name.to_owned()),
        "Wolfi" => ("apk/wolfi", name.to_owned()),
        _ => return None,
    };
    Some(format!("{kind}/{name}"))
}

fn spans(events: &[serde_json::Map<String, Value>]) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for event in events {
        let get = |name: &str| event.get(name).and_then(Value::as_str).map(str::to_owned);
        if let Some(introduced) = get("introduced") {
            spans.push(Span { introduced, end: None });
        }
        let end = get("fixed").map(|version| Bound { version, inclusive: false });
        let end = end.or_else(|| get("last_affected").map(|version| Bound { version, inclusive: true }));
        if let (Some(end), Some(span)) = (end, spans.last_mut()) {
            span.end = Some(end);
        }
    }
    spans
}
