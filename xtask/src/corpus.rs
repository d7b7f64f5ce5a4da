//! Compiles the programs of `corpus/` for several processors, compilers and levels of optimisation.
//!
//! Output: `target/corpus/ARCHITECTURE/NAME.VARIANT`, stripped. The programs are never run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};
use serde::Deserialize;

const FOLDER: &str = "corpus";
pub(crate) const OUTPUT: &str = "target/corpus";

/// Debian's architecture names with their compilers, sorted.
const COMPILERS: &[(&str, &str)] = &[
    ("amd64", "x86_64-linux-gnu-gcc"),
    ("arm64", "aarch64-linux-gnu-gcc"),
    ("armel", "arm-linux-gnueabi-gcc"),
    ("armhf", "arm-linux-gnueabihf-gcc"),
    ("i386", "i686-linux-gnu-gcc"),
    ("mips", "mips-linux-gnu-gcc"),
    ("mipsel", "mipsel-linux-gnu-gcc"),
    ("ppc64el", "powerpc64le-linux-gnu-gcc"),
    ("riscv64", "riscv64-linux-gnu-gcc"),
];

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Level of optimisation, as the compiler takes it.
    #[arg(long, default_value = "-O2", allow_hyphen_values = true)]
    optimisation: String,
    /// Only this architecture, such as `mipsel`.
    #[arg(long)]
    architecture: Option<String>,
}

/// `corpus/truth.toml`.
#[derive(Deserialize)]
pub(crate) struct Truth {
    pub(crate) program: Vec<Hidden>,
}

/// What one backdoored program hides.
#[derive(Deserialize)]
pub(crate) struct Hidden {
    pub(crate) name: String,
    #[serde(default)]
    kind: Kind,
    #[serde(default)]
    libraries: Vec<String>,
    /// Any of these is a right answer.
    pub(crate) rules: Vec<String>,
    /// Exact value, hexadecimal.
    pub(crate) trigger: Option<String>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    #[default]
    Program,
    Library,
}

/// The three programs of one source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Variant {
    Backdoored,
    Clean,
    LookAlike,
}

impl Variant {
    pub(crate) const ALL: [Self; 3] = [Self::Backdoored, Self::Clean, Self::LookAlike];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Backdoored => "backdoored",
            Self::Clean => "clean",
            Self::LookAlike => "look-alike",
        }
    }

    fn definition(self) -> Option<&'static str> {
        match self {
            Self::Backdoored => Some("-DBACKDOOR"),
            Self::Clean => None,
            Self::LookAlike => Some("-DLOOKALIKE"),
        }
    }
}

pub(crate) fn truth() -> anyhow::Result<Truth> {
    let path = Path::new(FOLDER).join("truth.toml");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
    toml::from_str(&text).with_context(|| format!("cannot read `{}`", path.display()))
}

/// Architectures whose compiler is installed.
pub(crate) fn architectures() -> impl Iterator<Item = &'static str> {
    COMPILERS.iter().filter(|(_, compiler)| installed(compiler)).map(|(name, _)| *name)
}

fn installed(compiler: &str) -> bool {
    Command::new(compiler).arg("--version").output().is_ok_and(|output| output.status.success())
}

/// Where a program lies once it is compiled.
pub(crate) fn path(architecture: &str, name: &str, variant: Variant) -> PathBuf {
    Path::new(OUTPUT).join(architecture).join(format!("{name}.{}", variant.name()))
}

pub(crate) fn build(args: &Args) -> anyhow::Result<()> {
    let truth = truth()?;
    let chosen = |name: &str| args.architecture.as_ref().is_none_or(|only| only == name);
    let mut count = 0;
    for (architecture, compiler) in COMPILERS.iter().filter(|(name, _)| chosen(name)) {
        if !installed(compiler) {
            eprintln!("{architecture}: left out, `{compiler}` is not installed");
            continue;
        }
        let folder = Path::new(OUTPUT).join(architecture);
        fs::create_dir_all(&folder).with_context(|| format!("cannot create `{}`", folder.display()))?;
        for hidden in &truth.program {
            for variant in Variant::ALL {
                compile(compiler, &args.optimisation, architecture, hidden, variant)?;
                count += 1;
            }
        }
    }
    if count == 0 {
        bail!("nothing was compiled; hint: install cross compilers such as `gcc-mipsel-linux-gnu`");
    }
    println!("{count} programs in {OUTPUT}");
    Ok(())
}

fn compile(
    compiler: &str,
    optimisation: &str,
    architecture: &str,
    hidden: &Hidden,
    variant: Variant,
) -> anyhow::Result<()> {
    let stubs = hidden
        .libraries
        .iter()
        .map(|library| stub(compiler, architecture, library))
        .collect::<anyhow::Result<Vec<PathBuf>>>()?;
    let mut command = Command::new(compiler);
    command.args(["-std=gnu99", "-w", optimisation, "-s", "-Wl,--build-id=none", "-pthread"]);
    command.args(variant.definition());
    if hidden.kind == Kind::Library {
        command.args(["-shared", "-fPIC"]);
    }
    command.arg(format!("{FOLDER}/programs/{}.c", hidden.name)).args(stubs);
    run(command.arg("-o").arg(path(architecture, &hidden.name, variant)))
}

/// A library that exists to be linked against.
fn stub(compiler: &str, architecture: &str, library: &str) -> anyhow::Result<PathBuf> {
    let path = Path::new(OUTPUT).join(architecture).join(format!("lib{library}.so.1"));
    let mut command = Command::new(compiler);
    command.args(["-shared", "-fPIC", &format!("-Wl,-soname,lib{library}.so.1")]);
    run(command.arg(format!("{FOLDER}/stubs/{library}.c")).arg("-o").arg(&path))?;
    Ok(path)
}

/// Runs a tool to its end; what it printed on standard error is the reason if it failed.
pub(crate) fn run(command: &mut Command) -> anyhow::Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| format!("cannot run `{program}`"))?;
    if !output.status.success() {
        bail!("`{program}` failed:\n{}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_root() {
        std::env::set_current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).unwrap();
    }

    #[test]
    fn every_source_has_its_truth_and_all_three_variants() {
        at_root();
        let truth = truth().unwrap();
        assert!(truth.program.is_sorted_by_key(|p| p.name.clone()));
        let mut names: Vec<String> = fs::read_dir("corpus/programs")
            .unwrap()
            .map(|e| e.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
            .collect();
        names.sort();
        assert_eq!(truth.program.iter().map(|p| p.name.clone()).collect::<Vec<_>>(), names);
        for program in &truth.program {
            let text = fs::read_to_string(format!("corpus/programs/{}.c", program.name)).unwrap();
            assert!(text.contains("BACKDOOR") && text.contains("LOOKALIKE"), "{}", program.name);
            assert!(!program.rules.is_empty());
            assert!(program.trigger.as_ref().is_none_or(|t| hex::decode(t).is_ok()), "{}", program.name);
        }
    }
}
