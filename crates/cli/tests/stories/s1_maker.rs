//! S1: an equipment manufacturer inspects a firmware image, reviews the findings, signs and registers the result; its
//! customer sees it according to the disclosure level, and checks everything offline.

use serde_json::{Value, json};

use crate::site::{Party, Site};
use crate::support::Place;

const ROUTER: &[u8] = include_bytes!("../../../../examples/router/router-mipsel.bin");

/// Inspects, reviews and signs; leaves `inspection.dsse`, `sbom.dsse` and `commitment.dsse`.
fn prepare(maker: &Party) {
    maker.place.file("router.bin", ROUTER);
    maker.does(&["inspect", "router.bin", "-o", "first.json", "--fail-on", "never"]);
    let record: Value = serde_json::from_str(&maker.place.read("first.json")).unwrap();
    let findings = record["findings"].as_array().unwrap();
    assert!(findings.iter().any(|f| f["severity"] == "critical"), "the router has a back door");
    let rejected = findings.last().unwrap()["id"].as_str().unwrap();
    let review = json!([
        {"id": findings[0]["id"], "state": "accepted", "reason": "real", "by": "A. Reviewer", "at": "2026-11-27T10:00:00Z"},
        {"id": rejected, "state": "rejected", "reason": "documented maintenance", "by": "A. Reviewer", "at": "2026-11-27T10:00:00Z"},
    ]);
    maker.place.file("review.json", review.to_string());
    let again =
        ["inspect", "router.bin", "--review", "review.json", "-o", "router.json", "--fail-on", "never"];
    maker.does(&again);
    maker.does(&["bom", "generate", "router.bin", "-o", "router.cdx.json"]);
    maker.does(&["attest", "inspection", "router.json", "--key", "release", "-o", "inspection.dsse"]);
    let about = ["--artifact", "router.bin", "--key", "release"];
    maker.does(&[&["attest", "sbom", "router.cdx.json", "-o", "sbom.dsse"], &about[..]].concat());
    let commit = ["attest", "commitment", "router.cdx.json", "--seed-file", "seed", "-o", "commitment.dsse"];
    maker.does(&[&commit[..], &about[..]].concat());
}

/// Registers what [`prepare`] left; id of the bill of materials.
fn register(maker: &Party) -> String {
    let release =
        ["--product", "KR-200", "--kind", "equipment", "--version", "1.4.2", "--artifact", "router.bin"];
    let files = ["register", "inspection.dsse", "sbom.dsse", "--format", "json"];
    let told = maker.does(&[&files[..], &release[..]].concat());
    let lines: Vec<Value> = told.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert!(lines.iter().all(|l| l["state"] == "registered"), "{told}");
    let sbom = lines[1]["id"].as_str().unwrap().to_owned();
    let again = maker.does(&[&files[..], &release[..]].concat());
    assert!(again.lines().all(|l| l.contains("\"known\"")), "a broken upload is simply sent again: {again}");
    maker.does(&["register", "commitment.dsse", "--document", &sbom, "--seed-file", "seed"]);
    maker.does(&["register", "--heads", "--key", "release"]);
    sbom
}

#[test]
fn an_equipment_manufacturer_hands_its_inspection_to_a_customer_who_checks_it() {
    let home = Place::new();
    let site = Site::start(&home, &[]);
    let maker = site.equip(site.administrator.clone());
    let customer = site.found("Integrator", "integrator");
    let stranger = site.found("Stranger", "operator");
    site.link(&maker, &customer);
    prepare(&maker);
    let sbom = register(&maker);

    let status: Value = serde_json::from_str(&maker.does(&["status", "--format", "json"])).unwrap();
    assert_eq!(status["nodes"][0]["name"], "KR-200 1.4.2");
    assert_eq!(status["nodes"][0]["configuration"]["state"], "known");
    let evidence = site.get(&customer.session, &format!("/api/v1/evidence/{sbom}"));
    assert_eq!(evidence["level"], "redacted");
    let findings = site.get(&customer.session, "/api/v1/evidence?type=inspection");
    let outcome = &findings["items"][0]["outcome"]["findings"];
    assert!(outcome["critical"].as_u64() >= Some(1) && outcome["rejected"].as_u64() == Some(1), "{outcome}");

    customer.place.file("trust.json", site.trust(&[("Maker", &maker)]));
    customer.does(&["pull", "--bundle", "router.sukashi", "-o", "delivered/", "--trust", "trust.json"]);
    let files = customer.place.list();
    assert!(files.iter().any(|f| f.starts_with("delivered/sbom-")), "{files:?}");
    let verified = customer.does(&["verify", "router.sukashi", "--trust", "trust.json", "--offline"]);
    assert!(
        verified.contains("urn:sukashi:commitment:1") && verified.contains("logged as entry"),
        "{verified}"
    );
    assert!(
        verified.contains("shows its document but for") && verified.contains("urn:sukashi:head:1"),
        "{verified}"
    );
    tampering_is_noticed(&customer);

    let nothing = stranger.does(&["pull", "--bundle", "x.sukashi"]);
    assert_eq!(nothing, "pulled 0 pieces of evidence, 0 of them signed\n");
    let shown = stranger.does(&["status", "--format", "json"]);
    assert_eq!(serde_json::from_str::<Value>(&shown).unwrap()["nodes"], json!([]));
}

/// A component renamed, an entry of the list left out, another log: each is found without asking anybody.
fn tampering_is_noticed(customer: &Party) {
    let verify = ["verify", "changed.sukashi", "--trust", "trust.json", "--offline"];
    let bundle: Value = serde_json::from_str(&customer.place.read("router.sukashi")).unwrap();
    let mut renamed = bundle.clone();
    let items = renamed["items"].as_array_mut().unwrap();
    let view = items.iter_mut().find(|i| i.get("view").is_some()).unwrap();
    view["view"]["shown"][0]["value"] = json!("something else");
    customer.place.file("changed.sukashi", renamed.to_string());
    let ran = customer.run(&verify);
    assert_eq!(ran.status, 1);
    assert!(ran.stderr.contains("not what was signed"), "{}", ran.stderr);
    let mut shortened = bundle;
    shortened["disclosed"][0]["entries"].as_array_mut().unwrap().pop();
    customer.place.file("changed.sukashi", shortened.to_string());
    let ran = customer.run(&verify);
    assert_eq!(ran.status, 1);
    assert!(ran.stderr.contains("not the ones given"), "{}", ran.stderr);
}

#[test]
fn a_token_is_needed_and_a_wrong_one_is_told() {
    let home = Place::new();
    let site = Site::start(&home, &[]);
    let place = Place::new();
    let ran = place.run(&["status", "--url", &site.url()]);
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("SUKASHI_TOKEN"), "{}", ran.stderr);
    place.file("token", "wrong\n");
    let ran = place.run(&["status", "--url", &site.url(), "--token-file", "token"]);
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("not-logged-in"), "{}", ran.stderr);
}
