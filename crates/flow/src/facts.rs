//! Everything that is known about a program: values, labels, calls, effects.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use program::image::Pointer;
use program::{BlockId, CallTarget, FuncId, Origin, Program, VirtAddr};
use rayon::prelude::*;

use crate::abi::CallRules;
use crate::function::{CallSite, FunctionFacts, Setting};
use crate::knowledge::{Fact, facts_of};
use crate::labels::Labels;
use crate::taint::{Inputs, Taint};
use crate::value::{Value, ValueId};

/// How much work may be spent; the same effort cuts at the same place on every machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effort {
    /// Operations interpreted in one function.
    pub function_operations: u64,
}

impl Default for Effort {
    fn default() -> Self {
        Self { function_operations: 4_000_000 }
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
    checkers: Vec<bool>,
    /// Indirect calls that `flow` resolved beyond what `program` did.
    pub resolved_calls: u64,
    /// Work done, in operations.
    pub work: u64,
    /// False if a budget cut something.
    pub complete: bool,
}

/// Entries of a table of function pointers that are looked at.
const MAX_TABLE: usize = 512;
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
        let setting = Setting { program, image: &program.image, table, rules: &rules };
        let functions: Vec<FunctionFacts> = program
            .functions
            .par_iter()
            .map(|function| match function.stub {
                Some(_) => FunctionFacts { complete: true, ..FunctionFacts::default() },
                None => FunctionFacts::of(&setting, function, effort.function_operations),
            })
            .collect();
        let work = functions.iter().map(|f| f.work).sum();
        let complete = functions.iter().all(|f| f.complete);
        let mut facts = Self {
            program,
            functions,
            taint: Taint::default(),
            edges: BTreeSet::new(),
            back: BTreeMap::new(),
            effects: Vec::new(),
            checkers: Vec::new(),
            resolved_calls: 0,
            work,
            complete,
        };
        facts.connect();
        facts.taint = facts.spread();
        facts.complete &= facts.taint.complete;
        facts.effects = program.functions().map(|(id, _)| facts.direct_effects(id)).collect();
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
    pub fn text(&self, function: FuncId, value: ValueId) -> Option<&'p [u8]> {
        let facts = self.function(function)?;
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
                Fact::Source(labels, _) => all.or(*labels),
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
                edges.extend(passed.map(|callee| edge(callee, true)));
            }
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
        Taint::of(&Inputs {
            program,
            functions: &self.functions,
            knowledge: &knowledge,
            callers: &callers,
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

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Up,
    Down,
}

fn name_of<'p>(program: &'p Program, site: &CallSite) -> Option<&'p str> {
    if site.system.is_some() {
        return site.system;
    }
    match site.target {
        CallTarget::Import(import) => program.image.import(import).map(|import| import.name.as_str()),
        CallTarget::Function(function) => program.function(function)?.name.as_deref(),
        CallTarget::Address(_) | CallTarget::System | CallTarget::Unresolved => None,
    }
}
