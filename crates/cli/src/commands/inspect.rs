//! `sukashi inspect`: what is in a delivery that should not be there?

mod isolated;
mod records;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use clap::ValueEnum;
use inspect::{Decision, Progress};
use pipeline::Limits;
use record::{Finding, Inspection, ReviewState, Severity};
use tracing::{error, info, warn};

use crate::commands::Context;
use crate::failure::Failure;
use crate::outcome::Outcome;
use crate::output::{self, Target};
use crate::progress::Bar;
use crate::settings::{Setting, Settings};
use crate::{escape, input, quantity};

/// Find functionality in delivered software that should not be there.
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:
  sukashi inspect router.bin
  sukashi inspect router.bin --format json -o router.json
  sukashi inspect router.bin --format html -o router.html
  sukashi inspect /usr/sbin -o records/
  sukashi inspect new.bin --baseline old.json --fail-on medium")]
pub(crate) struct Args {
    /// Firmware images, packages, programs or folders; `-` reads standard input.
    #[arg(required = true)]
    path: Vec<PathBuf>,
    /// How the record looks; `json` if it goes to a file.
    #[arg(long)]
    format: Option<Format>,
    /// File, or folder (one that exists, or ends in `/`) for several records.
    #[arg(short, long, value_name = "FILE|DIR")]
    output: Option<PathBuf>,
    /// Record of an earlier version: only what is new counts.
    #[arg(long, value_name = "OLD")]
    baseline: Option<PathBuf>,
    /// Decisions about findings: a JSON list of `{id, state, reason, by, at}`.
    #[arg(long, value_name = "FILE")]
    review: Option<PathBuf>,
    /// Exit with 1 if a finding is at least this severe.
    #[arg(long, default_value = "high", value_name = "SEVERITY")]
    fail_on: Threshold,
    /// Budget for each program, in work units; what is cut is a blind spot.
    #[arg(long, value_name = "N")]
    effort: Option<u64>,
    /// How deep images may lie in images.
    #[arg(long, default_value_t = 8, value_name = "N")]
    depth: u32,
    /// Begin no further program after this time, such as `10m`; cuts differ between runs.
    #[arg(long, value_name = "TIME", value_parser = quantity::time)]
    time: Option<Duration>,
    /// Begin no program expected to need more memory, such as `4G`; cuts differ between runs.
    #[arg(long, value_name = "SIZE", value_parser = quantity::size)]
    memory: Option<u64>,
    /// Threads.
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
    /// Neither read nor write what was learnt of programs in earlier runs.
    #[arg(long)]
    no_cache: bool,
    /// Examine each path in a process of its own, without network, with at most `--memory` (8G) of address space.
    #[arg(long)]
    isolate: bool,
    /// Write how long each path took and the most memory held until then, as JSON.
    #[arg(long, value_name = "FILE")]
    timings: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Human,
    /// `sukashi.inspection/1`.
    Json,
    /// SARIF 2.1.0.
    Sarif,
    /// One page that needs nothing else.
    Html,
    /// The components, as CycloneDX 1.7.
    Cyclonedx,
}

