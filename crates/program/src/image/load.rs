//! Reading an ELF file into an [`Image`].

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use object::elf;
use object::read::elf::{FileHeader, ProgramHeader, SectionHeader};
use object::{Endianness, FileKind};

use super::dynamic::{self as dt, Dynamic};
use super::language::{self, Header};
use super::memory::{Access, Memory, Section, Segment};
use super::relocation::{self, Effect, Form, Import, Pointer, Relocation};
use super::symbol::{self, Entry, Symbol, SymbolKind};
use super::table::Layout;
use super::{CodeAddr, Endian, Image, ImageKind, arm};
use crate::address::{ImportId, VirtAddr};

/// Bounds on what is read; beyond them tables are cut and an anomaly is noted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageLimits {
    /// Bytes of the file; a larger one is refused.
    pub file_bytes: usize,
    /// Segments and sections, each.
    pub headers: usize,
    /// Symbols of one table.
    pub symbols: usize,
    /// Relocations of one table.
    pub relocations: usize,
    /// Entries of one array of functions.
    pub array: usize,
}

impl Default for ImageLimits {
    fn default() -> Self {
        Self { file_bytes: 1 << 30, headers: 4096, symbols: 2_000_000, relocations: 4_000_000, array: 65_536 }
    }
}

/// Why a file is no image we can read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ImageError {
    /// Neither ELF nor anything else we know.
    #[error("not an executable file that we know")]
    Unknown,
    /// An executable file of a kind we do not read.
    #[error("{what} is not supported yet")]
    Unsupported {
        /// What it is.
        what: &'static str,
    },
    /// More bytes than the limit.
    #[error("the file has {size} bytes, limit is {limit}")]
    TooLarge {
        /// Bytes.
        size: usize,
        /// [`ImageLimits::file_bytes`].
        limit: usize,
    },
    /// The headers cannot be read.
    #[error("the {what} of the executable file is damaged")]
    Damaged {
        /// Which part.
        what: &'static str,
    },
}

/// Reads an executable file.
///
/// Damage behind the headers does not fail: what cannot be read is left out and named in [`Image::anomalies`].
///
/// # Errors
/// See [`ImageError`].
pub fn load(file: impl Into<Arc<[u8]>>, limits: &ImageLimits) -> Result<Image, ImageError> {
    let file: Arc<[u8]> = file.into();
    if file.len() > limits.file_bytes {
        return Err(ImageError::TooLarge { size: file.len(), limit: limits.file_bytes });
    }
    // The header reader is foreign code on hostile bytes.
    let read = AssertUnwindSafe(|| match FileKind::parse(&file[..]) {
        Ok(FileKind::Elf32) => load_elf::<elf::FileHeader32<Endianness>>(&file, limits),
        Ok(FileKind::Elf64) => load_elf::<elf::FileHeader64<Endianness>>(&file, limits),
        Ok(FileKind::Pe32 | FileKind::Pe64) => Err(ImageError::Unsupported { what: "a PE file" }),
        Ok(FileKind::MachO32 | FileKind::MachO64 | FileKind::MachOFat32 | FileKind::MachOFat64) => {
            Err(ImageError::Unsupported { what: "a Mach-O file" })
        }
        Ok(_) | Err(_) if file.starts_with(b"\x7fELF") => Err(ImageError::Damaged { what: "ELF header" }),
        Ok(_) | Err(_) => Err(ImageError::Unknown),
    });
    catch_unwind(read).unwrap_or(Err(ImageError::Damaged { what: "ELF header" }))
}

/// What the headers say.
struct Headers {
    machine: elf::Machine,
    layout: Layout,
    kind: ImageKind,
    entry: u64,
    flags: u32,
    memory: Memory,
    dynamic: Option<Vec<u8>>,
    interpreter: Option<String>,
    build_id: Option<Vec<u8>>,
    eh_frame_header: Option<VirtAddr>,
    exidx: Option<(VirtAddr, u64)>,
    static_symbols: Option<(Vec<u8>, Vec<u8>)>,
    arm_profile_m: bool,
    anomalies: Vec<String>,
}

