//! Tests of the profiles: what a document of a category must have.

use serde_json::Value;

use super::Faults;
use super::view::{each, groups, spoken_of, text, texts, vulnerabilities};

const INCIDENT: &str = "csaf_security_incident_response";
const INFORMATIONAL: &str = "csaf_informational_advisory";
const ADVISORY: &str = "csaf_security_advisory";
const VEX: &str = "csaf_vex";

fn category(document: &Value) -> &str {
    text(document, "/document/category").unwrap_or_default()
}

fn is_of(document: &Value, profiles: &[&str]) -> bool {
    profiles.contains(&category(document))
}

/// A fault of the whole document, if the category is one of these and something does not hold.
fn demand(document: &Value, profiles: &[&str], holds: bool, path: &str, message: &str) -> Faults {
    let wrong = is_of(document, profiles) && !holds;
    wrong.then(|| (path.to_owned(), message.to_owned())).into_iter().collect()
}

/// Faults of each vulnerability for which something does not hold.
fn demand_each(document: &Value, profiles: &[&str], holds: fn(&Value) -> bool, message: &str) -> Faults {
    if !is_of(document, profiles) {
        return Vec::new();
    }
    let wrong = vulnerabilities(document).into_iter().filter(|(_, vulnerability)| !holds(vulnerability));
    wrong.map(|(at, _)| (at, message.to_owned())).collect()
}

/// 6.1.26
pub(super) fn prohibited_name(document: &Value) -> Faults {
    let bare = |text: &str| {
        let plain = text.to_lowercase();
        plain.chars().filter(|c| !matches!(c, '-' | '_') && !c.is_whitespace()).collect::<String>()
    };
    let profiles = [INCIDENT, INFORMATIONAL, ADVISORY, VEX];
    let names = ["Security Incident Response", "Informational Advisory", "Security Advisory", "VEX"];
    let category = category(document);
    if profiles.contains(&category) || category == "csaf_base" {
        return Vec::new();
    }
    let like = profiles.iter().chain(&names).any(|name| bare(name) == bare(category));
    let reserved = category.to_lowercase().starts_with("csaf_");
    let fault =
        || ("/document/category".to_owned(), format!("`{category}` looks like the name of a profile"));
    (like || reserved).then(fault).into_iter().collect()
}

/// 6.1.27.1
pub(super) fn document_notes(document: &Value) -> Faults {
    let kinds = texts(document, &["/document/notes[]/category"]);
    let holds =
        kinds.iter().any(|(_, kind)| matches!(*kind, "description" | "details" | "general" | "summary"));
    demand(
        document,
        &[INFORMATIONAL, INCIDENT],
        holds,
        "/document/notes",
        "there is no note that describes it",
    )
}

/// 6.1.27.2
pub(super) fn document_references(document: &Value) -> Faults {
    let references = each(document, "/document/references[]");
    let holds = references.iter().any(|(_, r)| text(r, "/category").unwrap_or("external") == "external");
    demand(
        document,
        &[INFORMATIONAL, INCIDENT],
        holds,
        "/document/references",
        "there is no external reference",
    )
}

/// 6.1.27.3
pub(super) fn no_vulnerabilities(document: &Value) -> Faults {
    let holds = document.get("vulnerabilities").is_none();
    demand(document, &[INFORMATIONAL], holds, "/vulnerabilities", "this profile has no vulnerabilities")
}

/// 6.1.27.4
pub(super) fn product_tree(document: &Value) -> Faults {
    let holds = document.get("product_tree").is_some();
    demand(document, &[ADVISORY, VEX], holds, "", "there is no product tree")
}

/// 6.1.27.5
pub(super) fn vulnerability_notes(document: &Value) -> Faults {
    demand_each(document, &[ADVISORY, VEX], |v| v.get("notes").is_some(), "there are no notes")
}

/// 6.1.27.6
pub(super) fn product_status(document: &Value) -> Faults {
    demand_each(document, &[ADVISORY], |v| v.get("product_status").is_some(), "there is no product status")
}

/// 6.1.27.7
pub(super) fn vex_status(document: &Value) -> Faults {
    let holds = |vulnerability: &Value| {
        let kinds = ["fixed", "known_affected", "known_not_affected", "under_investigation"];
        vulnerability
            .get("product_status")
            .is_some_and(|status| kinds.iter().any(|kind| status.get(kind).is_some()))
    };
    demand_each(document, &[VEX], holds, "no product is affected, not affected, fixed or under investigation")
}

/// 6.1.27.8
pub(super) fn vulnerability_id(document: &Value) -> Faults {
    demand_each(document, &[VEX], |v| v.get("cve").is_some() || v.get("ids").is_some(), "there is no id")
}

/// Products of a status for which none of the statements speaks.
fn unexplained(
    document: &Value,
    status: &str,
    statements: fn(&Value) -> Vec<(String, &Value)>,
    message: &str,
) -> Faults {
    if !is_of(document, &[VEX]) {
        return Vec::new();
    }
    let groups = groups(document);
    let mut faults = Vec::new();
    for (at, vulnerability) in vulnerabilities(document) {
        let said = statements(vulnerability);
        let explained: Vec<_> = said.iter().map(|(_, statement)| spoken_of(statement, &groups)).collect();
        let silent = texts(vulnerability, &[status])
            .into_iter()
            .filter(|(_, id)| !explained.iter().any(|e| e.contains(id)));
        faults.extend(silent.map(|(inside, id)| (format!("{at}{inside}"), format!("{message} for `{id}`"))));
    }
    faults
}

/// 6.1.27.9
pub(super) fn impact(document: &Value) -> Faults {
    fn statements(vulnerability: &Value) -> Vec<(String, &Value)> {
        let threats = each(vulnerability, "/threats[]").into_iter();
        let impacts = threats.filter(|(_, threat)| text(threat, "/category") == Some("impact"));
        each(vulnerability, "/flags[]").into_iter().chain(impacts).collect()
    }
    unexplained(document, "/product_status/known_not_affected[]", statements, "there is no impact statement")
}

/// 6.1.27.10
pub(super) fn action(document: &Value) -> Faults {
    fn statements(vulnerability: &Value) -> Vec<(String, &Value)> {
        each(vulnerability, "/remediations[]")
    }
    unexplained(document, "/product_status/known_affected[]", statements, "there is no action statement")
}

/// 6.1.27.11
pub(super) fn vulnerabilities_exist(document: &Value) -> Faults {
    let holds = document.get("vulnerabilities").is_some();
    demand(document, &[ADVISORY, VEX], holds, "", "there are no vulnerabilities")
}
