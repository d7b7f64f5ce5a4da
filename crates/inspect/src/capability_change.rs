//! `capability-change`: a program can do what its predecessor could not.
//!
//! **Finds** sensitive operations that a program performs and the same program of the version before did not: running
//! programs, listening, loading code, hiding it in memory. An update that repairs something has no use for those.
//! **Misses** what a program does more of, and what it does in another place: capabilities are counted, not located; programs
//! that have no predecessor, which are listed as added.
//! **Wrongly reports** new functions that release notes announce.
//! **Source**: Thomas and Francillon, "Backdoors: Definition, Deniability and Detection" (RAID 2018), on comparing versions;
//! the implants of SolarWinds Orion (2020) and xz (2024) came as updates.

use std::collections::BTreeMap;

use record::{DetectorVersion, Finding, Inspection, Location, Payload, Review};

use crate::difference::{CapabilityChange, capabilities};
use crate::files::severity;
use crate::predecessor::Predecessors;

/// The rule, for the list of detectors.
pub(crate) const RULE: &str = "capability-change";
/// Raised whenever the same input may give another answer.
pub(crate) const VERSION: u32 = 1;

/// What it weighs that a program began to perform an operation, 0–100; operations that are not here are listed in the
/// difference of two records and are no finding.
const WEIGHTS: &[(&str, u8)] = &[
    // Whatever somebody else wrote runs with the rights of the program.
    ("code.load", 64),
    ("kernel.load", 72),
    ("process.exec", 64),
    // Hides code from whoever looks at files.
    ("memory.file", 64),
    ("memory.protect", 50),
    ("process.trace", 60),
    // Can be reached, or reaches out.
    ("network.accept", 58),
    ("network.bind", 50),
    ("network.connect", 50),
    ("network.listen", 58),
    // Has a terminal or other rights.
    ("terminal.open", 58),
    ("user.change", 45),
    ("user.capability", 45),
    // Takes down the device.
    ("system.reboot", 45),
];
/// A program that runs programs and talks to the network, and did neither before.
const BOTH: u8 = 76;

/// Adds what programs of a record can do and those of an earlier version could not, as findings.
pub fn compare_with(record: &mut Inspection, baseline: &Inspection) {
    let found: Vec<Finding> = {
        let predecessors = Predecessors::of(baseline, record);
        let pairs = record.artifacts.iter().filter_map(|new| Some((predecessors.get(&new.path)?, new)));
        let changed = pairs.filter(|(old, new)| old.sha256 != new.sha256);
        changed.filter_map(|(old, new)| finding(&new.path, &capabilities(&new.path, old, new))).collect()
    };
    record.findings.extend(found);
    record.findings.sort_by(|a, b| b.score.cmp(&a.score).then_with(|| a.id.cmp(&b.id)));
    record.tool.detectors.push(DetectorVersion { rule: RULE.to_owned(), version: VERSION });
    record.tool.detectors.sort();
}

/// Points of the operations that began.
fn score(began: &[&str]) -> u8 {
    let weight =
        |name: &&str| WEIGHTS.iter().find(|(known, _)| known == name).map_or(0, |(_, points)| *points);
    let runs = began.iter().any(|name| ["code.load", "kernel.load", "process.exec"].contains(name));
    let talks = began.iter().any(|name| name.starts_with("network."));
    let most = began.iter().map(weight).max().unwrap_or(0);
    if runs && talks { most.max(BOTH) } else { most }
}

fn finding(path: &str, changes: &[CapabilityChange]) -> Option<Finding> {
    let began: Vec<&str> =
        changes.iter().filter(|change| change.before == 0).map(|change| change.name.as_str()).collect();
    let score = score(&began);
    if score == 0 {
        return None;
    }
    let operations = began.join(", ");
    let params = BTreeMap::from([("operations".to_owned(), operations.clone())]);
    Some(Finding {
        id: crate::files::fingerprint(&[RULE, path, &operations]),
        rule: RULE.to_owned(),
        severity: severity(score),
        score,
        title: format!("began to do: {operations}"),
        params,
        artifact: path.to_owned(),
        location: Location::default(),
        source: None,
        trigger: None,
        payload: began.first().map(|operation| Payload {
            address: None,
            operation: (*operation).to_owned(),
            detail: operations.clone(),
        }),
        route: Vec::new(),
        witness: None,
        why: format!(
            "The program of the version before performed none of these operations: {operations}. See whether the \
             notes of this version tell why."
        ),
        evidence: Vec::new(),
        control_flow: None,
        review: Review::default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(name: &str, before: u64, after: u64) -> CapabilityChange {
        CapabilityChange { artifact: "usr/sbin/d".to_owned(), name: name.to_owned(), before, after }
    }

    #[test]
    fn a_program_that_begins_to_run_others_is_a_finding_and_one_that_ceases_is_none() {
        let begins = finding("usr/sbin/d", &[change("process.exec", 0, 1)]).unwrap();
        assert_eq!((begins.rule.as_str(), begins.score), (RULE, 64));
        assert!(finding("usr/sbin/d", &[change("process.exec", 1, 0), change("log.write", 0, 3)]).is_none());
    }

    #[test]
    fn running_and_talking_at_once_is_graver_than_either() {
        let both = [change("process.exec", 0, 1), change("network.listen", 0, 1)];
        assert_eq!(finding("d", &both).unwrap().score, BOTH);
        assert!(WEIGHTS.iter().all(|(_, points)| *points < BOTH));
    }
}
