//! Numbers by which programs recognise their own structures and file formats.

use std::collections::BTreeMap;

use flow::{Facts, FunctionFacts, Value};
use sleigh::pcode::Opcode;

/// Functions that compare a number, from which on it is a mark: what opens a way is compared at one place, what marks a
/// structure wherever one is taken.
const MANY: usize = 4;

/// In how many functions each number of three bytes and more is compared.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    functions: BTreeMap<u64, usize>,
}

impl Marks {
    pub(crate) fn of(facts: &Facts<'_>) -> Self {
        let mut functions: BTreeMap<u64, usize> = BTreeMap::new();
        for (_, own) in facts.functions() {
            let mut numbers: Vec<u64> = compared(own).filter(|number| *number > 0xffff).collect();
            numbers.sort_unstable();
            numbers.dedup();
            for number in numbers {
                *functions.entry(number).or_default() += 1;
            }
        }
        Self { functions }
    }

    /// Is a word of these bytes, in either order, compared in many functions?
    pub(crate) fn contain(&self, value: &[u8]) -> bool {
        let Ok(word) = <[u8; 4]>::try_from(value) else { return false };
        [u32::from_be_bytes(word), u32::from_le_bytes(word)]
            .into_iter()
            .any(|number| self.functions.get(&u64::from(number)).is_some_and(|functions| *functions >= MANY))
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
        let marks = Marks { functions: [(0x4d75_7152, MANY), (0x5054_5a32, MANY - 1)].into() };
        assert!(marks.contain(b"MuqR") && marks.contain(b"RquM"));
        assert!(!marks.contain(b"PTZ2") && !marks.contain(b"Mu") && !marks.contain(b"MuqRx"));
    }
}
