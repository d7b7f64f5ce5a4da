//! What an inspection may cost, and who hears how far it is.

use std::time::Instant;

use crate::cache::Cache;

/// How much work may be spent; units, so that the same effort cuts at the same place on every machine.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Recovering functions.
    pub program: program::Effort,
    /// Following values.
    pub flow: flow::Effort,
    /// Bounds on reading executable files.
    pub image: program::image::ImageLimits,
    /// Time and memory.
    pub net: Net,
    /// Where what was learnt of a program is kept; nowhere if absent.
    pub cache: Option<Cache>,
}

/// A safety net for a whole run. What it cuts depends on the machine, so records say that they are not reproducible.
///
/// It is looked at before each program: one that has begun is finished, bounded by its work units.
#[derive(Clone, Debug, Default)]
pub struct Net {
    /// No program is begun afterwards.
    pub until: Option<Instant>,
    /// Bytes of memory that the process may hold. A program is not begun if it is expected to need more than is left.
    /// Only where the system tells how much is held (`/proc/self/statm`).
    pub memory: Option<u64>,
}

/// Bytes of memory that the facts of a program take, for each byte of its file. Measured on Debian's programs: 40–120.
const MEMORY_PER_BYTE: u64 = 150;
/// Bytes of a page. Larger pages make the estimate too low, never the result wrong.
const PAGE: u64 = 4096;

impl Net {
    /// Why a program of this many bytes must not be begun.
    pub(crate) fn cuts(&self, bytes: u64) -> Option<&'static str> {
        if self.until.is_some_and(|until| Instant::now() >= until) {
            return Some("the time was up");
        }
        let limit = self.memory?;
        let needed = held()?.saturating_add(bytes.saturating_mul(MEMORY_PER_BYTE));
        (needed > limit).then_some("it would need more memory than is allowed")
    }
}

/// Bytes that the process holds in memory.
fn held() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = text.split_whitespace().nth(1)?.parse().ok()?;
    Some(pages.saturating_mul(PAGE))
}

/// Hears how far an inspection is. Called from several threads.
pub trait Progress: Sync {
    /// This many programs will be analysed.
    fn programs(&self, count: usize) {
        let _ = count;
    }

    /// A program is done.
    fn done(&self, path: &str) {
        let _ = path;
    }
}

/// Nobody listens.
impl Progress for () {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_limits_nothing_is_cut() {
        assert_eq!(Net::default().cuts(u64::MAX), None);
    }

    #[test]
    fn time_and_memory_cut() {
        let late = Net { until: Some(Instant::now()), memory: None };
        assert_eq!(late.cuts(1), Some("the time was up"));
        let small = Net { until: None, memory: Some(1) };
        assert_eq!(small.cuts(1).is_some(), held().is_some());
    }
}
