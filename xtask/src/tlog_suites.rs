//! `cargo xtask tlog-suites --suites DIR`: the transparency log against what others published.
//!
//! `DIR` holds checked-out repositories as `OWNER+NAME`; nothing of them is in this repository.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

/// Repository, folder in it, and the variable that the test reads it from.
const SUITES: &[(&str, &str, &str)] = &[
    ("transparency-dev+merkle", "testdata", "SUKASHI_RFC6962_PROBES"),
    ("transparency-dev+tessera", "testdata/log", "SUKASHI_TESSERA_LOG"),
];

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Folder with the suites' repositories.
    #[arg(long)]
    suites: PathBuf,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let mut command = Command::new(cargo);
    command.args([
        "test",
        "--quiet",
        "--package",
        "tlog",
        "--test",
        "probes",
        "--test",
        "golden_log",
        "--",
        "--nocapture",
    ]);
    for (repository, folder, variable) in SUITES {
        command.env(variable, place(&args.suites, repository, folder)?);
    }
    if !command.status().context("cannot run cargo")?.success() {
        bail!("the log does not do as published");
    }
    Ok(())
}

fn place(suites: &Path, repository: &str, folder: &str) -> anyhow::Result<PathBuf> {
    let place = suites.join(repository).join(folder);
    std::fs::canonicalize(&place).with_context(|| format!("no suite at `{}`", place.display()))
}