impl Format {
    /// Ending of the file's name in a folder.
    fn ending(self) -> &'static str {
        match self {
            Self::Human => "txt",
            Self::Json => "json",
            Self::Sarif => "sarif",
            Self::Html => "html",
            Self::Cyclonedx => "cdx.json",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Threshold {
    Critical,
    High,
    Medium,
    Low,
    Never,
}

impl Threshold {
    fn severity(self) -> Option<Severity> {
        match self {
            Self::Critical => Some(Severity::Critical),
            Self::High => Some(Severity::High),
            Self::Medium => Some(Severity::Medium),
            Self::Low => Some(Severity::Low),
            Self::Never => None,
        }
    }
}

/// What an examination gave.
struct Learnt {
    inspection: Inspection,
    /// CycloneDX 1.7.
    sbom: Vec<u8>,
}

/// What is to be done.
struct Plan<'a> {
    paths: &'a [PathBuf],
    format: Format,
    target: Target,
    limits: Limits,
    isolation: Option<isolated::Isolation>,
    /// Threads, as typed.
    jobs: Option<usize>,
    baseline: Option<Inspection>,
    review: Vec<Decision>,
    fail_on: Option<Severity>,
    timings: Option<&'a Path>,
}

impl<'a> Plan<'a> {
    fn new(args: &'a Args, settings: &Settings) -> anyhow::Result<Self> {
        let target = Target::of(args.output.as_deref());
        let to_people = matches!(target, Target::Stdout);
        if args.path.len() > 1 && matches!(target, Target::File(_)) {
            bail!("several paths make several records; hint: end `-o` with `/` to name a folder");
        }
        let mut limits = Limits::default();
        limits.unpack.depth = args.depth;
        if let Some(units) = args.effort {
            limits.inspect.program.work_units = units;
            limits.inspect.flow.code_bytes = limits.inspect.flow.code_bytes.min(units);
        }
        if let Some(jobs) = args.jobs.map_or_else(|| settings.parsed(Setting::Jobs), |jobs| Ok(Some(jobs)))? {
            // Only the first command of a process sets it up, and there is only one.
            let _ = rayon::ThreadPoolBuilder::new().num_threads(jobs).build_global();
        }
        limits.inspect.net.until = args.time.and_then(|time| Instant::now().checked_add(time));
        limits.inspect.net.memory = args.memory;
        if !args.no_cache {
            limits.inspect.cache = cache(settings)?;
        }
        Ok(Self {
            paths: &args.path,
            format: args.format.unwrap_or(if to_people { Format::Human } else { Format::Json }),
            target,
            limits,
            isolation: args.isolate.then(|| isolated::Isolation::new(args)).transpose()?,
            jobs: args.jobs,
            baseline: args.baseline.as_deref().map(read_record).transpose()?,
            review: args.review.as_deref().map(read_review).transpose()?.unwrap_or_default(),
            fail_on: args.fail_on.severity(),
            timings: args.timings.as_deref(),
        })
    }

    /// Examines a path, here or in a process of its own.
    fn learn(
        &self,
        path: &Path,
        limits: &Limits,
        jobs: Option<usize>,
        progress: &dyn Progress,
    ) -> anyhow::Result<Learnt> {
        if let Some(isolation) = &self.isolation {
            let effort = limits.inspect.program.work_units;
            let effort = (effort != Limits::default().inspect.program.work_units).then_some(effort);
            return isolation.learn(path, effort, jobs, progress);
        }
        let examined = if input::is_stdin(path) {
            pipeline::examine_bytes("standard-input", input::bytes(path)?, limits, progress)?
        } else {
            pipeline::examine(path, limits, progress)?
        };
        Ok(Learnt { inspection: examined.inspection, sbom: examined.sbom })
    }

