//! `raw-syscall-privilege`: a program that has a C library makes grave system calls without it.
//!
//! **Finds** system call instructions, and calls of `syscall` with a constant number, that run programs, trace others,
//! load kernel modules or make anonymous files, in programs that are linked to a library which offers all of that. Going
//! around the library hides the operation from those who look at imports.
//! **Misses** numbers that are computed; statically linked programs of which it is not known where the library begins.
//! **Wrongly reports** language run-times that bring their own system calls and link a library nevertheless.
//! **Source**: Linux implants with inlined system calls; "direct system calls" in ATT&CK T1106.

use flow::Facts;
use program::CallTarget;

use super::plain::Plain;
use super::{Case, Detector};
use crate::files::escaped;
use crate::finding::ProgramFinding;
use crate::runs::{Runs, what_it_runs};
use crate::score::{PayloadWeight, score};

pub(crate) const DETECTOR: Detector = Detector { rule: "raw-syscall-privilege", version: 3, detect };

/// Calls for which a program has no reason to go around its library.
const GRAVE: &[&str] = &[
    "delete_module",
    "execve",
    "execveat",
    "finit_module",
    "init_module",
    "memfd_create",
    "ptrace",
    "reboot",
];

fn detect(case: &Case<'_>) -> Vec<ProgramFinding> {
    let facts = case.facts;
    let image = &facts.program().image;
    // Without a library there is nothing to go around; a library that exports the call is the place where it belongs.
    let linked_in = facts.linked_in();
    if image.needed.is_empty() && linked_in.is_none() {
        return Vec::new();
    }
    // One that was linked in makes such calls in its own part.
    let own_part = |function: program::FuncId| {
        let entry = facts.program().function(function).map(|code| code.entry);
        linked_in.is_none_or(|start| entry.is_some_and(|entry| entry < start))
    };
    let exports = |name: &str| image.exports().any(|symbol| symbol.name == name);
    let imports = |name: &str| image.imports.iter().any(|import| import.name == name);
    let mut found = Vec::new();
    for (function, own) in facts.functions().filter(|(function, _)| own_part(*function)) {
        for (call, site) in &own.calls {
            let Some(name) = site.system.filter(|name| GRAVE.contains(name) && !exports(name)) else {
                continue;
            };
            // `syscall` is the only way to calls that the library does not wrap: that is no evasion by itself. Nor is it
            // where the library's function is imported beside it.
            let unwrapped = matches!(
                name,
                "delete_module" | "execveat" | "finit_module" | "init_module" | "memfd_create"
            );
            if site.target != CallTarget::System && (unwrapped || imports(name)) {
                continue;
            }
            found.push(finding(facts, function, *call, site.address, name));
        }
    }
    found
}

fn finding(
    facts: &Facts<'_>,
    function: program::FuncId,
    call: u32,
    at: program::VirtAddr,
    name: &'static str,
) -> ProgramFinding {
    let effect = facts.effects(function).iter().find(|effect| effect.call == call);
    let runs = effect.map_or(Runs::Unknown, |effect| what_it_runs(facts, effect));
    let argument = match &runs {
        Runs::Shell(text) | Runs::Fixed(text) => format!("\"{}\"", escaped(text.as_bytes())),
        Runs::Input => "input".to_owned(),
        Runs::Composed(_) | Runs::Unknown => "…".to_owned(),
    };
    let weight = match runs {
        Runs::Shell(_) => PayloadWeight::Shell,
        Runs::Input => PayloadWeight::RunsInput,
        _ => PayloadWeight::Evades,
    };
    Plain {
        rule: DETECTOR.rule,
        score: score(weight, record::SourceKind::None, &[]),
        title: format!("makes the system call `{name}` itself"),
        why: format!(
            "The program is linked to a C library and makes the system call `{name}` without it. Nothing in its list of \
             imports tells of that."
        ),
        operation: effect.map_or("system.call", |effect| effect.operation),
        detail: format!("{name}({argument})"),
        steps: vec![(function, at, format!("system call `{name}`"))],
    }
    .finding(facts)
}
