//! Running the built command and watching what it takes.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use super::memory::peak_memory;

/// What a run took.
pub(super) struct Ran {
    pub(super) status: i32,
    pub(super) time: Duration,
    /// Highest resident memory, in bytes, as sampled.
    pub(super) memory: u64,
}

impl Ran {
    pub(super) fn figures(&self) -> String {
        format!("{:.1} s, {} MB", self.time.as_secs_f64(), self.memory / 1_000_000)
    }
}

/// Builds the command for release; its path.
pub(crate) fn build() -> anyhow::Result<PathBuf> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let status = Command::new(cargo).args(["build", "--release", "--package", "sukashi"]).status()?;
    if !status.success() {
        bail!("the command does not build");
    }
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from);
    let path = target.join("release/sukashi");
    fs::canonicalize(&path).with_context(|| format!("cannot find `{}`", path.display()))
}

/// Runs to the end, sampling memory; standard output is thrown away.
pub(super) fn watch(command: &mut Command) -> anyhow::Result<Ran> {
    let start = Instant::now();
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().context("cannot start the command")?;
    let mut memory = 0;
    let status = loop {
        memory = memory.max(peak_memory(child.id()));
        if let Some(status) = child.try_wait()? {
            break status;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    Ok(Ran { status: status.code().unwrap_or(-1), time: start.elapsed(), memory })
}
