//! From the program's own code to the functions of the library that it uses.

use std::collections::{BTreeMap, BTreeSet};

use program::image::Pointer;
use program::{Call, CallTarget, FuncId, Function, Origin, Program, VirtAddr};
use rayon::prelude::*;

use super::laboratory::{Laboratory, Open, Trials, Verdict};
use super::process::{Bench, Started};
use crate::abi::CallRules;
use crate::cdecl::register_arguments;
use crate::function::{FunctionFacts, Setting};
use crate::knowledge::{Fact, facts_of};
use crate::start::{MAIN, STARTER};
use crate::value::Value;

/// Bytes of code above which a function is not tried: the largest `strcmp` of glibc has 6 KiB, its `vfprintf` more, but
/// that is called by small ones.
const MAX_CODE: u64 = 12 << 10;
/// Functions tried. A static program with glibc has 1,000 to 3,000.
const MAX_FUNCTIONS: usize = 8_000;
/// Operations interpreted in one function, to see what it refers to.
const MAX_REFERENCES: u64 = 400_000;
/// Words of a table of function pointers that are looked at, and words without one that end it.
const MAX_TABLE: u64 = 256;
const TABLE_GAP: u64 = 8;
/// Distance that a load from the global pointer can have.
const GLOBAL_REACH: u64 = 0x8000;
/// Streams that a function is tried with.
const MAX_STREAMS: usize = 4;
/// Blocks of a function that passes on what it gets, with a choice by whether that is null.
const PASSED_ON: usize = 4;
/// Callees that are looked at to see whether a function only adds to one of them.
const MAX_CALLEES: usize = 24;

/// What was found.
#[derive(Default)]
pub(super) struct Found {
    pub(super) names: BTreeMap<FuncId, &'static str>,
    /// Functions that are the program's own, or named; `None` if nothing says which are.
    pub(super) followed: Option<BTreeSet<FuncId>>,
    /// Variables that hold the stream of standard input.
    pub(super) standard_inputs: BTreeSet<u64>,
    pub(super) work: u64,
    pub(super) left_out: usize,
}

pub(super) struct Search<'a> {
    program: &'a Program,
    laboratory: Laboratory<'a>,
    opened: Option<Open<'a>>,
    found: Found,
    /// What the functions that were looked at refer to.
    references: BTreeMap<FuncId, References>,
    seen: BTreeSet<FuncId>,
    tried: usize,
    /// The global pointer, as the file says or the started program has set it.
    global: Option<u64>,
    /// Where the library begins.
    boundary: VirtAddr,
}

/// What a function refers to.
#[derive(Default)]
struct References {
    functions: BTreeSet<FuncId>,
    /// Callees, and variables from which an argument of theirs is loaded.
    loaded: BTreeSet<(FuncId, u64)>,
}

impl<'a> Search<'a> {
    pub(super) fn run(program: &'a Program, started: &'a Started<'a>) -> Found {
        let laboratory = Laboratory::new(program, &started.process);
        let mut search = Self {
            program,
            laboratory,
            opened: None,
            found: Found::default(),
            references: BTreeMap::new(),
            seen: BTreeSet::new(),
            tried: 0,
            global: program.image.global_pointer.or_else(|| started.process.global_pointer()),
            boundary: VirtAddr(u64::MAX),
        };
        let main = started.main.and_then(|(_, main)| program.function_at(main));
        let Some(main) = main else {
            search.all();
            return search.found;
        };
        if let Some((starter, _)) = started.main {
            search.boundary = starter;
            search.found.names.extend(program.function_at(starter).map(|id| (id, STARTER)));
        }
        search.found.names.insert(main, MAIN);
        let (roots, alone) = (search.roots(main), search.alone());
        search.waves(&roots);
        let own = alone.iter().copied().filter(|id| !search.is_behind(*id)).collect();
        search.waves(&own);
        search.mark(&roots, own);
        search.inputs();
        search.found
    }

    /// Without a `main`, every function may be one of the library.
    fn all(&mut self) {
        let all: Vec<FuncId> = self.program.functions().map(|(id, _)| id).collect();
        self.attempt(&all);
    }

    /// Where the program's own code begins.
    fn roots(&self, main: FuncId) -> BTreeSet<FuncId> {
        let image = &self.program.image;
        let init = image.init.iter().chain(&image.entry);
        let mut roots: BTreeSet<FuncId> =
            init.filter_map(|at| self.program.function_at(at.address)).collect();
        roots.insert(main);
        roots
    }

    /// Functions that nothing refers to, or that run at the end. Libraries have many; only those before it count.
    fn alone(&self) -> BTreeSet<FuncId> {
        let fini = self.program.image.fini.iter().filter_map(|at| self.program.function_at(at.address));
        let mut roots: BTreeSet<FuncId> = fini.collect();
        let referred = [Origin::Entry, Origin::Loader, Origin::Called, Origin::Taken];
        let alone = |code: &Function| !code.origins.iter().any(|origin| referred.contains(origin));
        roots.extend(self.program.functions().filter(|(_, code)| alone(code)).map(|(id, _)| id));
        roots
    }

