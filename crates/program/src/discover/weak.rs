//! Entries that only weak evidence speaks for: believed for a try, walked with all that follows, and given up again if
//! what was found then cannot be code.

use std::collections::BTreeSet;

use rayon::prelude::*;
use sleigh::Lifter;

use super::Discovery;
use crate::address::VirtAddr;
use crate::entries;
use crate::explore::{Explored, RawTarget};
use crate::function::Origin;
use crate::image::{CodeAddr, Mode};

/// Tries in a row, each with the addresses that the one before made known.
const MAX_CHAIN: usize = 8;
/// Instructions of a first look.
const GLANCE: usize = 8;

/// What a walk must be like for its entry to stay.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Trust {
    /// Every path decodes; jumps may stay unresolved.
    Plausible,
    /// Every path is understood.
    Clean,
}

impl Discovery<'_> {
    /// Believes addresses that the loader writes, or that code takes, until no more turn up.
    pub(super) fn believe_taken(&mut self, relocated: Vec<CodeAddr>) {
        let mut candidates = relocated;
        for _ in 0..MAX_CHAIN {
            let taken = self.explored.values().flat_map(|explored| explored.taken.iter().copied());
            candidates.extend(taken);
            if !self.believe(std::mem::take(&mut candidates), Origin::Taken, Trust::Plausible) {
                break;
            }
        }
    }

    /// Believes candidates that stand up to it. `true` if some did.
    pub(super) fn believe(&mut self, mut candidates: Vec<CodeAddr>, origin: Origin, trust: Trust) -> bool {
        candidates.sort();
        candidates.dedup_by_key(|at| at.address);
        for at in &candidates {
            if let Some(entry) =
                self.known.entries.get_mut(&at.address).filter(|entry| entry.short == at.short)
            {
                entry.origins.insert(origin);
            }
        }
        let covered = self.covered();
        candidates.retain(|at| self.is_free(*at, &covered));
        if self.is_spent() {
            self.cut |= !candidates.is_empty();
            return false;
        }
        let this = &*self;
        let explorer = this.explorer(GLANCE);
        let look = |lifter: &mut Lifter<'_>, at: CodeAddr| {
            let seen = explorer.explore(lifter, at);
            (seen.work, this.may_start(&seen).then_some(at))
        };
        let looked: Vec<(u64, Option<CodeAddr>)> =
            candidates.into_par_iter().map_init(|| Lifter::new(this.table), look).collect();
        self.work += looked.iter().map(|looked| looked.0).sum::<u64>();
        let tried: Vec<CodeAddr> = looked.into_iter().filter_map(|looked| looked.1).collect();
        if tried.is_empty() {
            return false;
        }
        let new: Vec<VirtAddr> =
            tried.into_iter().filter(|at| self.known.add(*at, origin)).map(|at| at.address).collect();
        self.forget_covering(&new);
        self.rounds();
        self.merge_gaps();
        self.retract(&new, trust);
        new.iter().any(|at| self.known.is_entry(*at))
    }

    fn is_free(&self, at: CodeAddr, covered: &[(u64, u64)]) -> bool {
        !self.known.is_entry(at.address)
            && !self.known.stubs.contains_key(&at.address)
            && !self.rejected.contains(&at.address)
            && at.address.0.is_multiple_of(self.step(at.short).min(4))
            && entries::marked_mode(self.image, at.address) != Some(Mode::Data)
            && !is_inside(covered, at.address)
            && !self.known.fragments.contains(&at.address)
            && !self.known.is_unwound_inside(at.address)
    }

    /// Could a function begin like this? Its first block decodes, and does not depend on flags that nobody set.
    pub(super) fn may_start(&self, seen: &Explored) -> bool {
        seen.entry_decodes() && !seen.reads_flags(&self.roles.flags)
    }

    /// Gives up entries whose walk cannot be code.
    fn retract(&mut self, tried: &[VirtAddr], trust: Trust) {
        let wrong = |explored: &Explored| {
            let stands = match trust {
                Trust::Plausible => explored.is_plausible(),
                Trust::Clean => explored.is_clean(),
            };
            !stands || explored.runs_on().next().is_some()
        };
        let gone: BTreeSet<VirtAddr> = tried
            .iter()
            .copied()
            .filter(|at| self.explored.get(at).is_some_and(&wrong))
            .filter(|at| self.known.entries.get(at).is_some_and(|entry| entry.origins.len() == 1))
            .collect();
        self.give_up(gone);
    }

    /// Gives up functions found in gaps that another one runs into: they were the rest of that one.
    fn merge_gaps(&mut self) {
        let by_look = BTreeSet::from([Origin::Gap]);
        for _ in 0..MAX_CHAIN {
            let entered = self.explored.values().flat_map(Explored::runs_on);
            let gone: BTreeSet<VirtAddr> = entered
                .filter(|at| self.known.entries.get(at).is_some_and(|entry| entry.origins == by_look))
                .collect();
            if gone.is_empty() {
                break;
            }
            self.give_up(gone);
        }
    }

    /// Forgets entries, and what only they called.
    fn give_up(&mut self, mut gone: BTreeSet<VirtAddr>) {
        if gone.is_empty() {
            return;
        }
        self.rejected.extend(&gone);
        let mut removed = BTreeSet::new();
        while !gone.is_empty() {
            for at in &gone {
                self.known.entries.remove(at);
                self.known.no_return.remove(at);
                self.explored.remove(at);
            }
            removed.append(&mut gone);
            let called: BTreeSet<VirtAddr> = self.explored.values().flat_map(callees).collect();
            let only_called = BTreeSet::from([Origin::Called]);
            let entries = self.known.entries.iter();
            gone = entries
                .filter(|(at, entry)| entry.origins == only_called && !called.contains(*at))
                .map(|(at, _)| *at)
                .collect();
        }
        // What ended at them, or had its border there, ends elsewhere now.
        self.explored.retain(|entry, explored| {
            let reach = explored.blocks.values().map(|block| block.end).max().unwrap_or(*entry);
            !callees(explored).any(|at| removed.contains(&at))
                && removed.range(*entry..=reach).next().is_none()
        });
        self.rounds();
    }

    /// The mode in which an address without a stated one is tried.
    pub(super) fn likely_mode(&self, address: VirtAddr) -> CodeAddr {
        self.mode_at(address, self.is_usually_short())
    }

    pub(super) fn mode_at(&self, address: VirtAddr, usual_short: bool) -> CodeAddr {
        let short = match entries::marked_mode(self.image, address) {
            Some(Mode::Short) => true,
            Some(Mode::Normal | Mode::Data) => false,
            None => usual_short,
        };
        CodeAddr { address, short }
    }

    pub(super) fn is_usually_short(&self) -> bool {
        let size = |explored: &Explored| explored.instructions.len();
        let short: usize = self.explored.values().filter(|explored| explored.entry.short).map(size).sum();
        let all: usize = self.explored.values().map(size).sum();
        // Stubs and what the linker adds are in the normal mode anyway.
        3 * short > all
    }

    /// Bytes from one possible start of an instruction to the next.
    pub(super) fn step(&self, short: bool) -> u64 {
        u64::from(self.table.step_on_error(self.explorer(0).context(short))).max(1)
    }
}

/// Functions of the program that a walk calls, tail calls included.
pub(super) fn callees(explored: &Explored) -> impl Iterator<Item = VirtAddr> {
    explored.calls.values().filter_map(|call| match call.target {
        RawTarget::Code(code) => Some(code.address),
        RawTarget::Import(_) | RawTarget::System | RawTarget::Unresolved => None,
    })
}

fn is_inside(ranges: &[(u64, u64)], address: VirtAddr) -> bool {
    let after = ranges.partition_point(|(start, _)| *start <= address.0);
    after.checked_sub(1).and_then(|index| ranges.get(index)).is_some_and(|(_, end)| address.0 < *end)
}
