//! Conditions as people read them: which datum is compared with what.

use std::collections::BTreeSet;

use program::{BlockId, Exit, FuncId, Place, VirtAddr};
use sleigh::pcode::Opcode;

use crate::facts::Facts;
use crate::function::FunctionFacts;
use crate::hash::HashMap;
use crate::knowledge::{Comparison, Fact};
use crate::labels::Labels;
use crate::value::{Value, ValueId};

/// What a condition asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Test {
    /// Are two texts equal, as a comparison function says?
    Text {
        /// How they are compared.
        how: Comparison,
        /// The call, by its place in [`program::Function::calls`].
        call: u32,
        /// First text.
        left: ValueId,
        /// Second text.
        right: ValueId,
        /// Bytes compared at most, if that is known.
        limit: Option<u64>,
    },
    /// Are two numbers equal?
    Equal {
        /// First number.
        left: ValueId,
        /// Second number; a constant if one is.
        right: ValueId,
    },
    /// Is a switch at this case?
    Case {
        /// What is switched on.
        subject: ValueId,
        /// The case.
        number: u64,
    },
    /// Is a number below another?
    Less {
        /// First number.
        left: ValueId,
        /// Second number.
        right: ValueId,
    },
}

/// A test that is known to have come out one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Guard {
    /// The block that branches.
    pub block: BlockId,
    /// The branching instruction.
    pub address: VirtAddr,
    /// What is asked.
    pub test: Test,
    /// The answer.
    pub holds: bool,
}

impl Guard {
    /// Do both say the same, whichever call found it out?
    fn agrees(&self, other: &Self) -> bool {
        let same = match (self.test, other.test) {
            (
                Test::Text { how, left, right, limit, .. },
                Test::Text { how: h, left: l, right: r, limit: n, .. },
            ) => (how, left, right, limit) == (h, l, r, n),
            (a, b) => a == b,
        };
        same && self.holds == other.holds
    }
}

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

/// What ways from one block to the next say; those that say nothing are left out.
pub(crate) type Edges = HashMap<(BlockId, BlockId), Vec<Guard>>;

/// Parts of one condition.
const MAX_PARTS: usize = 32;

