//! Which labels the data of each function carries.
//!
//! A value and what it points to share one set: for "does what somebody sent reach this comparison" the difference does
//! not matter. Memory is a handful of objects a function: stack objects (where library functions write to, and what is
//! written at a computed distance from; up to the next one) and single stack slots, global objects, what parameters and
//! results point to. Flow through comparisons (implicit flow) is not followed.
//!
//! Bottom-up, a function's [`Summary`] tells in terms of its parameters what it returns and writes; top-down, `incoming`
//! tells what callers pass. Both only grow in a finite lattice ([`Labels`]), and a function is looked at again only when
//! something it depends on has grown, so the work ends.

use std::collections::{BTreeMap, BTreeSet};

use program::{CallTarget, FuncId, Program, VirtAddr};
use sleigh::pcode::Opcode;

use crate::facts::{Edge, name_of};
use crate::function::{CallSite, FunctionFacts};
use crate::knowledge::{Fact, Spot, origin};
use crate::labels::{Labels, MAX_PARAMETERS};
use crate::start::main_of;
use crate::value::{Value, ValueId};

/// Bytes behind the start of a global object that still belong to it.
const GLOBAL_REACH: u64 = 1024;
/// Bytes that are no object of their own.
const FEW: u64 = 16;
/// Looks at one function.
const MAX_LOOKS: u32 = 60;
/// Merges and loads followed to find what an address points into.
const MAX_ROOTS: usize = 16;

/// What calling a function does to labels; parameters stand for what the caller passes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Summary {
    result: Labels,
    written: [Labels; MAX_PARAMETERS as usize],
}

#[derive(Clone, Debug, Default)]
struct Local {
    /// By value id.
    values: Vec<Labels>,
    /// Objects on the stack, by where they start.
    stack: BTreeMap<i64, Labels>,
    /// Slots on the stack that are written as a whole: bytes and labels.
    slots: BTreeMap<i64, (u16, Labels)>,
    results: BTreeMap<u32, Labels>,
}

/// Labels of a whole program.
#[derive(Clone, Debug, Default)]
pub(crate) struct Taint {
    locals: Vec<Local>,
    summaries: Vec<Summary>,
    incoming: Vec<[Labels; MAX_PARAMETERS as usize]>,
    globals: BTreeMap<u64, Labels>,
    /// False if looks were cut.
    pub(crate) complete: bool,
}

/// What the fixpoint needs to know.
pub(crate) struct Inputs<'a> {
    pub(crate) program: &'a Program,
    pub(crate) functions: &'a [FunctionFacts],
    /// Library facts of a call, by function and call.
    pub(crate) knowledge: &'a dyn Fn(&CallSite) -> &'static [Fact],
    /// How functions lead to each other.
    pub(crate) edges: &'a BTreeSet<Edge>,
    /// Callers of each function.
    pub(crate) callers: &'a [BTreeSet<FuncId>],
    /// Names of files that stand in the program, by address.
    pub(crate) names: &'a BTreeMap<u64, Labels>,
    /// Callees before callers, as far as there is no recursion.
    pub(crate) order: &'a [FuncId],
}

impl Taint {
    pub(crate) fn of(inputs: &Inputs<'_>) -> Self {
        let count = inputs.functions.len();
        let mut taint = Self {
            locals: vec![Local::default(); count],
            summaries: vec![Summary::default(); count],
            incoming: vec![Default::default(); count],
            globals: BTreeMap::new(),
            complete: true,
        };
        taint.entry_points(inputs);
        let mut looks = vec![0_u32; count];
        let mut pending: BTreeSet<usize> = (0..inputs.order.len()).collect();
        let rank: BTreeMap<FuncId, usize> = inputs.order.iter().copied().zip(0..).collect();
        let readers = readers(inputs);
        while let Some(next) = pending.pop_first() {
            let Some(id) = inputs.order.get(next).copied() else { continue };
            let Some(look) = looks.get_mut(id.0 as usize) else { continue };
            *look += 1;
            if *look > MAX_LOOKS {
                taint.complete = false;
                continue;
            }
            let grown = taint.look(inputs, id);
            if grown.summary {
                let callers = inputs.callers.get(id.0 as usize).into_iter().flatten();
                pending.extend(callers.filter_map(|caller| rank.get(caller)));
            }
            pending.extend(grown.callees.iter().filter_map(|callee| rank.get(callee)));
            if grown.globals {
                pending.extend(readers.iter().filter_map(|reader| rank.get(reader)));
            }
        }
        taint
    }

