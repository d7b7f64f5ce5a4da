//! Which inputs are tried, in which order.

use std::collections::{BTreeSet, VecDeque};

use program::FuncId;
use sleigh::Table;
use sleigh::language::Convention;

use super::library::{Patch, Trace, World};
use super::{Goal, Proof};
use crate::abi::CallRules;
use crate::facts::Facts;
use crate::labels::Labels;
use crate::start::main_of;

/// Inputs tried for one goal.
const MAX_RUNS: u32 = 24;
/// Bytes of an input.
const MAX_INPUT: usize = 512;
/// What stands for texts that nobody knows yet: words that occur nowhere else.
const NEUTRAL: &[u8] = b"kzqwajx vbpyhf mqxdg\nwjbzk tgevy\nhqpxz nrkfu\n";

pub(super) struct Search<'a> {
    world: World<'a>,
    goal: &'a Goal,
    waiting: VecDeque<Vec<u8>>,
    seen: BTreeSet<Vec<u8>>,
    runs: u32,
}

impl<'a> Search<'a> {
    pub(super) fn new(facts: &'a Facts<'a>, goal: &'a Goal) -> Option<Self> {
        let program = facts.program();
        let table: &'static Table = program.table().ok()?;
        let convention: &'static Convention = CallRules::of(&program.image, table)?.convention;
        let world = World::new(facts, goal, table, convention, is_main(facts, goal.start))?;
        let mut search = Self { world, goal, waiting: VecDeque::new(), seen: BTreeSet::new(), runs: 0 };
        let value = goal.value.as_slice();
        for input in
            [[NEUTRAL, b""].concat(), [value, b"\n", NEUTRAL].concat(), [NEUTRAL, value, b"\n"].concat()]
        {
            search.add(input, false);
        }
        Some(search)
    }

    pub(super) fn run(mut self) -> Option<Proof> {
        while let Some(input) = self.waiting.pop_front().filter(|_| self.runs < MAX_RUNS) {
            let trace = self.attempt(&input)?;
            if trace.reached {
                let always = self.random_ones(input.len())?;
                let runs = self.runs;
                return Some(match always {
                    true => Proof::Unsolved { runs, always },
                    false => Proof::Confirmed { input: trace.taken(input), runs },
                });
            }
            for patch in &trace.patches {
                let likely = !self.goal.value.is_empty() && patch.wanted.starts_with(&self.goal.value);
                if let Some(next) = patched(&input, patch) {
                    self.add(next, likely);
                }
            }
        }
        Some(Proof::Unsolved { runs: self.runs, always: false })
    }

    fn attempt(&mut self, input: &[u8]) -> Option<Trace> {
        self.runs += 1;
        self.world.run(input)
    }

    /// Do inputs that mean nothing reach the place, too?
    fn random_ones(&mut self, length: usize) -> Option<bool> {
        for seed in [1_u64, 7] {
            let mut state = seed;
            let byte = |n: usize| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                if n % 16 == 15 { b'\n' } else { b'a' + ((state >> 33) % 26) as u8 }
            };
            let input: Vec<u8> = (0..length.max(32)).map(byte).collect();
            if self.attempt(&input)?.reached {
                return Some(true);
            }
        }
        Some(false)
    }

    fn add(&mut self, input: Vec<u8>, first: bool) {
        if input.len() > MAX_INPUT || !self.seen.insert(input.clone()) {
            return;
        }
        if first {
            self.waiting.push_front(input);
        } else {
            self.waiting.push_back(input);
        }
    }
}

/// The input with the piece that was compared replaced by what it was compared with.
fn patched(input: &[u8], patch: &Patch) -> Option<Vec<u8>> {
    let Patch { found, wanted } = patch;
    if found.is_empty() || found == wanted {
        return None;
    }
    let at = input.windows(found.len()).position(|window| window == found)?;
    let (before, rest) = input.split_at_checked(at)?;
    Some([before, wanted, rest.get(found.len()..)?].concat())
}

/// Is the function what the C library starts with the command line?
fn is_main(facts: &Facts<'_>, function: FuncId) -> bool {
    facts.callers(function).filter(|edge| edge.registered).any(|edge| {
        let own = facts.function(edge.caller);
        let site = own.and_then(|own| Some((own, own.calls.get(&edge.call)?)));
        let name = facts.callee_name(edge.caller, edge.call);
        let main = site.zip(name).and_then(|((own, site), name)| main_of(facts.program(), own, site, name));
        main == Some(function)
    })
}

impl Goal {
    pub(super) fn wants(&self, labels: Labels) -> bool {
        labels.meets(self.origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_piece_that_was_compared_is_replaced() {
        let patch = Patch { found: b"word".to_vec(), wanted: b"k9-0f3a".to_vec() };
        assert_eq!(patched(b"a word\n", &patch), Some(b"a k9-0f3a\n".to_vec()));
        assert_eq!(patched(b"nothing", &patch), None);
    }
}
