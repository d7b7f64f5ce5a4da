//! Two ways to the same success: one by a decision about who somebody is, one by a constant of the program.
//!
//! An outcome is anything that several ways lead to: a block, a value where ways meet, what a function returns, what is
//! stored to one place. Each way carries the guards that hold on it. An outcome is suspicious if one way needs outside
//! data to equal a constant, another one needs a decision ([`decides`]), and both bring the same. `hardcoded-credential`,
//! `authentication-bypass` and `signature-check-bypass` look at the same pairs and differ in what is compared.

mod ways;

use std::collections::BTreeSet;

use flow::{Fact, Facts, FunctionFacts, Guard, Test, Value, ValueId};
use program::{BlockId, CallTarget, FuncId, VirtAddr};

use crate::decision::{answer, decides};
use crate::query::{ConstantTest, Subject, constant_tests};
use ways::{MAX_WAYS, Outcome, Way, outcomes};
pub(super) use ways::{entries, ways};

/// A success that can be had in two ways.
#[derive(Clone, Debug)]
pub(crate) struct TwoWays {
    pub(crate) function: FuncId,
    pub(crate) constant: ConstantTest,
    /// The decision that the constant replaces.
    pub(crate) decision: Decision,
    /// The last branch on the way that the constant opens, and where it leads then.
    pub(crate) opened: Option<(VirtAddr, VirtAddr)>,
}

/// A decision, as found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decision {
    /// Where it is taken; the block.
    pub(crate) block: BlockId,
    /// What is compared, if it is a comparison.
    pub(crate) test: Option<Test>,
}

/// Every such pair of a function.
pub(crate) fn two_ways(facts: &Facts<'_>, function: FuncId) -> Vec<TwoWays> {
    let Some(own) = facts.function(function) else { return Vec::new() };
    let decides = |callee: FuncId| {
        facts.is_checker(callee)
            || facts.callees(callee).any(|next| facts.is_checker(next.callee))
            || compares_memory(facts, callee)
    };
    if !has_constants(facts, function, own)
        || !(facts.is_checker(function) || facts.callees(function).any(|edge| decides(edge.callee)))
    {
        return Vec::new();
    }
    let decided: BTreeSet<ValueId> = facts.checks(function).into_iter().collect();
    let mut found = Vec::new();
    for outcome in outcomes(facts, function, own) {
        pairs(facts, function, own, &decided, &outcome, &mut found);
    }
    found
}

/// Cheap look before the expensive one: is there a condition on outside data and a constant at all?
fn has_constants(facts: &Facts<'_>, function: FuncId, own: &FunctionFacts) -> bool {
    let edges = own.conditions.keys().flat_map(|block| {
        let code = facts.program().function(function).and_then(|code| code.block(*block));
        code.map(program::Block::successors).unwrap_or_default().into_iter().map(move |to| (*block, to))
    });
    edges.into_iter().any(|(from, to)| {
        let guards = facts.edge(function, from, to);
        guards.iter().any(|guard| guard.holds && matches!(guard.test, Test::Text { .. } | Test::Equal { .. }))
            && !constant_tests(facts, function, &guards).is_empty()
            || is_byte(own, &guards)
    })
}

fn is_byte(own: &FunctionFacts, guards: &[Guard]) -> bool {
    let byte = |guard: &Guard| match guard.test {
        Test::Equal { left, right } => {
            matches!(own.arena.get(left), Value::Load { .. })
                && own.arena.number(right).is_some_and(|n| n > 0x20)
        }
        _ => false,
    };
    guards.iter().any(|guard| guard.holds && byte(guard))
}

