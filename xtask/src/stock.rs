//! `cargo xtask bench stock`: how many of the programs that distributions ship are wrongly accused.
//!
//! `corpus/stock.toml` names Debian packages of daemons and tools in two halves. Rules may be looked at and mended on the
//! half `tuning`; the half `untouched` is what is reported, and nobody looks at its findings one by one. *Accused* is a
//! program with any finding of severity high or critical: a stock program is taken to hide nothing.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, bail};
use serde::Deserialize;

use crate::files;
use crate::inspected::{self, Record};

#[path = "stock_packages.rs"]
mod packages;

const LIST: &str = "corpus/stock.toml";
const FOLDER: &str = "target/stock";

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Which half; findings are listed for `tuning` only.
    #[arg(long, value_enum, default_value = "untouched")]
    half: Half,
    /// Only this architecture, such as `mipsel`.
    #[arg(long)]
    architecture: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Half {
    Tuning,
    Untouched,
}

/// `corpus/stock.toml`.
#[derive(Deserialize)]
struct Stock {
    architectures: Vec<String>,
    tuning: Vec<String>,
    untouched: Vec<String>,
}

#[derive(Default)]
struct Row {
    programs: usize,
    accused: usize,
    code_bytes: u64,
    seconds: f64,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let stock = stock()?;
    let (half, packages) = match args.half {
        Half::Tuning => ("tuning", &stock.tuning),
        Half::Untouched => ("untouched", &stock.untouched),
    };
    let command = inspected::release_command()?;
    println!("half `{half}`: {} packages\n", packages.len());
    println!("| architecture | programs | accused | CPU s / MB |\n|---|---:|---:|---:|");
    let (mut all, mut rules, mut accusations) = (Row::default(), BTreeMap::new(), Vec::new());
    let chosen = |name: &&String| args.architecture.as_ref().is_none_or(|only| only == *name);
    for architecture in stock.architectures.iter().filter(chosen) {
        let programs = Path::new(FOLDER).join(half).join(architecture);
        fetch(&programs, architecture, packages)?;
        let records = Path::new(FOLDER).join("records").join(half).join(architecture);
        let _ = fs::remove_dir_all(&records);
        let mut row = Row { seconds: inspected::inspect(&command, &programs, &records)?, ..Row::default() };
        for path in files::below(&programs)? {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let record = Record::read(&records.join(format!("{name}.json")))?;
            row.add(&record, &format!("{architecture}/{name}"), &mut rules, &mut accusations);
        }
        row.print(architecture);
        all.plus(&row);
    }
    all.print("all");
    let rules: Vec<String> = rules.iter().map(|(rule, count)| format!("`{rule}` {count}")).collect();
    println!("\nprograms accused by each rule: {}", rules.join(", "));
    if args.half == Half::Tuning {
        accusations.iter().for_each(|line| println!("{line}"));
    }
    Ok(())
}

fn stock() -> anyhow::Result<Stock> {
    let text = fs::read_to_string(LIST).with_context(|| format!("cannot read `{LIST}`"))?;
    toml::from_str(&text).with_context(|| format!("cannot read `{LIST}`"))
}

/// Fetches the programs once.
fn fetch(programs: &Path, architecture: &str, packages: &[String]) -> anyhow::Result<()> {
    let done = programs.with_extension("done");
    if done.exists() {
        return Ok(());
    }
    fs::create_dir_all(programs).with_context(|| format!("cannot create `{}`", programs.display()))?;
    let archive = packages::Archive::open(Path::new(FOLDER), architecture)?;
    let mut missing = Vec::new();
    let mut count = 0;
    for package in packages {
        match archive.programs(package, programs)? {
            0 => missing.push(package.as_str()),
            programs => count += programs,
        }
    }
    if count == 0 {
        bail!("no program for {architecture}; hint: `apt-get update` must work on this machine");
    }
    eprintln!("{architecture}: {count} programs fetched; without: {}", missing.join(" "));
    fs::write(&done, "").with_context(|| format!("cannot write `{}`", done.display()))
}

impl Row {
    fn add(
        &mut self,
        record: &Record,
        name: &str,
        rules: &mut BTreeMap<String, usize>,
        accusations: &mut Vec<String>,
    ) {
        self.programs += 1;
        self.code_bytes += record.totals.code_bytes;
        let alarms: Vec<_> = record.findings.iter().filter(|finding| finding.is_alarm()).collect();
        self.accused += usize::from(!alarms.is_empty());
        let mut seen: Vec<&str> = alarms.iter().map(|finding| finding.rule.as_str()).collect();
        seen.sort_unstable();
        seen.dedup();
        for rule in seen {
            *rules.entry(rule.to_owned()).or_default() += 1;
        }
        accusations.extend(alarms.iter().map(|f| format!("{name}: {} {}", f.rule, f.title)));
    }

    fn plus(&mut self, other: &Self) {
        self.programs += other.programs;
        self.accused += other.accused;
        self.code_bytes += other.code_bytes;
        self.seconds += other.seconds;
    }

    fn print(&self, name: &str) {
        println!(
            "| {name} | {} | {} ({:.1} %) | {:.1} |",
            self.programs,
            self.accused,
            100.0 * self.accused as f64 / self.programs.max(1) as f64,
            self.seconds / (self.code_bytes.max(1) as f64 / 1e6)
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_package_is_in_both_halves() {
        std::env::set_current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).unwrap();
        let stock = stock().unwrap();
        assert!(stock.tuning.is_sorted() && stock.untouched.is_sorted());
        assert!(stock.tuning.iter().all(|package| !stock.untouched.contains(package)));
        assert!(stock.architectures.len() >= 5);
    }
}
