//! Walking one function: recursive descent, with decoder context and known values along the edges.
//!
//! Blocks are decoded when first reached and walked again whenever a joining path makes less known about registers
//! (see [`crate::state`]); that cannot go on for ever, because knowledge only shrinks. Jump targets found with more
//! knowledge stay: the walk may visit too much, never silently less.

mod blocks;
mod ways;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use sleigh::pcode::{Opcode, Ops, Varnode};
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
    /// What is known at its start, while the function is walked.
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
    /// Is the return address stored on the stack?
    pub(crate) saves_link: bool,
    /// Constants and tables that stand among the code: address and bytes.
    pub(crate) literals: BTreeSet<(u64, u16)>,
    flows: BTreeMap<u32, Flow>,
    /// Jumps to unknown addresses with the stack as it was at entry: by operation.
    leaving: BTreeMap<u32, RawCall>,
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
            saves_link: false,
            literals: BTreeSet::new(),
            flows: BTreeMap::new(),
            leaving: BTreeMap::new(),
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
        visit.note_tail_calls();
        visit.found.settled()
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
    /// Without what only the walk itself needs: all walks of a program are held until the last one is done.
    fn settled(mut self) -> Self {
        self.flows.clear();
        self.leaving.clear();
        self.blocks.values_mut().for_each(|block| block.state = State::default());
        self.ops.shrink_to_fit();
        self.instructions.shrink_to_fit();
        self
    }

    /// Is every path understood to its end?
    pub(crate) fn is_clean(&self) -> bool {
        self.is_plausible() && !self.leads_to(|place| place == RawPlace::Unresolved)
    }

    /// Does every path consist of instructions?
    pub(crate) fn is_plausible(&self) -> bool {
        self.failures.is_empty()
            && !self.leads_to(|place| {
                matches!(place, RawPlace::Stop(Stop::Undecoded | Stop::Unmapped | Stop::Limit))
            })
    }

    fn leads_to(&self, what: impl Fn(RawPlace) -> bool) -> bool {
        let exits = self.blocks.values().filter_map(|block| block.exit.as_ref());
        exits.flat_map(RawExit::places).any(what)
    }

    /// Does the first block decode to its end, as far as it was walked?
    pub(crate) fn entry_decodes(&self) -> bool {
        let block = self.blocks.get(&self.entry.address);
        let exit = block.and_then(|block| block.exit.as_ref());
        exit.is_some_and(|exit| {
            let bad =
                [RawPlace::Stop(Stop::Undecoded), RawPlace::Stop(Stop::Unmapped), RawPlace::Stop(Stop::Trap)];
            !exit.places().iter().any(|place| bad.contains(place))
        })
    }

    /// Does the first conditional branch of the first block depend on flags that nothing has set?
    pub(crate) fn reads_flags(&self, flags: &[Varnode]) -> bool {
        let Some(block) = self.blocks.get(&self.entry.address) else { return false };
        let range = block.instructions.start as usize..block.instructions.end as usize;
        let mut set: Vec<Varnode> = Vec::new();
        for instruction in self.instructions.get(range).unwrap_or_default() {
            let ops = self.ops.as_slice().get(instruction.ops()).unwrap_or_default();
            if ops.iter().any(|op| op.opcode() == Opcode::CBranch) {
                let read =
                    |flag: &&Varnode| ops.iter().any(|op| self.ops.inputs(op).any(|input| input == **flag));
                return flags.iter().filter(read).any(|flag| !set.contains(flag));
            }
            set.extend(ops.iter().filter_map(|op| op.output()).filter(|output| flags.contains(output)));
        }
        false
    }

    pub(crate) fn has_instruction(&self, address: VirtAddr) -> bool {
        self.instructions.iter().any(|instruction| instruction.address == address)
    }

    /// The functions that it runs on into without a call.
    pub(crate) fn runs_on(&self) -> impl Iterator<Item = VirtAddr> {
        let falls = self.calls.iter().filter(|(op, _)| *op & FALLS != 0);
        falls.filter_map(|(_, call)| match call.target {
            RawTarget::Code(code) => Some(code.address),
            RawTarget::Import(_) | RawTarget::System | RawTarget::Unresolved => None,
        })
    }
}
