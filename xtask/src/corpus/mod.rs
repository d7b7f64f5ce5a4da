//! Compiles the programs of `corpus/` for several processors, compilers and levels of optimisation.
//!
//! Output: `target/corpus/STYLE/ARCHITECTURE/VARIANT/NAME`, stripped. The programs are never run.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde::Deserialize;

mod compile;
mod style;

use compile::is_possible;
pub(crate) use style::Style;

const FOLDER: &str = "corpus";
const OUTPUT: &str = "target/corpus";

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Compiler, level of optimisation and linking; may be given several times.
    #[arg(long, value_enum, default_values = ["gcc-O2"])]
    style: Vec<Style>,
    /// Only this architecture, such as `mipsel`; may be given several times.
    #[arg(long)]
    architecture: Vec<String>,
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
    language: Language,
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

/// What a program is written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Language {
    #[default]
    C,
    Cpp,
    Rust,
}

impl Hidden {
    /// The name of its source.
    fn file(&self) -> String {
        let ending = match self.language {
            Language::C => "c",
            Language::Cpp => "cpp",
            Language::Rust => "rs",
        };
        format!("{}.{ending}", self.name)
    }
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

    /// What its source is compiled with: a macro in capitals, or a `cfg` of Rust.
    fn definition(self) -> Option<&'static str> {
        match self {
            Self::Backdoored => Some("backdoor"),
            Self::Clean => None,
            Self::LookAlike => Some("lookalike"),
        }
    }
}

pub(crate) fn truth() -> anyhow::Result<Truth> {
    let path = Path::new(FOLDER).join("truth.toml");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
    toml::from_str(&text).with_context(|| format!("cannot read `{}`", path.display()))
}

/// Names of all architectures, as Debian has them, sorted.
pub(crate) fn architectures() -> impl Iterator<Item = &'static str> {
    compile::TARGETS.iter().map(|(name, _)| *name)
}

/// Where the programs of an architecture lie, a folder for each variant.
pub(crate) fn folder(style: Style, architecture: &str) -> PathBuf {
    Path::new(OUTPUT).join(style.name()).join(architecture)
}

/// Where a program lies once it is compiled.
fn path(style: Style, architecture: &str, name: &str, variant: Variant) -> PathBuf {
    folder(style, architecture).join(variant.name()).join(name)
}

pub(crate) fn build(args: &Args) -> anyhow::Result<()> {
    let truth = truth()?;
    let is_chosen = |name: &&str| args.architecture.is_empty() || args.architecture.iter().any(|a| a == name);
    let mut count = 0;
    for style in &args.style {
        for architecture in architectures().filter(is_chosen) {
            count += build_one(&truth, *style, architecture)?;
        }
    }
    if count == 0 {
        bail!("nothing was compiled; hint: install cross compilers such as `gcc-mipsel-linux-gnu`");
    }
    println!("{count} programs in {OUTPUT}");
    Ok(())
}

/// How many were compiled.
fn build_one(truth: &Truth, style: Style, architecture: &str) -> anyhow::Result<usize> {
    for variant in Variant::ALL {
        let folder = folder(style, architecture).join(variant.name());
        fs::create_dir_all(&folder).with_context(|| format!("cannot create `{}`", folder.display()))?;
    }
    let mut left_out = Vec::new();
    let mut count = 0;
    for hidden in &truth.program {
        if !is_possible(hidden, architecture, style) {
            left_out.push(hidden.name.as_str());
            continue;
        }
        for variant in Variant::ALL {
            compile::compile(architecture, style, hidden, variant)?;
            count += 1;
        }
    }
    if !left_out.is_empty() {
        eprintln!(
            "{} {architecture}: left out (kind, or no compiler): {}",
            style.name(),
            left_out.join(", ")
        );
    }
    Ok(count)
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
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(truth.program.iter().map(Hidden::file).collect::<Vec<_>>(), names);
        for program in &truth.program {
            let text =
                fs::read_to_string(format!("corpus/programs/{}", program.file())).unwrap().to_lowercase();
            assert!(text.contains("backdoor") && text.contains("lookalike"), "{}", program.name);
            assert!(!program.rules.is_empty());
            assert!(program.trigger.as_ref().is_none_or(|t| hex::decode(t).is_ok()), "{}", program.name);
        }
    }
}
