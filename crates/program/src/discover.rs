//! Finding all functions, in rounds.
//!
//! A round walks every entry not walked yet, in parallel, against one fixed [`Known`]; then what was found is added in the
//! order of addresses: called functions, functions that never come back. Walks that would now end differently (they ran
//! through a new entry, or on behind a call that never comes back) are thrown away and done again. Entries and no-return
//! functions only grow in number and both are bounded by the bytes of code, so the rounds end; [`MAX_ROUNDS`] is a
//! safety net.
//!
//! Strong evidence goes first (headers, symbols, unwinding tables, calls), then weaker: entries without a mode, addresses
//! that stand in data or are used as values, at last the gaps. Weak evidence is believed only if the walk is clean and
//! starts outside of what is known.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use sleigh::{Lifter, Table};

use crate::address::VirtAddr;
use crate::entries;
use crate::explore::{Explored, Explorer, RawExit, RawPlace, RawTarget};
use crate::function::{Origin, Stop};
use crate::image::{CodeAddr, Image, Mode};
use crate::known::Known;
use crate::program::Effort;
use crate::registers::Roles;
use crate::state::Setting;

const MAX_ROUNDS: usize = 64;
/// Starts tried in one gap.
const MAX_TRIES: usize = 256;
/// Instructions of a function that only weak evidence speaks for.
const MAX_WEAK_INSTRUCTIONS: usize = 5000;

pub(crate) struct Discovery<'a> {
    pub(crate) image: &'a Image,
    pub(crate) table: &'a Table,
    pub(crate) roles: &'a Roles,
    pub(crate) effort: &'a Effort,
    pub(crate) known: Known,
    pub(crate) explored: BTreeMap<VirtAddr, Explored>,
    pub(crate) work: u64,
    /// Entries left out because the effort was spent.
    pub(crate) skipped: BTreeSet<VirtAddr>,
}

impl<'a> Discovery<'a> {
    pub(crate) fn run(image: &'a Image, table: &'a Table, roles: &'a Roles, effort: &'a Effort) -> Self {
        let mut known = Known::of(image);
        let modeless = entries::stated(image, &mut known);
        let mut discovery = Self {
            image,
            table,
            roles,
            effort,
            known,
            explored: BTreeMap::new(),
            work: 0,
            skipped: BTreeSet::new(),
        };
        discovery.rounds();
        let candidates = modeless.into_iter().flat_map(|at| discovery.modes(at)).collect();
        discovery.try_weak(candidates, Origin::Unwind);
        let mut taken = entries::in_data(image);
        taken.extend(discovery.explored.values().flat_map(|explored| explored.taken.iter().copied()));
        discovery.try_weak(taken, Origin::Taken);
        discovery.scan_gaps();
        discovery
    }

