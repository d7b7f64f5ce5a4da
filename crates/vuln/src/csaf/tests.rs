//! One document, changed in one place at a time.

use serde_json::{Value, json};

use super::*;

fn document() -> Value {
    json!({
        "document": {
            "category": "csaf_vex", "csaf_version": "2.0", "lang": "en",
            "distribution": {"tlp": {"label": "WHITE"}},
            "notes": [{"category": "summary", "text": "Text."}],
            "publisher": {"category": "vendor", "name": "Acme", "namespace": "https://acme.example"},
            "references": [{"category": "self", "summary": "This.", "url": "https://acme.example/acme-1.json"}],
            "title": "One",
            "tracking": {
                "current_release_date": "2024-01-02T00:00:00Z", "id": "ACME-1",
                "initial_release_date": "2024-01-01T00:00:00Z",
                "revision_history": [{"date": "2024-01-01T00:00:00Z", "number": "1", "summary": "First."}],
                "status": "final", "version": "1"
            }
        },
        "product_tree": {"branches": [{"category": "vendor", "name": "Acme", "branches": [
            {"category": "product_name", "name": "Router", "branches": [
                {"category": "product_version", "name": "1.0", "product": {
                    "name": "Acme Router 1.0", "product_id": "R1",
                    "product_identification_helper": {"purl": "pkg:generic/router@1.0"}}}]}]}]},
        "vulnerabilities": [{
            "cve": "CVE-2024-0001",
            "cwe": {"id": "CWE-121", "name": "Stack-based Buffer Overflow"},
            "notes": [{"category": "description", "text": "Text."}],
            "product_status": {"known_affected": ["R1"]},
            "remediations": [{"category": "vendor_fix", "details": "Update.", "product_ids": ["R1"]}],
            "scores": [{"products": ["R1"], "cvss_v3": {"version": "3.1", "baseScore": 7.5, "baseSeverity": "HIGH",
                "vectorString": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"}}]
        }]
    })
}

/// Keys in the order of the alphabet, whatever order the features of other crates give to maps.
fn sorted(value: &Value) -> String {
    match value {
        Value::Object(object) => {
            let keys: std::collections::BTreeMap<&String, &Value> = object.iter().collect();
            let members: Vec<String> =
                keys.into_iter().map(|(key, value)| format!("{}:{}", json!(key), sorted(value))).collect();
            format!("{{{}}}", members.join(","))
        }
        Value::Array(values) => format!("[{}]", values.iter().map(sorted).collect::<Vec<_>>().join(",")),
        other => other.to_string(),
    }
}

fn faults(document: &Value) -> Vec<(&'static str, String)> {
    let verdict = check_csaf(sorted(document).as_bytes());
    verdict.findings.into_iter().map(|finding| (finding.test, finding.path)).collect()
}

#[test]
fn a_good_document_has_no_findings() {
    assert_eq!(faults(&document()), []);
}

#[test]
fn each_mistake_fails_its_own_test() {
    let vulnerability = "/vulnerabilities/0";
    let score = format!("{vulnerability}/scores/0/cvss_v3");
    let cases = [
        (format!("{vulnerability}/product_status/known_affected/0"), json!("R2"), "6.1.1"),
        (format!("{score}/baseScore"), json!(7.4), "6.1.9"),
        (format!("{score}/version"), json!("3.0"), "6.1.10"),
        (format!("{vulnerability}/cwe/name"), json!("Overflow"), "6.1.11"),
        ("/document/lang".to_owned(), json!("ez"), "6.1.12"),
        ("/document/tracking/version".to_owned(), json!("2"), "6.1.16"),
        ("/document/tracking/revision_history/0/number".to_owned(), json!("1.0.0"), "6.1.30"),
        ("/product_tree/branches/0/branches/0/branches/0/name".to_owned(), json!("< 1.0"), "6.1.31"),
        ("/document/tracking/current_release_date".to_owned(), json!("2023-01-01T00:00:00Z"), "6.2.6"),
        ("/document/references/0/url".to_owned(), json!("https://acme.example/one.json"), "6.2.11"),
        ("/document/title".to_owned(), json!(7), "schema"),
    ];
    for (pointer, value, test) in cases {
        let mut document = document();
        *document.pointer_mut(&pointer).unwrap() = value;
        assert!(
            faults(&document).iter().any(|(failed, _)| *failed == test),
            "{pointer}: {:?}",
            faults(&document)
        );
    }
}

#[test]
fn broken_documents_are_invalid_and_never_a_panic() {
    for text in ["", "{", "[]", "{\"document\": 1, \"document\": 2}", "\u{0}", &"[".repeat(10_000)] {
        assert!(!check_csaf(text.as_bytes()).is_valid(), "{}", text.chars().take(20).collect::<String>());
    }
    assert!(!check_csaf(b"\xff\xfe{}").is_valid());
}

#[test]
fn keys_out_of_order_are_told() {
    let text = sorted(&document());
    assert!(faults(&document()).is_empty());
    let swapped = text.replacen("{\"document\":", "{\"z\": 1, \"document\":", 1);
    let verdict = check_csaf(swapped.as_bytes());
    assert!(verdict.findings.iter().any(|f| f.test == "6.2.13" && f.level == CsafLevel::Warning));
    assert!(verdict.findings.iter().any(|f| f.test == "6.2.20"));
    assert!(verdict.is_valid());
}
