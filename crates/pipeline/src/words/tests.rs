use serde_json::json;

use super::*;

const MODEL: &str = "
    schema: sukashi.system/1
    name: w
    hosts:
      gate: {software: [os, shell], release: {product: \"pkg:generic/gate\", version: \"2\"}}
      other: {software: [shell]}
    software:
      os: {purl: \"pkg:generic/gate@2\", cpe: \"cpe:2.3:o:maker:gate:2:*:*:*:*:*:*:*\"}
      shell: {purl: \"pkg:generic/busybox@1.35.0\"}
";

fn asked(asset: &str, documents: &[serde_json::Value], sbom: Option<&str>) -> BTreeMap<String, Said> {
    let model = system::read("w", MODEL).unwrap();
    let words = documents.iter().map(|d| Spoken { by: "Maker".to_owned(), text: d.to_string() });
    let evidence = Evidence { words: words.collect(), sbom: sbom.map(str::to_owned) };
    let installed = Installed { asset: asset.to_owned(), ..Installed::default() };
    said(&model, &installed, &evidence, None).unwrap()
}

/// An advisory on a version or a range of versions, with a score.
fn advisory(name: &str, helper: &serde_json::Value, version: &str) -> serde_json::Value {
    let category = if version.contains('<') { "product_version_range" } else { "product_version" };
    let product = json!({"category": category, "name": version, "product": {
        "name": name, "product_id": "P1", "product_identification_helper": helper}});
    json!({
        "document": {"category": "csaf_security_advisory", "csaf_version": "2.0", "title": "t",
            "publisher": {"category": "vendor", "name": "Maker", "namespace": "https://maker.example"},
            "tracking": {"id": "M-1", "status": "final", "version": "1",
                "initial_release_date": "2026-01-01T00:00:00Z", "current_release_date": "2026-01-01T00:00:00Z",
                "revision_history": [{"number": "1", "date": "2026-01-01T00:00:00Z", "summary": "s"}]}},
        "product_tree": {"branches": [{"category": "vendor", "name": "Maker", "branches": [
            {"category": "product_name", "name": name, "branches": [product]}]}]},
        "vulnerabilities": [{"cve": "CVE-2026-0001", "product_status": {"known_affected": ["P1"]},
            "scores": [{"products": ["P1"], "cvss_v3": {"version": "3.1", "baseScore": 9.8, "baseSeverity": "CRITICAL",
                "vectorString": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}}]}]
    })
}

fn vex(product: serde_json::Value, status: &str) -> serde_json::Value {
    json!({"@context": "https://openvex.dev/ns/v0.2.0", "@id": "v", "author": "a", "version": 1,
        "timestamp": "2026-02-01T00:00:00Z", "statements": [{"vulnerability": {"name": "CVE-2026-0001"},
            "products": [product], "status": status, "impact_statement": "never run"}]})
}

#[test]
fn an_advisory_on_a_range_gives_the_release_in_it_a_vulnerability() {
    let gate = |range: &str| {
        let helper = json!({"cpe": "cpe:2.3:o:maker:gate:*:*:*:*:*:*:*:*"});
        asked("host:gate", &[advisory("gate", &helper, range)], None)
    };
    let said = gate("vers:generic/<3");
    let known = &said["os"].affected["CVE-2026-0001"];
    assert_eq!(known.score, Some(9.8));
    assert!(said["os"].dismissed.is_empty());
    let above = gate("vers:generic/<2");
    assert!(above.is_empty(), "{above:?}");
}

/// An advisory of OSV on versions below `fixed`.
fn osv(fixed: &str) -> serde_json::Value {
    json!({"schema_version": "1.6.0", "id": "OSV-2026-1", "modified": "2026-01-01T00:00:00Z",
        "aliases": ["CVE-2026-0001"], "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
        "affected": [{"package": {"ecosystem": "npm", "name": "left", "purl": "pkg:npm/left"},
            "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": fixed}]}]}]})
}