    fn explorer(&self, max_instructions: usize) -> Explorer<'_> {
        let setting = Setting { image: self.image, table: self.table, roles: self.roles };
        Explorer { setting, known: &self.known, max_instructions }
    }

    fn explore_all(&self, entries: Vec<CodeAddr>, max_instructions: usize) -> Vec<Explored> {
        let explorer = self.explorer(max_instructions);
        let walk = |lifter: &mut Lifter<'a>, entry| explorer.explore(lifter, entry);
        entries.into_par_iter().map_init(|| Lifter::new(self.table), walk).collect()
    }

    fn rounds(&mut self) {
        for _ in 0..MAX_ROUNDS {
            let todo: Vec<CodeAddr> = self
                .known
                .entries
                .iter()
                .filter(|(address, _)| {
                    !self.explored.contains_key(address) && !self.skipped.contains(address)
                })
                .map(|(address, entry)| CodeAddr { address: *address, short: entry.short })
                .collect();
            if todo.is_empty() {
                return;
            }
            for found in self.explore_all(todo, self.effort.function_instructions) {
                self.accept(found);
            }
            let new = self.add_callees();
            self.forget_covering(&new);
            self.propagate_no_return();
        }
    }

    /// Keeps a walk if the effort allows.
    fn accept(&mut self, found: Explored) {
        if self.work >= self.effort.work_units {
            self.skipped.insert(found.entry.address);
            return;
        }
        self.work += found.work;
        self.explored.insert(found.entry.address, found);
    }

    fn add_callees(&mut self) -> Vec<VirtAddr> {
        let called: BTreeSet<CodeAddr> = self
            .explored
            .values()
            .flat_map(|explored| explored.calls.values())
            .filter_map(|call| match call.target {
                RawTarget::Code(code) if self.image.is_code(code.address) => Some(code),
                _ => None,
            })
            .collect();
        called
            .into_iter()
            .filter(|code| self.known.add(*code, Origin::Called))
            .map(|code| code.address)
            .collect()
    }

    /// Throws away walks that went through what is now known to be another function.
    fn forget_covering(&mut self, new: &[VirtAddr]) {
        if new.is_empty() {
            return;
        }
        for fragment in new {
            self.known.fragments.remove(fragment);
        }
        let covers = |explored: &Explored| {
            explored.blocks.iter().any(|(start, block)| {
                let from = new.partition_point(|address| address < start);
                new.get(from)
                    .is_some_and(|address| *address < block.end && *address != explored.entry.address)
            })
        };
        // A border behind a function changes which jumps leave it, too.
        let nearer = |explored: &Explored| {
            let reach = explored.blocks.keys().next_back().copied().unwrap_or_default();
            let from = new.partition_point(|address| *address <= explored.entry.address);
            new.get(from).is_some_and(|address| *address <= reach)
        };
        self.explored.retain(|_, explored| !covers(explored) && !nearer(explored));
    }

    /// Finds functions that never come back, and throws away walks that went on behind calls of them.
    fn propagate_no_return(&mut self) {
        let mut new: BTreeSet<VirtAddr> = BTreeSet::new();
        loop {
            let found: Vec<VirtAddr> = self
                .explored
                .iter()
                .filter(|(entry, explored)| !self.known.no_return.contains(*entry) && !self.returns(explored))
                .map(|(entry, _)| *entry)
                .collect();
            if found.is_empty() {
                break;
            }
            self.known.no_return.extend(&found);
            new.extend(found);
        }
        let goes_on = |explored: &Explored| {
            explored.calls.values().any(|call| {
                matches!(call.target, RawTarget::Code(code) if new.contains(&code.address))
                    && !call.tail
                    && !call.conditional
            })
        };
        self.explored.retain(|_, explored| !goes_on(explored));
    }

    /// Can it come back, as far as is known?
    pub(crate) fn returns(&self, explored: &Explored) -> bool {
        let comes_back = |place: &RawPlace| match place {
            RawPlace::Return | RawPlace::Unresolved => true,
            RawPlace::Stop(stop) => matches!(stop, Stop::Undecoded | Stop::Unmapped | Stop::Limit),
            RawPlace::To(..) => false,
            RawPlace::TailCall(op) => explored.calls.get(op).is_none_or(|call| match call.target {
                RawTarget::Code(code) => !self.known.no_return.contains(&code.address),
                RawTarget::Import(import) => self.known.import_returns(import),
                RawTarget::System | RawTarget::Unresolved => true,
            }),
        };
        !explored.complete
            || explored
                .blocks
                .values()
                .filter_map(|block| block.exit.as_ref())
                .any(|exit: &RawExit| exit.places().iter().any(comes_back))
    }

    /// The modes in which an address without a stated one may be tried, likeliest first.
    fn modes(&self, address: VirtAddr) -> Vec<CodeAddr> {
        let usual = match entries::marked_mode(self.image, address) {
            Some(Mode::Short) => true,
            Some(Mode::Normal | Mode::Data) => false,
            None => {
                let short = self.known.entries.values().filter(|entry| entry.short).count();
                2 * short > self.known.entries.len()
            }
        };
        [usual, !usual].map(|short| CodeAddr { address, short }).to_vec()
    }

    /// Believes candidates whose walk is clean, first come first served at one address.
    fn try_weak(&mut self, candidates: Vec<CodeAddr>, origin: Origin) {
        for at in &candidates {
            if let Some(entry) =
                self.known.entries.get_mut(&at.address).filter(|entry| entry.short == at.short)
            {
                entry.origins.insert(origin);
            }
        }
        let covered = self.covered();
        let free = |at: &CodeAddr| {
            !self.known.is_entry(at.address)
                && !self.known.stubs.contains_key(&at.address)
                && at.address.0.is_multiple_of(u64::from(self.table.alignment()))
                && (at.short
                    || self.table.step_on_error(self.explorer(0).context(at.short)) != 4
                    || at.address.0.is_multiple_of(4))
                && !is_inside(&covered, at.address)
        };
        let todo: Vec<CodeAddr> = candidates.into_iter().filter(free).collect();
        let found = self.explore_all(todo, MAX_WEAK_INSTRUCTIONS);
        let mut new = Vec::new();
        for explored in found {
            self.work += explored.work;
            let inside_new = self
                .explored
                .range(..=explored.entry.address)
                .next_back()
                .is_some_and(|(_, before)| before.covers(explored.entry.address));
            if explored.is_clean()
                && !explored.runs_on()
                && !inside_new
                && !self.known.is_entry(explored.entry.address)
            {
                self.known.add(explored.entry, origin);
                new.push(explored.entry.address);
                self.accept(explored);
            }
        }
        new.sort();
        self.forget_covering(&new);
        let called = self.add_callees();
        self.forget_covering(&called);
        self.propagate_no_return();
        self.rounds();
    }

    /// Ranges of walked instructions, merged, by address.
    pub(crate) fn covered(&self) -> Vec<(u64, u64)> {
        let mut all: Vec<(u64, u64)> = self
            .explored
            .values()
            .flat_map(|explored| explored.blocks.iter().map(|(start, block)| (start.0, block.end.0)))
            .filter(|(start, end)| start < end)
            .collect();
        all.sort_unstable();
        let mut merged: Vec<(u64, u64)> = Vec::new();
        for (start, end) in all {
            match merged.last_mut() {
                Some(last) if start <= last.1 => last.1 = last.1.max(end),
                _ => merged.push((start, end)),
            }
        }
        merged
    }

    /// Ranges of code that no walk has reached.
    pub(crate) fn gaps(&self) -> Vec<(u64, u64)> {
        let covered = self.covered();
        let mut gaps = Vec::new();
        for range in self.image.code_ranges() {
            let mut at = range.start;
            let from = covered.partition_point(|(_, end)| *end <= range.start);
            for (start, end) in covered.get(from..).unwrap_or_default().iter().take_while(|c| c.0 < range.end)
            {
                if *start > at {
                    gaps.push((at, *start));
                }
                at = at.max(*end);
            }
            if at < range.end {
                gaps.push((at, range.end));
            }
        }
        gaps
    }

    /// Looks for functions in what is left.
    fn scan_gaps(&mut self) {
        let gaps = self.gaps();
        let found: Vec<(Vec<CodeAddr>, u64)> = gaps
            .into_par_iter()
            .map_init(|| Lifter::new(self.table), |lifter, (start, end)| self.scan_gap(lifter, start, end))
            .collect();
        let mut new = Vec::new();
        for (entries, work) in found {
            self.work += work;
            new.extend(
                entries.into_iter().filter(|at| self.known.add(*at, Origin::Gap)).map(|at| at.address),
            );
        }
        self.forget_covering(&new);
        self.rounds();
    }

    fn scan_gap(&self, lifter: &mut Lifter<'_>, start: u64, end: u64) -> (Vec<CodeAddr>, u64) {
        let explorer = self.explorer(MAX_WEAK_INSTRUCTIONS);
        let (mut found, mut work, mut at, mut first) = (Vec::new(), 0, start, true);
        for _ in 0..MAX_TRIES {
            at = self.skip_padding(at, end);
            if at >= end {
                break;
            }
            let modes = self.modes(VirtAddr(at));
            let step =
                u64::from(self.table.step_on_error(explorer.context(modes.first().is_some_and(|m| m.short))));
            at = at.next_multiple_of(step.max(1));
            let Some(entry) = self.modes(VirtAddr(at)).first().copied().filter(|_| at < end) else { break };
            if entries::marked_mode(self.image, entry.address) == Some(Mode::Data) {
                at += step;
                continue;
            }
            let explored = explorer.explore(lifter, entry);
            work += explored.work;
            let believed = explored.is_clean()
                && !explored.runs_on()
                && explored.instructions.len() >= 2
                && (explored.has_frame || first && self.returns(&explored));
            if believed {
                found.push(entry);
                let reach = explored.blocks.values().map(|block| block.end.0).filter(|e| *e <= end).max();
                at = reach.unwrap_or(at).max(at + step);
                first = true;
            } else {
                // Functions stand at even places; on x86 compilers align them.
                at = if step == 1 { (at + 1).next_multiple_of(16) } else { at + step };
                first = false;
            }
        }
        (found, work)
    }

    /// Zeros, and the filler of x86 compilers (nops, int3).
    fn skip_padding(&self, mut at: u64, end: u64) -> u64 {
        let x86 = matches!(self.image.language, sleigh::LanguageId::X86 | sleigh::LanguageId::X86_64);
        while at < end {
            let bytes = self.image.bytes_from(VirtAddr(at));
            let size = match bytes {
                [0, ..] => 1,
                [0x90 | 0xcc, ..] if x86 => 1,
                _ if x86 => long_nop(bytes),
                _ => 0,
            };
            if size == 0 {
                break;
            }
            at += size;
        }
        at
    }
}

