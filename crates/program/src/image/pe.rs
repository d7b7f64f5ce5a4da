//! PE: Windows programs and libraries for x86 and x86-64.
//!
//! Sections become segments; imports, base relocations, exports, thread-local callbacks and, on x86-64, the table of
//! functions (`.pdata`) come from the data directories. Source: Microsoft, PE Format; x64 exception handling.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use object::LittleEndian as LE;
use object::pe;
use object::read::pe::{ImageNtHeaders, ImageOptionalHeader, ImageThunkData, PeFile};
use sleigh::LanguageId;

use super::import::{Import, Pointer};
use super::load::{ImageError, ImageLimits};
use super::memory::{Access, Memory, Section, Segment};
use super::symbol::{Symbol, SymbolKind};
use super::{Abi, CodeAddr, Endian, Image, ImageKind};
use crate::address::{ImportId, VirtAddr};

/// Sections are mapped in pages.
const PAGE: u64 = 4096;
/// A library.
const DLL: u16 = 0x2000;
/// Libraries named by one import table.
const MAX_LIBRARIES: usize = 4096;
/// Unwinding information that continues another entry's: a piece of a function.
const CHAINED: u8 = 4;

const DAMAGED: ImageError = ImageError::Damaged { what: "PE header" };

/// Reads a PE file of one class.
pub(super) fn load_pe<Pe: ImageNtHeaders>(
    file: &Arc<[u8]>,
    limits: &ImageLimits,
) -> Result<Image, ImageError> {
    let data: &[u8] = file;
    let parsed = PeFile::<Pe>::parse(data).map_err(|_| DAMAGED)?;
    let header = parsed.nt_headers().file_header();
    let (language, abi) = match header.machine.get(LE) {
        pe::IMAGE_FILE_MACHINE_I386 => (LanguageId::X86, Abi::X86Windows),
        pe::IMAGE_FILE_MACHINE_AMD64 => (LanguageId::X86_64, Abi::X86_64Windows),
        _ => return Err(ImageError::Unsupported { what: "a PE file for this processor" }),
    };
    let optional = parsed.nt_headers().optional_header();
    let base = optional.image_base();
    let memory = memory(file, &parsed, base, limits);
    if memory.segments.is_empty() {
        return Err(DAMAGED);
    }
    let is_library = header.characteristics.get(LE).0 & DLL != 0;
    let mut image = Image {
        language,
        abi,
        endian: Endian::Little,
        pointer_size: if parsed.nt_headers().is_type_64() { 8 } else { 4 },
        kind: if is_library { ImageKind::Shared } else { ImageKind::Executable },
        entry: None,
        interpreter: None,
        soname: None,
        needed: Vec::new(),
        build_id: None,
        stripped: true,
        symbols: Vec::new(),
        mode_marks: Vec::new(),
        imports: Vec::new(),
        pointers: Vec::new(),
        init: Vec::new(),
        fini: Vec::new(),
        global_pointer: None,
        eh_frame: None,
        exidx: None,
        unwound: Vec::new(),
        damage: Vec::new(),
        anomalies: Vec::new(),
        memory,
    };
    let entry = optional.address_of_entry_point();
    image.entry = (entry != 0).then(|| image.code_addr(base.wrapping_add(u64::from(entry))));
    let reading = Reading { parsed, base, limits };
    reading.link(&mut image);
    reading.exports(&mut image);
    reading.callbacks(&mut image);
    reading.functions(&mut image);
    image.symbols.sort();
    Ok(image)
}

fn memory<Pe: ImageNtHeaders>(
    file: &Arc<[u8]>,
    parsed: &PeFile<'_, Pe>,
    base: u64,
    limits: &ImageLimits,
) -> Memory {
    let mut memory =
        Memory { file: Arc::clone(file), segments: Vec::new(), sections: Vec::new(), relro: Vec::new() };
    for section in parsed.section_table().iter().take(limits.headers) {
        let (address, virtual_size) = section.pe_address_range();
        let (offset, filled) = section.pe_file_range();
        let range = cut(offset as usize, filled as usize, file.len());
        let flags = section.characteristics.get(LE).0;
        let access =
            Access { read: flags >> 30 & 1 == 1, write: flags >> 31 == 1, execute: flags >> 29 & 1 == 1 };
        let start = VirtAddr(base.wrapping_add(u64::from(address)));
        let size = u64::from(virtual_size).max(range.len() as u64);
        if size == 0 {
            continue;
        }
        let name = section.name.split(|byte| *byte == 0).next().unwrap_or_default();
        let name = String::from_utf8_lossy(name).into_owned();
        memory.sections.push(Section { name, start, size, access, filled: !range.is_empty() });
        memory.segments.push(Segment { start, size: size.next_multiple_of(PAGE), file: range, access });
    }
    memory.segments.sort_by_key(|segment| segment.start);
    memory.sections.sort_by_key(|section| section.start);
    memory
}

fn cut(start: usize, size: usize, available: usize) -> Range<usize> {
    let start = start.min(available);
    start..start.saturating_add(size).min(available)
}

struct Reading<'a, Pe: ImageNtHeaders> {
    parsed: PeFile<'a, Pe>,
    base: u64,
    limits: &'a ImageLimits,
}

