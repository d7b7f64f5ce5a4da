//! What processes hold in memory, as the system tells it.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// Pause between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// Highest resident memory of a process so far, in bytes.
pub(crate) fn peak_memory(process: u32) -> u64 {
    fs::read_to_string(format!("/proc/{process}/status")).map_or(0, |text| kilobytes(&text, "VmHWM:"))
}

/// Resident memory of a process now, in bytes.
pub(crate) fn resident(process: u32) -> u64 {
    fs::read_to_string(format!("/proc/{process}/status")).map_or(0, |text| kilobytes(&text, "VmRSS:"))
}

/// `NAME   1234 kB`, in bytes.
fn kilobytes(text: &str, name: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|l| l.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()).map_or(0, |kb| kb * 1024)
}

/// Looks at a process and those that it starts until it is asked.
pub(crate) struct MemoryWatch {
    stop: Arc<AtomicBool>,
    highest: Arc<AtomicU64>,
    process: u32,
    looking: JoinHandle<()>,
}

impl MemoryWatch {
    pub(crate) fn start(process: u32) -> Self {
        let (stop, highest) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (over, most) = (Arc::clone(&stop), Arc::clone(&highest));
        let looking = std::thread::spawn(move || {
            while !over.load(Ordering::Relaxed) {
                most.fetch_max(of_family(process), Ordering::Relaxed);
                std::thread::sleep(PAUSE);
            }
        });
        Self { stop, highest, process, looking }
    }

    /// The most that all of them held at once, in bytes; at least the most that the first one ever held.
    pub(crate) fn highest(self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        let _ = self.looking.join();
        self.highest.load(Ordering::Relaxed).max(peak_memory(self.process))
    }
}

/// What a process and all that it started hold now; what they share counts once.
fn of_family(process: u32) -> u64 {
    let (mut known, mut open) = (BTreeSet::from([process]), vec![process]);
    let parents: Vec<(u32, u32)> = processes().filter_map(|id| Some((id, parent(id)?))).collect();
    while let Some(parent) = open.pop() {
        let children = parents.iter().filter(|(_, p)| *p == parent).map(|(id, _)| *id);
        open.extend(children.filter(|id| known.insert(*id)));
    }
    let held = |id: &u32| fs::read_to_string(format!("/proc/{id}/smaps_rollup"));
    known.iter().map(|id| held(id).map_or(0, |text| kilobytes(&text, "Pss:"))).sum()
}

fn processes() -> impl Iterator<Item = u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

fn parent(process: u32) -> Option<u32> {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name may hold anything, also brackets.
    text.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_child_holds_counts() {
        let own = std::process::id();
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        assert_eq!(parent(child.id()), Some(own));
        let (both, alone) = (of_family(own), of_family(child.id()));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(alone > 0 && both > alone, "{both} {alone}");
    }
}
