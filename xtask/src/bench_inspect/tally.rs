//! Counts over the programs of one architecture in one style, or of several.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, bail};
use serde::Deserialize;

use crate::corpus::{Hidden, Variant};
use crate::inspected::{Finding, Record};

#[derive(Clone, Copy, Default)]
pub(super) struct Tally {
    programs: u32,
    found: u32,
    first: u32,
    with_value: u32,
    exact: u32,
    changes: u32,
    clean_alarms: u32,
    look_alike_alarms: u32,
    executing: u32,
    executing_clean: u32,
    code_bytes: u64,
    /// CPU time.
    pub(super) seconds: f64,
}

/// Of the answer of `sukashi diff`, what is counted.
#[derive(Deserialize)]
struct Difference {
    appeared: Vec<Finding>,
    gone: Vec<Finding>,
}

fn share(n: u32, of: u32) -> f64 {
    100.0 * f64::from(n) / f64::from(of.max(1))
}

impl Tally {
    /// Whether the backdoored program was found.
    pub(super) fn count(&mut self, command: &Path, records: &Path, hidden: &Hidden) -> anyhow::Result<bool> {
        let path = |variant: Variant| records.join(variant.name()).join(format!("{}.json", hidden.name));
        let read = |variant| Record::read(&path(variant));
        let [backdoored, clean, look_alike] =
            [read(Variant::Backdoored)?, read(Variant::Clean)?, read(Variant::LookAlike)?];
        let right = |f: &&Finding| f.is_alarm() && hidden.rules.contains(&f.rule);
        let found = backdoored.findings.iter().any(|f| right(&f));
        self.programs += 1;
        self.found += u32::from(found);
        self.first += u32::from(backdoored.findings.first().is_some_and(|f| right(&f)));
        if let Some(value) = &hidden.trigger {
            self.with_value += 1;
            self.exact += u32::from(backdoored.findings.iter().filter(right).any(|f| f.has_value(value)));
        }
        let change = difference(command, &path(Variant::Clean), &path(Variant::Backdoored))?;
        let others = change.appeared.iter().filter(|f| !right(f)).count() + change.gone.len();
        self.changes += u32::from(change.appeared.iter().any(|f| right(&f)) && others <= 1);
        self.clean_alarms += u32::from(clean.findings.iter().any(Finding::is_alarm));
        self.look_alike_alarms += u32::from(look_alike.findings.iter().any(Finding::is_alarm));
        self.executing += u32::from(backdoored.executes());
        self.executing_clean += u32::from(clean.executes());
        self.code_bytes +=
            [&backdoored, &clean, &look_alike].map(|r| r.totals.code_bytes).iter().sum::<u64>();
        Ok(found)
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.programs += other.programs;
        self.found += other.found;
        self.first += other.first;
        self.with_value += other.with_value;
        self.exact += other.exact;
        self.changes += other.changes;
        self.clean_alarms += other.clean_alarms;
        self.look_alike_alarms += other.look_alike_alarms;
        self.executing += other.executing;
        self.executing_clean += other.executing_clean;
        self.code_bytes += other.code_bytes;
        self.seconds += other.seconds;
    }

    /// Percent, like all shares here.
    pub(super) fn found(&self) -> f64 {
        share(self.found, self.programs)
    }

    pub(super) fn first(&self) -> f64 {
        share(self.first, self.programs)
    }

    pub(super) fn exact(&self) -> f64 {
        share(self.exact, self.with_value)
    }

    pub(super) fn changes(&self) -> f64 {
        share(self.changes, self.programs)
    }

    pub(super) fn look_alikes(&self) -> f64 {
        share(self.look_alike_alarms, self.programs)
    }

    pub(super) fn seconds_per_megabyte(&self) -> f64 {
        self.seconds / (self.code_bytes.max(1) as f64 / 1e6)
    }

    pub(super) fn print_head() {
        println!(
            "| architecture | programs | found | first | trigger exact | change | clean accused | look-alikes accused | CPU s / MB |"
        );
        println!("|---|---:|---:|---:|---:|---:|---:|---:|---:|");
    }

    pub(super) fn print(&self, name: &str) {
        println!(
            "| {name} | {} | {:.1} % | {:.1} % | {:.1} % | {:.1} % | {:.1} % | {:.1} % | {:.1} |",
            self.programs,
            self.found(),
            self.first(),
            self.exact(),
            self.changes(),
            share(self.clean_alarms, self.programs),
            self.look_alikes(),
            self.seconds_per_megabyte()
        );
    }

    pub(super) fn print_baseline(&self) {
        println!(
            "| baseline | {} | {:.1} % | – | – | – | {:.1} % | – | – |",
            self.programs,
            share(self.executing, self.programs),
            share(self.executing_clean, self.programs)
        );
    }
}

/// The command compares two records.
fn difference(command: &Path, old: &Path, new: &Path) -> anyhow::Result<Difference> {
    let output = Command::new(command)
        .args(["diff", "--format", "json"])
        .args([old, new])
        .output()
        .with_context(|| format!("cannot run `{}`", command.display()))?;
    if !matches!(output.status.code(), Some(0 | 1)) {
        bail!("`sukashi diff` failed:\n{}", String::from_utf8_lossy(&output.stderr));
    }
    serde_json::from_slice(&output.stdout).context("cannot read the difference")
}
