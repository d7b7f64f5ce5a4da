//! Documents with their secrets taken out: the outcome for each thing, without where and how.
//!
//! This redaction is the instance's word: it is computed from the signed document and not signed itself. What a receiver
//! can check against the issuer's signature is in `shown`.

use record::{Address, Assessment, Inspection, Location};
use serde_json::{Map, Value};
use statement::EvidenceType;

use crate::view::ComponentView;

/// `None` where a kind of document has no redacted form, or does not read.
pub(crate) fn redacted(kind: EvidenceType, document: &str) -> Option<Vec<u8>> {
    match kind {
        EvidenceType::Inspection => inspection(serde_json::from_str(document).ok()?),
        EvidenceType::Assessment => assessment(serde_json::from_str(document).ok()?),
        EvidenceType::Sbom => sbom(&serde_json::from_str(document).ok()?),
        // VEX says of vulnerabilities what customers must know; it holds no secrets of construction.
        EvidenceType::Vex | EvidenceType::VerificationSummary | EvidenceType::Withdrawal => {
            Some(document.as_bytes().to_vec())
        }
        _ => None,
    }
}

/// Rule, severity, artifact and review stay; places in the code, values and texts of evidence go. So does the title,
/// which may quote what opens the door: the words of the rule stand in its place.
fn inspection(mut record: Inspection) -> Option<Vec<u8>> {
    for finding in &mut record.findings {
        finding.title = finding.rule.replace('-', " ");
        finding.location = Location::default();
        if let Some(source) = &mut finding.source {
            source.address = None;
        }
        finding.trigger = None;
        if let Some(payload) = &mut finding.payload {
            payload.address = None::<Address>;
            payload.detail = String::new();
        }
        finding.route.clear();
        finding.witness = None;
        finding.evidence.clear();
        finding.control_flow = None;
        finding.params.clear();
        finding.why = String::new();
        finding.review.by = None;
    }
    for artifact in &mut record.artifacts {
        artifact.capabilities.clear();
    }
    serde_json::to_vec(&record).ok()
}

/// Goals and verdicts stay; paths, facts and plans go.
fn assessment(mut record: Assessment) -> Option<Vec<u8>> {
    for goal in &mut record.goals {
        goal.paths.clear();
    }
    for vulnerability in &mut record.vulnerabilities {
        vulnerability.why = String::new();
    }
    record.choke_points.clear();
    record.countermeasures.clear();
    record.plan = None;
    record.difference = None;
    serde_json::to_vec(&record).ok()
}

/// Fields of a bill of materials that stay.
pub(crate) const TOP: &[&str] = &[
    "bomFormat",
    "specVersion",
    "serialNumber",
    "version",
    "spdxVersion",
    "dataLicense",
    "SPDXID",
    "name",
    "documentNamespace",
];

/// Fields of a component or package that stay.
pub(crate) const PART: &[&str] = &[
    "type",
    "name",
    "version",
    "purl",
    "cpe",
    "licenses",
    "supplier",
    "SPDXID",
    "versionInfo",
    "externalRefs",
    "licenseDeclared",
    "downloadLocation",
];

/// Names, versions and identifiers of components stay; structure, files, people and properties go.
fn sbom(document: &Value) -> Option<Vec<u8>> {
    let keep = |value: &Value, names: &[&str]| -> Value {
        let object = value.as_object().into_iter().flatten();
        let kept = object.filter(|(k, _)| names.contains(&k.as_str())).map(|(k, v)| (k.clone(), v.clone()));
        Value::Object(kept.collect::<Map<_, _>>())
    };
    let mut view = keep(document, TOP);
    for list in ["components", "packages"] {
        if let Some(parts) = document.get(list).and_then(Value::as_array) {
            let parts = parts.iter().map(|p| keep(p, PART)).collect();
            view.as_object_mut()?.insert(list.to_owned(), Value::Array(parts));
        }
    }
    serde_json::to_vec(&view).ok()
}

/// The parts of a CycloneDX or SPDX 2 document, in its order.
pub(crate) fn components(sbom: &Value) -> Vec<ComponentView> {
    let list = |key: &str| sbom.get(key).and_then(Value::as_array).into_iter().flatten();
    list("components").map(cyclonedx_component).chain(list("packages").map(spdx_package)).collect()
}

fn text(value: &Value, key: &str) -> Option<String> {
    value.get(key)?.as_str().map(str::to_owned)
}

fn cyclonedx_component(part: &Value) -> ComponentView {
    let licence = |l: &Value| {
        let license = l.get("license");
        text(l, "expression")
            .or_else(|| license.and_then(|l| text(l, "id")))
            .or_else(|| license.and_then(|l| text(l, "name")))
    };
    let licences = part.get("licenses").and_then(Value::as_array).into_iter().flatten();
    ComponentView {
        name: text(part, "name").unwrap_or_default(),
        version: text(part, "version"),
        purl: text(part, "purl"),
        cpe: text(part, "cpe"),
        licences: licences.filter_map(licence).collect(),
        supplier: part.get("supplier").and_then(|s| text(s, "name")),
    }
}

fn spdx_package(part: &Value) -> ComponentView {
    let reference = |kinds: &[&str]| {
        let references = part.get("externalRefs").and_then(Value::as_array).into_iter().flatten();
        references
            .filter(|r| text(r, "referenceType").is_some_and(|t| kinds.contains(&t.as_str())))
            .find_map(|r| text(r, "referenceLocator"))
    };
    ComponentView {
        name: text(part, "name").unwrap_or_default(),
        version: text(part, "versionInfo"),
        purl: reference(&["purl"]),
        cpe: reference(&["cpe23Type", "cpe22Type"]),
        licences: text(part, "licenseDeclared").filter(|l| l != "NOASSERTION").into_iter().collect(),
        supplier: text(part, "supplier").filter(|s| s != "NOASSERTION"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redacted_sbom_keeps_names_and_loses_structure() {
        let full = r#"{"bomFormat":"CycloneDX","specVersion":"1.6","metadata":{"authors":[{"name":"S. Ecret"}]},
            "components":[{"type":"library","name":"zlib","version":"1.3","purl":"pkg:generic/zlib@1.3",
            "licenses":[{"license":{"id":"Zlib"}}],"properties":[{"name":"path","value":"/secret"}]}],
            "dependencies":[{"ref":"a","dependsOn":["b"]}]}"#;
        let text = String::from_utf8(redacted(EvidenceType::Sbom, full).unwrap()).unwrap();
        assert!(text.contains("zlib") && !text.contains("ecret") && !text.contains("dependsOn"), "{text}");
        let parts = components(&serde_json::from_str(&text).unwrap());
        assert_eq!(parts[0].licences, ["Zlib"]);
    }

    #[test]
    fn kinds_without_a_redacted_form_have_none() {
        assert_eq!(redacted(EvidenceType::Other, "{}"), None);
        assert_eq!(redacted(EvidenceType::SystemRegistration, "{}"), None);
    }
}
