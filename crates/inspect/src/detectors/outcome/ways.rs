//! Outcomes of a function, and the ways to each with what holds on them.
//!
//! Ways are followed through merges and conditional instructions; where control alone matters, each edge into a block is
//! one. What a function that is called decides and stores counts as if it stood here.

use std::collections::{BTreeMap, BTreeSet};

use flow::{Facts, FunctionFacts, Guard, Test, Value, ValueId};
use program::{BlockId, CallTarget, FuncId, VirtAddr};

use super::Decision;
use crate::decision::{decides, number_under};

#[derive(Clone)]
pub(super) struct Way {
    /// What it brings; `None` for control alone.
    pub(super) value: Option<ValueId>,
    pub(super) block: BlockId,
    pub(super) guards: Vec<Guard>,
    /// A decision in a function that is called on this way.
    pub(super) inside: Option<Decision>,
}

/// Ways to one outcome.
pub(super) struct Outcome {
    pub(super) ways: Vec<Way>,
    /// May 0 mean success? Only what a function returns is read in this way.
    pub(super) zero: bool,
}

/// Values that meet, followed.
pub(super) const MAX_WAYS: usize = 64;

pub(super) fn outcomes<'a>(
    facts: &'a Facts<'_>,
    function: FuncId,
    own: &'a FunctionFacts,
) -> impl Iterator<Item = Outcome> + 'a {
    let returned = std::iter::once_with(move || {
        let all = own.returns.iter();
        all.flat_map(|(block, value)| spread(facts, function, own, *value, *block)).collect()
    });
    let merged = own.arena.values().filter_map(move |(id, value)| match value {
        Value::Merge { block, .. } => Some(spread(facts, function, own, id, block)),
        _ => None,
    });
    let returned = returned.map(|ways| Outcome { ways, zero: true });
    let others = merged.chain(stored(facts, function, own)).chain(entered(facts, function));
    let others = others.chain(called(facts, function, own));
    returned.chain(others.map(|ways| Outcome { ways, zero: false }))
}

/// The ways by which a value comes to a block, each with what must hold on it.
pub(in crate::detectors) fn ways(
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
                for mut guards in setting(facts, function, own, block, edge) {
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
fn setting(
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
    let mut places: BTreeMap<ValueId, Vec<(ValueId, BlockId)>> = Default::default();
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
fn entered<'a>(facts: &'a Facts<'_>, function: FuncId) -> impl Iterator<Item = Vec<Way>> + 'a {
    let blocks = facts.program().function(function).map_or(0, |code| code.blocks.len() as u32);
    let choosing = facts.choosing(function);
    (0..blocks).map(BlockId).filter(move |block| !choosing.contains(block)).filter_map(move |block| {
        let way = |(block, guards)| Way { value: None, block, guards, inside: None };
        let ways: Vec<Way> = entries(facts, function, block, MAX_ENTRIES).into_iter().map(way).collect();
        (!ways.is_empty()).then_some(ways)
    })
}

/// The ways into a block where at most so many meet, each with the block it comes from and what holds on it. Ways round a loop come
/// from inside.
pub(in crate::detectors) fn entries(
    facts: &Facts<'_>,
    function: FuncId,
    block: BlockId,
    most: usize,
) -> Vec<(BlockId, Vec<Guard>)> {
    let Some(own) = facts.function(function) else { return Vec::new() };
    let from = own.dominance.predecessors(block).iter();
    let from: Vec<BlockId> = from.filter(|from| !own.dominance.dominates(block, **from)).copied().collect();
    if !(2..=most).contains(&from.len()) {
        return Vec::new();
    }
    from.into_iter().map(|from| (from, guards_on(facts, function, from, Some(block)))).collect()
}

/// One call that is made in several places.
fn called<'a>(
    facts: &'a Facts<'_>,
    function: FuncId,
    own: &'a FunctionFacts,
) -> impl Iterator<Item = Vec<Way>> + 'a {
    let mut calls: BTreeMap<(FuncId, Vec<ValueId>), Vec<BlockId>> = Default::default();
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
