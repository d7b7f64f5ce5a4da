//! `inspect`, `bom`, `vuln`, `diff`: from files on disk to answers and exit status.

mod support;

use std::path::Path;

use expect_test::expect;
use support::Place;

const ROUTER: &[u8] = include_bytes!("../../../examples/router/router-mipsel.bin");
const ARM: &[u8] = include_bytes!("../../../examples/router/router-armel.bin");

fn feeds() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/vulnerabilities").display().to_string()
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn the_back_door_of_the_router_is_found_on_both_architectures() {
    let place = Place::new();
    place.file("mips.bin", ROUTER);
    place.file("arm.bin", ARM);
    let ran = place.run(&["inspect", "mips.bin", "arm.bin", "--format", "json"]);
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    let records: Vec<serde_json::Value> = ran.stdout.lines().map(json).collect();
    assert_eq!(records.len(), 2, "several paths are JSON lines");
    for record in records {
        let findings = record["findings"].as_array().unwrap();
        let grave = |f: &&serde_json::Value| f["score"].as_u64() >= Some(60);
        let artifacts: Vec<_> =
            findings.iter().filter(grave).map(|f| f["artifact"].as_str().unwrap()).collect();
        assert!(artifacts.contains(&"usr/sbin/devmgrd"), "{artifacts:?}");
    }
}

#[test]
fn the_same_input_gives_the_same_bytes_for_any_number_of_threads() {
    let place = Place::new();
    place.file("router.bin", ROUTER);
    let one = place.run(&["inspect", "router.bin", "--format", "json", "--jobs", "1"]);
    let four = place.run(&["inspect", "router.bin", "--format", "json", "--jobs", "4"]);
    assert_eq!(one.stdout, four.stdout);
}

#[test]
fn a_process_of_its_own_gives_the_same_record_and_its_death_is_a_blind_spot() {
    let place = Place::new();
    place.file("in/router.bin", ROUTER);
    place.file("in/readme.txt", "nothing to run here\n");
    place.run(&["inspect", "in", "-o", "here/", "--no-cache"]);
    let ran = place.run(&["inspect", "in", "-o", "isolated/", "--isolate"]);
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    assert_eq!(place.read("here/router.bin.json"), place.read("isolated/router.bin.json"));
    assert_eq!(place.read("here/_tree.json"), place.read("isolated/_tree.json"));

    let ran = place.run(&["inspect", "in/router.bin", "--format", "json", "--isolate", "--memory", "1M"]);
    assert_eq!(ran.status, 3, "{}", ran.stderr);
    let record = json(&ran.stdout);
    assert_eq!(
        (&record["complete"], &record["blind_spots"][0]["what"]),
        (&false.into(), &"the whole file".into())
    );
    let why = record["blind_spots"][0]["why"].as_str().unwrap();
    assert!(why.starts_with("the process that examined it "), "{why}");
}

#[test]
fn timings_name_time_and_peak_memory_of_each_path() {
    let place = Place::new();
    place.file("router.bin", ROUTER);
    place.run(&["inspect", "router.bin", "--timings", "timings.json"]);
    let rows = json(&place.read("timings.json"));
    assert_eq!(rows[0]["path"], "router.bin");
    assert!(rows[0]["ms"].is_u64() && rows[0]["peak_bytes"].as_u64() > Some(1 << 20), "{rows}");
}

#[test]
fn a_rejected_finding_and_one_of_the_baseline_no_longer_count() {
    let place = Place::new();
    place.file("router.bin", ROUTER);
    place.run(&["inspect", "router.bin", "-o", "old.json"]);
    let again = place.run(&["inspect", "router.bin", "--baseline", "old.json"]);
    assert_eq!(again.status, 0, "{}{}", again.stdout, again.stderr);
    let record = json(&place.read("old.json"));
    let ids = record["findings"].as_array().unwrap().iter().map(|f| f["id"].clone());
    let review: Vec<_> =
        ids.map(|id| serde_json::json!({"id": id, "state": "rejected", "reason": "lab"})).collect();
    place.file("review.json", serde_json::to_string(&review).unwrap());
    let reviewed = place.run(&["inspect", "router.bin", "--review", "review.json"]);
    assert_eq!(reviewed.status, 0);
    assert!(
        reviewed
            .stdout
            .contains(&format!("; 0 findings, 0 high or critical, {} rejected besides\n", review.len()))
    );
    assert!(
        reviewed.stdout.contains("(rejected)\n") && reviewed.stdout.contains("  review   rejected: lab\n")
    );
    assert_eq!(place.run(&["inspect", "router.bin", "--fail-on", "never"]).status, 0);
}

