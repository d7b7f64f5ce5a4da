//! The dependency direction between our crates, as a test.
//!
//! Each row is a sentence of ARCHITECTURE.md: a crate and the crates it may name. A new edge is an architecture
//! change: add it here and there, with the reason, in a commit of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use anyhow::{Context, bail};
use serde::Deserialize;

/// Sorted by crate. Only direct edges; development dependencies count as well.
const MAY_USE: &[(&str, &[&str])] = &[
    ("assess", &["bom", "datalog", "ident", "layout", "record", "system", "vuln"]),
    ("bom", &["ident", "program", "record", "unpack"]),
    ("client", &["record", "statement", "tlog"]),
    ("datalog", &[]),
    ("flow", &["program", "sleigh"]),
    ("ident", &[]),
    ("inspect", &["bom", "flow", "layout", "program", "record", "sleigh", "unpack"]),
    ("layout", &["record"]),
    (
        "pipeline",
        &["assess", "bom", "client", "inspect", "record", "share", "statement", "system", "unpack", "vuln"],
    ),
    ("program", &["sleigh"]),
    ("record", &[]),
    ("server", &["client", "layout", "pipeline", "record", "share", "statement"]),
    ("share", &["bom", "ident", "record", "statement", "tlog", "vuln"]),
    ("sleigh", &[]),
    ("statement", &["record"]),
    ("system", &["bom", "ident", "record", "vuln"]),
    ("tlog", &[]),
    ("unpack", &[]),
    ("vuln", &["bom", "ident", "record"]),
];

/// The only crates that may use everything: the command and the chores.
const TOP: &[&str] = &["sukashi", "xtask"];

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    path: Option<String>,
    /// `dev`, `build`, or none.
    #[cfg(test)]
    kind: Option<String>,
}

/// Fails with every edge that the table does not allow.
pub(crate) fn check() -> anyhow::Result<()> {
    let edges = workspace_edges()?;
    let wrong = violations(&edges);
    if !wrong.is_empty() {
        bail!("dependencies against the architecture:\n  {}", wrong.join("\n  "));
    }
    println!(
        "{} crates, {} edges, all allowed",
        edges.len(),
        edges.values().map(BTreeSet::len).sum::<usize>()
    );
    Ok(())
}

fn workspace_edges() -> anyhow::Result<BTreeMap<String, BTreeSet<String>>> {
    Ok(workspace_packages()?.into_iter().map(edges_of).collect())
}

fn workspace_packages() -> anyhow::Result<Vec<Package>> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--format-version=1", "--offline"])
        .output()
        .context("cannot run `cargo metadata`")?;
    if !output.status.success() {
        bail!("`cargo metadata` failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    let metadata: Metadata =
        serde_json::from_slice(&output.stdout).context("cannot read `cargo metadata`")?;
    Ok(metadata.packages)
}

fn edges_of(package: Package) -> (String, BTreeSet<String>) {
    let ours = package.dependencies.into_iter().filter(|d| d.path.is_some()).map(|d| d.name);
    (package.name, ours.collect())
}

fn violations(edges: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let allowed: BTreeMap<&str, &[&str]> = MAY_USE.iter().copied().collect();
    let mut wrong = Vec::new();
    for (user, used) in edges.iter().filter(|(user, _)| !TOP.contains(&user.as_str())) {
        let Some(may) = allowed.get(user.as_str()) else {
            wrong.push(format!("`{user}` has no row in the table of allowed dependencies"));
            continue;
        };
        wrong.extend(
            used.iter()
                .filter(|used| !may.contains(&used.as_str()))
                .map(|used| format!("`{user}` may not use `{used}`")),
        );
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workspace_follows_the_table() {
        assert_eq!(violations(&workspace_edges().unwrap()), Vec::<String>::new());
    }

    #[test]
    fn the_architecture_gives_a_reason_for_each_library() {
        let text = include_str!("../../ARCHITECTURE.md");
        let list = text.split("\n## ").find(|section| section.starts_with("Libraries\n")).unwrap();
        let reasons = list.lines().filter_map(|line| line.strip_prefix("- `"));
        let named: Vec<&str> = reasons.filter_map(|line| Some(line.split_once("`: ")?.0)).collect();
        let dependencies = workspace_packages().unwrap().into_iter().flat_map(|p| p.dependencies);
        let libraries = dependencies.filter(|d| d.path.is_none() && d.kind.as_deref() != Some("dev"));
        let used: BTreeSet<String> = libraries.map(|d| d.name).collect();
        assert_eq!(named, Vec::from_iter(&used));
    }

    #[test]
    fn an_edge_upwards_is_reported() {
        let edges = BTreeMap::from([("sleigh".to_owned(), BTreeSet::from(["inspect".to_owned()]))]);
        assert_eq!(violations(&edges), ["`sleigh` may not use `inspect`"]);
    }

    #[test]
    fn a_crate_without_a_row_is_reported() {
        let edges = BTreeMap::from([("helpers".to_owned(), BTreeSet::new())]);
        assert_eq!(violations(&edges).len(), 1);
    }

    #[test]
    fn rows_are_sorted_and_form_no_cycle() {
        assert!(MAY_USE.is_sorted_by_key(|(name, _)| *name));
        let mut done: BTreeSet<&str> = BTreeSet::new();
        while done.len() < MAY_USE.len() {
            let next = MAY_USE.iter().filter(|(name, _)| !done.contains(name));
            let ready: Vec<&str> = next
                .filter(|(_, used)| used.iter().all(|u| done.contains(u)))
                .map(|(name, _)| *name)
                .collect();
            assert!(
                !ready.is_empty(),
                "cycle among {:?}",
                MAY_USE.iter().map(|r| r.0).filter(|n| !done.contains(n))
            );
            done.extend(ready);
        }
    }
}
