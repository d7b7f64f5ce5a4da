//! OpenVEX 0.2.0: one statement for each vulnerability, host and component.
//!
//! The product is the host in the system, the component its subcomponent: the verdict holds there and nowhere else.
#![allow(
    clippy::indexing_slicing,
    reason = "keys of JSON objects made here: a missing key is added, nothing panics"
)]

use record::{Assessment, Verdict, VulnerabilityVerdict};
use serde_json::{Value, json};

use super::{Publication, justification, status};

/// The verdicts as an OpenVEX document.
pub fn openvex(assessment: &Assessment, publication: &Publication) -> Value {
    let statements: Vec<Value> =
        assessment.vulnerabilities.iter().map(|v| statement(assessment, v)).collect();
    json!({
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": publication.id("vex", &json!(statements).to_string()),
        "author": publication.author,
        "timestamp": publication.timestamp,
        "version": 1,
        "statements": statements,
    })
}

fn statement(assessment: &Assessment, found: &VulnerabilityVerdict) -> Value {
    let product = json!({
        "@id": format!("{}/{}", assessment.system.name, found.host),
        "subcomponents": [{"@id": found.component}],
    });
    let mut statement = json!({
        "vulnerability": {"name": found.id},
        "products": [product],
        "status": status(found.verdict),
    });
    match found.verdict {
        Verdict::Exploitable => {
            statement["action_statement"] = json!("see the countermeasures of the assessment");
            statement["status_notes"] = json!(found.why);
        }
        Verdict::Unknown => statement["status_notes"] = json!(found.why),
        Verdict::NotReachable | Verdict::Mitigated | Verdict::NotAffected => {
            statement["impact_statement"] = json!(found.why);
        }
    }
    if let Some(word) = justification(found.verdict) {
        statement["justification"] = json!(word);
    }
    statement
}
