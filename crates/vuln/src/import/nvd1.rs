//! NVD data feed 1.1: one document with `CVE_Items`. NVD publishes it no longer; mirrors do.
//!
//! Source: NVD, "JSON 1.1 vulnerability feed" and its schema.

use serde::Deserialize;

use super::nvd::{CpeMatch, Operator};
use super::text::{Reference, Text, english, is_cve, urls, weakness};
use super::{Context, Fact, nvd};
use crate::merge::{Contribution, Source};
use crate::{Configuration, Node, Rating, Status, Vulnerability};

#[derive(Deserialize)]
struct Feed {
    #[serde(rename = "CVE_Items")]
    items: Vec<Item>,
    #[serde(default, rename = "CVE_data_timestamp")]
    timestamp: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    cve: Cve,
    #[serde(default)]
    configurations: Configurations,
    #[serde(default)]
    impact: Impact,
    #[serde(default)]
    published_date: String,
    #[serde(default)]
    last_modified_date: String,
}

#[derive(Deserialize)]
struct Cve {
    #[serde(rename = "CVE_data_meta")]
    meta: Meta,
    #[serde(default)]
    description: Descriptions,
    #[serde(default)]
    problemtype: Problems,
    #[serde(default)]
    references: References,
}

#[derive(Deserialize)]
struct Meta {
    #[serde(rename = "ID")]
    id: String,
}

#[derive(Default, Deserialize)]
struct Descriptions {
    #[serde(default, rename = "description_data")]
    data: Vec<Text>,
}

#[derive(Default, Deserialize)]
struct Problems {
    #[serde(default, rename = "problemtype_data")]
    data: Vec<Problem>,
}

#[derive(Deserialize)]
struct Problem {
    #[serde(default)]
    description: Vec<Text>,
}

#[derive(Default, Deserialize)]
struct References {
    #[serde(default, rename = "reference_data")]
    data: Vec<Reference>,
}

#[derive(Default, Deserialize)]
struct Configurations {
    #[serde(default)]
    nodes: Vec<RawNode>,
}

#[derive(Deserialize)]
struct RawNode {
    #[serde(default)]
    operator: Operator,
    #[serde(default)]
    negate: bool,
    #[serde(default)]
    children: Vec<RawNode>,
    #[serde(default)]
    cpe_match: Vec<CpeMatch>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Impact {
    base_metric_v2: Option<MetricV2>,
    base_metric_v3: Option<MetricV3>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MetricV2 {
    cvss_v2: Cvss,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MetricV3 {
    cvss_v3: Cvss,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cvss {
    vector_string: String,
}

pub(super) fn recognise(head: &str) -> bool {
    head.starts_with('{') && head.contains("\"CVE_data_type\"") && head.contains("\"CVE_Items\"")
}

pub(super) fn read(text: &str, context: &mut Context, out: &mut Vec<Fact>) -> Result<(), String> {
    let feed: Feed = serde_json::from_str(text).map_err(|e| e.to_string())?;
    context.date = feed.timestamp;
    let all = feed.items.len();
    let known = feed.items.into_iter().filter(|item| is_cve(&item.cve.meta.id));
    let records = known.map(vulnerability).map(|record| Contribution { source: Source::Nvd, record });
    let before = out.len();
    out.extend(records.map(|contribution| Fact::Said(Box::new(contribution))));
    match all - (out.len() - before) {
        0 => Ok(()),
        damaged => Err(format!("{damaged} entries have no CVE id")),
    }
}

fn vulnerability(item: Item) -> Vulnerability {
    let description = english(item.cve.description.data);
    let v2 = item.impact.base_metric_v2.map(|metric| metric.cvss_v2);
    let v3 = item.impact.base_metric_v3.map(|metric| metric.cvss_v3);
    let ratings = v2.into_iter().chain(v3);
    let problems = item.cve.problemtype.data.iter().flat_map(|problem| &problem.description);
    Vulnerability {
        id: item.cve.meta.id,
        status: if description.starts_with("** REJECT **") { Status::Rejected } else { Status::Active },
        description,
        published: item.published_date,
        modified: item.last_modified_date,
        ratings: ratings
            .map(|cvss| Rating { source: "nvd".to_owned(), vector: cvss.vector_string })
            .collect(),
        weaknesses: problems.filter_map(|text| weakness(&text.value)).collect(),
        references: urls(item.cve.references.data),
        configurations: item.configurations.nodes.into_iter().map(configuration).collect(),
        sources: vec!["nvd".to_owned()],
        ..Vulnerability::default()
    }
}

/// An AND over children is a configuration of several nodes; anything else of one.
fn configuration(raw: RawNode) -> Configuration {
    let all_of =
        if raw.children.is_empty() { nodes(raw) } else { raw.children.into_iter().flat_map(nodes).collect() };
    Configuration { all_of }
}

fn nodes(raw: RawNode) -> Vec<Node> {
    nvd::nodes(raw.operator, raw.negate, raw.cpe_match)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn running_on_and_ranges_are_kept() {
        let text = r#"{"CVE_data_type": "CVE", "CVE_Items": [{"cve": {"CVE_data_meta": {"ID": "CVE-2020-0001"},
            "description": {"description_data": [{"lang": "en", "value": "Text."}]},
            "problemtype": {"problemtype_data": [{"description": [{"lang": "en", "value": "CWE-79"}]}]}},
            "configurations": {"nodes": [{"operator": "AND", "children": [
                {"operator": "OR", "cpe_match": [{"vulnerable": true, "cpe23Uri": "cpe:2.3:o:v:f:*:*:*:*:*:*:*:*", "versionEndExcluding": "2.0"}]},
                {"operator": "OR", "cpe_match": [{"vulnerable": false, "cpe23Uri": "cpe:2.3:h:v:d:-:*:*:*:*:*:*:*"}]}]}]},
            "impact": {"baseMetricV3": {"cvssV3": {"vectorString": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"}}}}]}"#;
        assert!(recognise(text));
        let mut out = Vec::new();
        read(text, &mut Context::default(), &mut out).unwrap();
        let [Fact::Said(said)] = out.as_slice() else { panic!("one record") };
        let [configuration] = said.record.configurations.as_slice() else { panic!("one configuration") };
        assert_eq!(configuration.all_of.len(), 2);
        assert_eq!(configuration.all_of[0].any_of[0].end.as_ref().unwrap().version, "2.0");
        assert_eq!((said.record.weaknesses.as_slice(), said.record.ratings.len()), ([79].as_slice(), 1));
    }
}
