//! What is left of a function's values once it has been carried out.

use super::{Arena, Value, ValueId};
use crate::hash::HashMap;

/// Where the values that were kept are now.
pub(crate) struct Moved(Vec<Option<ValueId>>);

impl Moved {
    /// The new id of a value that was kept.
    pub(crate) fn id(&self, old: ValueId) -> ValueId {
        self.0.get(old.0 as usize).copied().flatten().unwrap_or(old)
    }

    fn value(&self, value: Value) -> Value {
        match value {
            Value::Load { at, size } => Value::Load { at: self.id(at), size },
            Value::Sum(base, more) => Value::Sum(self.id(base), more),
            Value::Unary(opcode, size, a) => Value::Unary(opcode, size, self.id(a)),
            Value::Binary(opcode, size, a, b) => Value::Binary(opcode, size, self.id(a), self.id(b)),
            Value::Reversed(size, a) => Value::Reversed(size, self.id(a)),
            Value::Choice { when, then, otherwise } => {
                Value::Choice { when: self.id(when), then: self.id(then), otherwise: self.id(otherwise) }
            }
            Value::Number(_)
            | Value::Import(_)
            | Value::Stack(_)
            | Value::Parameter(_)
            | Value::Entry(_)
            | Value::Result(_)
            | Value::Merge { .. }
            | Value::Unknown(_) => value,
        }
    }
}

impl Arena {
    /// Forgets values for which `used` is not set; it must hold for the inputs of every value for which it holds. Values
    /// without inputs and places at a distance from one that is kept stay: they are asked for by what they are. The
    /// order of ids stays as it was. Nothing can be added afterwards.
    pub(crate) fn compact(&mut self, mut used: Vec<bool>) -> Moved {
        let mut moved = Moved(Vec::with_capacity(self.values.len()));
        let mut count = 0;
        for (value, slot) in self.values.iter().zip(&mut used) {
            *slot |= match *value {
                Value::Sum(base, _) => moved.0.get(base.0 as usize).is_some_and(Option::is_some),
                Value::Number(_) | Value::Import(_) | Value::Stack(_) | Value::Parameter(_) => true,
                Value::Entry(_) | Value::Result(_) => true,
                Value::Load { .. }
                | Value::Unary(..)
                | Value::Binary(..)
                | Value::Reversed(..)
                | Value::Choice { .. }
                | Value::Merge { .. }
                | Value::Unknown(_) => false,
            };
            moved.0.push(slot.then_some(ValueId(count)));
            count += u32::from(*slot);
        }
        let kept = self.values.iter().zip(&used).filter(|(_, used)| **used);
        self.values = kept.map(|(value, _)| moved.value(*value)).collect();
        self.ids = HashMap::default();
        self.sorted = (0..count).map(ValueId).collect();
        let values = &self.values;
        self.sorted.sort_unstable_by_key(|id| values.get(id.0 as usize));
        let known = |id: ValueId| moved.0.get(id.0 as usize).copied().flatten();
        let merges = std::mem::take(&mut self.merges).into_iter();
        self.merges =
            merges.filter_map(|(merge, from, id)| Some((known(merge)?, from, known(id)?))).collect();
        moved
    }
}

#[cfg(test)]
mod tests {
    use program::BlockId;
    use sleigh::pcode::Opcode;

    use super::*;

    #[test]
    fn what_is_not_used_goes_and_what_is_left_means_the_same() {
        let mut arena = Arena::default();
        let argument = arena.add(Value::Parameter(0));
        let unused = arena.add(Value::Load { at: argument, size: 4 });
        let place = arena.sum(argument, 8, 8);
        let loaded = arena.add(Value::Load { at: place, size: 1 });
        let flag = arena.binary(Opcode::IntSLess, 1, (unused, 4), (loaded, 4));
        let merge = arena.add(Value::Merge { block: BlockId(2), place: 0 });
        arena.merges = vec![(merge, BlockId(0), argument), (merge, BlockId(1), loaded)];
        let mut used = vec![false; arena.values().len()];
        for id in [argument, place, loaded, merge] {
            used[id.0 as usize] = true;
        }
        let before = arena.values().len();
        let moved = arena.compact(used);
        assert_eq!(arena.values().len(), before - 2);
        assert!(arena.values().all(|(_, value)| !matches!(value, Value::Binary(..))), "{flag:?} is gone");
        let (loaded, merge) = (moved.id(loaded), moved.id(merge));
        let Value::Load { at, size: 1 } = arena.get(loaded) else { panic!("{:?}", arena.get(loaded)) };
        assert_eq!(arena.get(at), Value::Sum(moved.id(argument), 8));
        assert_eq!(arena.find(Value::Sum(moved.id(argument), 8)), Some(at));
        let operands: Vec<ValueId> = arena.operands(merge).iter().map(|operand| operand.2).collect();
        assert_eq!(operands, [moved.id(argument), loaded]);
    }
}
