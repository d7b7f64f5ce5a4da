//! How much of a program's code was understood, and what was not.

use sleigh::{LiftError, Lifter};

use crate::address::VirtAddr;
use crate::discover::Discovery;
use crate::explore::{RawExit, RawPlace, RawTarget};
use crate::linkage::Linkage;

/// How much of the code was understood.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Functions recovered, stubs of imports included.
    pub functions: u64,
    /// Bytes in executable sections (segments, where there are no sections).
    pub code_bytes: u64,
    /// Of those: bytes reached, and others that are padding or decode as instructions one after the other.
    pub decoded_bytes: u64,
    /// Of those: bytes that a walk from some function's entry reached.
    pub reached_bytes: u64,
    /// Calls and tail calls through registers or memory, unresolved jumps included.
    pub indirect_calls: u64,
    /// Of those: with a known target.
    pub resolved_indirect_calls: u64,
    /// Work units spent.
    pub work_units: u64,
    /// Was everything done that the effort could have cut?
    pub complete: bool,
}

/// Something in the program that was not understood.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BlindSpot {
    /// Kind.
    pub kind: BlindSpotKind,
    /// Where.
    pub address: VirtAddr,
    /// Bytes, or 0 for a single place.
    pub size: u64,
}

/// Kinds of blind spots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BlindSpotKind {
    /// A call whose target is not known.
    UnresolvedCall,
    /// A jump whose target is not known.
    UnresolvedJump,
    /// Bytes on a path that are no instruction.
    Undecoded,
    /// An instruction whose meaning is not known.
    Unimplemented,
    /// Executable bytes that nothing reaches and that are no padding.
    Unreached,
    /// A function cut at the limit of instructions.
    LargeFunction,
    /// A function left out because the effort was spent.
    EffortSpent,
}

/// Figures and blind spots of a discovery.
pub(crate) fn measure(discovery: &Discovery<'_>) -> (Coverage, Vec<BlindSpot>) {
    let code_bytes: u64 = discovery.image.code_ranges().iter().map(|range| range.end - range.start).sum();
    let gaps = discovery.gaps();
    let unreached: u64 = gaps.iter().map(|(start, end)| end - start).sum();
    let mut coverage = Coverage {
        functions: discovery.explored.len() as u64,
        code_bytes,
        reached_bytes: code_bytes - unreached,
        work_units: discovery.work,
        complete: !discovery.cut
            && discovery.skipped.is_empty()
            && discovery.explored.values().all(|explored| explored.complete),
        ..Coverage::default()
    };
    let mut spots = Vec::new();
    let mut spot = |kind, address, size| spots.push(BlindSpot { kind, address, size });
    for address in &discovery.skipped {
        spot(BlindSpotKind::EffortSpent, *address, 0);
    }
    for explored in discovery.explored.values() {
        if !explored.complete {
            spot(BlindSpotKind::LargeFunction, explored.entry.address, 0);
        }
        for call in explored.calls.values().filter(|call| call.indirect) {
            coverage.indirect_calls += 1;
            match call.target {
                RawTarget::Unresolved => spot(BlindSpotKind::UnresolvedCall, call.address, 0),
                _ => coverage.resolved_indirect_calls += 1,
            }
        }
        for block in explored.blocks.values() {
            let places = block.exit.as_ref().map(RawExit::places).unwrap_or_default();
            if places.contains(&RawPlace::Unresolved) {
                let last =
                    block.instructions.end.checked_sub(1).and_then(|i| explored.instructions.get(i as usize));
                coverage.indirect_calls += 1;
                spot(BlindSpotKind::UnresolvedJump, last.map_or(block.end, |last| last.address), 0);
            }
        }
        for failure in &explored.failures {
            let kind = match failure {
                LiftError::Unimplemented { .. } => BlindSpotKind::Unimplemented,
                _ => BlindSpotKind::Undecoded,
            };
            spot(kind, VirtAddr(failure.address()), 0);
        }
    }
    let mut lifter = Lifter::new(discovery.table);
    let linkage = Linkage::of(discovery, &mut lifter, &gaps);
    let mut undecoded = 0;
    for (start, end) in gaps {
        if coverage.work_units >= discovery.effort.work_units {
            coverage.complete = false;
            undecoded += end - start;
            spot(BlindSpotKind::Unreached, VirtAddr(start), end - start);
            continue;
        }
        let start = discovery.skip_padding(start, end);
        let (bad, padding, work) = sweep(discovery, &mut lifter, start, end);
        coverage.work_units += work;
        undecoded += bad;
        if !padding && !linkage.holds(discovery, &mut lifter, (start, end)) {
            spot(BlindSpotKind::Unreached, VirtAddr(start), end - start);
        }
    }
    coverage.decoded_bytes = code_bytes - undecoded;
    spots.sort();
    spots.dedup();
    (coverage, spots)
}

/// Decodes a gap instruction after instruction: bytes that are none, whether all of it is padding, and the work.
fn sweep(discovery: &Discovery<'_>, lifter: &mut Lifter<'_>, start: u64, end: u64) -> (u64, bool, u64) {
    let context = discovery.table.default_context();
    let (mut at, mut bad, mut padding, mut work) = (start, 0, true, 0);
    while at < end {
        let bytes = discovery.image.bytes_from(VirtAddr(at));
        let bytes = bytes.get(..bytes.len().min(32).min((end - at) as usize)).unwrap_or_default();
        if bytes.is_empty() {
            bad += end - at;
            break;
        }
        if bytes.first() == Some(&0) {
            at += 1;
            continue;
        }
        work += 1;
        match lifter.lift(bytes, at, context) {
            Ok(lifted) => {
                padding &= lifted.ops.is_empty();
                at += u64::from(lifted.length.max(1));
            }
            Err(LiftError::Unimplemented { length, .. }) if length > 0 => {
                padding = false;
                at += u64::from(length);
            }
            Err(_) => {
                let step = u64::from(discovery.table.step_on_error(context)).min(end - at);
                padding = false;
                bad += step;
                at += step;
            }
        }
    }
    (bad, padding, work)
}