#[test]
fn an_advisory_of_osv_counts_for_the_components_of_the_release() {
    let sbom = r#"{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [
        {"type": "library", "name": "left", "version": "1.3.0", "purl": "pkg:npm/left@1.3.0"}]}"#;
    let said = asked("host:gate", &[osv("1.4.0")], Some(sbom));
    assert_eq!(said["os"].affected["CVE-2026-0001"].score, Some(9.8));
    assert!(asked("host:gate", &[osv("1.3.0")], Some(sbom)).is_empty(), "it is repaired there");
    let part = json!({"@id": "pkg:generic/gate@2", "subcomponents": [{"@id": "pkg:npm/left"}]});
    let said = asked("host:gate", &[osv("1.4.0"), vex(part, "not_affected")], Some(sbom));
    assert_eq!(said["os"].dismissed.len(), 1);
}

#[test]
fn an_advisory_that_does_not_read_keeps_no_other_from_counting() {
    let helper = json!({"cpe": "cpe:2.3:o:maker:gate:*:*:*:*:*:*:*:*"});
    let broken = json!({"document": {}});
    let said = asked("host:gate", &[broken, advisory("gate", &helper, "vers:generic/<3")], None);
    assert!(said["os"].affected.contains_key("CVE-2026-0001"));
}

#[test]
fn what_an_advisory_says_of_a_range_dismisses_nothing_outside_of_it() {
    let helper = json!({"cpe": "cpe:2.3:o:maker:gate:*:*:*:*:*:*:*:*"});
    let mut safe = advisory("gate", &helper, "vers:generic/>=2|<3");
    safe["vulnerabilities"][0]["product_status"] = json!({"known_not_affected": ["P1"]});
    safe["document"]["tracking"]["current_release_date"] = json!("2026-02-01T00:00:00Z");
    let affected = advisory("gate", &helper, "vers:generic/<3");
    let said = asked("host:gate", &[affected.clone(), safe.clone()], None);
    assert_eq!(said["os"].dismissed.len(), 1, "version 2 lies in the range");
    safe["product_tree"]["branches"][0]["branches"][0]["branches"][0]["name"] = json!("vers:generic/>=1|<2");
    let said = asked("host:gate", &[affected, safe], None);
    assert!(said["os"].dismissed.is_empty());
}

#[test]
fn a_word_counts_on_the_host_of_the_release_alone() {
    let advisory = advisory("busybox", &json!({"purl": "pkg:generic/busybox@1.35.0"}), "1.35.0");
    let part = json!({"@id": "pkg:generic/gate@2", "subcomponents": [{"@id": "pkg:generic/busybox@1.35.0"}]});
    let said = asked("host:gate", &[advisory, vex(part, "not_affected")], None);
    let expected = json!({"vulnerability": "CVE-2026-0001", "status": "not_affected", "by": "Maker",
        "why": "never run", "hosts": ["gate"]});
    assert_eq!(said["shell"].dismissed, [expected]);
    assert!(said["shell"].affected.contains_key("CVE-2026-0001"), "it is shown, with the word");
}

#[test]
fn a_word_on_another_release_or_on_one_of_two_components_dismisses_nothing() {
    let advisory = advisory("zlib", &json!({"purl": "pkg:generic/zlib"}), "vers:generic/<2");
    let sbom = r#"{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [
        {"type": "library", "name": "zlib", "version": "1.2", "purl": "pkg:generic/zlib@1.2"},
        {"type": "library", "name": "zlib", "version": "1.3", "purl": "pkg:generic/zlib@1.3"}]}"#;
    let of = |whole: &str, part: &str| {
        let product = json!({"@id": whole, "subcomponents": [{"@id": part}]});
        let said = asked("host:gate", &[advisory.clone(), vex(product, "fixed")], Some(sbom));
        assert!(said["os"].affected.contains_key("CVE-2026-0001"));
        said["os"].dismissed.len()
    };
    assert_eq!(of("pkg:generic/gate@1", "pkg:generic/zlib"), 0);
    assert_eq!(of("pkg:generic/gate@2", "pkg:generic/zlib@1.2"), 0);
    assert_eq!(of("pkg:generic/gate@2", "pkg:generic/zlib"), 1);
}

#[test]
fn a_statement_that_calls_the_release_affected_gives_it_a_vulnerability() {
    let said = asked("host:gate", &[vex(json!({"@id": "pkg:generic/gate@2"}), "affected")], None);
    assert!(said["os"].affected.contains_key("CVE-2026-0001"));
    let other = asked("host:gate", &[vex(json!({"@id": "pkg:generic/gate@1"}), "affected")], None);
    assert!(other.is_empty(), "{other:?}");
}
