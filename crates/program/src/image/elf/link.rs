//! What the run-time loader links: symbols, relocations, the MIPS GOT, arrays of functions.

use std::collections::BTreeMap;

use object::elf;

use super::super::import::{Import, Pointer};
use super::super::load::ImageLimits;
use super::super::memory::Memory;
use super::super::symbol::{Symbol, SymbolKind};
use super::super::{CodeAddr, Image};
use super::dynamic::{self as dt, Dynamic};
use super::relocation::{self, Effect, Form, Relocation};
use super::symbol::{self, Entry};
use super::table::Layout;
use crate::address::{ImportId, VirtAddr};

/// Local entries of a MIPS GOT read at most; a 16-bit displacement reaches fewer.
const MAX_LOCAL_GOT: u64 = 65_536;

/// Reading what the loader links.
pub(super) struct Linking<'a> {
    pub(super) machine: elf::Machine,
    pub(super) layout: Layout,
    pub(super) limits: &'a ImageLimits,
}

/// Imports and pointers being collected.
#[derive(Default)]
struct Linked {
    imports: BTreeMap<String, Import>,
    /// Import by name until they are numbered.
    pointers: BTreeMap<VirtAddr, Filled>,
}

enum Filled {
    Pointer(Pointer),
    Import(String),
}

