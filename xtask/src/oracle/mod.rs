//! `cargo xtask oracle sleigh`: our lifter against Ghidra's own translator, op by op.
//!
//! Real foreign programs from Debian's packages are swept instruction by instruction. The reference runs in another
//! process (`oracles/`, which compiles C++ and dies on some inputs); each stretch of code gets a fresh copy of it,
//! because it keeps context in one map for all addresses.
//!
//! Compared: length, number of operations, and of each its opcode, output and all inputs — except the first input of
//! LOAD and STORE, which is a pointer of the host there. Either both fail or neither.

mod compare;
mod disclosure;
mod fixture;
mod packages;
mod process;
mod programs;
pub(crate) mod sweep;

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, bail};
use sleigh::LanguageId;

use compare::Tally;
pub(crate) use process::Oracle;
pub(crate) use programs::{Stretch, programs};

/// Instructions that must be compared at least, over all languages.
const ENOUGH: u64 = 3_000_000;

#[derive(Clone, Copy, clap::ValueEnum)]
enum What {
    /// Rule packs through other rule engines.
    Assess,
    /// What is disclosed to whom, decided again by Cedar.
    Disclosure,
    /// Our lifter, beside Ghidra's translator.
    Sleigh,
}

#[derive(clap::Args)]
pub(crate) struct Args {
    /// What is compared.
    what: What,
    /// Only this language, such as `aarch64`.
    #[arg(long)]
    language: Option<String>,
    /// Compare this many MiB of random bytes for each language instead of programs.
    #[arg(long, value_name = "MIB")]
    random: Option<usize>,
    /// Compare this many decisions on disclosure at least.
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    decisions: u64,
    /// Only small systems: under a minute.
    #[arg(long)]
    small: bool,
    /// Write the reduced sets that the ordinary tests compare with.
    #[arg(long)]
    record: bool,
}

/// Compares, and fails on any difference.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    match args.what {
        What::Assess => crate::oracle_assess::run(args.small),
        What::Disclosure => disclosure::run(args.decisions),
        What::Sleigh => run_sleigh(args),
    }
}

fn run_sleigh(args: &Args) -> anyhow::Result<()> {
    let tallies = compare_all(args)?;
    let total = print_table(&tallies);
    if total.differences > 0 {
        bail!("{} differences", total.differences);
    }
    if args.language.is_none() && args.random.is_none() && total.compared < ENOUGH {
        bail!("only {} instructions compared, {ENOUGH} are needed", total.compared);
    }
    Ok(())
}

fn compare_all(args: &Args) -> anyhow::Result<BTreeMap<LanguageId, Tally>> {
    let chosen = |id: &LanguageId| args.language.as_ref().is_none_or(|name| name == id.name());
    let mut stretches = match args.random {
        Some(mebibytes) => sweep::random(mebibytes),
        None => programs()?,
    };
    stretches.retain(|id, _| chosen(id));
    if stretches.is_empty() {
        bail!(
            "no such language; hint: the names are {}",
            LanguageId::ALL.iter().map(|l| l.name()).collect::<Vec<_>>().join(", ")
        );
    }
    let tables = tables_folder()?;
    let mut tallies = BTreeMap::new();
    for (language, stretches) in stretches {
        eprintln!("{}: {} stretches of code", language.name(), stretches.len());
        let (tally, sample) = compare::compare(language, &stretches, &tables)
            .with_context(|| format!("cannot compare `{}`", language.name()))?;
        if args.record {
            fixture::write(language, &sample)?;
        }
        tallies.insert(language, tally);
    }
    Ok(tallies)
}

/// The folder with the reference's tables, extracted once.
pub(crate) fn tables_folder() -> anyhow::Result<PathBuf> {
    let folder = PathBuf::from("target/oracle/tables");
    if !folder.join("x86.sla").exists() {
        process::run_tool("sla-tables", &[&folder.to_string_lossy()])?;
    }
    Ok(folder)
}

fn print_table(tallies: &BTreeMap<LanguageId, Tally>) -> Tally {
    let mut total = Tally::default();
    println!("| language | instructions | operations | both refuse | reference crashed | differences |");
    println!("|---|---:|---:|---:|---:|---:|");
    for (language, tally) in tallies {
        println!("| {} | {} |", language.name(), tally.row());
        total.add(tally);
    }
    println!("| all {} | {} |", tallies.len(), total.row());
    total
}
