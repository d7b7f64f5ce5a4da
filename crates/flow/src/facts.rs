//! Everything that is known about a program: values, labels, calls, effects.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use program::image::Pointer;
use program::{BlockId, CallTarget, FuncId, Origin, Program, VirtAddr};
use rayon::prelude::*;

use crate::abi::CallRules;
use crate::cdecl::register_arguments;
use crate::decode::Decoder;
use crate::dispatch::{Dispatch, Row};
use crate::followed::followed;
use crate::function::{CallSite, FunctionFacts, Setting, StoreSite};
use crate::guard::Test;
use crate::knowledge::{Fact, facts_of, is_confidential, origin};
use crate::labels::Labels;
use crate::start::main_of;
use crate::taint::{Inputs, Taint};
use crate::value::{Value, ValueId};

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

/// How one function leads to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Edge {
    /// From.
    pub caller: FuncId,
    /// To.
    pub callee: FuncId,
    /// The call, by its place in [`program::Function::calls`].
    pub call: u32,
    /// Registered to be called later, rather than called.
    pub registered: bool,
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
    /// Indirect calls that `flow` resolved beyond what `program` did.
    pub resolved_calls: u64,
    /// Work done, in operations.
    pub work: u64,
    /// Functions whose values were not followed, or not to the end, because the effort was spent.
    pub cut: u64,
    /// False if a budget cut something.
    pub complete: bool,
}

