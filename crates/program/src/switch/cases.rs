//! Trying the values of what selects the target.

use std::collections::BTreeSet;

use sleigh::pcode::Opcode;

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
    /// The selector, and what its values lead to.
    pub(super) fn cases(&self) -> Option<(usize, Vec<(u64, VirtAddr)>)> {
        let selectors = self.selectors();
        let mut bounded = selectors.iter().filter_map(|selector| Some((*selector, self.bounded(*selector)?)));
        let mut unbounded =
            selectors.iter().filter_map(|selector| Some((*selector, self.unbounded(*selector)?)));
        bounded.next().or_else(|| unbounded.next())
    }

    /// Nodes that alone decide the target, innermost first.
    fn selectors(&self) -> Vec<usize> {
        let needed = self.expressions.needs(self.target, None);
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
        let conditions: Vec<(Plan, bool)> = self
            .conditions
            .iter()
            .map(|(node, wanted)| (self.plan(selector, *node), *wanted))
            .filter(|(plan, _)| plan.depends && self.value(plan, 0).is_some())
            .collect();
        if conditions.is_empty() {
            return self.masked(selector);
        }
        let mut known = Vec::new();
        let mut met = |value: u64| {
            conditions.iter().all(|(plan, wanted)| {
                self.fill(plan, value, &mut known);
                known.last().copied().flatten().is_none_or(|found| (found.0 != 0) == *wanted)
            })
        };
        let candidates = self.candidates(selector, &conditions);
        let allowed: Vec<u64> = candidates.iter().copied().filter(|value| met(*value)).collect();
        // A condition such as `≠ 0` bounds nothing.
        if allowed.is_empty() || allowed.len() as u64 > MAX_CASES || 2 * allowed.len() > candidates.len() {
            return None;
        }
        let target = self.plan(selector, self.target);
        let mut cases = Vec::new();
        for value in allowed {
            cases.push((value, self.code(self.value(&target, value)?)?));
        }
        Some(cases)
    }

    /// A selector that a constant mask keeps small needs no condition.
    fn masked(&self, selector: usize) -> Option<Vec<(u64, VirtAddr)>> {
        let Some((Node::Apply(Opcode::IntAnd, operands), _)) = self.expressions.nodes.get(selector) else {
            return None;
        };
        let mask = operands.iter().find_map(|operand| match self.expressions.nodes.get(*operand) {
            Some((Node::Number(mask), _)) => Some(*mask),
            _ => None,
        });
        let mask = mask.filter(|mask| *mask > 0 && *mask < MAX_CASES)?;
        let plan = self.plan(selector, self.target);
        let values = (0..=mask).filter(|value| value & mask == *value);
        values.map(|value| Some((value, self.code(self.value(&plan, value)?)?))).collect()
    }

    /// Without a bound: entries are believed as long as they lead into this function.
    fn unbounded(&self, selector: usize) -> Option<Vec<(u64, VirtAddr)>> {
        let plan = self.plan(selector, self.target);
        let loads = plan.steps.iter().any(|step| matches!(step.0, Step::Load(_)));
        let mut cases = Vec::new();
        let mut repeated = 0;
        let mut seen = BTreeSet::new();
        for value in 0..MAX_UNBOUNDED as u64 {
            let target = self.value(&plan, value).and_then(|target| self.code(target));
            let Some(target) = target.filter(|target| self.is_own(*target)) else { break };
            repeated = if seen.insert(target) { 0 } else { repeated + 1 };
            cases.push((value, target));
            if repeated > 64 {
                break;
            }
        }
        (loads && seen.len() >= 2).then_some(cases)
    }

    /// Places among the code that the cases read: the table.
    pub(super) fn table(&self, selector: usize, cases: &[(u64, VirtAddr)]) -> BTreeSet<(u64, u16)> {
        let plan = self.plan(selector, self.target);
        let mut read = BTreeSet::new();
        for (value, _) in cases {
            let values = self.values(&plan, *value);
            for (step, size) in &plan.steps {
                let Step::Load(Some(address)) = step else { continue };
                let Some(Some((address, _))) = values.get(*address) else { continue };
                if self.setting.image.is_code(VirtAddr(*address)) {
                    read.insert((*address, *size));
                }
            }
        }
        read
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

    /// Small numbers, and those near the constants of the conditions.
    fn candidates(&self, selector: usize, conditions: &[(Plan, bool)]) -> Vec<u64> {
        let size = self.expressions.size(selector);
        let steps = conditions.iter().flat_map(|(plan, _)| &plan.steps);
        let constants: BTreeSet<(u64, u16)> = steps
            .filter_map(|(step, bytes)| match step {
                Step::Number(number) => Some((*number, *bytes)),
                _ => None,
            })
            .collect();
        let mut all: Vec<u64> = (0..2 * WINDOW).collect();
        for (number, bytes) in constants.into_iter().filter(|(number, _)| *number > WINDOW / 2).take(8) {
            let number = signed((number, bytes)) as u64;
            for base in [number, number.wrapping_neg()] {
                all.extend((0..WINDOW).map(|step| truncate(base.wrapping_add(step), size)));
            }
        }
        all.retain(|value| truncate(*value, size) == *value);
        all.sort_unstable();
        all.dedup();
        all
    }

    fn value(&self, plan: &Plan, value: u64) -> Option<u64> {
        self.values(plan, value).pop().flatten().map(|last| last.0)
    }

    /// What is to be computed for a node; what does not hang on the selector is computed here, once.
    fn plan(&self, selector: usize, node: usize) -> Plan {
        let mut plan = Plan::new(self.expressions, selector, node);
        let mut open = Vec::new();
        for at in 0..plan.steps.len() {
            if plan.hangs_on_selector(at, &open) {
                open.push(at);
                plan.fixed.push(None);
            } else {
                let number = self.step(&plan, at, 0, &plan.fixed);
                plan.fixed.push(number);
            }
        }
        plan.open = open;
        plan
    }

    /// The value of each step if the selector has `value`.
    fn values(&self, plan: &Plan, value: u64) -> Vec<Option<(u64, u16)>> {
        let mut known = Vec::new();
        self.fill(plan, value, &mut known);
        known
    }

    /// As [`Self::values`], in a list that is used again.
    fn fill(&self, plan: &Plan, value: u64, known: &mut Vec<Option<(u64, u16)>>) {
        known.clear();
        known.extend_from_slice(&plan.fixed);
        for at in &plan.open {
            let number = self.step(plan, *at, value, known);
            if let Some(slot) = known.get_mut(*at) {
                *slot = number;
            }
        }
    }

    /// The value of one step, where those before it are known.
    fn step(&self, plan: &Plan, at: usize, value: u64, known: &[Option<(u64, u16)>]) -> Option<(u64, u16)> {
        let (step, size) = plan.steps.get(at)?;
        let input = |at: &Option<usize>| at.and_then(|at| known.get(at).copied().flatten());
        let number = match step {
            Step::Selector => Some(truncate(value, *size)),
            Step::Number(number) => Some(*number),
            Step::Unknown => None,
            Step::Load(address) => input(address).and_then(|(address, _)| self.loaded(address, *size)),
            Step::Apply(opcode, operands) => match operands[..] {
                [a] => fold(*opcode, *size, &[input(&a)?]),
                [a, b] => fold(*opcode, *size, &[input(&a)?, input(&b)?]),
                _ => {
                    let inputs: Option<Vec<(u64, u16)>> = operands.iter().map(input).collect();
                    fold(*opcode, *size, &inputs?)
                }
            },
        };
        number.map(|number| (number, *size))
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

/// What is to be computed for one node, in order; the node comes last. Operands are places in the list.
struct Plan {
    steps: Vec<(Step, u16)>,
    /// Values of the steps that do not hang on the selector, by place.
    fixed: Vec<Option<(u64, u16)>>,
    /// Places of the others.
    open: Vec<usize>,
    /// Does the result depend on the selector?
    depends: bool,
}

enum Step {
    Selector,
    Unknown,
    Number(u64),
    Load(Option<usize>),
    Apply(Opcode, Vec<Option<usize>>),
}

impl Plan {
    fn new(expressions: &Expressions<'_, '_>, selector: usize, node: usize) -> Self {
        let nodes: Vec<usize> = expressions.needs(node, Some(selector)).into_iter().collect();
        let place = |node: &usize| nodes.binary_search(node).ok();
        let step = |node: &usize| {
            let size = expressions.size(*node);
            let step = match expressions.nodes.get(*node).map(|node| &node.0) {
                _ if *node == selector => Step::Selector,
                Some(Node::Number(number)) => Step::Number(*number),
                Some(Node::Load(address)) => Step::Load(place(address)),
                Some(Node::Apply(opcode, operands)) => {
                    Step::Apply(*opcode, operands.iter().map(place).collect())
                }
                Some(Node::Leaf | Node::Stack(_)) | None => Step::Unknown,
            };
            (step, size)
        };
        Self {
            steps: nodes.iter().map(step).collect(),
            fixed: Vec::with_capacity(nodes.len()),
            open: Vec::new(),
            depends: place(&selector).is_some(),
        }
    }

    /// Does a step need the selector, itself or through one of those in `open`?
    fn hangs_on_selector(&self, at: usize, open: &[usize]) -> bool {
        let is_open = |operand: &Option<usize>| operand.is_some_and(|at| open.binary_search(&at).is_ok());
        match self.steps.get(at).map(|step| &step.0) {
            Some(Step::Selector) => true,
            Some(Step::Load(address)) => is_open(address),
            Some(Step::Apply(_, operands)) => operands.iter().any(is_open),
            Some(Step::Number(_) | Step::Unknown) | None => false,
        }
    }
}
