//! A program: its image, its functions, and how much of it was understood.

use std::collections::BTreeMap;

use sleigh::{LiftError, Lifter, LoadError, Table};

use crate::address::{BlockId, FuncId, VirtAddr};
use crate::discover::Discovery;
use crate::explore::{Explored, FALLS, RawCall, RawExit, RawPlace, RawTarget};
use crate::function::{Block, Call, CallTarget, Exit, Function, Place, Stop};
use crate::image::Image;
use crate::known::Known;
use crate::registers::Roles;

/// How much work may be spent. A unit is one instruction walked once; the same effort cuts at the same place on every
/// machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effort {
    /// Units for the whole program; the last round of walks may go over it.
    pub work_units: u64,
    /// Instructions of one function.
    pub function_instructions: usize,
}

impl Default for Effort {
    fn default() -> Self {
        Self { work_units: 200_000_000, function_instructions: 100_000 }
    }
}

/// Why a program cannot be analysed at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AnalyzeError {
    /// The table of its language is missing or damaged.
    #[error("cannot use the instruction table of `{}`", language.name())]
    Table {
        /// The language.
        language: sleigh::LanguageId,
        /// What is wrong.
        #[source]
        source: LoadError,
    },
    /// The conventions of its language are not known.
    #[error("the registers of `{}` are not known", language.name())]
    Registers {
        /// The language.
        language: sleigh::LanguageId,
    },
}

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

/// An analysed program.
#[derive(Clone, Debug)]
pub struct Program {
    /// The file.
    pub image: Image,
    /// Functions, by entry; [`FuncId`] counts them.
    pub functions: Vec<Function>,
    /// How much was understood.
    pub coverage: Coverage,
    /// What was not understood, sorted.
    pub blind_spots: Vec<BlindSpot>,
}

/// Finds the functions of an image.
///
/// # Errors
/// [`AnalyzeError`] if there is no instruction table for its language.
pub fn analyze(image: Image, effort: &Effort) -> Result<Program, AnalyzeError> {
    let language = image.language;
    let table = sleigh::table(language).map_err(|source| AnalyzeError::Table { language, source })?;
    let roles =
        Roles::of(language, table).ok_or(AnalyzeError::Registers { language })?.in_abi(image.abi, table);
    let discovery = Discovery::run(&image, table, &roles, effort);
    let (coverage, blind_spots) = measure(&discovery);
    let functions = build(&image, &discovery);
    drop(discovery);
    Ok(Program { image, functions, coverage, blind_spots })
}

impl Program {
    /// A function by its id.
    pub fn function(&self, id: FuncId) -> Option<&Function> {
        self.functions.get(id.0 as usize)
    }

    /// The function that starts here.
    pub fn function_at(&self, entry: VirtAddr) -> Option<FuncId> {
        let found = self.functions.binary_search_by_key(&entry, |function| function.entry);
        found.ok().map(|index| FuncId(index as u32))
    }

    /// Every function with its id.
    pub fn functions(&self) -> impl Iterator<Item = (FuncId, &Function)> {
        (0..).map(FuncId).zip(&self.functions)
    }

    /// The table its code was lifted with.
    pub fn table(&self) -> Result<&'static Table, LoadError> {
        sleigh::table(self.image.language)
    }
}

/// Walks, turned into functions.
fn build(image: &Image, discovery: &Discovery<'_>) -> Vec<Function> {
    let ids: BTreeMap<VirtAddr, FuncId> = discovery.explored.keys().copied().zip((0..).map(FuncId)).collect();
    let mut stubs: BTreeMap<VirtAddr, crate::address::ImportId> = discovery
        .explored
        .iter()
        .filter_map(|(entry, explored)| Some((*entry, stub_of(explored)?)))
        .collect();
    let thunks: Vec<_> = discovery
        .explored
        .iter()
        .filter_map(|(entry, explored)| Some((*entry, *stubs.get(&only_jump(explored)?)?)))
        .collect();
    stubs.extend(thunks);
    let names = Names { image, known: &discovery.known, ids: &ids, stubs: &stubs };
    let each = discovery.explored.values().map(|explored| {
        let returns = !discovery.known.no_return.contains(&explored.entry.address);
        names.function(explored, returns)
    });
    each.collect()
}

/// The import that a function passes everything on to, if that is all it does.
fn stub_of(explored: &Explored) -> Option<crate::address::ImportId> {
    let mut calls = explored.calls.values();
    match (calls.next(), calls.next(), explored.blocks.len()) {
        (Some(call), None, 1) if explored.instructions.len() <= 8 => match call.target {
            RawTarget::Import(import) => Some(import),
            _ => None,
        },
        _ => None,
    }
}

/// Where a function of one jump leads: linkers put such in front of a stub of the other instruction set (ARM, `bx pc`).
fn only_jump(explored: &Explored) -> Option<VirtAddr> {
    let mut calls = explored.calls.values();
    match (calls.next()?, calls.next(), explored.instructions.len()) {
        (RawCall { target: RawTarget::Code(code), tail: true, .. }, None, 1) => Some(code.address),
        _ => None,
    }
}

