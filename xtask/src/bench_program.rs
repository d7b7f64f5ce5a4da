//! `cargo xtask bench program`: how much of stripped programs is found again, and at what cost.
//!
//! Truth comes from twins: the same program with its symbols. A function counts as found if one starts at its address;
//! an instruction of a function's symbol counts if some recovered function holds it. Instructions that do nothing are
//! left out, because compilers pad with them. Programs are our own C, dynamically and statically linked (then most of
//! the code is the C library's; how many of its functions are known again is told, too), for each cross compiler that is
//! installed. With `--angr`, angr's CFGFast recovers the same stripped files in the same run and is measured by the same
//! truth.

#[path = "bench_program/library.rs"]
mod library;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;
use std::{fs, io};

use anyhow::{Context as _, bail};
use program::image::{Image, ImageLimits, Mode, SymbolKind, load};
use program::{Effort, Program, VirtAddr, analyze};
use serde::Deserialize;
use sleigh::{LanguageId, Lifter};

use crate::tool;
use library::{Library, library};

const FOLDER: &str = "target/twins";
/// Name, sources, flags. The router's programs show ordinary sizes, the station hard constructs.
const PROGRAMS: &[(&str, &[&str])] = &[
    ("station", &["xtask/twins/station.c"]),
    ("devmgrd", &["examples/router/src/devmgrd.c", "examples/router/src/config.c"]),
    ("httpd", &["examples/router/src/httpd.c", "examples/router/src/config.c"]),
    ("timed", &["examples/router/src/timed.c", "examples/router/src/config.c"]),
];
const LEVELS: &[&str] = &["-O2", "-Os"];
/// Nearly all of a static program is the same library.
const STATIC_LEVEL: &str = "-O2";

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only this target, such as `mipsel`.
    #[arg(long)]
    target: Option<String>,
    /// A Python that has the package `angr`, to be measured beside.
    #[arg(long, value_name = "PYTHON")]
    angr: Option<PathBuf>,
}

/// What `angr_cfg.py` says of one file.
#[derive(Deserialize)]
struct Peer {
    functions: BTreeSet<u64>,
    instructions: BTreeSet<u64>,
    seconds: f64,
}

struct Target {
    name: &'static str,
    compiler: &'static str,
    flags: &'static [&'static str],
}

const TARGETS: &[Target] = &[
    Target { name: "x86-64", compiler: "x86_64-linux-gnu", flags: &[] },
    Target { name: "i386", compiler: "i686-linux-gnu", flags: &[] },
    Target { name: "aarch64", compiler: "aarch64-linux-gnu", flags: &[] },
    Target { name: "arm", compiler: "arm-linux-gnueabi", flags: &[] },
    Target { name: "thumb", compiler: "arm-linux-gnueabihf", flags: &[] },
    Target { name: "mips", compiler: "mips-linux-gnu", flags: &[] },
    Target { name: "mipsel", compiler: "mipsel-linux-gnu", flags: &[] },
    Target { name: "ppc64le", compiler: "powerpc64le-linux-gnu", flags: &[] },
    Target { name: "riscv64", compiler: "riscv64-linux-gnu", flags: &[] },
];

/// A share of something.
#[derive(Clone, Copy, Default)]
struct Share {
    found: usize,
    all: usize,
}

impl Share {
    fn percent(self) -> f64 {
        100.0 * self.found as f64 / self.all.max(1) as f64
    }
}