impl Linking<'_> {
    pub(super) fn add_symbols(
        &self,
        image: &mut Image,
        table: &[u8],
        strings: &[u8],
        dynamic: bool,
    ) -> Vec<Option<Symbol>> {
        let size = symbol::record_size(self.layout);
        if table.len() / size > self.limits.symbols {
            image.damage.push("the symbol table was cut".to_owned());
        }
        let mut numbered = Vec::new();
        for mut fields in self.layout.records(table, size, self.limits.symbols) {
            let entry = symbol::read(&mut fields, self.layout, self.machine, strings, dynamic);
            match entry {
                Some(Entry::Mark(mark)) => image.mode_marks.push(mark),
                Some(Entry::Symbol(symbol)) => {
                    if dynamic {
                        numbered.push(Some(symbol.clone()));
                    }
                    image.symbols.push(symbol);
                    continue;
                }
                None => {}
            }
            if dynamic {
                numbered.push(None);
            }
        }
        numbered
    }

    pub(super) fn link(&self, image: &mut Image, table: &[u8]) {
        let memory = image.memory.clone();
        let dynamic = Dynamic::read(&memory, self.layout, table);
        image.needed = dynamic.needed();
        image.soname = dynamic.string(dt::DT_SONAME);
        let symbols = self.dynamic_symbols(image, &memory, &dynamic);
        let mut linked = Linked::default();
        for symbol in symbols.iter().flatten().filter(|symbol| !symbol.defined) {
            linked.import(symbol);
        }
        self.mips_got(image, &dynamic, &symbols, &mut linked);
        self.relocate(image, &memory, &dynamic, &symbols, &mut linked);
        linked.number(image);
        self.function_arrays(image, &memory, &dynamic);
    }

    /// The relocations that a static program applies to itself: calls of resolvers.
    pub(super) fn relocate_static(&self, image: &mut Image) {
        let mut linked = Linked::default();
        for (form, names) in [
            (Form::Rel, [".rel.plt", ".rel.dyn", ".rel.iplt"]),
            (Form::Rela, [".rela.plt", ".rela.dyn", ".rela.iplt"]),
        ] {
            let sections = image.sections().iter().filter(|section| names.contains(&section.name.as_str()));
            let tables: Vec<(VirtAddr, u64)> =
                sections.map(|section| (section.start, section.size)).collect();
            for (start, size) in tables {
                let bytes = image.bytes_from(start);
                let bytes = bytes
                    .get(..bytes.len().min(usize::try_from(size).unwrap_or(usize::MAX)))
                    .unwrap_or_default();
                for mut fields in
                    self.layout.records(bytes, form.record_size(self.layout), self.limits.relocations)
                {
                    let read = relocation::read(&mut fields, self.layout, self.machine, form);
                    if let Some(relocation) = read {
                        self.apply(image, &relocation, &[], &mut linked);
                    }
                }
            }
        }
        linked.number(image);
    }

    fn dynamic_symbols(&self, image: &mut Image, memory: &Memory, dynamic: &Dynamic) -> Vec<Option<Symbol>> {
        let Some(start) = dynamic.address(dt::DT_SYMTAB) else { return Vec::new() };
        let bytes = memory.bytes_from(start);
        // Hash tables need not count symbols that nobody looks up; relocations name them.
        let count = dynamic.symbol_count(memory, self.layout).max(self.relocated_symbols(memory, dynamic));
        let size = count.saturating_mul(symbol::record_size(self.layout)).min(bytes.len());
        self.add_symbols(image, bytes.get(..size).unwrap_or_default(), &dynamic.strings, true)
    }

    /// One more than the highest symbol number of all relocations.
    fn relocated_symbols(&self, memory: &Memory, dynamic: &Dynamic) -> usize {
        let all = self.relocation_tables(memory, dynamic).into_iter().flat_map(|(form, table)| {
            let record = form.record_size(self.layout);
            let records = self.layout.records(table, record, self.limits.relocations);
            records.filter_map(move |mut f| relocation::read(&mut f, self.layout, self.machine, form))
        });
        all.map(|relocation| relocation.symbol as usize + 1).max().unwrap_or(0)
    }

    fn relocation_tables<'m>(&self, memory: &'m Memory, dynamic: &Dynamic) -> Vec<(Form, &'m [u8])> {
        let plt = if dynamic.value(dt::DT_PLTREL) == Some(dt::DT_RELA) { Form::Rela } else { Form::Rel };
        let tables = [
            (Form::Rel, dt::DT_REL, dt::DT_RELSZ),
            (Form::Rela, dt::DT_RELA, dt::DT_RELASZ),
            (plt, dt::DT_JMPREL, dt::DT_PLTRELSZ),
        ];
        let found =
            tables.into_iter().filter_map(|(form, at, size)| Some((form, dynamic.table(memory, at, size)?)));
        found.collect()
    }

    /// The global part of the MIPS GOT has no relocations: entry by entry it follows the symbol table.
    fn mips_got(
        &self,
        image: &mut Image,
        dynamic: &Dynamic,
        symbols: &[Option<Symbol>],
        linked: &mut Linked,
    ) {
        let Some(got) = dynamic.address(dt::DT_PLTGOT) else { return };
        if self.machine == elf::EM_386 {
            // Stubs of position-independent code find their targets relative to the table.
            image.global_pointer = Some(got.0);
        }
        if self.machine != elf::EM_MIPS {
            return;
        }
        image.global_pointer = Some(got.0.wrapping_add(0x7ff0));
        let numbers = (dynamic.value(dt::DT_MIPS_LOCAL_GOTNO), dynamic.value(dt::DT_MIPS_GOTSYM));
        let (Some(local), Some(first)) = numbers else { return };
        let word = self.layout.word_size() as u64;
        // The first two entries belong to the loader; the other local ones hold addresses of this image.
        for place in (2..local.min(MAX_LOCAL_GOT)).map(|index| got.plus(index * word)) {
            let value = image.read_uint(place, image.pointer_size).filter(|value| *value != 0);
            if let Some(value) = value {
                linked.set(place, Pointer::Local(VirtAddr(value)));
            }
        }
        let global = symbols.iter().skip(usize::try_from(first).unwrap_or(usize::MAX));
        for (index, symbol) in global.enumerate() {
            let place = got.plus(local.wrapping_add(index as u64).wrapping_mul(word));
            if let Some(symbol) = symbol {
                linked.fill(place, symbol, 0);
            }
        }
    }

    fn relocate(
        &self,
        image: &mut Image,
        memory: &Memory,
        dynamic: &Dynamic,
        symbols: &[Option<Symbol>],
        linked: &mut Linked,
    ) {
        for (form, table) in self.relocation_tables(memory, dynamic) {
            let record = form.record_size(self.layout);
            if table.len() / record > self.limits.relocations {
                image.damage.push("the relocation table was cut".to_owned());
            }
            for mut fields in self.layout.records(table, record, self.limits.relocations) {
                let read = relocation::read(&mut fields, self.layout, self.machine, form);
                let Some(relocation) = read else { continue };
                self.apply(image, &relocation, symbols, linked);
            }
        }
        let packed = dynamic.table(memory, dt::DT_RELR, dt::DT_RELRSZ).unwrap_or_default();
        let words =
            self.layout.records(packed, self.layout.word_size(), usize::MAX).filter_map(|mut f| f.word());
        for place in relocation::packed_places(self.layout, words, self.limits.relocations) {
            let relative = Relocation { place, symbol: 0, kind: 0, addend: None };
            self.fill(image, &relative, Effect::Relative, None, linked);
        }
    }

    fn apply(&self, image: &Image, relocation: &Relocation, symbols: &[Option<Symbol>], linked: &mut Linked) {
        let symbol = symbols.get(relocation.symbol as usize).and_then(Option::as_ref);
        let effect = match relocation::effect(self.machine, relocation.kind) {
            Effect::Absolute if relocation.symbol == 0 => Effect::Relative,
            effect => effect,
        };
        self.fill(image, relocation, effect, symbol, linked);
    }

    fn fill(
        &self,
        image: &Image,
        relocation: &Relocation,
        effect: Effect,
        symbol: Option<&Symbol>,
        linked: &mut Linked,
    ) {
        let place = relocation.place;
        let addend = || match relocation.addend {
            Some(addend) => addend as u64,
            None => image.read_uint(place, image.pointer_size).unwrap_or(0),
        };
        let mask = if self.layout.is_64 { u64::MAX } else { u64::from(u32::MAX) };
        let local = || VirtAddr(addend() & mask);
        match (effect, symbol) {
            (Effect::Relative, _) => linked.set(place, Pointer::Local(local())),
            (Effect::Resolver, _) => linked.set(place, Pointer::Resolver(local())),
            (Effect::Slot, Some(symbol)) => linked.fill(place, symbol, 0),
            (Effect::Absolute, Some(symbol)) => linked.fill(place, symbol, addend()),
            (Effect::Slot | Effect::Absolute, None) | (Effect::Other, _) => {}
        }
    }

    fn function_arrays(&self, image: &mut Image, memory: &Memory, dynamic: &Dynamic) {
        let array = |address: u64, size: u64| -> Vec<CodeAddr> {
            let (Some(start), Some(bytes)) = (dynamic.address(address), dynamic.table(memory, address, size))
            else {
                return Vec::new();
            };
            let word = self.layout.word_size();
            let places = (0..bytes.len() / word).take(self.limits.array);
            let words = places.filter_map(|index| image.word_at(start.plus((index * word) as u64)));
            words
                .filter(|w| *w != 0 && *w != u64::MAX && *w != u64::from(u32::MAX))
                .map(|w| image.code_addr(w))
                .collect()
        };
        let single = |tag: u64| dynamic.address(tag).map(|address| image.code_addr(address.0));
        let mut init = array(dt::DT_PREINIT_ARRAY, dt::DT_PREINIT_ARRAYSZ);
        init.extend(single(dt::DT_INIT));
        init.extend(array(dt::DT_INIT_ARRAY, dt::DT_INIT_ARRAYSZ));
        let mut fini = array(dt::DT_FINI_ARRAY, dt::DT_FINI_ARRAYSZ);
        fini.extend(single(dt::DT_FINI));
        (image.init, image.fini) = (init, fini);
    }
}

