//! CSAF 2.0, profile 5 (VEX): a product for each component on each host, a status for each vulnerability of it.
#![allow(
    clippy::indexing_slicing,
    reason = "keys of JSON objects made here: a missing key is added, nothing panics"
)]

use std::collections::{BTreeMap, BTreeSet};

use record::{Assessment, Verdict, VulnerabilityVerdict};
use serde_json::{Map, Value, json};

use super::{Publication, digest, justification, status};

/// The verdicts as a CSAF VEX document.
pub fn csaf(assessment: &Assessment, publication: &Publication) -> Value {
    let products: BTreeSet<(&str, &str)> =
        assessment.vulnerabilities.iter().map(|v| (v.host.as_str(), v.component.as_str())).collect();
    let mut by_id: BTreeMap<&str, Vec<&VulnerabilityVerdict>> = BTreeMap::new();
    for found in &assessment.vulnerabilities {
        by_id.entry(&found.id).or_default().push(found);
    }
    let vulnerabilities: Vec<Value> = by_id.iter().map(|(id, found)| vulnerability(id, found)).collect();
    let names: Vec<Value> = products.iter().map(|(host, component)| full_name(host, component)).collect();
    json!({
        "document": document(assessment, publication, &json!(vulnerabilities).to_string()),
        "product_tree": {"full_product_names": names},
        "vulnerabilities": vulnerabilities,
    })
}

fn document(assessment: &Assessment, publication: &Publication, contents: &str) -> Value {
    json!({
        "category": "csaf_vex",
        "csaf_version": "2.0",
        "title": format!("Exploitability of vulnerabilities in {}", assessment.system.name),
        "publisher": {
            "category": "user",
            "name": publication.author,
            "namespace": publication.namespace,
        },
        "tracking": {
            "id": format!("sukashi-{}", digest(contents)),
            "status": "final",
            "version": "1",
            "initial_release_date": publication.timestamp,
            "current_release_date": publication.timestamp,
            "revision_history": [{"date": publication.timestamp, "number": "1", "summary": "assessed"}],
        },
    })
}

fn product_id(host: &str, component: &str) -> String {
    format!("{host}:{component}")
}

fn full_name(host: &str, component: &str) -> Value {
    let mut name =
        json!({"name": format!("{component} on {host}"), "product_id": product_id(host, component)});
    if component.starts_with("pkg:") {
        name["product_identification_helper"] = json!({"purl": component});
    } else if component.starts_with("cpe:") {
        name["product_identification_helper"] = json!({"cpe": component});
    }
    name
}

fn vulnerability(id: &str, found: &[&VulnerabilityVerdict]) -> Value {
    let mut by_status: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut flags: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut threats = Vec::new();
    let mut remediations = Vec::new();
    for one in found {
        let product = product_id(&one.host, &one.component);
        by_status.entry(group(one.verdict)).or_default().push(product.clone());
        if let Some(word) = justification(one.verdict) {
            flags.entry(word).or_default().push(product.clone());
        }
        threats.push(json!({"category": "impact", "details": one.why, "product_ids": [product]}));
        if one.verdict == Verdict::Exploitable {
            let details = "see the countermeasures of the assessment";
            remediations
                .push(json!({"category": "mitigation", "details": details, "product_ids": [product]}));
        }
    }
    let mut entry = Map::new();
    // Other data bases' ids have no field of their own kind.
    if id.starts_with("CVE-") {
        entry.insert("cve".to_owned(), json!(id));
    } else {
        entry.insert("ids".to_owned(), json!([{"system_name": "id", "text": id}]));
    }
    entry.insert(
        "notes".to_owned(),
        json!([{"category": "description", "text": format!("Judged in this system: {id}")}]),
    );
    entry.insert("product_status".to_owned(), json!(by_status));
    entry.insert("threats".to_owned(), json!(threats));
    if !flags.is_empty() {
        let flags: Vec<Value> =
            flags.into_iter().map(|(label, ids)| json!({"label": label, "product_ids": ids})).collect();
        entry.insert("flags".to_owned(), json!(flags));
    }
    if !remediations.is_empty() {
        entry.insert("remediations".to_owned(), json!(remediations));
    }
    Value::Object(entry)
}

fn group(verdict: Verdict) -> &'static str {
    match status(verdict) {
        "affected" => "known_affected",
        "not_affected" => "known_not_affected",
        _ => "under_investigation",
    }
}