struct Names<'a> {
    image: &'a Image,
    known: &'a Known,
    ids: &'a BTreeMap<VirtAddr, FuncId>,
    stubs: &'a BTreeMap<VirtAddr, crate::address::ImportId>,
}

impl Names<'_> {
    fn function(&self, explored: &Explored, returns: bool) -> Function {
        let entry = explored.entry.address;
        let blocks: BTreeMap<VirtAddr, BlockId> =
            explored.blocks.keys().copied().zip((0..).map(BlockId)).collect();
        let order: BTreeMap<u32, u32> = explored.calls.keys().copied().zip(0..).collect();
        let stub = self.stubs.get(&entry).copied();
        let symbol = self.image.function_symbol(entry).map(|symbol| symbol.name.clone());
        let imported = || Some(self.image.import(stub?)?.name.clone());
        let origins = self.known.entries.get(&entry).map(|entry| entry.origins.iter().copied().collect());
        Function {
            entry,
            context: explored.blocks.get(&entry).map(|block| block.context).unwrap_or_default(),
            name: symbol.or_else(imported),
            origins: origins.unwrap_or_default(),
            blocks: explored
                .blocks
                .iter()
                .map(|(start, block)| Block {
                    start: *start,
                    end: block.end,
                    context: block.context,
                    instructions: block.instructions.clone(),
                    exit: block.exit.as_ref().map_or(Exit::Always(Place::Stop(Stop::Limit)), |exit| {
                        exit_of(exit, &blocks, &order)
                    }),
                })
                .collect(),
            calls: self.calls(explored),
            returns,
            stub,
            in_library: false,
            instructions: explored.instructions.clone(),
            ops: explored.ops.clone(),
        }
    }

    fn calls(&self, explored: &Explored) -> Vec<Call> {
        let mut block_of = vec![BlockId(0); explored.instructions.len()];
        for (block, id) in explored.blocks.values().zip((0..).map(BlockId)) {
            let range = block.instructions.start as usize..block.instructions.end as usize;
            block_of.get_mut(range).unwrap_or_default().fill(id);
        }
        let each = explored.calls.iter().map(|(key, call)| {
            let op = key & !FALLS;
            let instruction = explored.instructions.partition_point(|i| i.first <= op).saturating_sub(1);
            Call {
                address: call.address,
                block: block_of.get(instruction).copied().unwrap_or(BlockId(0)),
                op,
                target: self.target(call.target),
                indirect: call.indirect,
                tail: call.tail,
                conditional: call.conditional,
            }
        });
        each.collect()
    }

    fn target(&self, target: RawTarget) -> CallTarget {
        match target {
            RawTarget::Import(import) => CallTarget::Import(import),
            RawTarget::System => CallTarget::System,
            RawTarget::Unresolved => CallTarget::Unresolved,
            RawTarget::Code(code) => match (self.stubs.get(&code.address), self.ids.get(&code.address)) {
                (Some(import), _) => CallTarget::Import(*import),
                (None, Some(function)) => CallTarget::Function(*function),
                (None, None) => CallTarget::Address(code.address),
            },
        }
    }
}

fn exit_of(exit: &RawExit, blocks: &BTreeMap<VirtAddr, BlockId>, calls: &BTreeMap<u32, u32>) -> Exit {
    let place = |place: &RawPlace| match place {
        RawPlace::To(address, _) => match blocks.get(address) {
            Some(block) => Place::Block(*block),
            None => Place::Stop(Stop::Limit),
        },
        RawPlace::TailCall(op) => calls.get(op).map_or(Place::Unresolved, |call| Place::TailCall(*call)),
        RawPlace::Return => Place::Return,
        RawPlace::Stop(stop) => Place::Stop(*stop),
        RawPlace::Unresolved => Place::Unresolved,
    };
    match exit {
        RawExit::Always(to) => Exit::Always(place(to)),
        RawExit::Branch { op, when, taken, otherwise } => {
            Exit::Branch { op: *op, when: *when, taken: place(taken), otherwise: place(otherwise) }
        }
        RawExit::Switch { op, cases } => {
            let cases = cases.iter().filter_map(|(value, to)| Some((*value, *blocks.get(to)?)));
            Exit::Switch { op: *op, cases: cases.collect() }
        }
    }
}

/// Figures and blind spots of a discovery.
fn measure(discovery: &Discovery<'_>) -> (Coverage, Vec<BlindSpot>) {
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
    let mut undecoded = 0;
    for (start, end) in gaps {
        if coverage.work_units >= discovery.effort.work_units {
            coverage.complete = false;
            undecoded += end - start;
            spot(BlindSpotKind::Unreached, VirtAddr(start), end - start);
            continue;
        }
        let (bad, padding, work) = sweep(discovery, &mut lifter, start, end);
        coverage.work_units += work;
        undecoded += bad;
        if !padding {
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
