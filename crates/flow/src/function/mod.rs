//! What one function computes: an abstract interpretation of its P-code.
//!
//! Each block is carried out on a [`State`] of symbolic values; where ways meet, states meet ([`State::meet`]). A place
//! that holds different values at a meeting point becomes a merge of that block and stays one, and a place that one way
//! does not know is lost; each can happen once per block and place, every cycle of blocks has a block with a way in from
//! outside where its values meet, so the iteration ends. A cap on visits guards against our own mistakes.
//!
//! Assumptions, made to find things rather than to show their absence: stores through unknown pointers do not hit
//! tracked stack slots; a callee that gets the address of a stack slot may change the `REACH` bytes from there on.

mod call;
mod fixpoint;
mod memory;
mod operation;

use std::collections::{BTreeMap, BTreeSet};

use program::image::Image;
use program::{BlockId, Call, CallTarget, FuncId, Function, Program, VirtAddr};
use sleigh::Table;
use sleigh::pcode::{Opcode, Varnode};

use crate::abi::CallRules;
use crate::graph::Dominance;
use crate::state::Places;
use crate::value::{Arena, Value, ValueId};

/// Values looked at to find what an address is computed from.
const MAX_ROOTS: usize = 24;
/// A call with what it passes.
#[derive(Clone, Debug)]
pub struct CallSite {
    /// The calling instruction.
    pub address: VirtAddr,
    /// Its block.
    pub block: BlockId,
    /// What is called.
    pub target: CallTarget,
    /// Name of the system call that is made, in the program's own code or through the library's `syscall`.
    pub system: Option<&'static str>,
    /// What it passes, as far as the convention tells; the callee may take fewer.
    pub arguments: Vec<ValueId>,
    /// What stands in a structure that the started program gets, as far as the function keeps it on its stack.
    pub handed: Vec<ValueId>,
    /// The computed target of an indirect call.
    pub pointer: Option<ValueId>,
    /// It happens only if this value has this truth (conditional execution).
    pub condition: Option<(ValueId, bool)>,
}

/// A store to memory other than tracked stack slots.
#[derive(Clone, Copy, Debug)]
pub struct StoreSite {
    /// The storing instruction.
    pub address: VirtAddr,
    /// Its block.
    pub block: BlockId,
    /// Where to.
    pub to: ValueId,
    /// What.
    pub value: ValueId,
    /// Bytes.
    pub size: u16,
}

/// Facts of one function.
#[derive(Clone, Debug, Default)]
pub struct FunctionFacts {
    /// Its values.
    pub arena: Arena,
    /// Dominance between its blocks.
    pub dominance: Dominance,
    /// Calls that were reached, by their place in [`Function::calls`].
    pub calls: BTreeMap<u32, CallSite>,
    /// Stores, in order of address.
    pub stores: Vec<StoreSite>,
    /// The condition of a branch or the selector of a switch, by block.
    pub conditions: BTreeMap<BlockId, ValueId>,
    /// What the result register holds where the function returns.
    pub returns: BTreeMap<BlockId, ValueId>,
    /// Work done, in operations.
    pub work: u64,
    /// False if the iteration was cut.
    pub complete: bool,
}

/// What interpreting needs to know of the program.
pub(crate) struct Setting<'a> {
    pub(crate) program: &'a Program,
    pub(crate) image: &'a Image,
    pub(crate) table: &'a Table,
    pub(crate) rules: &'a CallRules,
    /// Arguments in [`CallRules::local`], by function; empty: none anywhere.
    pub(crate) local: &'a [u8],
}

impl Setting<'_> {
    fn local(&self, function: FuncId) -> u8 {
        self.local.get(function.0 as usize).copied().unwrap_or_default()
    }
}

impl FunctionFacts {
    pub(crate) fn of(setting: &Setting<'_>, id: FuncId, function: &Function, work_limit: u64) -> Self {
        let dominance = Dominance::of(function);
        let mut walk = Walk {
            setting,
            function,
            facts: Self { complete: true, ..Self::default() },
            places: Places::default(),
            calls: function.calls.iter().zip(0..).map(|(call, index)| (call.op, (index, call))).collect(),
            local: setting.local(id),
            recording: false,
        };
        walk.run(&dominance, work_limit);
        let mut facts = walk.facts;
        facts.dominance = dominance;
        facts.compact();
        facts.stores.sort_by_key(|store| (store.address, store.to, store.value));
        facts
    }

