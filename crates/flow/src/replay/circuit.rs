//! Conditions on the bytes of the input, as a circuit of AND gates and inverters.
//!
//! Gates are hash-consed and folded while they are built, so what does not hang on the input stays a constant and costs
//! nothing. "And-inverter graph", after Kuehlmann et al., "Robust Boolean Reasoning for Equivalence Checking and
//! Functional Property Verification" (IEEE TCAD 2002).

use std::collections::HashMap;

/// A wire: the output of a gate, perhaps inverted. The lowest bit says so; gate 0 is false.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Bit(u32);

impl Bit {
    pub(super) const FALSE: Self = Self(0);
    pub(super) const TRUE: Self = Self(1);

    pub(super) fn of(truth: bool) -> Self {
        if truth { Self::TRUE } else { Self::FALSE }
    }

    pub(super) fn inverted(self) -> Self {
        Self(self.0 ^ 1)
    }

    pub(super) fn inverted_if(self, condition: bool) -> Self {
        Self(self.0 ^ u32::from(condition))
    }

    /// The truth, if it does not hang on the input.
    pub(super) fn constant(self) -> Option<bool> {
        (self.0 < 2).then_some(self.0 == 1)
    }

    pub(super) fn gate(self) -> usize {
        (self.0 >> 1) as usize
    }

