//! Which value each register and stack slot holds at one point of a function.

use program::BlockId;
use sleigh::pcode::{SpaceId, Varnode};

use crate::hash::HashMap;
use crate::value::{Arena, Value, ValueId, truncate};

/// Stack slots are kept beside registers, under a space number that no table uses.
const STACK_SPACE: SpaceId = SpaceId(u8::MAX);

/// A register or a stack slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Held {
    place: Varnode,
    value: ValueId,
}

impl Held {
    /// The value of a place that begins in this one; `None` if it ends elsewhere.
    fn part(&self, arena: &mut Arena, place: Varnode, big_endian: bool) -> Option<ValueId> {
        if self.place.space != place.space || end(self.place) < end(place) {
            return None;
        }
        if self.place == place {
            return Some(self.value);
        }
        let skip = place.offset - self.place.offset;
        let low = if big_endian { u64::from(self.place.size) - skip - u64::from(place.size) } else { skip };
        if let Value::Number(number) = arena.get(self.value) {
            let shifted = number.checked_shr(8 * u32::try_from(low).ok()?)?;
            return Some(arena.constant(truncate(shifted, place.size), place.size));
        }
        (low == 0).then(|| arena.cast(self.value, self.place.size, place.size, false))
    }
}

/// Places whose value is known, sorted; they do not overlap.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct State {
    held: Vec<Held>,
}

/// The stack slot at a distance from the entry stack pointer, shifted so that order is kept.
pub(crate) fn slot(distance: i64, size: u16) -> Varnode {
    Varnode { space: STACK_SPACE, offset: (distance as u64) ^ (1 << 63), size }
}

fn key(place: Varnode) -> (u8, u64) {
    (place.space.0, place.offset)
}

fn end(place: Varnode) -> (u8, u64) {
    (place.space.0, place.offset.saturating_add(u64::from(place.size)))
}

impl State {
    /// The value of a place. `None` if nothing was written there, or only a part of it.
    pub(crate) fn read(&self, arena: &mut Arena, place: Varnode, big_endian: bool) -> Option<ValueId> {
        let after = self.held.partition_point(|held| key(held.place) <= key(place));
        self.held.get(after.checked_sub(1)?)?.part(arena, place, big_endian)
    }

    /// Sets a place; what it overlaps is forgotten.
    pub(crate) fn write(&mut self, place: Varnode, value: Option<ValueId>) {
        let from = self.held.partition_point(|held| end(held.place) <= key(place));
        let rest = self.held.get(from..).unwrap_or_default();
        let count = rest.iter().take_while(|held| key(held.place) < end(place)).count();
        self.held.splice(from..from + count, value.map(|value| Held { place, value }));
    }

    /// The larger place of which `part` is the low part and that holds a number without a bit above it: compilers clear a
    /// register before they set its low byte. Registers of little-endian processors only.
    pub(crate) fn cleared(&self, arena: &Arena, part: Varnode) -> Option<Varnode> {
        let after = self.held.partition_point(|held| key(held.place) <= key(part));
        let held = self.held.get(after.checked_sub(1)?)?;
        let number = arena.number(held.value)?;
        let low = key(held.place) == key(part) && held.place.size > part.size;
        (low && truncate(number, part.size) == number).then_some(held.place)
    }

    /// Forgets what lies in registers, except in those that are kept. Of a wide register of which only the low part is
    /// kept, that part stays.
    pub(crate) fn forget_registers(
        &mut self,
        arena: &mut Arena,
        space: SpaceId,
        kept: &[Varnode],
        big_endian: bool,
    ) {
        let within = |part: Varnode, whole: Varnode| key(part) >= key(whole) && end(part) <= end(whole);
        let (lost, rest): (Vec<Held>, Vec<Held>) = self.held.iter().partition(|held| {
            held.place.space == space && !kept.iter().any(|kept| within(held.place, *kept))
        });
        self.held = rest;
        for held in lost {
            for part in kept.iter().filter(|part| part.space == space && within(**part, held.place)) {
                if let Some(value) = held.part(arena, *part, big_endian) {
                    self.write(*part, Some(value));
                }
            }
        }
    }

    /// Forgets stack slots from `low` up to `high`, distances from the entry stack pointer, unless they hold a value that
    /// is to be kept.
    pub(crate) fn forget_stack(&mut self, low: i64, high: i64, keep: impl Fn(ValueId) -> bool) {
        let (low, high) = (slot(low, 0), slot(high, 0));
        let inside = |place: Varnode| key(place) >= key(low) && key(place) < key(high);
        self.held.retain(|held| !inside(held.place) || keep(held.value));
    }

