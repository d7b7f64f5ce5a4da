//! Finding all functions, in rounds.
//!
//! A round walks every entry not walked yet, in parallel, against one fixed [`Known`]; then what was found is added in the
//! order of addresses: called functions, functions that never come back. Walks that would now end differently (they ran
//! through a new entry, or on behind a call that never comes back) are thrown away and done again. Entries and no-return
//! functions only grow in number and both are bounded by the bytes of code, so the rounds end; [`MAX_ROUNDS`] is a
//! safety net.
//!
//! Strong evidence goes first (headers, symbols, unwinding tables, calls), then weaker ([`weak`]): entries without a mode,
//! addresses that the loader writes or code computes, functions with a prologue in gaps between known code ([`gaps`]),
//! words of data that look like addresses, and whatever else stands at the beginning of a gap.

mod gaps;
mod weak;

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use sleigh::{Lifter, Table};

use crate::address::VirtAddr;
use crate::entries;
use crate::explore::{Explored, Explorer, FALLS, RawExit, RawPlace, RawTarget};
use crate::function::{Origin, Stop};
use crate::image::{CodeAddr, Image, ImageKind};
use crate::known::Known;
use crate::program::Effort;
use crate::registers::Roles;
use crate::state::Setting;
use gaps::Look;
use weak::{Trust, callees};

const MAX_ROUNDS: usize = 64;
/// Walks between two looks at the effort that is left.
const AT_ONCE: usize = 1024;
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
    /// Was anything else left out for that reason?
    pub(crate) cut: bool,
    /// Functions that were walked, and of which it was not asked yet whether they come back.
    unasked: Vec<VirtAddr>,
    /// Candidates that proved to be none.
    rejected: BTreeSet<VirtAddr>,
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
            cut: false,
            unasked: Vec::new(),
            rejected: BTreeSet::new(),
        };
        discovery.rounds();
        let candidates = modeless.into_iter().map(|address| discovery.likely_mode(address)).collect();
        discovery.believe(candidates, Origin::Unwind, Trust::Plausible);
        // Small numbers look like addresses in an image that is loaded anywhere: there, code that is recognised by
        // its look comes before what is computed.
        if image.kind == ImageKind::Shared {
            discovery.believe(entries::relocated(image), Origin::Taken, Trust::Plausible);
            discovery.scan_gaps(Look::Prologue);
            discovery.believe_taken(Vec::new());
        } else {
            discovery.believe_taken(Vec::new());
            discovery.scan_gaps(Look::Prologue);
            discovery.believe(entries::in_data(image), Origin::Taken, Trust::Clean);
            discovery.believe_taken(Vec::new());
        }
        discovery.scan_gaps(Look::Prologue);
        discovery.scan_gaps(Look::Any);
        discovery.believe_taken(Vec::new());
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
            for some in todo.chunks(AT_ONCE) {
                if self.is_spent() {
                    self.skipped.extend(some.iter().map(|entry| entry.address));
                    continue;
                }
                for found in self.explore_all(some.to_vec(), self.effort.function_instructions) {
                    self.accept(found);
                }
            }
            let new = self.add_callees();
            self.forget_covering(&new);
            self.propagate_no_return();
        }
    }

    /// Keeps a walk if the effort allows.
    fn accept(&mut self, found: Explored) {
        if self.is_spent() {
            self.skipped.insert(found.entry.address);
            return;
        }
        self.work += found.work;
        self.unasked.push(found.entry.address);
        self.explored.insert(found.entry.address, found);
    }

    fn is_spent(&self) -> bool {
        self.work >= self.effort.work_units
    }

    fn add_callees(&mut self) -> Vec<VirtAddr> {
        let called: BTreeSet<CodeAddr> = self
            .explored
            .values()
            .flat_map(|explored| explored.calls.iter().filter(|(op, _)| *op & FALLS == 0))
            .filter_map(|(_, call)| match call.target {
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
    ///
    /// That changes only with a walk, or with the functions to which it leads: nobody else is asked again.
    fn propagate_no_return(&mut self) {
        let mut new: BTreeSet<VirtAddr> = BTreeSet::new();
        let mut todo = std::mem::take(&mut self.unasked);
        loop {
            let ends = |entry: &VirtAddr| {
                !self.known.no_return.contains(entry)
                    && self.explored.get(entry).is_some_and(|explored| !self.returns(explored))
            };
            let found: BTreeSet<VirtAddr> = todo.into_iter().filter(ends).collect();
            if found.is_empty() {
                break;
            }
            let leads = |explored: &Explored| callees(explored).any(|callee| found.contains(&callee));
            let before = self.explored.iter().filter(|(_, explored)| leads(explored));
            todo = before.map(|(entry, _)| *entry).collect();
            self.known.no_return.extend(&found);
            new.extend(found);
        }
        if new.is_empty() {
            return;
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
}
