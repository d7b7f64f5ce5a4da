//! `keys`, `attest`, `verify`, `assess`, `serve`, `demo`: what the chain shares.

mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Stdio};

use support::{Place, Ran};

const ROUTER: &[u8] = include_bytes!("../../../examples/router/router-mipsel.bin");
const PLANT: &str = r#"
schema: sukashi.system/1
name: w
zones: {it: {}, ot: {}, outside: {}}
networks: {lan: {zone: it, cidr: 10.0.1.0/24}, cell: {zone: ot, cidr: 10.0.2.0/24}}
hosts:
  web1: {interfaces: [{network: lan, address: 10.0.1.5}], software: [nginx]}
  plc1: {interfaces: [{network: cell, address: 10.0.2.9}], kind: plc}
software: {nginx: {cpe: "cpe:2.3:a:f5:nginx:1.20.0:*:*:*:*:*:*:*", purl: "pkg:generic/nginx@1.20.0"}}
services: {http: {host: web1, software: nginx, protocol: tcp, port: 80, run_as: www-data}}
filters: {fw: {between: [it, ot], default: deny, rules: [{action: allow, from: "host:web1", to: "zone:ot", protocol: tcp, ports: ["502"]}]}}
vulnerabilities: {CVE-2021-23017: {affects: [nginx], cvss: "CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:L/A:H"}}
attackers: {a1: {at: "zone:outside"}}
goals: {g1: {title: "PLC is reprogrammed", fact: "runs_code(a1, plc1, _)"}}
"#;

#[test]
fn a_signed_record_is_verified_with_a_pinned_key_and_with_no_other() {
    let place = Place::new();
    place.file("router.bin", ROUTER);
    place.file("secret", "correct horse battery staple\n");
    let made = place.run(&["keys", "new", "release", "--passphrase-file", "secret"]);
    assert_eq!(made.status, 0, "{}", made.stderr);
    assert_eq!(place.run(&["inspect", "router.bin", "-o", "router.json", "--fail-on", "never"]).status, 0);
    let signed = place.run(&[
        "attest",
        "inspection",
        "router.json",
        "--key",
        "release",
        "--passphrase-file",
        "secret",
        "-o",
        "router.dsse",
    ]);
    assert_eq!(signed.status, 0, "{}", signed.stderr);
    let key: serde_json::Value = serde_json::from_str(&made.stdout).unwrap();
    let trust = serde_json::json!({
        "schema": "sukashi.trust/1",
        "organizations": [{"name": "Maker", "keys": [key]}],
    });
    place.file("trust.json", trust.to_string());
    let verify = ["verify", "router.dsse", "--trust", "trust.json", "--artifact", "router.bin", "--offline"];
    let verified = place.run(&verify);
    assert_eq!(verified.status, 0, "{}", verified.stderr);
    assert!(verified.stdout.contains("signed by `Maker`"), "{}", verified.stdout);
    place.file("nobody.json", r#"{"schema": "sukashi.trust/1", "organizations": []}"#);
    let refused = place.run(&["verify", "router.dsse", "--trust", "nobody.json"]);
    assert_eq!(refused.status, 1);
    assert!(refused.stderr.contains("signed by a key you have not accepted"), "{}", refused.stderr);
    place.file("router.bin", b"something else");
    assert_eq!(place.run(&verify).status, 1);
}

#[test]
fn the_smallest_system_is_assessed() {
    let place = Place::new();
    place.file("plant.yaml", PLANT);
    let ran = place.run(&["assess", "plant.yaml", "--format", "json"]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let result: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(result["schema"], "sukashi.assessment/1");
    assert!(ran.stderr.contains("no vulnerability database"), "{}", ran.stderr);
    let reached = result["goals"][0]["reached"].as_bool().unwrap();
    let gate = place.run(&["assess", "plant.yaml", "--fail-on", "goal"]);
    assert_eq!(gate.status, i32::from(reached));
    for format in ["navigator", "stix", "openvex", "csaf", "cyclonedx"] {
        let ran = place.run(&["--quiet", "assess", "plant.yaml", "--format", format]);
        serde_json::from_str::<serde_json::Value>(&ran.stdout).unwrap_or_else(|e| panic!("{format}: {e}"));
    }
}

#[test]
fn malformed_models_are_refused() {
    let place = Place::new();
    place.file("plant.yaml", PLANT.replace("software: [nginx]", "sofware: [nginx]"));
    let ran = place.run(&["assess", "plant.yaml"]);
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("hint: did you mean `software`?"), "{}", ran.stderr);
}

fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    answer
}

fn terminate(child: &Child) {
    let id = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
}

/// Starts the demonstration; its `ready:` lines.
fn demo(place: &Place) -> (Child, Vec<String>) {
    let mut command = place.command(&["demo", "--data", "demo", "--listen", "127.0.0.1:0"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().take(4).map(Result::unwrap).collect();
    (child, lines)
}

fn address(line: &str) -> String {
    line.split_once("http://").unwrap().1.split('/').next().unwrap().to_owned()
}

#[test]
fn the_demonstration_is_ready_continues_and_ends_when_told() {
    let place = Place::new();
    let (child, lines) = demo(&place);
    let roles: Vec<&str> = lines.iter().map(|l| l.split(' ').nth(1).unwrap()).collect();
    assert_eq!(roles, ["operator", "integrator", "equipment-manufacturer", "software-manufacturer"]);
    let at = address(&lines[0]);
    for path in ["/", "/api/v1/openapi.json"] {
        assert!(get(&at, path).starts_with("HTTP/1.1 200"), "{path}");
    }
    terminate(&child);
    let ran = Ran::of(child.wait_with_output().unwrap());
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
    let (child, lines) = demo(&place);
    assert_eq!(lines.len(), 4, "an existing demonstration is continued");
    let path = lines[0].split_once(&address(&lines[0])).unwrap().1.to_owned();
    let answer = get(&address(&lines[0]), &path);
    assert!(answer.starts_with("HTTP/1.1 303") && answer.to_lowercase().contains("set-cookie"), "{answer}");
    terminate(&child);
    assert_eq!(Ran::of(child.wait_with_output().unwrap()).status, 0);
}

#[test]
fn a_foreign_directory_is_refused_and_left_alone() {
    let place = Place::new();
    place.file("demo/thesis.txt", "x");
    let ran = place.run(&["demo", "--data", "demo", "--listen", "127.0.0.1:0"]);
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("is not a demonstration"), "{}", ran.stderr);
    assert_eq!(place.list(), ["demo", "demo/thesis.txt"]);
}

#[test]
fn a_port_in_use_is_said_before_any_work() {
    let place = Place::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ran = place.run(&["demo", "--data", "demo", "--listen", &address]);
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("address already in use") && ran.stderr.contains("hint: "), "{}", ran.stderr);
    assert!(place.list().is_empty());
}

#[test]
fn listening_beyond_this_machine_needs_a_proxy_and_newer_data_a_newer_program() {
    let place = Place::new();
    let ran = place.run(&["serve", "--data", "data", "--listen", "0.0.0.0:0"]);
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("--behind-proxy"), "{}", ran.stderr);
    place.file("data/version", "sukashi.data/9\n");
    let ran = place.run(&["serve", "--data", "data", "--listen", "127.0.0.1:0"]);
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("hint: "), "{}", ran.stderr);
}
