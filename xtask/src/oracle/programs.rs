//! Code of real programs, cut into stretches that begin in a known context.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use object::read::archive::ArchiveFile;
use object::{Object, ObjectSection, ObjectSymbol, SectionKind};
use sleigh::{Context, LanguageId, table};

use super::packages::unpacked;
use crate::files;

/// A run of code without mode changes from outside.
#[derive(Clone, Debug)]
pub(crate) struct Stretch {
    pub(crate) address: u64,
    pub(crate) bytes: Vec<u8>,
    /// At its first instruction.
    pub(crate) context: Context,
}

/// Which packages are swept for which language.
const PACKAGES: &[(LanguageId, &[&str])] = &[
    (LanguageId::X86, &["bash:i386", "busybox-static:i386"]),
    (LanguageId::X86_64, &["bash:amd64", "dropbear-bin:amd64"]),
    (LanguageId::Aarch64, &["bash:arm64", "dropbear-bin:arm64"]),
    (LanguageId::ArmLe, &["busybox-static:armel", "dropbear-bin:armel", "libc6-dev-armhf-cross"]),
    (LanguageId::CortexM, &["libnewlib-arm-none-eabi"]),
    (LanguageId::Mips32Be, &["libc6-mips-cross"]),
    (LanguageId::Mips32Le, &["busybox-static:mipsel", "dropbear-bin:mipsel"]),
    (LanguageId::Mips64Be, &["libc6-mips64-cross"]),
    (LanguageId::Mips64Le, &["bash:mips64el"]),
    (LanguageId::Ppc32Be, &["libc6-powerpc-cross"]),
    (LanguageId::Ppc64Be, &["libc6-ppc64-cross"]),
    (LanguageId::Ppc64Le, &["bash:ppc64el", "dropbear-bin:ppc64el"]),
    (LanguageId::Riscv64, &["libc6-riscv64-cross"]),
    (LanguageId::Riscv32, &["picolibc-riscv64-unknown-elf"]),
];

/// Files of a package that are not worth their time: none below this, in bytes.
const SMALLEST: u64 = 30_000;

/// Bytes of code taken from one package: some hold the same library in a hundred variants.
const LARGEST: usize = 6 << 20;

/// The code of all languages.
pub(crate) fn programs() -> anyhow::Result<BTreeMap<LanguageId, Vec<Stretch>>> {
    let mut all = BTreeMap::new();
    for (language, packages) in PACKAGES {
        let mut stretches = Vec::new();
        for package in *packages {
            stretches.extend(code_of(*language, &unpacked(package)?)?);
        }
        all.insert(*language, stretches);
    }
    // Nobody distributes big-endian ARM any more. Its instruction words are those of little-endian ARM, turned round.
    let turned = all.get(&LanguageId::ArmLe).map(|s| s.iter().map(turn_round).collect());
    all.insert(LanguageId::ArmBe, turned.unwrap_or_default());
    Ok(all)
}

fn turn_round(stretch: &Stretch) -> Stretch {
    let unit = if stretch.context == arm_context() { 4 } else { 2 };
    let bytes = stretch.bytes.chunks(unit).flat_map(|c| c.iter().rev().copied()).collect();
    Stretch { bytes, ..stretch.clone() }
}

fn arm_context() -> Context {
    table(LanguageId::ArmLe).map_or(Context::default(), |t| t.default_context())
}

