//! The same word in three formats, and which word counts.

use super::*;

fn query(purl: &str) -> Query {
    Query { name: "p".into(), purl: Some(purl.into()), ..Query::default() }
}

const OPENVEX: &str = r#"{"@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://acme/1", "author": "Acme",
    "timestamp": "2024-01-01T00:00:00Z", "version": 1, "statements": [{"vulnerability": {"name": "CVE-2024-0001"},
    "products": [{"@id": "pkg:generic/p@1.0"}], "status": "not_affected",
    "justification": "vulnerable_code_not_present"}]}"#;

const CSAF: &str = r#"{"document": {"publisher": {"name": "Acme"}, "tracking": {"id": "1", "current_release_date": "2024-01-01T00:00:00Z"}},
    "product_tree": {"full_product_names": [{"product_id": "a", "product_identification_helper": {"purl": "pkg:generic/p@1.0"}}],
        "product_groups": [{"group_id": "g", "product_ids": ["a"]}]},
    "vulnerabilities": [{"cve": "CVE-2024-0001", "product_status": {"known_not_affected": ["a"]},
        "flags": [{"label": "vulnerable_code_not_present", "group_ids": ["g"]}]}]}"#;

const CYCLONEDX: &str = r#"{"bomFormat": "CycloneDX", "specVersion": "1.6", "metadata": {"timestamp": "2024-01-01T00:00:00Z"},
    "components": [{"bom-ref": "c", "type": "library", "name": "p", "version": "1.0"}],
    "vulnerabilities": [{"id": "CVE-2024-0001", "analysis": {"state": "not_affected", "justification": "code_not_present"},
        "affects": [{"ref": "c"}]}]}"#;

#[test]
fn three_formats_say_the_same() {
    for text in [OPENVEX, CSAF, CYCLONEDX] {
        let vex = Vex::new(read_vex(text.as_bytes()).unwrap());
        let applied = vex.applied(&query("pkg:generic/p@1.0"), None, &["CVE-2024-0001"]).expect(text);
        assert_eq!(applied.statement.status, VexStatus::NotAffected);
        assert_eq!(applied.statement.justification, Some(Justification::VulnerableCodeNotPresent));
        assert_eq!(applied.statement.time, "2024-01-01T00:00:00Z");
        assert_eq!(vex.applied(&query("pkg:generic/p@2.0"), None, &["CVE-2024-0001"]), None);
        assert_eq!(vex.applied(&query("pkg:generic/p@1.0"), None, &["CVE-2024-0002"]), None);
    }
}

fn said(name: &str, time: &str, status: VexStatus) -> Statement {
    Statement {
        vulnerabilities: vec!["CVE-2024-0001".into()],
        products: vec![Product::from_name(name)],
        status,
        justification: None,
        text: String::new(),
        time: time.into(),
        source: String::new(),
    }
}

#[test]
fn the_most_exact_name_counts_then_the_newest_then_the_most_cautious() {
    use VexStatus::{Affected, Fixed, NotAffected, UnderInvestigation};
    let (package, release) = ("pkg:generic/p", "pkg:generic/p@1.0");
    for (statements, expected) in [
        (
            vec![
                said(package, "2024-02-01T00:00:00Z", NotAffected),
                said(release, "2024-01-01T00:00:00Z", Affected),
            ],
            Affected,
        ),
        (
            vec![
                said(release, "2024-01-01T00:00:00Z", Affected),
                said(release, "2024-02-01T00:00:00Z", Fixed),
            ],
            Fixed,
        ),
        (
            vec![
                said(release, "2024-01-01T00:00:00Z", NotAffected),
                said(release, "2024-01-01T00:00:00Z", UnderInvestigation),
            ],
            UnderInvestigation,
        ),
        // Seven in the morning in Japan is earlier than midnight in Greenwich.
        (
            vec![
                said(release, "2024-01-02T07:00:00+09:00", NotAffected),
                said(release, "2024-01-02T00:00:00Z", Affected),
            ],
            Affected,
        ),
        (
            vec![said(release, "yesterday", NotAffected), said(release, "2024-01-01T00:00:00Z", Affected)],
            Affected,
        ),
    ] {
        let reversed = statements.iter().rev().cloned().collect::<Vec<_>>();
        for statements in [statements, reversed] {
            let vex = Vex::new(statements);
            let applied =
                vex.applied(&query("pkg:generic/p@1.0?arch=arm"), None, &["CVE-2024-0001"]).unwrap();
            assert_eq!(applied.statement.status, expected);
        }
    }
}

