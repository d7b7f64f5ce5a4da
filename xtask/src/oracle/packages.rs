//! Debian packages of foreign architectures, downloaded with a private configuration into `target/oracle`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

const ARCHITECTURES: &str = "amd64 i386 arm64 armel armhf mipsel mips64el ppc64el";

/// Downloads and unpacks `name[:architecture]` once; the folder with its files.
pub(crate) fn unpacked(name: &str) -> anyhow::Result<PathBuf> {
    let base = PathBuf::from("target/oracle");
    let folder = base.join("packages").join(name.replace(':', "_"));
    if folder.join(".complete").exists() {
        return Ok(folder);
    }
    let downloads = base.join("downloads").join(name.replace(':', "_"));
    fs::create_dir_all(&downloads).with_context(|| format!("cannot create `{}`", downloads.display()))?;
    let configuration = configuration(&base)?;
    eprintln!("downloading {name}");
    run(Command::new("apt-get")
        .current_dir(&downloads)
        .arg("-c")
        .arg(&configuration)
        .args(["-q", "download", name]))?;
    let archive = fs::read_dir(&downloads)?
        .filter_map(Result::ok)
        .map(|e| e.path())
        .find(|p| p.extension().is_some_and(|e| e == "deb"));
    let archive = archive.with_context(|| format!("`apt-get download {name}` left no package"))?;
    fs::create_dir_all(&folder)?;
    run(Command::new("dpkg-deb").arg("-x").arg(&archive).arg(&folder))?;
    fs::write(folder.join(".complete"), "")?;
    Ok(folder)
}

/// A private package index that knows foreign architectures and leaves the machine's own alone.
fn configuration(base: &Path) -> anyhow::Result<PathBuf> {
    let base = fs::canonicalize(base).with_context(|| format!("cannot find `{}`", base.display()))?;
    let file = base.join("apt.conf");
    if file.exists() {
        return Ok(file);
    }
    for folder in ["apt/state/lists/partial", "apt/cache/archives/partial"] {
        fs::create_dir_all(base.join(folder))?;
    }
    fs::write(base.join("apt/status"), "")?;
    let list: String = ARCHITECTURES.split(' ').map(|a| format!(" \"{a}\";")).collect();
    let root = base.display();
    let text = format!(
        "APT::Architecture \"amd64\";\nAPT::Architectures {{{list} }};\nDir::State \"{root}/apt/state\";\n\
         Dir::State::status \"{root}/apt/status\";\nDir::Cache \"{root}/apt/cache\";\nAPT::Sandbox::User \"root\";\n"
    );
    let draft = base.join("apt.conf.new");
    fs::write(&draft, text)?;
    // A suite that cannot be fetched just now matters only if a package of it is asked for, and then shows itself.
    if let Err(error) = run(Command::new("apt-get").arg("-c").arg(&draft).args(["-q", "update"])) {
        eprintln!("warning: {error}");
    }
    fs::rename(&draft, &file)?;
    Ok(file)
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| format!("cannot run `{name}`"))?;
    if !output.status.success() {
        bail!("`{name}` failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}
