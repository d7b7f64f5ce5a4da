//! The compilers' command lines.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use super::style::{Family, Link, Style};
use super::{FOLDER, Hidden, Kind, Language, Variant, folder, path};
use crate::tool;

/// Debian's architecture names with the names that compilers have for them, sorted.
pub(super) const TARGETS: &[(&str, &str)] = &[
    ("amd64", "x86_64-linux-gnu"),
    ("arm64", "aarch64-linux-gnu"),
    ("armel", "arm-linux-gnueabi"),
    ("armhf", "arm-linux-gnueabihf"),
    ("i386", "i686-linux-gnu"),
    ("mips", "mips-linux-gnu"),
    ("mipsel", "mipsel-linux-gnu"),
    ("ppc64el", "powerpc64le-linux-gnu"),
    ("riscv64", "riscv64-linux-gnu"),
];

/// Rust's own name of the one target that every toolchain on our machines has.
const RUST_TARGET: (&str, &str) = ("amd64", "x86_64-unknown-linux-gnu");

/// Which programs there can be.
pub(super) fn is_possible(hidden: &Hidden, architecture: &str, style: Style) -> bool {
    let link = style.link();
    if hidden.kind == Kind::Library && matches!(link, Link::Static | Link::Fixed) {
        return false;
    }
    match hidden.language {
        Language::C => installed(architecture, style, "gcc", "clang"),
        Language::Cpp => installed(architecture, style, "g++", "clang++"),
        Language::Rust => {
            architecture == RUST_TARGET.0 && style.family() == Family::Gcc && answers(Command::new("rustc"))
        }
    }
}

/// Clang needs the libraries of the other compiler as well.
fn installed(architecture: &str, style: Style, gnu: &str, clang: &str) -> bool {
    let Some(triple) = triple(architecture) else { return false };
    let libraries = answers(Command::new(format!("{triple}-{gnu}")));
    libraries && (style.family() == Family::Gcc || answers(Command::new(clang)))
}

fn answers(mut command: Command) -> bool {
    command.arg("--version").output().is_ok_and(|output| output.status.success())
}

fn triple(architecture: &str) -> Option<&'static str> {
    TARGETS.iter().find(|(name, _)| *name == architecture).map(|(_, triple)| *triple)
}

pub(super) fn compile(
    architecture: &str,
    style: Style,
    hidden: &Hidden,
    variant: Variant,
) -> anyhow::Result<()> {
    let output = path(style, architecture, &hidden.name, variant);
    if hidden.language == Language::Rust {
        return tool::run(&mut rust(style, hidden, variant, &output));
    }
    let mut command = compiler(architecture, style, hidden.language)?;
    command.args(["-w", "-s", "-Wl,--build-id=none", "-pthread"]).arg(format!("-O{}", style.level()));
    command.arg(if hidden.language == Language::C { "-std=gnu99" } else { "-std=gnu++17" });
    command.args(match style.link() {
        Link::Fixed => &["-no-pie", "-fno-pie"][..],
        Link::Movable => &[],
        Link::Static => &["-static"],
        Link::WholeProgram => &["-flto"],
    });
    command.args(variant.definition().map(|name| format!("-D{}", name.to_uppercase())));
    if hidden.kind == Kind::Library {
        command.args(["-shared", "-fPIC"]);
    }
    command.arg(format!("{FOLDER}/programs/{}", hidden.file()));
    for library in &hidden.libraries {
        command.arg(stub(architecture, style, library)?);
    }
    tool::run(command.arg("-o").arg(output))
}

fn compiler(architecture: &str, style: Style, language: Language) -> anyhow::Result<Command> {
    let triple = triple(architecture).with_context(|| format!("no architecture `{architecture}`"))?;
    let is_c = language == Language::C;
    if style.family() == Family::Gcc {
        return Ok(Command::new(format!("{triple}-{}", if is_c { "gcc" } else { "g++" })));
    }
    let mut clang = Command::new(if is_c { "clang" } else { "clang++" });
    clang.arg(format!("--target={triple}"));
    Ok(clang)
}

fn rust(style: Style, hidden: &Hidden, variant: Variant, output: &Path) -> Command {
    let mut command = Command::new("rustc");
    command.args(["--edition", "2021", "--target", RUST_TARGET.1, "-A", "warnings", "-C", "strip=symbols"]);
    command.arg("-C").arg(format!("opt-level={}", style.level()));
    command.args(match style.link() {
        Link::Fixed => &["-C", "relocation-model=static"][..],
        Link::Movable => &[],
        Link::Static => &["-C", "target-feature=+crt-static"],
        Link::WholeProgram => &["-C", "lto=fat"],
    });
    command.args(variant.definition().into_iter().flat_map(|name| ["--cfg", name]));
    command.arg(format!("{FOLDER}/programs/{}", hidden.file())).arg("-o").arg(output);
    command
}

/// A library that exists to be linked against; its source where nothing is shared.
fn stub(architecture: &str, style: Style, library: &str) -> anyhow::Result<PathBuf> {
    let source = PathBuf::from(format!("{FOLDER}/stubs/{library}.c"));
    if style.link() == Link::Static {
        return Ok(source);
    }
    let path = folder(style, architecture).join(format!("lib{library}.so.1"));
    let mut command = compiler(architecture, style, Language::C)?;
    command.args(["-shared", "-fPIC", &format!("-Wl,-soname,lib{library}.so.1")]).arg(source);
    tool::run(command.arg("-o").arg(&path))?;
    Ok(path)
}