    /// Meets another state at the start of a block. Where they differ the value becomes a merge of this block, once
    /// and for all; what only one of them knows is lost, and of what one knows in part, that part is kept. `true` if
    /// anything changed.
    ///
    /// A place goes from a value to its merge, to a smaller place, to nothing, never back: two changes for each of the
    /// few sizes that places have.
    pub(crate) fn meet(
        &mut self,
        other: &Self,
        arena: &mut Arena,
        block: BlockId,
        places: &mut Places,
        big_endian: bool,
    ) -> bool {
        let mut changed = false;
        let mut kept = Vec::with_capacity(self.held.len());
        for held in std::mem::take(&mut self.held) {
            let common = other.common(held.place);
            let values = common.and_then(|place| {
                let here = held.part(arena, place, big_endian)?;
                Some((place, here, other.read(arena, place, big_endian)?))
            });
            let Some((place, here, there)) = values else {
                changed = true;
                continue;
            };
            let value = if here == there {
                here
            } else {
                let place = places.number(place);
                arena.add(Value::Merge { block, place })
            };
            changed |= place != held.place || value != held.value;
            kept.push(Held { place, value });
        }
        self.held = kept;
        changed
    }

    /// The largest part of a place that is known here: all of it, or the low part that is a place of its own.
    fn common(&self, place: Varnode) -> Option<Varnode> {
        let after = self.held.partition_point(|held| key(held.place) <= key(place));
        let before = after.checked_sub(1).and_then(|index| self.held.get(index)).map(|held| held.place);
        match before.filter(|held| held.space == place.space) {
            Some(held) if end(held) >= end(place) => Some(place),
            Some(held) if key(held) == key(place) => Some(held),
            _ => None,
        }
    }

    /// Merges of this block stay merges once they have been, so that going round a loop ends.
    pub(crate) fn keep_merges(&mut self, before: &Self, arena: &Arena, block: BlockId) {
        for held in &mut self.held {
            let earlier = before.exact(held.place);
            let merged =
                |value: &ValueId| matches!(arena.get(*value), Value::Merge { block: b, .. } if b == block);
            if let Some(merge) = earlier.filter(merged) {
                held.value = merge;
            }
        }
    }

    /// What is not what it was before becomes a merge of this block: then every place changes at most once more. What
    /// meets in it is read at the end, so that nothing is lost but what different ways had in common.
    pub(crate) fn widen(&mut self, before: &Self, arena: &mut Arena, block: BlockId, places: &mut Places) {
        for held in &mut self.held {
            if before.exact(held.place).is_some_and(|earlier| earlier != held.value) {
                held.value = arena.add(Value::Merge { block, place: places.number(held.place) });
            }
        }
    }

    /// The value of exactly this place.
    pub(crate) fn exact(&self, place: Varnode) -> Option<ValueId> {
        let found = self.held.binary_search_by_key(&key(place), |held| key(held.place)).ok()?;
        self.held.get(found).filter(|held| held.place == place).map(|held| held.value)
    }
}

/// Numbers for places, in the order they were first merged.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places {
    numbers: HashMap<Varnode, u32>,
    places: Vec<Varnode>,
}

impl Places {
    /// The number of a place.
    fn number(&mut self, place: Varnode) -> u32 {
        let next = self.places.len() as u32;
        let number = *self.numbers.entry(place).or_insert(next);
        if number == next {
            self.places.push(place);
        }
        number
    }

