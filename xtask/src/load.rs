//! `cargo xtask load`: many clients at once, reading and writing, for minutes. No request may fail.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use client::{Http, Reach, Remote};
use share::Places;

use crate::bench_share::{self, Served, Supplier};
use crate::chain::{build, peak_memory};

/// One request in so many registers a statement.
const WRITES: usize = 10;

/// Pause of a client after each answer: people and pipelines are not in a loop.
const PAUSE: Duration = Duration::from_millis(200);

/// What is read, in turn.
const READS: [&str; 5] = [
    "/api/v1/status",
    "/api/v1/evidence?limit=50",
    "/api/v1/changes?limit=50",
    "/api/v1/products",
    "/api/v1/vulnerabilities/CVE-2017-14491",
];

/// Longest answer, in bytes.
const LIMIT: u64 = 64 << 20;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Clients at once.
    #[arg(long, default_value_t = 200)]
    clients: usize,
    /// Seconds.
    #[arg(long, default_value_t = 300)]
    seconds: u64,
    /// A PostgreSQL server instead of SQLite.
    #[arg(long)]
    database: Option<String>,
    /// The command to measure, instead of building it for release.
    #[arg(long)]
    command: Option<std::path::PathBuf>,
}

/// Times of one client.
#[derive(Default)]
struct Times {
    reads: Vec<Duration>,
    writes: Vec<Duration>,
    failed: Vec<String>,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let command = match &args.command {
        Some(command) => command.clone(),
        None => build()?,
    };
    let folder = tempfile::tempdir()?;
    let places = Places { database: args.database.clone(), ..Places::directory(&folder.path().join("data")) };
    let tokens = tokio::runtime::Runtime::new()?.block_on(bench_share::prepare(&places, 1))?.suppliers;
    let served = Served::start(&command, &places, None)?;
    let suppliers = bench_share::suppliers(&served.url, &tokens)?;
    let before = peak_memory(served.child.id());
    let (next, until) = (AtomicUsize::new(0), Instant::now() + Duration::from_secs(args.seconds));
    let (url, tokens, suppliers, next) = (&served.url, &tokens, &suppliers, &next);
    let work = |n: usize| move || one(url, tokens, suppliers, n, next, until);
    let all: Vec<Times> = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..args.clients).map(|n| scope.spawn(work(n))).collect();
        let ended = clients.into_iter().map(|c| c.join().map_err(|_| anyhow::anyhow!("a client failed"))?);
        ended.collect::<anyhow::Result<_>>()
    })?;
    report(args, all, before, peak_memory(served.child.id()))
}

fn one(
    url: &str,
    tokens: &[String],
    suppliers: &[Supplier],
    n: usize,
    next: &AtomicUsize,
    until: Instant,
) -> anyhow::Result<Times> {
    let token = tokens.get(n % tokens.len()).context("no token")?;
    let supplier = suppliers.get(n % suppliers.len()).context("no supplier")?;
    let http = Http::new(url, Some(token), Reach::Anywhere)?;
    let remote = Remote::new(Http::new(url, Some(token), Reach::Anywhere)?);
    // Single requests: a failure that a second attempt would hide counts.
    let (get, mut times) = ("GET".parse()?, Times::default());
    for turn in n.. {
        if Instant::now() >= until {
            break;
        }
        let writes = turn.is_multiple_of(WRITES);
        let envelope = if writes {
            bench_share::small(supplier, next.fetch_add(1, Ordering::Relaxed))?
        } else {
            Vec::new()
        };
        let start = Instant::now();
        let answered = match writes {
            true => remote.register_once(&envelope, &[]).map(drop).map_err(|e| e.to_string()),
            false => {
                let path = READS.get(turn % READS.len()).copied().unwrap_or_default();
                let answer = http.send_single(&get, path, &[], &[], LIMIT).map_err(|e| e.to_string());
                answer.and_then(|a| http.accepted(path, a).map(drop).map_err(|e| e.to_string()))
            }
        };
        let took = start.elapsed();
        if writes {
            times.writes.push(took)
        } else {
            times.reads.push(took)
        }
        times.failed.extend(answered.err());
        std::thread::sleep(PAUSE);
    }
    Ok(times)
}

fn report(args: &Args, all: Vec<Times>, before: u64, after: u64) -> anyhow::Result<()> {
    let (mut reads, mut writes, mut failed) = (Vec::new(), Vec::new(), Vec::new());
    for times in all {
        reads.extend(times.reads);
        writes.extend(times.writes);
        failed.extend(times.failed);
    }
    println!("| {} clients, {} s | here | must |\n|---|---|---|", args.clients, args.seconds);
    println!("| reads, p50 / p99 | {} | p99 100 ms |", figures(&mut reads));
    println!("| registrations, p50 / p99 | {} | |", figures(&mut writes));
    println!("| failed requests | {} | 0 |", failed.len());
    println!(
        "| memory of the server, before / highest | {} / {} MB | |",
        before / 1_000_000,
        after / 1_000_000
    );
    ensure!(
        failed.is_empty(),
        "{} requests failed; the first: {}",
        failed.len(),
        failed.first().map_or("", String::as_str)
    );
    Ok(())
}

fn figures(times: &mut [Duration]) -> String {
    times.sort_unstable();
    let at = |share: usize| times.get(times.len() * share / 100).map_or(0.0, |t| t.as_secs_f64() * 1000.0);
    format!("{} requests, {:.1} / {:.1} ms", times.len(), at(50), at(99))
}
