//! Program headers, section headers, and the few notes and tables found through them.

use std::sync::Arc;

use object::read::elf::{FileHeader, ProgramHeader, SectionHeader};
use object::{Endianness, elf};

use super::super::load::{ImageError, ImageLimits};
use super::super::memory::{Access, Memory, Section, Segment};
use super::super::{Endian, ImageKind};
use super::arm;
use super::table::Layout;
use crate::address::VirtAddr;

/// What the headers say.
pub(super) struct Headers {
    pub(super) machine: elf::Machine,
    pub(super) layout: Layout,
    pub(super) kind: ImageKind,
    pub(super) entry: u64,
    pub(super) flags: u32,
    pub(super) memory: Memory,
    pub(super) dynamic: Option<Vec<u8>>,
    pub(super) interpreter: Option<String>,
    pub(super) build_id: Option<Vec<u8>>,
    pub(super) eh_frame_header: Option<VirtAddr>,
    pub(super) exidx: Option<(VirtAddr, u64)>,
    pub(super) static_symbols: Option<(Vec<u8>, Vec<u8>)>,
    pub(super) arm_profile_m: bool,
    pub(super) damage: Vec<String>,
    pub(super) anomalies: Vec<String>,
}

pub(super) fn read_headers<E: FileHeader<Endian = Endianness>>(
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
        damage: Vec::new(),
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
        Err(_) => out.damage.push("the section header table is damaged".to_owned()),
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
                    self.damage.push(format!("segment at {start:#x} reaches beyond the end of the file"));
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
        let flags = section.sh_flags(e).0;
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
pub(super) fn eh_frame_of(memory: &Memory, layout: Layout, header: VirtAddr) -> Option<VirtAddr> {
    let mut fields = layout.fields(memory.bytes_from(header));
    let (version, encoding) = (fields.u8()?, fields.u8()?);
    fields.u16()?;
    let distance = i64::from(fields.u32()? as i32);
    (version == 1 && encoding == 0x1b).then(|| header.plus(4).plus(distance as u64))
}
