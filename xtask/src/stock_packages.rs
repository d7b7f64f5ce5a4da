//! Programs of Debian's packages, for processors other than this machine's as well.
//!
//! `apt-get` works in a root of its own below `target/stock/apt`, with the sources that the machine is configured with:
//! nothing of the machine's own package state is read or changed, and no package is installed.

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use crate::files;
use crate::tool::run;

/// Programs taken of one package, in the order of their paths: none outweighs the others.
const MAX_PROGRAMS: usize = 8;

/// One architecture's view of the archive.
pub(super) struct Archive {
    architecture: String,
    root: PathBuf,
}

impl Archive {
    /// With fresh package lists, if there were none.
    pub(super) fn open(folder: &Path, architecture: &str) -> anyhow::Result<Self> {
        let root = std::path::absolute(folder.join("apt").join(architecture))?;
        let archive = Self { architecture: architecture.to_owned(), root };
        if archive.root.join("updated").exists() {
            return Ok(archive);
        }
        for part in ["state/lists/partial", "cache/archives/partial"] {
            fs::create_dir_all(archive.root.join(part))?;
        }
        fs::write(archive.root.join("state/status"), "")?;
        // A list that is just being renewed on the mirror fails; the others serve.
        if !archive.apt().arg("update").status().context("cannot run `apt-get`")?.success() {
            eprintln!("{architecture}: not every list of packages could be fetched");
        }
        fs::write(archive.root.join("updated"), "")?;
        Ok(archive)
    }

    fn apt(&self) -> Command {
        let mut apt = Command::new("apt-get");
        let root = self.root.display();
        let architecture = &self.architecture;
        for option in [
            "quiet=2".to_owned(),
            "APT::Sandbox::User=root".to_owned(),
            format!("APT::Architecture={architecture}"),
            format!("APT::Architectures={architecture}"),
            "Acquire::Languages=none".to_owned(),
            format!("Dir::State={root}/state"),
            format!("Dir::State::status={root}/state/status"),
            format!("Dir::Cache={root}/cache"),
        ] {
            apt.arg("-o").arg(option);
        }
        apt
    }

    /// Copies the programs of a package to `to`, as `PACKAGE.NAME`; how many. 0 if this architecture has no such package.
    pub(super) fn programs(&self, package: &str, to: &Path) -> anyhow::Result<usize> {
        let work = tempfile::tempdir_in(&self.root)?;
        let fetched = self.apt().args(["download", package]).current_dir(work.path()).output()?;
        if !fetched.status.success() {
            return Ok(0);
        }
        let archive = files::below(work.path())?.pop().context("apt-get brought nothing")?;
        let tree = work.path().join("tree");
        run(Command::new("dpkg-deb").arg("-x").arg(archive).arg(&tree))?;
        let mut count = 0;
        for program in files::below(&tree)?.into_iter().filter(|path| is_program(path)).take(MAX_PROGRAMS) {
            let name = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
            fs::copy(&program, to.join(format!("{package}.{name}")))?;
            count += 1;
        }
        Ok(count)
    }
}

/// An executable file that is no library.
fn is_program(path: &Path) -> bool {
    let library = path.file_name().is_some_and(|name| name.to_string_lossy().contains(".so"));
    let executable = path.metadata().is_ok_and(|data| data.permissions().mode() & 0o111 != 0);
    !library && executable && is_elf(path)
}

fn is_elf(path: &Path) -> bool {
    let mut magic = [0; 4];
    fs::File::open(path).and_then(|mut file| file.read_exact(&mut magic)).is_ok() && magic == *b"\x7fELF"
}
