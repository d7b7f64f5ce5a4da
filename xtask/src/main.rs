//! Repository chores, one subcommand a file. Run with `cargo xtask NAME`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a terminal program")]

use clap::{Parser, Subcommand};

mod bake_sleigh;
mod boundaries;
mod licences;
mod router_image;

/// Repository chores of Sukashi.
#[derive(Parser)]
#[command(bin_name = "cargo xtask")]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write the embedded language tables from Ghidra's compiled specifications.
    BakeSleigh,
    /// Check that crates depend on each other only in the direction ARCHITECTURE.md states.
    Boundaries,
    /// Check the licences of everything we link against `deny.toml`.
    Licences,
    /// Build the example router images with Debian's cross compilers.
    RouterImage,
}

fn main() -> anyhow::Result<()> {
    match Args::parse().command {
        Command::BakeSleigh => bake_sleigh::bake(),
        Command::Boundaries => boundaries::check(),
        Command::Licences => licences::check(),
        Command::RouterImage => router_image::build(),
    }
}
