//! Numbers by which programs recognise their own structures and file formats.

use std::collections::{BTreeMap, BTreeSet};

use flow::{Facts, FunctionFacts, Value};
use sleigh::pcode::Opcode;

/// Functions that compare a number, from which on it is a mark: what opens a way is compared at one place, what marks a
/// structure wherever one is taken.
const MANY: usize = 4;

/// Which numbers of three bytes and more are marks.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    /// In how many functions each number is compared.
    functions: BTreeMap<u64, usize>,
    /// Words that one function compares in both orders of their bytes: formats that computers of either order write.
    either_order: BTreeSet<u64>,
}

impl Marks {
    pub(crate) fn of(facts: &Facts<'_>) -> Self {
        let mut marks = Self::default();
        for (_, own) in facts.functions() {
            marks.learn(compared(own).filter(|number| *number > 0xffff).collect());
        }
        marks
    }

    /// Takes up what one function compares.
    fn learn(&mut self, numbers: BTreeSet<u64>) {
        let turned = |number: u64| u32::try_from(number).ok().map(|word| u64::from(word.swap_bytes()));
        let both = |number: &&u64| {
            turned(**number).is_some_and(|other| other != **number && numbers.contains(&other))
        };
        self.either_order.extend(numbers.iter().filter(both));
        for number in numbers {
            *self.functions.entry(number).or_default() += 1;
        }
    }

    /// Is a word of these bytes, in either order, compared in many functions, or in one function in both orders?
    pub(crate) fn contain(&self, value: &[u8]) -> bool {
        let Ok(word) = <[u8; 4]>::try_from(value) else { return false };
        [u32::from_be_bytes(word), u32::from_le_bytes(word)].into_iter().map(u64::from).any(|number| {
            self.either_order.contains(&number)
                || self.functions.get(&number).is_some_and(|functions| *functions >= MANY)
        })
    }
}

fn compared(own: &FunctionFacts) -> impl Iterator<Item = u64> {
    own.arena.values().filter_map(|(_, value)| match value {
        Value::Binary(Opcode::IntEqual, _, _, number) => own.arena.number(number),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_compared_in_many_functions_is_a_mark_in_either_order() {
        let mut marks = Marks::default();
        for n in 0..MANY {
            marks.learn([0x4d75_7152].into());
            marks.learn(if n > 0 { [0x5054_5a32].into() } else { BTreeSet::new() });
        }
        assert!(marks.contain(b"MuqR") && marks.contain(b"RquM"));
        assert!(!marks.contain(b"PTZ2") && !marks.contain(b"Mu") && !marks.contain(b"MuqRx"));
    }

    #[test]
    fn a_word_that_one_function_takes_in_both_orders_is_a_mark_and_one_in_one_order_is_not() {
        let mut marks = Marks::default();
        marks.learn([0x9504_12de, 0xde12_0495, 0x7c9e_6a35].into());
        assert!(marks.contain(&[0x95, 0x04, 0x12, 0xde]) && marks.contain(&[0xde, 0x12, 0x04, 0x95]));
        assert!(!marks.contain(&[0x7c, 0x9e, 0x6a, 0x35]), "accepted in one order only");
        // Two functions, one order each: they need not look at the same datum.
        marks.learn([0x356a_9e7c].into());
        assert!(!marks.contain(&[0x7c, 0x9e, 0x6a, 0x35]));
    }
}
