//! `load-time-hijack`: code that the loader runs, or that makes the loader run more, takes over calls of others.
//!
//! **Finds** constructors and resolvers of indirect functions that write into tables of function addresses, run
//! programs, open connections, trace or unprotect memory; and programs that have the loader load a library into
//! every other program (`/etc/ld.so.preload`) or into those they start (`LD_PRELOAD`).
//! **Misses** hijacking by symbols that merely have the same name as those of another library.
//! **Wrongly reports** tools whose documented purpose is to load themselves into others.
//! **Source**: xz-utils (CVE-2024-3094); Symbiote and other preloaded libraries (2022).

use flow::{Effect, Facts, FunctionFacts, StoreSite};
use program::image::Pointer;
use program::{FuncId, Origin, VirtAddr};

use super::payload::place;
use super::plain::Plain;
use super::{Case, Detector};
use crate::finding::ProgramFinding;
use crate::score::{PayloadWeight, score};

pub(crate) const DETECTOR: Detector = Detector { rule: "load-time-hijack", version: 1, detect };

/// Calls below what the loader runs.
const DEPTH: usize = 3;

fn detect(case: &Case<'_>) -> Vec<ProgramFinding> {
    let facts = case.facts;
    let roots = facts.functions().filter(|(id, _)| {
        let code = facts.program().function(*id);
        code.is_some_and(|code| code.origins.contains(&Origin::Loader))
    });
    let mut found: Vec<ProgramFinding> = roots.filter_map(|(root, _)| run_by_loader(facts, root)).collect();
    found.extend(facts.functions().filter_map(|(function, own)| preloads(facts, function, own)));
    found
}

fn run_by_loader(facts: &Facts<'_>, root: FuncId) -> Option<ProgramFinding> {
    let table = |at: FuncId| {
        facts.function(at)?.stores.iter().find(|store| is_table(facts, at, store)).map(|s| (at, s.address))
    };
    let grave = |at: FuncId| facts.effects(at).iter().find(|effect| weight(effect).is_some());
    let start = facts.program().function(root)?.entry;
    let first = (root, start, "is run by the loader".to_owned());
    if let Some((_, (function, address))) = facts.downwards(root, DEPTH, table) {
        let plain = Plain {
            rule: DETECTOR.rule,
            score: score(PayloadWeight::Hijacks, record::SourceKind::None, &[]),
            title: "code run at load time writes into a table of function addresses".to_owned(),
            why: "The loader runs this code before the program. It writes into the table through which the program \
                  calls library functions: these calls then go elsewhere."
                .to_owned(),
            operation: "code.redirect",
            detail: "write to the table of function addresses".to_owned(),
            steps: vec![first, (function, address, "writes the table".to_owned())],
        };
        return Some(plain.finding(facts));
    }
    let (_, effect) = facts.downwards(root, DEPTH, grave)?;
    let name = facts.callee_name(effect.function, effect.call).unwrap_or("?").to_owned();
    let plain = Plain {
        rule: DETECTOR.rule,
        score: score(weight(effect)?, record::SourceKind::None, &[]),
        title: format!("code run at load time calls `{name}`"),
        why: format!(
            "The loader runs this code before the program, whatever the program is asked to do. It calls `{name}`, \
             which no preparation of a library needs."
        ),
        operation: effect.operation,
        detail: format!("{name}(…)"),
        steps: vec![first, (effect.function, place(facts, effect)?, format!("`{name}`"))],
    };
    Some(plain.finding(facts))
}

/// What a constructor or resolver has no reason to do.
fn weight(effect: &Effect) -> Option<PayloadWeight> {
    Some(match effect.operation {
        "process.exec" | "process.trace" | "kernel.load" => PayloadWeight::RunsAtLoad,
        "network.connect" | "network.listen" | "network.send" | "memory.file" => PayloadWeight::ReachesAtLoad,
        _ => return None,
    })
}

/// A store to where the loader writes the address of an imported function.
fn is_table(facts: &Facts<'_>, function: FuncId, store: &StoreSite) -> bool {
    let image = &facts.program().image;
    let Some(own) = facts.function(function) else { return false };
    let (base, distance) = own.arena.base(own.resolve(store.to));
    let address = own
        .arena
        .number(own.resolve(store.to))
        .or_else(|| own.arena.number(base).map(|base| base.wrapping_add(distance as u64)));
    let Some(address) = address.map(VirtAddr) else { return false };
    let section =
        image.sections().iter().find(|s| (s.start.0..s.start.0.saturating_add(s.size)).contains(&address.0));
    section.is_some_and(|section| section.name.starts_with(".got"))
        && matches!(image.pointer_at(address), Some(Pointer::Import(_)))
}

fn preloads(facts: &Facts<'_>, function: FuncId, own: &FunctionFacts) -> Option<ProgramFinding> {
    for (call, site) in &own.calls {
        let text = |n: usize| site.arguments.get(n).and_then(|value| facts.text(function, *value));
        let name = facts.callee_name(function, *call).unwrap_or_default();
        let (weight, title) = match name {
            "fopen" | "fopen64" if text(0) == Some(b"/etc/ld.so.preload") && writes(text(1)) => {
                (PayloadWeight::Hijacks, "writes `/etc/ld.so.preload`")
            }
            "open" | "open64" | "creat" if text(0) == Some(b"/etc/ld.so.preload") && creates(own, site) => {
                (PayloadWeight::Hijacks, "writes `/etc/ld.so.preload`")
            }
            "rename" | "link" | "symlink" if text(1) == Some(b"/etc/ld.so.preload") => {
                (PayloadWeight::Hijacks, "writes `/etc/ld.so.preload`")
            }
            "setenv" if text(0) == Some(b"LD_PRELOAD") => (PayloadWeight::RunsFixed, "sets `LD_PRELOAD`"),
            "putenv" if text(0).is_some_and(|t| t.starts_with(b"LD_PRELOAD=")) => {
                (PayloadWeight::RunsFixed, "sets `LD_PRELOAD`")
            }
            _ => continue,
        };
        let plain = Plain {
            rule: DETECTOR.rule,
            score: score(weight, record::SourceKind::None, &[]),
            title: title.to_owned(),
            why: format!(
                "The program {title}. The loader then loads a library of its choice into other programs."
            ),
            operation: "code.load",
            detail: format!("{name}(…)"),
            steps: vec![(function, site.address, format!("`{name}`: {title}"))],
        };
        return Some(plain.finding(facts));
    }
    None
}

fn writes(mode: Option<&[u8]>) -> bool {
    mode.is_some_and(|mode| mode.iter().any(|c| b"wa+".contains(c)))
}

/// `O_WRONLY` or `O_RDWR`, the same on every processor that we know.
fn creates(own: &FunctionFacts, site: &flow::CallSite) -> bool {
    let flags = site.arguments.get(1).and_then(|flags| own.arena.number(*flags));
    flags.is_none_or(|flags| flags & 3 != 0)
}
