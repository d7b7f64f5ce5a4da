//! The iteration over the blocks of a function, until nothing changes, and what is written down at its end.

use std::collections::BTreeMap;

use program::{BlockId, Exit, Place};

use super::Walk;
use crate::abi::MAX_ARGUMENTS;
use crate::graph::Dominance;
use crate::state::State;
use crate::value::{Value, ValueId};

/// Visits of one block after which whatever still changes in it becomes a merge, so that large loops come to an end.
const WIDEN_AFTER: u32 = 12;

impl Walk<'_, '_> {
    pub(super) fn run(&mut self, dominance: &Dominance, work_limit: u64) {
        let count = self.function.blocks.len();
        let mut before: Vec<Option<State>> = vec![None; count];
        let mut after: Vec<Option<State>> = vec![None; count];
        let mut visits = vec![0_u32; count];
        let mut pending: Vec<bool> = vec![true; dominance.order.len()];
        let rank: BTreeMap<BlockId, usize> = dominance.order.iter().copied().zip(0..).collect();
        while let Some(next) = pending.iter().position(|p| *p) {
            if let Some(p) = pending.get_mut(next) {
                *p = false;
            }
            let Some(id) = dominance.order.get(next).copied() else { continue };
            let index = id.0 as usize;
            let (Some(block), Some(visit)) = (self.function.blocks.get(index), visits.get_mut(index)) else {
                continue;
            };
            *visit += 1;
            if self.facts.work > work_limit {
                self.facts.complete = false;
                continue;
            }
            let widens = *visit > WIDEN_AFTER;
            let earlier = before.get(index).and_then(Option::as_ref);
            let mut state = self.entry_state(id, dominance, &after, earlier);
            if let Some(earlier) = earlier.filter(|_| widens) {
                state.widen(earlier, &mut self.facts.arena, id, &mut self.places);
            }
            if earlier == Some(&state) {
                continue;
            }
            let mut out = state.clone();
            self.block(id, block, &mut out);
            if let Some(slot) = before.get_mut(index) {
                *slot = Some(state);
            }
            let changed = after.get(index).and_then(Option::as_ref) != Some(&out);
            if let Some(slot) = after.get_mut(index) {
                *slot = Some(out);
            }
            if changed {
                for successor in block.successors() {
                    if let Some(p) = rank.get(&successor).and_then(|rank| pending.get_mut(*rank)) {
                        *p = true;
                    }
                }
            }
        }
        self.record(dominance, &before, &after);
    }

    /// Last pass: the states are final, now calls, stores and conditions are written down.
    fn record(&mut self, dominance: &Dominance, before: &[Option<State>], after: &[Option<State>]) {
        self.recording = true;
        let big_endian = self.big_endian();
        for id in &dominance.order {
            let index = id.0 as usize;
            let (Some(block), Some(Some(state))) = (self.function.blocks.get(index), before.get(index))
            else {
                continue;
            };
            let mut state = state.clone();
            self.block(*id, block, &mut state);
            if returns(&block.exit)
                && let Some(value) = state.read(&mut self.facts.arena, self.setting.rules.result, big_endian)
            {
                self.facts.returns.insert(*id, value);
            }
        }
        self.merges(dominance, after);
    }

    fn merges(&mut self, dominance: &Dominance, after: &[Option<State>]) {
        let merges: Vec<(ValueId, BlockId, u32)> = self
            .facts
            .arena
            .values()
            .filter_map(|(id, value)| match value {
                Value::Merge { block, place } => Some((id, block, place)),
                _ => None,
            })
            .collect();
        let big_endian = self.big_endian();
        let mut operands = Vec::new();
        for (merge, block, place) in merges {
            let Some(place) = self.places.place(place) else { continue };
            for predecessor in dominance.predecessors(block) {
                let state = after.get(predecessor.0 as usize).and_then(Option::as_ref);
                let arena = &mut self.facts.arena;
                if let Some(value) = state.and_then(|state| state.read(arena, place, big_endian)) {
                    operands.push((merge, *predecessor, value));
                }
            }
        }
        operands.sort_unstable();
        operands.dedup();
        self.facts.arena.merges = operands;
    }

    fn entry_state(
        &mut self,
        id: BlockId,
        dominance: &Dominance,
        after: &[Option<State>],
        earlier: Option<&State>,
    ) -> State {
        let big_endian = self.big_endian();
        let mut ways = dominance
            .predecessors(id)
            .iter()
            .filter_map(|p| after.get(p.0 as usize).and_then(Option::as_ref));
        let mut state = match dominance.order.first() == Some(&id) {
            true => self.first_state(),
            false => ways.next().cloned().unwrap_or_default(),
        };
        for way in ways {
            state.meet(way, &mut self.facts.arena, id, &mut self.places, big_endian);
        }
        if let Some(earlier) = earlier {
            state.keep_merges(earlier, &self.facts.arena, id);
        }
        state
    }

    fn first_state(&mut self) -> State {
        let rules = self.setting.rules;
        let arena = &mut self.facts.arena;
        let mut state = State::default();
        state.write(rules.stack, Some(arena.add(Value::Stack(0))));
        for index in 0..MAX_ARGUMENTS {
            if let Some(place) = rules.argument(index, self.local, 0) {
                state.write(place, Some(arena.add(Value::Parameter(index as u8))));
            }
        }
        let known = [
            (rules.entry, Some(self.function.entry.0)),
            (rules.global, self.setting.image.global_pointer),
            (rules.zero, Some(0)),
        ];
        for (place, number) in known {
            if let (Some(place), Some(number)) = (place, number) {
                state.write(place, Some(arena.constant(number, place.size)));
            }
        }
        if let Some(link) = rules.link {
            state.write(link, Some(arena.add(Value::Entry(link))));
        }
        state
    }
}

fn returns(exit: &Exit) -> bool {
    let is = |place: &Place| *place == Place::Return;
    match exit {
        Exit::Always(place) => is(place),
        Exit::Branch { taken, otherwise, .. } => is(taken) || is(otherwise),
        Exit::Switch { .. } => false,
    }
}