/// Length of a multi-byte no-operation of x86 (Intel SDM, table 4-12, with operand size and segment prefixes), or 0.
pub(crate) fn long_nop(bytes: &[u8]) -> u64 {
    let prefixes = bytes.iter().take(8).take_while(|byte| matches!(byte, 0x66 | 0x2e)).count();
    let (rest, prefixes) = (bytes.get(prefixes..).unwrap_or_default(), prefixes as u64);
    match rest {
        [0x90, ..] if prefixes > 0 => prefixes + 1,
        [0x0f, 0x1f, 0x00, ..] => prefixes + 3,
        [0x0f, 0x1f, 0x40, 0, ..] => prefixes + 4,
        [0x0f, 0x1f, 0x44, 0, 0, ..] => prefixes + 5,
        [0x0f, 0x1f, 0x80, 0, 0, 0, 0, ..] => prefixes + 7,
        [0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0, ..] => prefixes + 8,
        // 32-bit filler: lea 0(%esi),%esi and lea 0(%esi,1),%esi in their sizes.
        [0x8d, 0x74, 0x26, 0, ..] => 4,
        [0x8d, 0xb4, 0x26, 0, 0, 0, 0, ..] => 7,
        [0x8d, 0x76, 0, ..] => 3,
        [0x8d, 0xb6, 0, 0, 0, 0, ..] => 6,
        _ => 0,
    }
}

fn is_inside(ranges: &[(u64, u64)], address: VirtAddr) -> bool {
    let after = ranges.partition_point(|(start, _)| *start <= address.0);
    after.checked_sub(1).and_then(|index| ranges.get(index)).is_some_and(|(_, end)| address.0 < *end)
}