/// Sums over the programs of one row.
#[derive(Default)]
struct Row {
    programs: usize,
    functions: Share,
    instructions: Share,
    /// The same of the peer, if there is one.
    peer_functions: Share,
    peer_instructions: Share,
    peer_seconds: f64,
    /// Entries reported in the middle of functions, where no symbol stands.
    wrong: usize,
    code_bytes: u64,
    seconds: f64,
    /// Of static programs.
    again: Library,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let peer = args.angr.is_some();
    println!(
        "| target | linked | programs | code kB | functions | found % | inside others | instructions | found % | library functions known again | CPU s/MB |{}",
        if peer { " angr functions % | angr instructions % | angr CPU s/MB |" } else { "" }
    );
    println!(
        "|---|---|---:|---:|---:|---:|---:|---:|---:|---|---:|{}",
        if peer { "---:|---:|---:|" } else { "" }
    );
    let chosen = |target: &&Target| args.target.as_ref().is_none_or(|only| only == target.name);
    for target in TARGETS.iter().filter(chosen) {
        if !is_installed(target) {
            eprintln!("skipped: {}: no `{}-gcc`", target.name, target.compiler);
            continue;
        }
        for linked in ["dynamic", "static"] {
            let mut row = Row::default();
            for (name, twin) in twins(target, linked)? {
                row.add(&name, &twin, args.angr.as_deref())
                    .with_context(|| format!("cannot measure `{name}`"))?;
            }
            if linked == "static" {
                row.again = libraries(target)?;
            }
            row.print(target.name, linked, peer);
        }
    }
    Ok(())
}

/// Library functions in all programs of a target, linked statically.
fn libraries(target: &Target) -> anyhow::Result<Library> {
    let mut all = Library::default();
    for (name, sources) in PROGRAMS {
        let of = |linked: &str| twin(target, linked, STATIC_LEVEL, name, sources);
        let (fixed, dynamic) = (of("static")?, of("dynamic")?);
        let mut stripped = analyze(image(&fixed.with_extension("stripped"))?, &Effort::default())?;
        let one = library(&fixed, &dynamic, &mut stripped)?;
        all.known.all += one.known.all;
        all.known.found += one.known.found;
        all.wrong += one.wrong;
    }
    Ok(all)
}

fn is_installed(target: &Target) -> bool {
    Command::new(format!("{}-gcc", target.compiler)).arg("--version").output().is_ok()
}

/// Programs of one row.
fn twins(target: &Target, linked: &str) -> anyhow::Result<Vec<(String, PathBuf)>> {
    let (levels, some_programs) =
        if linked == "static" { (&[STATIC_LEVEL][..], 2) } else { (LEVELS, PROGRAMS.len()) };
    let mut all = Vec::new();
    for level in levels {
        for (name, sources) in PROGRAMS.iter().take(some_programs) {
            let path = twin(target, linked, level, name, sources)?;
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            all.push((name, path));
        }
    }
    Ok(all)
}

/// A program with its symbols, compiled unless it is there; the stripped one stands beside it.
fn twin(target: &Target, linked: &str, level: &str, name: &str, sources: &[&str]) -> anyhow::Result<PathBuf> {
    let path = Path::new(FOLDER).join(format!("{name}-{}-{linked}{level}", target.name));
    if !path.with_extension("stripped").exists() {
        compile(target, linked, level, sources, &path)?;
    }
    Ok(path)
}

fn compile(target: &Target, linked: &str, level: &str, sources: &[&str], path: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(FOLDER).with_context(|| format!("cannot create `{FOLDER}`"))?;
    let mut gcc = Command::new(format!("{}-gcc", target.compiler));
    gcc.args(["-std=gnu99", "-w", level]).args(target.flags);
    if linked == "static" {
        gcc.arg("-static");
    }
    tool::run(gcc.arg("-o").arg(path).args(sources))?;
    let mut strip = Command::new(format!("{}-strip", target.compiler));
    tool::run(strip.arg("-o").arg(path.with_extension("stripped")).arg(path))
}

/// What the peer finds in the stripped twin.
fn peer(python: &Path, twin: &Path) -> anyhow::Result<Peer> {
    let output = Command::new(python)
        .arg("xtask/src/angr_cfg.py")
        .arg(twin.with_extension("stripped"))
        .output()
        .with_context(|| format!("cannot run `{}`", python.display()))?;
    if !output.status.success() {
        bail!("angr failed:\n{}", String::from_utf8_lossy(&output.stderr));
    }
    serde_json::from_slice(&output.stdout).context("cannot read what angr found")
}

fn image(path: &Path) -> anyhow::Result<Image> {
    Ok(load(fs::read(path)?, &ImageLimits::default())?)
}

