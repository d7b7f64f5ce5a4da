//! Tests on vulnerabilities and what is said about them, and on the document's own data.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Faults;
use super::products::repeated;
use super::view::{AFFECTED, UNDER_INVESTIGATION, each, groups, spoken_of, text, texts, vulnerabilities};

/// Number and name of every weakness.
const WEAKNESSES: &str = include_str!("../../data/cwe.tsv");

/// 6.1.11
pub(super) fn weakness(document: &Value) -> Faults {
    let mut faults = Vec::new();
    for (at, stated) in each(document, "/vulnerabilities[]/cwe") {
        let number = text(stated, "/id").and_then(|id| id.strip_prefix("CWE-")).unwrap_or_default();
        let known = WEAKNESSES.lines().find_map(|line| line.split_once('\t').filter(|(id, _)| *id == number));
        match known {
            None => faults.push((format!("{at}/id"), format!("there is no weakness `CWE-{number}`"))),
            Some((_, name)) if text(stated, "/name") != Some(name) => {
                faults.push((format!("{at}/name"), format!("`CWE-{number}` is called `{name}`")));
            }
            Some(_) => {}
        }
    }
    faults
}

/// 6.1.15
pub(super) fn translator(document: &Value) -> Faults {
    let translated = text(document, "/document/publisher/category") == Some("translator");
    let wrong = translated && text(document, "/document/source_lang").is_none();
    let fault = || ("/document".to_owned(), "a translation does not name its source language".to_owned());
    wrong.then(fault).into_iter().collect()
}

/// 6.1.23
pub(super) fn same_cve(document: &Value) -> Faults {
    let twice = repeated(texts(document, &["/vulnerabilities[]/cve"]));
    twice.into_iter().map(|(at, cve)| (at, format!("`{cve}` stands twice"))).collect()
}

/// 6.1.24
pub(super) fn involved_twice(document: &Value) -> Faults {
    let mut faults = Vec::new();
    for (at, vulnerability) in vulnerabilities(document) {
        let mut seen = BTreeSet::new();
        for (inside, involvement) in each(vulnerability, "/involvements[]") {
            let key = (text(involvement, "/party"), text(involvement, "/date"));
            if !seen.insert(key) {
                faults.push((
                    format!("{at}{inside}"),
                    "this party is involved at this date already".to_owned(),
                ));
            }
        }
    }
    faults
}

/// 6.1.28
pub(super) fn translation(document: &Value) -> Faults {
    let language = |path| text(document, path).map(str::to_lowercase);
    let (own, source) = (language("/document/lang"), language("/document/source_lang"));
    let wrong = own.is_some() && own == source;
    let fault =
        || ("/document/source_lang".to_owned(), "source and document have the same language".to_owned());
    wrong.then(fault).into_iter().collect()
}

fn without_product(document: &Value, path: &str) -> Faults {
    let wrong = each(document, path)
        .into_iter()
        .filter(|(_, s)| s.get("product_ids").is_none() && s.get("group_ids").is_none());
    wrong.map(|(at, _)| (at, "it names no product".to_owned())).collect()
}

/// 6.1.29
pub(super) fn remediation_without_product(document: &Value) -> Faults {
    without_product(document, "/vulnerabilities[]/remediations[]")
}

/// 6.1.32
pub(super) fn flag_without_product(document: &Value) -> Faults {
    without_product(document, "/vulnerabilities[]/flags[]")
}

/// 6.1.33
pub(super) fn several_flags(document: &Value) -> Faults {
    const JUSTIFICATIONS: &[&str] = &[
        "component_not_present",
        "inline_mitigations_already_exist",
        "vulnerable_code_cannot_be_controlled_by_adversary",
        "vulnerable_code_not_in_execute_path",
        "vulnerable_code_not_present",
    ];
    let groups = groups(document);
    let mut faults = Vec::new();
    for (at, vulnerability) in vulnerabilities(document) {
        let mut flagged = BTreeSet::new();
        for (inside, flag) in each(vulnerability, "/flags[]") {
            if !text(flag, "/label").is_some_and(|label| JUSTIFICATIONS.contains(&label)) {
                continue;
            }
            let again = spoken_of(flag, &groups).into_iter().filter(|id| !flagged.insert(*id));
            faults.extend(
                again.map(|id| (format!("{at}{inside}"), format!("`{id}` has a justification already"))),
            );
        }
    }
    faults
}

/// 6.2.2
pub(super) fn missing_remediation(document: &Value) -> Faults {
    let groups = groups(document);
    let mut faults = Vec::new();
    for (at, vulnerability) in vulnerabilities(document) {
        let remediations = each(vulnerability, "/remediations[]");
        let helped: BTreeSet<&str> = remediations.iter().flat_map(|(_, r)| spoken_of(r, &groups)).collect();
        let in_need = [AFFECTED, UNDER_INVESTIGATION].concat();
        let bare = texts(vulnerability, &in_need).into_iter().filter(|(_, id)| !helped.contains(id));
        faults
            .extend(bare.map(|(inside, id)| (format!("{at}{inside}"), format!("`{id}` has no remediation"))));
    }
    faults
}

/// 6.2.7
pub(super) fn involvement_date(document: &Value) -> Faults {
    let involvements = each(document, "/vulnerabilities[]/involvements[]").into_iter();
    let bare = involvements.filter(|(_, involvement)| involvement.get("date").is_none());
    bare.map(|(at, _)| (at, "the involvement has no date".to_owned())).collect()
}

/// 6.2.10
pub(super) fn tlp_label(document: &Value) -> Faults {
    let bare = text(document, "/document/distribution/tlp/label").is_none();
    let fault = || ("/document".to_owned(), "there is no TLP label".to_owned());
    bare.then(fault).into_iter().collect()
}

/// 6.2.11; file names are those of section 5.1.
pub(super) fn canonical_url(document: &Value) -> Faults {
    let id = text(document, "/document/tracking/id").unwrap_or_default().to_lowercase();
    let mut name = String::new();
    for c in id.chars() {
        if c.is_ascii_alphanumeric() || matches!(c, '+' | '-') {
            name.push(c);
        } else if !name.ends_with('_') || c == '_' {
            name.push('_');
        }
    }
    let file = format!("/{name}.json");
    let references = each(document, "/document/references[]");
    let holds = references.iter().any(|(_, reference)| {
        let url = text(reference, "/url").unwrap_or_default();
        text(reference, "/category") == Some("self") && url.starts_with("https://") && url.ends_with(&file)
    });
    let fault = || ("/document".to_owned(), format!("no reference to itself ends in `{file}`"));
    (!holds).then(fault).into_iter().collect()
}

/// 6.2.17
pub(super) fn cve_as_id(document: &Value) -> Faults {
    let ids = texts(document, &["/vulnerabilities[]/ids[]/text"]).into_iter();
    let wrong = ids.filter(|(_, id)| crate::import::is_cve(id));
    wrong.map(|(at, id)| (at, format!("`{id}` belongs to `cve`"))).collect()
}

fn lacks(document: &Value, key: &str, message: &str) -> Faults {
    let bare =
        vulnerabilities(document).into_iter().filter(|(_, vulnerability)| vulnerability.get(key).is_none());
    bare.map(|(at, _)| (at, message.to_owned())).collect()
}

/// 6.3.3
pub(super) fn missing_cve(document: &Value) -> Faults {
    lacks(document, "cve", "there is no CVE id")
}

/// 6.3.4
pub(super) fn missing_weakness(document: &Value) -> Faults {
    lacks(document, "cwe", "there is no CWE")
}
