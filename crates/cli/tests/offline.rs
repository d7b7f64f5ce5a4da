//! Nothing contacts a network unless told to: the engines give the same answers where there is none.

#![cfg(target_os = "linux")]

mod support;

use std::path::Path;
use std::process::Command;

use support::{Place, Ran};

const ROUTER: &[u8] = include_bytes!("../../../examples/router/router-mipsel.bin");

/// A command of its own network namespace, which has no interface but a loopback that is down.
fn isolated(place: &Place, arguments: &[&str]) -> Ran {
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--net", "--", env!("CARGO_BIN_EXE_sukashi")]);
    command.args(arguments).current_dir(place.path()).env("HOME", place.path());
    Ran::of(command.output().unwrap())
}

fn can_isolate() -> bool {
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--net", "--", "true"]);
    command.output().is_ok_and(|output| output.status.success())
}

#[test]
fn every_engine_works_without_a_network() {
    if !can_isolate() {
        println!("skipped: this machine lets nobody make a network namespace");
        return;
    }
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let feeds = examples.join("vulnerabilities").display().to_string();
    let (here, there) = (Place::new(), Place::new());
    for place in [&here, &there] {
        place.file("router.bin", ROUTER);
        let model = std::fs::read(examples.join("systems/water-utility/system.yaml")).unwrap();
        place.file("system.yaml", model);
    }
    let commands: &[&[&str]] = &[
        &["inspect", "router.bin", "--format", "json"],
        &["bom", "generate", "router.bin", "-o", "router.cdx.json"],
        &["bom", "validate", "router.cdx.json"],
        &["vuln", "import", &feeds, "--vuln-db", "v.redb"],
        &["vuln", "match", "router.cdx.json", "--vuln-db", "v.redb", "--format", "json"],
        &["system", "check", "system.yaml"],
        &["keys", "list"],
        &["config", "show"],
    ];
    for command in commands {
        let (with, without) = (here.run(command), isolated(&there, command));
        assert_eq!(without.status, with.status, "{command:?}: {}", without.stderr);
        // `config show` names the folder it runs in.
        let neutral =
            |ran: &Ran, place: &Place| ran.stdout.replace(&place.path().display().to_string(), "HOME");
        assert_eq!(neutral(&without, &there), neutral(&with, &here), "{command:?}");
    }
}