impl Row {
    fn add(&mut self, name: &str, twin: &Path, angr: Option<&Path>) -> anyhow::Result<()> {
        let truth = image(twin)?;
        let stripped = image(&twin.with_extension("stripped"))?;
        let start = cpu_seconds()?;
        let clock = Instant::now();
        let program = analyze(stripped, &Effort::default())?;
        let seconds = cpu_seconds()? - start;
        let functions = functions(&truth);
        let entries: BTreeSet<VirtAddr> = program.functions.iter().map(|f| f.entry).collect();
        let missed: Vec<&(VirtAddr, u64)> = functions.iter().filter(|f| !entries.contains(&f.0)).collect();
        let places = instructions(&truth, &functions)?;
        let held = held(&program);
        let lost: Vec<VirtAddr> = places.iter().copied().filter(|at| !held.contains(at)).collect();
        let inside = |at: VirtAddr| {
            let before = functions.range(..(at, 0)).next_back();
            before.is_some_and(|(start, size)| at.0 < start.0 + size)
        };
        let named: BTreeSet<VirtAddr> = truth.symbols.iter().map(|symbol| symbol.address).collect();
        let wrong: Vec<VirtAddr> =
            entries.iter().copied().filter(|at| inside(*at) && !named.contains(at)).collect();
        eprintln!(
            "{name}: {} functions, {} missed {}; {} instructions, {} missed {}; {} inside others {}; {seconds:.2} s CPU, {:.2} s",
            functions.len(),
            missed.len(),
            missed.iter().take(8).map(|m| m.0.to_string()).collect::<Vec<_>>().join(" "),
            places.len(),
            lost.len(),
            lost.iter().take(8).map(ToString::to_string).collect::<Vec<_>>().join(" "),
            wrong.len(),
            wrong.iter().take(8).map(ToString::to_string).collect::<Vec<_>>().join(" "),
            clock.elapsed().as_secs_f64(),
        );
        self.programs += 1;
        self.functions.all += functions.len();
        self.functions.found += functions.len() - missed.len();
        self.wrong += wrong.len();
        self.instructions.all += places.len();
        self.instructions.found += places.len() - lost.len();
        self.code_bytes += program.coverage.code_bytes;
        self.seconds += seconds;
        if let Some(python) = angr {
            self.add_peer(&peer(python, twin)?, &functions, &places);
        }
        Ok(())
    }

    fn add_peer(&mut self, peer: &Peer, functions: &BTreeSet<(VirtAddr, u64)>, places: &BTreeSet<VirtAddr>) {
        self.peer_functions.all += functions.len();
        self.peer_functions.found += functions.iter().filter(|f| peer.functions.contains(&f.0.0)).count();
        self.peer_instructions.all += places.len();
        self.peer_instructions.found += places.iter().filter(|at| peer.instructions.contains(&at.0)).count();
        self.peer_seconds += peer.seconds;
    }

    fn print(&self, target: &str, linked: &str, peer: bool) {
        let per_megabyte = |seconds: f64| seconds / (self.code_bytes.max(1) as f64 / 1e6);
        let beside = if peer {
            format!(
                " {:.1} | {:.1} | {:.1} |",
                self.peer_functions.percent(),
                self.peer_instructions.percent(),
                per_megabyte(self.peer_seconds)
            )
        } else {
            String::new()
        };
        let Library { known, wrong } = self.again;
        let again = match known.all {
            0 => "–".to_owned(),
            all => format!("{} of {all}, {wrong} wrong", known.found),
        };
        println!(
            "| {target} | {linked} | {} | {} | {} | {:.1} | {} | {} | {:.1} | {again} | {:.2} |{beside}",
            self.programs,
            self.code_bytes / 1000,
            self.functions.all,
            self.functions.percent(),
            self.wrong,
            self.instructions.all,
            self.instructions.percent(),
            per_megabyte(self.seconds),
        );
    }
}