    pub(super) fn is_inverted(self) -> bool {
        self.0 & 1 == 1
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gate {
    False,
    /// Bit `n % 8` of byte `n / 8` of the input.
    Input(u32),
    And(Bit, Bit),
}

/// Gates, each behind those that it takes its inputs from.
#[derive(Clone, Debug)]
pub(super) struct Circuit {
    gates: Vec<Gate>,
    ands: HashMap<(Bit, Bit), Bit>,
    inputs: HashMap<u32, Bit>,
    most: usize,
}

impl Circuit {
    pub(super) fn new(most: usize) -> Self {
        Self { gates: vec![Gate::False], ands: HashMap::new(), inputs: HashMap::new(), most }
    }

    /// No more gates may be added: what is built from now on means nothing.
    pub(super) fn is_full(&self) -> bool {
        self.gates.len() >= self.most
    }

    pub(super) fn gate(&self, index: usize) -> Gate {
        self.gates.get(index).copied().unwrap_or(Gate::False)
    }

    fn add(&mut self, gate: Gate) -> Bit {
        if self.is_full() {
            return Bit::FALSE;
        }
        let bit = Bit((self.gates.len() as u32) << 1);
        self.gates.push(gate);
        bit
    }

    /// The bits of one byte of the input, lowest first.
    pub(super) fn byte(&mut self, position: usize) -> [Bit; 8] {
        std::array::from_fn(|n| {
            let number = (position * 8 + n) as u32;
            if let Some(bit) = self.inputs.get(&number) {
                return *bit;
            }
            let bit = self.add(Gate::Input(number));
            self.inputs.insert(number, bit);
            bit
        })
    }

    pub(super) fn and(&mut self, a: Bit, b: Bit) -> Bit {
        let (a, b) = if a < b { (a, b) } else { (b, a) };
        match (a, b) {
            (Bit::FALSE, _) => return Bit::FALSE,
            (Bit::TRUE, other) => return other,
            _ if a == b => return a,
            _ if a == b.inverted() => return Bit::FALSE,
            _ => {}
        }
        if let Some(known) = self.ands.get(&(a, b)) {
            return *known;
        }
        let bit = self.add(Gate::And(a, b));
        self.ands.insert((a, b), bit);
        bit
    }

    pub(super) fn or(&mut self, a: Bit, b: Bit) -> Bit {
        self.and(a.inverted(), b.inverted()).inverted()
    }

    pub(super) fn xor(&mut self, a: Bit, b: Bit) -> Bit {
        match (a.constant(), b.constant()) {
            (Some(a), _) => return b.inverted_if(a),
            (_, Some(b)) => return a.inverted_if(b),
            _ => {}
        }
        let only_a = self.and(a, b.inverted());
        let only_b = self.and(a.inverted(), b);
        self.or(only_a, only_b)
    }

    /// `then` if `when` holds, else `otherwise`.
    pub(super) fn choice(&mut self, when: Bit, then: Bit, otherwise: Bit) -> Bit {
        if then == otherwise {
            return then;
        }
        let yes = self.and(when, then);
        let no = self.and(when.inverted(), otherwise);
        self.or(yes, no)
    }

    /// Does any bit hold?
    pub(super) fn any(&mut self, bits: &[Bit]) -> Bit {
        bits.iter().fold(Bit::FALSE, |all, bit| self.or(all, *bit))
    }

    /// The inputs that bits hang on, sorted; `None` if there are more than `most`.
    pub(super) fn support(&self, bits: &[Bit], most: usize) -> Option<Vec<u32>> {
        let mut todo: Vec<usize> = bits.iter().map(|bit| bit.gate()).collect();
        let mut seen = std::collections::BTreeSet::new();
        let mut inputs = Vec::new();
        while let Some(gate) = todo.pop() {
            if !seen.insert(gate) {
                continue;
            }
            match self.gate(gate) {
                Gate::False => {}
                Gate::Input(number) => inputs.push(number),
                Gate::And(a, b) => todo.extend([a.gate(), b.gate()]),
            }
            if inputs.len() > most {
                return None;
            }
        }
        inputs.sort_unstable();
        Some(inputs)
    }

    /// The bits as a number, lowest first, for one assignment of the inputs; all others are false.
    pub(super) fn value(&self, bits: &[Bit], input: impl Fn(u32) -> bool) -> u64 {
        let mut known: HashMap<usize, bool> = HashMap::new();
        let mut todo: Vec<usize> = bits.iter().map(|bit| bit.gate()).collect();
        while let Some(gate) = todo.last().copied() {
            let wire = |known: &HashMap<usize, bool>, bit: Bit| {
                known.get(&bit.gate()).map(|truth| *truth != bit.is_inverted())
            };
            let truth = match self.gate(gate) {
                Gate::False => Some(false),
                Gate::Input(number) => Some(input(number)),
                Gate::And(a, b) => match (wire(&known, a), wire(&known, b)) {
                    (Some(a), Some(b)) => Some(a && b),
                    (a, b) => {
                        todo.extend([(a, 0), (b, 1)].iter().filter(|(truth, _)| truth.is_none()).map(
                            |(_, side)| match self.gate(gate) {
                                Gate::And(a, b) => if *side == 0 { a } else { b }.gate(),
                                _ => 0,
                            },
                        ));
                        None
                    }
                },
            };
            if let Some(truth) = truth {
                known.insert(gate, truth);
                todo.pop();
            }
        }
        bits.iter().take(64).enumerate().fold(0, |number, (n, bit)| {
            let truth = known.get(&bit.gate()).copied().unwrap_or(false) != bit.is_inverted();
            number | (u64::from(truth) << n)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_hang_on_the_input_is_folded() {
        let mut circuit = Circuit::new(100);
        let [a, b, ..] = circuit.byte(0);
        assert_eq!(circuit.and(a, Bit::TRUE), a);
        assert_eq!(circuit.and(a, a.inverted()), Bit::FALSE);
        assert_eq!(circuit.xor(a, a), Bit::FALSE);
        assert_eq!(circuit.and(a, b), circuit.and(b, a));
        assert_eq!(circuit.support(&[a, b], 2), Some(vec![0, 1]));
        assert_eq!(circuit.support(&[a, b], 1), None);
    }

    #[test]
    fn a_full_circuit_says_so() {
        let mut circuit = Circuit::new(9);
        let [a, b, ..] = circuit.byte(0);
        circuit.and(a, b);
        assert!(circuit.is_full());
    }
}
