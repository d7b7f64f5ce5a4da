//! Two ways to the same success: one by a decision about who somebody is, one by a constant of the program.
//!
//! An outcome is anything that several ways lead to: a block, a value where ways meet, what a function returns, what is
//! stored to one place. Each way carries the guards that hold on it. An outcome is suspicious if one way needs outside
//! data to equal a constant, another one needs a decision ([`decides`]), and both bring the same. `hardcoded-credential`,
//! `authentication-bypass` and `signature-check-bypass` look at the same pairs and differ in what is compared.

use std::collections::BTreeSet;

use flow::{Fact, Facts, FunctionFacts, Guard, Test, Value, ValueId};
use program::{BlockId, CallTarget, FuncId, VirtAddr};

use crate::query::{ConstantTest, Subject, constant_tests, decides, number_under};

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

#[derive(Clone)]
struct Way {
    /// What it brings; `None` for control alone.
    value: Option<ValueId>,
    block: BlockId,
    guards: Vec<Guard>,
    /// A decision in a function that is called on this way.
    inside: Option<Decision>,
}

/// Ways to one outcome.
struct Outcome {
    ways: Vec<Way>,
    /// May 0 mean success? Only what a function returns is read in this way.
    zero: bool,
}

/// Values that meet, followed.
const MAX_WAYS: usize = 64;

/// Every such pair of a function.
pub(crate) fn two_ways(facts: &Facts<'_>, function: FuncId) -> Vec<TwoWays> {
    let Some(own) = facts.function(function) else { return Vec::new() };
    let near = facts.callees(function).any(|edge| {
        facts.is_checker(edge.callee) || facts.callees(edge.callee).any(|next| facts.is_checker(next.callee))
    });
    if !(near || facts.is_checker(function)) || !has_constants(facts, function, own) {
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

fn outcomes<'a>(
    facts: &'a Facts<'_>,
    function: FuncId,
    own: &'a FunctionFacts,
) -> impl Iterator<Item = Outcome> + 'a {
    let returned = std::iter::once_with(move || {
        let all = own.returns.iter();
        all.flat_map(|(block, value)| spread(facts, function, own, *value, *block)).collect()
    });
    // Ways also meet in registers and flags that nobody looks at afterwards.
    let used = own.used();
    let merged = own.arena.values().filter_map(move |(id, value)| match value {
        Value::Merge { block, .. } if used.contains(&id) => Some(spread(facts, function, own, id, block)),
        _ => None,
    });
    let returned = returned.map(|ways| Outcome { ways, zero: true });
    let others = merged.chain(stored(facts, function, own)).chain(entered(facts, function, own));
    let others = others.chain(called(facts, function, own));
    returned.chain(others.map(|ways| Outcome { ways, zero: false }))
}

/// The ways by which a value comes to a block, each with what must hold on it.
pub(super) fn ways(
    facts: &Facts<'_>,
    function: FuncId,
    value: ValueId,
    block: BlockId,
) -> Vec<(ValueId, Vec<Guard>)> {
    let Some(own) = facts.function(function) else { return Vec::new() };
    let all = spread(facts, function, own, value, block).into_iter();
    all.filter_map(|way| Some((way.value?, way.guards))).collect()
}

/// The ways by which a value comes, through merges.
fn spread(
    facts: &Facts<'_>,
    function: FuncId,
    own: &FunctionFacts,
    value: ValueId,
    block: BlockId,
) -> Vec<Way> {
    let start = value;
    let mut ways = Vec::new();
    // Value, where it comes from, and what a conditional instruction asked on the way.
    let mut todo = vec![(value, block, None, Vec::<Guard>::new())];
    let mut seen = BTreeSet::new();
    while let Some((value, block, edge, asked)) = todo.pop() {
        if !seen.insert((value, block)) || seen.len() > MAX_WAYS {
            continue;
        }
        match own.arena.get(value) {
            Value::Merge { block: at, .. } => {
                let operands = own.arena.operands(value).iter();
                todo.extend(operands.map(|(_, from, value)| (*value, *from, Some(at), asked.clone())));
            }
            Value::Choice { when, then, otherwise } => {
                let address = block_address(facts, function, block);
                for (value, truth) in [(then, true), (otherwise, false)] {
                    let tests = facts.tests(function, own, when, truth).into_iter();
                    let guards = tests.map(|(test, holds)| Guard { block, address, test, holds });
                    todo.push((value, block, edge, guards.chain(asked.iter().copied()).collect()));
                }
            }
            _ => {
                for mut guards in entries(facts, function, own, block, edge) {
                    guards.splice(0..0, asked.iter().copied());
                    if !guards.iter().any(|guard| keeps(own, guard, start)) {
                        let value = Some(pinned(own, value, &guards));
                        ways.push(Way { value, block, guards, inside: None });
                    }
                }
            }
        }
    }
    ways
}

