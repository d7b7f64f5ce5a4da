//! ELF: headers first, then what the run-time loader links.

mod arm;
mod dynamic;
mod headers;
mod language;
mod link;
mod relocation;
mod symbol;
mod table;

use std::sync::Arc;

use object::read::elf::FileHeader;
use object::{Endianness, elf};

use self::headers::{eh_frame_of, read_headers};
use self::language::Header;
use self::link::Linking;
use super::load::{ImageError, ImageLimits};
use super::{CodeAddr, Image};

/// Reads an ELF file of one class.
pub(super) fn load_elf<E: FileHeader<Endian = Endianness>>(
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
        unwound: Vec::new(),
        damage: headers.damage,
        anomalies: headers.anomalies,
        memory: headers.memory,
    };
    let context = Linking { machine: headers.machine, layout: headers.layout, limits };
    if headers.dynamic.is_none() {
        // Without a loader, what the linker wrote into the global offset table stays.
        let fixed = |s: &&super::Section| {
            matches!(s.name.as_str(), ".got" | ".data.rel.ro" | ".init_array" | ".fini_array")
        };
        let ranges =
            image.memory.sections.iter().filter(fixed).map(|s| s.start.0..s.start.0.saturating_add(s.size));
        let ranges: Vec<_> = ranges.collect();
        image.memory.relro.extend(ranges);
        context.relocate_static(&mut image);
        image.init = words_of(&image, &[".preinit_array", ".init_array"], limits);
        image.fini = words_of(&image, &[".fini_array"], limits);
    }
    image.entry = (headers.entry != 0).then(|| image.code_addr(headers.entry));
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

/// Code addresses in sections; how a static program's own start finds them.
fn words_of(image: &Image, names: &[&str], limits: &ImageLimits) -> Vec<CodeAddr> {
    let size = u64::from(image.pointer_size);
    let sections = names.iter().filter_map(|name| image.sections().iter().find(|s| s.name == *name));
    let places = sections.flat_map(|s| (0..s.size / size).map(move |index| s.start.plus(index * size)));
    let words = places.take(limits.array).filter_map(|place| image.word_at(place));
    words.filter(|word| *word != 0).map(|word| image.code_addr(word)).collect()
}