    /// What a value of a function holds, callers included.
    pub(crate) fn labels(&self, function: FuncId, value: ValueId) -> Labels {
        let own = self.locals.get(function.0 as usize).and_then(|l| l.values.get(value.0 as usize));
        self.actual(function, own.copied().unwrap_or_default())
    }

    /// Parameters of the function that a value depends on.
    pub(crate) fn parameters(&self, function: FuncId, value: ValueId) -> Vec<u8> {
        let own = self.locals.get(function.0 as usize).and_then(|l| l.values.get(value.0 as usize));
        own.copied().unwrap_or_default().parameters().collect()
    }

    fn actual(&self, function: FuncId, relative: Labels) -> Labels {
        let incoming = self.incoming.get(function.0 as usize).copied().unwrap_or_default();
        let passed = relative.parameters().filter_map(|n| incoming.get(usize::from(n)));
        passed.fold(relative.absolute(), |all, labels| all.or(*labels))
    }

    /// Exported functions of a library take what their callers give them.
    fn entry_points(&mut self, inputs: &Inputs<'_>) {
        let image = &inputs.program.image;
        if image.interpreter.is_some() || image.kind != program::image::ImageKind::Shared {
            return;
        }
        for symbol in image.exports() {
            let function = inputs.program.function_at(symbol.address);
            if let Some(incoming) = function.and_then(|id| self.incoming.get_mut(id.0 as usize)) {
                *incoming = [Labels::EXPORT; MAX_PARAMETERS as usize];
            }
        }
    }

    fn look(&mut self, inputs: &Inputs<'_>, id: FuncId) -> Grown {
        let index = id.0 as usize;
        let mut grown = Grown::default();
        let Some(facts) = inputs.functions.get(index) else { return grown };
        let local = self.locals.get_mut(index).map(std::mem::take).unwrap_or_default();
        let summary = self.summaries.get(index).copied().unwrap_or_default();
        let mut look =
            Look { taint: self, inputs, id, facts, local, summary, grown: Grown::default(), changed: false };
        look.run();
        let (local, new) = (look.local, look.summary);
        grown.callees = look.grown.callees;
        grown.globals = look.grown.globals;
        grown.summary = new != summary;
        if let (Some(l), Some(s)) = (self.locals.get_mut(index), self.summaries.get_mut(index)) {
            *l = local;
            *s = new;
        }
        grown
    }
}

/// Functions with global addresses among their values.
fn readers(inputs: &Inputs<'_>) -> Vec<FuncId> {
    let image = &inputs.program.image;
    let global = |facts: &FunctionFacts| {
        facts.arena.values().any(|(_, value)| match value {
            Value::Number(n) => image.access(VirtAddr(n)).is_some_and(|access| access.write),
            Value::Sum(_, n) => image.access(VirtAddr(n as u64)).is_some_and(|access| access.write),
            _ => false,
        })
    };
    (0..).map(FuncId).zip(inputs.functions).filter(|(_, f)| global(f)).map(|(id, _)| id).collect()
}

#[derive(Default)]
struct Grown {
    summary: bool,
    globals: bool,
    callees: BTreeSet<FuncId>,
}

/// One look at one function.
struct Look<'t, 'i> {
    taint: &'t mut Taint,
    inputs: &'i Inputs<'i>,
    id: FuncId,
    facts: &'i FunctionFacts,
    local: Local,
    summary: Summary,
    grown: Grown,
    /// Has anything grown since the last round?
    changed: bool,
}

/// Adds labels to a set; `true` if it has grown.
fn grow(slot: &mut Labels, labels: Labels) -> bool {
    let more = slot.or(labels);
    std::mem::replace(slot, more) != more
}

impl Look<'_, '_> {
    fn run(&mut self) {
        if self.local.values.is_empty() {
            self.local.values.resize(self.facts.arena.values().len(), Labels::NONE);
            self.local.stack = self.objects().into_iter().map(|start| (start, Labels::NONE)).collect();
        }
        self.changed = true;
        for _ in 0..MAX_LOOKS {
            if !std::mem::take(&mut self.changed) {
                break;
            }
            self.values();
            self.memory();
        }
        for value in self.facts.returns.values() {
            self.summary.result = self.summary.result.or(self.label(*value));
        }
    }

    fn label(&self, value: ValueId) -> Labels {
        self.local.values.get(value.0 as usize).copied().unwrap_or_default()
    }

    /// Inputs have lower ids than what is made of them, except in merges.
    fn values(&mut self) {
        for (id, value) in self.facts.arena.values() {
            let more = self.derive(id, value);
            if let Some(slot) = self.local.values.get_mut(id.0 as usize) {
                self.changed |= grow(slot, more);
            }
        }
    }