fn load_elf<E: FileHeader<Endian = Endianness>>(
    file: &Arc<[u8]>,
    limits: &ImageLimits,
) -> Result<Image, ImageError> {
    let headers = read_headers::<E>(file, limits)?;
    let (language, abi) = language::choose(&Header {
        machine: headers.machine.0,
        is_64: headers.layout.is_64,
        endian: headers.layout.endian,
        flags: headers.flags,
        arm_profile_m: headers.arm_profile_m,
    })
    .map_err(|what| ImageError::Unsupported { what })?;
    let section = |name: &str| headers.memory.sections.iter().find(|section| section.name == name);
    let eh_frame = section(".eh_frame").map(|s| s.start);
    let exidx = headers.exidx.or_else(|| section(".ARM.exidx").map(|s| (s.start, s.size)));
    let toc =
        section(".got").filter(|_| headers.machine == elf::EM_PPC64).map(|s| s.start.0.wrapping_add(0x8000));
    let mut image = Image {
        language,
        abi,
        endian: headers.layout.endian,
        pointer_size: headers.layout.word_size() as u8,
        kind: headers.kind,
        entry: None,
        interpreter: headers.interpreter,
        soname: None,
        needed: Vec::new(),
        build_id: headers.build_id,
        stripped: headers.static_symbols.is_none(),
        symbols: Vec::new(),
        mode_marks: Vec::new(),
        imports: Vec::new(),
        pointers: Vec::new(),
        init: Vec::new(),
        fini: Vec::new(),
        global_pointer: toc,
        eh_frame: eh_frame.or_else(|| eh_frame_of(&headers.memory, headers.layout, headers.eh_frame_header?)),
        exidx,
        anomalies: headers.anomalies,
        memory: headers.memory,
    };
    image.entry = (headers.entry != 0).then(|| image.code_addr(headers.entry));
    let context = Linking { machine: headers.machine, layout: headers.layout, limits };
    if let Some((table, strings)) = &headers.static_symbols {
        context.add_symbols(&mut image, table, strings, false);
    }
    if let Some(table) = &headers.dynamic {
        context.link(&mut image, table);
    }
    image.symbols.sort();
    image.symbols.dedup_by(|a, b| (a.address, &a.name, a.defined) == (b.address, &b.name, b.defined));
    image.mode_marks.sort();
    Ok(image)
}

fn read_headers<E: FileHeader<Endian = Endianness>>(
    file: &Arc<[u8]>,
    limits: &ImageLimits,
) -> Result<Headers, ImageError> {
    let bytes: &[u8] = file;
    let header = E::parse(bytes).map_err(|_| ImageError::Damaged { what: "ELF header" })?;
    let e = header.endian().map_err(|_| ImageError::Damaged { what: "ELF header" })?;
    let endian = if e == Endianness::Big { Endian::Big } else { Endian::Little };
    let kind = match header.e_type(e) {
        elf::ET_EXEC => ImageKind::Executable,
        elf::ET_DYN => ImageKind::Shared,
        elf::ET_REL => return Err(ImageError::Unsupported { what: "a relocatable object" }),
        elf::ET_CORE => return Err(ImageError::Unsupported { what: "a core dump" }),
        _ => return Err(ImageError::Damaged { what: "ELF header" }),
    };
    let mut out = Headers {
        machine: header.e_machine(e),
        layout: Layout { is_64: header.is_type_64(), endian },
        kind,
        entry: header.e_entry(e).into(),
        flags: header.e_flags(e).0,
        memory: Memory {
            file: Arc::clone(file),
            segments: Vec::new(),
            sections: Vec::new(),
            relro: Vec::new(),
        },
        dynamic: None,
        interpreter: None,
        build_id: None,
        eh_frame_header: None,
        exidx: None,
        static_symbols: None,
        arm_profile_m: false,
        anomalies: Vec::new(),
    };
    let programs =
        header.program_headers(e, bytes).map_err(|_| ImageError::Damaged { what: "program header table" })?;
    for program in programs.iter().take(limits.headers) {
        out.add_program_header::<E>(program, e, bytes);
    }
    out.memory.segments.sort_by_key(|segment| segment.start);
    if out.memory.segments.is_empty() {
        return Err(ImageError::Damaged { what: "program header table" });
    }
    match header.sections(e, bytes) {
        Ok(sections) => {
            for section in sections.iter().take(limits.headers) {
                let name = sections.section_name(e, section).unwrap_or_default();
                out.add_section::<E>(section, name, sections.iter().as_slice(), e, bytes);
            }
        }
        Err(_) => out.anomalies.push("the section header table is damaged".to_owned()),
    }
    if out.memory.sections.is_empty() {
        out.anomalies.push("there are no section headers".to_owned());
    }
    out.memory.sections.sort_by_key(|section| (section.start, section.size));
    Ok(out)
}

