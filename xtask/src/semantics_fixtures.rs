//! Compiles the functions of `crates/sleigh/tests/semantics` for every language with Debian's cross compilers.
//!
//! For each target: `NAME.bin`, a flat image, and one line in `functions.txt` for each function: target, function,
//! address of its code, table of contents (0 except on PowerPC 64 version 1). The test that runs them needs no compiler.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};
use object::{Object, ObjectSection, ObjectSymbol, SectionKind, SymbolKind};

const FOLDER: &str = "crates/sleigh/tests/semantics";
/// Where `link.ld` places the image.
const BASE: u64 = 0x1_0000;
/// Larger images mean that something unwanted was linked.
const MOST_BYTES: u64 = 16 * 1024;

/// No library, fixed addresses, and no vector code: the tables name most vector instructions without describing them.
const FLAGS: &str = "-ffreestanding -fno-builtin -fno-tree-loop-distribute-patterns -fno-strict-aliasing
    -fno-tree-vectorize -fno-tree-slp-vectorize -ffp-contract=off -fno-pic -fno-pie -no-pie -static -nostdlib
    -fno-stack-protector -fno-asynchronous-unwind-tables -Wl,--build-id=none -Wl,--no-relax -Wl,-e,copy";

struct Target {
    name: &'static str,
    compiler: &'static str,
    flags: &'static [&'static str],
}

/// Floats where the processor computes them in registers of 32 and 64 bits.
const FLOATS: &str = "-DFLOATS";

#[rustfmt::skip]
const TARGETS: &[Target] = &[
    Target { name: "x86", compiler: "i686-linux-gnu-gcc", flags: &["-march=i686"] },
    Target { name: "x86-64", compiler: "x86_64-linux-gnu-gcc", flags: &[FLOATS] },
    Target { name: "aarch64", compiler: "aarch64-linux-gnu-gcc", flags: &[FLOATS] },
    Target { name: "arm-le", compiler: "arm-linux-gnueabi-gcc", flags: &["-marm", "-mcpu=cortex-a15"] },
    Target { name: "thumb-le", compiler: "arm-linux-gnueabi-gcc", flags: &["-mthumb", "-mcpu=cortex-a15"] },
    Target { name: "arm-be", compiler: "arm-linux-gnueabi-gcc", flags: &["-marm", "-mcpu=cortex-a15", "-mbig-endian", "-mbe32"] },
    Target { name: "thumb-be", compiler: "arm-linux-gnueabi-gcc", flags: &["-mthumb", "-mcpu=cortex-a15", "-mbig-endian", "-mbe32"] },
    Target { name: "arm-be8", compiler: "arm-linux-gnueabi-gcc", flags: &["-marm", "-mcpu=cortex-a15", "-mbig-endian"] },
    Target { name: "cortex-m", compiler: "arm-linux-gnueabi-gcc", flags: &["-mthumb", "-mcpu=cortex-m3"] },
    Target { name: "mips32-be", compiler: "mips-linux-gnu-gcc", flags: &["-mips32r2", "-mabi=32", "-mno-abicalls", "-mfp32", FLOATS] },
    Target { name: "mips32-le", compiler: "mipsel-linux-gnu-gcc", flags: &["-mips32r2", "-mabi=32", "-mno-abicalls", "-mfp32", FLOATS] },
    Target { name: "mips64-be", compiler: "mips64-linux-gnuabi64-gcc", flags: &["-EB", "-mips64r2", "-mabi=64", "-mno-abicalls", FLOATS] },
    Target { name: "mips64-le", compiler: "mips64-linux-gnuabi64-gcc", flags: &["-EL", "-mips64r2", "-mabi=64", "-mno-abicalls", FLOATS] },
    Target { name: "ppc32-be", compiler: "powerpc-linux-gnu-gcc", flags: &[FLOATS] },
    Target { name: "ppc64-le", compiler: "powerpc64le-linux-gnu-gcc", flags: &["-mcpu=power8", "-mno-vsx", "-mno-altivec", FLOATS] },
    Target { name: "ppc64-be", compiler: "powerpc64-linux-gnu-gcc", flags: &[FLOATS] },
    Target { name: "riscv64", compiler: "riscv64-linux-gnu-gcc", flags: &["-march=rv64gc", "-mabi=lp64d", FLOATS] },
    Target { name: "riscv32", compiler: "riscv64-linux-gnu-gcc", flags: &["-march=rv32gc", "-mabi=ilp32d", "-Wl,-melf32lriscv", FLOATS] },
];

