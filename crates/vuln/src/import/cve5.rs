//! CVE Record Format 5: the CNA's container and those of authorized data publishers, such as CISA's with SSVC.
//!
//! Source: CVE Project, "CVE JSON record format", version 5.1.

use serde::Deserialize;
use serde_json::Value;

use super::text::{Reference, Text, english, is_cve, urls, weakness};
use super::{Context, Fact, cpe};
use crate::merge::{Contribution, Source};
use crate::{Bound, Configuration, Criterion, Exploitation, Node, Rating, Status, Vulnerability};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    cve_metadata: Metadata,
    #[serde(default)]
    containers: Containers,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    cve_id: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    date_published: String,
    #[serde(default)]
    date_updated: String,
}

#[derive(Default, Deserialize)]
struct Containers {
    #[serde(default)]
    cna: Container,
    #[serde(default)]
    adp: Vec<Container>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Container {
    #[serde(default)]
    provider_metadata: Provider,
    #[serde(default)]
    title: String,
    #[serde(default)]
    descriptions: Vec<Text>,
    #[serde(default)]
    rejected_reasons: Vec<Text>,
    #[serde(default)]
    affected: Vec<Affected>,
    #[serde(default)]
    metrics: Vec<serde_json::Map<String, Value>>,
    #[serde(default)]
    problem_types: Vec<ProblemType>,
    #[serde(default)]
    references: Vec<Reference>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Provider {
    /// Null in records that other tools rewrote.
    short_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Affected {
    #[serde(default)]
    vendor: String,
    #[serde(default)]
    product: String,
    #[serde(default)]
    cpes: Vec<String>,
    #[serde(default)]
    versions: Vec<Version>,
    #[serde(default)]
    default_status: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Version {
    #[serde(default)]
    version: String,
    #[serde(default)]
    status: String,
    less_than: Option<String>,
    less_than_or_equal: Option<String>,
}

#[derive(Deserialize)]
struct ProblemType {
    #[serde(default)]
    descriptions: Vec<Problem>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Problem {
    #[serde(default)]
    cwe_id: String,
}

pub(super) fn recognise(head: &str) -> bool {
    head.starts_with('{') && (head.contains("\"CVE_RECORD\"") || head.contains("\"cveMetadata\""))
}

pub(super) fn read(line: &str, _: &mut Context, out: &mut Vec<Fact>) -> Result<(), String> {
    let record: Record = serde_json::from_str(line).map_err(|e| e.to_string())?;
    if !is_cve(&record.cve_metadata.cve_id) {
        return Err(format!("`{}` is no CVE id", record.cve_metadata.cve_id));
    }
    let record = vulnerability(record);
    out.push(Fact::Said(Box::new(Contribution { source: Source::CveRecord, record })));
    Ok(())
}

fn vulnerability(record: Record) -> Vulnerability {
    let Record { cve_metadata: about, containers: Containers { cna, adp } } = record;
    let rejected = about.state == "REJECTED";
    let mut out = Vulnerability {
        id: about.cve_id,
        status: if rejected { Status::Rejected } else { Status::Active },
        published: about.date_published,
        modified: about.date_updated,
        sources: vec!["cve".to_owned()],
        ..Vulnerability::default()
    };
    for container in std::iter::once(cna).chain(adp) {
        absorb(&mut out, container);
    }
    out
}

fn absorb(out: &mut Vulnerability, container: Container) {
    let source = container.provider_metadata.short_name.unwrap_or_default();
    if out.description.is_empty() {
        let text = english(if container.descriptions.is_empty() {
            container.rejected_reasons
        } else {
            container.descriptions
        });
        out.description = if text.is_empty() { container.title } else { text };
    }
    for metric in &container.metrics {
        let vectors = metric.iter().filter(|(key, _)| key.starts_with("cvssV")).map(|(_, value)| value);
        let vectors = vectors.filter_map(|value| value.get("vectorString")?.as_str());
        out.ratings.extend(vectors.map(|v| Rating { source: source.clone(), vector: v.to_owned() }));
        out.exploitation = out.exploitation.max(metric.get("other").and_then(exploitation));
    }
    let problems = container.problem_types.iter().flat_map(|p| &p.descriptions);
    out.weaknesses.extend(problems.filter_map(|problem| weakness(&problem.cwe_id)));
    out.references.extend(urls(container.references));
    let any_of: Vec<Criterion> = container.affected.iter().flat_map(criteria).collect();
    if !any_of.is_empty() {
        out.configurations.push(Configuration { all_of: vec![Node { any_of, negate: false }] });
    }
}

/// SSVC, decision point "Exploitation".
fn exploitation(other: &Value) -> Option<Exploitation> {
    let options = other.get("content")?.get("options")?.as_array()?;
    let said = options.iter().find_map(|option| option.get("Exploitation")?.as_str())?;
    match said {
        "none" => Some(Exploitation::None),
        "poc" => Some(Exploitation::ProofOfConcept),
        "active" => Some(Exploitation::Active),
        _ => None,
    }
}

/// Every stated name with every affected range. Without stated names, one is made from vendor and product.
fn criteria(affected: &Affected) -> Vec<Criterion> {
    let mut names: Vec<(String, bool)> =
        affected.cpes.iter().filter_map(|name| Some((open_version(name)?, false))).collect();
    names.sort();
    names.dedup();
    if names.is_empty() {
        names.extend(cpe::from_words(&affected.vendor, &affected.product).map(|name| (name, true)));
    }
    let ranges = ranges(affected);
    let pairs = names.iter().flat_map(|name| ranges.iter().map(move |range| (name, range)));
    pairs
        .map(|((cpe, derived), (start, end))| Criterion {
            cpe: cpe.clone(),
            start: start.clone(),
            end: end.clone(),
            vulnerable: true,
            derived: *derived,
        })
        .collect()
}

/// The ranges say which versions; the name must not say it again.
fn open_version(name: &str) -> Option<String> {
    use ident::cpe::{Attribute, Cpe, Value};
    let name: Cpe = name.parse().ok()?;
    Some(name.with(Attribute::Version, Value::Any).with(Attribute::Update, Value::Any).to_string())
}

type Range = (Option<Bound>, Option<Bound>);

fn ranges(affected: &Affected) -> Vec<Range> {
    let stated = affected.versions.iter().filter(|v| v.status == "affected").filter_map(range);
    let mut ranges: Vec<Range> = stated.collect();
    if ranges.is_empty() && affected.versions.is_empty() && affected.default_status == "affected" {
        ranges.push((None, None));
    }
    ranges
}

/// `None` for words such as "n/a" that name no version.
fn range(version: &Version) -> Option<Range> {
    let is_version = |text: &str| text.contains(|c: char| c.is_ascii_digit()) && !text.contains(' ');
    let start = Some(version.version.as_str()).filter(|v| is_version(v));
    let bound = |version: &str, inclusive| Bound { version: version.to_owned(), inclusive };
    let lower = |v: &str| (v != "0").then(|| bound(v, true));
    match (&version.less_than, &version.less_than_or_equal) {
        (Some(end), _) if is_version(end) => Some((start.and_then(lower), Some(bound(end, false)))),
        (_, Some(end)) if is_version(end) => Some((start.and_then(lower), Some(bound(end, true)))),
        (Some(open), _) | (_, Some(open)) if open == "*" => Some((start.and_then(lower), None)),
        (None, None) => start.map(|v| (Some(bound(v, true)), Some(bound(v, true)))),
        _ => None,
    }
}
