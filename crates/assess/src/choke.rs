//! Facts that many reported paths share: where to look first.

use std::collections::{BTreeMap, BTreeSet};

use record::{ChokePoint, Goal};

use crate::paths::rounded;

/// Most choke points reported.
const MAX: usize = 20;

/// Largest share first. What only restates a goal is left out, and so is what a single path has.
pub(crate) fn choke_points(goals: &[Goal]) -> Vec<ChokePoint> {
    let paths = goals.iter().flat_map(|g| g.paths.iter().map(move |p| (g, p)));
    let total = paths.clone().count();
    let mut users: BTreeMap<&str, (usize, BTreeSet<&str>)> = BTreeMap::new();
    for (goal, path) in paths {
        let last = path.steps.last().map(|s| s.fact.as_str());
        let facts: BTreeSet<&str> = path.steps.iter().map(|s| s.fact.as_str()).collect();
        for fact in facts.into_iter().filter(|f| Some(*f) != last) {
            let entry = users.entry(fact).or_default();
            entry.0 += 1;
            entry.1.insert(&goal.id);
        }
    }
    let shared = users.into_iter().filter(|(_, (count, _))| *count > 1);
    let mut points: Vec<ChokePoint> = shared
        .map(|(fact, (count, goals))| ChokePoint {
            fact: fact.to_owned(),
            goals: goals.into_iter().map(str::to_owned).collect(),
            share_of_paths: share(count, total),
        })
        .collect();
    points.sort_by(|a, b| b.share_of_paths.total_cmp(&a.share_of_paths).then_with(|| a.fact.cmp(&b.fact)));
    points.truncate(MAX);
    points
}

fn share(count: usize, total: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "counts of reported paths are small")]
    let share = count as f64 / total.max(1) as f64;
    rounded(share)
}
