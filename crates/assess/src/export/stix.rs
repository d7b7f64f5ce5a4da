//! STIX 2.1: the system's vulnerabilities, the techniques used, and the reported paths as a report.
#![allow(
    clippy::indexing_slicing,
    reason = "keys of JSON objects made here: a missing key is added, nothing panics"
)]

use std::collections::{BTreeMap, BTreeSet};

use record::{Assessment, Step, Verdict};
use serde_json::{Value, json};

use super::navigator::is_industrial;
use super::{Publication, uuid};

/// A bundle: an identity, a vulnerability for each exploitable one, an attack pattern for each technique, a course of
/// action for each chosen countermeasure, relationships, and a report that names them all.
pub fn stix(assessment: &Assessment, publication: &Publication) -> Value {
    let mut objects: BTreeMap<String, Value> = BTreeMap::new();
    let publication =
        &Publication { timestamp: to_the_millisecond(&publication.timestamp), ..publication.clone() };
    let identity = id("identity", &publication.author);
    let add = |objects: &mut BTreeMap<String, Value>, kind: &str, name: &str, more: Value| {
        let id = id(kind, name);
        let mut object = json!({
            "type": kind,
            "spec_version": "2.1",
            "id": id,
            "created": publication.timestamp,
            "modified": publication.timestamp,
            "name": name,
        });
        if kind != "identity" {
            object["created_by_ref"] = json!(identity);
        }
        for (key, value) in more.as_object().into_iter().flatten() {
            object[key.as_str()] = value.clone();
        }
        objects.insert(id.clone(), object);
        id
    };
    add(&mut objects, "identity", &publication.author, json!({"identity_class": "organization"}));
    for vulnerability in exploitable(assessment) {
        // Ids of others have no source that the standard names.
        let reference = vulnerability
            .starts_with("CVE-")
            .then(|| json!({"external_references": [{"source_name": "cve", "external_id": vulnerability}]}));
        add(&mut objects, "vulnerability", vulnerability, reference.unwrap_or_else(|| json!({})));
    }
    for step in steps(assessment) {
        let Some(technique) = &step.technique else { continue };
        let source = if is_industrial(technique) { "mitre-ics-attack" } else { "mitre-attack" };
        let reference = json!([{"source_name": source, "external_id": technique}]);
        let pattern =
            add(&mut objects, "attack-pattern", technique, json!({"external_references": reference}));
        if let Some(vulnerability) = &step.vulnerability {
            let target = id("vulnerability", vulnerability);
            let (key, value) = relationship(publication, &identity, "targets", &pattern, &target);
            objects.insert(key, value);
        }
    }
    for chosen in assessment.plan.iter().flat_map(|plan| &plan.chosen) {
        add(&mut objects, "course-of-action", chosen, json!({}));
    }
    let refs: Vec<&String> = objects.keys().collect();
    let description = describe(assessment);
    let title = format!("Attack paths in {}", assessment.system.name);
    let more = json!({
        "published": publication.timestamp,
        "report_types": ["attack-pattern"],
        "description": description,
        "object_refs": refs,
    });
    add(&mut objects, "report", &title, more);
    let objects: Vec<Value> = objects.into_values().collect();
    json!({"type": "bundle", "id": id("bundle", &json!(objects).to_string()), "objects": objects})
}

/// The standard asks for three digits of a second at least.
fn to_the_millisecond(time: &str) -> String {
    match time.strip_suffix('Z') {
        Some(whole) if !whole.contains('.') => format!("{whole}.000Z"),
        _ => time.to_owned(),
    }
}

fn exploitable(assessment: &Assessment) -> BTreeSet<&str> {
    let used = steps(assessment).filter_map(|step| step.vulnerability.as_deref());
    let judged = assessment.vulnerabilities.iter().filter(|v| v.verdict == Verdict::Exploitable);
    used.chain(judged.map(|v| v.id.as_str())).collect()
}

fn steps(assessment: &Assessment) -> impl Iterator<Item = &Step> {
    assessment.goals.iter().flat_map(|goal| &goal.paths).flat_map(|path| &path.steps)
}

fn id(kind: &str, name: &str) -> String {
    format!("{kind}--{}", uuid(&format!("{kind} {name}")))
}

fn relationship(
    publication: &Publication,
    identity: &str,
    how: &str,
    source: &str,
    target: &str,
) -> (String, Value) {
    let id = id("relationship", &format!("{source} {how} {target}"));
    let object = json!({
        "type": "relationship",
        "spec_version": "2.1",
        "id": id,
        "created": publication.timestamp,
        "modified": publication.timestamp,
        "created_by_ref": identity,
        "relationship_type": how,
        "source_ref": source,
        "target_ref": target,
    });
    (id, object)
}

fn describe(assessment: &Assessment) -> String {
    let mut lines = Vec::new();
    for goal in &assessment.goals {
        for path in &goal.paths {
            let steps: Vec<&str> = path.steps.iter().map(|s| s.explain.as_str()).collect();
            lines.push(format!("{}: {}", goal.title, steps.join("; ")));
        }
    }
    lines.join("\n")
}