#[test]
fn a_statement_on_a_part_is_not_on_the_whole() {
    let text = OPENVEX.replace(
        r#"{"@id": "pkg:generic/p@1.0"}"#,
        r#"{"@id": "pkg:generic/device@7", "subcomponents": [{"@id": "pkg:generic/p@1.0"}]}"#,
    );
    let vex = Vex::new(read_vex(text.as_bytes()).unwrap());
    let (part, ids) = (query("pkg:generic/p@1.0"), ["CVE-2024-0001"]);
    let in_product = |subject: Option<&str>| vex.applied(&part, subject.map(query).as_ref(), &ids).is_some();
    assert!(in_product(Some("pkg:generic/device@7")));
    assert!(!in_product(Some("pkg:generic/device@8")));
    assert!(!in_product(None));
    assert!(vex.applied(&query("pkg:generic/device@7"), None, &ids).is_none());
}

/// A CSAF document on a product whose branch has this version or range, known by `helper`.
fn in_branch(category: &str, version: &str, helper: &str, status: &str) -> Vex {
    let text = format!(
        r#"{{"document": {{"publisher": {{"name": "Acme"}}, "tracking": {{"id": "1", "current_release_date": "2024-01-01T00:00:00Z"}}}},
        "product_tree": {{"branches": [{{"category": "product_name", "name": "p", "branches": [
            {{"category": "{category}", "name": "{version}", "product": {{"product_id": "a",
                "product_identification_helper": {helper}}}}}]}}]}},
        "vulnerabilities": [{{"cve": "CVE-2024-0001", "product_status": {{"{status}": ["a"]}}}}]}}"#
    );
    Vex::new(read_vex(text.as_bytes()).unwrap())
}

#[test]
fn a_word_of_csaf_counts_in_the_versions_of_its_branch() {
    let (purl, cpe) = (r#"{"purl": "pkg:npm/p"}"#, r#"{"cpe": "cpe:2.3:a:acme:p:*:*:*:*:*:*:*:*"}"#);
    let range = "product_version_range";
    for (category, version, own, expected) in [
        (range, "vers:npm/>=1.0.0|<2.0.0", "1.10.0", true),
        (range, "vers:npm/>=1.0.0|<2.0.0", "2.0.0", false),
        // As npm orders them, and not as text or as numbers.
        (range, "vers:npm/<2.0.0", "2.0.0-rc.1", true),
        (range, "< V1.9", "1.10", false),
        (range, "vers:all/*", "7", true),
        ("product_version", "1.2", "1.2", true),
        ("product_version", "1.2", "1.3", false),
    ] {
        let by_purl = query(&format!("pkg:npm/p@{own}"));
        let by_cpe =
            Query { cpes: vec![format!("cpe:2.3:a:acme:p:{own}:*:*:*:*:*:*:*")], ..Query::default() };
        let said = |helper: &str, query: &Query| {
            let vex = in_branch(category, version, helper, "known_not_affected");
            vex.applied(query, None, &["CVE-2024-0001"]).is_some()
        };
        assert_eq!(said(purl, &by_purl), expected, "{version}: {own}");
        assert!(own.contains('-') || said(cpe, &by_cpe) == expected, "{version}: {own}");
    }
}

#[test]
fn versions_that_nobody_can_read_make_nobody_safe_and_warn_everybody() {
    let purl = r#"{"purl": "pkg:npm/p"}"#;
    let said = |status: &str, own: &str| {
        let vex = in_branch("product_version_range", "serial numbers from 22081", purl, status);
        vex.applied(&query(own), None, &["CVE-2024-0001"]).map(|applied| applied.statement.status)
    };
    assert_eq!(said("known_not_affected", "pkg:npm/p@1.0.0"), None);
    assert_eq!(said("fixed", "pkg:npm/p@1.0.0"), None);
    assert_eq!(said("known_affected", "pkg:npm/p@1.0.0"), Some(VexStatus::Affected));
    let any = in_branch("product_version_range", "vers:all/*", purl, "known_not_affected");
    assert!(any.applied(&query("pkg:npm/p"), None, &["CVE-2024-0001"]).is_some());
    let some = in_branch("product_version_range", "<2", purl, "known_not_affected");
    assert!(
        some.applied(&query("pkg:npm/p"), None, &["CVE-2024-0001"]).is_none(),
        "its version is not known"
    );
}

#[test]
fn what_is_no_vex_is_an_error() {
    for text in [
        "",
        "{",
        "[]",
        "{}",
        r#"{"@context": "https://schema.org"}"#,
        r#"{"bomFormat": "x"}"#,
        r#"{"document": 1}"#,
    ] {
        assert!(read_vex(text.as_bytes()).is_err(), "{text}");
    }
    let deep = format!("{}{}", "{\"a\":".repeat(5_000), "1");
    assert!(read_vex(deep.as_bytes()).is_err());
}
