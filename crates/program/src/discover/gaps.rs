//! Code that no walk has reached, and functions in it.
//!
//! Constants that code loads from among its instructions are no gaps. A function with a prologue (it stores the return
//! address on the stack, or, where the processor has done that, makes room there) is believed wherever it stands; one
//! without only right behind something known.

use rayon::prelude::*;
use sleigh::{LanguageId, Lifter};

use super::weak::Trust;
use super::{Discovery, MAX_WEAK_INSTRUCTIONS};
use crate::address::VirtAddr;
use crate::entries;
use crate::explore::{Explored, Explorer};
use crate::function::Origin;
use crate::image::{CodeAddr, Mode};

/// Gaps between two looks at the effort that is left.
const AT_ONCE: usize = 64;
/// Starts tried in one gap.
const MAX_TRIES: usize = 1 << 16;
/// Instructions of a first look at a start.
const GLANCE: usize = 16;

/// What a function in a gap must look like.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// It saves where it came from.
    Prologue,
    /// Anything clean, right behind something known.
    Any,
}

impl Discovery<'_> {
    /// Ranges of walked instructions, merged, by address.
    pub(crate) fn covered(&self) -> Vec<(u64, u64)> {
        let mut all: Vec<(u64, u64)> = self
            .explored
            .values()
            .flat_map(|explored| {
                let blocks = explored.blocks.iter().map(|(start, block)| (start.0, block.end.0));
                blocks.chain(explored.literals.iter().map(|(start, size)| (*start, start + u64::from(*size))))
            })
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
    pub(super) fn scan_gaps(&mut self, look: Look) {
        let gaps = self.gaps();
        let usual = self.is_usually_short();
        let this = &*self;
        let scan =
            |lifter: &mut Lifter<'_>, (start, end)| Scan::new(this, look, usual).run(lifter, start, end);
        let (mut candidates, mut work, mut cut) = (Vec::new(), 0, false);
        for some in gaps.chunks(AT_ONCE) {
            if self.work + work >= self.effort.work_units {
                cut = true;
                break;
            }
            let found: Vec<(Vec<CodeAddr>, u64)> =
                some.par_iter().copied().map_init(|| Lifter::new(this.table), scan).collect();
            work += found.iter().map(|found| found.1).sum::<u64>();
            candidates.extend(found.into_iter().flat_map(|found| found.0));
        }
        self.work += work;
        self.cut |= cut;
        let trust = if look == Look::Prologue { Trust::Plausible } else { Trust::Clean };
        self.believe(candidates, Origin::Gap, trust);
    }

    /// What compilers and linkers fill gaps with.
    pub(crate) fn skip_padding(&self, mut at: u64, end: u64) -> u64 {
        while at < end {
            let bytes = self.image.bytes_from(VirtAddr(at));
            let size = padding(self.image.language, bytes);
            if size == 0 {
                break;
            }
            at += size;
        }
        at.min(end)
    }
}

/// Length of an instruction at the start of the bytes that does nothing, or of a zero or breakpoint used as filler.
fn padding(language: LanguageId, bytes: &[u8]) -> u64 {
    use LanguageId::{Aarch64, ArmLe, Ppc32Be, Ppc64Be, Ppc64Le, Riscv32, Riscv64, X86, X86_64};
    match (language, bytes) {
        (_, [0, 0, 0, 0, ..]) => 4,
        (X86 | X86_64, [0 | 0x90 | 0xcc, ..]) => 1,
        (X86 | X86_64, _) => long_nop(bytes),
        (Ppc64Le, [0, 0, 0 | 0x42, 0x60, ..]) | (Ppc32Be | Ppc64Be, [0x60, 0 | 0x42, 0, 0, ..]) => 4,
        (Aarch64, [0x1f, 0x20, 0x03, 0xd5, ..]) => 4,
        (ArmLe, [0, 0xf0, 0x20, 0xe3, ..] | [0, 0, 0xa0, 0xe1, ..] | [0xaf, 0xf3, 0, 0x80, ..]) => 4,
        (ArmLe, [0, 0xbf, ..]) => 2,
        (Riscv32 | Riscv64, [0x13, 0, 0, 0, ..]) => 4,
        (Riscv32 | Riscv64, [1, 0, ..]) => 2,
        _ => 0,
    }
}

/// One gap being looked through.
struct Scan<'d> {
    discovery: &'d Discovery<'d>,
    look: Look,
    usual_short: bool,
    glance: Explorer<'d>,
    whole: Explorer<'d>,
    work: u64,
}

impl<'d> Scan<'d> {
    fn new(discovery: &'d Discovery<'d>, look: Look, usual_short: bool) -> Self {
        let (glance, whole) = (discovery.explorer(GLANCE), discovery.explorer(MAX_WEAK_INSTRUCTIONS));
        Self { discovery, look, usual_short, glance, whole, work: 0 }
    }

    fn run(mut self, lifter: &mut Lifter<'_>, start: u64, end: u64) -> (Vec<CodeAddr>, u64) {
        let (mut found, mut at, mut first) = (Vec::new(), start, true);
        // The first place behind something known where a function may start.
        let mut anchor = None;
        for _ in 0..MAX_TRIES {
            at = self.discovery.skip_padding(at, end);
            let entry = self.discovery.mode_at(VirtAddr(at), self.usual_short);
            let step = self.discovery.step(entry.short);
            at = at.next_multiple_of(step);
            if at >= end {
                break;
            }
            let entry = CodeAddr { address: VirtAddr(at), ..entry };
            match self.function(lifter, entry, first, &mut anchor) {
                Some(whole) => {
                    found.push(whole.entry);
                    anchor = None;
                    let ends = whole.blocks.values().map(|block| block.end.0);
                    at = ends.filter(|e| *e <= end).max().unwrap_or(at).max(at + step);
                    first = true;
                }
                None => {
                    // Functions stand at even places; on x86 compilers align them.
                    at = if step == 1 { (at + 1).next_multiple_of(16) } else { at + step };
                    first = false;
                }
            }
        }
        (found, self.work)
    }

    fn function(
        &mut self,
        lifter: &mut Lifter<'_>,
        entry: CodeAddr,
        first: bool,
        anchor: &mut Option<CodeAddr>,
    ) -> Option<Explored> {
        let discovery = self.discovery;
        if entries::marked_mode(discovery.image, entry.address) == Some(Mode::Data)
            || discovery.rejected.contains(&entry.address)
            || discovery.known.fragments.contains(&entry.address)
            || discovery.known.is_unwound_inside(entry.address)
        {
            return None;
        }
        let glance = self.glance.explore(lifter, entry);
        self.work += glance.work;
        if !discovery.may_start(&glance) {
            return None;
        }
        let start = *anchor.get_or_insert(entry);
        if !(first && self.look == Look::Any || self.has_prologue(&glance)) {
            return None;
        }
        let mut whole = self.whole.explore(lifter, start);
        self.work += whole.work;
        // What comes before the prologue belongs to the function if it leads there.
        if start != entry && !whole.has_instruction(entry.address) {
            whole = self.whole.explore(lifter, entry);
            self.work += whole.work;
        }
        let clean = whole.is_clean()
            && whole.runs_on().next().is_none()
            && whole.instructions.len() >= 2
            && discovery.returns(&whole);
        (self.look == Look::Prologue || clean).then_some(whole)
    }

    fn has_prologue(&self, seen: &Explored) -> bool {
        if self.discovery.roles.link.is_some() { seen.saves_link } else { seen.has_frame }
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