#[test]
fn a_folder_gives_one_record_a_program_and_leaves_other_files_alone() {
    let place = Place::new();
    place.file("in/sub/run.sh", "#!/bin/sh\necho hello\n");
    place.file("in/readme.txt", "nothing to run here\n");
    place.file("in/router.bin", ROUTER);
    std::os::unix::fs::symlink("/etc/passwd", place.path().join("in/link")).unwrap();
    place.file("out/kept.txt", "mine");
    let ran = place.run(&["inspect", "in", "-o", "out"]);
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    assert_eq!(ran.stdout, "");
    let written: Vec<String> = place.list().into_iter().filter(|p| p.starts_with("out/")).collect();
    expect![[r#"
        [
            "out/_tree.json",
            "out/kept.txt",
            "out/router.bin.json",
            "out/sub",
            "out/sub/run.sh.json",
        ]
    "#]]
    .assert_debug_eq(&written);
    assert_eq!(json(&place.read("out/router.bin.json"))["schema"], "sukashi.inspection/1");
}

#[test]
fn what_a_truncated_program_lacks_is_listed_and_the_status_says_partial() {
    let place = Place::new();
    let mut program = std::fs::read(env!("CARGO_BIN_EXE_sukashi")).unwrap();
    program.truncate(5000);
    place.file("cut", program);
    let ran = place.run(&["inspect", "cut", "--format", "json"]);
    assert_eq!(ran.status, 3);
    let record = json(&ran.stdout);
    assert_eq!(record["complete"], false);
    let spots = record["blind_spots"].as_array().unwrap();
    let beyond = |s: &serde_json::Value| s["why"].as_str().unwrap().contains("beyond the end of the file");
    assert!(spots.iter().any(beyond), "{spots:?}");
}

#[test]
fn a_record_is_shown_as_sarif_and_as_a_page() {
    let place = Place::new();
    place.file("in/router.bin", ROUTER);
    let log = json(&place.run(&["inspect", "in/router.bin", "--format", "sarif"]).stdout);
    assert_eq!(log["version"], "2.1.0");
    assert_eq!(place.run(&["inspect", "in", "--format", "html", "-o", "out/"]).status, 1);
    assert!(place.read("out/router.bin.html").starts_with("<!doctype html>"));
    assert_eq!(place.run(&["inspect", "in", "--format", "cyclonedx", "-o", "out/"]).status, 2);
}

#[test]
fn time_and_memory_are_a_safety_net_and_say_so() {
    let place = Place::new();
    place.file("router.bin", ROUTER);
    for net in [["--time", "0s"], ["--memory", "1M"]] {
        let ran =
            place.run(&["inspect", "router.bin", "--format", "json", "--fail-on", "never", net[0], net[1]]);
        let record = json(&ran.stdout);
        assert_eq!(
            (ran.status, &record["complete"], &record["reproducible"]),
            (3, &false.into(), &false.into())
        );
    }
    assert_eq!(place.run(&["inspect", "router.bin", "--time", "soon"]).status, 2);
}

#[test]
fn what_was_learnt_is_kept_and_changes_nothing() {
    let place = Place::new();
    place.file("router.bin", ROUTER);
    let fresh = place.run(&["inspect", "router.bin", "--format", "json", "--no-cache"]);
    assert!(!place.path().join(".cache").exists());
    let first = place.run(&["inspect", "router.bin", "--format", "json"]);
    let kept: Vec<String> = place.list().into_iter().filter(|p| p.ends_with(".json")).collect();
    assert!(kept.iter().all(|p| p.starts_with(".cache/sukashi/programs/")) && kept.len() > 2, "{kept:?}");
    let again = place.run(&["inspect", "router.bin", "--format", "json"]);
    for path in kept {
        place.file(&path, "{\"damaged\":");
    }
    let damaged = place.run(&["inspect", "router.bin", "--format", "json"]);
    for ran in [first, again, damaged] {
        assert_eq!(ran.stdout, fresh.stdout);
    }
}

#[test]
fn what_cannot_be_read_is_reported_and_the_rest_is_done() {
    let place = Place::new();
    place.file("router.bin", ROUTER);
    let ran = place.run(&["inspect", "missing.bin", "router.bin", "--fail-on", "never", "--format", "json"]);
    assert_eq!(ran.status, 3);
    assert!(ran.stderr.contains("error: cannot read `missing.bin`: no such file"), "{}", ran.stderr);
    assert_eq!(ran.stdout.lines().count(), 1);
    assert_eq!(place.run(&["inspect", "missing.bin"]).status, 2);
    assert_eq!(place.run(&["inspect", "missing.bin", "gone.bin"]).status, 2);
}

#[test]
fn unknown_bytes_are_a_blind_spot_and_not_a_clean_bill() {
    let place = Place::new();
    let noise: Vec<u8> = (0..4096_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    place.file("noise.bin", noise);
    assert_eq!(place.run(&["inspect", "noise.bin"]).status, 3);
}

#[test]
fn a_bill_of_materials_is_made_judged_matched_and_compared() {
    let place = Place::new();
    place.file("router.bin", ROUTER);
    let made = place.run(&["bom", "generate", "router.bin", "-o", "router.cdx.json"]);
    assert!([0, 3].contains(&made.status), "{}", made.stderr);
    let valid = place.run(&["bom", "validate", "router.cdx.json"]);
    assert_eq!(
        (valid.status, valid.stdout.lines().last().unwrap()),
        (0, "valid CycloneDX 1.7"),
        "{}",
        valid.stdout
    );
    let imported = place.run(&["vuln", "import", &feeds(), "--vuln-db", "extract.redb"]);
    assert_eq!(imported.status, 0, "{}", imported.stderr);
    let matched = place.run(&["vuln", "match", "router.cdx.json", "--vuln-db", "extract.redb"]);
    assert_eq!(matched.status, 0, "{}", matched.stderr);
    for id in ["CVE-2017-14491", "CVE-2014-0160"] {
        assert!(matched.stdout.contains(id), "{id}: {}", matched.stdout);
    }
    let gate = ["vuln", "match", "router.cdx.json", "--vuln-db", "extract.redb", "--fail-on", "critical"];
    assert_eq!(place.run(&gate).status, 1);
    assert_eq!(place.run(&["bom", "diff", "router.cdx.json", "router.cdx.json"]).status, 0);
}

#[test]
fn documents_that_are_not_what_they_say_are_invalid_and_others_are_refused() {
    let place = Place::new();
    place.file("broken.json", r#"{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": ["#);
    place.file("other.json", r#"{"hello": 1}"#);
    assert_eq!(place.run(&["bom", "validate", "broken.json"]).status, 1);
    assert_eq!(place.run(&["bom", "validate", "other.json"]).status, 2);
    assert_eq!(place.run(&["bom", "validate", "missing.json"]).status, 2);
    assert_eq!(place.run(&["vuln", "match", "broken.json"]).status, 2);
}

#[test]
fn a_missing_database_says_how_to_make_one() {
    let place = Place::new();
    let ran = place.run(&["vuln", "show", "CVE-2021-44228"]);
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("hint: make one with `sukashi vuln import`"), "{}", ran.stderr);
}

#[test]
fn deliveries_are_compared() {
    let place = Place::new();
    place.file("old.bin", ROUTER);
    place.file("new.bin", ARM);
    assert_eq!(place.run(&["diff", "old.bin", "old.bin"]).status, 0);
    let program = include_bytes!("../../flow/tests/images/request-arm64.so");
    place.file("tool-1.0", program);
    place.file("tool-1.1", program);
    let ran = place.run(&["diff", "tool-1.0", "tool-1.1"]);
    assert_eq!((ran.status, ran.stdout.as_str()), (0, ""), "a program by another name is the same");
    assert_eq!(place.run(&["diff", "old.bin", "new.bin"]).status, 1);
}

/// A router at the edge: whoever may run code on it is in.
const PLANT: &str = r#"
schema: sukashi.system/1
name: Plant
zones: {outside: {}, ot: {}}
networks: {wan: {zone: outside, cidr: 10.0.1.0/24}, cell: {zone: ot, cidr: 10.0.2.0/24}}
hosts:
  router: {interfaces: [{network: wan, address: 10.0.1.5}, {network: cell, address: 10.0.2.1}], kind: router,
    software: [firmware], release: {product: "pkg:generic/KR-200", version: "1.4.2", sha256: "DIGEST"}}
software: {firmware: {purl: "pkg:generic/KR-200@1.4.2", findings: [{id: f-0, rule: hidden-command, range: network}]}}
services: {https: {host: router, software: firmware, protocol: tcp, port: 443, run_as: root}}
attackers: {a1: {at: "zone:outside"}}
goals: {g1: {title: "The router is taken over", fact: "runs_code(a1, router, _)"}}
"#;

#[test]
fn deliveries_are_compared_in_the_system_that_they_are_installed_in() {
    let place = Place::new();
    let clean = include_bytes!("../../flow/tests/images/request-arm64.so");
    place.file("clean.bin", clean);
    place.file("router.bin", ROUTER);
    place.file("plant.yaml", PLANT.replace("DIGEST", &pipeline::digest(clean).to_string()));
    let ran = place.run(&["diff", "clean.bin", "router.bin", "--system", "plant.yaml", "--format", "json"]);
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    let system = &json(&ran.stdout)["system"];
    assert_eq!(system["at"], serde_json::json!(["host:router"]), "found by the digest that the model states");
    // What the model says was found in it is replaced by what the records say.
    assert_eq!(system["reached_before"], serde_json::json!([]));
    assert_eq!(system["reached_after"], serde_json::json!(["g1"]));
    assert!(system["goals"][0]["after"].as_f64().unwrap() > 0.0, "{system}");
    let back =
        place.run(&["diff", "router.bin", "clean.bin", "--system", "plant.yaml", "--at", "host:router"]);
    assert!(back.stdout.contains("in Plant, at host:router: goals reached g1 → none\n"), "{}", back.stdout);
    let same = place.run(&["diff", "clean.bin", "clean.bin", "--system", "plant.yaml"]);
    assert_eq!(same.status, 0);
    assert_eq!(same.stdout, "in Plant, at host:router: goals reached none → none\n  none\n");
}

#[test]
fn vulnerabilities_of_components_count_in_the_system_that_a_delivery_is_installed_in() {
    let place = Place::new();
    place.file("router.bin", ROUTER);
    place.file("clean.bin", include_bytes!("../../flow/tests/images/request-arm64.so"));
    place.file("plant.yaml", PLANT);
    let feeds = feeds();
    assert_eq!(place.run(&["vuln", "import", &feeds, "--vuln-db", "vuln.redb"]).status, 0);
    let against = ["--system", "plant.yaml", "--at", "host:router", "--vuln-db", "vuln.redb"];
    let ran = place.run(&[&["diff", "router.bin", "clean.bin", "--format", "json"][..], &against].concat());
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    let changed = json(&ran.stdout)["system"]["vulnerabilities"].as_array().unwrap().clone();
    assert!(!changed.is_empty() && changed.iter().all(|v| v["host"] == "router" && v["after"].is_null()));
}

#[test]
fn a_system_that_does_not_say_where_a_delivery_is_installed_is_no_answer() {
    let place = Place::new();
    place.file("a.bin", include_bytes!("../../flow/tests/images/request-arm64.so"));
    place.file("plant.yaml", PLANT);
    let nowhere = place.run(&["diff", "a.bin", "a.bin", "--system", "plant.yaml"]);
    assert_eq!(nowhere.status, 2);
    assert!(nowhere.stderr.contains("hint: name the place with `--at host:ID`"), "{}", nowhere.stderr);
    let unknown = place.run(&["diff", "a.bin", "a.bin", "--system", "plant.yaml", "--at", "host:x"]);
    assert_eq!(unknown.status, 2);
    assert!(unknown.stderr.contains("the system has no `host:x`"), "{}", unknown.stderr);
}
