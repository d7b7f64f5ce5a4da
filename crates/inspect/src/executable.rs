//! One program: everything that the record says of it.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use flow::Facts;
use program::image::{Abi, Image, ImageError, load};
use program::{BlindSpotKind, Program, analyze};
use record::{Capability, Coverage};
use serde::{Deserialize, Serialize};
use sleigh::LanguageId;

use crate::detectors::{Case, DETECTORS};
use crate::finding::ProgramFinding;
use crate::options::Options;
use crate::picture;
use crate::texts::Texts;
use crate::witness;

/// What is said of one program, whatever its paths.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Report {
    pub(crate) architecture: Option<String>,
    pub(crate) stripped: Option<bool>,
    pub(crate) coverage: Option<Coverage>,
    pub(crate) capabilities: Vec<Capability>,
    pub(crate) findings: Vec<ProgramFinding>,
    /// What and why.
    pub(crate) blind_spots: Vec<(String, String)>,
    pub(crate) work_units: u64,
    pub(crate) complete: bool,
    /// Cut by time or memory.
    #[serde(skip)]
    pub(crate) hurried: bool,
}

/// Is this a file that [`report`] can say something about?
pub(crate) fn is_program(bytes: &[u8]) -> bool {
    media_type(bytes).is_some()
}

/// What kind of program a file is, as media types name it.
pub(crate) fn media_type(bytes: &[u8]) -> Option<&'static str> {
    if bytes.starts_with(b"\x7fELF") {
        return Some("application/x-elf");
    }
    // Behind the old header stands where the new one is; programs for MS-DOS have none.
    let place = bytes.get(0x3c..0x40).filter(|_| bytes.starts_with(b"MZ"))?;
    let place = usize::try_from(u32::from_le_bytes(place.try_into().ok()?)).ok()?;
    bytes.get(place..)?.starts_with(b"PE\0\0").then_some("application/vnd.microsoft.portable-executable")
}

/// Analyses a program. Whatever goes wrong is a blind spot.
pub(crate) fn report(bytes: Vec<u8>, options: &Options) -> Report {
    catch_unwind(AssertUnwindSafe(|| inspect(bytes, options))).unwrap_or_else(|_| {
        failed("the whole program", "the analysis failed inside; please report this as a bug".to_owned())
    })
}

/// The report on a program that was not begun for lack of time or memory.
pub(crate) fn not_begun(why: &str) -> Report {
    Report { hurried: true, ..failed("the whole program", why.to_owned()) }
}

fn failed(what: &str, why: String) -> Report {
    Report { blind_spots: vec![(what.to_owned(), why)], ..Report::default() }
}

fn inspect(bytes: Vec<u8>, options: &Options) -> Report {
    let image = match load(bytes, &options.image) {
        Ok(image) => image,
        Err(error @ ImageError::Unsupported { .. }) => return failed("the whole file", error.to_string()),
        Err(error) => return failed("the whole program", error.to_string()),
    };
    let (architecture, stripped) = (architecture(&image), image.stripped);
    let mut program = match analyze(image, &options.program) {
        Ok(program) => program,
        Err(error) => return failed("the whole program", error.to_string()),
    };
    let recognition = flow::recognize(&mut program);
    let mut report = Report {
        architecture: Some(architecture.to_owned()),
        stripped: Some(stripped),
        complete: program.coverage.complete && program.image.damage.is_empty(),
        work_units: program.coverage.work_units + recognition.work,
        ..Report::default()
    };
    if recognition.left_out > 0 {
        let what = format!("{} functions", recognition.left_out);
        report.blind_spots.push((what, "whether they are those of the C library was not tried".to_owned()));
    }
    if recognition.in_library > 0 {
        let what = format!("{} functions of the libraries in the program", recognition.in_library);
        let why = "only such functions lead to them; what those do is known by their behaviour";
        report.blind_spots.push((what, why.to_owned()));
    }
    let mut resolved = 0;
    match Facts::of(&program, &options.flow) {
        Ok(facts) => {
            resolved = facts.resolved_calls;
            report.work_units += facts.work;
            report.complete &= facts.complete;
            if !facts.complete {
                report.blind_spots.push(left_out(facts.cut));
            }
            report.capabilities = capabilities(&facts);
            let texts = Texts::of(&program.image);
            let case = Case::new(&facts, &texts);
            report.findings = DETECTORS.iter().flat_map(|detector| (detector.detect)(&case)).collect();
            picture::draw(&facts, &mut report.findings);
            report.work_units += witness::prove(&facts, &mut report.findings);
        }
        Err(error) => report.blind_spots.push(("all values".to_owned(), error.to_string())),
    }
    report.blind_spots.extend(blind_spots(&program, resolved));
    report.coverage = Some(coverage(&program, resolved, report.complete));
    report
}

