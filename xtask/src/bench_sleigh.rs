//! `cargo xtask bench sleigh`: instructions a second, ours beside Ghidra's translator in the same run.
//!
//! The same offsets of the same code are translated several times by both; the reference counts its operations and
//! does nothing else with them, ours are lifted into the lifter's buffer. The best round of each counts, because this
//! compares programs, not the weather on the machine.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use sleigh::{Context, LanguageId, Lifter, table};

use crate::oracle::{Oracle, Stretch, programs, sweep, tables_folder};

/// Instructions timed for each language.
const WANTED: usize = 150_000;
/// Rounds of each contestant.
const ROUNDS: usize = 5;

/// Offsets (with context) to lift in one stretch.
struct Work<'a> {
    stretch: &'a Stretch,
    instructions: Vec<(u32, Context)>,
}

pub(crate) fn run() -> anyhow::Result<()> {
    // Before anything else: a table is loaded once in a process, by whoever needs it first.
    let loads: BTreeMap<LanguageId, Duration> =
        LanguageId::ALL.iter().map(|id| Ok((*id, load(*id)?))).collect::<anyhow::Result<_>>()?;
    let tables = tables_folder()?;
    println!(
        "| language | load ms | memory MB | M instructions/s | 2 threads | ratio | reference | ours / reference |"
    );
    println!("|---|---:|---:|---:|---:|---:|---:|---:|");
    for (language, stretches) in programs()? {
        let table = table(language)?;
        let work = choose(language, &stretches)?;
        let total: usize = work.iter().map(|w| w.instructions.len()).sum();
        let per_second = |time: Duration, times: usize| (total * times) as f64 / time.as_secs_f64() / 1e6;
        let (mut one, mut two, mut reference) = (0_f64, 0_f64, 0_f64);
        for _ in 0..ROUNDS {
            one = one.max(per_second(lift_all(language, &work, 1)?, 1));
            two = two.max(per_second(lift_all(language, &work, 2)?, 2));
            reference = reference.max(time_reference(language, &work, &tables)?);
        }
        println!(
            "| {} | {:.1} | {:.1} | {one:.2} | {two:.2} | {:.2} | {reference:.2} | {:.2} |",
            language.name(),
            loads.get(&language).map_or(f64::NAN, Duration::as_secs_f64) * 1e3,
            table.resident_bytes() as f64 / 1e6,
            two / one,
            one / reference
        );
    }
    Ok(())
}

fn load(language: LanguageId) -> anyhow::Result<Duration> {
    let start = Instant::now();
    table(language)?;
    Ok(start.elapsed())
}

/// The first instructions that lift, in stretches of one mode: the reference keeps context, and is timed without it.
fn choose(language: LanguageId, stretches: &[Stretch]) -> anyhow::Result<Vec<Work<'_>>> {
    let table = table(language)?;
    let mut lifter = Lifter::new(table);
    let mut work = Vec::new();
    let mut left = WANTED;
    for stretch in stretches.iter().filter(|s| s.context == table.default_context()) {
        let mut instructions: Vec<(u32, Context)> =
            sweep::sweep(&mut lifter, stretch).into_iter().flat_map(|c| c.instructions).collect();
        instructions.retain(|&(offset, context)| {
            let bytes = stretch.bytes.get(offset as usize..).unwrap_or_default();
            context == stretch.context
                && lifter.lift(bytes, stretch.address + u64::from(offset), context).is_ok()
        });
        instructions.truncate(left);
        left -= instructions.len();
        work.push(Work { stretch, instructions });
        if left == 0 {
            break;
        }
    }
    Ok(work)
}

/// Every thread lifts everything; the time until all are done.
fn lift_all(language: LanguageId, work: &[Work<'_>], threads: usize) -> anyhow::Result<Duration> {
    let table = table(language)?;
    let start = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut lifter = Lifter::new(table);
                let mut ops = 0;
                for Work { stretch, instructions } in work {
                    for &(offset, context) in instructions {
                        let bytes = stretch.bytes.get(offset as usize..).unwrap_or_default();
                        let lifted = lifter.lift(bytes, stretch.address + u64::from(offset), context);
                        ops += lifted.map_or(0, |l| l.ops.len());
                    }
                }
                std::hint::black_box(ops);
            });
        }
    });
    Ok(start.elapsed())
}

fn time_reference(language: LanguageId, work: &[Work<'_>], tables: &Path) -> anyhow::Result<f64> {
    let mut oracle = Oracle::start(language, false, tables)?;
    let (mut time, mut translated) = (Duration::ZERO, 0);
    for Work { stretch, instructions } in work {
        let offsets: Vec<u32> = instructions.iter().map(|(offset, _)| *offset).collect();
        let (one, count) = oracle
            .time(stretch.address, &stretch.bytes, &offsets, 1)
            .with_context(|| format!("the reference cannot be timed for `{}`", language.name()))?;
        // A stretch the reference died in gives no time, and counts for nothing.
        time += one;
        translated += count;
    }
    Ok(if translated == 0 { f64::NAN } else { translated as f64 / time.as_secs_f64() / 1e6 })
}
