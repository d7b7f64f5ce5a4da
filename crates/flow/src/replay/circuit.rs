//! Conditions on the bytes of the input, as a circuit of AND gates and inverters.
//!
//! Gates are hash-consed and folded while they are built, so what does not hang on the input stays a constant and costs
//! nothing. "And-inverter graph", after Kuehlmann et al., "Robust Boolean Reasoning for Equivalence Checking and
//! Functional Property Verification" (IEEE TCAD 2002).

use crate::hash::{HashMap, HashSet};

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
        Self { gates: vec![Gate::False], ands: HashMap::default(), inputs: HashMap::default(), most }
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
        let mut seen = HashSet::default();
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

    /// The bits as a number, lowest first, for each assignment of `inputs`, of which number `n` is bit `n` of the case;
    /// all other inputs are false. At most [`MAX_CASES`] inputs count.
    pub(super) fn values(&self, bits: &[Bit], inputs: &[u32]) -> Vec<u64> {
        let inputs = inputs.get(..inputs.len().min(MAX_CASES)).unwrap_or_default();
        let place = |number: u32| inputs.iter().position(|input| *input == number);
        let bits = self.evaluate(bits, |number| place(number).map_or([0; WORDS], selected));
        let number = |case: usize| {
            let truth = |cases: &Cases| cases.get(case / 64).is_some_and(|word| word >> (case % 64) & 1 == 1);
            (0..64).zip(&bits).fold(0, |number, (n, cases)| number | u64::from(truth(cases)) << n)
        };
        (0..1 << inputs.len()).map(number).collect()
    }

    /// What bits are in all cases, side by side, for what the inputs are in them.
    pub(super) fn evaluate(&self, bits: &[Bit], input: impl Fn(u32) -> Cases) -> Vec<Cases> {
        let gates = self.below(bits);
        let mut all: Vec<Cases> = Vec::with_capacity(gates.len());
        for gate in &gates {
            let cases = match self.gate(*gate) {
                Gate::False => [0; WORDS],
                Gate::Input(number) => input(number),
                Gate::And(a, b) => {
                    let (mut both, b) = (cases_of(&gates, &all, a), cases_of(&gates, &all, b));
                    both.iter_mut().zip(b).for_each(|(a, b)| *a &= b);
                    both
                }
            };
            all.push(cases);
        }
        bits.iter().map(|bit| cases_of(&gates, &all, *bit)).collect()
    }

    /// The gates that bits hang on, each behind those that it takes its inputs from.
    fn below(&self, bits: &[Bit]) -> Vec<usize> {
        let mut todo: Vec<usize> = bits.iter().map(|bit| bit.gate()).collect();
        let mut seen = HashSet::default();
        while let Some(gate) = todo.pop() {
            if seen.insert(gate)
                && let Gate::And(a, b) = self.gate(gate)
            {
                todo.extend([a.gate(), b.gate()]);
            }
        }
        let mut gates: Vec<usize> = seen.into_iter().collect();
        gates.sort_unstable();
        gates
    }
}

/// Inputs of which all assignments are told apart.
pub(super) const MAX_CASES: usize = 8;
const WORDS: usize = (1 << MAX_CASES) / 64;

/// What a bit is in each case: bit `n % 64` of word `n / 64`.
pub(super) type Cases = [u64; WORDS];

/// The cases in which input `n` of those that are told apart is true.
fn selected(n: usize) -> Cases {
    let bit = |case: usize| u64::from(case >> n & 1 == 1) << (case % 64);
    std::array::from_fn(|word| (word * 64..word * 64 + 64).fold(0, |all, case| all | bit(case)))
}

fn cases_of(gates: &[usize], all: &[Cases], bit: Bit) -> Cases {
    let known = gates.binary_search(&bit.gate()).ok().and_then(|at| all.get(at)).copied().unwrap_or_default();
    known.map(|word| if bit.is_inverted() { !word } else { word })
}

#[cfg(test)]
mod tests {
    use super::super::words::number;
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
    fn all_cases_are_computed_side_by_side() {
        let mut circuit = Circuit::new(1000);
        let byte = circuit.byte(2);
        let below = circuit.less(&byte, &number(200, 8));
        let sum = circuit.plus(&byte, &number(3, 8));
        let inputs: Vec<u32> = (16..24).collect();
        let expected: Vec<u64> = (0..256).map(|n| (n + 3) % 256).collect();
        assert_eq!(circuit.values(&sum, &inputs), expected);
        let expected: Vec<u64> = (0..256).map(|n| u64::from(n < 200)).collect();
        assert_eq!(circuit.values(&[below], &inputs), expected);
        assert_eq!(circuit.values(&byte, &[17]), [0, 2], "all others are false");
    }

    #[test]
    fn a_full_circuit_says_so() {
        let mut circuit = Circuit::new(9);
        let [a, b, ..] = circuit.byte(0);
        circuit.and(a, b);
        assert!(circuit.is_full());
    }
}
