//! Where functions start, as the file itself says: headers, symbols, unwinding tables.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use gimli::{BaseAddresses, CfaRule, CieOrFde, EhFrame, RunTimeEndian, UnwindContext, UnwindSection};

use crate::address::VirtAddr;
use crate::function::Origin;
use crate::image::{CodeAddr, Endian, Image, Mode, Pointer, SymbolKind};
use crate::known::Known;

/// Unwinding entries read at most.
const MAX_UNWIND: usize = 2_000_000;

/// Adds what headers, symbols and `.eh_frame` say. Returns entries whose mode is not stated (`.ARM.exidx`).
pub(crate) fn stated(image: &Image, known: &mut Known) -> Vec<VirtAddr> {
    let code = |at: &CodeAddr| image.is_code(at.address);
    for at in image.entry.iter().filter(|at| code(at)) {
        known.add(*at, Origin::Entry);
    }
    for at in image.init.iter().chain(&image.fini).filter(|at| code(at)) {
        known.add(*at, Origin::Loader);
    }
    for (_, pointer) in image.pointers() {
        if let Pointer::Resolver(resolver) = pointer {
            let at = image.code_addr(resolver.0);
            known.resolvers.insert(at.address);
            if code(&at) {
                known.add(at, Origin::Loader);
            }
        }
    }
    add_symbols(image, known);
    let unwind = AssertUnwindSafe(|| eh_frame(image));
    let Unwound { starts, pieces: fragments, ranges } = catch_unwind(unwind).unwrap_or_default();
    known.unwound = ranges;
    for start in starts {
        let at = CodeAddr { address: start, short: false };
        if code(&at) && !known.fragments.contains(&start) {
            known.add(at, Origin::Unwind);
        }
    }
    for (start, end, whole) in &image.unwound {
        let at = CodeAddr { address: *start, short: false };
        known.unwound.insert(*start, *end);
        if *whole && code(&at) {
            known.add(at, Origin::Unwind);
        } else {
            known.fragments.insert(*start);
        }
    }
    known.fragments.extend(fragments.into_iter().filter(|at| !known.entries.contains_key(at)));
    exidx(image)
}

fn add_symbols(image: &Image, known: &mut Known) {
    for symbol in image.symbols.iter().filter(|symbol| symbol.defined) {
        let named = matches!(symbol.kind, SymbolKind::Function | SymbolKind::Resolver)
            || symbol.kind == SymbolKind::Untyped && matches!(symbol.name.as_str(), "_start" | "__start");
        let at = descriptor_target(image, CodeAddr { address: symbol.address, short: symbol.short });
        if !named || !image.is_code(at.address) {
            continue;
        }
        // The part of a function that its compiler moved away because it rarely runs.
        if symbol.name.ends_with(".cold") || symbol.name.contains(".cold.") {
            known.fragments.insert(at.address);
        } else {
            known.add(at, Origin::Symbol);
        }
    }
    known.fragments.retain(|fragment| !known.entries.contains_key(fragment));
}

/// In 64-bit PowerPC ELF V1, symbols of functions name descriptors in data.
fn descriptor_target(image: &Image, at: CodeAddr) -> CodeAddr {
    if image.abi != crate::image::Abi::Ppc64ElfV1 || image.is_code(at.address) {
        return at;
    }
    image.word_at(at.address).map_or(at, |entry| CodeAddr { address: VirtAddr(entry), short: false })
}

