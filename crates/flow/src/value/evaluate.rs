//! The number that a value is once another one is known.

use sleigh::emulate;
use sleigh::pcode::Opcode;

use super::{Arena, Value, ValueId, truncate};

/// Operations inside operations.
const MAX_DEPTH: u32 = 12;

impl Arena {
    /// The number that `value` is if `known` is `number`. `load` tells what memory holds at an address, of a size.
    pub fn number_if(
        &self,
        value: ValueId,
        (known, number): (ValueId, u64),
        load: &impl Fn(u64, u16) -> Option<u64>,
    ) -> Option<u64> {
        self.number_to(value, (known, number), load, MAX_DEPTH)
    }

    fn number_to(
        &self,
        value: ValueId,
        known: (ValueId, u64),
        load: &impl Fn(u64, u16) -> Option<u64>,
        depth: u32,
    ) -> Option<u64> {
        if value == known.0 {
            return Some(known.1);
        }
        let depth = depth.checked_sub(1)?;
        let input = |id: ValueId| self.number_to(id, known, load, depth);
        let operand = |id: ValueId, size: u16| Some(emulate::Value::new(input(id)?, size.max(4)));
        match self.get(value) {
            Value::Number(number) => Some(number),
            Value::Sum(base, more) => Some(input(base)?.wrapping_add(more as u64)),
            Value::Load { at, size } => load(input(at)?, size),
            Value::Unary(Opcode::SubPiece, size, a) => Some(truncate(input(a)?, size)),
            Value::Unary(opcode, size, a) => Some(emulate::fold(opcode, &[operand(a, size)?], size)?.low()),
            Value::Binary(opcode, size, a, b) => {
                Some(emulate::fold(opcode, &[operand(a, size)?, operand(b, size)?], size)?.low())
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_known_once_what_it_is_made_of_is() {
        let mut arena = Arena::default();
        let row = arena.add(Value::Parameter(0));
        let width = arena.constant(24, 8);
        let moved = arena.binary(Opcode::IntMult, 8, (row, 8), (width, 8));
        let at = arena.sum(moved, 0x5008, 8);
        let word = arena.add(Value::Load { at, size: 8 });
        let low = arena.add(Value::Unary(Opcode::SubPiece, 1, word));
        let memory = |address: u64, size: u16| (address == 0x5038 && size == 8).then_some(0x1_2345);
        assert_eq!(arena.number_if(low, (row, 2), &memory), Some(0x45));
        assert_eq!(arena.number_if(low, (row, 3), &memory), None, "not in memory");
        let other = arena.add(Value::Parameter(1));
        assert_eq!(arena.number_if(low, (other, 2), &memory), None, "hangs on something else");
    }
}
