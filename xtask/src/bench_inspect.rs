//! `cargo xtask bench inspect`: what inspection finds in `corpus/`, and what it wrongly accuses.
//!
//! Every program goes through the released command, as a user would run it; records are read back from its output.
//! *Found*: a backdoored program has a finding of high or critical severity under one of the rules that its truth
//! names. *First*: that finding heads the list. *Trigger*: its value is exact. The row `baseline` accuses every program
//! that can run another program, which is what a look at the imports gives.

use std::path::Path;

use anyhow::bail;

use crate::corpus::{self, Hidden, Variant};
use crate::inspected::{self, Finding, Record};

const RECORDS: &str = "target/corpus-records";
/// Counts over the programs of one architecture, or of all.
#[derive(Clone, Copy, Default)]
struct Tally {
    programs: u32,
    found: u32,
    first: u32,
    with_value: u32,
    exact: u32,
    clean_alarms: u32,
    look_alike_alarms: u32,
    executing: u32,
    executing_clean: u32,
    code_bytes: u64,
    seconds: f64,
}

pub(crate) fn run() -> anyhow::Result<()> {
    let truth = corpus::truth()?;
    let command = inspected::release_command()?;
    println!(
        "| architecture | found | first | trigger exact | clean accused | look-alikes accused | CPU s / MB |"
    );
    println!("|---|---:|---:|---:|---:|---:|---:|");
    let (mut all, mut missed) = (Tally::default(), Vec::new());
    for architecture in corpus::architectures() {
        let seconds = inspect(&command, architecture)?;
        let mut tally = Tally { seconds, ..Tally::default() };
        for hidden in &truth.program {
            if !tally.add(architecture, hidden)? {
                missed.push(format!("{architecture}/{}", hidden.name));
            }
        }
        tally.print(architecture);
        all = all.plus(&tally);
    }
    all.print("all");
    let share = |n: u32| 100.0 * f64::from(n) / f64::from(all.programs.max(1));
    println!(
        "| baseline | {:.1} % | – | – | {:.1} % | – | – |",
        share(all.executing),
        share(all.executing_clean)
    );
    println!("\nnot found: {}", if missed.is_empty() { "none".to_owned() } else { missed.join(", ") });
    Ok(())
}

/// Inspects all programs of an architecture; CPU seconds it took.
fn inspect(command: &Path, architecture: &str) -> anyhow::Result<f64> {
    let programs = Path::new(corpus::OUTPUT).join(architecture);
    if !programs.is_dir() {
        bail!("there is no `{}`; hint: `cargo xtask corpus`", programs.display());
    }
    inspected::inspect(command, &programs, &Path::new(RECORDS).join(architecture))
}

fn record(architecture: &str, name: &str, variant: Variant) -> anyhow::Result<Record> {
    let path = format!("{RECORDS}/{architecture}/{name}.{}.json", variant.name());
    Record::read(Path::new(&path))
}

impl Tally {
    /// Whether the backdoored program was found.
    fn add(&mut self, architecture: &str, hidden: &Hidden) -> anyhow::Result<bool> {
        let backdoored = record(architecture, &hidden.name, Variant::Backdoored)?;
        let clean = record(architecture, &hidden.name, Variant::Clean)?;
        let look_alike = record(architecture, &hidden.name, Variant::LookAlike)?;
        let right = |f: &&Finding| f.is_alarm() && hidden.rules.contains(&f.rule);
        let found = backdoored.findings.iter().any(|f| right(&f));
        self.programs += 1;
        self.found += u32::from(found);
        self.first += u32::from(backdoored.findings.first().is_some_and(|f| right(&f)));
        if let Some(value) = &hidden.trigger {
            self.with_value += 1;
            self.exact += u32::from(backdoored.findings.iter().filter(right).any(|f| f.has_value(value)));
        }
        self.clean_alarms += u32::from(clean.findings.iter().any(Finding::is_alarm));
        self.look_alike_alarms += u32::from(look_alike.findings.iter().any(Finding::is_alarm));
        self.executing += u32::from(backdoored.executes());
        self.executing_clean += u32::from(clean.executes());
        self.code_bytes +=
            [&backdoored, &clean, &look_alike].map(|r| r.totals.code_bytes).iter().sum::<u64>();
        Ok(found)
    }

    fn plus(self, other: &Self) -> Self {
        Self {
            programs: self.programs + other.programs,
            found: self.found + other.found,
            first: self.first + other.first,
            with_value: self.with_value + other.with_value,
            exact: self.exact + other.exact,
            clean_alarms: self.clean_alarms + other.clean_alarms,
            look_alike_alarms: self.look_alike_alarms + other.look_alike_alarms,
            executing: self.executing + other.executing,
            executing_clean: self.executing_clean + other.executing_clean,
            code_bytes: self.code_bytes + other.code_bytes,
            seconds: self.seconds + other.seconds,
        }
    }

    fn print(&self, name: &str) {
        let share = |n: u32, of: u32| format!("{:.1} %", 100.0 * f64::from(n) / f64::from(of.max(1)));
        println!(
            "| {name} | {} | {} | {} | {} | {} | {:.1} |",
            share(self.found, self.programs),
            share(self.first, self.programs),
            share(self.exact, self.with_value),
            share(self.clean_alarms, self.programs),
            share(self.look_alike_alarms, self.programs),
            self.seconds / (self.code_bytes.max(1) as f64 / 1e6)
        );
    }
}
