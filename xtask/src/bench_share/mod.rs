//! The sharing platform over HTTP: intake, look-ups, a large document, much that is held, restart. Rows of the table of
//! measures, with what must hold and what is the goal.
//!
//! Signing is done before the clock starts, where rates are measured: it is the publisher's work. Kills, disclosure and
//! many clients at once are measured by commands of their own, and have sections of their own.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use share::Places;

use crate::bench_standards::imports;
use crate::chain::build;
use crate::postgres::Postgres;

mod held;
mod material;
mod parties;
mod served;
mod small;

pub(crate) use parties::{Supplier, prepare, small, suppliers};
pub(crate) use served::Served;

const CLIENTS: usize = 8;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Bills of materials to register one after the other.
    #[arg(long, default_value_t = 2000)]
    sboms: usize,
    /// Megabytes of the large document.
    #[arg(long, default_value_t = 256)]
    megabytes: usize,
    /// Releases that are held, each with its bill of materials; 0 leaves this part out.
    #[arg(long, default_value_t = 50_000)]
    held: usize,
    /// The same once more on a PostgreSQL server that is started for it. Needs Debian's package `postgresql`.
    #[arg(long)]
    postgresql: bool,
    /// An empty PostgreSQL database instead of SQLite; leaves out what is held.
    #[arg(long, conflicts_with = "postgresql")]
    database: Option<String>,
    /// An S3 bucket instead of files; leaves out what is held.
    #[arg(long, conflicts_with = "postgresql")]
    blobs: Option<String>,
    /// The command to measure, instead of building it for release.
    #[arg(long)]
    command: Option<PathBuf>,
}

/// Rows of the table, of one store.
struct Rows {
    store: &'static str,
}

impl Rows {
    fn row(&self, measure: &str, value: impl std::fmt::Display, must: &str, goal: &str) {
        println!("| {} | {measure} | {value} | {must} | {goal} |", self.store);
    }
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let command = match &args.command {
        Some(command) => command.clone(),
        None => build()?,
    };
    println!("| store | measure | here | must | goal |\n|---|---|---|---|---|");
    let folder = tempfile::tempdir()?;
    let place = |name: &str| Places::directory(&folder.path().join(name));
    let own = args.database.is_some() || args.blobs.is_some();
    let rows = Rows { store: if own { "as told" } else { "SQLite" } };
    let first = Places { database: args.database.clone(), blobs: args.blobs.clone(), ..place("small") };
    let sizes = small::Sizes { sboms: args.sboms, megabytes: args.megabytes };
    small::measure(&command, &first, &sizes, &rows)?;
    if !own && args.held > 0 {
        held::measure(&command, &place("held"), args.held, || Ok(0), &rows)?;
    }
    feeds()?;
    if args.postgresql {
        on_postgresql(args, &command, &sizes, place)?;
    }
    Ok(())
}

fn on_postgresql(
    args: &Args,
    command: &Path,
    sizes: &small::Sizes,
    place: impl Fn(&str) -> Places,
) -> anyhow::Result<()> {
    let (server, rows) = (Postgres::start()?, Rows { store: "PostgreSQL" });
    let on = |name: &str| {
        anyhow::Ok(Places { database: Some(server.database(name)?), ..place(&format!("{name}_files")) })
    };
    small::measure(command, &on("small")?, sizes, &rows)?;
    if args.held > 0 {
        held::measure(command, &on("held")?, args.held, || server.size("held"), &rows)?;
    }
    Ok(())
}

/// What others publish, imported.
fn feeds() -> anyhow::Result<()> {
    let rows = Rows { store: "–" };
    let bounds = [("5 min", "60 s"), ("30 s", "5 s")];
    let Some(imported) = imports()? else {
        rows.row("feeds imported", "not measured: `SUKASHI_TEST_DATA` names no folder", "", "");
        return Ok(());
    };
    for ((measure, seconds, _), (must, goal)) in imported.into_iter().zip(bounds) {
        rows.row(measure, format!("{seconds:.1} s"), must, goal);
    }
    Ok(())
}

/// Does `work` for 0 … `count` by several clients at once.
fn each(count: usize, work: impl Fn(usize) -> anyhow::Result<()> + Sync) -> anyhow::Result<()> {
    let next = AtomicUsize::new(0);
    let client = || {
        loop {
            let n = next.fetch_add(1, Ordering::Relaxed);
            if n >= count {
                return Ok(());
            }
            work(n)?;
        }
    };
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(client)).collect();
        clients.into_iter().try_for_each(|c| c.join().map_err(|_| anyhow::anyhow!("a client failed"))?)
    })
}

/// The time that so many per cent of `times` do not exceed.
fn milliseconds(times: &mut [Duration], percent: usize) -> String {
    times.sort_unstable();
    let time = times.get(times.len() * percent / 100).copied().unwrap_or_default();
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}