    /// Forgets values that nothing is done with. Most are flags that no branch asks for.
    fn compact(&mut self) {
        let moved = self.arena.compact(self.used());
        for site in self.calls.values_mut() {
            let values = site.arguments.iter_mut().chain(&mut site.handed).chain(&mut site.pointer);
            values.for_each(|value| *value = moved.id(*value));
            site.condition = site.condition.map(|(value, truth)| (moved.id(value), truth));
        }
        for store in &mut self.stores {
            (store.to, store.value) = (moved.id(store.to), moved.id(store.value));
        }
        let values = self.conditions.values_mut().chain(self.returns.values_mut());
        values.for_each(|value| *value = moved.id(*value));
    }

    /// The values that an address is computed from: through sums, and through merges of loops.
    pub fn roots(&self, address: ValueId) -> BTreeSet<ValueId> {
        let is_root = |id: &ValueId| {
            !matches!(
                self.arena.get(*id),
                Value::Sum(..) | Value::Binary(Opcode::IntAdd, ..) | Value::Merge { .. }
            )
        };
        self.parts(address).into_iter().filter(is_root).collect()
    }

    /// The numbers that an address is computed from, sums of tables and indexes included.
    pub fn addresses(&self, address: ValueId) -> BTreeSet<u64> {
        let number = |id: ValueId| match self.arena.get(id) {
            Value::Number(number) => Some(number),
            Value::Sum(_, more) => Some(more as u64),
            _ => None,
        };
        self.parts(address).into_iter().filter_map(number).collect()
    }

    /// An address and everything that it is a sum or a merge of.
    fn parts(&self, address: ValueId) -> BTreeSet<ValueId> {
        let mut seen = BTreeSet::new();
        let mut todo = vec![address];
        while let Some(id) = todo.pop() {
            if seen.len() >= MAX_ROOTS || !seen.insert(id) {
                continue;
            }
            match self.arena.get(id) {
                Value::Sum(base, _) => todo.push(base),
                Value::Binary(Opcode::IntAdd, _, a, b) => todo.extend([a, b]),
                Value::Merge { .. } => todo.extend(self.arena.operands(id).iter().map(|operand| operand.2)),
                _ => {}
            }
        }
        seen
    }

    /// By value: is something done with it? It is decided by, passed, called, stored, returned, or part of one that is.
    fn used(&self) -> Vec<bool> {
        let calls = self.calls.values();
        let mut todo: Vec<ValueId> = calls
            .flat_map(|site| site.arguments.iter().chain(&site.handed).copied().chain(site.pointer))
            .collect();
        todo.extend(self.calls.values().filter_map(|site| Some(site.condition?.0)));
        todo.extend(self.stores.iter().flat_map(|store| [store.to, store.value]));
        todo.extend(self.conditions.values().chain(self.returns.values()));
        // Whether two data are equal tells something even where the answer is lost among others, as in vectors of bytes.
        let data = |value: ValueId| self.arena.number(value).is_none();
        todo.extend(self.arena.values().filter_map(|(id, value)| match value {
            Value::Binary(Opcode::IntEqual, _, a, b) if data(a) && data(b) => Some(id),
            _ => None,
        }));
        let mut used = vec![false; self.arena.values().len()];
        while let Some(id) = todo.pop() {
            let Some(slot) = used.get_mut(id.0 as usize).filter(|used| !**used) else { continue };
            *slot = true;
            todo.extend(self.arena.inputs(self.arena.get(id)).into_iter().flatten());
            todo.extend(self.arena.operands(id).iter().map(|operand| operand.2));
        }
        used
    }

    /// Follows merges whose ways all bring the same value.
    pub fn resolve(&self, mut value: ValueId) -> ValueId {
        for _ in 0..8 {
            let mut others = self.arena.operands(value).iter().map(|o| o.2).filter(|o| *o != value);
            let Some(first) = others.next() else { return value };
            if others.any(|other| other != first) {
                return value;
            }
            value = first;
        }
        value
    }
}

struct Walk<'a, 's> {
    setting: &'a Setting<'s>,
    function: &'a Function,
    facts: FunctionFacts,
    places: Places,
    calls: BTreeMap<u32, (u32, &'a Call)>,
    /// Arguments that it takes in [`CallRules::local`].
    local: u8,
    recording: bool,
}

/// Inside one instruction.
struct Step {
    temporaries: Vec<(Varnode, ValueId)>,
    /// Operations before this index run only if the value is false.
    skipped: Option<(usize, ValueId)>,
}

impl Walk<'_, '_> {
    fn big_endian(&self) -> bool {
        self.setting.table.big_endian()
    }
}

/// Where in the function an operation stands.
struct At {
    block: BlockId,
    address: VirtAddr,
    next: VirtAddr,
    op: u32,
    index: usize,
}