fn pairs(
    facts: &Facts<'_>,
    function: FuncId,
    own: &FunctionFacts,
    decided: &BTreeSet<ValueId>,
    outcome: &Outcome,
    found: &mut Vec<TwoWays>,
) {
    let ways = outcome.ways.as_slice();
    let decisions: Vec<(usize, Decision, Option<u64>)> = ways
        .iter()
        .enumerate()
        .filter_map(|(i, way)| {
            let plain = decision(facts, function, own, decided, way).map(|decision| (i, decision, None));
            plain.or_else(|| {
                let (decision, number) = assumed(facts, function, own, decided, way)?;
                Some((i, decision, Some(number)))
            })
        })
        .collect();
    if decisions.is_empty() {
        return;
    }
    for (index, way) in ways.iter().enumerate() {
        if decisions.iter().any(|(i, ..)| *i == index) {
            continue;
        }
        let Some(constant) = own_test(facts, function, ways, index) else { continue };
        let zero = way.value.is_some_and(|value| own.arena.number(value) == Some(0));
        if zero && !outcome.zero {
            continue;
        }
        // Control alone: every way in must be one of the two kinds, else this is where failure goes as well.
        let guarded = |i: usize| {
            i == index
                || decisions.iter().any(|(d, ..)| *d == i)
                || own_test(facts, function, ways, i).is_some()
        };
        if way.value.is_none() && !(0..ways.len()).all(guarded) {
            continue;
        }
        // What the other ways bring as well is no success.
        let elsewhere = |(i, other): (usize, &Way)| {
            i != index
                && way.value.is_some()
                && other.value == way.value
                && decisions.iter().all(|(d, ..)| *d != i)
                && own_test(facts, function, ways, i).is_none()
        };
        if ways.iter().enumerate().any(elsewhere) {
            continue;
        }
        let same = |(i, _, number): &&(usize, Decision, Option<u64>)| match number {
            Some(number) => way.value.and_then(|value| own.arena.number(value)) == Some(*number),
            None => {
                let other = ways.get(*i).and_then(|way| way.value);
                brings_same(own, decided, way.value, other)
            }
        };
        if let Some((i, decision, _)) = decisions.iter().find(same) {
            let opened = opened(facts, function, &own_guards(ways, index));
            let first = TwoWays { function, constant, decision: *decision, opened };
            let guards = ways.get(*i).map(|way| way.guards.as_slice()).unwrap_or_default();
            let pair = about_same_datum(facts, first, guards);
            found.extend(Some(pair).filter(|pair| !pair.looks_up(facts, guards)));
        }
    }
}

/// Of several decisions on one way, the one about the datum that is compared with the constant tells the most.
fn about_same_datum(facts: &Facts<'_>, first: TwoWays, guards: &[Guard]) -> TwoWays {
    let deciding = guards.iter().filter(|guard| decides(facts, first.function, guard.test, guard.holds, 2));
    let others = deciding.map(|guard| {
        let decision = Decision { block: guard.block, test: Some(guard.test) };
        TwoWays { decision, ..first.clone() }
    });
    let mut all = std::iter::once(first.clone()).chain(others);
    all.find(|pair| pair.same_datum(facts)).unwrap_or(first)
}

/// The constant that this way needs and that the ways of decisions do not need as well.
fn own_test(facts: &Facts<'_>, function: FuncId, ways: &[Way], index: usize) -> Option<ConstantTest> {
    constant_tests(facts, function, &own_guards(ways, index)).into_iter().next()
}

/// What holds on one way and not on all others.
fn own_guards(ways: &[Way], index: usize) -> Vec<Guard> {
    let shared: BTreeSet<Guard> = ways
        .iter()
        .enumerate()
        .filter(|(i, _)| *i != index)
        .map(|(_, other)| other.guards.iter().copied().collect::<BTreeSet<Guard>>())
        .reduce(|all, more| all.intersection(&more).copied().collect())
        .unwrap_or_default();
    let own = ways.get(index).into_iter().flat_map(|way| &way.guards);
    own.filter(|guard| !shared.contains(guard)).copied().collect()
}

