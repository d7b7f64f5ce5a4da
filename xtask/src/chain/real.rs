//! `cargo xtask real`: tests that need downloads, and the command on what real machines hold.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};
use serde_json::Value;

use super::{debian, run};

/// Architectures whose installer images are inspected whole, all devices together.
const INSTALLERS: [&str; 6] = ["arm64", "armel", "armhf", "mips64el", "mipsel", "ppc64el"];

pub(crate) fn run() -> anyhow::Result<()> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let mut tests = Command::new(cargo);
    // Standard output is the table that `xtask full` keeps.
    tests.args(["test", "--workspace", "--", "--ignored"]).stdout(std::io::stderr());
    let tests = tests.status()?;
    let sukashi = run::build()?;
    let inputs = inputs()?;
    println!(
        "| input | status | programs | critical or high | blind spots | took |\n|---|---:|---:|---:|---:|---:|"
    );
    let mut failed = !tests.success();
    for (name, path) in inputs {
        let record = PathBuf::from("target/real").join(format!("{}.json", name.replace(['/', ' '], "-")));
        let ran = run::watch(Command::new(&sukashi).arg("inspect").arg(&path).arg("-o").arg(&record))?;
        // 2 and a crash are failures; findings and partial input are answers.
        failed |= ![0, 1, 3].contains(&ran.status);
        let (programs, grave, blind) = counts(&record).unwrap_or_default();
        println!("| {name} | {} | {programs} | {grave} | {blind} | {} |", ran.status, ran.figures());
    }
    if failed {
        bail!("something failed; see above");
    }
    Ok(())
}

/// What is inspected, by name.
fn inputs() -> anyhow::Result<Vec<(String, PathBuf)>> {
    let armel = debian::installer("armel")?;
    let mut inputs = vec![
        ("/usr/bin".to_owned(), PathBuf::from("/usr/bin")),
        ("/usr/sbin".to_owned(), PathBuf::from("/usr/sbin")),
        ("D-Link DNS-320 image".to_owned(), debian::find(&armel, "dns-320/netboot.img")?),
        ("its root file system".to_owned(), debian::find(&armel, "kirkwood/initrd.gz")?),
    ];
    for architecture in INSTALLERS {
        inputs.push((format!("installer images, {architecture}"), debian::installer(architecture)?));
    }
    Ok(inputs)
}

/// Programs, critical or high findings, blind spots.
fn counts(record: &Path) -> anyhow::Result<(usize, usize, usize)> {
    let record: Value = serde_json::from_slice(&fs::read(record).context("no record was written")?)?;
    let list = |key: &str| record.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    let is = |value: &Value, key: &str, words: &[&str]| {
        value.get(key).and_then(Value::as_str).is_some_and(|word| words.contains(&word))
    };
    let programs = list("artifacts").iter().filter(|a| is(a, "kind", &["elf", "pe"])).count();
    let grave = list("findings").iter().filter(|f| is(f, "severity", &["critical", "high"])).count();
    Ok((programs, grave, list("blind_spots").len()))
}
