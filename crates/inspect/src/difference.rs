//! What a new version has that the old one had not, and the other way round.

use std::collections::{BTreeMap, BTreeSet};

use record::{Artifact, Finding, Inspection};
use serde::Serialize;

/// The difference between the records of two versions.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Difference {
    /// Findings that only the new version has.
    pub appeared: Vec<Finding>,
    /// Findings that only the old version had.
    pub gone: Vec<Finding>,
    /// Paths that only the new version has.
    pub added: Vec<String>,
    /// Paths that only the old version had.
    pub removed: Vec<String>,
    /// Paths whose content differs.
    pub changed: Vec<String>,
    /// Operations that a program of both versions performs in one of them only.
    pub capabilities: Vec<CapabilityChange>,
}

/// An operation that a program began or ceased to perform.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct CapabilityChange {
    /// Path of the program.
    pub artifact: String,
    /// Name of the operation.
    pub name: String,
    /// Places in the old version.
    pub before: u64,
    /// Places in the new version.
    pub after: u64,
}

impl Difference {
    /// Nothing?
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Compares two records of the same thing.
pub fn difference(old: &Inspection, new: &Inspection) -> Difference {
    let (before, after) = (by_path(old), by_path(new));
    let only = |here: &BTreeMap<&str, &Artifact>, there: &BTreeMap<&str, &Artifact>| -> Vec<String> {
        here.keys().filter(|path| !there.contains_key(*path)).map(|path| (*path).to_owned()).collect()
    };
    let both = before.iter().filter_map(|(path, old)| Some((*path, *old, *after.get(path)?)));
    let changed: Vec<(&str, &Artifact, &Artifact)> = both.filter(|(_, a, b)| a.sha256 != b.sha256).collect();
    Difference {
        appeared: missing(new, old),
        gone: missing(old, new),
        added: only(&after, &before),
        removed: only(&before, &after),
        capabilities: changed.iter().flat_map(|(path, a, b)| capabilities(path, a, b)).collect(),
        changed: changed.iter().map(|(path, ..)| (*path).to_owned()).collect(),
    }
}

fn by_path(record: &Inspection) -> BTreeMap<&str, &Artifact> {
    record.artifacts.iter().map(|artifact| (artifact.path.as_str(), artifact)).collect()
}

/// Findings of `here` that `there` has not.
fn missing(here: &Inspection, there: &Inspection) -> Vec<Finding> {
    let known: BTreeSet<&str> = there.findings.iter().map(|finding| finding.id.as_str()).collect();
    here.findings.iter().filter(|finding| !known.contains(finding.id.as_str())).cloned().collect()
}

fn capabilities(path: &str, old: &Artifact, new: &Artifact) -> Vec<CapabilityChange> {
    let mut counts: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for capability in &old.capabilities {
        counts.entry(&capability.name).or_default().0 = capability.count;
    }
    for capability in &new.capabilities {
        counts.entry(&capability.name).or_default().1 = capability.count;
    }
    let changed = counts.into_iter().filter(|(_, (before, after))| (*before == 0) != (*after == 0));
    let change = |(name, (before, after)): (&str, (u64, u64))| CapabilityChange {
        artifact: path.to_owned(),
        name: name.to_owned(),
        before,
        after,
    };
    changed.map(change).collect()
}
