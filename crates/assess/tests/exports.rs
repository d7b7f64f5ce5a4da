//! Exports of the smallest system, against the rules of their formats.

use assess::export::{Publication, csaf, cyclonedx, dot, navigator, openvex, stix};
use assess::{NoVulnerabilities, Options, assess};
use expect_test::expect;
use record::Assessment;
use serde_json::Value;
use system::{System, read};

const MODEL: &str = r#"schema: sukashi.system/1
name: w
zones: {it: {}, ot: {}, outside: {}}
networks: {lan: {zone: it}, cell: {zone: ot}}
hosts:
  web1: {interfaces: [{network: lan}], software: [nginx]}
  web2: {interfaces: [{network: cell}], software: [nginx]}
software: {nginx: {purl: "pkg:generic/nginx@1.20.0"}}
services:
  http1: {host: web1, software: nginx, protocol: tcp, port: 80, run_as: www-data}
  http2: {host: web2, software: nginx, protocol: tcp, port: 80, run_as: www-data}
filters: {fw: {between: [it, ot], default: deny}}
vulnerabilities:
  CVE-1: {affects: [nginx], cvss: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}
  CVE-2: {affects: [nginx]}
attackers: {a1: {at: "zone:outside"}}
goals: {g1: {title: "code on \"web1\"", fact: "runs_code(a1, web1, _)"}}
"#;

fn assessed() -> Assessment {
    let system = System::new(&[("w.yaml".to_owned(), read("w.yaml", MODEL).unwrap())]).unwrap();
    assess(&system, &Options::default(), &NoVulnerabilities).unwrap()
}

fn publication() -> Publication {
    Publication {
        author: "Integrator".to_owned(),
        namespace: "https://integrator.example".to_owned(),
        timestamp: "2026-11-22T00:00:00Z".to_owned(),
    }
}

fn words<'v>(list: &'v Value, pointer: &str) -> Vec<&'v str> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|v| v.pointer(pointer).and_then(Value::as_str).unwrap_or("-"))
        .collect()
}

#[test]
fn openvex_says_affected_only_where_an_attacker_gets_to() {
    let document = openvex(&assessed(), &publication());
    let statements = &document["statements"];
    assert_eq!(words(statements, "/vulnerability/name"), ["CVE-1", "CVE-1", "CVE-2", "CVE-2"]);
    assert_eq!(words(statements, "/products/0/@id"), ["w/web1", "w/web2", "w/web1", "w/web2"]);
    assert_eq!(
        words(statements, "/status"),
        ["affected", "not_affected", "under_investigation", "under_investigation"]
    );
    // OpenVEX 0.2.0: not_affected demands a justification or an impact statement, affected an action statement.
    for statement in statements.as_array().unwrap() {
        match statement["status"].as_str().unwrap() {
            "not_affected" => {
                assert!(statement.get("justification").or(statement.get("impact_statement")).is_some())
            }
            "affected" => assert!(statement.get("action_statement").is_some()),
            _ => {}
        }
    }
}

#[test]
fn csaf_names_only_products_of_its_tree() {
    let document = csaf(&assessed(), &publication());
    let products = words(&document["product_tree"]["full_product_names"], "/product_id");
    for vulnerability in document["vulnerabilities"].as_array().unwrap() {
        for ids in vulnerability["product_status"].as_object().unwrap().values() {
            assert!(ids.as_array().unwrap().iter().all(|id| products.contains(&id.as_str().unwrap())));
        }
        // Profile 5, 4.5: each known_not_affected product has a flag or an impact threat.
        assert!(!vulnerability["threats"].as_array().unwrap().is_empty());
    }
    assert_eq!(document["document"]["category"], "csaf_vex");
}

#[test]
fn cyclonedx_vex_refers_to_its_components() {
    let document = cyclonedx(&assessed(), &publication());
    let components = words(&document["components"], "/bom-ref");
    let refs = words(&document["vulnerabilities"], "/affects/0/ref");
    assert!(refs.iter().all(|r| components.contains(r)));
    assert_eq!(words(&document["vulnerabilities"], "/analysis/state")[..2], ["exploitable", "not_affected"]);
}

#[test]
fn graphviz_text_escapes_names() {
    expect![[r#"
        digraph attack {
          rankdir=LR;
          node [fontname="sans-serif"];
          "runs_code(a1, web1, www-data)" [shape=box];
          s0 [shape=ellipse, label="a1 exploits CVE-1 over the network and runs code on web1 as www-data"];
          s0 -> "runs_code(a1, web1, www-data)";
        }
    "#]]
    .assert_eq(&dot(&assessed()));
}

#[test]
fn navigator_layers_hold_techniques_of_their_matrix() {
    let layers = navigator(&assessed());
    assert_eq!(layers.len(), 1);
    assert_eq!(layers[0]["domain"], "enterprise-attack");
    assert_eq!(words(&layers[0]["techniques"], "/techniqueID"), ["T1190"]);
}

#[test]
fn a_stix_report_refers_to_objects_of_its_bundle() {
    let bundle = stix(&assessed(), &publication());
    let ids = words(&bundle["objects"], "/id");
    let report = bundle["objects"].as_array().unwrap().iter().find(|o| o["type"] == "report").unwrap();
    assert!(report["object_refs"].as_array().unwrap().iter().all(|r| ids.contains(&r.as_str().unwrap())));
    assert!(words(&bundle["objects"], "/type").contains(&"attack-pattern"));
    // The pattern of `identifier.json` of OASIS's schemas: versions 1 to 5.
    for id in ids.iter().chain([&bundle["id"].as_str().unwrap()]) {
        let (kind, uuid) = id.split_once("--").unwrap();
        let parts: Vec<&str> = uuid.split('-').collect();
        assert_eq!(parts.iter().map(|part| part.len()).collect::<Vec<_>>(), [8, 4, 4, 4, 12], "{kind}");
        assert!(uuid.bytes().all(|b| b == b'-' || b.is_ascii_digit() || (b'a'..=b'f').contains(&b)));
        assert!(('1'..='5').contains(&parts[2].chars().next().unwrap()), "{id}");
        assert!("89ab".contains(parts[3].chars().next().unwrap()), "{id}");
    }
    // Common properties that the standard's table 3.2 requires of every object.
    for object in bundle["objects"].as_array().unwrap() {
        let required = ["type", "spec_version", "id", "created", "modified"];
        assert!(required.iter().all(|key| object[key].is_string()), "{object}");
        // `timestamp.json` and `external-reference.json` of OASIS's schemas.
        let milliseconds = |key: &&str| object[key] == "2026-11-22T00:00:00.000Z";
        assert!(["created", "modified"].iter().all(milliseconds), "{object}");
        for reference in object["external_references"].as_array().into_iter().flatten() {
            let cve = reference["external_id"].as_str().is_some_and(|id| id.starts_with("CVE-"));
            assert_eq!(reference["source_name"] == "cve", cve, "{object}");
        }
    }
}
