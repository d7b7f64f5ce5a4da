//! CycloneDX 1.6 with the `vulnerabilities` part only: VEX beside the bills of materials of the hosts.
#![allow(
    clippy::indexing_slicing,
    reason = "keys of JSON objects made here: a missing key is added, nothing panics"
)]

use std::collections::BTreeSet;

use record::{Assessment, Verdict, VulnerabilityVerdict};
use serde_json::{Value, json};

use super::{Publication, uuid};

/// The verdicts as a CycloneDX VEX document.
pub fn cyclonedx(assessment: &Assessment, publication: &Publication) -> Value {
    let found = &assessment.vulnerabilities;
    let components: BTreeSet<(&str, &str)> =
        found.iter().map(|v| (v.host.as_str(), v.component.as_str())).collect();
    let components: Vec<Value> = components.into_iter().map(|(host, name)| component(host, name)).collect();
    let vulnerabilities: Vec<Value> = found.iter().map(vulnerability).collect();
    json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": format!("urn:uuid:{}", uuid(&json!(vulnerabilities).to_string())),
        "version": 1,
        "metadata": {
            "timestamp": publication.timestamp,
            "supplier": {"name": publication.author},
            "component": {"type": "platform", "name": assessment.system.name, "bom-ref": "system"},
        },
        "components": components,
        "vulnerabilities": vulnerabilities,
    })
}

fn reference(host: &str, component: &str) -> String {
    format!("{host}:{component}")
}

fn component(host: &str, name: &str) -> Value {
    let mut entry = json!({
        "type": "application",
        "name": name,
        "group": host,
        "bom-ref": reference(host, name),
    });
    if name.starts_with("pkg:") {
        entry["purl"] = json!(name);
    } else if name.starts_with("cpe:") {
        entry["cpe"] = json!(name);
    }
    entry
}

fn vulnerability(found: &VulnerabilityVerdict) -> Value {
    let (state, justification) = match found.verdict {
        Verdict::Exploitable => ("exploitable", None),
        Verdict::NotReachable => ("not_affected", Some("code_not_reachable")),
        Verdict::Mitigated => ("not_affected", Some("protected_by_mitigating_control")),
        Verdict::NotAffected => ("not_affected", None),
        Verdict::Unknown => ("in_triage", None),
    };
    let mut analysis = json!({"state": state, "detail": found.why});
    if let Some(word) = justification {
        analysis["justification"] = json!(word);
    }
    let mut entry = json!({
        "bom-ref": format!("{}@{}", found.id, reference(&found.host, &found.component)),
        "id": found.id,
        "analysis": analysis,
        "affects": [{"ref": reference(&found.host, &found.component)}],
    });
    if let Some(score) = found.cvss {
        entry["ratings"] = json!([{"score": score}]);
    }
    entry
}
