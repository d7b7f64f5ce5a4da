//! The embedded language tables of crate `sleigh`, from Ghidra's compiled specifications.
//!
//! The specifications come from a program in `oracles/`, because compiling them takes C++ and minutes. The result is
//! committed: users and ordinary builds need neither. Run again after a change of the baked form or of the
//! specifications; `crates/sleigh/tables/README.md` names their version.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use anyhow::{Context, bail};
use sleigh::LanguageId;

/// Where the tables are committed.
const TABLES: &str = "crates/sleigh/tables";

/// The compiled specification and the processor specification of a language.
fn sources(language: LanguageId) -> anyhow::Result<(&'static str, &'static str)> {
    Ok(match language {
        LanguageId::X86 => ("x86", "x86"),
        LanguageId::X86_64 => ("x86-64", "x86-64"),
        LanguageId::Aarch64 => ("AARCH64", "AARCH64"),
        LanguageId::ArmLe => ("ARM8_le", "ARMt"),
        LanguageId::ArmBe => ("ARM8_be", "ARMt"),
        LanguageId::CortexM => ("ARM8m_le", "ARMCortex"),
        LanguageId::Mips32Be => ("mips32be", "mips32"),
        LanguageId::Mips32Le => ("mips32le", "mips32"),
        LanguageId::Mips64Be => ("mips64be", "mips64"),
        LanguageId::Mips64Le => ("mips64le", "mips64"),
        LanguageId::Ppc32Be => ("ppc_32_be", "ppc_32"),
        LanguageId::Ppc64Le => ("ppc_64_isa_altivec_le", "ppc_64"),
        LanguageId::Ppc64Be => ("ppc_64_isa_altivec_be", "ppc_64"),
        LanguageId::Riscv64 => ("riscv.lp64d", "RV64GC"),
        LanguageId::Riscv32 => ("riscv.ilp32d", "RV32GC"),
        other => bail!("no specification known for `{}`", other.name()),
    })
}

/// Writes the table of every language.
pub(crate) fn bake() -> anyhow::Result<()> {
    let folder = extract()?;
    let mut total = 0;
    for language in LanguageId::ALL {
        let (table, processor) = sources(*language)?;
        let sla = read(&folder.join(format!("{table}.sla")))?;
        let pspec = read(&folder.join(format!("{processor}.pspec")))?;
        let baked = sleigh::bake(&sla, &pspec).with_context(|| format!("cannot bake `{table}.sla`"))?;
        let path = Path::new(TABLES).join(format!("{}.bin", language.name()));
        fs::write(&path, &baked).with_context(|| format!("cannot write `{}`", path.display()))?;
        println!("{:>8} bytes  {}", baked.len(), path.display());
        total += baked.len();
    }
    println!("{total:>8} bytes  in total");
    Ok(())
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))
}

/// Has the oracles' program write the specifications, and returns their folder.
fn extract() -> anyhow::Result<PathBuf> {
    let folder = env::current_dir()?.join("target/sla");
    fs::create_dir_all(&folder)?;
    let cargo = env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let status = Command::new(cargo)
        .args(["run", "--release", "--manifest-path", "oracles/Cargo.toml", "--bin", "sla-tables", "--"])
        .arg(&folder)
        .status()
        .context("cannot run the program `sla-tables` of `oracles`")?;
    if !status.success() {
        bail!("`sla-tables` failed: {status}");
    }
    Ok(folder)
}
