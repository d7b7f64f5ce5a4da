//! ATT&CK Navigator layers (format 4.5), one for each matrix that the paths touch.

use std::collections::BTreeMap;

use record::Assessment;
use serde_json::{Value, json};

/// Layers in the order enterprise, industrial; a matrix without a technique has none. The score of a technique is in
/// how many reported paths it stands.
pub fn navigator(assessment: &Assessment) -> Vec<Value> {
    let mut uses: BTreeMap<&str, (u64, Vec<&str>)> = BTreeMap::new();
    for path in assessment.goals.iter().flat_map(|goal| &goal.paths) {
        let mut of_path: BTreeMap<&str, &str> = BTreeMap::new();
        for step in &path.steps {
            if let Some(technique) = &step.technique {
                of_path.entry(technique).or_insert(&step.explain);
            }
        }
        for (technique, explain) in of_path {
            let entry = uses.entry(technique).or_default();
            entry.0 += 1;
            if !entry.1.contains(&explain) {
                entry.1.push(explain);
            }
        }
    }
    [("enterprise-attack", false), ("ics-attack", true)]
        .into_iter()
        .filter_map(|(domain, industrial)| layer(assessment, domain, industrial, &uses))
        .collect()
}

/// Techniques of the industrial matrix are numbered below 1000.
pub(super) fn is_industrial(technique: &str) -> bool {
    technique.starts_with("T0")
}

fn layer(
    assessment: &Assessment,
    domain: &str,
    industrial: bool,
    uses: &BTreeMap<&str, (u64, Vec<&str>)>,
) -> Option<Value> {
    let techniques: Vec<Value> = uses
        .iter()
        .filter(|(technique, _)| is_industrial(technique) == industrial)
        .map(|(technique, (count, explains))| {
            json!({"techniqueID": technique, "score": count, "enabled": true, "comment": explains.join("\n")})
        })
        .collect();
    let most = uses.values().map(|(count, _)| *count).max().unwrap_or(1);
    (!techniques.is_empty()).then(|| {
        json!({
            "name": format!("{}: attack paths", assessment.system.name),
            "versions": {"attack": "18", "navigator": "5.1.0", "layer": "4.5"},
            "domain": domain,
            "description": "Techniques on the reported paths; the score counts paths.",
            "techniques": techniques,
            "gradient": {"colors": ["#fff1c1", "#c0392b"], "minValue": 0, "maxValue": most},
        })
    })
}