impl Facts<'_> {
    /// Tests that have come out this way whenever the block runs, the closest first.
    pub fn guards(&self, function: FuncId, block: BlockId) -> Vec<Guard> {
        let Some(facts) = self.function(function) else { return Vec::new() };
        let mut all = self.dominating(function, facts, block);
        self.refine(function, facts, &mut all);
        all
    }

    fn dominating(&self, function: FuncId, facts: &FunctionFacts, block: BlockId) -> Vec<Guard> {
        let mut all = Vec::new();
        let mut at = block;
        loop {
            match facts.dominance.only_entry(at) {
                Some(from) => all.extend(self.edge(function, from, at)),
                None => all.extend(self.joint(function, facts, at)),
            }
            match facts.dominance.parent(at) {
                Some(parent) => at = parent,
                None => return all,
            }
        }
    }

    /// What every way into a block asks: compilers put one comparison in several places.
    fn joint(&self, function: FuncId, facts: &FunctionFacts, block: BlockId) -> Vec<Guard> {
        let before = facts.dominance.predecessors(block).iter();
        let mut before = before.filter(|from| !facts.dominance.dominates(block, **from));
        let Some(first) = before.next() else { return Vec::new() };
        let mut all = self.edge(function, *first, block);
        for from in before {
            if all.is_empty() {
                break;
            }
            let others = self.edge(function, *from, block);
            all.retain(|guard| others.iter().any(|other| guard.agrees(other)));
        }
        all
    }

    /// A condition on a value that meets from several ways, of which only one can satisfy it, says that control came
    /// that way: compilers set a variable on each way and test it afterwards.
    fn refine(&self, function: FuncId, facts: &FunctionFacts, all: &mut Vec<Guard>) {
        let mut seen: BTreeSet<Guard> = all.iter().copied().collect();
        let mut next = 0;
        while let Some(guard) = all.get(next).copied().filter(|_| next < MAX_PARTS) {
            next += 1;
            let Some((block, from, value)) = self.only_way(function, facts, &guard) else { continue };
            let mut more = self.edge(function, from, block);
            if let Test::Equal { right, .. } = guard.test
                && facts.arena.number(value).is_none()
            {
                let mut tests = Vec::new();
                self.equality(function, facts, value, right, guard.holds, &mut tests);
                more.extend(tests.into_iter().map(|(test, holds)| Guard { test, holds, ..guard }));
            }
            more.extend(self.dominating(function, facts, from));
            all.extend(more.into_iter().filter(|guard| seen.insert(*guard)));
        }
    }

    /// The only operand of a merge that can satisfy a guard: the merge's block, where the operand comes from, the operand.
    fn only_way(
        &self,
        function: FuncId,
        facts: &FunctionFacts,
        guard: &Guard,
    ) -> Option<(BlockId, BlockId, ValueId)> {
        let Test::Equal { left, right } = guard.test else { return None };
        let Value::Merge { block, .. } = facts.arena.get(left) else { return None };
        let number = facts.arena.number(right)?;
        let can = |from: BlockId, value: ValueId| match facts.arena.number(value) {
            Some(n) => (n == number) == guard.holds,
            None => !self.contradicts(function, facts, (from, block), value, right, guard.holds),
        };
        let operands = facts.arena.operands(left).iter();
        let mut ways = operands.filter(|(_, from, value)| *value != left && can(*from, *value));
        let (_, from, value) = ways.next().filter(|_| ways.next().is_none())?;
        Some((block, *from, *value))
    }

    /// Does the way from one block to another say that two values are not equal, or equal, as is asked here?
    fn contradicts(
        &self,
        function: FuncId,
        facts: &FunctionFacts,
        way: (BlockId, BlockId),
        a: ValueId,
        b: ValueId,
        equal: bool,
    ) -> bool {
        let said = self.edge(function, way.0, way.1);
        if said.is_empty() {
            return false;
        }
        let mut asked = Vec::new();
        self.equality(function, facts, a, b, equal, &mut asked);
        said.iter()
            .any(|guard| asked.iter().any(|(test, holds)| guard.test == *test && guard.holds != *holds))
    }

    /// What the way from one block to another says by itself.
    pub fn edge(&self, function: FuncId, from: BlockId, to: BlockId) -> Vec<Guard> {
        match self.asked.get(function.0 as usize) {
            Some(asked) => {
                let asked = asked.get_or_init(|| self.edges(function));
                asked.get(&(from, to)).cloned().unwrap_or_default()
            }
            None => self.read_edge(function, from, to),
        }
    }

    /// What every way from one block to the next says, if it says anything.
    fn edges(&self, function: FuncId) -> Edges {
        let (Some(facts), Some(code)) = (self.function(function), self.program().function(function)) else {
            return Edges::default();
        };
        let next = |from: BlockId| code.block(from).map(program::Block::successors).unwrap_or_default();
        let all = facts.conditions.keys().flat_map(|from| next(*from).into_iter().map(|to| (*from, to)));
        let read = all.map(|(from, to)| ((from, to), self.read_edge(function, from, to)));
        read.filter(|(_, guards)| !guards.is_empty()).collect()
    }

    fn read_edge(&self, function: FuncId, from: BlockId, to: BlockId) -> Vec<Guard> {
        let (Some(facts), Some(code)) = (self.function(function), self.program().function(function)) else {
            return Vec::new();
        };
        let (Some(block), Some(condition)) = (code.block(from), facts.conditions.get(&from)) else {
            return Vec::new();
        };
        let address = code.instructions(block).last().map_or(block.start, |last| last.address);
        let to = Place::Block(to);
        match &block.exit {
            Exit::Branch { when, taken, otherwise, .. } if taken != otherwise => {
                let truth = if *taken == to {
                    *when
                } else if *otherwise == to {
                    !*when
                } else {
                    return Vec::new();
                };
                let parts = self.tests(function, facts, *condition, truth);
                parts.into_iter().map(|(test, holds)| Guard { block: from, address, test, holds }).collect()
            }
            Exit::Switch { cases, .. } => {
                let mut here = cases.iter().filter(|case| Place::Block(case.1) == to);
                let (Some((number, _)), None) = (here.next(), here.next()) else { return Vec::new() };
                let subject = self.selector(facts, *condition);
                let test = Test::Case { subject, number: *number };
                vec![Guard { block: from, address, test, holds: true }]
            }
            _ => Vec::new(),
        }
    }

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

    fn equality(
        &self,
        function: FuncId,
        facts: &FunctionFacts,
        a: ValueId,
        b: ValueId,
        truth: bool,
        all: &mut Vec<(Test, bool)>,
    ) {
        let (mut a, mut b) = (facts.resolve(a), facts.resolve(b));
        if let (Value::Sum(base, more), Some(n)) = (facts.arena.get(a), facts.arena.number(b)) {
            let rest = facts.arena.find(Value::Number(n.wrapping_sub(more as u64)));
            (a, b) = rest.map_or((a, b), |rest| facts.arena.in_order(base, rest));
        }
        // Conditional execution: which of two values it is, if only one can be.
        while let (Value::Choice { when, then, otherwise }, Some(n)) =
            (facts.arena.get(a), facts.arena.number(b))
        {
            let can = |value: ValueId| facts.arena.number(value).is_none_or(|m| (m == n) == truth);
            let chosen = match (can(then), can(otherwise)) {
                (true, false) => then,
                (false, true) => otherwise,
                _ => break,
            };
            if all.len() >= MAX_PARTS {
                return;
            }
            all.extend(self.tests(function, facts, when, chosen == then));
            if facts.arena.number(chosen).is_some() {
                return;
            }
            a = facts.resolve(chosen);
        }
        if let (true, Some(n @ (0 | 1))) = (facts.arena.is_truth(a), facts.arena.number(b)) {
            all.extend(self.tests(function, facts, a, (n == 1) == truth));
            return;
        }
        let zero = facts.arena.number(b) == Some(0);
        if zero && let Some((test, equal_if_zero)) = self.comparison(function, facts, a) {
            all.push((test, truth == equal_if_zero));
            return;
        }
        // Differences collected with `or`: all are 0, or at least one is not.
        if zero
            && truth
            && let Value::Binary(Opcode::IntOr, ..) = facts.arena.get(a)
        {
            let mut todo = vec![a];
            while let Some(id) = todo.pop() {
                match facts.arena.get(id) {
                    Value::Binary(Opcode::IntOr, _, x, y) if todo.len() < MAX_PARTS => todo.extend([y, x]),
                    Value::Binary(Opcode::IntXor | Opcode::IntSub, _, left, right) => {
                        let (left, right) = facts.arena.in_order(left, right);
                        all.push((Test::Equal { left, right }, true));
                    }
                    Value::Unary(Opcode::PopCount, _, counted) => todo.push(counted),
                    _ => all.push((Test::Equal { left: id, right: b }, true)),
                }
            }
            return;
        }
        if zero && let Value::Binary(Opcode::IntXor | Opcode::IntSub, _, left, right) = facts.arena.get(a) {
            (a, b) = facts.arena.in_order(left, right);
        }
        all.push((Test::Equal { left: a, right: b }, truth));
    }

    /// The comparison whose result a value is, and whether 0 means equal.
    fn comparison(&self, function: FuncId, facts: &FunctionFacts, value: ValueId) -> Option<(Test, bool)> {
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

    /// What a computed jump is computed from: descends through the table's addresses.
    fn selector(&self, facts: &FunctionFacts, jump: ValueId) -> ValueId {
        let arena = &facts.arena;
        let mut at = jump;
        for _ in 0..MAX_PARTS {
            at = match arena.get(at) {
                Value::Sum(base, _) => base,
                Value::Load { at: address, .. } if self.in_table(facts, address) => address,
                Value::Binary(Opcode::IntAdd, _, a, b) => {
                    if arena.number(a).is_some() || self.in_table(facts, b) { b } else { a }
                }
                Value::Binary(Opcode::IntMult | Opcode::IntLeft, _, a, _) => a,
                Value::Unary(opcode, _, a) if opcode != Opcode::SubPiece => a,
                _ => return at,
            };
        }
        at
    }

    /// Is an address made from that of read-only memory?
    fn in_table(&self, facts: &FunctionFacts, address: ValueId) -> bool {
        let image = &self.program().image;
        let mut todo = vec![address];
        let mut steps = 0;
        while let Some(id) = todo.pop() {
            steps += 1;
            if steps > MAX_PARTS {
                return false;
            }
            match facts.arena.get(id) {
                Value::Number(n) if image.is_read_only(VirtAddr(n)) => return true,
                Value::Sum(_, n) if image.is_read_only(VirtAddr(n as u64)) => return true,
                Value::Sum(base, _) => todo.push(base),
                Value::Binary(_, _, a, b) => todo.extend([a, b]),
                Value::Load { at, .. } => todo.push(at),
                _ => {}
            }
        }
        false
    }
}

