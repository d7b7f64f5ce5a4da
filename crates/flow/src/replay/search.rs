//! Which inputs are tried, in which order.
//!
//! What was compared and replaced comes first: it costs nothing but a run. Then branches are turned: those nearest to the
//! goal first, then those that lead where no run has been, then all others, each group in the order of discovery. A
//! question that leads nearer and proves hard comes last of all: others may find the way by a shorter text, whose hash is
//! turned around sooner.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use program::FuncId;
use sleigh::Table;
use sleigh::language::Convention;

use super::circuit::Bit;
use super::library::{Bench, Patch, Trace, World};
use super::route::Route;
use super::shadow::{Shadow, mixed};
use super::solve::{Answer, solve};
use super::{Goal, Proof};
use crate::abi::CallRules;
use crate::facts::Facts;
use crate::hash::HashSet;
use crate::labels::Labels;
use crate::start::main_of;

/// Inputs tried for one goal.
const MAX_RUNS: u32 = 64;
/// Of these, kept for the answers to hard questions.
const RUNS_FOR_HARD: u32 = 16;
/// Work for one goal: operations that are run, and conflicts of the solver.
const MAX_WORK: u64 = 3_000_000;
/// What a conflict counts as.
const CONFLICT: u64 = 50;
/// What a question to the solver counts as, whatever it takes.
const QUESTION: u64 = 2_000;
/// Conflicts of a question whose answer leads nearer to the goal. Measured: a 32-bit FNV hash of 4 to 12 bytes takes
/// 10,000 to 42,000, Bernstein's hash below 2,500.
const MAX_CONFLICTS: u64 = 40_000;
/// Conflicts of a question that is asked for the first time, and of those whose answer leads elsewhere.
const FEW_CONFLICTS: u64 = 1_000;
/// Branches of one run that may be turned.
const MAX_TURNS: usize = 256;
/// Bytes of an input.
const MAX_INPUT: usize = 512;
/// What stands for texts that nobody knows yet: words that occur nowhere else.
const NEUTRAL: &[u8] = b"kzqwajx vbpyhf mqxdg\nwjbzk tgevy\nhqpxz nrkfu\n";
/// Bytes at a time where a program is to get its input in pieces.
const PIECE: usize = 16;
/// Pieces.
const PIECES: usize = 6;

/// An input, and how the program gets it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Input {
    bytes: Vec<u8>,
    piece: Option<usize>,
}

/// A run that is over.
struct Past {
    input: Input,
    shadow: Shadow,
}

/// What may be tried.
enum Candidate {
    Input(Input),
    /// An input for which the run up to a branch is the same, and the branch goes another way.
    Turn {
        past: Rc<Past>,
        fork: usize,
        other: usize,
        /// Where it leads, if that is known.
        to: Option<u64>,
    },
}

/// Smaller is earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// Holds the value that the finding names.
    Likely,
    Given,
    Nearer(u32),
    /// Leads where no run has been in this state of the program.
    New,
    Replaced,
    Other,
    /// Leads nearer, and few conflicts did not suffice; by the number of its conditions.
    Hard(usize),
}

pub(super) struct Search<'a> {
    world: World<'a>,
    bench: Bench<'a>,
    goal: &'a Goal,
    route: Route,
    waiting: BTreeMap<(Rank, u64), Candidate>,
    added: u64,
    seen: BTreeSet<Input>,
    turned: HashSet<u64>,
    /// Where runs have been, and in which states; in pieces or not are two.
    places: HashSet<(u64, u64)>,
    runs: u32,
    work: u64,
}

impl<'a> Search<'a> {
    pub(super) fn new(facts: &'a Facts<'a>, goal: &'a Goal) -> Option<Self> {
        let program = facts.program();
        let table: &'static Table = program.table().ok()?;
        let convention: &'static Convention = CallRules::of(&program.image, table)?.convention;
        let world = World::new(facts, goal, table, convention, is_main(facts, goal.start))?;
        let mut search = Self {
            world,
            bench: None,
            goal,
            route: Route::to(facts, goal),
            waiting: BTreeMap::new(),
            added: 0,
            seen: BTreeSet::new(),
            turned: HashSet::default(),
            places: HashSet::default(),
            runs: 0,
            work: 0,
        };
        let value = goal.value.as_slice();
        let letters = |n: usize| b'b' + (n * 7 % 23) as u8;
        let inputs = [
            (NEUTRAL.to_vec(), None),
            ([value, b"\n", NEUTRAL].concat(), None),
            ([NEUTRAL, value, b"\n"].concat(), None),
            ((0..PIECE * PIECES).map(letters).collect(), Some(PIECE)),
        ];
        for (bytes, piece) in inputs {
            search.add(Rank::Given, Input { bytes, piece });
        }
        Some(search)
    }

    pub(super) fn run(mut self) -> Option<Proof> {
        while let Some(((rank, _), candidate)) = self.waiting.pop_first() {
            if self.runs >= MAX_RUNS || self.work >= MAX_WORK {
                break;
            }
            if matches!(rank, Rank::Replaced | Rank::Other) && self.runs >= MAX_RUNS - RUNS_FOR_HARD {
                continue;
            }
            let input = match candidate {
                Candidate::Input(input) => Some(input),
                // Another run may have been there in the meantime.
                Candidate::Turn { past, fork, other, to }
                    if rank != Rank::Other && !self.is_new(&past, fork, to) =>
                {
                    self.wait(Rank::Other, Candidate::Turn { past, fork, other, to });
                    None
                }
                Candidate::Turn { past, fork, other, to } => {
                    let hard = matches!(rank, Rank::Hard(_));
                    let most = if hard { MAX_CONFLICTS } else { FEW_CONFLICTS };
                    let answer = self.ask(&past, fork, other, most);
                    if rank < Rank::New && answer.as_ref().is_some_and(|answer| answer.conflicts >= most) {
                        self.wait(Rank::Hard(fork), Candidate::Turn { past, fork, other, to });
                        continue;
                    }
                    answer.and_then(|answer| self.answered(&past.input, answer))
                }
            };
            let Some(input) = input else { continue };
            let trace = self.attempt(&input)?;
            if trace.reached {
                return self.judge(input, &trace);
            }
            self.learn(input, trace);
        }
        Some(Proof::Unsolved { runs: self.runs, always: false, work: self.work })
    }

