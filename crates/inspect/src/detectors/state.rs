//! Triggers of several steps: outside data sets a variable, which is asked later.
//!
//! A guard asks whether a global variable holds a number. If every place that writes this number is itself guarded by a
//! comparison of outside data with constants, and none by a decision about who somebody is, then the variable is no
//! login but a step of the trigger. What guards those places may be steps again.

use flow::{Facts, Guard, Test, Value, ValueId};
use program::{FuncId, VirtAddr};
use sleigh::pcode::Opcode;

use super::outcome::ways;
use crate::decision::is_decision;
use crate::query::pieces;

/// A value that must have come before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) function: FuncId,
    pub(crate) address: VirtAddr,
    pub(crate) bytes: Vec<u8>,
}

/// Steps before steps.
const MAX_STEPS: u32 = 6;
/// Places that write one variable.
const MAX_WRITERS: usize = 16;

/// The steps that outside data must have taken for the guards to hold, the first one first. `None` if a variable among
/// them is written in another way, too.
pub(crate) fn armed(facts: &Facts<'_>, function: FuncId, guards: &[Guard]) -> Option<Vec<Step>> {
    steps_of(facts, function, guards, MAX_STEPS)
}

fn steps_of(facts: &Facts<'_>, function: FuncId, guards: &[Guard], depth: u32) -> Option<Vec<Step>> {
    let mut all: Vec<Step> = Vec::new();
    for (place, number) in guards.iter().filter_map(|guard| asked(facts, function, guard)) {
        for step in writers(facts, place, number, depth)? {
            if !all.contains(&step) {
                all.push(step);
            }
        }
    }
    Some(all)
}

/// Does a guard ask about a variable that the program keeps?
pub(crate) fn asks_variable(facts: &Facts<'_>, function: FuncId, guard: &Guard) -> bool {
    asked(facts, function, guard).is_some_and(|(place, _)| !facts.stores_to(place).is_empty())
}

/// The variable that a guard asks about, and the number that it must hold; `None`: anything but 0.
fn asked(facts: &Facts<'_>, function: FuncId, guard: &Guard) -> Option<(u64, Option<u64>)> {
    let Test::Equal { left, right } = guard.test else { return None };
    let own = facts.function(function)?;
    let mut asked = own.resolve(left);
    // Compilers keep a variable that is one of two numbers as a bit.
    if let Value::Binary(Opcode::IntAnd, _, inner, mask) = own.arena.get(asked)
        && own.arena.number(mask) == Some(1)
    {
        asked = own.resolve(inner);
    }
    let Value::Load { at, .. } = own.arena.get(asked) else { return None };
    let place = own.arena.number(at)?;
    match (own.arena.number(right)?, guard.holds) {
        (0, false) => Some((place, None)),
        (number, true) if number != 0 => Some((place, Some(number))),
        _ => None,
    }
}

/// The steps of the places that write a number to a variable.
fn writers(facts: &Facts<'_>, place: u64, number: Option<u64>, depth: u32) -> Option<Vec<Step>> {
    let depth = depth.checked_sub(1)?;
    let stores = facts.stores_to(place);
    if stores.is_empty() || stores.len() > MAX_WRITERS {
        return None;
    }
    let mut shortest: Option<Vec<Step>> = None;
    for (function, store) in stores {
        for (value, guards) in ways(facts, *function, store.value, store.block) {
            if !may_be(facts, *function, value, number) {
                continue;
            }
            let steps = way(facts, *function, &guards, depth)?;
            if shortest.as_ref().is_none_or(|before| steps.len() < before.len()) {
                shortest = Some(steps);
            }
        }
    }
    shortest
}

fn may_be(facts: &Facts<'_>, function: FuncId, value: ValueId, number: Option<u64>) -> bool {
    let Some(known) = facts.function(function).and_then(|own| own.arena.number(value)) else { return true };
    number.map_or(known != 0, |number| known == number)
}

/// The steps of one place: those of its own guards, after those that they ask about.
fn way(facts: &Facts<'_>, function: FuncId, guards: &[Guard], depth: u32) -> Option<Vec<Step>> {
    if guards.iter().any(|guard| is_decision(facts, function, guard)) {
        return None;
    }
    let mut bytes = Vec::new();
    let own = pieces(facts, function, guards);
    let address = own.first()?.address;
    own.iter().rev().for_each(|piece| bytes.extend(&piece.value));
    let mut steps = steps_of(facts, function, guards, depth).unwrap_or_default();
    steps.push(Step { function, address, bytes });
    Some(steps)
}
