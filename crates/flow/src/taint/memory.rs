//! What is written where: objects and slots on the stack, global objects, what parameters point to.

use std::collections::BTreeSet;

use program::VirtAddr;
use sleigh::pcode::Opcode;

use super::{Look, grow};
use crate::function::CallSite;
use crate::knowledge::{Fact, Spot};
use crate::labels::Labels;
use crate::value::{Value, ValueId};

/// Merges and loads followed to find what an address points into.
const MAX_ROOTS: usize = 16;

/// Words of a message's header, and of the part of its list of buffers that is looked at.
const HEADER: i64 = 7;
const BUFFERS: i64 = 8;

/// Bytes that are no object of their own.
pub(crate) const FEW: u64 = 16;

impl Look<'_, '_> {
    /// Where objects on the stack start.
    pub(super) fn objects(&self) -> BTreeSet<i64> {
        let mut starts = BTreeSet::new();
        let arena = &self.facts.arena;
        // Setting the end of a text at a computed place starts nothing.
        let indexed = self.facts.stores.iter().filter(|store| arena.number(store.value).is_none());
        for store in indexed.filter(|store| self.on_stack(store.to).is_none()) {
            let places = self.facts.roots(store.to);
            starts.extend(places.into_iter().filter_map(|place| self.on_stack(place)));
        }
        for call in self.facts.calls.values() {
            for fact in (self.inputs.knowledge)(call) {
                let (Fact::Source(_, to) | Fact::Through(_, to) | Fact::Copies(_, to)) = *fact else {
                    continue;
                };
                let written = match to {
                    Spot::Result => Vec::new(),
                    Spot::Message(n) => {
                        let header = call.arguments.get(usize::from(n));
                        header.map(|header| self.buffers(*header)).unwrap_or_default()
                    }
                    Spot::Object(n) | Spot::Stream(n) => {
                        call.arguments.get(usize::from(n)).copied().into_iter().collect()
                    }
                    Spot::Argument(n) => {
                        let argument = call.arguments.get(usize::from(n)).copied().into_iter();
                        argument.filter(|place| self.few_bytes(call, n, *place).is_none()).collect()
                    }
                    Spot::From(n) => call.arguments.get(usize::from(n)..).unwrap_or_default().to_vec(),
                };
                starts.extend(written.into_iter().filter_map(|place| self.on_stack(place)));
            }
        }
        starts
    }

    pub(super) fn on_stack(&self, place: ValueId) -> Option<i64> {
        match self.facts.arena.get(place) {
            Value::Stack(distance) => Some(distance),
            _ => None,
        }
    }

    pub(super) fn memory(&mut self) {
        for store in &self.facts.stores {
            let labels = self.label(store.value);
            match self.on_stack(store.to) {
                Some(distance) => self.write_slot(distance, store.size, labels),
                None => self.write(store.to, labels),
            }
        }
        for (index, call) in &self.facts.calls {
            self.call(*index, call);
        }
    }

    /// A slot on the stack that gets a few bytes, their count being the next argument: no object starts there.
    pub(super) fn few_bytes(&self, call: &CallSite, n: u8, argument: ValueId) -> Option<(i64, u16)> {
        let distance = self.on_stack(argument)?;
        let count =
            call.arguments.get(usize::from(n) + 1).and_then(|count| self.facts.arena.number(*count))?;
        // `fread` counts elements: these do not say how many bytes come.
        let elements = call.arguments.len() > 3
            && (self.inputs.knowledge)(call).iter().any(|fact| matches!(fact, Fact::Through(3, _)));
        (!elements && (1..=FEW).contains(&count)).then_some((distance, count as u16))
    }

    /// The buffers of a message whose header is on the stack: the header points to a list of them, each with a length.
    pub(super) fn buffers(&self, header: ValueId) -> Vec<ValueId> {
        let word = i64::from(self.inputs.program.image.pointer_size);
        let pointers = |list: ValueId, words: i64| -> Vec<ValueId> {
            let Some(start) = self.on_stack(list) else { return Vec::new() };
            let inside = |to: i64| (start..start.saturating_add(words * word)).contains(&to);
            let stores = self.facts.stores.iter().filter(|store| i64::from(store.size) == word);
            stores.filter(|store| self.on_stack(store.to).is_some_and(inside)).map(|s| s.value).collect()
        };
        pointers(header, HEADER).into_iter().flat_map(|list| pointers(list, BUFFERS)).collect()
    }

    pub(super) fn write_slot(&mut self, distance: i64, size: u16, labels: Labels) {
        if !labels.is_none() {
            let slot = self.local.slots.entry(distance).or_default();
            slot.0 = slot.0.max(size);
            self.changed |= grow(&mut slot.1, labels);
        }
    }

    /// Data with these labels is written to what an address points into.
    pub(super) fn write(&mut self, to: ValueId, labels: Labels) {
        if labels.is_none() {
            return;
        }
        let mut todo = vec![to];
        let mut seen = BTreeSet::new();
        while let Some(id) = todo.pop() {
            if !seen.insert(id) || seen.len() > MAX_ROOTS {
                continue;
            }
            match self.facts.arena.get(id) {
                Value::Stack(distance) => {
                    self.changed |= grow(self.local.stack.entry(distance).or_default(), labels);
                }
                Value::Number(address) => self.write_global(address, labels),
                Value::Parameter(n) => {
                    if let Some(slot) = self.summary.written.get_mut(usize::from(n)) {
                        self.changed |= grow(slot, labels);
                    }
                }
                Value::Result(call) => self.result(call, labels),
                Value::Merge { .. } => todo.extend(self.facts.arena.operands(id).iter().map(|o| o.2)),
                Value::Choice { then, otherwise, .. } => todo.extend([then, otherwise]),
                Value::Sum(base, more) => {
                    todo.push(base);
                    self.write_global(more as u64, labels);
                }
                Value::Load { at: base, .. } => todo.push(base),
                Value::Binary(Opcode::IntAdd, _, a, b) => todo.extend([a, b]),
                _ => {}
            }
        }
    }

    fn write_global(&mut self, address: u64, labels: Labels) {
        let image = &self.inputs.program.image;
        if !image.access(VirtAddr(address)).is_some_and(|access| access.write) {
            return;
        }
        let labels = self.taint.actual(self.id, labels);
        let slot = self.taint.globals.entry(address).or_default();
        if grow(slot, labels) {
            self.grown.globals = true;
            self.changed = true;
        }
    }
}