/// The last branch of a way that compares something with a constant, and its target: when that is reached, every
/// comparison before it has come out as the way needs it.
fn opened(facts: &Facts<'_>, function: FuncId, guards: &[Guard]) -> Option<(VirtAddr, VirtAddr)> {
    let compared = |guard: &&Guard| guard.holds && !constant_tests(facts, function, &[**guard]).is_empty();
    let own = facts.function(function)?;
    let piece = |guard: &&Guard| is_byte(own, &[**guard]);
    let last = guards.iter().find(|guard| compared(guard) || piece(guard))?;
    let code = facts.program().function(function)?;
    let targets = code.block(last.block)?.successors();
    let mut leads = targets.into_iter().filter(|to| facts.edge(function, last.block, *to).contains(last));
    let to = leads.next().filter(|_| leads.next().is_none())?;
    Some((last.address, code.block(to)?.start))
}

/// Do both ways bring success? A decision's truth is success if it is 1; constants must be equal.
fn brings_same(
    own: &FunctionFacts,
    decided: &BTreeSet<ValueId>,
    constant: Option<ValueId>,
    decision: Option<ValueId>,
) -> bool {
    match (constant, decision) {
        (None, None) => true,
        (Some(a), Some(b)) => {
            a == b && own.arena.number(a).is_some() || decided.contains(&b) && own.arena.number(a) == Some(1)
        }
        _ => false,
    }
}

/// What a way brings if the decision that its value hangs on comes out well: compilers compute with it instead of
/// branching.
fn assumed(
    facts: &Facts<'_>,
    function: FuncId,
    own: &FunctionFacts,
    decided: &BTreeSet<ValueId>,
    way: &Way,
) -> Option<(Decision, u64)> {
    let value = way.value.filter(|value| own.arena.number(*value).is_none())?;
    let mut todo = vec![value];
    let mut seen = BTreeSet::new();
    while let Some(id) = todo.pop() {
        if !seen.insert(id) || seen.len() > MAX_WAYS {
            continue;
        }
        let test = if decided.contains(&id) {
            facts.tests(function, own, id, true).first().map(|test| test.0)
        } else {
            asks_checker(facts, own, id)
        };
        if let Some(test) = test {
            let number = own.arena.number_if(value, (id, 1), &|_, _| None)? & u64::from(u32::MAX);
            return Some((Decision { block: way.block, test: Some(test) }, number));
        }
        todo.extend(own.arena.inputs(own.arena.get(id)).into_iter().flatten());
    }
    None
}

/// The result of a function of the program that decides, as a test.
fn asks_checker(facts: &Facts<'_>, own: &FunctionFacts, value: ValueId) -> Option<Test> {
    let Value::Result(call) = own.arena.get(value) else { return None };
    let CallTarget::Function(callee) = own.calls.get(&call)?.target else { return None };
    let zero = own.arena.find(Value::Number(0))?;
    facts.is_checker(callee).then_some(Test::Equal { left: value, right: zero })
}

fn decision(
    facts: &Facts<'_>,
    function: FuncId,
    own: &FunctionFacts,
    decided: &BTreeSet<ValueId>,
    way: &Way,
) -> Option<Decision> {
    if way.inside.is_some() {
        return way.inside;
    }
    if let Some(value) = way.value.filter(|value| decided.contains(value)) {
        let tests = facts.tests(function, own, value, true);
        return Some(Decision { block: way.block, test: tests.first().map(|test| test.0) });
    }
    let by = |ask: &dyn Fn(&Guard) -> bool| way.guards.iter().find(|guard| ask(guard)).copied();
    let guard = by(&|guard| decides(facts, function, guard.test, guard.holds, 2))
        .or_else(|| by(&|guard| remembered(facts, own, guard)))?;
    Some(Decision { block: guard.block, test: Some(guard.test) })
}

/// Does a function of the program find what it gets in the program's memory, such as a session in a table of sessions?
fn remembered(facts: &Facts<'_>, own: &FunctionFacts, guard: &Guard) -> bool {
    let Test::Equal { left, right } = guard.test else { return false };
    if guard.holds || own.arena.number(right) != Some(0) {
        return false;
    }
    match answer(own, left).and_then(|call| own.calls.get(&call)).map(|site| site.target) {
        Some(CallTarget::Function(callee)) => compares_memory(facts, callee),
        _ => false,
    }
}