impl<Pe: ImageNtHeaders> Reading<'_, Pe> {
    fn at(&self, relative: u32) -> VirtAddr {
        VirtAddr(self.base.wrapping_add(u64::from(relative)))
    }

    /// Where a data directory stands; `None` if the file has none.
    fn directory(&self, index: usize) -> Option<(VirtAddr, u64)> {
        let (address, size) = self.parsed.data_directory(index)?.address_range();
        (address != 0).then(|| (self.at(address), u64::from(size)))
    }

    fn link(&self, image: &mut Image) {
        let mut imports: BTreeMap<String, Vec<VirtAddr>> = BTreeMap::new();
        if self.imports(image, &mut imports).is_none() {
            image.damage.push("the import table is damaged".to_owned());
        }
        let mut pointers = BTreeMap::new();
        self.relocate(image, &mut pointers);
        for ((name, slots), number) in imports.into_iter().zip(0..) {
            pointers.extend(slots.iter().map(|slot| (*slot, Pointer::Import(ImportId(number)))));
            image.imports.push(Import { name, weak: false, slots, stub: None });
        }
        image.pointers = pointers.into_iter().collect();
    }

    /// `None` if the table breaks off.
    fn imports(&self, image: &mut Image, imports: &mut BTreeMap<String, Vec<VirtAddr>>) -> Option<()> {
        let Some(table) = self.parsed.import_table().ok()? else { return Some(()) };
        let mut descriptors = table.descriptors().ok()?;
        let mut left = self.limits.symbols;
        while let Some(descriptor) = descriptors.next().ok()?.filter(|_| image.needed.len() < MAX_LIBRARIES) {
            let library = String::from_utf8_lossy(table.name(descriptor.name.get(LE)).ok()?).into_owned();
            let (names, slots) = (descriptor.original_first_thunk.get(LE), descriptor.first_thunk.get(LE));
            let mut thunks = table.thunks(if names == 0 { slots } else { names }).ok()?;
            let mut slot = self.at(slots);
            while let Some(thunk) = thunks.next::<Pe>().ok()?.filter(|_| left > 0) {
                let name = match thunk.is_ordinal() {
                    true => format!("{library}#{}", thunk.ordinal()),
                    false => String::from_utf8_lossy(table.hint_name(thunk.address()).ok()?.1).into_owned(),
                };
                imports.entry(name).or_default().push(slot);
                slot = slot.plus(u64::from(image.pointer_size));
                left -= 1;
            }
            image.needed.push(library);
        }
        Some(())
    }

    /// Places with absolute addresses.
    fn relocate(&self, image: &Image, pointers: &mut BTreeMap<VirtAddr, Pointer>) {
        let directories = self.parsed.data_directories();
        let blocks = directories.relocation_blocks(self.parsed.data(), &self.parsed.section_table());
        let Ok(Some(mut blocks)) = blocks else { return };
        while let Ok(Some(block)) = blocks.next() {
            for relocation in block {
                let whole = matches!(relocation.typ, pe::IMAGE_REL_BASED_HIGHLOW | pe::IMAGE_REL_BASED_DIR64);
                if !whole || pointers.len() >= self.limits.relocations {
                    continue;
                }
                let place = self.at(relocation.virtual_address);
                if let Some(target) = image.read_uint(place, image.pointer_size) {
                    pointers.insert(place, Pointer::Local(VirtAddr(target)));
                }
            }
        }
    }

    fn exports(&self, image: &mut Image) {
        let Ok(Some(table)) = self.parsed.export_table() else { return };
        let name = self.directory(pe::IMAGE_DIRECTORY_ENTRY_EXPORT).and_then(|(start, _)| {
            let name = image.read_uint(start.plus(12), 4)?;
            image.c_string_at(self.at(name as u32)).map(|name| String::from_utf8_lossy(name).into_owned())
        });
        image.soname = name;
        for (pointer, index) in table.name_iter().take(self.limits.symbols) {
            let (Ok(name), Ok(address)) = (table.name_from_pointer(pointer), table.address_by_index(index))
            else {
                continue;
            };
            if table.is_forward(address) {
                continue;
            }
            let address = self.at(address);
            let kind = if image.is_code(address) { SymbolKind::Function } else { SymbolKind::Object };
            image.symbols.push(Symbol {
                address,
                name: String::from_utf8_lossy(name).into_owned(),
                size: 0,
                kind,
                short: false,
                local_entry: 0,
                defined: true,
                exported: true,
                weak: false,
                dynamic: true,
            });
        }
    }

    /// Functions that run before the entry: thread-local storage callbacks.
    fn callbacks(&self, image: &mut Image) {
        let word = u64::from(image.pointer_size);
        let list = self
            .directory(pe::IMAGE_DIRECTORY_ENTRY_TLS)
            .and_then(|(start, _)| image.read_uint(start.plus(3 * word), image.pointer_size));
        let Some(list) = list.filter(|list| *list != 0) else { return };
        let words = (0..self.limits.array as u64)
            .map_while(|index| image.read_uint(VirtAddr(list).plus(index * word), image.pointer_size));
        let callbacks: Vec<CodeAddr> =
            words.take_while(|word| *word != 0).map(|word| image.code_addr(word)).collect();
        image.init = callbacks;
    }

    /// The table of functions of x86-64.
    fn functions(&self, image: &mut Image) {
        let Some((start, size)) = self.directory(pe::IMAGE_DIRECTORY_ENTRY_EXCEPTION) else { return };
        if image.language != LanguageId::X86_64 {
            return;
        }
        let count = (size / 12).min(self.limits.symbols as u64);
        let entry = |index: u64| {
            let place = start.plus(12 * index);
            let field = |at| image.read_uint(place.plus(at), 4).map(|value| self.at(value as u32));
            let (begin, end, unwind) = (field(0)?, field(4)?, field(8)?);
            let flags = image.read_uint(unwind, 1).map_or(0, |first| first as u8 >> 3);
            (begin < end).then_some((begin, end, flags & CHAINED == 0))
        };
        image.unwound = (0..count).filter_map(entry).collect();
    }
}