    fn derive(&self, id: ValueId, value: Value) -> Labels {
        match value {
            Value::Number(address) => self.global(address).or(self.name(address)),
            Value::Stack(distance) => self.stack(distance),
            Value::Parameter(n) => {
                let written = self.summary.written.get(usize::from(n)).copied().unwrap_or_default();
                Labels::parameter(n).or(written)
            }
            Value::Result(call) => self.local.results.get(&call).copied().unwrap_or_default(),
            Value::Load { at, .. } => self.label(at),
            Value::Sum(base, more) => self.label(base).or(self.global(more as u64)),
            Value::Unary(Opcode::BoolNegate, ..) => Labels::NONE,
            Value::Unary(_, _, a) | Value::Reversed(_, a) => self.label(a),
            Value::Binary(..) if self.facts.arena.is_truth(id) => Labels::NONE,
            Value::Binary(_, _, a, b) => self.label(a).or(self.label(b)),
            Value::Choice { then, otherwise, .. } => self.label(then).or(self.label(otherwise)),
            Value::Merge { .. } => {
                let operands = self.facts.arena.operands(id).iter();
                operands.fold(Labels::NONE, |all, operand| all.or(self.label(operand.2)))
            }
            Value::Import(_) | Value::Entry(_) | Value::Unknown(_) => Labels::NONE,
        }
    }

    fn stack(&self, distance: i64) -> Labels {
        let slot = self.local.slots.range(..=distance).next_back();
        let slot =
            slot.filter(|(start, (size, _))| distance - **start < i64::from(*size)).map(|slot| slot.1.1);
        let object = self.local.stack.range(..=distance).next_back().map(|entry| *entry.1);
        slot.unwrap_or_default().or(object.unwrap_or_default())
    }

    /// Where objects on the stack start.
    fn objects(&self) -> BTreeSet<i64> {
        let mut starts = BTreeSet::new();
        let arena = &self.facts.arena;
        // Setting the end of a text at a computed place starts nothing.
        let indexed = self.facts.stores.iter().filter(|store| arena.number(store.value).is_none());
        for store in indexed.filter(|store| self.on_stack(store.to).is_none()) {
            let places = self.facts.roots(store.to);
            starts.extend(places.into_iter().filter_map(|place| self.on_stack(place)));
        }
        for call in self.facts.calls.values() {
            for fact in (self.inputs.knowledge)(call) {
                let (Fact::Source(_, to) | Fact::Through(_, to) | Fact::Copies(_, to)) = *fact else {
                    continue;
                };
                let written = match to {
                    Spot::Result => Vec::new(),
                    Spot::Argument(n) => {
                        let argument = call.arguments.get(usize::from(n)).copied().into_iter();
                        argument.filter(|place| self.few_bytes(call, n, *place).is_none()).collect()
                    }
                    Spot::From(n) => call.arguments.get(usize::from(n)..).unwrap_or_default().to_vec(),
                };
                starts.extend(written.into_iter().filter_map(|place| self.on_stack(place)));
            }
        }
        starts
    }

    fn on_stack(&self, place: ValueId) -> Option<i64> {
        match self.facts.arena.get(place) {
            Value::Stack(distance) => Some(distance),
            _ => None,
        }
    }

    /// The name of a file that stands in the program.
    fn name(&self, address: u64) -> Labels {
        self.inputs.names.get(&address).copied().unwrap_or_default()
    }

    fn global(&self, address: u64) -> Labels {
        let found = self.taint.globals.range(..=address).next_back();
        found.filter(|(start, _)| address - **start < GLOBAL_REACH).map(|e| *e.1).unwrap_or_default()
    }

    fn memory(&mut self) {
        for store in &self.facts.stores {
            let labels = self.label(store.value);
            match self.on_stack(store.to) {
                Some(distance) => self.write_slot(distance, store.size, labels),
                None => self.write(store.to, labels),
            }
        }
        for (index, call) in &self.facts.calls {
            self.call(*index, call);
        }
    }

    fn call(&mut self, index: u32, call: &CallSite) {
        let facts = (self.inputs.knowledge)(call);
        match call.target {
            CallTarget::Function(callee) if facts.is_empty() => self.internal(index, call, callee),
            _ if facts.is_empty()
                && call.target == CallTarget::Unresolved
                && self.through_table(index, call) => {}
            _ if facts.is_empty() => {
                let all = call.arguments.iter().fold(Labels::NONE, |all, a| all.or(self.label(*a)));
                self.result(index, all.data());
            }
            _ => {}
        }
        for fact in facts {
            self.fact(index, call, *fact);
        }
    }

