//! The released command on a folder of programs, and the records that it writes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};
use serde::Deserialize;

/// Kernel ticks a second in `/proc`, fixed at 100 for user space (proc_pid_stat(5)).
const TICKS: f64 = 100.0;

/// Of a record, what measurements ask.
#[derive(Deserialize)]
pub(crate) struct Record {
    pub(crate) artifacts: Vec<Artifact>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) totals: Totals,
}

#[derive(Deserialize)]
pub(crate) struct Artifact {
    #[serde(default)]
    capabilities: Vec<Capability>,
}

#[derive(Deserialize)]
struct Capability {
    name: String,
}

#[derive(Deserialize)]
pub(crate) struct Finding {
    pub(crate) id: String,
    pub(crate) rule: String,
    pub(crate) title: String,
    severity: String,
    location: Option<Location>,
    trigger: Option<Trigger>,
}

#[derive(Deserialize)]
struct Location {
    address: Option<String>,
    function: Option<String>,
}

#[derive(Deserialize)]
struct Trigger {
    value: Option<TriggerValue>,
}

#[derive(Deserialize)]
struct TriggerValue {
    hex: String,
}

#[derive(Deserialize)]
pub(crate) struct Totals {
    pub(crate) code_bytes: u64,
}

impl Finding {
    /// Severity high or critical.
    pub(crate) fn is_alarm(&self) -> bool {
        matches!(self.severity.as_str(), "high" | "critical")
    }

    /// Rule, title and place, for a cell of a table.
    pub(crate) fn line(&self) -> String {
        let place = self.location.as_ref().map(|place| {
            let named = place.function.as_deref().or(place.address.as_deref());
            format!(" in {}", named.unwrap_or("an unknown place"))
        });
        let title = self.title.replace('|', "\\|");
        format!("`{}`: {title}{}", self.rule, place.unwrap_or_default())
    }

    pub(crate) fn has_value(&self, hex: &str) -> bool {
        let value = self.trigger.as_ref().and_then(|t| t.value.as_ref());
        // The end of a C string may be part of the value.
        value.is_some_and(|v| v.hex == hex || v.hex.strip_suffix("00") == Some(hex))
    }
}

impl Record {
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("cannot read `{}`", path.display()))?;
        serde_json::from_str(&text).with_context(|| format!("cannot read `{}`", path.display()))
    }

    pub(crate) fn executes(&self) -> bool {
        self.artifacts.iter().flat_map(|a| &a.capabilities).any(|c| c.name == "process.exec")
    }
}

/// Builds the command for release; its path.
pub(crate) fn release_command() -> anyhow::Result<PathBuf> {
    let built = Command::new("cargo").args(["build", "--release", "--locked", "--quiet"]).status();
    if !built.context("cannot run `cargo build`")?.success() {
        bail!("cannot build the command");
    }
    Ok(Path::new(&std::env::var("CARGO_TARGET_DIR").unwrap_or_else(|_| "target".to_owned()))
        .join("release/sukashi"))
}

/// Inspects all programs in a folder, one record for each; CPU seconds it took.
pub(crate) fn inspect(command: &Path, programs: &Path, records: &Path) -> anyhow::Result<f64> {
    // With the slash at its end it is a folder.
    inspect_one(command, programs, &records.join(""), &[])
}

/// Inspects one program; the most memory that this took, in bytes.
pub(crate) fn peak_memory(command: &Path, program: &Path) -> anyhow::Result<u64> {
    #[derive(Deserialize)]
    struct Row {
        peak_bytes: Option<u64>,
    }
    let folder = tempfile::tempdir()?;
    let timings = folder.path().join("timings.json");
    inspect_one(command, program, &folder.path().join("record.json"), &[Path::new("--timings"), &timings])?;
    let rows: Vec<Row> = serde_json::from_str(&fs::read_to_string(&timings)?)?;
    rows.first().and_then(|row| row.peak_bytes).context("this system does not tell how much memory was held")
}

/// Runs the command so that nothing earlier helps it and no finding fails it; CPU seconds it took.
pub(crate) fn inspect_one(
    command: &Path,
    path: &Path,
    output: &Path,
    options: &[&Path],
) -> anyhow::Result<f64> {
    let before = children_seconds()?;
    let status = Command::new(command)
        .args(["inspect", "--format", "json", "--fail-on", "never", "--quiet", "--no-cache"])
        .arg(path)
        .args(options)
        .arg("-o")
        .arg(output)
        .status()
        .with_context(|| format!("cannot run `{}`", command.display()))?;
    if !matches!(status.code(), Some(0 | 3)) {
        bail!("`sukashi inspect {}` ended with {status}", path.display());
    }
    Ok(children_seconds()? - before)
}

/// User and system time of children that ended, from `/proc/self/stat`.
fn children_seconds() -> anyhow::Result<f64> {
    let text = fs::read_to_string("/proc/self/stat").context("cannot read `/proc/self/stat`")?;
    let behind_name = text.rsplit(')').next().unwrap_or_default();
    let ticks: Vec<f64> = behind_name.split_whitespace().skip(13).take(2).flat_map(str::parse).collect();
    Ok(ticks.iter().sum::<f64>() / TICKS)
}
