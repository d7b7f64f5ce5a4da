//! `system` and `datalog`, from files to answers.

mod support;

use std::io::Write;
use std::process::Stdio;
use std::time::Instant;

use expect_test::expect;
use support::{Place, Ran};

const PLANT: &str = "schema: sukashi.system/1
name: w
zones: {it: {}, outside: {}}
networks: {lan: {zone: it, cidr: 10.0.1.0/24}}
hosts: {web1: {interfaces: [{network: lan, address: 10.0.1.5}]}}
";

const REACH: &str = ".decl edge(a: symbol, b: symbol)
.decl path(a: symbol, b: symbol)
path(X, Y) :- edge(X, Y).
path(X, Z) :- path(X, Y), edge(Y, Z).
";

#[test]
fn a_model_that_holds_together_is_valid() {
    let place = Place::new();
    place.file("plant.yaml", PLANT);
    let ran = place.run(&["system", "check", "plant.yaml"]);
    expect![[r#"
        status 0
        -- stdout
        valid sukashi.system/1: `w` with 1 × host, 1 × network, 2 × zone
        -- stderr
    "#]]
    .assert_eq(&ran.whole());
}

#[test]
fn every_mistake_in_a_model_has_its_place_and_a_hint() {
    let place = Place::new();
    place.file("plant.yaml", PLANT.replace("network: lan", "network: lam"));
    let ran = place.run(&["system", "check", "plant.yaml"]);
    expect![[r"
        status 2
        -- stdout
        -- stderr
        error: plant.yaml:5:39: there is no `network:lam`, which this host names
        hint: did you mean `lan`?
    "]]
    .assert_eq(&ran.whole());
}

#[test]
fn malformed_yaml_is_refused_with_its_place() {
    let place = Place::new();
    for (text, place_of) in [("schema: [", "plant.yaml:"), ("{\"schema\": 1", "plant.yaml:")] {
        place.file("plant.yaml", text);
        let ran = place.run(&["system", "check", "plant.yaml"]);
        assert_eq!(ran.status, 2);
        assert!(ran.stderr.starts_with(&format!("error: {place_of}")), "{}", ran.stderr);
    }
}

#[test]
fn a_model_is_shown_as_the_rules_see_it() {
    let place = Place::new();
    place.file("plant.yaml", PLANT);
    let ran = place.run(&["system", "show", "plant.yaml", "--format", "facts"]);
    assert_eq!(ran.status, 0);
    assert!(ran.stdout.lines().any(|line| line.starts_with("in_zone(")), "{}", ran.stdout);
}

#[test]
fn rules_are_applied_to_facts_of_standard_input() {
    let place = Place::new();
    place.file("reach.dl", REACH);
    let mut child = place
        .command(&["datalog", "reach.dl", "-", "--query", "path(a,_)"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"edge(a, b).\nedge(b, c)\n").unwrap();
    let ran = Ran::of(child.wait_with_output().unwrap());
    assert_eq!((ran.status, ran.stdout.as_str()), (0, "path(a, b).\npath(a, c).\n"));
}

#[test]
fn a_fact_is_proven_or_its_nearest_missing_premise_named() {
    let place = Place::new();
    place.file("reach.dl", REACH);
    place.file("net.facts", "edge(a, b).\nedge(b, c).\n");
    let why = place.run(&["datalog", "reach.dl", "net.facts", "--why", "path(a,c)"]).stdout;
    expect![[r"
        path(a, b)
          because edge(a, b)
          by a rule of reach.dl
        path(a, c)
          because path(a, b), edge(b, c)
          by a rule of reach.dl
    "]]
    .assert_eq(&why);
    let why_not = place.run(&["datalog", "reach.dl", "net.facts", "--why", "path(c,a)"]).stdout;
    assert!(why_not.contains("  edge(c, a)\n"), "{why_not}");
}

#[test]
fn a_mistake_in_rules_is_shown_where_it_stands() {
    let place = Place::new();
    place.file("reach.dl", REACH.replace("path(X, Y) :- edge", "path(X, Y) :- egde"));
    place.file("net.facts", "");
    let ran = place.run(&["datalog", "reach.dl", "net.facts"]);
    expect![[r"
        status 2
        -- stdout
        -- stderr
        error: reach.dl:3:15: unknown relation `egde`
          |
        3 | path(X, Y) :- egde(X, Y).
          |               ^^^^
        hint: did you mean `edge`?
    "]]
    .assert_eq(&ran.whole());
}

#[test]
fn a_budget_that_cuts_is_partial() {
    let place = Place::new();
    place.file("reach.dl", REACH);
    let edges: String = (0..40).map(|n| format!("edge(n{n}, n{}).\n", n + 1)).collect();
    place.file("net.facts", edges);
    let ran = place.run(&["datalog", "reach.dl", "net.facts", "--max-derived", "50"]);
    assert_eq!(ran.status, 3);
    assert!(
        ran.stderr.starts_with("warning: more than 50 facts follow: incomplete are path"),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("hint: raise `--max-derived`"), "{}", ran.stderr);
}

#[test]
fn a_join_without_conclusions_is_cut_as_well() {
    let place = Place::new();
    place.file(
        "never.dl",
        ".decl n(x: int) .decl never(x: int)\nnever(X) :- n(X), n(Y), n(Z), X + Y + Z < 0.\n",
    );
    let figures: String = (0..100).map(|n| format!("n({n}).\n")).collect();
    place.file("n.facts", figures);
    let ran = place.run(&["datalog", "never.dl", "n.facts", "--max-steps", "5000"]);
    assert_eq!(ran.status, 3);
    assert!(
        ran.stderr.starts_with("warning: it takes more than 5000 steps: incomplete are never"),
        "{}",
        ran.stderr
    );
}

#[test]
fn what_runs_is_compared_with_what_was_delivered() {
    let place = Place::new();
    let script = |word: &str| format!("#!/bin/sh\necho {word}\n");
    let mut image = tar::Builder::new(Vec::new());
    for name in ["kept", "changed", "lost"] {
        let text = script(name);
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o755);
        header.set_cksum();
        image.append_data(&mut header, format!("usr/bin/{name}"), text.as_bytes()).unwrap();
    }
    place.file("image.tar", image.into_inner().unwrap());
    place.file("secret", "correct horse battery staple\n");
    let made = place.run(&["keys", "new", "release", "--passphrase-file", "secret"]);
    assert_eq!(made.status, 0, "{}", made.stderr);
    assert_eq!(place.run(&["inspect", "image.tar", "-o", "image.json", "--fail-on", "never"]).status, 0);
    let attest = ["attest", "inspection", "image.json", "--key", "release", "--passphrase-file", "secret"];
    let signed = place.run(&[attest.as_slice(), &["-o", "image.dsse"]].concat());
    assert_eq!(signed.status, 0, "{}", signed.stderr);

    std::fs::create_dir_all(place.path().join("host/usr/bin")).unwrap();
    for (name, word) in [("kept", "kept"), ("changed", "otherwise"), ("own", "own")] {
        place.file(&format!("host/usr/bin/{name}"), script(word));
    }
    place.run(&["--quiet", "system", "collect", "--root", "host", "--host", "gate", "-o", "gate.json"]);
    let check = ["system", "check", "gate.json", "--against", "image.dsse"];
    let ran = place.run(&check);
    assert!(ran.stderr.contains("hint: use `--trust`"), "{}", ran.stderr);
    let lines: Vec<&str> = ran.stdout.lines().skip(1).collect();
    assert_eq!(
        lines,
        [
            "changed usr/bin/changed",
            "missing usr/bin/lost",
            "added usr/bin/own",
            "`gate` against `image.tar`: 3 programs, 3 differences",
        ]
    );
    assert_eq!(ran.status, 1);

    let key: serde_json::Value = serde_json::from_str(&made.stdout).unwrap();
    let trust =
        serde_json::json!({"schema": "sukashi.trust/1", "organizations": [{"name": "Maker", "keys": [key]}]});
    place.file("trust.json", trust.to_string());
    let trusted = place.run(&[check.as_slice(), &["--trust", "trust.json"]].concat());
    assert_eq!((trusted.status, trusted.stdout), (1, ran.stdout), "{}", trusted.stderr);
    place.file("nobody.json", r#"{"schema": "sukashi.trust/1", "organizations": []}"#);
    let refused = place.run(&[check.as_slice(), &["--trust", "nobody.json"]].concat());
    assert_eq!(refused.status, 2);
    assert!(refused.stderr.contains("signed by a key you have not accepted"), "{}", refused.stderr);
}

const FACTORY: &str = include_str!("../../../examples/systems/private-5g/system.yaml");

#[test]
fn whoever_asks_for_several_processes_is_told_why_there_is_one() {
    let place = Place::new();
    place.file("plant.yaml", PLANT);
    let ran = place.run(&["assess", "plant.yaml", "--hosts", "cluster.txt"]);
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.starts_with("error: an assessment runs in one process"), "{}", ran.stderr);
    assert!(ran.stderr.contains("`--jobs N`"), "{}", ran.stderr);
}

#[test]
fn an_assessment_that_is_killed_leaves_the_old_result_or_the_whole_new_one() {
    let place = Place::new();
    place.file("system.yaml", FACTORY);
    let assess = ["assess", "system.yaml", "-o", "result.json"];
    let start = Instant::now();
    assert_eq!(place.run(&assess).status, 0);
    let (took, whole) = (start.elapsed(), place.read("result.json"));
    for moment in 1..=12 {
        place.file("result.json", "the old result");
        let mut child = place.command(&assess).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(took * moment / 10);
        // It may have ended by itself.
        let _ = child.kill();
        child.wait().unwrap();
        let left = place.read("result.json");
        assert!(
            left == "the old result" || left == whole,
            "killed after {moment} tenths: {} bytes",
            left.len()
        );
    }
}

const HEAD: &str = include_str!("../../../examples/systems/branch-offices/head-router.cfg");
const NORTH: &str = include_str!("../../../examples/systems/branch-offices/north-router.cfg");

#[test]
fn several_configurations_become_one_model_with_the_source_of_every_entry() {
    let place = Place::new();
    place.file("head.cfg", HEAD);
    place.file("north.cfg", NORTH);
    let import = ["system", "import", "--from", "cisco", "head.cfg", "north.cfg", "--name", "Offices"];
    let ran = place.run(&[&import[..], &["-o", "routers.yaml"]].concat());
    assert!(matches!(ran.status, 0 | 3), "{}", ran.stderr);
    let written = place.read("routers.yaml");
    let host = |name: &str, file: &str| {
        let line = written.lines().find(|line| line.starts_with(&format!("  {name}:"))).unwrap_or_default();
        assert!(line.contains(&format!("  # {file}.cfg:")), "{line}: {written}");
    };
    host("head-router", "head");
    host("north-router", "north");
    let entries = written.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    assert!(entries.clone().count() > 5 && entries.clone().all(|line| line.contains(".cfg:")), "{written}");
    let checked = place.run(&["system", "check", "routers.yaml"]);
    assert_eq!(checked.status, 0, "{}", checked.stderr);
    // The same as JSON, but for the form.
    let as_json = place.run(&import);
    place.file("routers.json", as_json.stdout);
    let digest = |file: &str| place.run(&["system", "show", file]).stdout;
    assert_eq!(digest("routers.yaml"), digest("routers.json"));
    let shown = place.run(&["system", "show", "routers.yaml", "--format", "yaml"]).stdout;
    assert!(shown.contains("  # routers.yaml:"), "{shown}");
}

#[test]
fn the_schema_of_models_and_of_all_other_formats_is_printed() {
    let place = Place::new();
    let listed = place.run(&["schema"]).stdout;
    let names: Vec<&str> = listed.lines().map(|line| line.split(' ').next().unwrap()).collect();
    assert!(
        names.is_sorted() && ["inspection", "system", "trust"].iter().all(|n| names.contains(n)),
        "{listed}"
    );
    for name in names {
        let ran = place.run(&["schema", name]);
        let schema: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema", "{name}");
    }
    assert_eq!(place.run(&["schema", "sukashi.system/1"]).stdout, place.run(&["schema", "system"]).stdout);
}
