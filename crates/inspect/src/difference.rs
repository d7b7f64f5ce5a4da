//! What a new version has that the old one had not, and the other way round.

use std::collections::{BTreeMap, BTreeSet};

use record::{Artifact, Finding, Inspection};
use serde::Serialize;

use crate::predecessor::Predecessors;

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
    let predecessors = Predecessors::of(old, new);
    let of = |artifact: &Artifact| predecessors.get(&artifact.path);
    let both: Vec<(&Artifact, &Artifact)> =
        new.artifacts.iter().filter_map(|artifact| Some((of(artifact)?, artifact))).collect();
    let kept: BTreeSet<&str> = both.iter().map(|(old, _)| old.path.as_str()).collect();
    let path = |artifact: &Artifact| artifact.path.clone();
    let changed: Vec<(&Artifact, &Artifact)> =
        both.iter().filter(|(old, new)| old.sha256 != new.sha256).copied().collect();
    let mut added: Vec<String> = new.artifacts.iter().filter(|a| of(a).is_none()).map(path).collect();
    let mut removed: Vec<String> =
        old.artifacts.iter().filter(|a| !kept.contains(a.path.as_str())).map(path).collect();
    added.sort();
    removed.sort();
    Difference {
        appeared: appeared(old, new, &predecessors),
        gone: gone(old, new, &predecessors),
        added,
        removed,
        capabilities: changed.iter().flat_map(|(old, new)| capabilities(&new.path, old, new)).collect(),
        changed: changed.iter().map(|(_, new)| new.path.clone()).collect(),
    }
}

/// What makes a finding the same one in another version, besides its id, which holds the path.
fn sentence<'a>(finding: &'a Finding, path: &'a str) -> (&'a str, &'a str, &'a str) {
    (&finding.rule, path, &finding.title)
}

/// Where a finding of the new version was in the old one.
fn old_path<'a>(finding: &'a Finding, predecessors: &Predecessors<'a>) -> &'a str {
    predecessors.get(&finding.artifact).map_or(finding.artifact.as_str(), |old| old.path.as_str())
}

/// Findings of the new version that the old one has not.
pub(crate) fn appeared(old: &Inspection, new: &Inspection, predecessors: &Predecessors<'_>) -> Vec<Finding> {
    let ids: BTreeSet<&str> = old.findings.iter().map(|finding| finding.id.as_str()).collect();
    let known: BTreeSet<_> =
        old.findings.iter().map(|finding| sentence(finding, &finding.artifact)).collect();
    let is_new = |finding: &&Finding| {
        !ids.contains(finding.id.as_str())
            && !known.contains(&sentence(finding, old_path(finding, predecessors)))
    };
    new.findings.iter().filter(is_new).cloned().collect()
}

fn gone(old: &Inspection, new: &Inspection, predecessors: &Predecessors<'_>) -> Vec<Finding> {
    let ids: BTreeSet<&str> = new.findings.iter().map(|finding| finding.id.as_str()).collect();
    let kept: BTreeSet<_> =
        new.findings.iter().map(|finding| sentence(finding, old_path(finding, predecessors))).collect();
    let is_gone = |finding: &&Finding| {
        !ids.contains(finding.id.as_str()) && !kept.contains(&sentence(finding, &finding.artifact))
    };
    old.findings.iter().filter(is_gone).cloned().collect()
}

pub(crate) fn capabilities(path: &str, old: &Artifact, new: &Artifact) -> Vec<CapabilityChange> {
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
