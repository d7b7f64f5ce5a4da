//! Everything that is known about a program: values, labels, calls, effects.

mod connect;
mod decoded;
mod graph;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use program::{CallTarget, FuncId, Program, VirtAddr};
use rayon::prelude::*;

use crate::abi::CallRules;
use crate::cdecl::register_arguments;
use crate::dispatch::Dispatch;
use crate::followed::followed;
use crate::function::{CallSite, FunctionFacts, Setting, StoreSite};
use crate::guard::Edges;
use crate::knowledge::{Fact, facts_of, is_confidential, origin};
use crate::labels::Labels;
use crate::start::library_of;
use crate::taint::{Inputs, Taint};
use crate::value::ValueId;
use connect::through_thunks;
pub use graph::Edge;

/// How much work may be spent; the same effort cuts at the same place on every machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effort {
    /// Operations interpreted in one function.
    pub function_operations: u64,
    /// Bytes of code that are followed in the whole program.
    pub code_bytes: u64,
}

impl Default for Effort {
    fn default() -> Self {
        Self { function_operations: 4_000_000, code_bytes: 8 << 20 }
    }
}

/// Why a program gives no facts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FlowError {
    /// The instruction table is missing or damaged.
    #[error("cannot use the instruction table of `{}`", language.name())]
    Table {
        /// The language.
        language: sleigh::LanguageId,
        /// What is wrong.
        #[source]
        source: sleigh::LoadError,
    },
    /// The calling convention names registers that the table lacks.
    #[error("the calling convention of `{}` is not known", language.name())]
    Convention {
        /// The language.
        language: sleigh::LanguageId,
    },
}

/// A sensitive operation at one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Effect {
    /// Function in which it happens.
    pub function: FuncId,
    /// The call, by its place in [`program::Function::calls`].
    pub call: u32,
    /// Name of the operation, such as `process.exec`.
    pub operation: &'static str,
    /// What it is done on, if the knowledge names an argument.
    pub on: Option<ValueId>,
}

/// Facts about one program.
#[derive(Debug)]
pub struct Facts<'p> {
    program: &'p Program,
    functions: Vec<FunctionFacts>,
    taint: Taint,
    edges: BTreeSet<Edge>,
    back: BTreeMap<FuncId, BTreeSet<Edge>>,
    effects: Vec<Vec<Effect>>,
    dispatches: Vec<Vec<Dispatch>>,
    stores: BTreeMap<u64, Vec<(FuncId, StoreSite)>>,
    decoded: BTreeMap<(FuncId, ValueId), Vec<u8>>,
    checkers: Vec<bool>,
    /// What ways between blocks say, by function; read when first asked for, once all texts are known.
    pub(crate) asked: Vec<OnceLock<Edges>>,
    /// Indirect calls that `flow` resolved beyond what `program` did.
    pub resolved_calls: u64,
    /// Work done, in operations.
    pub work: u64,
    /// Functions whose values were not followed, or not to the end, because the effort was spent.
    pub cut: u64,
    /// False if a budget cut something.
    pub complete: bool,
}

