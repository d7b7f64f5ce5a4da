//! S6: who stated what, when, signed by which key; a key that was replaced on the way is followed from the pinned one,
//! and everything is verified offline with one command. Four eyes, and the audit trail.

use serde_json::{Value, json};

use crate::site::{Party, Site};
use crate::support::Place;

const SBOM: &str = r#"{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"type":"library","name":"zlib","version":"1.3"}]}"#;

fn register(maker: &Party, document: &str, key: &str) -> String {
    maker.place.file("sbom.json", document);
    maker.does(&["attest", "sbom", "sbom.json", "--artifact", "a.bin", "--key", key, "-o", "sbom.dsse"]);
    let release = ["--product", "KR-200", "--version", "1.4.2", "--format", "json"];
    let told = maker.does(&[&["register", "sbom.dsse"][..], &release[..]].concat());
    serde_json::from_str::<Value>(&told).unwrap()["id"].as_str().unwrap().to_owned()
}

/// Lets the customer have everything in full.
fn grant(maker: &Party, customer: &Party) {
    let body = json!({"scope": {"kind": "everything"}, "types": null, "level": "full", "valid_until": null});
    maker.place.file("grant.json", body.to_string());
    let subject = format!("Customer={}", customer.key["key_id"].as_str().unwrap());
    maker.does(&[
        "attest",
        "grant",
        "grant.json",
        "--subject",
        &subject,
        "--key",
        "release",
        "-o",
        "grant.dsse",
    ]);
    maker.does(&["register", "grant.dsse"]);
}

#[test]
fn an_auditor_follows_a_key_from_the_pinned_one_and_verifies_everything_offline() {
    let home = Place::new();
    let site = Site::start(&home, &[]);
    let maker = site.equip(site.administrator.clone());
    let customer = site.found("Customer", "operator");
    site.link(&maker, &customer);
    maker.place.file("a.bin", "firmware");
    let first = register(&maker, SBOM, "release");
    grant(&maker, &customer);
    maker.does(&["keys", "new", "second"]);
    maker.does(&["keys", "rotate", "release", "--to", "second", "-o", "rotation.dsse"]);
    maker.does(&["register", "rotation.dsse"]);
    let refused = maker.run(&["register", "sbom.dsse", "--release", "x"]);
    assert_eq!(refused.status, 2, "the replaced key signs no more");
    register(&maker, &SBOM.replace("1.3", "1.3.1"), "second");

    customer.place.file("trust.json", site.trust(&[("Maker", &maker)]));
    customer.does(&["pull", "--all", "--bundle", "all.sukashi", "--trust", "trust.json"]);
    let verified = customer.does(&["verify", "all.sukashi", "--trust", "trust.json", "--offline"]);
    let signed: Vec<&str> = verified.lines().filter(|l| l.starts_with("signed by `Maker`")).collect();
    assert_eq!(signed.len(), 4, "two lists, the grant, and the rotation: {verified}");
    let history = site.get(&customer.session, &format!("/api/v1/evidence/{first}"));
    assert_eq!(history["state"], "superseded");
    let trail = site.get(&maker.session, "/api/v1/audit?limit=200");
    let paths: Vec<&str> =
        trail["items"].as_array().unwrap().iter().filter_map(|l| l["path"].as_str()).collect();
    assert!(paths.contains(&"/api/v1/statements") && paths.contains(&"/api/v1/supply-links"), "{paths:?}");
}

#[test]
fn with_four_eyes_a_statement_of_a_pipeline_waits_for_a_person() {
    let home = Place::new();
    let site = Site::start(&home, &[]);
    let maker = site.equip(site.administrator.clone());
    site.post(&maker.session, "/api/v1/four-eyes", &json!({"on": true}));
    maker.place.file("a.bin", "firmware");
    register(&maker, SBOM, "release");
    let waiting = site.get(&maker.session, "/api/v1/pending");
    let id = waiting["items"][0]["id"].as_str().unwrap();
    let (status, own) = site.try_post(&maker.session, &format!("/api/v1/pending/{id}/approve"), &json!({}));
    assert_eq!((status, own["code"].as_str()), (403, Some("same-person")));
    let accounts = format!("/api/v1/organizations/{}/accounts", maker.session.organization);
    let second = site.post(&maker.session, &accounts, &json!({"name": "second", "role": "approver"}));
    let second = site.log_in(second["login_token"].as_str().unwrap());
    let evidence = site.post(&second, &format!("/api/v1/pending/{id}/approve"), &json!({}));
    assert_eq!((evidence["type"].as_str(), evidence["state"].as_str()), (Some("sbom"), Some("current")));
}