/// Operations for decoding texts, in every program; as many as it has bytes of code come on top.
const DECODING: u64 = 400_000;
/// Entries of a table of function pointers that are looked at.
const MAX_TABLE: usize = 512;
/// Bytes that a pointer may be behind where a loop begins to fill an object.
const BEFORE: i64 = 8;
/// Words without a function pointer that end a table.
const TABLE_GAP: usize = 12;

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

    /// Finds the texts that the program computes and then compares with outside data, or runs.
    fn decode(&mut self, table: &'static sleigh::Table, convention: &'static sleigh::language::Convention) {
        let left = DECODING + self.program.coverage.code_bytes;
        let mut decoder = Decoder { program: self.program, table, convention, left };
        let mut found: BTreeMap<(FuncId, ValueId), Option<Vec<u8>>> = BTreeMap::new();
        let mut wanted = self.undetermined();
        wanted.extend(self.undetermined_beginnings());
        for (function, call, n, value) in wanted {
            let Some(own) = self.function(function) else { continue };
            let Some(site) = own.calls.get(&call) else { continue };
            let Some(argument) = site.arguments.get(usize::from(n)) else { continue };
            let moved = own.arena.distance(own.resolve(*argument), value).unwrap_or_default();
            let text = decoder.text(function, site.block, site.address, u32::from(n), moved);
            // One place may hold several texts in turn: then it is none.
            let slot = found.entry((function, value)).or_insert_with(|| text.clone());
            if *slot != text {
                *slot = None;
            }
        }
        self.work += left.saturating_sub(decoder.left);
        self.decoded = found.into_iter().filter_map(|(place, text)| Some((place, text?))).collect();
    }

    /// Places where comparisons begin that are partly in place, as [`Self::undetermined`].
    fn undetermined_beginnings(&self) -> Vec<(FuncId, u32, u8, ValueId)> {
        let mut all = Vec::new();
        for (function, own) in self.functions() {
            let tests = own.conditions.values().flat_map(|value| self.tests(function, own, *value, true));
            for (test, _) in tests {
                let Test::Text { call, left, right, .. } = test else { continue };
                let arguments =
                    own.calls.get(&call).map(|site| site.arguments.as_slice()).unwrap_or_default();
                for (value, other) in [(left, right), (right, left)] {
                    let moved = |argument: &ValueId| own.arena.distance(own.resolve(*argument), value);
                    let n = (0..).zip(arguments).find(|(_, a)| moved(a).is_some_and(|bytes| bytes < 0));
                    let outside = self.labels(function, other).meets(Labels::OUTSIDE.or(Labels::FILE));
                    if let Some((n, _)) = n.filter(|_| outside && self.is_hidden(function, own, value)) {
                        all.push((function, call, n, value));
                    }
                }
            }
        }
        all
    }

    /// Arguments that hold a text of the program which the file does not show: by function, call and number.
    fn undetermined(&self) -> Vec<(FuncId, u32, u8, ValueId)> {
        let mut all = Vec::new();
        for (function, own) in self.functions() {
            for (call, site) in &own.calls {
                let argument = |n: u8| site.arguments.get(usize::from(n)).copied();
                for fact in self.knowledge(function, *call) {
                    match *fact {
                        Fact::Compares { left, right, .. } => {
                            for (n, other) in [(left, right), (right, left)] {
                                let outside = argument(other).is_some_and(|v| {
                                    self.labels(function, v).meets(Labels::OUTSIDE.or(Labels::FILE))
                                });
                                let hidden = argument(n).filter(|v| self.is_hidden(function, own, *v));
                                if let Some(value) = hidden.filter(|_| outside) {
                                    all.push((function, *call, n, own.resolve(value)));
                                }
                            }
                        }
                        Fact::Does("process.exec", Some(n)) => {
                            let hidden = argument(n).filter(|v| self.is_hidden(function, own, *v));
                            all.extend(hidden.map(|value| (function, *call, n, own.resolve(value))));
                        }
                        _ => {}
                    }
                }
            }
        }
        all
    }

    /// Does a value point to memory that the program fills, with nothing from outside in it?
    fn is_hidden(&self, function: FuncId, own: &FunctionFacts, value: ValueId) -> bool {
        let value = own.resolve(value);
        let memory = match own.arena.get(value) {
            Value::Stack(_) | Value::Result(_) | Value::Merge { .. } => true,
            Value::Number(address) => {
                let access = self.program.image.access(VirtAddr(address));
                access.is_some_and(|access| access.write)
                    && !self.program.image.is_read_only(VirtAddr(address))
            }
            _ => false,
        };
        let clean = self.labels(function, value).is_none() && self.parameters(function, value).is_empty();
        memory && (clean || self.is_computed(function, own, value))
    }

    /// Does a function write bytes of its own making into an object on the stack? Compilers use one place for several
    /// objects, so what else was there says nothing.
    fn is_computed(&self, function: FuncId, own: &FunctionFacts, object: ValueId) -> bool {
        let Value::Stack(start) = own.arena.get(object) else { return false };
        // Compilers begin a few bytes before an object where they count up before they store.
        let near = |root: &ValueId| match own.arena.get(*root) {
            Value::Stack(place) => (start.saturating_sub(BEFORE)..=start).contains(&place),
            _ => false,
        };
        let starts = |to: ValueId| to != object && own.roots(to).iter().any(near);
        let own_making = |value: ValueId| {
            let computed =
                matches!(own.arena.get(value), Value::Unary(..) | Value::Binary(..) | Value::Sum(..));
            computed && self.labels(function, value).is_none()
        };
        own.stores.iter().any(|store| starts(store.to) && own_making(store.value))
    }

    /// Sensitive operations that a function performs itself.
    pub fn effects(&self, function: FuncId) -> &[Effect] {
        self.effects.get(function.0 as usize).map(Vec::as_slice).unwrap_or_default()
    }

    /// Ways from a function to others, sorted.
    pub fn callees(&self, function: FuncId) -> impl Iterator<Item = &Edge> {
        let low = Edge { caller: function, callee: FuncId(0), call: 0, registered: false };
        let high = Edge { caller: function, callee: FuncId(u32::MAX), call: u32::MAX, registered: true };
        self.edges.range(low..=high)
    }

    /// Ways to a function, sorted.
    pub fn callers(&self, function: FuncId) -> impl Iterator<Item = &Edge> {
        self.back.get(&function).into_iter().flatten()
    }

    /// The shortest ways from `start` against the direction of calls until `found` answers; `depth` limits.
    pub fn upwards<T>(
        &self,
        start: FuncId,
        depth: usize,
        found: impl Fn(FuncId) -> Option<T>,
    ) -> Option<(Vec<Edge>, T)> {
        self.search(start, depth, found, Direction::Up)
    }

    /// The shortest ways from `start` along calls until `found` answers.
    pub fn downwards<T>(
        &self,
        start: FuncId,
        depth: usize,
        found: impl Fn(FuncId) -> Option<T>,
    ) -> Option<(Vec<Edge>, T)> {
        self.search(start, depth, found, Direction::Down)
    }

    fn search<T>(
        &self,
        start: FuncId,
        depth: usize,
        found: impl Fn(FuncId) -> Option<T>,
        direction: Direction,
    ) -> Option<(Vec<Edge>, T)> {
        let mut from: BTreeMap<FuncId, Option<Edge>> = BTreeMap::from([(start, None)]);
        let mut todo = VecDeque::from([(start, 0)]);
        while let Some((at, distance)) = todo.pop_front() {
            if let Some(answer) = found(at) {
                return Some((self.trace(&from, at, direction), answer));
            }
            if distance == depth {
                continue;
            }
            let edges: Vec<Edge> = match direction {
                Direction::Up => self.callers(at).copied().collect(),
                Direction::Down => self.callees(at).copied().collect(),
            };
            for edge in edges {
                let next = if direction == Direction::Up { edge.caller } else { edge.callee };
                if let std::collections::btree_map::Entry::Vacant(slot) = from.entry(next) {
                    slot.insert(Some(edge));
                    todo.push_back((next, distance + 1));
                }
            }
        }
        None
    }

    /// Edges in the order of calls.
    fn trace(&self, from: &BTreeMap<FuncId, Option<Edge>>, end: FuncId, direction: Direction) -> Vec<Edge> {
        let mut edges = Vec::new();
        let mut at = end;
        while let Some(Some(edge)) = from.get(&at) {
            edges.push(*edge);
            at = if direction == Direction::Up { edge.callee } else { edge.caller };
        }
        if direction == Direction::Down {
            edges.reverse();
        }
        edges
    }

    /// Is the function started by nobody that is known, though its address is not taken either?
    pub fn is_unreferenced(&self, function: FuncId) -> bool {
        let known = [Origin::Entry, Origin::Loader, Origin::Symbol, Origin::Called, Origin::Taken];
        let code = self.program.function(function);
        self.callers(function).next().is_none()
            && code.is_some_and(|f| !f.origins.iter().any(|o| known.contains(o)))
    }

    fn direct_effects(&self, id: FuncId) -> Vec<Effect> {
        let Some(facts) = self.function(id) else { return Vec::new() };
        let of_call = |(call, site): (&u32, &CallSite)| {
            let call = *call;
            let known = self.knowledge(id, call).iter();
            let effects: Vec<Effect> = known
                .filter_map(|fact| match fact {
                    Fact::Does(operation, on) => {
                        let on = on.and_then(|n| site.arguments.get(usize::from(n)).copied());
                        Some(Effect { function: id, call, operation, on })
                    }
                    _ => None,
                })
                .collect();
            effects
        };
        facts.calls.iter().flat_map(of_call).collect()
    }

    fn connect(&mut self) {
        let mut edges = BTreeSet::new();
        let mut resolved = 0;
        for (caller, facts) in self.functions() {
            for (call, site) in &facts.calls {
                let edge = |callee, registered| Edge { caller, callee, call: *call, registered };
                let before = self.program.function(caller).and_then(|f| f.calls.get(*call as usize));
                if before.is_some_and(|before| before.target != site.target) {
                    resolved += 1;
                }
                if let CallTarget::Function(callee) = site.target {
                    edges.insert(edge(callee, false));
                }
                if site.target == CallTarget::Unresolved {
                    let found = self.table_targets(facts, site);
                    resolved += u64::from(!found.is_empty());
                    edges.extend(found.into_iter().map(|callee| edge(callee, false)));
                }
                let passed = site.arguments.iter().filter_map(|a| self.function_pointer(facts, *a));
                let started = name_of(self.program, site).and_then(|n| main_of(self.program, facts, site, n));
                edges.extend(passed.chain(started).map(|callee| edge(callee, true)));
            }
        }
        self.dispatches = self.program.functions().map(|(id, _)| self.find_dispatches(id)).collect();
        for dispatch in self.dispatches.iter().flatten() {
            let (caller, call) = (dispatch.function, dispatch.call);
            let edge = |row: &Row| Edge { caller, callee: row.function, call, registered: false };
            edges.extend(dispatch.rows.iter().map(edge));
        }
        for edge in &edges {
            self.back.entry(edge.callee).or_default().insert(*edge);
        }
        self.edges = edges;
        self.resolved_calls = resolved;
    }

    /// The function that a value points to. Small numbers are numbers.
    pub fn function_pointer(&self, facts: &FunctionFacts, value: ValueId) -> Option<FuncId> {
        let pointer = facts.arena.number(value).filter(|n| *n > 0xfff)?;
        self.program.function_at(self.program.image.code_addr(pointer).address)
    }

    /// Functions in the table in memory from which a pointer was loaded.
    fn table_targets(&self, facts: &FunctionFacts, site: &CallSite) -> BTreeSet<FuncId> {
        let mut found = BTreeSet::new();
        let mut todo: Vec<ValueId> = site.pointer.into_iter().collect();
        let mut seen = BTreeSet::new();
        while let Some(id) = todo.pop() {
            if !seen.insert(id) || seen.len() > 64 {
                continue;
            }
            match facts.arena.get(id) {
                Value::Number(address) => self.table_at(address, &mut found),
                Value::Sum(base, offset) => {
                    self.table_at(offset as u64, &mut found);
                    todo.push(base);
                }
                Value::Merge { .. } => todo.extend(facts.arena.operands(id).iter().map(|o| o.2)),
                value => todo.extend(facts.arena.inputs(value).into_iter().flatten()),
            }
        }
        found
    }

    fn table_at(&self, address: u64, found: &mut BTreeSet<FuncId>) {
        let image = &self.program.image;
        if address < 0x1000 || image.access(VirtAddr(address)).is_none() {
            return;
        }
        if let Some(function) = self.program.function_at(image.code_addr(address).address) {
            found.insert(function);
            return;
        }
        if image.is_code(VirtAddr(address)) {
            return;
        }
        let word = u64::from(image.pointer_size);
        let mut gap = 0;
        for place in (0..MAX_TABLE as u64).map(|n| VirtAddr(address).plus(n * word)) {
            let pointer = match image.pointer_at(place) {
                Some(Pointer::Local(target)) => Some(target.0),
                Some(_) => None,
                None => image.word_at(place).filter(|word| *word > 0xfff),
            };
            let function = pointer.and_then(|p| self.program.function_at(image.code_addr(p).address));
            gap = if function.is_some() { 0 } else { gap + 1 };
            found.extend(function);
            if gap > TABLE_GAP {
                break;
            }
        }
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

    fn callees_first(&self) -> Vec<FuncId> {
        let mut seen = vec![false; self.functions.len()];
        let mut order = Vec::new();
        for (root, _) in self.functions() {
            let mut stack = vec![(root, false)];
            while let Some((id, done)) = stack.pop() {
                if done {
                    order.push(id);
                    continue;
                }
                match seen.get_mut(id.0 as usize) {
                    Some(seen) if !*seen => *seen = true,
                    _ => continue,
                }
                stack.push((id, true));
                stack.extend(self.callees(id).map(|edge| (edge.callee, false)));
            }
        }
        order
    }

    /// Blocks that run only if control came through `block`.
    pub fn dominated(&self, function: FuncId, block: BlockId) -> BTreeSet<BlockId> {
        let Some(facts) = self.function(function) else { return BTreeSet::new() };
        let all = facts.dominance.order.iter().copied();
        all.filter(|b| facts.dominance.dominates(block, *b)).collect()
    }
}

