//! How functions lead to each other: calls, callbacks, tables of function pointers, thunks.

use std::collections::{BTreeMap, BTreeSet};

use program::image::Pointer;
use program::{CallTarget, FuncId, Program, VirtAddr};

use super::{Edge, Effect, Facts, name_of};
use crate::dispatch::Row;
use crate::function::{CallSite, FunctionFacts};
use crate::knowledge::Fact;
use crate::start::main_of;
use crate::value::{Value, ValueId};

/// Entries of a table of function pointers that are looked at.
const MAX_TABLE: usize = 512;

/// Words without a function pointer that end a table.
const TABLE_GAP: usize = 12;

impl Facts<'_> {
    pub(super) fn direct_effects(&self, id: FuncId) -> Vec<Effect> {
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

    pub(super) fn connect(&mut self) {
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

    pub(super) fn callees_first(&self) -> Vec<FuncId> {
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
}

/// Calls of functions that do nothing but jump on to an import are calls of the import.
pub(super) fn through_thunks(program: &Program, mut functions: Vec<FunctionFacts>) -> Vec<FunctionFacts> {
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