    /// Goes from functions to what they refer to, until the library begins: of functions behind that place, it is only
    /// asked what those they call ask the system for.
    fn waves(&mut self, start: &BTreeSet<FuncId>) {
        let mut wave: Vec<FuncId> = start.iter().copied().filter(|id| self.seen.insert(*id)).collect();
        while !wave.is_empty() {
            let unnamed: Vec<FuncId> = wave.into_iter().filter(|id| self.is_own(*id)).collect();
            let (library, own): (Vec<FuncId>, Vec<FuncId>) =
                unnamed.into_iter().partition(|id| self.is_behind(*id));
            self.look(&own);
            let next: BTreeSet<FuncId> = own
                .iter()
                .filter_map(|id| self.references.get(id))
                .flat_map(|r| &r.functions)
                .copied()
                .collect();
            wave = next.into_iter().filter(|id| self.seen.insert(*id)).collect();
            self.attempt(&wave);
            let called =
                library.iter().filter_map(|id| self.program.function(*id)).flat_map(|code| &code.calls);
            let called: BTreeSet<FuncId> = called.filter_map(callee).collect();
            let called: Vec<FuncId> = called.into_iter().filter(|id| self.seen.insert(*id)).collect();
            self.attempt_with(&called, Trials::Asking);
        }
    }

    /// Is it none that was recognised, apart from `main`?
    fn is_own(&self, id: FuncId) -> bool {
        self.found.names.get(&id).is_none_or(|name| *name == MAIN)
    }

    /// Does a function stand where linkers put what comes out of libraries: behind the function that starts `main`?
    fn is_behind(&self, id: FuncId) -> bool {
        self.program.function(id).is_some_and(|code| code.entry >= self.boundary)
    }

    /// Names those of some functions that are recognised.
    fn attempt(&mut self, candidates: &[FuncId]) {
        self.attempt_with(candidates, Trials::All);
        // Others may take the stream that one of them has opened.
        if self.opened.is_some() {
            let rest: Vec<FuncId> =
                candidates.iter().copied().filter(|id| !self.found.names.contains_key(id)).collect();
            self.attempt_with(&rest, Trials::All);
        }
    }