/// Ways into one block that are told apart.
const MAX_ENTRIES: usize = 8;

/// Ways into a block that only sets a value, before it goes on: what holds on each of them.
fn entries(
    facts: &Facts<'_>,
    function: FuncId,
    own: &FunctionFacts,
    block: BlockId,
    edge: Option<BlockId>,
) -> Vec<Vec<Guard>> {
    let before = own.dominance.predecessors(block);
    let calls = own.calls.values().any(|site| site.block == block);
    let last = edge.map(|to| facts.edge(function, block, to)).unwrap_or_default();
    if calls || before.len() < 2 || before.len() > MAX_ENTRIES || !last.is_empty() {
        return vec![guards_on(facts, function, block, edge)];
    }
    before.iter().map(|from| guards_on(facts, function, *from, Some(block))).collect()
}

/// Does a guard say that the outcome was had already: a flag that stays what it is while a loop goes round?
fn keeps(own: &FunctionFacts, guard: &Guard, outcome: ValueId) -> bool {
    let Test::Equal { left, right } = guard.test else { return false };
    let meets = |merge: ValueId, value: ValueId| own.arena.operands(merge).iter().any(|o| o.2 == value);
    !guard.holds
        && own.arena.number(right) == Some(0)
        && matches!(own.arena.get(left), Value::Merge { .. })
        && (left == outcome || meets(left, outcome) || meets(outcome, left))
}

/// The number that the guards say a value is, if they do.
fn pinned(own: &FunctionFacts, value: ValueId, guards: &[Guard]) -> ValueId {
    let number = number_under(own, guards, value);
    number.and_then(|number| own.arena.find(Value::Number(number))).unwrap_or(value)
}

fn block_address(facts: &Facts<'_>, function: FuncId, block: BlockId) -> VirtAddr {
    let code = facts.program().function(function).and_then(|code| code.block(block));
    code.map(|block| block.start).unwrap_or_default()
}

fn guards_on(facts: &Facts<'_>, function: FuncId, block: BlockId, to: Option<BlockId>) -> Vec<Guard> {
    let mut guards = to.map(|to| facts.edge(function, block, to)).unwrap_or_default();
    guards.extend(facts.guards(function, block));
    guards
}

/// Stores to one place.
fn stored<'a>(
    facts: &'a Facts<'_>,
    function: FuncId,
    own: &'a FunctionFacts,
) -> impl Iterator<Item = Vec<Way>> + 'a {
    let mut places: std::collections::BTreeMap<ValueId, Vec<(ValueId, BlockId)>> = Default::default();
    for store in &own.stores {
        places.entry(store.to).or_default().push((store.value, store.block));
    }
    let inside = stored_inside(facts, function, own);
    places.into_iter().filter_map(move |(place, stores)| {
        let more = inside.iter().filter(|(to, _)| *to == place).map(|(_, way)| way);
        let count = stores.len() + more.clone().count();
        (count > 1 && count <= 16).then(|| {
            let here =
                stores.into_iter().flat_map(|(value, block)| spread(facts, function, own, value, block));
            here.chain(more.cloned()).collect()
        })
    })
}

