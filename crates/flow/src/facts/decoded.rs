//! Which texts the program computes, where that matters.

use std::collections::BTreeMap;

use program::{FuncId, VirtAddr};

use super::Facts;
use crate::decode::Decoder;
use crate::function::{CallSite, FunctionFacts, StoreSite};
use crate::guard::Test;
use crate::knowledge::{Fact, Spot};
use crate::labels::Labels;
use crate::start::library_of;
use crate::taint::FEW;
use crate::value::{Value, ValueId};

/// Operations for decoding texts, in every program; as many as it has bytes of code come on top.
const DECODING: u64 = 400_000;

/// Bytes that compilers write as one number.
const WORD: usize = 8;
/// Shortest text of which it is no chance that it stands nowhere.
const MIN_CONCEALED: usize = 4;

/// Bytes that a pointer may be behind where a loop begins to fill an object.
const BEFORE: i64 = 8;

impl Facts<'_> {
    /// Finds the texts that the program computes and then compares with outside data, or runs.
    pub(super) fn decode(
        &mut self,
        table: &'static sleigh::Table,
        convention: &'static sleigh::language::Convention,
    ) {
        let left = DECODING + self.program.coverage.code_bytes;
        let linked_in = library_of(self.program);
        let program = self.program;
        let mut decoder = Decoder { program, table, convention, linked_in, left, emulator: None };
        let mut found: BTreeMap<(FuncId, ValueId), Option<Vec<u8>>> = BTreeMap::new();
        let mut wanted = self.undetermined();
        wanted.extend(self.undetermined_beginnings());
        for (function, call, n, value) in wanted {
            let Some(own) = self.function(function) else { continue };
            let Some(site) = own.calls.get(&call) else { continue };
            let Some(argument) = site.arguments.get(usize::from(n)) else { continue };
            let moved = own.arena.distance(own.resolve(*argument), value).unwrap_or_default();
            let text = decoder.text(function, site.block, site.address, u32::from(n), moved);
            // One place may hold several texts in turn: then it is none.
            let slot = found.entry((function, value)).or_insert_with(|| text.clone());
            if *slot != text {
                *slot = None;
            }
        }
        self.work += left.saturating_sub(decoder.left);
        self.decoded = found.into_iter().filter_map(|(place, text)| Some((place, text?))).collect();
    }

    /// Places where comparisons begin that are partly in place, as [`Self::undetermined`].
    fn undetermined_beginnings(&self) -> Vec<(FuncId, u32, u8, ValueId)> {
        let mut all = Vec::new();
        for (function, own) in self.functions() {
            let tests = own.conditions.values().flat_map(|value| self.tests(function, own, *value, true));
            for (test, _) in tests {
                let Test::Text { call, left, right, .. } = test else { continue };
                let arguments =
                    own.calls.get(&call).map(|site| site.arguments.as_slice()).unwrap_or_default();
                for (value, other) in [(left, right), (right, left)] {
                    let moved = |argument: &ValueId| own.arena.distance(own.resolve(*argument), value);
                    let n = (0..).zip(arguments).find(|(_, a)| moved(a).is_some_and(|bytes| bytes < 0));
                    let outside = self.is_from_elsewhere(function, other);
                    if let Some((n, _)) = n.filter(|_| outside && self.is_hidden(function, own, value)) {
                        all.push((function, call, n, value));
                    }
                }
            }
        }
        all
    }

    /// Is a text one that the program computes and that stands nowhere in it, not even as numbers? Compilers write short
    /// texts as numbers; only somebody who hides one computes it.
    pub fn is_concealed(&self, function: FuncId, value: ValueId) -> bool {
        let Some(own) = self.function(function) else { return false };
        let object = own.resolve(value);
        let Some(text) = self.decoded.get(&(function, object)).filter(|text| text.len() >= MIN_CONCEALED)
        else {
            return false;
        };
        let start = text.get(..text.len().min(WORD)).unwrap_or_default();
        let as_number = |store: &StoreSite| match own.arena.get(store.value) {
            Value::Number(number) if store.to == object => {
                let bytes = self.program.image.endian.bytes_of(number, store.size);
                bytes.iter().zip(start).all(|(a, b)| a == b)
            }
            _ => false,
        };
        !self.program.image.file().windows(start.len()).any(|window| window == start)
            && !own.stores.iter().any(as_number)
    }

    /// Is a datum not the program's own: from outside, from a file, or from where nobody sees?
    fn is_from_elsewhere(&self, function: FuncId, value: ValueId) -> bool {
        self.labels(function, value).meets(Labels::OUTSIDE.or(Labels::FILE))
            || self.is_unseen(function, value)
    }

    /// Arguments that hold a text of the program which the file does not show: by function, call and number.
    fn undetermined(&self) -> Vec<(FuncId, u32, u8, ValueId)> {
        let mut all = Vec::new();
        for (function, own) in self.functions() {
            for (call, site) in &own.calls {
                let argument = |n: u8| site.arguments.get(usize::from(n)).copied();
                for fact in self.knowledge(function, *call) {
                    match *fact {
                        Fact::Compares { left, right, .. } => {
                            for (n, other) in [(left, right), (right, left)] {
                                let outside =
                                    argument(other).is_some_and(|v| self.is_from_elsewhere(function, v));
                                let hidden = argument(n).filter(|v| self.is_hidden(function, own, *v));
                                if let Some(value) = hidden.filter(|_| outside) {
                                    all.push((function, *call, n, own.resolve(value)));
                                }
                            }
                        }
                        Fact::Does("process.exec", Some(n)) => {
                            let hidden = argument(n).filter(|v| self.is_hidden(function, own, *v));
                            all.extend(hidden.map(|value| (function, *call, n, own.resolve(value))));
                        }
                        _ => {}
                    }
                }
            }
        }
        all
    }

    /// Does a value point to memory that the program fills, with nothing from outside in it?
    fn is_hidden(&self, function: FuncId, own: &FunctionFacts, value: ValueId) -> bool {
        let value = own.resolve(value);
        let memory = match own.arena.get(value) {
            Value::Stack(_) | Value::Result(_) | Value::Merge { .. } => true,
            Value::Number(address) => {
                let access = self.program.image.access(VirtAddr(address));
                access.is_some_and(|access| access.write)
                    && !self.program.image.is_read_only(VirtAddr(address))
            }
            _ => false,
        };
        let clean = self.labels(function, value).is_none() && self.parameters(function, value).is_empty();
        memory
            && (clean || self.is_set_in_place(function, own, value) || self.is_computed(function, own, value))
    }

    /// Does a function begin a text of its own here? Compilers write short ones as numbers, and use one place for several
    /// objects.
    fn is_set_in_place(&self, function: FuncId, own: &FunctionFacts, object: ValueId) -> bool {
        let is_text = |store: &StoreSite| match own.arena.get(store.value) {
            Value::Number(number) => number != 0,
            Value::Load { at, size } => {
                let constant = |at| self.program.image.is_read_only(VirtAddr(at));
                size > 1 && own.arena.number(at).is_some_and(constant)
            }
            _ => false,
        };
        matches!(own.arena.get(object), Value::Stack(_))
            && own.stores.iter().any(|store| store.to == object && is_text(store))
            && !self.is_filled(function, own, object)
    }

    /// Does a call fill an object from outside, by more than a few bytes?
    fn is_filled(&self, function: FuncId, own: &FunctionFacts, object: ValueId) -> bool {
        let fills = |site: &CallSite, n: usize| {
            let count = site.arguments.get(n + 1).and_then(|count| own.arena.number(*count));
            site.arguments.get(n) == Some(&object) && count.is_none_or(|count| count > FEW)
        };
        own.calls.iter().any(|(call, site)| {
            self.knowledge(function, *call).iter().any(|fact| match *fact {
                Fact::Source(_, to) | Fact::Through(_, to) | Fact::Copies(_, to) => match to {
                    Spot::Argument(n) => fills(site, usize::from(n)),
                    Spot::Object(n) | Spot::Stream(n) => site.arguments.get(usize::from(n)) == Some(&object),
                    Spot::From(n) => (usize::from(n)..site.arguments.len()).any(|n| fills(site, n)),
                    Spot::Message(_) | Spot::Result => false,
                },
                _ => false,
            })
        })
    }

    /// Does a function write bytes of its own making into an object on the stack? Compilers use one place for several
    /// objects, so what else was there says nothing.
    fn is_computed(&self, function: FuncId, own: &FunctionFacts, object: ValueId) -> bool {
        let Value::Stack(start) = own.arena.get(object) else { return false };
        // Compilers begin a few bytes before an object where they count up before they store.
        let near = |root: &ValueId| match own.arena.get(*root) {
            Value::Stack(place) => (start.saturating_sub(BEFORE)..=start).contains(&place),
            _ => false,
        };
        let starts = |to: ValueId| to != object && own.roots(to).iter().any(near);
        let own_making = |value: ValueId| {
            let computed =
                matches!(own.arena.get(value), Value::Unary(..) | Value::Binary(..) | Value::Sum(..));
            computed && self.labels(function, value).is_none()
        };
        own.stores.iter().any(|store| starts(store.to) && own_making(store.value))
    }
}
