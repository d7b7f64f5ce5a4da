//! Trying the values of what selects the target.

use std::collections::{BTreeMap, BTreeSet};

use super::expression::{Expressions, Node};
use crate::address::VirtAddr;
use crate::explore::Explored;
use crate::fold::{fold, signed, truncate};
use crate::state::Setting;

/// Values of one selector.
pub(super) const MAX_CASES: u64 = 4096;
/// Values tried around each constant that the expressions name.
const WINDOW: u64 = 1024;
/// Cases believed without any condition that bounds them.
const MAX_UNBOUNDED: usize = 512;

pub(super) struct Jump<'a, 's> {
    pub(super) setting: &'a Setting<'s>,
    pub(super) found: &'a Explored,
    pub(super) border: Option<VirtAddr>,
    pub(super) expressions: &'a Expressions<'a, 's>,
    pub(super) target: usize,
    pub(super) conditions: Vec<(usize, bool)>,
}

impl Jump<'_, '_> {
    pub(super) fn cases(&self) -> Option<Vec<(u64, VirtAddr)>> {
        let selectors = self.selectors();
        let bounded = selectors.iter().filter_map(|selector| self.bounded(*selector));
        let unbounded = || selectors.first().and_then(|selector| self.unbounded(*selector));
        bounded.into_iter().next().or_else(unbounded)
    }

    /// Nodes that alone decide the target, innermost first.
    fn selectors(&self) -> Vec<usize> {
        let needed = self.expressions.needs(self.target);
        let depends = self.dependent(&needed);
        let mut path = Vec::new();
        let mut node = self.target;
        loop {
            path.push(node);
            let open: Vec<usize> = self
                .expressions
                .operands(node)
                .into_iter()
                .filter(|operand| depends.contains(operand))
                .collect();
            match open[..] {
                [one] => node = one,
                [a, b] if a == b => node = a,
                _ => break,
            }
        }
        // Both operands may come from one unknown further in.
        let leaves: Vec<usize> = needed
            .iter()
            .copied()
            .filter(|node| matches!(self.expressions.nodes.get(*node), Some((Node::Leaf, _))))
            .collect();
        if let ([leaf], false) = (&leaves[..], path.contains(leaves.first().unwrap_or(&usize::MAX))) {
            path.push(*leaf);
        }
        path.reverse();
        // The target itself is no selector.
        path.pop();
        path
    }

    /// The nodes among these that depend on an unknown.
    fn dependent(&self, needed: &BTreeSet<usize>) -> BTreeSet<usize> {
        let mut depends = BTreeSet::new();
        for node in needed {
            let open = match self.expressions.nodes.get(*node) {
                Some((Node::Leaf | Node::Stack(_), _)) => true,
                _ => self.expressions.operands(*node).iter().any(|operand| depends.contains(operand)),
            };
            if open {
                depends.insert(*node);
            }
        }
        depends
    }

    /// Tries the values that meet the conditions. `None` if no condition depends on the selector alone.
    fn bounded(&self, selector: usize) -> Option<Vec<(u64, VirtAddr)>> {
        let plan = self.plan(selector);
        let conditions: Vec<(usize, bool)> = self
            .conditions
            .iter()
            .copied()
            .filter(|(node, _)| self.value(&plan, selector, 0, *node).is_some())
            .collect();
        let met = |value: u64| {
            conditions.iter().all(|(node, wanted)| {
                self.value(&plan, selector, value, *node).is_none_or(|found| (found != 0) == *wanted)
            })
        };
        let candidates = self.candidates(selector, &plan);
        let allowed: Vec<u64> = candidates.iter().copied().filter(|value| met(*value)).collect();
        // A condition such as `≠ 0` bounds nothing.
        if allowed.is_empty() || allowed.len() as u64 > MAX_CASES || 2 * allowed.len() > candidates.len() {
            return None;
        }
        let mut cases = Vec::new();
        for value in allowed {
            let target = self.value(&plan, selector, value, self.target)?;
            cases.push((value, self.code(target)?));
        }
        Some(cases)
    }

