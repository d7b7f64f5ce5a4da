//! Which functions are followed, if the effort does not suffice for all.
//!
//! What detectors look for begins with data from outside and ends with an operation on the system. So functions are taken
//! by their distance in calls, up or down, from those that do either; among equals in the order of their addresses. The
//! choice depends on the program and the effort alone. Calls through pointers are not known yet and do not count.

use std::collections::VecDeque;

use program::{CallTarget, FuncId, Function, Program};

use crate::knowledge::{Fact, facts_of};

/// By function: are its values followed? `code_bytes` of code are, and the functions with the smallest distance come first.
pub(crate) fn followed(program: &Program, code_bytes: u64) -> Vec<bool> {
    let size = |function: &Function| if function.stub.is_some() { 0 } else { function.code_bytes() };
    let sizes: Vec<u64> = program.functions.iter().map(size).collect();
    if sizes.iter().sum::<u64>() <= code_bytes {
        return vec![true; sizes.len()];
    }
    let mut left = code_bytes;
    let mut chosen = vec![false; sizes.len()];
    for index in by_distance(program) {
        let (Some(size), Some(slot)) = (sizes.get(index), chosen.get_mut(index)) else { continue };
        if let Some(rest) = left.checked_sub(*size) {
            left = rest;
            *slot = true;
        }
    }
    chosen
}

/// Functions by distance, then address; those that no call connects come last.
fn by_distance(program: &Program) -> Vec<usize> {
    let neighbours = neighbours(program);
    let mut distance: Vec<u32> = vec![u32::MAX; program.functions.len()];
    let mut todo = VecDeque::new();
    for (index, (function, slot)) in program.functions.iter().zip(&mut distance).enumerate() {
        if function.stub.is_none() && function.calls.iter().any(|call| is_outside(program, call.target)) {
            *slot = 0;
            todo.push_back(index);
        }
    }
    while let Some(index) = todo.pop_front() {
        let next = distance.get(index).map_or(u32::MAX, |own| own.saturating_add(1));
        for neighbour in neighbours.get(index).into_iter().flatten() {
            if let Some(slot) = distance.get_mut(*neighbour).filter(|slot| **slot == u32::MAX) {
                *slot = next;
                todo.push_back(*neighbour);
            }
        }
    }
    let mut order: Vec<usize> = (0..distance.len()).collect();
    order.sort_by_key(|index| distance.get(*index).copied());
    order
}

/// Callees and callers of each function.
fn neighbours(program: &Program) -> Vec<Vec<usize>> {
    let mut all = vec![Vec::new(); program.functions.len()];
    for (caller, function) in program.functions.iter().enumerate() {
        for call in &function.calls {
            let CallTarget::Function(FuncId(callee)) = call.target else { continue };
            let callee = callee as usize;
            for (from, to) in [(caller, callee), (callee, caller)] {
                if let Some(list) = all.get_mut(from) {
                    list.push(to);
                }
            }
        }
    }
    all
}

/// Does a call bring in data or do something to the system?
fn is_outside(program: &Program, target: CallTarget) -> bool {
    let name = match target {
        CallTarget::Import(import) => program.image.import(import).map(|import| import.name.as_str()),
        CallTarget::Function(function) => program.function(function).and_then(|f| f.name.as_deref()),
        CallTarget::System => return true,
        CallTarget::Address(_) | CallTarget::Unresolved => None,
    };
    let known = name.map(facts_of).unwrap_or_default().iter();
    known.copied().any(|fact| matches!(fact, Fact::Source(..) | Fact::Through(..) | Fact::Does(..)))
}
