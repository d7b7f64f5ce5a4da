//! Builds the example router images: `examples/router/router-ARCH.bin`.
//!
//! The layout is that of many small devices: a U-Boot legacy header (CRC-32 over header and data) in front of a
//! squashfs root file system. Sources, times and owners are fixed, so the same compilers give the same bytes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use crate::tool;

const FOLDER: &str = "examples/router";

/// Programs under `src/`, each linked with `config.c`, and where they are installed.
const PROGRAMS: &[(&str, &str)] =
    &[("cfgtool", "usr/bin"), ("devmgrd", "usr/sbin"), ("httpd", "usr/sbin"), ("timed", "usr/sbin")];

struct Target {
    /// Debian's name of the architecture.
    name: &'static str,
    compiler: &'static str,
    /// Architecture number in a U-Boot header (include/image.h of U-Boot).
    uboot_architecture: u8,
}

const TARGETS: &[Target] = &[
    Target { name: "armel", compiler: "arm-linux-gnueabi-gcc", uboot_architecture: 2 },
    Target { name: "mipsel", compiler: "mipsel-linux-gnu-gcc", uboot_architecture: 5 },
];

/// All images; needs `gcc-arm-linux-gnueabi gcc-mipsel-linux-gnu squashfs-tools`.
pub(crate) fn build() -> anyhow::Result<()> {
    for target in TARGETS {
        let scratch = PathBuf::from(format!("target/router/{}", target.name));
        if scratch.exists() {
            fs::remove_dir_all(&scratch).with_context(|| format!("cannot clear `{}`", scratch.display()))?;
        }
        let root = scratch.join("root");
        copy_tree(&Path::new(FOLDER).join("rootfs"), &root)?;
        name_architecture(&root, target)?;
        for (program, folder) in PROGRAMS {
            compile(target, program, &root.join(folder))?;
        }
        let squashfs = scratch.join("root.squashfs");
        squash(&root, &squashfs)?;
        let data = fs::read(&squashfs).with_context(|| format!("cannot read `{}`", squashfs.display()))?;
        let image = [uboot_header(target, &data).as_slice(), &data].concat();
        let path = Path::new(FOLDER).join(format!("router-{}.bin", target.name));
        fs::write(&path, &image).with_context(|| format!("cannot write `{}`", path.display()))?;
        println!("{}: {} bytes", path.display(), image.len());
    }
    Ok(())
}

fn copy_tree(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(to).with_context(|| format!("cannot create `{}`", to.display()))?;
    for entry in fs::read_dir(from).with_context(|| format!("cannot list `{}`", from.display()))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_tree(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)
                .with_context(|| format!("cannot copy `{}`", entry.path().display()))?;
        }
    }
    Ok(())
}

fn name_architecture(root: &Path, target: &Target) -> anyhow::Result<()> {
    let path = root.join("usr/lib/opkg/status");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
    fs::write(&path, text.replace("@ARCH@", target.name))
        .with_context(|| format!("cannot write `{}`", path.display()))
}

fn compile(target: &Target, program: &str, folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot create `{}`", folder.display()))?;
    let mut command = Command::new(target.compiler);
    command
        .args(["-std=gnu99", "-O2", "-s", "-Wl,--build-id=none", "-o"])
        .arg(folder.join(program))
        .args([format!("{FOLDER}/src/{program}.c"), format!("{FOLDER}/src/config.c")]);
    tool::run(&mut command)
}

fn squash(root: &Path, image: &Path) -> anyhow::Result<()> {
    let mut command = Command::new("mksquashfs");
    command.args([root, image]).args([
        "-noappend",
        "-no-progress",
        "-quiet",
        "-comp",
        "xz",
        "-all-root",
        "-mkfs-time",
        "0",
        "-all-time",
        "0",
    ]);
    tool::run(&mut command)
}

/// The 64 bytes of a legacy image header: operating system Linux, type file system, no compression.
fn uboot_header(target: &Target, data: &[u8]) -> Vec<u8> {
    let with_crc = |crc: u32| {
        let mut header = Vec::with_capacity(64);
        header.extend(0x2705_1956_u32.to_be_bytes());
        header.extend(crc.to_be_bytes());
        header.extend(0_u32.to_be_bytes());
        header.extend(u32::try_from(data.len()).unwrap_or(u32::MAX).to_be_bytes());
        header.extend([0_u32, 0].iter().flat_map(|word| word.to_be_bytes()));
        header.extend(crc32(data).to_be_bytes());
        header.extend([5, target.uboot_architecture, 7, 0]);
        header.extend(b"edge router 3.2.1");
        header.resize(64, 0);
        header
    };
    with_crc(crc32(&with_crc(0)))
}

fn crc32(data: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(data);
    crc.sum()
}
