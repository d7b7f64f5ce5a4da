//! A bill of materials of one host: CycloneDX or SPDX in JSON, its components as the host's software.
//!
//! Only names, versions, package URLs and CPE names are taken; dependencies between components are not part of the model.

use serde_json::Value;

use super::{ImportError, Imported, id, ignored, located};
use crate::{Host, Software};

const FORMAT: &str = "a bill of materials, CycloneDX or SPDX in JSON";
/// Lists of the document that are not read, and why.
const LEFT: [(&str, &str); 3] = [
    ("services", "state what listens by hand, or by a scan"),
    ("snippets", "parts of files are not part of the model"),
    ("vulnerabilities", "`sukashi vuln match --vex` reads them"),
];
const MAX_COMPONENTS: usize = 1_000_000;

/// Reads one document as the software of `host`.
///
/// # Errors
/// If the text is no JSON, or neither of the formats.
pub fn components(name: &str, text: &str, host: &str) -> Result<Imported, ImportError> {
    let fault = |line, reason: &str| ImportError {
        name: name.to_owned(),
        line,
        reason: reason.to_owned(),
        format: FORMAT,
    };
    let root: Value = serde_json::from_str(text).map_err(|e| fault(e.line(), &e.to_string()))?;
    let list = if root.get("bomFormat").is_some() {
        root.get("components")
    } else if root.get("spdxVersion").is_some() {
        root.get("packages")
    } else {
        return Err(fault(1, "neither `bomFormat` nor `spdxVersion`"));
    };
    let mut out = Imported::default();
    for (part, why) in LEFT {
        let count = root.get(part).and_then(Value::as_array).map_or(0, Vec::len);
        if count > 0 {
            out.ignored.push(ignored(1, &format!("{count} {part}"), why));
        }
    }
    let mut entry = Host::default();
    let mut work: Vec<&Value> = list.and_then(Value::as_array).into_iter().flatten().rev().collect();
    let mut count = 0;
    while let Some(component) = work.pop() {
        count += 1;
        if count > MAX_COMPONENTS {
            return Err(fault(1, "more than 1,000,000 components"));
        }
        work.extend(component.get("components").and_then(Value::as_array).into_iter().flatten().rev());
        let word = |key: &str| component.get(key).and_then(Value::as_str).map(str::to_owned);
        let version = word("version").or_else(|| word("versionInfo")).unwrap_or_default();
        let name = word("name").unwrap_or_default();
        let title = format!("{name} {version}").trim().to_owned();
        let software = id(&title);
        if id(&name).is_empty() {
            out.ignored.push(ignored(1, &component.to_string(), "a component without a name"));
            continue;
        }
        let references = component.get("externalRefs").and_then(Value::as_array).into_iter().flatten();
        let reference = |kind: &str| {
            let mut found =
                references.clone().filter(|r| r.get("referenceType").and_then(Value::as_str) == Some(kind));
            found.next().and_then(|r| r.get("referenceLocator")?.as_str()).map(str::to_owned)
        };
        let stated = Software {
            purl: word("purl").or_else(|| reference("purl")).map(|purl| located(purl, 1)),
            cpe: word("cpe").or_else(|| reference("cpe23Type")).map(|cpe| located(cpe, 1)),
            title: Some(title),
            ..Software::default()
        };
        out.document.software.entry(software.clone()).or_insert_with(|| located(stated, 1));
        entry.software.push(located(software, 1));
    }
    entry.software.sort_by(|a, b| a.value.cmp(&b.value));
    entry.software.dedup_by(|a, b| a.value == b.value);
    out.document.hosts.insert(id(host), located(entry, 1));
    Ok(out)
}