impl<'p> Facts<'p> {
    /// Computes them.
    ///
    /// # Errors
    /// [`FlowError`] if the instruction table or the calling convention is missing.
    pub fn of(program: &'p Program, effort: &Effort) -> Result<Self, FlowError> {
        let language = program.image.language;
        let table = program.table().map_err(|source| FlowError::Table { language, source })?;
        let rules = CallRules::of(&program.image, table).ok_or(FlowError::Convention { language })?;
        let local = register_arguments(program, &rules);
        let setting = Setting { program, image: &program.image, table, rules: &rules, local: &local };
        let functions: Vec<FunctionFacts> = program
            .functions
            .par_iter()
            .zip(followed(program, effort.code_bytes))
            .enumerate()
            .map(|(index, (function, followed))| match function.stub {
                _ if function.in_library => FunctionFacts { complete: true, ..FunctionFacts::default() },
                Some(_) => FunctionFacts { complete: true, ..FunctionFacts::default() },
                None if !followed => FunctionFacts::default(),
                None => {
                    let id = FuncId(index as u32);
                    FunctionFacts::of(&setting, id, function, effort.function_operations)
                }
            })
            .collect();
        let functions = through_thunks(program, functions);
        let work = functions.iter().map(|f| f.work).sum();
        let cut = functions.iter().filter(|f| !f.complete).count() as u64;
        let mut facts = Self {
            program,
            functions,
            taint: Taint::default(),
            edges: BTreeSet::new(),
            back: BTreeMap::new(),
            effects: Vec::new(),
            dispatches: Vec::new(),
            stores: BTreeMap::new(),
            decoded: BTreeMap::new(),
            checkers: Vec::new(),
            asked: Vec::new(),
            resolved_calls: 0,
            work,
            cut,
            complete: cut == 0,
        };
        facts.connect();
        facts.stores = facts.global_stores();
        facts.taint = facts.spread();
        facts.complete &= facts.taint.complete;
        facts.effects = program.functions().map(|(id, _)| facts.direct_effects(id)).collect();
        facts.decode(table, rules.convention);
        facts.asked = program.functions.iter().map(|_| OnceLock::new()).collect();
        facts.checkers = program.functions().map(|(id, _)| facts.finds_checker(id)).collect();
        Ok(facts)
    }

    /// Does the function compare data from outside with what the device keeps, or ask a library that does?
    pub fn is_checker(&self, function: FuncId) -> bool {
        self.checkers.get(function.0 as usize).copied().unwrap_or_default()
    }