/// `-O1` keeps to plain instructions, `-O2` uses what the processor has.
const LEVELS: &[&str] = &["-O1", "-O2"];

/// Compiles everything; needs the Debian packages `gcc-ARCH-linux-gnu` of the targets.
pub(crate) fn build() -> anyhow::Result<()> {
    let scratch = PathBuf::from("target/semantics");
    fs::create_dir_all(&scratch).with_context(|| format!("cannot create `{}`", scratch.display()))?;
    let mut list = String::new();
    for target in TARGETS {
        for level in LEVELS {
            let name = format!("{}{}", target.name, level);
            let program = scratch.join(&name);
            compile(target, level, &program)?;
            let image = image(&program).with_context(|| format!("cannot read `{}`", program.display()))?;
            write(&Path::new(FOLDER).join(format!("{name}.bin")), &image.bytes)?;
            for (function, (address, contents)) in &image.functions {
                writeln!(list, "{name} {function} {address:#x} {contents:#x}")?;
            }
            println!("{name}: {} bytes", image.bytes.len());
        }
    }
    write(&Path::new(FOLDER).join("functions.txt"), list.as_bytes())
}

fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    fs::write(path, bytes).with_context(|| format!("cannot write `{}`", path.display()))
}

fn compile(target: &Target, level: &str, program: &Path) -> anyhow::Result<()> {
    let mut command = Command::new(target.compiler);
    command
        .arg(level)
        .args(FLAGS.split_ascii_whitespace())
        .args(target.flags)
        .arg("-T")
        .arg(Path::new(FOLDER).join("link.ld"))
        .arg("-o")
        .arg(program)
        .arg(Path::new(FOLDER).join("functions.c"));
    let output = command.output().with_context(|| format!("cannot run `{}`", target.compiler))?;
    if !output.status.success() {
        bail!(
            "`{}` failed for {}: {}",
            target.compiler,
            target.name,
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(())
}

struct Image {
    bytes: Vec<u8>,
    /// Address of the code and table of contents.
    functions: BTreeMap<String, (u64, u64)>,
}

fn image(program: &Path) -> anyhow::Result<Image> {
    let file = fs::read(program)?;
    let elf = object::File::parse(&*file)?;
    let mut bytes = Vec::new();
    for section in elf.sections().filter(|s| s.address() >= BASE && is_loaded(s.kind())) {
        let (start, data) = ((section.address() - BASE) as usize, section.data()?);
        let end = start + data.len();
        if end as u64 > MOST_BYTES {
            bail!("the image is larger than {MOST_BYTES} bytes");
        }
        bytes.resize(bytes.len().max(end), 0);
        if let Some(target) = bytes.get_mut(start..end) {
            target.copy_from_slice(data);
        }
    }
    let descriptors = elf.section_by_name(".opd");
    let mut functions = BTreeMap::new();
    for symbol in elf.symbols().filter(|s| s.is_global() && s.kind() == SymbolKind::Text) {
        let entry = match &descriptors {
            Some(section) => descriptor(section.data_range(symbol.address(), 16)?.unwrap_or_default())?,
            None => (symbol.address(), 0),
        };
        functions.insert(symbol.name()?.to_owned(), entry);
    }
    Ok(Image { bytes, functions })
}

fn is_loaded(kind: SectionKind) -> bool {
    matches!(kind, SectionKind::Text | SectionKind::Data | SectionKind::ReadOnlyData)
}

/// PowerPC 64 ELF version 1: address of the code, table of contents.
fn descriptor(bytes: &[u8]) -> anyhow::Result<(u64, u64)> {
    let word = |at: usize| bytes.get(at..at + 8).and_then(|b| b.try_into().ok()).map(u64::from_be_bytes);
    word(0).zip(word(8)).context("a function descriptor is missing")
}
