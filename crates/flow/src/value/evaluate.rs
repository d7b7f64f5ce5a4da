//! The number that a value is once another one is known.

use sleigh::emulate;

use super::{Arena, Value, ValueId};

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
            Value::Unary(opcode, size, a) => Some(emulate::fold(opcode, &[operand(a, size)?], size)?.low()),
            Value::Binary(opcode, size, a, b) => {
                Some(emulate::fold(opcode, &[operand(a, size)?, operand(b, size)?], size)?.low())
            }
            _ => None,
        }
    }
}
