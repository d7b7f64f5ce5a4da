//! Real firmware from Debian's archive.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use crate::files;

/// NAS installer images and their root file systems, by Debian for ARM.
const PACKAGE: &str = "debian-installer-12-netboot-armel";

/// The unpacked package, fetched once.
pub(super) fn installer() -> anyhow::Result<PathBuf> {
    let folder = std::env::current_dir()?.join("target/real");
    let unpacked = folder.join(PACKAGE);
    if unpacked.is_dir() {
        return Ok(unpacked);
    }
    fs::create_dir_all(&folder)?;
    run(Command::new("apt-get").args(["download", PACKAGE]).current_dir(&folder))?;
    let package = file_with(&folder, |name| name.starts_with(PACKAGE) && name.ends_with(".deb"))?;
    run(Command::new("dpkg-deb").arg("-x").arg(package).arg(&unpacked))?;
    Ok(unpacked)
}

/// The file at the end of that path, wherever it lies below `folder`.
pub(super) fn find(folder: &Path, end: &str) -> anyhow::Result<PathBuf> {
    let found = files::below(folder)?.into_iter().find(|path| path.ends_with(end));
    found.with_context(|| format!("`{end}` is not in `{}`", folder.display()))
}

fn file_with(folder: &Path, fits: impl Fn(&str) -> bool) -> anyhow::Result<PathBuf> {
    let entries = fs::read_dir(folder)?.flatten().map(|entry| entry.path());
    let mut paths = entries.filter(|path| path.file_name().is_some_and(|name| fits(&name.to_string_lossy())));
    paths.next().with_context(|| format!("the package is not in `{}`", folder.display()))
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let status = command.status().with_context(|| format!("cannot run `{program}`"))?;
    if !status.success() {
        bail!("`{program}` failed: {status}");
    }
    Ok(())
}
