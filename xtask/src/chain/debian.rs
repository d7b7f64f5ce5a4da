//! Real firmware from Debian's archive.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use crate::files;

/// The unpacked package with installer images for an architecture and their root file systems, fetched once. That of
/// `armel` is for storage devices.
pub(super) fn installer(architecture: &str) -> anyhow::Result<PathBuf> {
    let package = format!("debian-installer-12-netboot-{architecture}");
    let folder = std::env::current_dir()?.join("target/real");
    let unpacked = folder.join(&package);
    if unpacked.is_dir() {
        return Ok(unpacked);
    }
    fs::create_dir_all(&folder)?;
    run(Command::new("apt-get").args(["download", &package]).current_dir(&folder))?;
    let file = file_with(&folder, |name| name.starts_with(&package) && name.ends_with(".deb"))?;
    run(Command::new("dpkg-deb").arg("-x").arg(file).arg(&unpacked))?;
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
