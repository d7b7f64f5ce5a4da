//! `cargo xtask crash`: the story of the killed server, with many kills.

use std::process::Command;

use anyhow::{Context as _, ensure};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// How many times the server is killed.
    #[arg(long, default_value_t = 200)]
    kills: u32,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let status = Command::new(cargo)
        .args(["test", "--package", "sukashi", "--test", "stories", "crash", "--", "--nocapture"])
        .env("SUKASHI_KILLS", args.kills.to_string())
        .status()
        .context("cannot start `cargo`")?;
    ensure!(status.success(), "something acknowledged was lost, or the platform did not come back");
    Ok(())
}