/// Starts of the ranges that `.eh_frame` describes: functions, and pieces of functions. A piece is entered with a frame
/// already made, so its first rule for the frame address is not that of the others.
fn eh_frame(image: &Image) -> Unwound {
    let Some(start) = image.eh_frame else { return Unwound::default() };
    let section =
        image.sections().iter().find(|section| section.start == start && section.name == ".eh_frame");
    let bytes = image.bytes_from(start);
    let size = section.and_then(|section| usize::try_from(section.size).ok()).unwrap_or(usize::MAX);
    let bytes = bytes.get(..size.min(bytes.len())).unwrap_or_default();
    let endian = if image.endian == Endian::Big { RunTimeEndian::Big } else { RunTimeEndian::Little };
    let mut section = EhFrame::new(bytes, endian);
    section.set_address_size(image.pointer_size);
    let bases = BaseAddresses::default().set_eh_frame(start.0);
    let mut context = UnwindContext::new();
    let mut entries = section.entries(&bases);
    let mut found: Vec<(VirtAddr, Option<(u16, i64)>)> = Vec::new();
    let mut ranges = BTreeMap::new();
    while let Ok(Some(entry)) = entries.next() {
        let CieOrFde::Fde(partial) = entry else { continue };
        let Ok(fde) = partial.parse(EhFrame::cie_from_offset) else { continue };
        if fde.len() == 0 || found.len() >= MAX_UNWIND {
            continue;
        }
        let row = fde.rows(&section, &bases, &mut context).ok();
        let first = row.and_then(|mut rows| match rows.next_row().ok()??.cfa() {
            CfaRule::RegisterAndOffset { register, offset } => Some((register.0, *offset)),
            CfaRule::Expression(_) => None,
        });
        let start = VirtAddr(fde.initial_address());
        ranges.insert(start, start.plus(fde.len()));
        found.push((start, first));
    }
    let mut counts: BTreeMap<(u16, i64), usize> = BTreeMap::new();
    for rule in found.iter().filter_map(|(_, rule)| *rule) {
        *counts.entry(rule).or_default() += 1;
    }
    let usual = counts.into_iter().max_by_key(|(rule, count)| (*count, *rule)).map(|(rule, _)| rule);
    let (starts, pieces): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|(_, rule)| rule.is_none() || *rule == usual);
    let addresses = |list: Vec<(VirtAddr, _)>| list.into_iter().map(|(address, _)| address).collect();
    Unwound { starts: addresses(starts), pieces: addresses(pieces), ranges }
}

/// What `.eh_frame` says.
#[derive(Default)]
struct Unwound {
    starts: Vec<VirtAddr>,
    pieces: Vec<VirtAddr>,
    ranges: BTreeMap<VirtAddr, VirtAddr>,
}

/// Function starts in `.ARM.exidx` (ARM EHABI, section 5): 31-bit distances from where they stand; no mode bit.
fn exidx(image: &Image) -> Vec<VirtAddr> {
    let Some((start, size)) = image.exidx else { return Vec::new() };
    let count = (size / 8).min(MAX_UNWIND as u64);
    let entries = (0..count).map_while(|index| {
        let place = start.plus(8 * index);
        let word = image.read_uint(place, 4)? as u32;
        let distance = ((word << 1) as i32) >> 1;
        Some(VirtAddr(place.0.wrapping_add_signed(i64::from(distance)) & 0xffff_ffff))
    });
    entries.filter(|at| image.is_code(*at)).collect()
}

/// Addresses of code that the loader writes into data.
pub(crate) fn relocated(image: &Image) -> Vec<CodeAddr> {
    // Among the code, tables of jumps are relocated too.
    let places = image.pointers().filter(|(place, _)| !image.is_code(*place));
    let local = places.filter_map(|(_, pointer)| match pointer {
        Pointer::Local(target) => Some(image.code_addr(target.0)),
        Pointer::Import(_) | Pointer::Resolver(_) => None,
    });
    local.filter(|at| image.is_code(at.address)).collect()
}

/// Words of data that are addresses of code, where nothing says which words are pointers.
pub(crate) fn in_data(image: &Image) -> Vec<CodeAddr> {
    let mut all = Vec::new();
    if image.kind == crate::image::ImageKind::Executable {
        let step = u64::from(image.pointer_size);
        for segment in
            image.segments().iter().filter(|segment| !segment.access.execute || segment.access.write)
        {
            let count = (segment.file.len() as u64 / step).min(MAX_DATA_WORDS);
            let words = (0..count)
                .filter_map(|index| image.read_uint(segment.start.plus(index * step), image.pointer_size));
            all.extend(words.filter(|word| *word != 0).map(|word| image.code_addr(word)));
        }
    }
    all.retain(|at: &CodeAddr| image.is_code(at.address));
    all
}

/// Words of one segment looked at.
const MAX_DATA_WORDS: u64 = 8 << 20;

/// What mapping symbols say about an address; `None` where there are none before it.
pub(crate) fn marked_mode(image: &Image, address: VirtAddr) -> Option<Mode> {
    let after = image.mode_marks.partition_point(|mark| mark.address <= address);
    image.mode_marks.get(after.checked_sub(1)?).map(|mark| mark.mode)
}
