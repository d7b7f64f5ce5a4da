//! What holds for every command: streams, exit status, settings, closed pipes.

mod support;

use std::io::Read;
use std::process::Stdio;

use expect_test::expect;
use support::{Place, Ran};

#[test]
fn without_a_command_the_usage_is_shown_and_is_wrong() {
    let ran = Place::new().run(&[]);
    assert_eq!((ran.status, ran.stdout.as_str()), (2, ""));
    assert!(ran.stderr.contains("Examples:"), "{}", ran.stderr);
}

#[test]
fn help_and_version_are_data() {
    let place = Place::new();
    for arguments in [["--help"], ["--version"]] {
        let ran = place.run(&arguments);
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
        assert!(ran.stdout.contains("ukashi"), "{}", ran.stdout);
    }
}

#[test]
fn a_misspelt_command_is_wrong_usage() {
    let ran = Place::new().run(&["sytem", "check", "x"]);
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("'system'"), "{}", ran.stderr);
}

#[test]
fn a_missing_file_says_what_was_attempted() {
    let ran = Place::new().run(&["system", "check", "plant.yaml"]);
    expect![[r"
        status 2
        -- stdout
        -- stderr
        error: cannot read `plant.yaml`: no such file or directory
    "]]
    .assert_eq(&ran.whole());
}

#[test]
fn messages_can_be_json() {
    let place = Place::new();
    place.file("sukashi.toml", "wat = \"x\"");
    let ran = place.run(&["config", "show", "--config", "sukashi.toml", "--log-format", "json"]);
    let line: serde_json::Value = serde_json::from_str(&ran.stderr).unwrap();
    assert_eq!(ran.status, 2);
    assert_eq!(line["level"], "ERROR");
    assert_eq!(line["message"], "unknown setting `wat` in `sukashi.toml`");
    assert!(line["hint"].as_str().unwrap().starts_with("there are `blobs`"), "{line}");
}

#[test]
fn settings_show_where_they_come_from() {
    let place = Place::new();
    place.file(".config/sukashi/sukashi.toml", "url = \"https://platform.example\"\ntoken = \"secret\"\n");
    let ran = place.command(&["config", "show"]).env("SUKASHI_LISTEN", "[::1]:7000").output().unwrap();
    let shown = Ran::of(ran).stdout.replace(&place.path().display().to_string(), "HOME");
    expect![[r#"
        cache = "HOME/.cache/sukashi"                     # default
        data = "HOME/.local/share/sukashi/platform"       # default
        keys = "HOME/.local/share/sukashi/keys"           # default
        listen = "[::1]:7000"                                        # SUKASHI_LISTEN
        log-format = "text"                                          # default
        token = "(set)"                                              # HOME/.config/sukashi/sukashi.toml
        trust = "HOME/.config/sukashi/trust.json"         # default
        url = "https://platform.example"                             # HOME/.config/sukashi/sukashi.toml
        vuln-db = "HOME/.local/share/sukashi/vulnerabilities.redb" # default
    "#]]
    .assert_eq(&shown);
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let place = Place::new();
    let facts: String = (0..20_000).map(|n| format!("edge(a{n}, b{n}).\n")).collect();
    place.file("big.facts", facts);
    place.file(
        "copy.dl",
        ".decl edge(a: symbol, b: symbol)\n.decl path(a: symbol, b: symbol)\npath(X, Y) :- edge(X, Y).\n",
    );
    let mut child = place
        .command(&["datalog", "copy.dl", "big.facts"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = [0; 10];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let ran = Ran::of(child.wait_with_output().unwrap());
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
}

#[test]
fn a_full_disk_is_an_error_and_not_a_crash() {
    let place = Place::new();
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let ran = Ran::of(place.command(&["licences"]).stdout(full).output().unwrap());
    expect![[r"
        status 2
        -- stdout
        -- stderr
        error: cannot write to standard output: no space left on device
    "]]
    .assert_eq(&ran.whole());
}

#[test]
fn a_rule_of_inspection_is_explained_by_name() {
    let place = Place::new();
    let list = place.run(&["detectors"]).stdout;
    assert!(list.lines().any(|line| line.starts_with("time-bomb ")), "{list}");
    let page = place.run(&["detectors", "time-bomb"]).stdout;
    for part in ["Finds", "Misses", "Wrongly reports", "Source"] {
        assert!(page.contains(part), "{page}");
    }
    assert_eq!(place.run(&["detectors", "nothing"]).status, 2);
}

#[test]
fn schemas_are_printed_by_name() {
    let place = Place::new();
    let list = place.run(&["schema"]).stdout;
    assert!(list.contains("sukashi.inspection/1"), "{list}");
    let schema: serde_json::Value =
        serde_json::from_str(&place.run(&["schema", "inspection"]).stdout).unwrap();
    assert_eq!(schema["title"], "Inspection");
    assert_eq!(place.run(&["schema", "nothing"]).status, 2);
}

#[test]
fn completions_and_manual_pages_know_the_commands() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish"] {
        let ran = place.run(&["completions", shell]);
        assert_eq!(ran.status, 0);
        assert!(ran.stdout.contains("datalog"), "{shell}");
    }
    assert!(place.run(&["man"]).stdout.contains(".TH sukashi 1"));
    assert!(place.run(&["man", "system", "check"]).stdout.contains("sukashi\\-system\\-check"));
    assert_eq!(place.run(&["man", "-o", "pages/"]).status, 0);
    assert!(place.list().contains(&"pages/sukashi-system-check.1".to_owned()), "{:?}", place.list());
}

#[test]
fn licences_name_whose_data_is_used() {
    let text = Place::new().run(&["licences"]).stdout;
    for name in
        ["Ghidra", "MITRE Corporation", "Exploit Prediction Scoring", "not endorsed or certified by the NVD"]
    {
        assert!(text.contains(name), "{name}");
    }
}

#[test]
fn quiet_keeps_errors() {
    let ran = Place::new().run(&["--quiet", "system", "check", "x"]);
    assert!(ran.stderr.starts_with("error: "), "{}", ran.stderr);
}
