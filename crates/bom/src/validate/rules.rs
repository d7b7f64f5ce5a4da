//! Rules of the standards that their schemas cannot say.

use std::collections::HashMap;

use serde_json::Value;

use super::Finding;
use crate::Format;

/// Problems of a document whatever its schema says.
pub(super) fn check(format: Option<Format>, document: &Value) -> Vec<Finding> {
    match format {
        Some(Format::CycloneDxJson) => unique(document),
        Some(Format::SpdxJson) => spdx(document),
        _ => Vec::new(),
    }
}

/// Ids of components and services stand only once (CycloneDX: "every bom-ref MUST be unique within the BOM"). Ids of
/// other elements repeat even in the standard's own valid examples.
fn unique(document: &Value) -> Vec<Finding> {
    let mut first: HashMap<&str, String> = HashMap::new();
    let mut findings = Vec::new();
    let mut work: Vec<(String, &Value)> = Vec::new();
    work.extend(
        document.pointer("/metadata/component").map(|subject| ("/metadata/component".to_owned(), subject)),
    );
    work.extend(inner("", document));
    work.reverse();
    while let Some((path, element)) = work.pop() {
        if let Some(id) = element.get("bom-ref").and_then(Value::as_str) {
            match first.get(id) {
                Some(other) => findings.push(Finding {
                    path: format!("{path}/bom-ref"),
                    message: format!("the id `{id}` is that of `{other}` already"),
                }),
                None => {
                    first.insert(id, path.clone());
                }
            }
        }
        work.extend(inner(&path, element));
    }
    findings
}

/// Components and services directly inside an element.
fn inner<'d>(path: &str, element: &'d Value) -> Vec<(String, &'d Value)> {
    let lists = ["components", "services"].into_iter();
    let all = lists.filter_map(|list| Some((list, element.get(list)?.as_array()?)));
    let numbered = |(list, values): (&str, &'d Vec<Value>)| {
        let elements = values.iter().enumerate();
        elements.map(|(at, value)| (format!("{path}/{list}/{at}"), value)).collect::<Vec<_>>()
    };
    all.flat_map(numbered).collect()
}

/// Lists of SPDX 2 whose elements have ids.
const ELEMENTS: [&str; 3] = ["packages", "files", "snippets"];

fn spdx(document: &Value) -> Vec<Finding> {
    let mut ids: HashMap<&str, String> = HashMap::new();
    let mut findings = Vec::new();
    let document_id =
        document.get("SPDXID").and_then(Value::as_str).into_iter().map(|id| (id, "/SPDXID".to_owned()));
    let elements = ELEMENTS.iter().flat_map(|list| {
        let elements = document.get(list).and_then(Value::as_array).into_iter().flatten().enumerate();
        elements.filter_map(move |(at, element)| {
            Some((element.get("SPDXID")?.as_str()?, format!("/{list}/{at}/SPDXID")))
        })
    });
    for (id, path) in document_id.chain(elements) {
        if let Some(other) = ids.get(id) {
            findings.push(Finding { message: format!("the id `{id}` is that of `{other}` already"), path });
        } else {
            if !is_spdx_id(id) {
                let message = format!("`{id}` is no id; hint: `SPDXRef-` with letters, digits, `.` and `-`");
                findings.push(Finding { message, path: path.clone() });
            }
            ids.insert(id, path);
        }
    }
    findings.extend(dangling(document, &ids));
    findings
}

/// SPDX 2.3, clause 7.2.
fn is_spdx_id(id: &str) -> bool {
    let text = id.strip_prefix("SPDXRef-").unwrap_or_default();
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '.' || c == '-')
}

/// Relationships lead to elements of this document, to another document, or to nothing by intention (clause 11.1).
fn dangling(document: &Value, ids: &HashMap<&str, String>) -> Vec<Finding> {
    let relationships =
        document.get("relationships").and_then(Value::as_array).into_iter().flatten().enumerate();
    let ends = relationships.flat_map(|(at, relationship)| {
        ["spdxElementId", "relatedSpdxElement"].into_iter().filter_map(move |key| {
            Some((relationship.get(key)?.as_str()?, format!("/relationships/{at}/{key}")))
        })
    });
    let leads = |id: &str| {
        ids.contains_key(id) || id.starts_with("DocumentRef-") || matches!(id, "NONE" | "NOASSERTION")
    };
    let wrong = ends.filter(|(id, _)| !leads(id));
    wrong.map(|(id, path)| Finding { message: format!("there is no element `{id}`"), path }).collect()
}