/// Calls of functions that do nothing but jump on to an import are calls of the import.
fn through_thunks(program: &Program, mut functions: Vec<FunctionFacts>) -> Vec<FunctionFacts> {
    let thunk = |(id, own): (FuncId, &FunctionFacts)| {
        let code = program.function(id).filter(|code| code.blocks.len() == 1 && own.calls.len() == 1)?;
        let tail = code.calls.first().is_some_and(|call| call.tail);
        let target = own.calls.values().next().map(|site| site.target).filter(|_| tail)?;
        matches!(target, CallTarget::Import(_)).then_some((id, target))
    };
    let thunks: BTreeMap<FuncId, CallTarget> = (0..).map(FuncId).zip(&functions).filter_map(thunk).collect();
    let sites = functions.iter_mut().flat_map(|own| own.calls.values_mut());
    for site in sites {
        if let CallTarget::Function(callee) = site.target
            && let Some(target) = thunks.get(&callee)
        {
            site.target = *target;
        }
    }
    functions
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Up,
    Down,
}

pub(crate) fn name_of<'p>(program: &'p Program, site: &CallSite) -> Option<&'p str> {
    if site.system.is_some() {
        return site.system;
    }
    match site.target {
        CallTarget::Import(import) => program.image.import(import).map(|import| import.name.as_str()),
        CallTarget::Function(function) => program.function(function)?.name.as_deref(),
        CallTarget::Address(_) | CallTarget::System | CallTarget::Unresolved => None,
    }
}