/// Numbers that functions which are called store after a decision, through a pointer that they get: by the place as this
/// function sees it.
fn stored_inside(facts: &Facts<'_>, function: FuncId, own: &FunctionFacts) -> Vec<(ValueId, Way)> {
    let mut all = Vec::new();
    for site in own.calls.values() {
        let CallTarget::Function(callee) = site.target else { continue };
        let Some(inner) = facts.function(callee).filter(|_| facts.is_checker(callee)) else { continue };
        for store in &inner.stores {
            let (base, distance) = inner.arena.base(inner.resolve(store.to));
            let Value::Parameter(n) = inner.arena.get(base) else { continue };
            let Some(number) = inner.arena.number(inner.resolve(store.value)) else { continue };
            let decided = facts.guards(callee, store.block);
            if !decided.iter().any(|guard| decides(facts, callee, guard.test, guard.holds, 1)) {
                continue;
            }
            let place = site.arguments.get(usize::from(n)).and_then(|base| beyond(own, *base, distance));
            let (Some(place), value) = (place, own.arena.find(Value::Number(number))) else { continue };
            let guards = facts.guards(function, site.block);
            let inside = Some(Decision { block: site.block, test: None });
            all.push((place, Way { value, block: site.block, guards, inside }));
        }
    }
    all
}

/// The address at a distance from another, if the function knows it.
fn beyond(own: &FunctionFacts, base: ValueId, distance: i64) -> Option<ValueId> {
    let base = own.resolve(base);
    let (start, more) = own.arena.base(base);
    match (own.arena.get(base), more.checked_add(distance)?) {
        (_, _) if distance == 0 => Some(base),
        (Value::Stack(at), _) => own.arena.find(Value::Stack(at.checked_add(distance)?)),
        (_, 0) => Some(start),
        (_, sum) => own.arena.find(Value::Sum(start, sum)),
    }
}

/// The ways into a block, if every one of them is guarded by something.
fn entered<'a>(
    facts: &'a Facts<'_>,
    function: FuncId,
    own: &'a FunctionFacts,
) -> impl Iterator<Item = Vec<Way>> + 'a {
    let blocks = facts.program().function(function).map_or(0, |code| code.blocks.len() as u32);
    let choosing = facts.choosing(function);
    (0..blocks).map(BlockId).filter(move |block| !choosing.contains(block)).filter_map(move |block| {
        // Ways round a loop come from inside.
        let from = own.dominance.predecessors(block).iter();
        let from: Vec<BlockId> =
            from.filter(|from| !own.dominance.dominates(block, **from)).copied().collect();
        (from.len() > 1 && from.len() <= 8).then(|| {
            let way = |from: &BlockId| Way {
                value: None,
                block: *from,
                guards: guards_on(facts, function, *from, Some(block)),
                inside: None,
            };
            from.iter().map(way).collect()
        })
    })
}

/// One call that is made in several places.
fn called<'a>(
    facts: &'a Facts<'_>,
    function: FuncId,
    own: &'a FunctionFacts,
) -> impl Iterator<Item = Vec<Way>> + 'a {
    let mut calls: std::collections::BTreeMap<(FuncId, Vec<ValueId>), Vec<BlockId>> = Default::default();
    for site in own.calls.values() {
        if let CallTarget::Function(callee) = site.target
            && matters(facts, callee)
        {
            let passed = site.arguments.iter().map(|value| own.resolve(*value)).collect();
            calls.entry((callee, passed)).or_default().push(site.block);
        }
    }
    calls.into_values().filter(|blocks| blocks.len() > 1 && blocks.len() <= 8).map(move |blocks| {
        let way =
            |block: BlockId| Way { value: None, block, guards: facts.guards(function, block), inside: None };
        blocks.into_iter().map(way).collect()
    })
}

/// Does a function do more than answer?
fn matters(facts: &Facts<'_>, function: FuncId) -> bool {
    let acts = |effect: &flow::Effect| !effect.operation.starts_with("network.");
    facts.effects(function).iter().any(acts)
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
            found.push(about_same_datum(facts, first, guards));
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
    let guard = way.guards.iter().find(|guard| decides(facts, function, guard.test, guard.holds, 2))?;
    Some(Decision { block: guard.block, test: Some(guard.test) })
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
    fn passed(&self, facts: &Facts<'_>) -> bool {
        let Some(Test::Equal { left, .. }) = self.decision.test else { return false };
        let Some(own) = facts.function(self.function) else { return false };
        let Value::Result(call) = own.arena.get(own.resolve(left)) else { return false };
        let Some(site) = own.calls.get(&call) else { return false };
        site.arguments.iter().any(|a| Subject::of(facts, self.function, *a) == self.constant.subject)
    }
}
