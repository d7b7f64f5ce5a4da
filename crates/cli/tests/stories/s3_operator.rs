//! S3: an operator sees the state of everything it runs, part by part and by whose word; it adds who uses what how, and
//! which accounts there are, and sees the risk of that usage.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::site::{Party, Site};
use crate::support::Place;

/// What the integrator built, and what its operator adds.
const MODEL: &str = include_str!("../../../../examples/systems/private-5g/system.yaml");
const USAGE: &str = include_str!("../../../../examples/systems/private-5g/usage.yaml");

fn status(of: &Party) -> Value {
    serde_json::from_str(&of.does(&["status", "--format", "json"])).unwrap()
}

/// The platform's assessment of the system once it is about another model than `before`.
fn assessed(site: &Site, operator: &Party, system: &str, before: &Value) -> Value {
    let start = Instant::now();
    loop {
        let any = site.get(&operator.session, "/api/v1/evidence?type=assessment");
        if !any["items"].as_array().unwrap().is_empty() {
            let path = format!("/api/v1/systems/{system}/assessment");
            let latest = site.get(&operator.session, &path)["assessment"].clone();
            if latest["system"]["sha256"] != before["system"]["sha256"] {
                return latest;
            }
        }
        assert!(start.elapsed() < Duration::from_secs(120), "the system was not assessed");
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn reached(assessment: &Value) -> Vec<&str> {
    let goals = assessment["goals"].as_array().unwrap().iter();
    goals.filter(|g| g["reached"] == true).map(|g| g["id"].as_str().unwrap()).collect()
}

/// Signs and registers the model with what is added to it.
fn register(operator: &Party, overlay: &[&str]) {
    let signed = ["attest", "system", "system.yaml", "--key", "release", "-o", "system.dsse"];
    operator.does(&[&signed[..], overlay].concat());
    operator.does(&["register", "system.dsse"]);
}

#[test]
fn an_operator_sees_what_it_runs_and_the_risk_of_how_it_is_used() {
    let home = Place::new();
    let site = Site::start(&home, &[]);
    let operator = site.found("Kitano", "operator");
    operator.place.file("system.yaml", MODEL);
    operator.place.file("usage.yaml", USAGE);
    let instance = site.get(&operator.session, "/api/v1/instance");
    let body = json!({"public_key": instance["public_key"], "types": ["assessment"]});
    operator.place.file("delegation.json", body.to_string());
    operator.does(&["attest", "delegation", "delegation.json", "--key", "release", "-o", "delegation.dsse"]);
    operator.does(&["register", "delegation.dsse"]);
    register(&operator, &[]);

    let system =
        site.get(&operator.session, "/api/v1/systems")["items"][0]["id"].as_str().unwrap().to_owned();
    let machines = assessed(&site, &operator, &system, &Value::Null);
    assert_eq!(reached(&machines), ["press-by-radio"]);

    // Its system, the equipment in it, the software in that; and of each part what is known, by whose word, since when.
    let shown = status(&operator);
    let top = &shown["nodes"][0];
    assert_eq!((&top["kind"], &top["name"]), (&json!("system"), &json!("Kitano Works, private 5G")));
    assert_eq!(top["risk"]["by"], "This platform");
    assert!(top["risk"]["at"].is_string() && top["risk"]["evidence"].is_string(), "{}", top["risk"]);
    let equipment = top["children"].as_array().unwrap();
    assert_eq!(equipment.len(), 19);
    let gateway = equipment.iter().find(|e| e["id"].as_str().unwrap().contains("gateway-plc")).unwrap();
    assert_eq!(gateway["kind"], "equipment");
    assert!(gateway["children"].as_array().unwrap().iter().any(|c| c["kind"] == "software"), "{gateway}");
    for aspect in ["configuration", "inspection", "risk"] {
        let aspect = &gateway[aspect];
        assert!(aspect["state"].is_string() && !aspect["why"].as_str().unwrap().is_empty(), "{aspect}");
    }
    assert_eq!(gateway["inspection"]["state"], "none", "nobody inspected it, and it says so");
    assert_eq!(operator.run(&["status", "--fail-on", "none"]).status, 1);

    // What only the operator knows.
    register(&operator, &["--overlay", "usage.yaml"]);
    let used = assessed(&site, &operator, &system, &machines);
    assert_eq!(reached(&used), ["core-by-stranger", "press-by-radio", "press-by-stranger"]);
    let mail = used.to_string();
    assert!(mail.contains("planner"), "the way leads through somebody's usage");
    let history = site.get(&operator.session, "/api/v1/evidence?type=system-registration&state=any");
    let states: Vec<&Value> = history["items"].as_array().unwrap().iter().map(|e| &e["state"]).collect();
    assert_eq!(states, ["current", "superseded"]);
}