impl Headers {
    fn add_program_header<E: FileHeader<Endian = Endianness>>(
        &mut self,
        program: &E::ProgramHeader,
        e: Endianness,
        bytes: &[u8],
    ) {
        let (start, size): (u64, u64) = (program.p_vaddr(e).into(), program.p_memsz(e).into());
        let (offset, filled) = program.file_range(e);
        let range = file_range(bytes, offset, filled);
        match program.p_type(e) {
            elf::PT_LOAD if size > 0 => {
                if (range.len() as u64) < filled {
                    self.anomalies.push(format!("segment at {start:#x} reaches beyond the end of the file"));
                }
                let flags = program.p_flags(e).0;
                let access = Access { read: flags & 4 != 0, write: flags & 2 != 0, execute: flags & 1 != 0 };
                if access.write && access.execute {
                    self.anomalies.push(format!("segment at {start:#x} is writable and executable"));
                }
                let end = range.start + range.len().min(usize::try_from(size).unwrap_or(usize::MAX));
                let file = range.start..end;
                self.memory.segments.push(Segment { start: VirtAddr(start), size, file, access });
            }
            elf::PT_DYNAMIC => self.dynamic = bytes.get(range).map(<[u8]>::to_vec),
            elf::PT_INTERP => self.interpreter = bytes.get(range).and_then(text_until_nul),
            elf::PT_NOTE => {
                let id = bytes.get(range).and_then(|notes| build_id(self.layout, notes));
                self.build_id = self.build_id.take().or(id);
            }
            elf::PT_GNU_EH_FRAME => self.eh_frame_header = Some(VirtAddr(start)),
            elf::PT_GNU_RELRO => self.memory.relro.push(start..start.saturating_add(size)),
            // PT_ARM_EXIDX; the number means something else on other processors.
            elf::ProgramType(0x7000_0001) if self.machine == elf::EM_ARM => {
                self.exidx = Some((VirtAddr(start), size))
            }
            _ => {}
        }
    }

    fn add_section<E: FileHeader<Endian = Endianness>>(
        &mut self,
        section: &E::SectionHeader,
        name: &[u8],
        all: &[E::SectionHeader],
        e: Endianness,
        bytes: &[u8],
    ) {
        let flags = section.sh_flags(e).0 as u64;
        let data = || section.data(e, bytes).unwrap_or_default();
        let kind = section.sh_type(e);
        if flags & 2 != 0 {
            // SHF_ALLOC, SHF_WRITE, SHF_EXECINSTR.
            let access = Access { read: true, write: flags & 1 != 0, execute: flags & 4 != 0 };
            let (start, size) = (VirtAddr(section.sh_addr(e).into()), section.sh_size(e).into());
            // Thread-local zeros take no room where they claim to stand.
            let filled = kind != elf::SHT_NOBITS;
            if filled || flags & 0x400 == 0 {
                let name = String::from_utf8_lossy(name).into_owned();
                self.memory.sections.push(Section { name, start, size, access, filled });
            }
        }
        if kind == elf::SHT_SYMTAB {
            let strings = all.get(section.sh_link(e) as usize).and_then(|s| s.data(e, bytes).ok());
            self.static_symbols = Some((data().to_vec(), strings.unwrap_or_default().to_vec()));
        }
        if name == b".ARM.attributes" {
            self.arm_profile_m = arm::is_profile_m(data(), self.layout.endian == Endian::Big);
        }
    }
}