    fn judge(mut self, input: Input, trace: &Trace) -> Option<Proof> {
        let always = self.random_ones(&input)?;
        let (runs, work) = (self.runs, self.work);
        Some(match always {
            true => Proof::Unsolved { runs, always, work },
            false => {
                let bytes = trace.taken(input.bytes);
                let piece = input.piece.filter(|piece| bytes.len() > *piece);
                Proof::Confirmed { input: bytes, piece, runs, work }
            }
        })
    }

    /// What a run that did not reach the goal suggests.
    fn learn(&mut self, input: Input, trace: Trace) {
        for patch in &trace.patches {
            let likely = !self.goal.value.is_empty() && patch.wanted.starts_with(&self.goal.value);
            if let Some(bytes) = patched(&input.bytes, patch) {
                let rank = if likely { Rank::Likely } else { Rank::Replaced };
                self.add(rank, Input { bytes, piece: input.piece });
            }
        }
        let pieces = input.piece.unwrap_or(0) as u64;
        self.places.extend(trace.places.iter().map(|(place, state)| (*place, state ^ pieces)));
        let past = Rc::new(Past { input, shadow: trace.shadow });
        let mut path = pieces;
        for (fork, seen) in past.shadow.forks.iter().enumerate().take(MAX_TURNS) {
            for (other, (_, leads)) in seen.others.iter().enumerate() {
                let to = leads.or_else(|| self.route.other_way(seen.address, seen.went));
                let way = mixed(mixed(path, seen.address), to.unwrap_or(other as u64));
                if !self.turned.insert(way) {
                    continue;
                }
                let near = to.and_then(|to| self.route.distance(seen.address, to));
                let rank = match near {
                    _ if !self.is_new(&past, fork, to) => Rank::Other,
                    Some(blocks) => Rank::Nearer(blocks),
                    None => Rank::New,
                };
                self.wait(rank, Candidate::Turn { past: Rc::clone(&past), fork, other, to });
            }
            path = mixed(mixed(path, seen.address), seen.went);
        }
    }

    /// Would a turn lead where no run has been in this state of the program?
    fn is_new(&self, past: &Past, fork: usize, to: Option<u64>) -> bool {
        let state = past.shadow.forks.get(fork).map_or(0, |fork| fork.state);
        let state = state ^ past.input.piece.unwrap_or(0) as u64;
        to.is_some_and(|to| !self.places.contains(&(to, state)))
    }

    /// For which input would a run be the same up to a branch, and go another way there?
    fn ask(&mut self, past: &Past, fork: usize, other: usize, most: u64) -> Option<Answer> {
        let forks = past.shadow.forks.get(..=fork)?;
        let (last, before) = forks.split_last()?;
        let conditions: Vec<Bit> =
            before.iter().map(|fork| fork.taken).chain(last.others.get(other).map(|other| other.0)).collect();
        let bit = |number: u32| {
            let byte = past.input.bytes.get(number as usize / 8).copied().unwrap_or(0);
            byte >> (number % 8) & 1 == 1
        };
        let answer = solve(&past.shadow.circuit, &conditions, most, bit);
        self.work += QUESTION + CONFLICT * answer.conflicts;
        Some(answer)
    }

    /// The input that an answer makes of another one, unless it was tried.
    fn answered(&mut self, input: &Input, answer: Answer) -> Option<Input> {
        let mut input = input.clone();
        for (number, truth) in answer.bits? {
            if let Some(byte) = input.bytes.get_mut(number as usize / 8) {
                let mask = 1 << (number % 8);
                *byte = if truth { *byte | mask } else { *byte & !mask };
            }
        }
        self.seen.insert(input.clone()).then_some(input)
    }

    fn attempt(&mut self, input: &Input) -> Option<Trace> {
        self.runs += 1;
        let trace = self.world.run(&mut self.bench, &input.bytes, input.piece)?;
        self.work += trace.operations;
        Some(trace)
    }

    /// Do inputs that mean nothing reach the place, too?
    fn random_ones(&mut self, like: &Input) -> Option<bool> {
        for seed in [1_u64, 7] {
            let mut state = seed;
            let byte = |n: usize| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                if n % 16 == 15 { b'\n' } else { b'a' + ((state >> 33) % 26) as u8 }
            };
            let bytes: Vec<u8> = (0..like.bytes.len().max(32)).map(byte).collect();
            if self.attempt(&Input { bytes, piece: like.piece })?.reached {
                return Some(true);
            }
        }
        Some(false)
    }

    fn add(&mut self, rank: Rank, input: Input) {
        if input.bytes.len() <= MAX_INPUT && self.seen.insert(input.clone()) {
            self.wait(rank, Candidate::Input(input));
        }
    }

    fn wait(&mut self, rank: Rank, candidate: Candidate) {
        self.added += 1;
        self.waiting.insert((rank, self.added), candidate);
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