    fn attempt_with(&mut self, functions: &[FuncId], trials: Trials) {
        let known = |id: &FuncId| self.program.function(*id).is_some_and(may_be_known);
        let mut candidates: Vec<FuncId> = functions.iter().copied().filter(known).collect();
        let room = MAX_FUNCTIONS.saturating_sub(self.tried);
        self.found.left_out += candidates.len().saturating_sub(room);
        candidates.truncate(room);
        self.tried += candidates.len();
        let bench = || self.laboratory.process.bench();
        let each = candidates.par_iter().map_init(bench, |bench, id| (*id, self.verdict(bench, *id, trials)));
        let verdicts: Vec<(FuncId, Verdict<'a>)> = each.collect();
        for (id, verdict) in verdicts {
            self.found.work += verdict.work;
            self.found.names.extend(verdict.name.map(|name| (id, name)));
            self.opened = self.opened.take().or(verdict.open);
        }
    }

    fn verdict(&self, bench: &mut Bench<'a>, id: FuncId, trials: Trials) -> Verdict<'a> {
        let Some(code) = self.program.function(id) else { return Verdict::default() };
        let streams = self.streams(id);
        let mut verdict = self.laboratory.name(bench, code, trials, &streams);
        let Some(name) = verdict.name else { return verdict };
        let others = code.calls.iter().filter_map(callee).filter(|callee| *callee != id);
        let mut callees = others.filter_map(|callee| self.program.function(callee));
        let starts = facts_of(name).iter().any(|fact| matches!(fact, Fact::Does(..)));
        let mut adds = |callee: &Function| {
            let inner = self.laboratory.name(bench, callee, trials, &streams);
            verdict.work += inner.work;
            inner.name.is_some_and(|inner| inner == name || starts && compares(inner))
        };
        // It is for others to see what it adds, if it can add anything. What stands in the library adds nothing to it.
        if code.blocks.len() > PASSED_ON
            && !self.is_behind(id)
            && callees.by_ref().take(MAX_CALLEES).any(|callee| may_be_known(callee) && adds(callee))
        {
            verdict.name = None;
        }
        verdict
    }

    /// Streams that a function may be given: one that was opened, and those that its callers load.
    fn streams(&self, id: FuncId) -> Vec<Open<'a>> {
        let process = self.laboratory.process;
        let loaded = self.references.values().flat_map(|r| &r.loaded).filter(|(callee, _)| *callee == id);
        let pointers = loaded.filter_map(|(_, variable)| process.word(*variable)).filter(|p| *p > 0xfff);
        let pointers: BTreeSet<u64> = pointers.collect();
        let standard = pointers.into_iter().map(|stream| Open { process: process.clone(), stream });
        self.opened.iter().cloned().chain(standard).take(MAX_STREAMS).collect()
    }

    /// Finds out what functions refer to.
    fn look(&mut self, functions: &[FuncId]) {
        let Ok(table) = self.program.table() else { return };
        let Some(rules) = CallRules::of(&self.program.image, table) else { return };
        let local = register_arguments(self.program, &rules);
        let image = &self.program.image;
        let setting = Setting { program: self.program, image, table, rules: &rules, local: &local };
        let looked: Vec<(FuncId, References)> = functions
            .par_iter()
            .filter_map(|id| {
                let code = self.program.function(*id)?;
                let facts = FunctionFacts::of(&setting, *id, code, MAX_REFERENCES);
                Some((*id, self.references_of(code, &facts)))
            })
            .collect();
        self.references.extend(looked);
    }

    fn references_of(&self, code: &Function, facts: &FunctionFacts) -> References {
        let mut all = References::default();
        let called =
            code.calls.iter().map(|call| call.target).chain(facts.calls.values().map(|site| site.target));
        all.functions.extend(called.filter_map(|target| match target {
            CallTarget::Function(callee) => Some(callee),
            _ => None,
        }));
        for (_, value) in facts.arena.values() {
            match value {
                Value::Number(number) => self.refer(number, &mut all.functions),
                Value::Sum(_, number) => self.refer(number as u64, &mut all.functions),
                _ => {}
            }
        }
        for site in facts.calls.values() {
            let CallTarget::Function(callee) = site.target else { continue };
            for argument in &site.arguments {
                let Value::Load { at, .. } = facts.arena.get(*argument) else { continue };
                all.loaded.extend(facts.arena.number(at).map(|variable| (callee, variable)));
            }
        }
        all
    }

    /// The function at an address, or those in the table there.
    fn refer(&self, address: u64, found: &mut BTreeSet<FuncId>) {
        let image = &self.program.image;
        let function = |pointer: u64| self.program.function_at(image.code_addr(pointer).address);
        if address < 0x1000 || image.access(VirtAddr(address)).is_none() {
            return;
        }
        if let Some(function) = function(address) {
            found.insert(function);
            return;
        }
        if image.is_code(VirtAddr(address)) {
            return;
        }
        let word = u64::from(image.pointer_size);
        // What the global pointer reaches is a table of everything, of which each place is used alone.
        let shared = self.global.is_some_and(|global| address.abs_diff(global) <= GLOBAL_REACH);
        let most = if shared { 1 } else { MAX_TABLE };
        let mut gap = 0;
        for place in (0..most).map(|n| VirtAddr(address).plus(n * word)) {
            let pointer = match image.pointer_at(place) {
                Some(Pointer::Local(target)) => Some(target.0),
                Some(_) => None,
                None => image.word_at(place).filter(|word| *word > 0xfff),
            };
            let pointed = pointer.and_then(function);
            gap = if pointed.is_some() { 0 } else { gap + 1 };
            found.extend(pointed);
            if gap > TABLE_GAP {
                break;
            }
        }
    }

    /// Marks what the program's own code leads to, if it does not go through the library.
    fn mark(&mut self, roots: &BTreeSet<FuncId>, alone: BTreeSet<FuncId>) {
        let mut followed: BTreeSet<FuncId> = roots.clone();
        let mut todo: Vec<FuncId> = roots.iter().copied().collect();
        while let Some(id) = todo.pop() {
            if !self.is_own(id) {
                continue;
            }
            let next = self.references.get(&id).into_iter().flat_map(|r| &r.functions);
            todo.extend(next.filter(|next| followed.insert(**next)));
        }
        followed.extend(alone);
        self.found.followed = Some(followed);
    }

    /// Finds the variables from which the program takes the stream of standard input.
    fn inputs(&mut self) {
        let all: BTreeSet<(FuncId, u64)> =
            self.references.values().flat_map(|r| &r.loaded).copied().collect();
        for (callee, variable) in all {
            let process = self.laboratory.process;
            let name = self.found.names.get(&callee).copied();
            let reader =
                name.filter(|name| facts_of(name).iter().any(|fact| matches!(fact, Fact::Through(..))));
            let (Some(name), Some(code), Some(stream)) =
                (reader, self.program.function(callee), process.word(variable))
            else {
                continue;
            };
            let open = Open { process: process.clone(), stream };
            if self.laboratory.descriptor(code, name, &open) == Some(0) {
                self.found.standard_inputs.insert(variable);
            }
        }
    }
}

fn callee(call: &Call) -> Option<FuncId> {
    match call.target {
        CallTarget::Function(callee) => Some(callee),
        _ => None,
    }
}

fn compares(name: &str) -> bool {
    facts_of(name).iter().any(|fact| matches!(fact, Fact::Compares { .. }))
}

fn may_be_known(code: &Function) -> bool {
    code.name.is_none() && code.stub.is_none() && code.code_bytes() <= MAX_CODE
}