    /// A call of any function of a table.
    fn through_table(&mut self, index: u32, call: &CallSite) -> bool {
        let low = Edge { caller: self.id, callee: FuncId(0), call: 0, registered: false };
        let high = Edge { caller: self.id, callee: FuncId(u32::MAX), call: u32::MAX, registered: true };
        let edges = self.inputs.edges.range(low..=high).filter(|e| e.call == index && !e.registered);
        let callees: Vec<FuncId> = edges.map(|edge| edge.callee).collect();
        for callee in &callees {
            self.internal(index, call, *callee);
        }
        !callees.is_empty()
    }

    fn internal(&mut self, index: u32, call: &CallSite, callee: FuncId) {
        let summary = self.taint.summaries.get(callee.0 as usize).copied().unwrap_or_default();
        let result = self.substitute(call, summary.result);
        self.result(index, result);
        for (argument, written) in call.arguments.iter().zip(summary.written) {
            let labels = self.substitute(call, written);
            self.write(*argument, labels);
        }
        for (n, argument) in call.arguments.iter().enumerate().take(usize::from(MAX_PARAMETERS)) {
            let passed = self.taint.actual(self.id, self.label(*argument));
            self.pass(callee, n, passed);
        }
    }

    fn pass(&mut self, callee: FuncId, parameter: usize, labels: Labels) {
        let incoming = self.taint.incoming.get_mut(callee.0 as usize);
        let Some(slot) = incoming.and_then(|all| all.get_mut(parameter)) else { return };
        if grow(slot, labels) {
            self.grown.callees.insert(callee);
        }
    }

    fn substitute(&self, call: &CallSite, labels: Labels) -> Labels {
        let passed = labels.parameters().filter_map(|n| call.arguments.get(usize::from(n)));
        passed.fold(labels.absolute(), |all, argument| all.or(self.label(*argument)))
    }

    fn fact(&mut self, index: u32, call: &CallSite, fact: Fact) {
        match fact {
            Fact::Source(labels, to) => {
                let named = call.arguments.first().and_then(|name| self.facts.arena.number(*name));
                let image = &self.inputs.program.image;
                let named = named.and_then(|name| image.c_string_at(VirtAddr(name)));
                self.arrive(index, call, origin(labels, named), to);
            }
            Fact::Through(n, to) => {
                let stream = call.arguments.get(usize::from(n)).copied();
                let on = stream.map(|s| self.taint.actual(self.id, self.label(s))).unwrap_or_default();
                let read = match stream {
                    Some(s) if on.read_through().is_none() && self.is_standard_input(s) => Labels::INPUT,
                    _ => on.read_through(),
                };
                self.arrive(index, call, read, to);
            }
            Fact::Opens(labels) => {
                // The name is the first or, relative to a folder, the second argument.
                let names = call.arguments.iter().take(2).map(|name| self.label(*name).of_name());
                let all = names.fold(labels, Labels::or);
                self.result(index, all);
            }
            Fact::Copies(from, to) => {
                let labels = self.collect(index, call, from);
                self.arrive(index, call, labels, to);
            }
            Fact::Derives => self.result(index, Labels::DERIVED),
            Fact::Calls(n, data) => self.callback(call, n, data),
            Fact::Compares { .. } | Fact::Does(..) | Fact::Decides => {}
        }
    }

    /// Descriptor 0, or a stream that comes from a variable of the library.
    fn is_standard_input(&self, stream: ValueId) -> bool {
        match self.facts.arena.get(stream) {
            Value::Number(0) | Value::Import(_) => true,
            Value::Load { at, .. } => match self.facts.arena.get(at) {
                Value::Import(_) => true,
                // A copied object: the library's variable has its place in this image.
                Value::Number(address) => {
                    let image = &self.inputs.program.image;
                    image.imports.iter().any(|import| import.stub == Some(VirtAddr(address)))
                        || image.symbols.iter().any(|s| {
                            s.address.0 == address
                                && s.kind == program::image::SymbolKind::Object
                                && s.dynamic
                        })
                }
                _ => false,
            },
            _ => false,
        }
    }

    fn callback(&mut self, call: &CallSite, n: u8, data: Option<u8>) {
        let Some(data) = data else { return self.started(call) };
        let Some(Value::Number(pointer)) =
            call.arguments.get(usize::from(n)).map(|a| self.facts.arena.get(*a))
        else {
            return;
        };
        let entry = self.inputs.program.image.code_addr(pointer).address;
        let Some(callee) = self.inputs.program.function_at(entry) else { return };
        let argument = call.arguments.get(usize::from(data)).copied();
        let labels = argument.map(|a| self.taint.actual(self.id, self.label(a)));
        self.pass(callee, 0, labels.unwrap_or_default());
    }

