//! Decisions in random universes, written for an engine outside of this workspace to decide again (`cargo xtask oracle
//! disclosure`): one universe a line, to the file that `SUKASHI_DECISIONS_TO` names, `SUKASHI_DECISIONS` at least.

use std::fs::File;
use std::io::{BufWriter, Write as _};

use serde_json::{Map, Value, json};
use statement::DisclosureLevel;

use crate::fact::{EvidenceFact, Fact};
use crate::ids::{OrganizationId, ReleaseId, now};
use crate::random_universe::{ORGANIZATIONS, RELEASES, entry, organization, universe};
use crate::universe::Universe;

/// A thing by its name in the other engine, and its level for each organization.
fn row(thing: String, level: impl Fn(&OrganizationId) -> DisclosureLevel) -> Value {
    let of = |n| {
        let organization = organization(n);
        (organization.to_string(), json!(level(&organization)))
    };
    let levels: Map<String, Value> = (0..ORGANIZATIONS).map(of).collect();
    json!({"thing": thing, "levels": levels})
}

fn decisions(seed: u64) -> (Value, u64) {
    let (facts, now) = (universe(seed), now());
    let mut engine = Universe::default();
    facts.iter().for_each(|f| engine.apply(entry(f)));
    let release =
        |id: ReleaseId| row(format!("Release::\"{id}\""), |viewer| engine.release_level(&id, viewer, now));
    let evidence = |fact: &EvidenceFact| {
        row(format!("Evidence::\"{}\"", fact.id), |viewer| {
            engine.evidence_level(engine.evidence.get(&fact.id).unwrap(), viewer, now)
        })
    };
    let releases = (0..RELEASES).map(|r| release(ReleaseId::new(format!("r{r}"))));
    let of_facts = facts.iter().filter_map(|f| match f {
        Fact::Evidence(e) => Some(evidence(e)),
        _ => None,
    });
    let rows: Vec<Value> = releases.chain(of_facts).collect();
    let count = rows.len() as u64 * ORGANIZATIONS;
    (json!({"seed": seed, "now": now, "facts": facts, "decisions": rows}), count)
}

#[test]
fn decisions_are_recorded() {
    let Some(path) = std::env::var_os("SUKASHI_DECISIONS_TO") else {
        println!("skipped: SUKASHI_DECISIONS_TO is not set");
        return;
    };
    let wanted: u64 = std::env::var("SUKASHI_DECISIONS").ok().and_then(|n| n.parse().ok()).unwrap_or(100_000);
    let mut file = BufWriter::new(File::create(path).unwrap());
    let (mut written, mut seed) = (0, 0);
    while written < wanted {
        let (line, count) = decisions(seed);
        writeln!(file, "{line}").unwrap();
        (written, seed) = (written + count, seed + 1);
    }
    file.flush().unwrap();
}
