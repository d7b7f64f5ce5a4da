//! Weaknesses, one JSON object a line: `{"id": "CWE-79", "name", "related": [{"nature", "id"}], "consequences", "capec"}`.
//!
//! That is MITRE's XML, element by element; `docs/how-to` tells how it is made.

use serde::Deserialize;

use super::{Context, Fact};
use crate::Concept;

#[derive(Deserialize)]
struct Weakness {
    id: String,
    name: String,
    #[serde(default)]
    related: Vec<Related>,
    #[serde(default)]
    consequences: Vec<Consequence>,
    #[serde(default)]
    capec: Vec<String>,
}

#[derive(Deserialize)]
struct Related {
    #[serde(default)]
    nature: String,
    id: String,
}

#[derive(Deserialize)]
struct Consequence {
    #[serde(default)]
    impact: Vec<String>,
}

pub(super) fn recognise(head: &str) -> bool {
    head.starts_with("{\"id\":\"CWE-")
}

pub(super) fn read(line: &str, _: &mut Context, out: &mut Vec<Fact>) -> Result<(), String> {
    let weakness: Weakness = serde_json::from_str(line).map_err(|e| e.to_string())?;
    let parents = weakness.related.into_iter().filter(|related| related.nature == "ChildOf");
    let mut parents: Vec<String> = parents.map(|related| related.id).collect();
    let mut purposes: Vec<String> = weakness.consequences.into_iter().flat_map(|c| c.impact).collect();
    for list in [&mut parents, &mut purposes] {
        list.sort();
        list.dedup();
    }
    let mut related = weakness.capec;
    related.sort();
    out.push(Fact::Concept(Concept { id: weakness.id, name: weakness.name, parents, related, purposes }));
    Ok(())
}
