//! What must hold for a condition to come out one way.

use program::FuncId;
use sleigh::pcode::Opcode;

use super::{MAX_PARTS, Test};
use crate::facts::Facts;
use crate::function::FunctionFacts;
use crate::value::{Value, ValueId};

impl Facts<'_> {
    /// What must hold for a condition to have this truth.
    pub fn tests(
        &self,
        function: FuncId,
        facts: &FunctionFacts,
        condition: ValueId,
        truth: bool,
    ) -> Vec<(Test, bool)> {
        let arena = &facts.arena;
        let mut all = Vec::new();
        let mut todo = vec![(facts.resolve(condition), truth)];
        while let Some((id, truth)) = todo.pop() {
            if all.len() + todo.len() > MAX_PARTS {
                break;
            }
            match arena.get(id) {
                Value::Unary(Opcode::BoolNegate, _, inner) => todo.push((inner, !truth)),
                Value::Binary(Opcode::BoolAnd, _, a, b) if truth => todo.extend([(a, true), (b, true)]),
                Value::Binary(Opcode::BoolOr, _, a, b) if !truth => todo.extend([(a, false), (b, false)]),
                Value::Binary(Opcode::IntEqual, _, a, b) => {
                    self.equality(function, facts, a, b, truth, &mut all);
                }
                Value::Binary(Opcode::IntLess | Opcode::IntSLess, _, left, right) => {
                    all.push((Test::Less { left, right }, truth));
                }
                // The truth of a comparison function's result itself.
                Value::Result(_) => {
                    if let Some((test, equal_if_zero)) = self.comparison(function, facts, id) {
                        all.push((test, truth != equal_if_zero));
                    }
                }
                Value::Merge { .. } | Value::Choice { .. } | Value::Load { .. } => {
                    if let Some(zero) = arena.find(Value::Number(0)) {
                        self.equality(function, facts, id, zero, !truth, &mut all);
                    }
                }
                _ => {}
            }
        }
        all
    }

    /// What must hold for two values to be equal, or not to be.
    pub(super) fn equality(
        &self,
        function: FuncId,
        facts: &FunctionFacts,
        a: ValueId,
        b: ValueId,
        truth: bool,
        all: &mut Vec<(Test, bool)>,
    ) {
        let arena = &facts.arena;
        let (mut a, mut b) = (facts.resolve(a), facts.resolve(b));
        if let (Value::Sum(base, more), Some(n)) = (arena.get(a), arena.number(b)) {
            let rest = arena.find(Value::Number(n.wrapping_sub(more as u64)));
            (a, b) = rest.map_or((a, b), |rest| arena.in_order(base, rest));
        }
        match self.chosen(function, facts, a, b, truth, all) {
            Some(chosen) => a = chosen,
            None => return,
        }
        if let (true, Some(n @ (0 | 1))) = (arena.is_truth(a), arena.number(b)) {
            all.extend(self.tests(function, facts, a, (n == 1) == truth));
            return;
        }
        if arena.number(b) == Some(0) {
            if let Some((test, equal_if_zero)) = self.comparison(function, facts, a) {
                all.push((test, truth == equal_if_zero));
                return;
            }
            match arena.get(a) {
                Value::Binary(Opcode::IntOr, ..) if truth => {
                    all.extend(all_zero(facts, a, b).into_iter().map(|test| (test, true)));
                    return;
                }
                Value::Binary(Opcode::IntXor | Opcode::IntSub, _, left, right) => {
                    (a, b) = arena.in_order(left, right);
                }
                _ => {}
            }
        }
        all.push((Test::Equal { left: a, right: b }, truth));
    }

    /// Conditional execution: which of two values it is that is compared with a number, if only one can be. `None` if
    /// nothing is left to be asked but what chooses.
    fn chosen(
        &self,
        function: FuncId,
        facts: &FunctionFacts,
        mut value: ValueId,
        number: ValueId,
        truth: bool,
        all: &mut Vec<(Test, bool)>,
    ) -> Option<ValueId> {
        while let (Value::Choice { when, then, otherwise }, Some(n)) =
            (facts.arena.get(value), facts.arena.number(number))
        {
            let can = |value: ValueId| facts.arena.number(value).is_none_or(|m| (m == n) == truth);
            let chosen = match (can(then), can(otherwise)) {
                (true, false) => then,
                (false, true) => otherwise,
                _ => break,
            };
            if all.len() >= MAX_PARTS {
                return None;
            }
            all.extend(self.tests(function, facts, when, chosen == then));
            if facts.arena.number(chosen).is_some() {
                return None;
            }
            value = facts.resolve(chosen);
        }
        Some(value)
    }
}

/// Differences collected with `or`, together 0: each of them is.
fn all_zero(facts: &FunctionFacts, collected: ValueId, zero: ValueId) -> Vec<Test> {
    let mut all = Vec::new();
    let mut todo = vec![collected];
    while let Some(id) = todo.pop() {
        match facts.arena.get(id) {
            Value::Binary(Opcode::IntOr, _, x, y) if todo.len() < MAX_PARTS => todo.extend([y, x]),
            Value::Binary(Opcode::IntXor | Opcode::IntSub, _, left, right) => {
                let (left, right) = facts.arena.in_order(left, right);
                all.push(Test::Equal { left, right });
            }
            Value::Unary(Opcode::PopCount, _, counted) => todo.push(counted),
            _ => all.push(Test::Equal { left: id, right: zero }),
        }
    }
    all
}
