//! `cargo xtask oracle disclosure`: what the sharing platform discloses to whom, decided again by Cedar.
//!
//! A test of the crate `share` writes random universes with the engine's decisions; the program in `oracles/disclosure`
//! turns the same facts into policies and entities. It is the oracle that shares no line with ours.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, ensure};

const RECORDED: &str = "target/oracle/decisions.jsonl";

pub(crate) fn run(decisions: u64) -> anyhow::Result<()> {
    let file = std::env::current_dir()?.join(RECORDED);
    std::fs::create_dir_all(file.parent().unwrap_or(Path::new(".")))?;
    let count = decisions.to_string();
    let mut record = cargo();
    record
        .args(["test", "--quiet", "--package", "share", "--lib", "decisions_are_recorded"])
        .env("SUKASHI_DECISIONS_TO", &file)
        .env("SUKASHI_DECISIONS", &count)
        .stdout(std::io::stderr());
    finish(record, "the test that records decisions")?;
    let folder = std::env::var("SUKASHI_ORACLE_TARGET").unwrap_or_else(|_| "oracles/target".to_owned());
    let mut judge = cargo();
    judge
        .args(["run", "--quiet", "--locked", "--manifest-path", "oracles/disclosure/Cargo.toml", "--"])
        .arg(&file)
        .arg(&count)
        .env("CARGO_TARGET_DIR", folder);
    finish(judge, "disclosure-oracle")
}

fn cargo() -> Command {
    Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()))
}

fn finish(mut command: Command, name: &str) -> anyhow::Result<()> {
    let status = command.status().with_context(|| format!("cannot start `{name}`"))?;
    ensure!(status.success(), "`{name}` failed");
    Ok(())
}
