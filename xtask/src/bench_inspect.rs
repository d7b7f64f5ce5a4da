//! `cargo xtask bench inspect`: what inspection finds in `corpus/`, and what it wrongly accuses.
//!
//! Every program goes through the released command, as a user would run it; records are read back from its output.
//! *Found*: a backdoored program has a finding of high or critical severity under one of the rules that its truth
//! names. *First*: that finding heads the list. *Trigger*: its value is exact. *Change*: `sukashi diff` of the clean and
//! the backdoored program reports the right finding and at most one other finding. The row `baseline` accuses every
//! program that can run another program, which is what a look at the imports gives.
//!
//! All processors are measured in the usual style, some processors in every other style. False alarms on programs that
//! nobody wrote for a test are another measurement: `bench stock`.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::corpus::{self, Style, Truth, Variant};
use crate::files;
use crate::inspected::{self, Record};

#[path = "bench_inspect/tally.rs"]
mod tally;

use tally::Tally;

const RECORDS: &str = "target/corpus-records";
/// Processors that the other styles are measured on: two orders of registers and stacks, with and without delay slots.
const OF_STYLES: &[&str] = &["amd64", "arm64", "mipsel"];
/// Bytes of memory that a run takes whatever the program: tables of instructions, patterns, the command itself.
const FIXED_MEMORY: u64 = 60_000_000;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only this style besides the usual one; may be given several times.
    #[arg(long, value_enum)]
    style: Vec<Style>,
    /// No style besides the usual one.
    #[arg(long, conflicts_with = "style")]
    usual_only: bool,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let truth = corpus::truth()?;
    let command = inspected::release_command()?;
    let mut missed = Vec::new();
    let usual = usual(&command, &truth, &mut missed)?;
    for style in styles(args) {
        let mut all = Tally::default();
        println!("\nstyle `{}`\n", style.name());
        Tally::print_head();
        for architecture in OF_STYLES {
            let tally = measure(&command, &truth, style, architecture, &mut missed)?;
            tally.print(architecture);
            all.add(&tally);
        }
        all.print("all");
    }
    println!("\nnot found: {}\n", if missed.is_empty() { "none".to_owned() } else { missed.join(", ") });
    summarize(&usual, memory(&command)?);
    Ok(())
}

/// Most memory for the program with most code, beyond what every run takes: bytes for each byte of code.
fn memory(command: &Path) -> anyhow::Result<f64> {
    let records = Path::new(RECORDS).join(Style::USUAL.name());
    let mut largest: Option<(u64, PathBuf)> = None;
    for architecture in corpus::architectures() {
        let variant = Variant::Clean.name();
        let programs = corpus::folder(Style::USUAL, architecture).join(variant);
        for program in files::below(&programs)? {
            let name = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let record = records.join(architecture).join(variant).join(format!("{name}.json"));
            let code = Record::read(&record)?.totals.code_bytes;
            if largest.as_ref().is_none_or(|(most, _)| code > *most) {
                largest = Some((code, program));
            }
        }
    }
    let (code, program) = largest.context("the corpus is empty")?;
    let peak = inspected::peak_memory(command, &program)?;
    Ok(peak.saturating_sub(FIXED_MEMORY) as f64 / code.max(1) as f64)
}

/// All processors in the usual style.
fn usual(command: &Path, truth: &Truth, missed: &mut Vec<String>) -> anyhow::Result<Vec<Tally>> {
    println!("style `{}`\n", Style::USUAL.name());
    Tally::print_head();
    let (mut all, mut each) = (Tally::default(), Vec::new());
    for architecture in corpus::architectures() {
        let tally = measure(command, truth, Style::USUAL, architecture, missed)?;
        tally.print(architecture);
        all.add(&tally);
        each.push(tally);
    }
    all.print("all");
    all.print_baseline();
    Ok(each)
}

fn styles(args: &Args) -> Vec<Style> {
    let all = <Style as clap::ValueEnum>::value_variants().iter().copied();
    let is_chosen =
        |style: &Style| *style != Style::USUAL && (args.style.is_empty() || args.style.contains(style));
    if args.usual_only { Vec::new() } else { all.filter(is_chosen).collect() }
}

/// Inspects all programs of an architecture and counts.
fn measure(
    command: &Path,
    truth: &Truth,
    style: Style,
    architecture: &str,
    missed: &mut Vec<String>,
) -> anyhow::Result<Tally> {
    let programs = corpus::folder(style, architecture);
    let records = Path::new(RECORDS).join(style.name()).join(architecture);
    let mut tally = Tally::default();
    for variant in Variant::ALL {
        let programs = programs.join(variant.name());
        if !programs.is_dir() {
            let name = style.name();
            bail!("there is no `{}`; hint: `cargo xtask corpus --style {name}`", programs.display());
        }
        tally.seconds += inspected::inspect(command, &programs, &records.join(variant.name()))?;
    }
    for hidden in &truth.program {
        let is_there = programs.join(Variant::Backdoored.name()).join(&hidden.name).is_file();
        if is_there && !tally.count(command, &records, hidden)? {
            missed.push(format!("{}/{architecture}/{}", style.name(), hidden.name));
        }
    }
    Ok(tally)
}

/// The measures that inspection is held to, over the usual style.
fn summarize(each: &[Tally], memory: f64) {
    let mut all = Tally::default();
    each.iter().for_each(|tally| all.add(tally));
    let found: Vec<f64> = each.iter().map(Tally::found).collect();
    let spread = found.iter().copied().fold(0.0, f64::max) - found.iter().copied().fold(100.0, f64::min);
    println!("| measure, style `{}` | must | goal | measured |\n|---|---:|---:|---:|", Style::USUAL.name());
    let row = |name: &str, must: &str, goal: &str, value: String| {
        println!("| {name} | {must} | {goal} | {value} |")
    };
    let percent = |share: f64| format!("{share:.1} %");
    row("detection", "90 %", "98 %", percent(all.found()));
    row("true function first", "80 %", "95 %", percent(all.first()));
    row("look-alikes with a high finding", "10 %", "2 %", percent(all.look_alikes()));
    row("trigger exact", "70 %", "90 %", percent(all.exact()));
    row("CPU seconds per MB of code", "3", "1", format!("{:.1}", all.seconds_per_megabyte()));
    row("peak memory per MB of code, beyond 60 MB", "400 MB", "150 MB", format!("{memory:.0} MB"));
    row("detection, best and worst processor apart", "10 %", "3 %", percent(spread));
    row("planted change found, at most one other", "90 %", "100 %", percent(all.changes()));
}
