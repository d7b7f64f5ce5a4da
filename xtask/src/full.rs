//! `cargo xtask full`: the large counts, and `docs/measured.md` with date, commit and figures.
//!
//! Each measurement is a subcommand of this program; what it prints on standard output becomes its section. A run of
//! one measurement rewrites that section only.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use anyhow::{Context, bail};

const PAGE: &str = "docs/measured.md";
const HEAD: &str =
    "# Measured\n\nWritten by `cargo xtask full`; each section names the command that repeats it.\n";

/// Sorted by name: the section's name and the arguments of `cargo xtask`.
const MEASUREMENTS: &[(&str, &[&str])] = &[
    ("bench assess", &["bench", "assess"]),
    ("bench chain", &["bench", "chain"]),
    ("bench inspect", &["bench", "inspect"]),
    ("bench pages", &["bench", "pages"]),
    ("bench pairs", &["bench", "pairs"]),
    ("bench program", &["bench", "program"]),
    ("bench share", &["bench", "share", "--postgresql"]),
    ("bench sleigh", &["bench", "sleigh"]),
    ("bench standards", &["bench", "standards"]),
    ("bench stock", &["bench", "stock"]),
    ("crash", &["crash"]),
    ("crash on PostgreSQL", &["crash", "--postgresql"]),
    ("load", &["load"]),
    ("oracle assess", &["oracle", "assess"]),
    ("oracle disclosure", &["oracle", "disclosure"]),
    ("oracle sleigh", &["oracle", "sleigh"]),
    ("real", &["real"]),
    ("truth assess", &["truth", "assess"]),
];

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only this measurement, such as `oracle sleigh`.
    #[arg(num_args = 0..)]
    only: Vec<String>,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let only = args.only.join(" ");
    let chosen: Vec<_> = MEASUREMENTS.iter().filter(|(name, _)| only.is_empty() || *name == only).collect();
    if chosen.is_empty() {
        bail!(
            "no measurement `{only}`; hint: there are {}",
            MEASUREMENTS.iter().map(|m| m.0).collect::<Vec<_>>().join(", ")
        );
    }
    for (name, arguments) in chosen {
        eprintln!("measuring {name}");
        // The state that is measured: others may commit meanwhile.
        let commit = output("git", &["rev-parse", "--short=12", "HEAD"])?;
        let figures = output(std::env::current_exe()?.to_string_lossy().as_ref(), arguments)?;
        write_section(name, &section(arguments, commit.trim(), &figures)?)?;
    }
    Ok(())
}

fn section(arguments: &[&str], commit: &str, figures: &str) -> anyhow::Result<String> {
    let date = output("date", &["-u", "+%Y-%m-%d"])?;
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let cpu = cpu
        .lines()
        .find_map(|l| l.strip_prefix("model name"))
        .map_or("unknown", |l| l.trim_matches([':', ' ', '\t']));
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    Ok(format!(
        "`cargo xtask {}`, {}, commit {}, {cpu}, {threads} threads\n\n{}\n",
        arguments.join(" "),
        date.trim(),
        commit,
        figures.trim()
    ))
}

fn output(program: &str, arguments: &[&str]) -> anyhow::Result<String> {
    let output = Command::new(program)
        .args(arguments)
        .stderr(std::process::Stdio::inherit())
        .output()
        .with_context(|| format!("cannot run `{program}`"))?;
    if !output.status.success() {
        bail!("`{program} {}` failed", arguments.join(" "));
    }
    Ok(String::from_utf8(output.stdout)?)
}

fn write_section(name: &str, text: &str) -> anyhow::Result<()> {
    let page = fs::read_to_string(PAGE).unwrap_or_else(|_| HEAD.to_owned());
    let mut sections = sections(&page);
    sections.insert(name.to_owned(), text.to_owned());
    let body: String =
        sections.iter().map(|(name, text)| format!("\n## {name}\n\n{}\n", text.trim())).collect();
    fs::write(PAGE, format!("{HEAD}{body}")).with_context(|| format!("cannot write `{PAGE}`"))
}

fn sections(page: &str) -> BTreeMap<String, String> {
    let parts = page.split("\n## ").skip(1).filter_map(|part| part.split_once('\n'));
    parts.map(|(name, text)| (name.to_owned(), text.trim().to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measurements_are_sorted() {
        assert!(MEASUREMENTS.is_sorted_by_key(|(name, _)| *name));
    }

    #[test]
    fn other_sections_of_the_page_stay_as_they_are() {
        let page = format!("{HEAD}\n## a\n\n1\n\n2\n\n## b\n\n3\n");
        let expected = [("a", "1\n\n2"), ("b", "3")].map(|(n, t)| (n.to_owned(), t.to_owned()));
        assert_eq!(sections(&page), BTreeMap::from(expected));
    }
}
