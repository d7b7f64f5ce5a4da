//! What else must hold on a way: decisions about who somebody is, states, look-ups.

use flow::{Comparison, Fact, Facts, FunctionFacts, Guard, Test, Value, ValueId};
use program::{CallTarget, FuncId};

/// Does this test, with this outcome, say that somebody is who he should be: outside data equal to what the device
/// keeps, a library's decision, or a function of the program that does that?
pub(crate) fn is_decision(facts: &Facts<'_>, function: FuncId, guard: &Guard) -> bool {
    decides(facts, function, guard.test, guard.holds, MAX_DECISION_DEPTH)
}

/// Functions inside functions that may hold the decision.
const MAX_DECISION_DEPTH: u32 = 2;

pub(crate) fn decides(facts: &Facts<'_>, function: FuncId, test: Test, holds: bool, depth: u32) -> bool {
    match test {
        Test::Text { left, right, .. } => holds && facts.compares_kept(function, left, right),
        Test::Equal { left, right } => {
            let Some(own) = facts.function(function) else { return false };
            if holds && facts.compares_kept(function, left, right) {
                return true;
            }
            let Some(call) = answer(own, left).filter(|_| own.arena.number(right).is_some()) else {
                return false;
            };
            if facts.knowledge(function, call).contains(&Fact::Decides) {
                return true;
            }
            match own.calls.get(&call).map(|site| site.target) {
                Some(CallTarget::Function(callee)) if !holds && depth > 0 => {
                    holds_decision(facts, callee, depth - 1)
                }
                _ => false,
            }
        }
        Test::Case { .. } | Test::Less { .. } => false,
    }
}

/// The call that a value is the answer of, the whole or a byte of it: truth is often one.
pub(crate) fn answer(own: &FunctionFacts, value: ValueId) -> Option<u32> {
    let whole = match own.arena.get(own.resolve(value)) {
        Value::Unary(_, _, whole) => own.resolve(whole),
        _ => own.resolve(value),
    };
    match own.arena.get(whole) {
        Value::Result(call) => Some(call),
        _ => None,
    }
}

/// Does a function make such a decision, or one that it calls?
fn holds_decision(facts: &Facts<'_>, function: FuncId, depth: u32) -> bool {
    facts.is_checker(function)
        || depth > 0
            && facts
                .callees(function)
                .any(|edge| edge.callee != function && holds_decision(facts, edge.callee, depth - 1))
}

/// The number that a value is wherever these guards hold: compilers keep what was just found to be 0 instead of a
/// constant.
pub(crate) fn number_under(own: &FunctionFacts, guards: &[Guard], value: ValueId) -> Option<u64> {
    let value = own.resolve(value);
    let says = |guard: &Guard| match guard.test {
        Test::Equal { left, right } if guard.holds && left == value => own.arena.number(right),
        Test::Text { how, call, .. } if guard.holds && how != Comparison::Contains => {
            (own.arena.get(value) == Value::Result(call)).then_some(0)
        }
        _ => None,
    };
    own.arena.number(value).or_else(|| guards.iter().find_map(says))
}

/// A state of the program, not data from outside, must be set: what an earlier login leaves behind.
pub(crate) fn is_state(facts: &Facts<'_>, function: FuncId, guard: &Guard) -> bool {
    let Test::Equal { left, right } = guard.test else { return false };
    let Some(own) = facts.function(function) else { return false };
    let zero = own.arena.number(right) == Some(0);
    let left = own.resolve(left);
    let from_memory = matches!(own.arena.get(left), Value::Load { size, .. } if size >= 4);
    zero && !guard.holds && from_memory && !is_followed(facts, function, own, left)
}

/// That there is a list, or a text to compare, is no state: a variable of the program that the function looks into, or
/// what it then compares. A pointer in a structure may be who is logged in.
fn is_followed(facts: &Facts<'_>, function: FuncId, own: &FunctionFacts, pointer: ValueId) -> bool {
    let behind = |at: ValueId| {
        let base = own.resolve(own.arena.base(at).0);
        base == pointer || own.arena.operands(base).iter().any(|operand| operand.2 == pointer)
    };
    let is_variable = matches!(own.arena.get(pointer), Value::Load { at, .. } if own.arena.number(own.resolve(at)).is_some());
    let compares =
        |call: u32| facts.knowledge(function, call).iter().any(|f| matches!(f, Fact::Compares { .. }));
    is_variable && own.arena.values().any(|(_, value)| matches!(value, Value::Load { at, .. } if behind(at)))
        || own.calls.iter().any(|(call, site)| site.arguments.iter().any(|a| behind(*a)) && compares(*call))
}

/// A text must equal another one that the program does not determine: a name in a list that it keeps, for example.
pub(crate) fn is_lookup(facts: &Facts<'_>, function: FuncId, guard: &Guard) -> bool {
    let Test::Text { left, right, .. } = guard.test else { return false };
    guard.holds && facts.text(function, left).is_none() && facts.text(function, right).is_none()
}