    pub(crate) fn place(&self, number: u32) -> Option<Varnode> {
        self.places.get(number as usize).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn state(arena: &mut Arena, entries: &[(i64, u64)]) -> State {
        let mut state = State::default();
        for (distance, number) in entries {
            let value = arena.constant(*number, 8);
            state.write(slot(distance * 8, 8), Some(value));
        }
        state
    }

    #[test]
    fn a_narrow_read_sees_the_low_part() {
        let mut arena = Arena::default();
        let mut state = State::default();
        let value = arena.constant(0x1122_3344_5566_7788, 8);
        state.write(slot(0, 8), Some(value));
        let low = state.read(&mut arena, slot(0, 2), false).unwrap();
        let high = state.read(&mut arena, slot(0, 2), true).unwrap();
        assert_eq!((arena.number(low), arena.number(high)), (Some(0x7788), Some(0x1122)));
    }

    #[test]
    fn what_is_known_in_part_keeps_that_part() {
        let (mut arena, mut places) = (Arena::default(), Places::default());
        let (mut wide, mut narrow) = (State::default(), State::default());
        let (zero, one) = (arena.constant(0, 8), arena.constant(1, 4));
        wide.write(slot(0, 8), Some(zero));
        narrow.write(slot(0, 4), Some(one));
        for (mut here, there) in [(wide.clone(), narrow.clone()), (narrow, wide)] {
            assert!(here.meet(&there, &mut arena, BlockId(0), &mut places, false));
            let met = here.exact(slot(0, 4)).unwrap();
            assert!(matches!(arena.get(met), Value::Merge { .. }));
            assert!(!here.meet(&there, &mut arena, BlockId(0), &mut places, false));
        }
    }

    #[test]
    fn the_low_part_of_a_cleared_place_is_all_of_it() {
        let mut arena = Arena::default();
        for (number, size, cleared) in [(0, 1, true), (0x7f, 1, true), (0x100, 1, false), (0x100, 2, true)] {
            let mut state = State::default();
            let value = arena.constant(number, 8);
            state.write(slot(0, 8), Some(value));
            assert_eq!(state.cleared(&arena, slot(0, size)), cleared.then(|| slot(0, 8)), "{number:#x}");
        }
        assert_eq!(State::default().cleared(&arena, slot(0, 1)), None);
    }

    #[test]
    fn of_a_wide_register_the_part_that_callees_keep_stays() {
        let register = |offset, size| Varnode { space: SpaceId(1), offset, size };
        let mut arena = Arena::default();
        let mut state = state(&mut arena, &[(0, 7)]);
        let value = arena.constant(0x1122_3344_5566_7788, 8);
        state.write(register(0x100, 16), Some(value));
        state.write(register(0x200, 8), Some(value));
        state.forget_registers(&mut arena, SpaceId(1), &[register(0x100, 8)], false);
        assert_eq!(state.read(&mut arena, register(0x100, 8), false), Some(value));
        assert_eq!(state.read(&mut arena, register(0x100, 16), false), None);
        assert_eq!(state.read(&mut arena, register(0x200, 8), false), None);
        assert!(state.read(&mut arena, slot(0, 8), false).is_some(), "slots are no registers");
    }

    #[test]
    fn a_write_forgets_what_it_overlaps() {
        let mut arena = Arena::default();
        let mut state = state(&mut arena, &[(0, 1), (1, 2)]);
        let value = arena.constant(9, 4);
        state.write(slot(6, 4), Some(value));
        assert_eq!(state.read(&mut arena, slot(0, 8), false), None);
        assert_eq!(state.read(&mut arena, slot(8, 8), false), None);
        assert_eq!(state.read(&mut arena, slot(6, 4), false), Some(value));
    }

    proptest! {
        #[test]
        fn meeting_changes_each_place_at_most_twice(
            first in prop::collection::vec((0i64..6, 0u64..3), 0..6),
            others in prop::collection::vec(prop::collection::vec((0i64..6, 0u64..3), 0..6), 0..12),
        ) {
            let (mut arena, mut places) = (Arena::default(), Places::default());
            let mut here = state(&mut arena, &first);
            let most = 2 * here.held.len();
            let mut changes = 0;
            for entries in others.iter().chain(&others) {
                let other = state(&mut arena, entries);
                changes += usize::from(here.meet(&other, &mut arena, BlockId(0), &mut places, false));
            }
            prop_assert!(changes <= most);
        }

        #[test]
        fn once_widened_a_place_changes_no_more(
            steps in prop::collection::vec(prop::collection::vec((0i64..6, 0u64..9), 6..7), 1..12),
        ) {
            let (mut arena, mut places) = (Arena::default(), Places::default());
            let mut here = state(&mut arena, &[(0, 0), (1, 0), (2, 0), (3, 0), (4, 0), (5, 0)]);
            let mut changes = 0;
            for entries in &steps {
                let mut next = here.clone();
                for (distance, number) in entries {
                    let value = arena.constant(*number, 8);
                    next.write(slot(distance * 8, 8), Some(value));
                }
                next.keep_merges(&here, &arena, BlockId(0));
                next.widen(&here, &mut arena, BlockId(0), &mut places);
                changes += usize::from(next != here);
                here = next;
            }
            prop_assert!(changes <= 6);
        }

        #[test]
        fn meeting_oneself_changes_nothing(entries in prop::collection::vec((0i64..6, 0u64..3), 0..6)) {
            let (mut arena, mut places) = (Arena::default(), Places::default());
            let mut here = state(&mut arena, &entries);
            let same = here.clone();
            prop_assert!(!here.meet(&same, &mut arena, BlockId(0), &mut places, false));
            prop_assert_eq!(here, same);
        }
    }
}