fn left_out(cut: u64) -> (String, String) {
    let what = match cut {
        0 => "data passed between functions".to_owned(),
        cut => format!("values in {cut} functions"),
    };
    (what, "the effort was spent".to_owned())
}

fn coverage(program: &Program, resolved: u64, complete: bool) -> Coverage {
    let own = program.coverage;
    Coverage {
        functions: own.functions,
        code_bytes: own.code_bytes,
        decoded_bytes: own.decoded_bytes,
        reached_bytes: own.reached_bytes,
        indirect_calls: own.indirect_calls,
        resolved_indirect_calls: (own.resolved_indirect_calls + resolved).min(own.indirect_calls),
        complete,
    }
}

fn capabilities(facts: &Facts<'_>) -> Vec<Capability> {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for (function, _) in facts.functions() {
        for effect in facts.effects(function) {
            *counts.entry(effect.operation).or_default() += 1;
        }
    }
    counts.into_iter().map(|(name, count)| Capability { name: name.to_owned(), count }).collect()
}

/// Summed up by kind: the single places would fill the record.
fn blind_spots(program: &Program, resolved: u64) -> Vec<(String, String)> {
    let mut kinds: BTreeMap<BlindSpotKind, (u64, u64)> = BTreeMap::new();
    for spot in &program.blind_spots {
        let sum = kinds.entry(spot.kind).or_default();
        *sum = (sum.0 + 1, sum.1 + spot.size);
    }
    if let Some(calls) = kinds.get_mut(&BlindSpotKind::UnresolvedCall) {
        calls.0 = calls.0.saturating_sub(resolved);
    }
    kinds.retain(|_, sum| sum.0 > 0);
    let mut all: Vec<(String, String)> =
        kinds.into_iter().map(|(kind, (count, bytes))| sentence(kind, count, bytes)).collect();
    let image = &program.image;
    let odd = image.damage.iter().chain(&image.anomalies);
    all.extend(odd.map(|sentence| ("parts of the file".to_owned(), sentence.clone())));
    all
}

fn sentence(kind: BlindSpotKind, count: u64, bytes: u64) -> (String, String) {
    let (what, why) = match kind {
        BlindSpotKind::UnresolvedCall => {
            (format!("{count} indirect calls"), "where they lead was not found out")
        }
        BlindSpotKind::UnresolvedJump => {
            (format!("{count} computed jumps"), "where they lead was not found out")
        }
        BlindSpotKind::Undecoded => (format!("{count} places in code"), "the bytes are no known instruction"),
        BlindSpotKind::Unimplemented => {
            (format!("{count} instructions"), "what they do is not described in the table")
        }
        BlindSpotKind::Unreached => {
            (format!("{bytes} bytes of code in {count} places"), "nothing was found that leads there")
        }
        BlindSpotKind::LargeFunction => {
            (format!("parts of {count} functions"), "the limit on one function was reached")
        }
        BlindSpotKind::EffortSpent => (format!("{count} functions"), "the effort was spent"),
    };
    (what, why.to_owned())
}

/// As in Debian's names.
fn architecture(image: &Image) -> &'static str {
    match (image.language, image.abi) {
        (LanguageId::X86, _) => "i386",
        (_, Abi::X32) => "x32",
        (LanguageId::X86_64, _) => "amd64",
        (LanguageId::Aarch64, _) => "arm64",
        (LanguageId::ArmLe, Abi::AapcsVfp) => "armhf",
        (LanguageId::ArmLe | LanguageId::CortexM, _) => "armel",
        (LanguageId::ArmBe, _) => "armeb",
        (LanguageId::Mips32Be, _) => "mips",
        (LanguageId::Mips32Le, _) => "mipsel",
        (LanguageId::Mips64Be, Abi::MipsN32) => "mipsn32",
        (LanguageId::Mips64Be, _) => "mips64",
        (LanguageId::Mips64Le, Abi::MipsN32) => "mipsn32el",
        (LanguageId::Mips64Le, _) => "mips64el",
        (LanguageId::Ppc32Be, _) => "powerpc",
        (LanguageId::Ppc64Be, _) => "ppc64",
        (LanguageId::Ppc64Le, _) => "ppc64el",
        (LanguageId::Riscv32, _) => "riscv32",
        (LanguageId::Riscv64, _) => "riscv64",
        (language, _) => language.name(),
    }
}
