//! Indirect jumps through tables: which targets, for which values.
//!
//! Instead of matching the shapes that compilers emit, the target's computation is written down as an expression over
//! what is unknown at the start of a short chain of blocks, together with the conditions under which that chain is
//! taken. If one unknown (or one intermediate result) decides the target, its values are tried one after the other:
//! those that meet all conditions and lead to code are the cases. So absolute tables, relative tables, byte tables and
//! computed jumps are one case, on every processor.
//!
//! Misses: two-level tables whose bound stands further away than [`MAX_CHAIN`] blocks; selectors of more than
//! [`cases::MAX_CASES`] values.

mod cases;
mod expression;

use std::collections::{BTreeMap, BTreeSet};

use crate::address::VirtAddr;
use crate::explore::{Explored, RawBlock, RawExit, RawPlace};
use crate::state::Setting;
use cases::Jump;
use expression::Expressions;

/// Blocks looked at, the jump's own included.
const MAX_CHAIN: usize = 6;

/// A resolved jump.
pub(crate) struct Solution {
    pub(crate) op: u32,
    pub(crate) cases: Vec<(u64, VirtAddr)>,
    /// Places among the code that hold the table: address and bytes.
    pub(crate) table: BTreeSet<(u64, u16)>,
    pub(crate) work: u64,
}

/// Finds the cases of the indirect jump that ends the block at `start`.
pub(crate) fn solve(
    setting: &Setting<'_>,
    found: &Explored,
    border: Option<VirtAddr>,
    start: VirtAddr,
) -> Option<Solution> {
    let chain = chain(found, start);
    let first = found.blocks.get(chain.last()?)?;
    let mut expressions = Expressions {
        setting,
        state: &first.state,
        nodes: Vec::new(),
        registers: BTreeMap::new(),
        slots: BTreeMap::new(),
        temporaries: BTreeMap::new(),
        conditions: BTreeMap::new(),
        targets: BTreeMap::new(),
    };
    for address in chain.iter().rev() {
        expressions.add_block(found, found.blocks.get(address)?)?;
    }
    let (op, target) = expressions.targets.last_key_value().map(|(op, node)| (*op, *node))?;
    let conditions = conditions(found, &chain, &expressions);
    let jump = Jump { setting, found, border, expressions: &expressions, target, conditions };
    let (selector, cases) = jump.cases()?;
    let table = jump.table(selector, &cases);
    let work = expressions.nodes.len() as u64 + cases.len() as u64;
    Some(Solution { op, cases, table, work })
}

/// The block and those before it, as long as there is only one way there; nearest first.
fn chain(found: &Explored, start: VirtAddr) -> Vec<VirtAddr> {
    let mut chain = vec![start];
    while let Some(last) = chain.last().copied().filter(|_| chain.len() < MAX_CHAIN) {
        let leads = |block: &RawBlock| {
            block
                .exit
                .iter()
                .flat_map(RawExit::places)
                .any(|place| place.target().is_some_and(|to| to.0 == last))
        };
        let mut before = found.blocks.iter().filter(|(_, block)| leads(block)).map(|(address, _)| *address);
        match (before.next(), before.next()) {
            (Some(one), None) if !chain.contains(&one) && last != found.entry.address => chain.push(one),
            _ => break,
        }
    }
    chain
}

/// Conditions on the way along the chain: expression and the value it must have.
fn conditions(found: &Explored, chain: &[VirtAddr], expressions: &Expressions<'_, '_>) -> Vec<(usize, bool)> {
    let mut all = Vec::new();
    let towards = |place: RawPlace, next: Option<VirtAddr>| match next {
        Some(next) => place.target().is_some_and(|to| to.0 == next),
        None => place == RawPlace::Unresolved,
    };
    let nexts = std::iter::once(None).chain(chain.iter().map(|address| Some(*address)));
    for (address, next) in chain.iter().zip(nexts) {
        let Some(RawExit::Branch { op, when, taken, otherwise }) =
            found.blocks.get(address).and_then(|b| b.exit.clone())
        else {
            continue;
        };
        let Some(condition) = expressions.conditions.get(&op).copied() else { continue };
        match (towards(taken, next), towards(otherwise, next)) {
            (true, false) => all.push((condition, when)),
            (false, true) => all.push((condition, !when)),
            _ => {}
        }
    }
    all
}
