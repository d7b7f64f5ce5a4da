//! `cargo xtask fuzz`: runs `cargo fuzz` on stable, keeps minimised corpora, adds up the hours.
//!
//! Without a sanitizer (`-s none`): the workspace has no unsafe code, so what fuzzing looks for are panics, hangs and
//! memory without bound, and those show without one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use std::{fs, io};

use anyhow::{Context, bail};

const HOURS: &str = "docs/fuzzing.md";
/// Marks where the table begins.
const TABLE: &str = "| target | minutes | executions | crashes |\n|---|---:|---:|---:|\n";
/// Seconds for one input; most take microseconds.
const TIMEOUT: &str = "-timeout=20";
/// Megabytes for one input.
const MEMORY: &str = "-rss_limit_mb=2048";
/// Time after which a replay begins no further run of a target.
const REPLAY_TIME: Duration = Duration::from_secs(20);
/// Inputs read by one process: few enough for a command line.
const INPUTS_A_RUN: usize = 500;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Minutes for each target.
    #[arg(long, default_value_t = 10)]
    minutes: u64,
    /// Only read the kept corpora again, at most 20 seconds a target.
    #[arg(long)]
    replay: bool,
    /// Only this target.
    target: Option<String>,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let mut failed = Vec::new();
    let targets = targets(args.target.as_deref())?;
    if args.replay {
        build_replay()?;
    }
    for target in targets {
        let outcome = if args.replay { replay(&target) } else { fuzz(&target, args.minutes) };
        if let Err(error) = outcome {
            eprintln!("{target}: {error:#}");
            failed.push(target);
        }
    }
    if !failed.is_empty() {
        bail!("failed: {}; hint: the inputs lie under `fuzz/artifacts`", failed.join(", "));
    }
    Ok(())
}

fn targets(only: Option<&str>) -> anyhow::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir("fuzz/fuzz_targets").context("cannot list `fuzz/fuzz_targets`")? {
        let path = entry?.path();
        // What several targets share lies in folders.
        let name = path.file_stem().filter(|_| path.is_file()).map(|s| s.to_string_lossy().into_owned());
        names.extend(name.filter(|n| only.is_none_or(|o| o == n)));
    }
    names.sort();
    if names.is_empty() {
        bail!("no such target; hint: they lie under `fuzz/fuzz_targets`");
    }
    Ok(names)
}

/// Builds all targets without instrumentation: reading known inputs again needs no `cargo fuzz`.
fn build_replay() -> anyhow::Result<()> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let mut build = Command::new(cargo);
    build.args([
        "build",
        "--quiet",
        "--bins",
        "--manifest-path",
        "fuzz/Cargo.toml",
        "--target-dir",
        "target",
    ]);
    if !build.status().context("cannot run `cargo build`")?.success() {
        bail!("cannot build the fuzz targets");
    }
    Ok(())
}

fn replay(target: &str) -> anyhow::Result<()> {
    let corpus = corpus(target)?;
    let mut inputs: Vec<PathBuf> =
        fs::read_dir(&corpus)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
    inputs.sort();
    let start = Instant::now();
    let mut read = 0;
    for some in inputs.chunks(INPUTS_A_RUN) {
        if start.elapsed() > REPLAY_TIME {
            break;
        }
        let mut command = Command::new(format!("target/debug/{target}"));
        command.args([TIMEOUT, MEMORY]).args(some);
        outcome(&mut command, "cannot run a fuzz target")?;
        read += some.len();
    }
    println!("{target}: {read} of {} inputs", inputs.len());
    Ok(())
}

fn fuzz(target: &str, minutes: u64) -> anyhow::Result<()> {
    corpus(target)?;
    let report = libfuzzer(target, &[&format!("-max_total_time={}", minutes * 60), "-print_final_stats=1"]);
    let executions = report.as_ref().map_or(0, |text| executions(text));
    add_hours(target, minutes, executions, report.is_err())?;
    report?;
    println!("{target}: {minutes} minutes, {executions} executions");
    let mut minimise = cargo_fuzz("cmin", target);
    if !minimise.status().context("cannot run `cargo fuzz cmin`")?.success() {
        bail!("cannot minimise the corpus of `{target}`");
    }
    Ok(())
}

fn corpus(target: &str) -> anyhow::Result<String> {
    let folder = format!("fuzz/corpus/{target}");
    fs::create_dir_all(&folder).with_context(|| format!("cannot create `{folder}`"))?;
    Ok(folder)
}

fn cargo_fuzz(verb: &str, target: &str) -> Command {
    let mut command = Command::new("cargo");
    command.args(["fuzz", verb, "--sanitizer", "none", target]);
    command
}

/// Runs the target over its corpus; what libFuzzer printed.
fn libfuzzer(target: &str, options: &[&str]) -> anyhow::Result<String> {
    let mut command = cargo_fuzz("run", target);
    command.arg("--").args([TIMEOUT, MEMORY]).args(options);
    outcome(&mut command, "cannot run `cargo fuzz`; hint: `cargo install cargo-fuzz --locked`")
}

/// What a command printed on standard error; its last lines as the error if it failed.
fn outcome(command: &mut Command, cannot: &'static str) -> anyhow::Result<String> {
    let output = command.output().context(cannot)?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    if !output.status.success() {
        let tail: Vec<&str> = text.lines().rev().take(40).collect();
        bail!("{}", tail.into_iter().rev().collect::<Vec<_>>().join("\n"));
    }
    Ok(text)
}

fn executions(report: &str) -> u64 {
    let line = report.lines().find_map(|l| l.strip_prefix("stat::number_of_executed_units:"));
    line.and_then(|n| n.trim().parse().ok()).unwrap_or(0)
}

/// Minutes, executions and crashes of each target so far.
type Hours = BTreeMap<String, (u64, u64, u64)>;

fn add_hours(target: &str, minutes: u64, executions: u64, crashed: bool) -> anyhow::Result<()> {
    let text = fs::read_to_string(HOURS).with_context(|| format!("cannot read `{HOURS}`"))?;
    let (head, table) = text.split_once(TABLE).with_context(|| format!("`{HOURS}` has no table"))?;
    let mut hours = parse(table);
    let sum = hours.entry(target.to_owned()).or_default();
    *sum = (sum.0 + minutes, sum.1 + executions, sum.2 + u64::from(crashed));
    fs::write(Path::new(HOURS), format!("{head}{TABLE}{}", render(&hours)))
        .with_context(|| format!("cannot write `{HOURS}`"))
}

fn parse(table: &str) -> Hours {
    let row = |line: &str| {
        let mut cells = line.trim_matches('|').split('|').map(str::trim);
        let name = cells.next()?.to_owned();
        let mut number = || cells.next()?.parse().ok();
        Some((name, (number()?, number()?, number()?)))
    };
    table.lines().filter_map(row).collect()
}

fn render(hours: &Hours) -> String {
    hours.iter().map(|(name, (m, e, c))| format!("| {name} | {m} | {e} | {c} |\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_read_back_as_they_were_written() {
        let hours = Hours::from([("a".to_owned(), (10, 2_000, 0)), ("b".to_owned(), (1, 2, 3))]);
        assert_eq!(parse(&render(&hours)), hours);
    }

    #[test]
    fn executions_are_found_in_a_final_report() {
        assert_eq!(executions("Done\nstat::number_of_executed_units: 5178\nstat::x: 1\n"), 5178);
    }
}
