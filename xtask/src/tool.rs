//! Other programs that chores need: compilers, archivers, package managers.

use std::process::Command;

use anyhow::{Context, bail};

/// Runs a tool to its end; what it printed on standard error is the reason if it failed.
pub(crate) fn run(command: &mut Command) -> anyhow::Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| format!("cannot run `{program}`"))?;
    if !output.status.success() {
        bail!("`{program}` failed:\n{}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}
