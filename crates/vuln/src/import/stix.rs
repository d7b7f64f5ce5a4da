//! STIX bundles of MITRE: attack patterns (CAPEC) and techniques (ATT&CK).
//!
//! Source: STIX 2.0 and 2.1; the names of external references tell which list an object belongs to.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Context, Fact};
use crate::Concept;

#[derive(Deserialize)]
struct Bundle {
    objects: Vec<Object>,
}

#[derive(Deserialize)]
struct Object {
    #[serde(default)]
    id: String,
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    revoked: bool,
    #[serde(default)]
    external_references: Vec<External>,
    #[serde(default)]
    kill_chain_phases: Vec<Phase>,
    #[serde(default)]
    x_capec_child_of_refs: Vec<String>,
    #[serde(default)]
    relationship_type: String,
    #[serde(default)]
    source_ref: String,
    #[serde(default)]
    target_ref: String,
}

#[derive(Deserialize)]
struct External {
    #[serde(default)]
    source_name: String,
    #[serde(default)]
    external_id: String,
}

#[derive(Deserialize)]
struct Phase {
    #[serde(default)]
    phase_name: String,
}

pub(super) fn recognise(head: &str) -> bool {
    let head = head.get(..200).unwrap_or(head);
    head.starts_with('{') && head.contains("\"bundle\"") && head.contains("\"objects\"")
        || head.contains("\"bundle--")
}

pub(super) fn read(text: &str, _: &mut Context, out: &mut Vec<Fact>) -> Result<(), String> {
    let bundle: Bundle = serde_json::from_str(text).map_err(|e| e.to_string())?;
    let patterns = bundle.objects.iter().filter(|object| object.kind == "attack-pattern" && !object.revoked);
    let ids: BTreeMap<&str, &str> =
        patterns.clone().filter_map(|object| Some((object.id.as_str(), own(object)?))).collect();
    let mut parents: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for link in bundle.objects.iter().filter(|object| object.relationship_type == "subtechnique-of") {
        if let Some(target) = ids.get(link.target_ref.as_str()) {
            parents.entry(&link.source_ref).or_default().push((*target).to_owned());
        }
    }
    for object in patterns {
        let Some(id) = own(object) else { continue };
        let above = object
            .x_capec_child_of_refs
            .iter()
            .filter_map(|r| ids.get(r.as_str()))
            .map(|id| (*id).to_owned());
        let mut above: Vec<String> =
            above.chain(parents.remove(object.id.as_str()).unwrap_or_default()).collect();
        above.sort();
        let mut related: Vec<String> =
            object.external_references.iter().filter_map(|e| other(e, id)).collect();
        related.sort();
        related.dedup();
        let purposes = object.kill_chain_phases.iter().map(|phase| phase.phase_name.clone()).collect();
        let (id, name) = (id.to_owned(), object.name.clone());
        out.push(Fact::Concept(Concept { id, name, parents: above, related, purposes }));
    }
    Ok(())
}

/// The id by which the list itself calls it.
fn own(object: &Object) -> Option<&str> {
    let own = object
        .external_references
        .iter()
        .find(|e| matches!(e.source_name.as_str(), "capec" | "mitre-attack" | "mitre-ics-attack"));
    own.map(|external| external.external_id.as_str()).filter(|id| !id.is_empty())
}

/// A concept of another list.
fn other(external: &External, own: &str) -> Option<String> {
    let id = external.external_id.as_str();
    let known = id != own
        && match external.source_name.as_str() {
            "cwe" => id.starts_with("CWE-"),
            "capec" => id.starts_with("CAPEC-"),
            "ATTACK" | "mitre-attack" => id.starts_with('T'),
            _ => false,
        };
    known.then(|| id.to_owned())
}