    /// `main(argc, argv, envp)`, which the library starts.
    fn started(&mut self, call: &CallSite) {
        let program = self.inputs.program;
        let Some(name) = name_of(program, call) else { return };
        let Some(main) = main_of(program, self.facts, call, name) else { return };
        let parameters = [(0, Labels::ARGUMENT), (1, Labels::ARGUMENT), (2, Labels::ENVIRONMENT)];
        for (parameter, labels) in parameters {
            self.pass(main, parameter, labels);
        }
    }

    fn collect(&self, index: u32, call: &CallSite, from: Spot) -> Labels {
        match from {
            Spot::Result => self.local.results.get(&index).copied().unwrap_or_default(),
            Spot::Argument(n) => {
                call.arguments.get(usize::from(n)).map(|a| self.label(*a)).unwrap_or_default()
            }
            Spot::From(n) => {
                let rest = call.arguments.get(usize::from(n)..).unwrap_or_default();
                rest.iter().fold(Labels::NONE, |all, a| all.or(self.label(*a)))
            }
        }
    }

    fn arrive(&mut self, index: u32, call: &CallSite, labels: Labels, to: Spot) {
        match to {
            Spot::Result => self.result(index, labels),
            Spot::Argument(n) => {
                if let Some(argument) = call.arguments.get(usize::from(n)).copied() {
                    match self.few_bytes(call, n, argument) {
                        Some((distance, size)) => self.write_slot(distance, size, labels),
                        None => self.write(argument, labels),
                    }
                }
            }
            Spot::From(n) => {
                for argument in call.arguments.get(usize::from(n)..).unwrap_or_default() {
                    self.write(*argument, labels);
                }
            }
        }
    }

    /// A slot on the stack that gets a few bytes, their count being the next argument: no object starts there.
    fn few_bytes(&self, call: &CallSite, n: u8, argument: ValueId) -> Option<(i64, u16)> {
        let distance = self.on_stack(argument)?;
        let count =
            call.arguments.get(usize::from(n) + 1).and_then(|count| self.facts.arena.number(*count))?;
        // `fread` counts elements: these do not say how many bytes come.
        let elements = call.arguments.len() > 3
            && (self.inputs.knowledge)(call).iter().any(|fact| matches!(fact, Fact::Through(3, _)));
        (!elements && (1..=FEW).contains(&count)).then_some((distance, count as u16))
    }

    fn write_slot(&mut self, distance: i64, size: u16, labels: Labels) {
        if !labels.is_none() {
            let slot = self.local.slots.entry(distance).or_default();
            slot.0 = slot.0.max(size);
            self.changed |= grow(&mut slot.1, labels);
        }
    }

    fn result(&mut self, index: u32, labels: Labels) {
        self.changed |= grow(self.local.results.entry(index).or_default(), labels);
    }

    /// Data with these labels is written to what an address points into.
    fn write(&mut self, to: ValueId, labels: Labels) {
        if labels.is_none() {
            return;
        }
        let mut todo = vec![to];
        let mut seen = BTreeSet::new();
        while let Some(id) = todo.pop() {
            if !seen.insert(id) || seen.len() > MAX_ROOTS {
                continue;
            }
            match self.facts.arena.get(id) {
                Value::Stack(distance) => {
                    self.changed |= grow(self.local.stack.entry(distance).or_default(), labels);
                }
                Value::Number(address) => self.write_global(address, labels),
                Value::Parameter(n) => {
                    if let Some(slot) = self.summary.written.get_mut(usize::from(n)) {
                        self.changed |= grow(slot, labels);
                    }
                }
                Value::Result(call) => self.result(call, labels),
                Value::Merge { .. } => todo.extend(self.facts.arena.operands(id).iter().map(|o| o.2)),
                Value::Choice { then, otherwise, .. } => todo.extend([then, otherwise]),
                Value::Sum(base, more) => {
                    todo.push(base);
                    self.write_global(more as u64, labels);
                }
                Value::Load { at: base, .. } => todo.push(base),
                Value::Binary(Opcode::IntAdd, _, a, b) => todo.extend([a, b]),
                _ => {}
            }
        }
    }

    fn write_global(&mut self, address: u64, labels: Labels) {
        let image = &self.inputs.program.image;
        if !image.access(VirtAddr(address)).is_some_and(|access| access.write) {
            return;
        }
        let labels = self.taint.actual(self.id, labels);
        let slot = self.taint.globals.entry(address).or_default();
        if grow(slot, labels) {
            self.grown.globals = true;
            self.changed = true;
        }
    }
}
