//! NVD API 2.0: one `cve` object a line, or the API's wrapping `{"cve": …}`. Overrides have the same shape.
//!
//! Source: NVD, "Vulnerability API 2.0" and its JSON schema.

use serde::Deserialize;

use super::text::{Reference, Text, english, is_cve, urls, weakness};
use super::{Context, Fact, cpe};
use crate::merge::{Contribution, Source};
use crate::{Bound, Configuration, Criterion, Node, Rating, Status, Vulnerability};

/// A record as the API wraps it.
#[derive(Deserialize)]
struct Wrapped {
    cve: Record,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    id: String,
    #[serde(default)]
    published: String,
    #[serde(default)]
    last_modified: String,
    #[serde(default)]
    vuln_status: String,
    #[serde(default)]
    descriptions: Vec<Text>,
    #[serde(default)]
    metrics: Metrics,
    #[serde(default)]
    weaknesses: Vec<Weakness>,
    #[serde(default)]
    configurations: Vec<RawConfiguration>,
    #[serde(default)]
    references: Vec<Reference>,
}

#[derive(Default, Deserialize)]
struct Metrics {
    #[serde(default, rename = "cvssMetricV2")]
    v2: Vec<Metric>,
    #[serde(default, rename = "cvssMetricV30")]
    v30: Vec<Metric>,
    #[serde(default, rename = "cvssMetricV31")]
    v31: Vec<Metric>,
    #[serde(default, rename = "cvssMetricV40")]
    v40: Vec<Metric>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metric {
    #[serde(default)]
    source: String,
    cvss_data: CvssData,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CvssData {
    vector_string: String,
}

#[derive(Deserialize)]
struct Weakness {
    #[serde(default)]
    description: Vec<Text>,
}

#[derive(Deserialize)]
struct RawConfiguration {
    #[serde(default)]
    operator: Operator,
    #[serde(default)]
    negate: bool,
    #[serde(default)]
    nodes: Vec<RawNode>,
}

#[derive(Clone, Copy, Default, Deserialize, PartialEq)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum Operator {
    And,
    #[default]
    Or,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawNode {
    #[serde(default)]
    operator: Operator,
    #[serde(default)]
    negate: bool,
    #[serde(default)]
    cpe_match: Vec<CpeMatch>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CpeMatch {
    vulnerable: bool,
    /// Called otherwise in the feed before version 2.
    #[serde(alias = "cpe23Uri")]
    criteria: String,
    version_start_including: Option<String>,
    version_start_excluding: Option<String>,
    version_end_including: Option<String>,
    version_end_excluding: Option<String>,
}

/// An answer of the API, or a yearly feed: `{"resultsPerPage", …, "vulnerabilities": [{"cve"}]}`.
#[derive(Deserialize)]
struct Response {
    #[serde(default)]
    timestamp: String,
    vulnerabilities: Vec<Wrapped>,
}

pub(super) fn recognise_response(head: &str) -> bool {
    head.starts_with('{') && head.contains("\"resultsPerPage\"") && head.contains("\"NVD_CVE\"")
}

pub(super) fn read_response(text: &str, context: &mut Context, out: &mut Vec<Fact>) -> Result<(), String> {
    let response: Response = serde_json::from_str(text).map_err(|e| e.to_string())?;
    context.date = response.timestamp;
    response.vulnerabilities.into_iter().try_for_each(|wrapped| take(wrapped.cve, out))
}

pub(super) fn recognise(head: &str) -> bool {
    head.starts_with('{') && (head.contains("\"descriptions\"") || head.contains("\"vulnStatus\""))
}

pub(super) fn read(line: &str, _: &mut Context, out: &mut Vec<Fact>) -> Result<(), String> {
    let bare = line.trim_start().trim_start_matches('{').trim_start();
    let record = match bare.starts_with("\"cve\"") {
        true => serde_json::from_str(line).map(|wrapped: Wrapped| wrapped.cve),
        false => serde_json::from_str(line),
    };
    take(record.map_err(|e| e.to_string())?, out)
}

fn take(record: Record, out: &mut Vec<Fact>) -> Result<(), String> {
    if !is_cve(&record.id) {
        return Err(format!("`{}` is no CVE id", record.id));
    }
    let overrides = record.vuln_status == "Override";
    let source = if overrides { Source::Overrides } else { Source::Nvd };
    out.push(Fact::Said(Box::new(Contribution { source, record: vulnerability(record, overrides) })));
    Ok(())
}

fn vulnerability(record: Record, overrides: bool) -> Vulnerability {
    let Metrics { v2, v30, v31, v40 } = record.metrics;
    let ratings = [v2, v30, v31, v40].into_iter().flatten();
    let weaknesses = record.weaknesses.iter().flat_map(|w| &w.description);
    Vulnerability {
        id: record.id,
        status: if record.vuln_status == "Rejected" { Status::Rejected } else { Status::Active },
        description: english(record.descriptions),
        published: record.published,
        modified: record.last_modified,
        ratings: ratings.map(|m| Rating { source: m.source, vector: m.cvss_data.vector_string }).collect(),
        weaknesses: weaknesses.filter_map(|text| weakness(&text.value)).collect(),
        references: urls(record.references),
        configurations: record.configurations.into_iter().flat_map(configurations).collect(),
        sources: vec![if overrides { "nvd-overrides" } else { "nvd" }.to_owned()],
        ..Vulnerability::default()
    }
}

/// An OR of nodes is several configurations; an AND is one.
fn configurations(raw: RawConfiguration) -> Vec<Configuration> {
    let negated = |node: &RawNode| raw.negate != node.negate;
    let nodes = raw.nodes.into_iter().map(|node| nodes(node.operator, negated(&node), node.cpe_match));
    let nodes: Vec<Vec<Node>> = nodes.collect();
    match raw.operator {
        Operator::And => vec![Configuration { all_of: nodes.into_iter().flatten().collect() }],
        Operator::Or => nodes.into_iter().map(|all_of| Configuration { all_of }).collect(),
    }
}

/// An AND over names is a node for each.
pub(super) fn nodes(operator: Operator, negate: bool, names: Vec<CpeMatch>) -> Vec<Node> {
    let criteria = names.into_iter().filter_map(criterion);
    match operator {
        Operator::Or => vec![Node { any_of: criteria.collect(), negate }],
        Operator::And => criteria.map(|one| Node { any_of: vec![one], negate }).collect(),
    }
}

fn criterion(raw: CpeMatch) -> Option<Criterion> {
    let bound = |inclusive: Option<String>, exclusive: Option<String>| {
        let inclusive = inclusive.map(|version| Bound { version, inclusive: true });
        inclusive.or_else(|| exclusive.map(|version| Bound { version, inclusive: false }))
    };
    Some(Criterion {
        cpe: cpe::normalized(&raw.criteria)?,
        start: bound(raw.version_start_including, raw.version_start_excluding),
        end: bound(raw.version_end_including, raw.version_end_excluding),
        vulnerable: raw.vulnerable,
        derived: false,
    })
}
