//! `cargo xtask crash`: the story of the killed server, with many kills.

use std::process::Command;

use anyhow::{Context as _, ensure};

use crate::postgres::Postgres;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// How many times the server is killed.
    #[arg(long, default_value_t = 200)]
    kills: u32,
    /// On a PostgreSQL server that is started for it, not on SQLite. Needs Debian's package `postgresql`.
    #[arg(long)]
    postgresql: bool,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let server = args.postgresql.then(Postgres::start).transpose()?;
    let story = if server.is_some() { "crash::on_postgresql" } else { "crash::on_sqlite" };
    let mut command = Command::new(cargo);
    command.args(["test", "--package", "sukashi", "--test", "stories", story, "--", "--nocapture"]);
    if let Some(server) = &server {
        command.env("SUKASHI_TEST_POSTGRES", server.database("crash")?);
    }
    let status =
        command.env("SUKASHI_KILLS", args.kills.to_string()).status().context("cannot start `cargo`")?;
    ensure!(status.success(), "something acknowledged was lost, or the platform did not come back");
    Ok(())
}
