//! How far a long command is: on standard error, only on a terminal, only after a second.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::escape;

/// Work that is done sooner shows no bar.
const PATIENCE: Duration = Duration::from_secs(1);

/// Counts what is done; draws nothing before [`PATIENCE`] has passed.
pub(crate) struct Bar {
    start: Instant,
    terminal: bool,
    bar: Mutex<ProgressBar>,
}

impl Bar {
    pub(crate) fn new(title: &str) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        bar.set_prefix(escape::line(title).into_owned());
        if let Ok(style) = ProgressStyle::with_template("{prefix} {bar:30} {pos}/{len} {wide_msg}") {
            bar.set_style(style);
        }
        Self { start: Instant::now(), terminal: std::io::stderr().is_terminal(), bar: Mutex::new(bar) }
    }

    /// There will be this much.
    pub(crate) fn of(&self, count: u64) {
        self.with(|bar| bar.set_length(count));
    }

    /// This much is done.
    pub(crate) fn at(&self, position: u64, what: &str) {
        self.with(|bar| {
            bar.set_position(position);
            bar.set_message(escape::line(what).into_owned());
        });
    }

    fn with(&self, change: impl FnOnce(&ProgressBar)) {
        let Ok(bar) = self.bar.lock() else { return };
        if self.terminal && bar.is_hidden() && self.start.elapsed() >= PATIENCE {
            bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        change(&bar);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.with(ProgressBar::finish_and_clear);
    }
}

impl inspect::Progress for Bar {
    fn programs(&self, count: usize) {
        self.of(count as u64);
    }

    fn done(&self, path: &str) {
        self.with(|bar| {
            bar.inc(1);
            bar.set_message(escape::line(path).into_owned());
        });
    }
}