    /// The program.
    pub fn program(&self) -> &'p Program {
        self.program
    }

    /// Where the C library begins in a program that was linked with it; `None` in others.
    pub fn linked_in(&self) -> Option<VirtAddr> {
        library_of(self.program)
    }

    /// Facts of one function.
    pub fn function(&self, id: FuncId) -> Option<&FunctionFacts> {
        self.functions.get(id.0 as usize)
    }

    /// Facts of every function.
    pub fn functions(&self) -> impl Iterator<Item = (FuncId, &FunctionFacts)> {
        (0..).map(FuncId).zip(&self.functions)
    }

    /// The labels that a value carries, with what callers pass.
    pub fn labels(&self, function: FuncId, value: ValueId) -> Labels {
        self.taint.labels(function, value)
    }

    /// The labels that a value carries where its function was called by this way, in the order of calls.
    pub fn labels_by(&self, way: &[Edge], function: FuncId, value: ValueId) -> Labels {
        self.taint.labels_by(&self.functions, way, function, value)
    }

    /// The parameters of the function itself that a value depends on.
    pub fn parameters(&self, function: FuncId, value: ValueId) -> Vec<u8> {
        self.taint.parameters(function, value)
    }

    /// Name of what a call calls: an import, or a function of the program with a symbol.
    pub fn callee_name(&self, function: FuncId, call: u32) -> Option<&'p str> {
        name_of(self.program, self.function(function)?.calls.get(&call)?)
    }

    /// What the library knowledge says of a call.
    pub fn knowledge(&self, function: FuncId, call: u32) -> &'static [Fact] {
        self.callee_name(function, call).map(facts_of).unwrap_or_default()
    }

    /// The text that a value points to, if the program determines it: NUL-terminated, without the NUL.
    pub fn text(&self, function: FuncId, value: ValueId) -> Option<&[u8]> {
        let facts = self.function(function)?;
        if let Some(text) = self.decoded.get(&(function, facts.resolve(value))) {
            return Some(text);
        }
        let address = facts.arena.number(facts.resolve(value))?;
        let image = &self.program.image;
        image.is_read_only(VirtAddr(address)).then(|| image.c_string_at(VirtAddr(address))).flatten()
    }

    /// Bytes that a value points to, if the program determines them.
    pub fn bytes(&self, function: FuncId, value: ValueId, count: u64) -> Option<&'p [u8]> {
        let facts = self.function(function)?;
        let address = facts.arena.number(facts.resolve(value))?;
        let image = &self.program.image;
        let bytes = image.is_read_only(VirtAddr(address)).then(|| image.bytes_from(VirtAddr(address)))?;
        bytes.get(..usize::try_from(count).ok()?)
    }

    /// Calls of a function that bring in data from outside the program, with what they bring; by call.
    pub fn sources(&self, function: FuncId) -> Vec<(u32, Labels)> {
        let Some(facts) = self.function(function) else { return Vec::new() };
        let brought = |call: u32, site: &CallSite| {
            let known = self.knowledge(function, call).iter();
            known.fold(Labels::NONE, |all, fact| match fact {
                Fact::Source(labels, _) => {
                    let named = site.arguments.first().and_then(|name| self.text(function, *name));
                    all.or(origin(*labels, named))
                }
                Fact::Through(n, _) => {
                    let on = site.arguments.get(usize::from(*n)).map(|s| self.labels(function, *s));
                    match on.unwrap_or_default().read_through() {
                        Labels::NONE => all.or(Labels::INPUT),
                        labels => all.or(labels),
                    }
                }
                _ => all,
            })
        };
        let all = facts.calls.iter().map(|(call, site)| (*call, brought(*call, site)));
        all.filter(|(_, labels)| !labels.is_none()).collect()
    }

    /// Every call of a function through a table of names.
    pub fn dispatches(&self, function: FuncId) -> &[Dispatch] {
        self.dispatches.get(function.0 as usize).map(Vec::as_slice).unwrap_or_default()
    }

    /// Stores to a fixed address, in the order of functions.
    pub fn stores_to(&self, address: u64) -> &[(FuncId, StoreSite)] {
        self.stores.get(&address).map(Vec::as_slice).unwrap_or_default()
    }

    fn global_stores(&self) -> BTreeMap<u64, Vec<(FuncId, StoreSite)>> {
        let mut all: BTreeMap<u64, Vec<(FuncId, StoreSite)>> = BTreeMap::new();
        for (function, own) in self.functions() {
            for store in &own.stores {
                if let Some(address) = own.arena.number(store.to) {
                    all.entry(address).or_default().push((function, *store));
                }
            }
        }
        all
    }

    /// Sensitive operations that a function performs itself.
    pub fn effects(&self, function: FuncId) -> &[Effect] {
        self.effects.get(function.0 as usize).map(Vec::as_slice).unwrap_or_default()
    }

    fn spread(&self) -> Taint {
        let count = self.functions.len();
        let mut callers = vec![BTreeSet::new(); count];
        for edge in &self.edges {
            if let Some(slot) = callers.get_mut(edge.callee.0 as usize) {
                slot.insert(edge.caller);
            }
        }
        let program = self.program;
        let knowledge = move |site: &CallSite| name_of(program, site).map(facts_of).unwrap_or_default();
        let order = self.callees_first();
        let texts = program.image.strings(4).filter(|text| text.text.starts_with('/'));
        let label = |path: &str| match is_confidential(path.as_bytes()) {
            true => Labels::ON_KEPT.or(Labels::ON_SECRET),
            false => Labels::ON_KEPT,
        };
        let names = texts.map(|text| (text.address.0, label(text.text))).collect();
        Taint::of(&Inputs {
            program,
            functions: &self.functions,
            knowledge: &knowledge,
            edges: &self.edges,
            callers: &callers,
            names: &names,
            order: &order,
        })
    }
}

pub(crate) fn name_of<'p>(program: &'p Program, site: &CallSite) -> Option<&'p str> {
    if site.system.is_some() {
        return site.system;
    }
    called(program, site.target)
}

/// Name of what is called, if it has one.
pub(crate) fn called(program: &Program, target: CallTarget) -> Option<&str> {
    match target {
        CallTarget::Import(import) => program.image.import(import).map(|import| import.name.as_str()),
        CallTarget::Function(function) => program.function(function)?.name.as_deref(),
        CallTarget::Address(_) | CallTarget::System | CallTarget::Unresolved => None,
    }
}