/// Does a function compare something that it gets with variables of the program?
fn compares_memory(facts: &Facts<'_>, function: FuncId) -> bool {
    let Some(own) = facts.function(function) else { return false };
    let image = &facts.program().image;
    let is_variable = |address: u64| image.access(VirtAddr(address)).is_some_and(|access| access.write);
    let variable = |value: ValueId| match own.arena.get(own.resolve(value)) {
        Value::Load { at, size } => size >= 4 && own.addresses(at).into_iter().any(is_variable),
        _ => false,
    };
    let given = |value: ValueId| !facts.parameters(function, value).is_empty();
    let truths = own.conditions.values().flat_map(|value| facts.tests(function, own, *value, true));
    truths.into_iter().any(|(test, _)| match test {
        Test::Text { left, right, .. } | Test::Equal { left, right } => {
            variable(left) && given(right) || variable(right) && given(left)
        }
        Test::Case { .. } | Test::Less { .. } => false,
    })
}

impl TwoWays {
    /// Is the datum that is compared with the constant the one that the decision is about?
    pub(crate) fn same_datum(&self, facts: &Facts<'_>) -> bool {
        let subject = |value: ValueId| Subject::of(facts, self.function, value);
        match self.decision.test {
            Some(Test::Text { left, right, .. } | Test::Equal { left, right }) => {
                let (left, right) = (subject(left), subject(right));
                if left == self.constant.subject || right == self.constant.subject {
                    return true;
                }
                self.passed(facts) || self.derived(facts)
            }
            _ => false,
        }
    }

    /// The decision only looks something up in memory, and not for another part of the message that holds the constant:
    /// names are looked up so.
    fn looks_up(&self, facts: &Facts<'_>, guards: &[Guard]) -> bool {
        let Some(own) = facts.function(self.function) else { return false };
        let taken = guards.iter().filter(|guard| Some(guard.test) == self.decision.test);
        if taken.clone().any(|guard| decides(facts, self.function, guard.test, guard.holds, 2)) {
            return false;
        }
        let Some(guard) = taken.copied().find(|guard| remembered(facts, own, guard)) else { return false };
        let Test::Equal { left, .. } = guard.test else { return false };
        let site = answer(own, left).and_then(|call| own.calls.get(&call));
        let arguments = site.map(|site| site.arguments.as_slice()).unwrap_or_default();
        let of_one = |argument: &ValueId| self.constant.subject.is_beside(own, *argument);
        self.passed(facts) || !arguments.iter().any(of_one)
    }

    /// The decision is about what a hash made of the datum.
    fn derived(&self, facts: &Facts<'_>) -> bool {
        let Some(Test::Text { left, right, .. } | Test::Equal { left, right }) = self.decision.test else {
            return false;
        };
        let Some(own) = facts.function(self.function) else { return false };
        [left, right].into_iter().any(|side| {
            let Value::Result(call) = own.arena.get(own.resolve(side)) else { return false };
            let arguments = own.calls.get(&call).map(|site| site.arguments.as_slice()).unwrap_or_default();
            facts.knowledge(self.function, call).contains(&Fact::Derives)
                && arguments.iter().any(|a| Subject::of(facts, self.function, *a) == self.constant.subject)
        })
    }

    /// The decision is a call that gets the datum.
    pub(crate) fn passed(&self, facts: &Facts<'_>) -> bool {
        let Some(Test::Equal { left, .. }) = self.decision.test else { return false };
        let Some(own) = facts.function(self.function) else { return false };
        let Some(site) = answer(own, left).and_then(|call| own.calls.get(&call)) else { return false };
        site.arguments.iter().any(|a| Subject::of(facts, self.function, *a) == self.constant.subject)
    }
}
