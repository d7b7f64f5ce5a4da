//! Loads and stores: stack slots that are tracked, memory that the file determines, and the rest.

use program::VirtAddr;
use program::image::{Image, Pointer};
use sleigh::pcode::Op;

use super::{At, Step, StoreSite, Walk};
use crate::state::{State, slot};
use crate::value::{Value, ValueId};

impl Walk<'_, '_> {
    pub(super) fn load(&mut self, at: ValueId, size: u16, state: &State) -> ValueId {
        let big_endian = self.big_endian();
        let image = self.setting.image;
        match self.facts.arena.get(at) {
            Value::Stack(distance) => {
                if let Some(value) = state.read(&mut self.facts.arena, slot(distance, size), big_endian) {
                    return value;
                }
            }
            Value::Number(address) => {
                if let Some(value) = self.constant_memory(image, VirtAddr(address), size) {
                    return value;
                }
            }
            _ => {}
        }
        self.facts.arena.add(Value::Load { at, size })
    }

    fn constant_memory(&mut self, image: &Image, address: VirtAddr, size: u16) -> Option<ValueId> {
        let fixed = self.is_fixed(address);
        let arena = &mut self.facts.arena;
        if size == u16::from(image.pointer_size) {
            match image.pointer_at(address) {
                Some(Pointer::Local(target)) if fixed => {
                    return Some(arena.constant(target.0, size));
                }
                Some(Pointer::Import(import)) => return Some(arena.add(Value::Import(import))),
                _ => {}
            }
        }
        let bytes = u8::try_from(size).ok().filter(|size| (1..=8).contains(size))?;
        let number = fixed.then(|| image.read_uint(address, bytes)).flatten()?;
        Some(arena.constant(number, size))
    }

    /// Read-only, or in the offset table that only the loader writes: within reach of the global pointer, or named so.
    fn is_fixed(&self, address: VirtAddr) -> bool {
        let image = self.setting.image;
        let near = |global: u64| address.0.abs_diff(global) <= 0x8000 && self.setting.rules.entry.is_some();
        let offsets = || {
            let holds = |s: &&program::image::Section| {
                (s.start.0..s.start.0.saturating_add(s.size)).contains(&address.0)
            };
            image.sections().iter().find(holds).is_some_and(|section| section.name == ".got")
        };
        image.is_read_only(address) || image.global_pointer.is_some_and(near) || offsets()
    }

    pub(super) fn store(&mut self, at: &At, op: &Op, state: &mut State, step: &Step) {
        let (Some(space), Some(pointer), Some(stored)) = (op.input(0), op.input(1), op.input(2)) else {
            return;
        };
        if space.offset != u64::from(self.setting.table.code_space().0) {
            return;
        }
        let to = self.read(pointer, state, step, at);
        let mut value = self.read(stored, state, step, at);
        if let Value::Stack(distance) = self.facts.arena.get(to) {
            let place = slot(distance, stored.size);
            if let Some((_, when)) = step.skipped.filter(|(end, _)| at.index < *end) {
                let old = self.load(to, stored.size, state);
                value = self.facts.arena.add(Value::Choice { when, then: old, otherwise: value });
            }
            state.write(place, Some(value));
        }
        self.remember(at, to, value, stored.size);
    }

    pub(super) fn remember(&mut self, at: &At, to: ValueId, value: ValueId, size: u16) {
        if self.recording {
            self.facts.stores.push(StoreSite { address: at.address, block: at.block, to, value, size });
        }
    }
}
