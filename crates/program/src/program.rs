//! A program: its image, its functions, and how much of it was understood.

use std::collections::BTreeMap;

use sleigh::{LoadError, Table};

use crate::address::{BlockId, FuncId, VirtAddr};
use crate::coverage::{BlindSpot, Coverage, measure};
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
    let functions = build(&image, discovery.explored, &discovery.known);
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

/// Walks, turned into functions one after the other, so that nothing is held twice.
fn build(image: &Image, explored: BTreeMap<VirtAddr, Explored>, known: &Known) -> Vec<Function> {
    let ids: BTreeMap<VirtAddr, FuncId> = explored.keys().copied().zip((0..).map(FuncId)).collect();
    let mut stubs: BTreeMap<VirtAddr, crate::address::ImportId> =
        explored.iter().filter_map(|(entry, explored)| Some((*entry, stub_of(explored)?))).collect();
    let thunks: Vec<_> = explored
        .iter()
        .filter_map(|(entry, explored)| Some((*entry, *stubs.get(&only_jump(explored)?)?)))
        .collect();
    stubs.extend(thunks);
    let names = Names { image, known, ids: &ids, stubs: &stubs };
    let each = explored.into_values().map(|explored| {
        let returns = !known.no_return.contains(&explored.entry.address);
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
    fn function(&self, explored: Explored, returns: bool) -> Function {
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
            calls: self.calls(&explored),
            returns,
            stub,
            in_library: false,
            instructions: explored.instructions,
            ops: explored.ops,
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