fn code_of(language: LanguageId, folder: &Path) -> anyhow::Result<Vec<Stretch>> {
    let mut stretches = Vec::new();
    let mut size = 0;
    for path in programs_below(folder)? {
        let data = fs::read(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
        let found = if data.starts_with(b"!<arch>\n") {
            of_archive(language, &data)
        } else {
            of_object(language, &data)
        };
        for stretch in found {
            if size < LARGEST {
                size += stretch.bytes.len();
                stretches.push(stretch);
            }
        }
    }
    Ok(stretches)
}

fn programs_below(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = files::below(folder)?;
    found.retain(|path| path.metadata().is_ok_and(|file| file.len() >= SMALLEST));
    Ok(found)
}

fn of_archive(language: LanguageId, data: &[u8]) -> Vec<Stretch> {
    let Ok(archive) = ArchiveFile::parse(data) else { return Vec::new() };
    let members = archive.members().filter_map(Result::ok).filter_map(|m| m.data(data).ok());
    members.flat_map(|member| of_object(language, member)).collect()
}

fn of_object(language: LanguageId, data: &[u8]) -> Vec<Stretch> {
    let Ok(file) = object::File::parse(data) else { return Vec::new() };
    if language_of(&file) != Some(language) {
        return Vec::new();
    }
    let code = file.sections().filter(|s| s.kind() == SectionKind::Text);
    code.enumerate().flat_map(|(i, section)| of_section(language, &file, &section, i)).collect()
}

/// Two languages are not told apart by the header alone: BE8 images, and profile M, which only ever is what we ask for.
fn language_of(file: &object::File<'_>) -> Option<LanguageId> {
    use object::Architecture as A;
    let big = !file.is_little_endian();
    Some(match (file.architecture(), big) {
        (A::I386, _) => LanguageId::X86,
        (A::X86_64, _) => LanguageId::X86_64,
        (A::Aarch64, _) => LanguageId::Aarch64,
        (A::Arm, _) if is_profile_m(file) => LanguageId::CortexM,
        (A::Arm, _) => LanguageId::ArmLe,
        (A::Mips, true) => LanguageId::Mips32Be,
        (A::Mips, false) => LanguageId::Mips32Le,
        (A::Mips64, true) => LanguageId::Mips64Be,
        (A::Mips64, false) => LanguageId::Mips64Le,
        (A::PowerPc, _) => LanguageId::Ppc32Be,
        (A::PowerPc64, true) => LanguageId::Ppc64Be,
        (A::PowerPc64, false) => LanguageId::Ppc64Le,
        (A::Riscv64, _) => LanguageId::Riscv64,
        (A::Riscv32, _) => LanguageId::Riscv32,
        _ => return None,
    })
}

/// Tag 7 (`Tag_CPU_arch_profile`) of the attributes section holds `M`. Addenda to the ABI for the Arm architecture, 3.3.5.
fn is_profile_m(file: &object::File<'_>) -> bool {
    let attributes = file.section_by_name(".ARM.attributes").and_then(|s| s.data().ok());
    attributes.is_some_and(|bytes| bytes.windows(2).any(|w| w == [7, b'M']))
}

fn of_section(
    language: LanguageId,
    file: &object::File<'_>,
    section: &object::Section<'_, '_>,
    index: usize,
) -> Vec<Stretch> {
    let (Ok(table), Ok(data)) = (table(language), section.data()) else { return Vec::new() };
    // Sections of relocatable files all begin at 0.
    let base = section.address().max(0x1000 * (index as u64 + 1));
    let stretch = |from: usize, to: usize, context| {
        let bytes = data.get(from..to).unwrap_or_default().to_vec();
        Stretch { address: base + from as u64, bytes, context }
    };
    if !matches!(language, LanguageId::ArmLe | LanguageId::ArmBe | LanguageId::CortexM) {
        return vec![stretch(0, data.len(), table.default_context())];
    }
    let marks = mapping_symbols(file, section);
    if marks.is_empty() {
        return vec![stretch(0, data.len(), table.default_context())];
    }
    let ends = marks.iter().skip(1).map(|(at, _)| *at).chain([data.len()]);
    let thumb = table.variable("TMode").map(|v| table.default_context().with(v, 1));
    let pieces = marks.iter().zip(ends).filter_map(|(&(from, mode), to)| match mode {
        b'a' => Some(stretch(from, to, table.default_context())),
        b't' => Some(stretch(from, to, thumb.unwrap_or_default())),
        _ => None,
    });
    pieces.filter(|s| !s.bytes.is_empty()).collect()
}

/// `$a`, `$t`, `$d` and every function start, by offset: each begins a stretch of its own.
fn mapping_symbols(file: &object::File<'_>, section: &object::Section<'_, '_>) -> Vec<(usize, u8)> {
    let mut marks = BTreeMap::new();
    for symbol in file.symbols().filter(|s| s.section_index() == Some(section.index())) {
        let offset = symbol.address().checked_sub(section.address()).and_then(|o| usize::try_from(o).ok());
        if let (Some(offset), Ok([b'$', mode @ (b'a' | b't' | b'd'), ..])) = (offset, symbol.name_bytes()) {
            marks.insert(offset, *mode);
        }
    }
    marks.into_iter().collect()
}
