//! Repository chores, one subcommand a file. Run with `cargo xtask NAME`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a terminal program")]

use clap::{Parser, Subcommand};

mod bake_sleigh;
mod bench_assess;
mod bench_inspect;
mod bench_pages;
mod bench_pairs;
mod bench_program;
mod bench_share;
mod bench_sleigh;
mod bench_standards;
mod boundaries;
mod chain;
mod conformance;
mod corpus;
mod crash;
mod detector_manual;
mod files;
mod full;
mod fuzz;
mod generate_system;
mod inspected;
mod licences;
mod load;
mod oracle;
mod oracle_assess;
mod postgres;
mod router_image;
mod semantics_fixtures;
mod stock;
mod tlog_suites;
mod tool;
mod truth;
mod vuln_extract;
mod vuln_label;

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
    /// Measure speed beside a peer, in the same run.
    Bench {
        /// What is measured.
        #[command(subcommand)]
        what: Bench,
    },
    /// Check that crates depend on each other only in the direction ARCHITECTURE.md states.
    Boundaries,
    /// Count the official test suites and write `docs/conformance.md`.
    Conformance(conformance::Args),
    /// Compile the programs that inspection is measured on.
    Corpus(corpus::Args),
    /// Kill the server again and again during intake.
    Crash(crash::Args),
    /// Write `docs/manual/detectors.md` from the detectors' own documentation.
    DetectorManual,
    /// Run the large counts and write `docs/measured.md`.
    Full(full::Args),
    /// Fuzz the readers of outside bytes, and add up the hours in `docs/fuzzing.md`.
    Fuzz(fuzz::Args),
    /// Write a system of any size, as a model, as facts, or for peers.
    GenerateSystem(generate_system::Args),
    /// Check the licences of everything we link against `deny.toml`.
    Licences,
    /// Ask a served platform by many clients at once, for minutes.
    Load(load::Args),
    /// Compare an engine of ours with independent ones.
    Oracle(oracle::Args),
    /// Run the tests that need downloads, and inspect what real machines hold.
    Real,
    /// Build the example router images with Debian's cross compilers.
    RouterImage,
    /// Compile the functions that the emulator's tests run in every language.
    SemanticsFixtures,
    /// Judge the transparency log by published probes and a golden log.
    TlogSuites(tlog_suites::Args),
    /// Compare models with real systems.
    Truth {
        /// What is compared.
        #[command(subcommand)]
        what: truth::What,
    },
    /// Write the records of `examples/vulnerabilities/` from full feeds.
    VulnExtract(vuln_extract::Args),
    /// Write triples of component, vulnerability and truth from what distributions repaired.
    VulnLabel(vuln_label::Args),
}

#[derive(Subcommand)]
enum Bench {
    /// Risk assessment on generated systems, beside SWI-Prolog and clingo.
    Assess(bench_assess::Args),
    /// The whole command: demonstration, inspection, import, size.
    Chain,
    /// Detection and false alarms on the corpus.
    Inspect(bench_inspect::Args),
    /// A large status page in a browser: first paint, frames while scrolling.
    Pages,
    /// Detection on pairs of programs that others planted backdoors in.
    Pairs(bench_pairs::Args),
    /// Recovery of functions and instructions from stripped programs.
    Program(bench_program::Args),
    /// The sharing platform: intake, look-ups, a large document, start.
    Share(bench_share::Args),
    /// The lifter, beside Ghidra's translator.
    Sleigh,
    /// Bills of materials and vulnerabilities: speed, and matches against labelled truth.
    Standards,
    /// False alarms on programs that Debian ships.
    Stock(stock::Args),
}

fn main() -> anyhow::Result<()> {
    match Args::parse().command {
        Command::BakeSleigh => bake_sleigh::bake(),
        Command::Bench { what: Bench::Assess(args) } => bench_assess::run(&args),
        Command::Bench { what: Bench::Chain } => chain::bench(),
        Command::Bench { what: Bench::Inspect(args) } => bench_inspect::run(&args),
        Command::Bench { what: Bench::Pages } => bench_pages::run(),
        Command::Bench { what: Bench::Pairs(args) } => bench_pairs::run(&args),
        Command::Bench { what: Bench::Program(args) } => bench_program::run(&args),
        Command::Bench { what: Bench::Share(args) } => bench_share::run(&args),
        Command::Bench { what: Bench::Sleigh } => bench_sleigh::run(),
        Command::Bench { what: Bench::Standards } => bench_standards::run(),
        Command::Bench { what: Bench::Stock(args) } => stock::run(&args),
        Command::Boundaries => boundaries::check(),
        Command::Conformance(args) => conformance::run(&args),
        Command::Corpus(args) => corpus::build(&args),
        Command::Crash(args) => crash::run(&args),
        Command::DetectorManual => detector_manual::write(),
        Command::Full(args) => full::run(&args),
        Command::Fuzz(args) => fuzz::run(&args),
        Command::GenerateSystem(args) => generate_system::run(&args),
        Command::Load(args) => load::run(&args),
        Command::Licences => licences::check(),
        Command::Oracle(args) => oracle::run(&args),
        Command::Real => chain::real(),
        Command::RouterImage => router_image::build(),
        Command::SemanticsFixtures => semantics_fixtures::build(),
        Command::TlogSuites(args) => tlog_suites::run(&args),
        Command::Truth { what } => truth::run(&what),
        Command::VulnExtract(args) => vuln_extract::run(&args),
        Command::VulnLabel(args) => vuln_label::run(&args),
    }
}