impl Facts<'_> {
    /// Is data from outside compared with what the device keeps (files, account databases, or what is derived from such)?
    ///
    /// Data that may come from anywhere, such as the word that a parser of files, requests and options looks at, tells
    /// nothing about who somebody is.
    pub fn compares_kept(&self, function: FuncId, left: ValueId, right: ValueId) -> bool {
        let (a, b) = (self.labels(function, left), self.labels(function, right));
        let outside = |labels: Labels| labels.meets(Labels::OUTSIDE.or(Labels::DOCUMENT));
        !a.is_anything() && !b.is_anything() && (outside(a) && b.is_kept() || outside(b) && a.is_kept())
    }

    /// Values of a function that are the truth of such a comparison.
    pub fn checks(&self, function: FuncId) -> Vec<ValueId> {
        let Some(own) = self.function(function) else { return Vec::new() };
        let truths = own.arena.values().map(|(id, _)| id).filter(|id| own.arena.is_truth(*id));
        let checks = |id: &ValueId| {
            self.tests(function, own, *id, true).iter().any(|(test, holds)| match test {
                Test::Text { left, right, .. } | Test::Equal { left, right } => {
                    *holds && self.compares_kept(function, *left, *right)
                }
                Test::Case { .. } | Test::Less { .. } => false,
            })
        };
        truths.filter(checks).collect()
    }

    /// Does the function make such a comparison, or ask a library that does?
    pub(crate) fn finds_checker(&self, function: FuncId) -> bool {
        let asks = |call: &u32| self.knowledge(function, *call).contains(&Fact::Decides);
        self.function(function).is_some_and(|own| own.calls.keys().any(asks))
            || !self.checks(function).is_empty()
    }
}
