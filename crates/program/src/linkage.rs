//! What the loader alone runs to bind imports late.
//!
//! Behind the jump to an import stands what is run when that is called for the first time: it remembers a number and jumps
//! to the head that all share, which stands in front of the first jump to an import and ends in a jump that only the
//! loader can have filled in. Names of sections are not asked: whoever wrote the file chose them.

use std::collections::BTreeSet;

use sleigh::Lifter;

use crate::address::VirtAddr;
use crate::discover::Discovery;
use crate::explore::{Explored, RawCall, RawTarget};
use crate::instruction::{Flow, Way, WayKind};

/// Bytes that bind one import, and of the head; the largest of all processors.
const OWN: u64 = 16;
const HEAD: u64 = 32;
/// Bytes behind the head's jump: a distance that it loads, or what fills up a line.
const BEHIND: u64 = 16;
/// Instructions that lead to an import, the jump included.
const JUMP: usize = 4;

/// How straight code ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// It jumps to a place.
    Jump(u64),
    /// It jumps to what it has computed or loaded.
    Indirect,
}

pub(crate) struct Linkage {
    /// Ends of what only jumps to an import.
    ends: BTreeSet<u64>,
    /// Where heads begin.
    heads: BTreeSet<u64>,
}

impl Linkage {
    pub(crate) fn of(discovery: &Discovery<'_>, lifter: &mut Lifter<'_>, gaps: &[(u64, u64)]) -> Self {
        let (mut starts, mut ends) = (BTreeSet::new(), BTreeSet::new());
        for (start, end) in discovery.explored.values().flat_map(jumps) {
            starts.insert(start);
            ends.insert(end);
        }
        let before_stub = gaps.iter().filter(|(start, end)| end - start <= HEAD && starts.contains(end));
        let is_head = |(start, end): &&(u64, u64)| {
            straight(discovery, lifter, *start, *end)
                .is_some_and(|(how, rest)| how == End::Indirect && rest <= BEHIND)
        };
        let heads = before_stub.filter(is_head).map(|(start, _)| *start).collect();
        Self { ends, heads }
    }

    /// Is a gap such code, and nothing else?
    pub(crate) fn holds(
        &self,
        discovery: &Discovery<'_>,
        lifter: &mut Lifter<'_>,
        (start, end): (u64, u64),
    ) -> bool {
        if self.heads.contains(&start) || is_row(discovery, lifter, start, end) {
            return true;
        }
        let behind_stub = end - start <= OWN && self.ends.contains(&start);
        behind_stub
            && matches!(straight(discovery, lifter, start, end),
                Some((End::Jump(to), 0)) if self.heads.contains(&to))
    }
}

/// On MIPS, symbols tell where each import is bound: is a gap nothing but such places?
fn is_row(discovery: &Discovery<'_>, lifter: &mut Lifter<'_>, start: u64, end: u64) -> bool {
    let own = discovery.known.stubs.range(VirtAddr(start)..VirtAddr(end)).map(|(at, _)| at.0);
    let starts: Vec<u64> = own.collect();
    let ends = starts.iter().skip(1).copied().chain([end]);
    starts.first() == Some(&start)
        && starts.iter().zip(ends).all(|(start, end)| {
            straight(discovery, lifter, *start, end)
                .is_some_and(|(how, rest)| how == End::Indirect && rest <= BEHIND)
        })
}

/// Blocks that only jump to an import, by start and end; functions that end in such a jump have them as their own.
fn jumps(explored: &Explored) -> impl Iterator<Item = (u64, u64)> {
    let imported = |call: &&RawCall| call.tail && matches!(call.target, RawTarget::Import(_));
    let calls = explored.calls.values().filter(imported);
    let blocks = calls.filter_map(|call| explored.blocks.range(..=call.address).next_back());
    let only = blocks.filter(|(_, block)| block.instructions.len() <= JUMP);
    only.map(|(start, block)| (start.0, block.end.0))
}

/// How the code at `start` ends and how many bytes are left behind that, if it goes straight to a jump and does nothing
/// on the way that another part of the program or the system would see.
fn straight(discovery: &Discovery<'_>, lifter: &mut Lifter<'_>, start: u64, end: u64) -> Option<(End, u64)> {
    let context = discovery.table.default_context();
    let mut at = start;
    while at < end {
        let bytes = discovery.image.bytes_from(VirtAddr(at));
        let bytes = bytes.get(..bytes.len().min((end - at) as usize))?;
        let lifted = lifter.lift(bytes, at, context).ok()?;
        let flow = Flow::of(discovery.table, &lifted, VirtAddr(at));
        at += u64::from(lifted.length.max(1));
        let Some(flow) = flow else { continue };
        let [Way { kind, guard: None, .. }] = flow.ways.as_slice() else { return None };
        let rest = end.checked_sub(at)?;
        return match kind {
            WayKind::Jump(to) => Some((End::Jump(to.0), rest)),
            WayKind::JumpIndirect(_) | WayKind::CallIndirect(_) => Some((End::Indirect, rest)),
            _ => None,
        };
    }
    None
}
