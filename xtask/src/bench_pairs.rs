//! `cargo xtask bench pairs`: detection on programs that others wrote and planted backdoors in.
//!
//! The corpus is ours, so a figure on it says little about what nobody thought of. A folder of pairs holds
//! `NAME/clean/PROGRAM` and `NAME/backdoored/PROGRAM`, compiled from the same sources without and with what was planted;
//! `docs/how-to/measure-on-pairs.md` says how those of a public benchmark are made. *Found*: the backdoored program has
//! a finding of high or critical severity that its clean twin has not (fingerprints do not depend on addresses). Whether
//! it names the planted place is for the reader: rule, place and title are printed. *Accused*: a clean twin has any such
//! finding. *Change*: the same with the clean record as `--baseline`, at any severity, the gain of capabilities included.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::inspected::{self, Finding, Record};

const RECORDS: &str = "target/pair-records";

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Folder with `NAME/clean` and `NAME/backdoored`.
    #[arg(default_value = "target/pairs")]
    folder: PathBuf,
}

#[derive(Default)]
struct Sum {
    pairs: usize,
    found: usize,
    first: usize,
    accused: usize,
    changed: usize,
    executing_clean: usize,
    executing: usize,
    seconds: f64,
    code_bytes: u64,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let command = inspected::release_command()?;
    let mut sum = Sum::default();
    println!(
        "| program | clean: accused | backdoored: found | first | change | code, CPU |\n|---|---:|---|---|---|---:|"
    );
    for pair in pairs(&args.folder)? {
        measure(&command, &pair, &mut sum)?;
    }
    sum.print();
    Ok(())
}

/// The folders of pairs, in the order of their names.
fn pairs(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read `{}`", folder.display()))?;
    let mut pairs: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    pairs.retain(|pair| pair.join("clean").is_dir() && pair.join("backdoored").is_dir());
    if pairs.is_empty() {
        bail!("no pair below `{}`; hint: `NAME/clean/PROGRAM`, `NAME/backdoored/PROGRAM`", folder.display());
    }
    pairs.sort();
    Ok(pairs)
}

fn measure(command: &Path, pair: &Path, sum: &mut Sum) -> anyhow::Result<()> {
    let name = pair.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let records = Path::new(RECORDS).join(&name);
    fs::create_dir_all(&records).with_context(|| format!("cannot create `{}`", records.display()))?;
    let mut seconds = 0.0;
    let mut inspect = |program: &Path, record: &str, options: &[&Path]| -> anyhow::Result<Record> {
        let record = records.join(record);
        seconds += inspected::inspect_one(command, program, &record, options)?;
        Record::read(&record)
    };
    let (clean, planted) = (only_file(&pair.join("clean"))?, only_file(&pair.join("backdoored"))?);
    let before = inspect(&clean, "clean.json", &[])?;
    let after = inspect(&planted, "backdoored.json", &[])?;
    let baseline = records.join("clean.json");
    let change = inspect(&planted, "change.json", &[Path::new("--baseline"), &baseline])?;
    sum.seconds += seconds;
    sum.add(&name, seconds, &before, &after, &change);
    Ok(())
}

fn only_file(folder: &Path) -> anyhow::Result<PathBuf> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read `{}`", folder.display()))?;
    let files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    match files.as_slice() {
        [file] => Ok(file.clone()),
        _ => bail!("`{}` holds {} files; hint: one program", folder.display(), files.len()),
    }
}

/// High and critical findings, with their rank among all.
fn alarms(record: &Record) -> Vec<(usize, &Finding)> {
    record.findings.iter().enumerate().filter(|(_, finding)| finding.is_alarm()).collect()
}

impl Sum {
    fn add(&mut self, name: &str, seconds: f64, before: &Record, after: &Record, change: &Record) {
        let known: BTreeSet<&str> = before.findings.iter().map(|finding| finding.id.as_str()).collect();
        let accused = alarms(before);
        let is_new = |finding: &Finding| !known.contains(finding.id.as_str());
        let found: Vec<_> = alarms(after).into_iter().filter(|(_, finding)| is_new(finding)).collect();
        let changes: Vec<_> = change.findings.iter().filter(|finding| is_new(finding)).collect();
        self.pairs += 1;
        self.accused += usize::from(!accused.is_empty());
        self.found += usize::from(!found.is_empty());
        let is_first = found.first().is_some_and(|(rank, _)| *rank == 0);
        self.first += usize::from(is_first);
        self.changed += usize::from(!changes.is_empty());
        self.executing += usize::from(after.executes());
        self.executing_clean += usize::from(before.executes());
        self.code_bytes += before.totals.code_bytes + 2 * after.totals.code_bytes;
        let found = found.first().map_or_else(|| "–".to_owned(), |(_, finding)| finding.line());
        let change = changes.iter().map(|finding| format!("`{}`", finding.rule)).collect::<BTreeSet<_>>();
        let change = change.into_iter().collect::<Vec<_>>().join(", ");
        println!(
            "| {name} | {} | {found} | {} | {} | {} kB, {seconds:.1} s |",
            accused.len(),
            if is_first { "yes" } else { "no" },
            if change.is_empty() { "–" } else { &change },
            after.totals.code_bytes / 1000,
        );
    }

    fn print(&self) {
        let share =
            |count: usize| format!("{count} ({:.1} %)", 100.0 * count as f64 / self.pairs.max(1) as f64);
        println!("\n| measure | pairs: {} |\n|---|---:|", self.pairs);
        println!("| found | {} |", share(self.found));
        println!("| found, first in the list | {} |", share(self.first));
        println!("| clean accused | {} |", share(self.accused));
        println!("| found as a change | {} |", share(self.changed));
        println!(
            "| CPU seconds per MB of code | {:.1} |",
            1e6 * self.seconds / self.code_bytes.max(1) as f64
        );
        println!("| baseline (can run programs): backdoored | {} |", share(self.executing));
        println!("| baseline (can run programs): clean | {} |", share(self.executing_clean));
    }
}
