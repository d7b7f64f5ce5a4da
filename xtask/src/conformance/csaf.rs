//! CSAF 2.0: the documents that belong to the tests of section 6, each for one test.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::Rows;
use super::names::str_at;

/// A verdict is right if the document is called valid exactly when it is, and the test it was made for is reported exactly
/// when it fails.
pub(super) fn validator(folder: &Path, rows: &mut Rows) -> anyhow::Result<()> {
    let folder = folder.join("csaf_2.0/test/validator/data");
    let list: Value = serde_json::from_slice(&fs::read(folder.join("testcases.json"))?)?;
    for test in list.get("tests").and_then(Value::as_array).into_iter().flatten() {
        let id = str_at(test, "/id").unwrap_or_default();
        let group = format!("2.0, {}", str_at(test, "/group").unwrap_or_default());
        for (kind, fails) in [("failures", true), ("valid", false)] {
            for case in test.get(kind).and_then(Value::as_array).into_iter().flatten() {
                let name = str_at(case, "/name").unwrap_or_default();
                let valid = case.get("valid").and_then(Value::as_bool).unwrap_or(true);
                let verdict = vuln::check_csaf(&fs::read(folder.join(name))?);
                let reported = verdict.findings.iter().any(|finding| finding.test == id);
                let right = verdict.is_valid() == valid && reported == fails;
                rows.entry(group.clone()).or_default().add(right, || {
                    let first = verdict.findings.first();
                    format!("{id} {name}: valid {}, reported {reported}, {first:?}", verdict.is_valid())
                });
            }
        }
    }
    Ok(())
}
