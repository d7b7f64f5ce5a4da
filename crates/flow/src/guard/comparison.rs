//! Comparisons that functions make, and what compilers put in place of their beginning.

use program::{BlockId, Exit, FuncId, Place};
use sleigh::pcode::Opcode;

use super::Test;
use crate::facts::Facts;
use crate::function::FunctionFacts;
use crate::knowledge::{Comparison, Fact};
use crate::value::{Value, ValueId};

/// What is compared from its beginning: a call for what is left after some bytes were compared in place gets either both
/// pointers as they were, or both moved by the same count of bytes.
fn beginnings(facts: &FunctionFacts, left: ValueId, right: ValueId) -> (ValueId, ValueId) {
    let (lefts, rights) = (facts.arena.operands(left), facts.arena.operands(right));
    let pairs: Vec<(ValueId, ValueId)> =
        lefts.iter().zip(rights).filter(|(a, b)| a.1 == b.1).map(|(a, b)| (a.2, b.2)).collect();
    let whole = !pairs.is_empty() && pairs.len() == lefts.len() && pairs.len() == rights.len();
    let moved = |from: ValueId, to: ValueId| facts.arena.distance(from, to).filter(|bytes| *bytes >= 0);
    let first = |start: &&(ValueId, ValueId)| {
        pairs.iter().all(|pair| moved(start.0, pair.0).is_some_and(|by| moved(start.1, pair.1) == Some(by)))
    };
    pairs.iter().filter(|_| whole).find(first).copied().unwrap_or((left, right))
}

/// Where a comparison begins whose result meets differences of bytes at equal distances from two places: a call for the
/// rest may get both places moved by the same count of bytes.
fn compared_from(
    facts: &FunctionFacts,
    result: ValueId,
    left: ValueId,
    right: ValueId,
) -> (ValueId, ValueId) {
    let arena = &facts.arena;
    // A byte's address as a place and a distance from it.
    let places = |byte: ValueId| -> Vec<(ValueId, ValueId)> {
        let Value::Load { at, size: 1 } = arena.get(byte) else { return Vec::new() };
        match arena.get(at) {
            Value::Binary(Opcode::IntAdd, _, a, b) => vec![(a, b), (b, a)],
            Value::Sum(distance, place) => {
                arena.find(Value::Number(place as u64)).map(|place| (place, distance)).into_iter().collect()
            }
            _ => Vec::new(),
        }
    };
    let begin = |operand: &(ValueId, BlockId, ValueId)| {
        let Value::Binary(Opcode::IntSub, _, a, b) = arena.get(operand.2) else { return None };
        let seconds = places(b);
        let pair = |(a, i): (ValueId, ValueId)| Some((a, seconds.iter().find(|(_, j)| i == *j)?.0));
        let (a, b) = places(a).into_iter().find_map(pair)?;
        let moved = |from: ValueId, to: ValueId| arena.distance(from, to).filter(|bytes| *bytes > 0);
        let fits = |a: ValueId, b: ValueId| moved(a, left).is_some_and(|by| moved(b, right) == Some(by));
        [(a, b), (b, a)].into_iter().find(|(a, b)| fits(*a, *b))
    };
    arena.operands(result).iter().find_map(begin).unwrap_or((left, right))
}

impl Facts<'_> {
    /// The comparison whose result a value is, and whether 0 means equal.
    pub(super) fn comparison(
        &self,
        function: FuncId,
        facts: &FunctionFacts,
        value: ValueId,
    ) -> Option<(Test, bool)> {
        let call = match facts.arena.get(value) {
            Value::Result(call) => call,
            Value::Merge { .. } => self.partly_inlined(function, facts, value)?,
            _ => return None,
        };
        let site = facts.calls.get(&call)?;
        let argument = |n: u8| site.arguments.get(usize::from(n)).copied().map(|v| facts.resolve(v));
        for fact in self.knowledge(function, call) {
            if let Fact::Compares { how, left, right, length } = *fact {
                let limit = length.and_then(argument).and_then(|n| facts.arena.number(n));
                let (left, right) = beginnings(facts, argument(left)?, argument(right)?);
                let (left, right) = compared_from(facts, value, left, right);
                let test = Test::Text { how, call, left, right, limit };
                return Some((test, how != Comparison::Contains));
            }
        }
        None
    }

    /// A comparison of which the compiler has put the beginning in place: its result comes from a difference of bytes, or
    /// from a call for the rest. The call that compares the most is the one that tells what is compared.
    fn partly_inlined(&self, function: FuncId, facts: &FunctionFacts, merge: ValueId) -> Option<u32> {
        let Value::Merge { block, .. } = facts.arena.get(merge) else { return None };
        let mut best: Option<(usize, u32)> = None;
        let mut differences = 0;
        for (_, from, value) in facts.arena.operands(merge) {
            match facts.arena.get(*value) {
                Value::Binary(Opcode::IntSub, ..) => differences += 1,
                Value::Result(call) => {
                    let compares = |fact: &Fact| matches!(fact, Fact::Compares { .. });
                    if !self.knowledge(function, call).iter().any(compares) {
                        return None;
                    }
                    let arguments = facts.calls.get(&call).map(|site| site.arguments.as_slice());
                    let texts = arguments.unwrap_or_default().iter().filter_map(|a| self.text(function, *a));
                    let length = texts.map(<[u8]>::len).max().unwrap_or(0);
                    best = best.max(Some((length, call)));
                }
                // What was just found to be 0 says that there is no difference.
                _ if self.is_zero_on(function, facts, (*from, block), *value) => {}
                _ => return None,
            }
        }
        best.filter(|_| differences > 0).map(|(_, call)| call)
    }

    /// Is the way from one block to another taken only if a value is 0, as the branch itself asks?
    fn is_zero_on(
        &self,
        function: FuncId,
        facts: &FunctionFacts,
        way: (BlockId, BlockId),
        value: ValueId,
    ) -> bool {
        let code = self.program().function(function);
        let Some(Exit::Branch { when, taken, otherwise, .. }) =
            code.and_then(|code| code.block(way.0)).map(|block| &block.exit)
        else {
            return false;
        };
        let Some(condition) = facts.conditions.get(&way.0).filter(|_| taken != otherwise) else {
            return false;
        };
        let truth = (*taken == Place::Block(way.1)) == *when;
        let (asked, equal) = match facts.arena.get(*condition) {
            Value::Unary(Opcode::BoolNegate, _, inner) => (inner, !truth),
            _ => (*condition, truth),
        };
        match facts.arena.get(asked) {
            Value::Binary(Opcode::IntEqual, _, a, b) => {
                equal && a == value && facts.arena.number(b) == Some(0)
            }
            _ => false,
        }
    }
}