/// Address and size of every function, by address; pieces that the compiler split off are no functions.
fn functions(truth: &Image) -> BTreeSet<(VirtAddr, u64)> {
    let symbols = truth.symbols.iter().filter(|s| {
        s.defined
            && matches!(s.kind, SymbolKind::Function | SymbolKind::Resolver)
            && s.size > 0
            && !s.name.contains(".cold")
            && truth.is_code(s.address)
    });
    let mut all: BTreeSet<(VirtAddr, u64)> = BTreeSet::new();
    for symbol in symbols {
        if all.iter().next_back().is_none_or(|last| last.0 != symbol.address) {
            all.insert((symbol.address, symbol.size));
        }
    }
    all
}

/// Instructions inside the symbols, decoded one after the other, without those that do nothing.
fn instructions(truth: &Image, functions: &BTreeSet<(VirtAddr, u64)>) -> anyhow::Result<BTreeSet<VirtAddr>> {
    let table = sleigh::table(truth.language)?;
    let mut lifter = Lifter::new(table);
    let short: BTreeSet<VirtAddr> = truth.symbols.iter().filter(|s| s.short).map(|s| s.address).collect();
    let mut places = BTreeSet::new();
    for (start, size) in functions {
        let mode = table.variable("TMode").or_else(|| table.variable("ISA_MODE"));
        let mut context = match mode {
            Some(mode) if short.contains(start) => table.default_context().with(mode, 1),
            _ => table.default_context(),
        };
        let mut at = start.0;
        let end = start.0 + size;
        while at < end {
            let after = truth.mode_marks.partition_point(|mark| mark.address.0 <= at);
            let mark = after.checked_sub(1).and_then(|before| truth.mode_marks.get(before));
            if mark.is_some_and(|mark| mark.mode == Mode::Data) {
                at = truth.mode_marks.get(after).map_or(end, |mark| mark.address.0).max(at + 1);
                continue;
            }
            let bytes = truth.bytes_from(VirtAddr(at));
            let bytes = bytes.get(..32).unwrap_or(bytes);
            match lifter.lift(bytes, at, context) {
                Ok(lifted) => {
                    if !lifted.ops.is_empty() && !is_filler(truth.language, bytes) {
                        places.insert(VirtAddr(at));
                    }
                    let next = at + u64::from(lifted.length.max(1));
                    context = table.context_at(at, context, lifted.commits, next);
                    at = next;
                }
                // The traceback table of PowerPC begins with a zero word behind the last instruction.
                Err(_) if bytes.starts_with(&[0; 4]) && truth.language == LanguageId::Ppc64Le => break,
                Err(_) => at += u64::from(table.step_on_error(context).max(1)),
            }
        }
    }
    Ok(places)
}

/// Instructions that compilers pad with and that lift to something: long nops, `lea 0(%esi),%esi`, `xchg`, `ori 2,2,0`.
fn is_filler(language: LanguageId, bytes: &[u8]) -> bool {
    if language == LanguageId::Ppc64Le {
        return matches!(bytes, [0, 0, 0 | 0x42, 0x60, ..]);
    }
    let prefixes = bytes.iter().take_while(|byte| matches!(byte, 0x66 | 0x2e)).count();
    matches!(language, LanguageId::X86 | LanguageId::X86_64)
        && matches!(
            bytes.get(prefixes..).unwrap_or_default(),
            [0x0f, 0x1f, ..]
                | [0x90, ..]
                | [0x8d, 0x74, 0x26, 0, ..]
                | [0x8d, 0x76, 0, ..]
                | [0x8d, 0xb4, 0x26, 0, 0, 0, 0, ..]
                | [0x8d, 0xb6, 0, 0, 0, 0, ..]
        )
}

/// Addresses of all recovered instructions.
fn held(program: &Program) -> BTreeSet<VirtAddr> {
    let blocks = program.functions.iter().flat_map(|f| f.blocks.iter().map(move |b| (f, b)));
    blocks.flat_map(|(f, b)| f.instructions(b).iter().map(|i| i.address)).collect()
}

/// CPU time of this process, all threads.
fn cpu_seconds() -> io::Result<f64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let fields = stat.rsplit(')').next().unwrap_or_default().split_ascii_whitespace();
    let ticks: u64 = fields.skip(11).take(2).filter_map(|f| f.parse::<u64>().ok()).sum();
    // Ticks of 10 ms on every Linux that we run on.
    Ok(ticks as f64 / 100.0)
}