    /// Whether a record has something that must not pass.
    fn judge(&self, record: &Inspection) -> Outcome {
        let counts = |finding: &Finding| {
            finding.review.state != ReviewState::Rejected
                && self.fail_on.is_some_and(|least| finding.severity >= least)
        };
        let new = self.baseline.as_ref().map(|old| inspect::difference(old, record).appeared);
        let found = Outcome::found(new.as_ref().unwrap_or(&record.findings).iter().any(counts));
        if record.complete { found } else { found.max(Outcome::Partial) }
    }
}

/// A record of an earlier run.
///
/// # Errors
/// If the file is none.
pub(crate) fn read_record(path: &Path) -> anyhow::Result<Inspection> {
    let bytes = input::bytes(path)?;
    serde_json::from_slice(&bytes).with_context(|| {
        format!("`{}` is no record; hint: make one with `sukashi inspect --format json`", input::name(path))
    })
}

fn read_review(path: &Path) -> anyhow::Result<Vec<Decision>> {
    inspect::read_review(&input::bytes(path)?).with_context(|| format!("`{}`", input::name(path)))
}

pub(crate) fn run(args: &Args, context: &mut Context) -> anyhow::Result<Outcome> {
    let plan = Plan::new(args, &context.settings)?;
    let (mut outcome, mut read, mut timings) = (Outcome::Clean, 0, Vec::new());
    for path in plan.paths {
        let start = Instant::now();
        match one(&plan, path, context) {
            Ok(judged) => {
                outcome = outcome.max(judged);
                read += 1;
            }
            // One path is the whole command: its error is the command's.
            Err(error) if plan.paths.len() == 1 => return Err(error),
            Err(error) => {
                crate::log::failure(&Failure::of(&error));
                outcome = outcome.max(Outcome::Partial);
            }
        }
        timings.push((path, start.elapsed(), peak_memory()));
        if context.output.is_closed() {
            break;
        }
    }
    if let Some(file) = plan.timings {
        write_timings(file, &timings)?;
    }
    if read == 0 {
        bail!("none of the {} paths could be read", plan.paths.len());
    }
    Ok(outcome)
}

fn one(plan: &Plan<'_>, path: &Path, context: &mut Context) -> anyhow::Result<Outcome> {
    if let (Target::Folder(folder), true) = (&plan.target, path.is_dir()) {
        if plan.format == Format::Cyclonedx {
            bail!("a folder of records has no one list of components; hint: `sukashi bom generate`");
        }
        return records::write_all(plan, path, folder);
    }
    let bar = Bar::new(&file_name(path));
    let mut examined = plan.learn(path, &plan.limits, plan.jobs, &bar)?;
    drop(bar);
    if let Some(baseline) = &plan.baseline {
        inspect::compare_with(&mut examined.inspection, baseline);
    }
    review(plan, &mut examined.inspection);
    let name = file_name(path);
    let bytes = match plan.format {
        Format::Cyclonedx => examined.sbom.clone(),
        Format::Json if plan.paths.len() > 1 && plan.target == Target::Stdout => {
            let mut line = serde_json::to_vec(&examined.inspection).context("cannot write the record")?;
            line.push(b'\n');
            line
        }
        _ => rendered(plan, &examined.inspection)?,
    };
    plan.target.write(&format!("{name}.{}", plan.format.ending()), &bytes, &mut context.output)?;
    Ok(plan.judge(&examined.inspection))
}

fn review(plan: &Plan<'_>, record: &mut Inspection) {
    let unknown = inspect::apply_review(record, &plan.review);
    if !unknown.is_empty() {
        warn!("the review decides about findings that are not there: {}", unknown.join(", "));
    }
}

/// The record in a format that shows records.
fn rendered(plan: &Plan<'_>, record: &Inspection) -> anyhow::Result<Vec<u8>> {
    Ok(match plan.format {
        Format::Human => human(plan, record),
        Format::Sarif => output::json(&inspect::render::sarif(record))?,
        Format::Html => inspect::render::html(record).into_bytes(),
        Format::Json | Format::Cyclonedx => output::json(record)?,
    })
}

/// Where reports on programs are kept. Its stamp is that of this very file: another build reads none of them.
fn cache(settings: &Settings) -> anyhow::Result<Option<inspect::Cache>> {
    let Some(folder) = settings.parsed::<PathBuf>(Setting::Cache)? else { return Ok(None) };
    let own = std::env::current_exe().and_then(|path| path.metadata());
    let stamp = own.ok().and_then(|own| {
        let changed = own.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
        Some(format!("{} {} {}", env!("CARGO_PKG_VERSION"), own.len(), changed.as_nanos()))
    });
    Ok(stamp.map(|stamp| inspect::Cache::new(folder.join("programs"), stamp)))
}

fn human(plan: &Plan<'_>, record: &Inspection) -> Vec<u8> {
    let text = inspect::render::human(record);
    let mut text = escape::escape(&text, &['\n']).into_owned();
    if let Some(baseline) = &plan.baseline {
        let difference = inspect::difference(baseline, record);
        text += &format!(
            "\nsince the baseline: {} findings appeared, {} gone, {} files added, {} removed, {} changed\n",
            difference.appeared.len(),
            difference.gone.len(),
            difference.added.len(),
            difference.removed.len(),
            difference.changed.len()
        );
    }
    text.into_bytes()
}

fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(|| "record".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// Bytes of memory that this process held at most so far; only where the system tells it (`/proc/self/status`).
fn peak_memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

fn write_timings(file: &Path, timings: &[(&PathBuf, Duration, Option<u64>)]) -> anyhow::Result<()> {
    let row = |(path, time, peak): &(&PathBuf, Duration, Option<u64>)| {
        let (path, ms) = (path.display().to_string(), time.as_millis() as u64);
        serde_json::json!({"path": path, "ms": ms, "peak_bytes": peak})
    };
    let rows: Vec<_> = timings.iter().map(row).collect();
    info!("wrote `{}`", file.display());
    output::write_atomically(file, &output::json(&rows)?)
}

/// Says which file of a folder could not be examined.
fn complain(path: &Path, failure: &Failure) {
    error!("`{}`: {}", path.display(), failure.message);
}