/// The part of a range that the file really has.
fn file_range(bytes: &[u8], offset: u64, size: u64) -> std::ops::Range<usize> {
    let start = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
    let size = usize::try_from(size).unwrap_or(usize::MAX).min(bytes.len() - start);
    start..start + size
}

fn text_until_nul(bytes: &[u8]) -> Option<String> {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    Some(String::from_utf8_lossy(bytes.get(..end)?).into_owned())
}

/// The descriptor of note `NT_GNU_BUILD_ID`.
fn build_id(layout: Layout, mut notes: &[u8]) -> Option<Vec<u8>> {
    let padded = |size: u32| (size as usize).checked_next_multiple_of(4);
    loop {
        let mut fields = layout.fields(notes);
        let (name_size, size, kind) = (fields.u32()?, fields.u32()?, fields.u32()?);
        let start = padded(name_size)?.checked_add(12)?;
        let name = notes.get(12..)?.get(..name_size as usize)?;
        if name == b"GNU\0" && kind == 3 {
            return Some(notes.get(start..)?.get(..size as usize)?.to_vec());
        }
        notes = notes.get(start.checked_add(padded(size)?)?..)?;
    }
}

/// `.eh_frame_hdr` (LSB 5.0, section 10.6.2): version 1, three encodings, pointer. Only the encoding in use everywhere
/// (0x1b: relative to the field, signed, 4 bytes) is read.
fn eh_frame_of(memory: &Memory, layout: Layout, header: VirtAddr) -> Option<VirtAddr> {
    let mut fields = layout.fields(memory.bytes_from(header));
    let (version, encoding) = (fields.u8()?, fields.u8()?);
    fields.u16()?;
    let distance = i64::from(fields.u32()? as i32);
    (version == 1 && encoding == 0x1b).then(|| header.plus(4).plus(distance as u64))
}

/// Local entries of a MIPS GOT read at most; a 16-bit displacement reaches fewer.
const MAX_LOCAL_GOT: u64 = 65_536;

/// Reading what the loader links.
struct Linking<'a> {
    machine: elf::Machine,
    layout: Layout,
    limits: &'a ImageLimits,
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
    fn add_symbols(
        &self,
        image: &mut Image,
        table: &[u8],
        strings: &[u8],
        dynamic: bool,
    ) -> Vec<Option<Symbol>> {
        let size = symbol::record_size(self.layout);
        if table.len() / size > self.limits.symbols {
            image.anomalies.push("the symbol table was cut".to_owned());
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

    fn link(&self, image: &mut Image, table: &[u8]) {
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

    fn dynamic_symbols(&self, image: &mut Image, memory: &Memory, dynamic: &Dynamic) -> Vec<Option<Symbol>> {
        let Some(start) = dynamic.address(dt::DT_SYMTAB) else { return Vec::new() };
        let bytes = memory.bytes_from(start);
        let count = dynamic.symbol_count(memory, self.layout);
        let size = count.saturating_mul(symbol::record_size(self.layout)).min(bytes.len());
        self.add_symbols(image, bytes.get(..size).unwrap_or_default(), &dynamic.strings, true)
    }

    /// The global part of the MIPS GOT has no relocations: entry by entry it follows the symbol table.
    fn mips_got(
        &self,
        image: &mut Image,
        dynamic: &Dynamic,
        symbols: &[Option<Symbol>],
        linked: &mut Linked,
    ) {
        let Some(got) = dynamic.address(dt::DT_PLTGOT).filter(|_| self.machine == elf::EM_MIPS) else {
            return;
        };
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
        let plt = if dynamic.value(dt::DT_PLTREL) == Some(dt::DT_RELA) { Form::Rela } else { Form::Rel };
        let tables = [
            (Form::Rel, dt::DT_REL, dt::DT_RELSZ),
            (Form::Rela, dt::DT_RELA, dt::DT_RELASZ),
            (plt, dt::DT_JMPREL, dt::DT_PLTRELSZ),
        ];
        for (form, address, size) in tables {
            let Some(table) = dynamic.table(memory, address, size) else { continue };
            let record = form.record_size(self.layout);
            if table.len() / record > self.limits.relocations {
                image.anomalies.push("the relocation table was cut".to_owned());
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
