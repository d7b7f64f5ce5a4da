//! Walking one function: recursive descent, with decoder context and known values along the edges.
//!
//! Blocks are decoded when first reached and walked again whenever a joining path makes less known about registers
//! (see [`crate::state`]); that cannot go on for ever, because knowledge only shrinks. Jump targets found with more
//! knowledge stay: the walk may visit too much, never silently less.

mod blocks;
mod ways;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use sleigh::pcode::Ops;
use sleigh::{Context, LiftError, Lifter};

use crate::address::{ImportId, VirtAddr};
use crate::function::Stop;
use crate::image::CodeAddr;
use crate::instruction::{Flow, Instruction};
use crate::known::Known;
use crate::state::{Setting, State};
use blocks::Visit;

/// Where control goes, while blocks are still known by address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RawPlace {
    To(VirtAddr, Context),
    TailCall(u32),
    Return,
    Stop(Stop),
    Unresolved,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RawExit {
    Always(RawPlace),
    Branch { op: u32, when: bool, taken: RawPlace, otherwise: RawPlace },
    Switch { op: u32, cases: Vec<(u64, VirtAddr)> },
}

#[derive(Clone, Debug)]
pub(crate) struct RawBlock {
    pub(crate) context: Context,
    pub(crate) instructions: Range<u32>,
    pub(crate) end: VirtAddr,
    /// `None` until decoded.
    pub(crate) exit: Option<RawExit>,
    /// What is known at its start.
    pub(crate) state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum RawTarget {
    Code(CodeAddr),
    Import(ImportId),
    System,
    Unresolved,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RawCall {
    pub(crate) address: VirtAddr,
    pub(crate) target: RawTarget,
    pub(crate) indirect: bool,
    pub(crate) tail: bool,
    pub(crate) conditional: bool,
}

/// A walked function.
#[derive(Clone, Debug)]
pub(crate) struct Explored {
    pub(crate) entry: CodeAddr,
    pub(crate) blocks: BTreeMap<VirtAddr, RawBlock>,
    pub(crate) instructions: Vec<Instruction>,
    pub(crate) ops: Ops,
    /// By index of the calling operation; [`FALLS`] is set where there is none.
    pub(crate) calls: BTreeMap<u32, RawCall>,
    /// Addresses of code that stand in argument registers at calls or are stored.
    pub(crate) taken: BTreeSet<CodeAddr>,
    pub(crate) failures: Vec<LiftError>,
    pub(crate) complete: bool,
    /// Instructions walked, each time counted.
    pub(crate) work: u64,
    /// Does its first block make a stack frame?
    pub(crate) has_frame: bool,
    flows: BTreeMap<u32, Flow>,
}

/// The unchanging side of a walk.
pub(crate) struct Explorer<'a> {
    pub(crate) setting: Setting<'a>,
    pub(crate) known: &'a Known,
    /// Instructions of one function.
    pub(crate) max_instructions: usize,
}

/// Marks, in the index of a call's operation, a function that runs on into the next one without a call.
pub(crate) const FALLS: u32 = 1 << 31;

impl Explorer<'_> {
    pub(crate) fn context(&self, short: bool) -> Context {
        let table = self.setting.table;
        let context = table.default_context();
        match table.variable("TMode").or_else(|| table.variable("ISA_MODE")) {
            Some(variable) if short => context.with(variable, 1),
            _ => context,
        }
    }

    fn is_short(&self, context: Context) -> bool {
        let table = self.setting.table;
        let variable = table.variable("TMode").or_else(|| table.variable("ISA_MODE"));
        variable.is_some_and(|variable| context.value(variable) != 0)
    }

    /// Walks the function at `entry`.
    pub(crate) fn explore(&self, lifter: &mut Lifter<'_>, entry: CodeAddr) -> Explored {
        let found = Explored {
            entry,
            blocks: BTreeMap::new(),
            instructions: Vec::new(),
            ops: Ops::default(),
            calls: BTreeMap::new(),
            taken: BTreeSet::new(),
            failures: Vec::new(),
            complete: true,
            work: 0,
            has_frame: false,
            flows: BTreeMap::new(),
        };
        let border = self.known.next_entry(entry.address);
        let mut visit = Visit { explorer: self, lifter, found, border, queue: BTreeSet::new() };
        let state = State::at_entry(&self.setting, entry.address);
        visit.reach(entry.address, self.context(entry.short), &state);
        let mut tried = BTreeSet::new();
        loop {
            while let Some(block) = visit.queue.pop_first() {
                visit.run(block);
            }
            if !visit.solve_switches(&mut tried) {
                break;
            }
        }
        visit.found
    }
}

impl RawPlace {
    pub(crate) fn target(self) -> Option<(VirtAddr, Context)> {
        match self {
            Self::To(address, context) => Some((address, context)),
            Self::TailCall(_) | Self::Return | Self::Stop(_) | Self::Unresolved => None,
        }
    }
}

impl RawExit {
    fn is_unresolved(&self) -> bool {
        match self {
            Self::Always(place) => *place == RawPlace::Unresolved,
            Self::Branch { taken, .. } => *taken == RawPlace::Unresolved,
            Self::Switch { .. } => false,
        }
    }

    pub(crate) fn places(&self) -> Vec<RawPlace> {
        match self {
            Self::Always(place) => vec![*place],
            Self::Branch { taken, otherwise, .. } => vec![*taken, *otherwise],
            Self::Switch { .. } => Vec::new(),
        }
    }
}

impl Explored {
    /// Addresses where a path of this function ends because the bytes are no instruction, or not mapped.
    pub(crate) fn is_clean(&self) -> bool {
        let bad = |place: &RawPlace| {
            matches!(
                place,
                RawPlace::Stop(Stop::Undecoded | Stop::Unmapped | Stop::Limit) | RawPlace::Unresolved
            )
        };
        self.failures.is_empty()
            && self
                .blocks
                .values()
                .filter_map(|block| block.exit.as_ref())
                .all(|exit| !exit.places().iter().any(bad))
    }

    /// Does it run on into another function without a call?
    pub(crate) fn runs_on(&self) -> bool {
        self.calls.keys().any(|op| op & FALLS != 0)
    }

    /// The block that has this address inside an instruction or between two, but not as its start.
    pub(crate) fn covers(&self, address: VirtAddr) -> bool {
        self.blocks.range(..=address).next_back().is_some_and(|(_, block)| address < block.end)
    }
}
