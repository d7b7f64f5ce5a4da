//! `sukashi examine-upload`: what a platform runs for each uploaded image, in a process of its own. Not for people.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Mutex;

use anyhow::Context as _;
use pipeline::{Limits, RESULTS, Step};

use crate::outcome::Outcome;

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
    let lines = Lines(Mutex::new(Step { done: 0, total: 0 }));
    let examined = pipeline::examine(&args.file, &Limits::default(), &lines)?;
    let documents = [serde_json::to_vec(&examined.inspection)?, examined.sbom];
    for ((name, _), bytes) in RESULTS.iter().zip(documents) {
        let path = args.into.join(name);
        std::fs::write(&path, bytes).with_context(|| format!("cannot write `{}`", path.display()))?;
    }
    Ok(if examined.inspection.complete { Outcome::Clean } else { Outcome::Partial })
}
