//! Inputs that satisfy conditions: a [`Circuit`] as clauses, given to a SAT solver.
//!
//! Each gate becomes a variable and three clauses (Tseitin 1968); only gates that the conditions hang on. The budget is
//! counted in conflicts, so the same question has the same answer on every machine.

use std::cell::Cell;
use std::collections::BTreeMap;

use batsat::{Callbacks, Lit, Solver, SolverInterface, SolverOpts, lbool};

use super::circuit::{Bit, Circuit, Gate};
use crate::hash::HashMap;

/// An answer, and the conflicts that it took.
pub(super) struct Answer {
    /// Bits of the input that the conditions hang on; `None` if nothing satisfies them, or the budget did not suffice.
    pub(super) bits: Option<BTreeMap<u32, bool>>,
    pub(super) conflicts: u64,
}

struct Budget {
    conflicts: Cell<u64>,
    most: u64,
}

impl Callbacks for Budget {
    fn on_new_clause(&mut self, _: &[Lit], kind: batsat::ClauseKind) {
        if kind == batsat::ClauseKind::Learnt {
            self.conflicts.set(self.conflicts.get() + 1);
        }
    }

    fn stop(&self) -> bool {
        self.conflicts.get() >= self.most
    }
}

/// Looks for an input for which all conditions hold, with `most` conflicts at most. Bits that do not matter keep what
/// `now` says.
pub(super) fn solve(circuit: &Circuit, conditions: &[Bit], most: u64, now: impl Fn(u32) -> bool) -> Answer {
    let mut solver = Solver::new(SolverOpts::default(), Budget { conflicts: Cell::new(0), most });
    let mut variables: HashMap<usize, Lit> = HashMap::default();
    let mut todo: Vec<usize> = conditions.iter().map(|bit| bit.gate()).collect();
    let mut inputs = BTreeMap::new();
    let mut ands = Vec::new();
    while let Some(gate) = todo.pop() {
        if variables.contains_key(&gate) {
            continue;
        }
        let preferred = match circuit.gate(gate) {
            Gate::Input(number) => lbool::new(now(number)),
            _ => lbool::FALSE,
        };
        let variable = Lit::new(solver.new_var(preferred, true), true);
        variables.insert(gate, variable);
        match circuit.gate(gate) {
            Gate::False => {
                solver.add_clause_reuse(&mut vec![!variable]);
            }
            Gate::Input(number) => {
                inputs.insert(number, variable);
            }
            Gate::And(a, b) => {
                ands.push((variable, a, b));
                todo.extend([a.gate(), b.gate()]);
            }
        }
    }
    let literal = |bit: Bit| {
        let variable = variables.get(&bit.gate()).copied();
        variable.map(|variable| if bit.is_inverted() { !variable } else { variable })
    };
    for (gate, a, b) in ands {
        let (Some(a), Some(b)) = (literal(a), literal(b)) else { continue };
        solver.add_clause_reuse(&mut vec![!gate, a]);
        solver.add_clause_reuse(&mut vec![!gate, b]);
        solver.add_clause_reuse(&mut vec![gate, !a, !b]);
    }
    for condition in conditions {
        solver.add_clause_reuse(&mut literal(*condition).into_iter().collect());
    }
    let satisfied = solver.solve_limited(&[]) == lbool::TRUE;
    let bits = satisfied.then(|| {
        let truth = |variable: &Lit| solver.value_lit(*variable) == lbool::TRUE;
        inputs.iter().map(|(number, variable)| (*number, truth(variable))).collect()
    });
    Answer { bits, conflicts: solver.cb().conflicts.get() }
}

#[cfg(test)]
mod tests {
    use super::super::words::{Word, number};
    use super::*;
    use sleigh::pcode::Opcode;

    /// FNV-1a of 32 bits.
    fn hash(circuit: &mut Circuit, bytes: &[[Bit; 8]]) -> Word {
        let mut hash = number(0x811c_9dc5, 32);
        for byte in bytes {
            let byte = super::super::words::resized(byte, 32);
            hash = circuit.operation(Opcode::IntXor, &[hash, byte], 4).unwrap();
            hash = circuit.operation(Opcode::IntMult, &[hash, number(0x0100_0193, 32)], 4).unwrap();
        }
        hash
    }

    fn fnv(bytes: &[u8]) -> u32 {
        bytes.iter().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
    }

    #[test]
    fn a_hash_of_a_short_text_is_turned_around() {
        let mut circuit = Circuit::new(1 << 20);
        let bytes: Vec<[Bit; 8]> = (0..3).map(|n| circuit.byte(n)).collect();
        let word = hash(&mut circuit, &bytes);
        let wanted = fnv(b"k9-");
        let equal = circuit.equal(&word, &number(u64::from(wanted), 32));
        let answer = solve(&circuit, &[equal], 1_000, |_| false);
        let bits = answer.bits.unwrap();
        let found: Vec<u8> =
            (0..3).map(|n| (0..8).map(|bit| u8::from(bits[&(n * 8 + bit)]) << bit).sum()).collect();
        assert_eq!(fnv(&found), wanted);
        assert!(solve(&circuit, &[equal], 1, |_| false).bits.is_none(), "within one conflict");
    }

    #[test]
    fn what_contradicts_itself_has_no_solution() {
        let mut circuit = Circuit::new(1000);
        let byte = circuit.byte(0);
        let seven = circuit.equal(&byte, &number(7, 8));
        let small = circuit.less(&byte, &number(5, 8));
        assert!(solve(&circuit, &[seven, small], 10, |_| false).bits.is_none());
        assert!(solve(&circuit, &[seven], 10, |_| false).bits.is_some());
    }
}