impl Linked {
    fn import(&mut self, symbol: &Symbol) -> &mut Import {
        let stub = (symbol.address.0 != 0).then_some(symbol.address);
        let new = || Import { name: symbol.name.clone(), weak: symbol.weak, slots: Vec::new(), stub };
        self.imports.entry(symbol.name.clone()).or_insert_with(new)
    }

    fn set(&mut self, place: VirtAddr, pointer: Pointer) {
        self.pointers.insert(place, Filled::Pointer(pointer));
    }

    fn fill(&mut self, place: VirtAddr, symbol: &Symbol, addend: u64) {
        if !symbol.defined {
            self.import(symbol).slots.push(place);
            self.pointers.insert(place, Filled::Import(symbol.name.clone()));
        } else if symbol.kind == SymbolKind::Resolver {
            self.set(place, Pointer::Resolver(symbol.address));
        } else if symbol.kind != SymbolKind::ThreadLocal {
            let short = u64::from(symbol.short);
            self.set(place, Pointer::Local(VirtAddr(symbol.address.0.wrapping_add(addend) | short)));
        }
    }

    /// Names become numbers once all are known.
    fn number(self, image: &mut Image) {
        let number: BTreeMap<&str, ImportId> =
            self.imports.keys().zip(0..).map(|(name, index)| (name.as_str(), ImportId(index))).collect();
        let pointers = self.pointers.iter().filter_map(|(place, filled)| {
            Some(match filled {
                Filled::Pointer(pointer) => (*place, *pointer),
                Filled::Import(name) => (*place, Pointer::Import(*number.get(name.as_str())?)),
            })
        });
        image.pointers = pointers.collect();
        image.imports = self.imports.into_values().collect();
        for import in &mut image.imports {
            import.slots.sort();
            import.slots.dedup();
        }
    }
}
