//! `sukashi examine-upload`: what a platform runs for each uploaded image, and `inspect --isolate` for each path, in a
//! process of its own. Not for people.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use pipeline::{Limits, RESULTS, Step};
use rustix::process::{Resource, Rlimit, setrlimit};

use crate::outcome::Outcome;
use crate::quantity;

/// Examine one file for a platform: writes `inspection.json` and `sbom.json`, prints a line for each step.
#[derive(Debug, clap::Args)]
#[command(
    hide = true,
    before_help = "Examples:
  sukashi examine-upload router.bin results/"
)]
pub(crate) struct Args {
    /// The file.
    file: PathBuf,
    /// Folder for the results.
    into: PathBuf,
    /// Budget for each program, in work units.
    #[arg(long, value_name = "N")]
    effort: Option<u64>,
    /// How deep images may lie in images.
    #[arg(long, value_name = "N")]
    depth: Option<u32>,
    /// Begin no further program after this time.
    #[arg(long, value_name = "TIME", value_parser = quantity::time)]
    time: Option<Duration>,
    /// Bytes of address space; no program is begun that is expected to need more.
    #[arg(long, value_name = "SIZE", value_parser = quantity::size, default_value = "8G")]
    memory: u64,
    /// Threads.
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
}

impl Args {
    fn limits(&self) -> Limits {
        let mut limits = Limits::default();
        limits.unpack.depth = self.depth.unwrap_or(limits.unpack.depth);
        if let Some(units) = self.effort {
            limits.inspect.program.work_units = units;
            limits.inspect.flow.code_bytes = limits.inspect.flow.code_bytes.min(units);
        }
        limits.inspect.net.until = self.time.and_then(|time| Instant::now().checked_add(time));
        limits.inspect.net.memory = Some(self.memory);
        limits
    }
}

/// Whatever asks for more address space is refused it, which ends this process.
fn bound_memory(bytes: u64) -> anyhow::Result<()> {
    let limit = Rlimit { current: Some(bytes), maximum: Some(bytes) };
    setrlimit(Resource::As, limit).context("cannot bound the memory of this process")
}

/// Steps as lines of JSON.
struct Lines(Mutex<Step>);

impl Lines {
    fn tell(&self, change: impl FnOnce(&mut Step)) {
        let Ok(mut step) = self.0.lock() else { return };
        change(&mut step);
        // Whoever listens may be gone; the results matter.
        if let Ok(line) = serde_json::to_string(&*step) {
            let _ = writeln!(std::io::stdout().lock(), "{line}");
        }
    }
}

impl inspect::Progress for Lines {
    fn programs(&self, count: usize) {
        self.tell(|step| step.total = count as u64);
    }

    fn done(&self, _: &str) {
        self.tell(|step| step.done = step.done.saturating_add(1));
    }
}

pub(crate) fn run(args: &Args) -> anyhow::Result<Outcome> {
    bound_memory(args.memory)?;
    if let Some(jobs) = args.jobs {
        // Only the first command of a process sets it up, and there is only one.
        let _ = rayon::ThreadPoolBuilder::new().num_threads(jobs).build_global();
    }
    let lines = Lines(Mutex::new(Step { done: 0, total: 0 }));
    let examined = pipeline::examine(&args.file, &args.limits(), &lines)?;
    let documents = [serde_json::to_vec(&examined.inspection)?, examined.sbom];
    for ((name, _), bytes) in RESULTS.iter().zip(documents) {
        let path = args.into.join(name);
        std::fs::write(&path, bytes).with_context(|| format!("cannot write `{}`", path.display()))?;
    }
    Ok(if examined.inspection.complete { Outcome::Clean } else { Outcome::Partial })
}