    /// Without a bound: entries are believed as long as they lead into this function.
    fn unbounded(&self, selector: usize) -> Option<Vec<(u64, VirtAddr)>> {
        let needed = self.expressions.needs(self.target);
        let loads =
            needed.iter().any(|node| matches!(self.expressions.nodes.get(*node), Some((Node::Load(_), _))));
        let plan = self.plan(selector);
        let mut cases = Vec::new();
        let mut repeated = 0;
        let mut seen = BTreeSet::new();
        for value in 0..MAX_UNBOUNDED as u64 {
            let target = self.value(&plan, selector, value, self.target).and_then(|target| self.code(target));
            let Some(target) = target.filter(|target| self.is_own(*target)) else { break };
            repeated = if seen.insert(target) { 0 } else { repeated + 1 };
            cases.push((value, target));
            if repeated > 64 {
                break;
            }
        }
        (loads && seen.len() >= 2).then_some(cases)
    }

    fn is_own(&self, target: VirtAddr) -> bool {
        target > self.found.entry.address && self.border.is_none_or(|border| target < border)
    }

    fn code(&self, target: u64) -> Option<VirtAddr> {
        let image = self.setting.image;
        let address = image.code_addr(target).address;
        let aligned = address.0.is_multiple_of(u64::from(self.setting.table.alignment()));
        (aligned && image.is_code(address)).then_some(address)
    }

    /// The nodes to compute, in order, for the target and the conditions.
    fn plan(&self, selector: usize) -> Vec<usize> {
        let mut needed = self.expressions.needs(self.target);
        for (condition, _) in &self.conditions {
            needed.extend(self.expressions.needs(*condition));
        }
        needed.insert(selector);
        needed.into_iter().collect()
    }

    /// Small numbers, and those near the constants of the expressions.
    fn candidates(&self, selector: usize, plan: &[usize]) -> Vec<u64> {
        let size = self.expressions.size(selector);
        let mut all: BTreeSet<u64> = (0..2 * WINDOW).collect();
        let constants = plan.iter().filter_map(|node| match self.expressions.nodes.get(*node) {
            Some((Node::Number(number), bytes)) => Some((*number, *bytes)),
            _ => None,
        });
        let constants: BTreeSet<(u64, u16)> = constants.collect();
        for (number, bytes) in constants.into_iter().take(16) {
            let number = signed((number, bytes)) as u64;
            for base in [number, number.wrapping_neg()] {
                all.extend((0..WINDOW).map(|step| truncate(base.wrapping_add(step), size)));
            }
        }
        all.into_iter().filter(|value| truncate(*value, size) == *value).collect()
    }

    /// The value of `node` if the selector has `value`.
    fn value(&self, plan: &[usize], selector: usize, value: u64, node: usize) -> Option<u64> {
        let mut known: BTreeMap<usize, (u64, u16)> = BTreeMap::new();
        for at in plan.iter().copied().filter(|at| *at <= node.max(selector)) {
            let (expression, size) = self.expressions.nodes.get(at)?;
            let number = match expression {
                _ if at == selector => Some(truncate(value, *size)),
                Node::Number(number) => Some(*number),
                Node::Leaf | Node::Stack(_) => None,
                Node::Load(address) => {
                    known.get(address).and_then(|(address, _)| self.loaded(*address, *size))
                }
                Node::Apply(opcode, operands) => {
                    let inputs: Option<Vec<(u64, u16)>> =
                        operands.iter().map(|o| known.get(o).copied()).collect();
                    inputs.and_then(|inputs| fold(*opcode, *size, &inputs))
                }
            };
            if let Some(number) = number {
                known.insert(at, (number, *size));
            }
        }
        known.get(&node).map(|known| known.0)
    }

    fn loaded(&self, address: u64, size: u16) -> Option<u64> {
        let image = self.setting.image;
        let address = VirtAddr(address);
        if size == u16::from(image.pointer_size) {
            return image.word_at(address);
        }
        image.read_uint(address, u8::try_from(size).ok().filter(|size| *size <= 8)?)
    }
}
