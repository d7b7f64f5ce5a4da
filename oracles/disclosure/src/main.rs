//! `disclosure-oracle FILE [AT_LEAST]`: decides again, with Cedar, what the sharing platform's engine decided.
//!
//! FILE holds one universe a line, as the test `decisions_are_recorded` of the crate `share` writes it: its facts, and
//! the level of each release and each piece of evidence for each organization. Ends with 1 at the first difference, and
//! if there are fewer decisions than AT_LEAST or one level hardly occurs.

mod chain;
mod facts;
mod policies;

use std::fs::File;
use std::io::{BufRead as _, BufReader};

use anyhow::{Context as _, bail, ensure};

use crate::chain::Judge;
use crate::facts::{Level, Universe};

/// One level in so many decisions must occur, or else the universes test too little.
const RAREST: u64 = 1000;

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().context("no file; hint: `disclosure-oracle FILE [AT_LEAST]`")?;
    let wanted: u64 = arguments.next().map_or(Ok(1), |n| n.parse())?;
    let lines = BufReader::new(File::open(&path).with_context(|| format!("cannot open `{path}`"))?).lines();
    let mut levels = [0_u64; Level::ALL.len()];
    let mut universes = 0_u64;
    for line in lines {
        compare(&serde_json::from_str(&line?)?, &mut levels)?;
        universes += 1;
    }
    let decisions: u64 = levels.iter().sum();
    println!(
        "{decisions} decisions in {universes} universes equal Cedar's; by level, hidden first: {levels:?}"
    );
    ensure!(decisions >= wanted, "only {decisions} decisions, {wanted} are needed");
    ensure!(levels.iter().all(|n| n * RAREST > decisions), "a level hardly occurs");
    Ok(())
}

/// Fails at the first decision that is not Cedar's.
fn compare(universe: &Universe, levels: &mut [u64]) -> anyhow::Result<()> {
    let judge = Judge::new(universe).with_context(|| format!("seed {}", universe.seed))?;
    for row in &universe.decisions {
        let expected = judge.levels(&row.thing)?;
        for (organization, level) in &row.levels {
            let cedar = expected.get(organization).copied().unwrap_or_default();
            if cedar != *level {
                bail!(
                    "seed {}: `{}` for `{organization}` is {level:?}, and {cedar:?} by Cedar",
                    universe.seed,
                    row.thing
                );
            }
            levels[cedar as usize] += 1;
        }
    }
    Ok(())
}
