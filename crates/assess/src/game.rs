//! Many worlds played on the attack graph at once, one in each lane.
//!
//! Only what decides is kept of the graph: facts that always hold are left out of premises, and applications that
//! conclude them or are switched off are left out altogether.
#![expect(clippy::indexing_slicing, reason = "facts, premises and chances are numbered by `Game::new`")]

use datalog::FactId;

use crate::graph::Graph;

/// Played at once: eight figures of 64 bits are what a processor fetches from memory at once.
pub(crate) const LANES: usize = 8;
/// In place of a chance, where nothing has to succeed; in place of a number, of facts that always hold.
const NONE: u32 = u32::MAX;

/// Rule applications in an order in which, circles aside, premises come before conclusions.
pub(crate) struct Game {
    /// Of a fact, its place among those that are decided.
    numbers: Vec<u32>,
    decided: usize,
    moves: Vec<Move>,
    premises: Vec<u32>,
}

struct Move {
    head: u32,
    chance: u32,
    /// Where its premises end in the list of all.
    end: u32,
}

/// What is known of a fact, in all lanes.
pub(crate) trait Lanes: Copy + PartialEq {
    const ALWAYS: Self;
    const NEVER: Self;

    /// Both have to hold.
    fn and(&mut self, other: &Self);
    /// One of them suffices.
    fn or(&mut self, other: &Self);
    /// What a step makes of its premises.
    fn step(&mut self, chance: &Self);
}

/// 64 worlds a lane: whether it holds.
impl Lanes for [u64; LANES] {
    const ALWAYS: Self = [!0; LANES];
    const NEVER: Self = [0; LANES];

    fn and(&mut self, other: &Self) {
        self.iter_mut().zip(other).for_each(|(a, b)| *a &= b);
    }

    fn or(&mut self, other: &Self) {
        self.iter_mut().zip(other).for_each(|(a, b)| *a |= b);
    }

    fn step(&mut self, chance: &Self) {
        self.and(chance);
    }
}

/// One world a lane: when it holds.
impl Lanes for [f64; LANES] {
    const ALWAYS: Self = [0.0; LANES];
    const NEVER: Self = [f64::INFINITY; LANES];

    fn and(&mut self, other: &Self) {
        self.iter_mut().zip(other).for_each(|(a, b)| *a = a.max(*b));
    }

    fn or(&mut self, other: &Self) {
        self.iter_mut().zip(other).for_each(|(a, b)| *a = a.min(*b));
    }

    fn step(&mut self, chance: &Self) {
        self.iter_mut().zip(chance).for_each(|(a, b)| *a += b);
    }
}

impl Game {
    /// Applications in `off` are switched off.
    pub(crate) fn new(graph: &Graph<'_>, off: &[usize]) -> Self {
        let mut on = vec![true; graph.derivations.len()];
        off.iter().for_each(|index| on[*index] = false);
        let mut game = Self { numbers: Vec::new(), decided: 0, moves: Vec::new(), premises: Vec::new() };
        for fact in graph.derivations.facts() {
            let base = graph.derivations.is_base(fact);
            game.numbers.push(if base { NONE } else { number(game.decided) });
            game.decided += usize::from(!base);
        }
        for index in graph.order.iter().filter(|index| on[**index]) {
            let Some(application) = graph.application(*index) else { continue };
            let head = game.numbers[application.head.index()];
            if head == NONE {
                continue;
            }
            let premises = application.premises.iter().map(|p| game.numbers[p.index()]);
            game.premises.extend(premises.filter(|number| *number != NONE));
            let chance = graph.chance.get(*index).copied().flatten().map_or(NONE, number);
            game.moves.push(Move { head, chance, end: number(game.premises.len()) });
        }
        game
    }

    /// What holds, by number of the fact.
    pub(crate) fn play<L: Lanes>(&self, chances: &[L]) -> Vec<L> {
        let mut holds = vec![L::NEVER; self.decided];
        // By fact, the round in which it changed last: what rests on nothing that changed since need not be looked at.
        let mut changed = vec![0_u32; self.decided];
        for round in 1.. {
            let (mut start, mut any) = (0, false);
            for Move { head, chance, end } in &self.moves {
                let premises = &self.premises[start..*end as usize];
                start = *end as usize;
                if round > 1 && premises.iter().all(|p| changed[*p as usize] + 1 < round) {
                    continue;
                }
                let mut result = L::ALWAYS;
                premises.iter().for_each(|p| result.and(&holds[*p as usize]));
                if *chance != NONE {
                    result.step(&chances[*chance as usize]);
                }
                let before = holds[*head as usize];
                holds[*head as usize].or(&result);
                if holds[*head as usize] != before {
                    changed[*head as usize] = round;
                    any = true;
                }
            }
            if !any {
                break;
            }
        }
        holds
    }

    /// Any of the facts, the first of them.
    pub(crate) fn first<L: Lanes>(&self, holds: &[L], facts: &[FactId]) -> L {
        let mut any = L::NEVER;
        for fact in facts {
            let number = self.numbers[fact.index()];
            any.or(&if number == NONE { L::ALWAYS } else { holds[number as usize] });
        }
        any
    }
}

/// 2³² applications do not fit into memory.
fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(NONE)
}
