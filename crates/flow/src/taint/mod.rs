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

mod calls;
mod memory;

use std::collections::{BTreeMap, BTreeSet};

use program::{FuncId, Program, VirtAddr};
use sleigh::pcode::Opcode;

use crate::facts::Edge;
use crate::function::{CallSite, FunctionFacts};
use crate::knowledge::Fact;
use crate::labels::{Labels, MAX_PARAMETERS};
use crate::value::{Value, ValueId};

pub(crate) use calls::INPUT_VARIABLE;
pub(crate) use memory::FEW;

/// Bytes behind the start of a global object that still belong to it.
const GLOBAL_REACH: u64 = 1024;
/// Looks at a function on average, by its size; a small one that everything goes through may be looked at more often.
const MAX_LOOKS: u64 = 60;

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
        let size = |facts: &FunctionFacts| facts.arena.values().len() as u64 + 1;
        let mut left = MAX_LOOKS * inputs.functions.iter().map(size).sum::<u64>();
        let mut pending: BTreeSet<usize> = (0..inputs.order.len()).collect();
        let rank: BTreeMap<FuncId, usize> = inputs.order.iter().copied().zip(0..).collect();
        let readers = readers(inputs);
        while let Some(next) = pending.pop_first() {
            let Some(id) = inputs.order.get(next).copied() else { continue };
            let Some(after) = inputs.functions.get(id.0 as usize).and_then(|f| left.checked_sub(size(f)))
            else {
                taint.complete = false;
                continue;
            };
            left = after;
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
        self.actual(function, self.own(function, value))
    }

    /// What a value of a function holds where that was called by this way, in the order of calls: each call passes what it
    /// passes, whatever others do.
    pub(crate) fn labels_by(
        &self,
        functions: &[FunctionFacts],
        way: &[Edge],
        function: FuncId,
        value: ValueId,
    ) -> Labels {
        let (mut function, mut labels) = (function, self.own(function, value));
        for edge in way.iter().rev().take_while(|edge| !edge.registered) {
            let site = functions.get(edge.caller.0 as usize).and_then(|facts| facts.calls.get(&edge.call));
            let Some(site) = site.filter(|_| edge.callee == function) else { break };
            let passed = labels.parameters().filter_map(|n| site.arguments.get(usize::from(n)));
            labels = passed.fold(labels.absolute(), |all, value| all.or(self.own(edge.caller, *value)));
            function = edge.caller;
        }
        self.actual(function, labels)
    }

    /// Parameters of the function that a value depends on.
    pub(crate) fn parameters(&self, function: FuncId, value: ValueId) -> Vec<u8> {
        self.own(function, value).parameters().collect()
    }

    /// What a value holds by what its own function says: parameters stand for what callers pass.
    fn own(&self, function: FuncId, value: ValueId) -> Labels {
        let own = self.locals.get(function.0 as usize).and_then(|l| l.values.get(value.0 as usize));
        own.copied().unwrap_or_default()
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
            Value::Sum(base, more) => self.moved(base, more).or(self.global(more as u64)),
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

    /// What a value moved by a constant holds: of an index into the stack, the constant says which object is meant.
    fn moved(&self, base: ValueId, more: i64) -> Labels {
        let Value::Binary(Opcode::IntAdd, _, a, b) = self.facts.arena.get(base) else {
            return self.label(base);
        };
        let part = |operand: ValueId| match self.facts.arena.get(operand) {
            Value::Stack(distance) => self.stack(distance.wrapping_add(more)),
            _ => self.label(operand),
        };
        part(a).or(part(b))
    }

    fn stack(&self, distance: i64) -> Labels {
        let slot = self.local.slots.range(..=distance).next_back();
        let slot =
            slot.filter(|(start, (size, _))| distance - **start < i64::from(*size)).map(|slot| slot.1.1);
        let object = self.local.stack.range(..=distance).next_back().map(|entry| *entry.1);
        slot.unwrap_or_default().or(object.unwrap_or_default())
    }

    /// The name of a file that stands in the program.
    fn name(&self, address: u64) -> Labels {
        self.inputs.names.get(&address).copied().unwrap_or_default()
    }

    fn global(&self, address: u64) -> Labels {
        let found = self.taint.globals.range(..=address).next_back();
        found.filter(|(start, _)| address - **start < GLOBAL_REACH).map(|e| *e.1).unwrap_or_default()
    }
}
