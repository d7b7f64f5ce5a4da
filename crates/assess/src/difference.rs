//! What an overlay or a what-if file changes.

use std::collections::{BTreeMap, BTreeSet};

use record::{Assessment, AssessmentDifference, Goal, GoalChange, Verdict, VerdictChange};

/// Goals and verdicts that differ between two assessments, sorted by id.
pub fn compare(before: &Assessment, after: &Assessment) -> AssessmentDifference {
    AssessmentDifference { goals: goals(before, after), vulnerabilities: vulnerabilities(before, after) }
}

fn goals(before: &Assessment, after: &Assessment) -> Vec<GoalChange> {
    let chance = |goal: &Goal| goal.probability.map_or(0.0, |p| p.mean);
    let by_id = |a: &Assessment| -> BTreeMap<String, (bool, f64)> {
        a.goals.iter().map(|g| (g.id.clone(), (g.reached, chance(g)))).collect()
    };
    let (old, new) = (by_id(before), by_id(after));
    let ids: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let state = |of: &BTreeMap<String, (bool, f64)>, id: &String| of.get(id).copied().unwrap_or_default();
    ids.into_iter()
        .filter(|id| state(&old, id) != state(&new, id))
        .map(|id| GoalChange { goal: id.clone(), before: state(&old, id).1, after: state(&new, id).1 })
        .collect()
}

fn vulnerabilities(before: &Assessment, after: &Assessment) -> Vec<VerdictChange> {
    let by_host = |a: &Assessment| -> BTreeMap<(String, String), Verdict> {
        // One component suffices: `exploitable` is the first of the verdicts.
        let mut worst: BTreeMap<(String, String), Verdict> = BTreeMap::new();
        for found in &a.vulnerabilities {
            let verdict = worst.entry((found.id.clone(), found.host.clone())).or_insert(found.verdict);
            *verdict = found.verdict.min(*verdict);
        }
        worst
    };
    let (old, new) = (by_host(before), by_host(after));
    let keys: BTreeSet<&(String, String)> = old.keys().chain(new.keys()).collect();
    keys.into_iter()
        .filter(|key| old.get(*key) != new.get(*key))
        .map(|key| VerdictChange {
            id: key.0.clone(),
            host: key.1.clone(),
            before: old.get(key).copied(),
            after: new.get(key).copied(),
        })
        .collect()
}
