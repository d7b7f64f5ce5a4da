//! Licences of everything we link, against the list in `deny.toml`.

use std::collections::BTreeSet;
use std::process::Command;

use anyhow::{Context, bail};
use serde::Deserialize;

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    license: Option<String>,
    source: Option<String>,
}

#[derive(Deserialize)]
struct Policy {
    licenses: Licenses,
    bans: Bans,
}

#[derive(Deserialize)]
struct Licenses {
    allow: BTreeSet<String>,
}

#[derive(Deserialize)]
struct Bans {
    deny: Vec<Banned>,
}

#[derive(Deserialize)]
struct Banned {
    #[serde(rename = "crate")]
    name: String,
    reason: String,
}

/// Fails with every dependency whose licence, or name, the policy does not allow.
pub(crate) fn check() -> anyhow::Result<()> {
    let text = std::fs::read_to_string("deny.toml").context("cannot read `deny.toml`")?;
    let policy: Policy = toml::from_str(&text).context("cannot read `deny.toml`")?;
    let packages = dependencies()?;
    let wrong: Vec<String> = packages.iter().filter_map(|package| objection(package, &policy)).collect();
    if !wrong.is_empty() {
        bail!("dependencies against `deny.toml`:\n  {}", wrong.join("\n  "));
    }
    println!("{} dependencies, all under allowed licences", packages.len());
    Ok(())
}

fn dependencies() -> anyhow::Result<Vec<Package>> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version=1", "--locked", "--filter-platform=x86_64-unknown-linux-gnu"])
        .output()
        .context("cannot run `cargo metadata`")?;
    if !output.status.success() {
        bail!("`cargo metadata` failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    let metadata: Metadata =
        serde_json::from_slice(&output.stdout).context("cannot read `cargo metadata`")?;
    Ok(metadata.packages.into_iter().filter(|p| p.source.is_some()).collect())
}

fn objection(package: &Package, policy: &Policy) -> Option<String> {
    let of = format!("{} {}", package.name, package.version);
    if let Some(banned) = policy.bans.deny.iter().find(|b| b.name == package.name) {
        return Some(format!("{of}: banned, {}", banned.reason));
    }
    match &package.license {
        Some(expression) if allowed(expression, &policy.licenses.allow) => None,
        Some(expression) => Some(format!("{of}: `{expression}`")),
        None => Some(format!("{of}: states no licence")),
    }
}

/// An SPDX expression holds if one side of an `OR`, or both sides of an `AND`, hold; `AND` binds tighter.
fn allowed(expression: &str, allow: &BTreeSet<String>) -> bool {
    let expression = expression.replace('/', " OR ");
    let flat = flatten(&expression);
    flat.split(" OR ").any(|side| side.split(" AND ").all(|id| allow.contains(id.trim())))
}

/// Brackets around alternatives are rewritten so that one level of `OR` over `AND` remains.
fn flatten(expression: &str) -> String {
    let (Some(open), Some(close)) = (expression.find('('), expression.find(')')) else {
        return expression.to_owned();
    };
    let parts = (expression.get(..open), expression.get(open + 1..close), expression.get(close + 1..));
    let (Some(before), Some(inside), Some(after)) = parts else { return expression.to_owned() };
    let sides: Vec<String> = inside.split(" OR ").map(|side| format!("{before}{side}{after}")).collect();
    flatten(&sides.join(" OR "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allow() -> BTreeSet<String> {
        ["MIT", "Apache-2.0", "Unicode-3.0"].map(str::to_owned).into()
    }

    #[test]
    fn one_allowed_side_of_an_or_is_enough() {
        for expression in ["MIT", "GPL-2.0 OR MIT", "MIT/GPL-3.0", "(GPL-2.0 OR MIT) AND Unicode-3.0"] {
            assert!(allowed(expression, &allow()), "{expression}");
        }
    }

    #[test]
    fn both_sides_of_an_and_are_needed() {
        for expression in ["GPL-2.0", "MIT AND GPL-2.0", "(GPL-2.0 OR LGPL-3.0) AND MIT"] {
            assert!(!allowed(expression, &allow()), "{expression}");
        }
    }
}
