//! `hidden-payload`: the program makes code out of data and runs it.
//!
//! **Finds** anonymous files (`memfd_create`) that are then run, other than copies of the program itself; and memory
//! that is made executable and called in the same function.
//! **Misses** payloads written to ordinary files; code whose address goes through other functions.
//! **Wrongly reports** just-in-time compilers that map, fill and call in one function.
//! **Source**: "fileless" Linux malware since 2018; ATT&CK T1620.

use flow::{Effect, Facts, Value};
use program::{CallTarget, FuncId};

use super::payload::{is_exec, place};
use super::plain::Plain;
use super::{Case, Detector};
use crate::finding::ProgramFinding;
use crate::query::{Subject, calls_text};
use crate::score::{PayloadWeight, score};

pub(crate) const DETECTOR: Detector = Detector { rule: "hidden-payload", version: 1, detect };

/// `PROT_EXEC` of mmap(2), the same on every processor that we know.
const EXECUTABLE: u64 = 4;
/// Argument of `mmap` and `mprotect` that holds the protection.
const PROTECTION: usize = 2;

fn detect(case: &Case<'_>) -> Vec<ProgramFinding> {
    let all = case.facts.functions();
    all.filter_map(|(f, _)| anonymous_file(case.facts, f).or_else(|| called_memory(case.facts, f))).collect()
}

fn with<'a>(facts: &'a Facts<'_>, function: FuncId, operation: &str) -> Option<&'a Effect> {
    facts.effects(function).iter().find(|effect| effect.operation == operation)
}

fn anonymous_file(facts: &Facts<'_>, function: FuncId) -> Option<ProgramFinding> {
    let made = with(facts, function, "memory.file")?;
    // Container tools copy themselves so that nobody can overwrite them while they run.
    if calls_text(facts, function, b"/proc/self/exe") {
        return None;
    }
    let runs = |at: FuncId| {
        facts.effects(at).iter().find(|effect| is_exec(effect) && runs_descriptor(facts, effect))
    };
    let (_, run) = facts.downwards(function, 2, runs)?;
    let steps = vec![
        (function, place(facts, made)?, "makes an anonymous file".to_owned()),
        (run.function, place(facts, run)?, "runs it".to_owned()),
    ];
    let plain = Plain {
        rule: DETECTOR.rule,
        score: score(PayloadWeight::RunsHidden, record::SourceKind::None, &[]),
        title: "runs a program from memory".to_owned(),
        why: "An anonymous file is made, filled and run. No file system ever shows the program that runs."
            .to_owned(),
        operation: run.operation,
        detail: format!("{}(…)", facts.callee_name(run.function, run.call).unwrap_or("?")),
        steps,
    };
    Some(plain.finding(facts))
}

/// By descriptor, or by the name that the system has for it.
fn runs_descriptor(facts: &Facts<'_>, effect: &Effect) -> bool {
    let name = facts.callee_name(effect.function, effect.call).unwrap_or_default();
    matches!(name, "fexecve" | "execveat")
        || calls_text(facts, effect.function, b"/proc/self/fd/")
        || calls_text(facts, effect.function, b"/proc/%d/fd/")
}

fn called_memory(facts: &Facts<'_>, function: FuncId) -> Option<ProgramFinding> {
    let own = facts.function(function)?;
    let executable = |effect: &&Effect| {
        let protection = own.calls.get(&effect.call).and_then(|site| site.arguments.get(PROTECTION));
        let number = protection.and_then(|value| own.arena.number(own.resolve(*value)));
        number.is_some_and(|number| number & EXECUTABLE != 0)
    };
    let maps = |effect: &&Effect| matches!(effect.operation, "memory.map" | "memory.protect");
    for effect in facts.effects(function).iter().filter(maps).filter(executable) {
        let site = own.calls.get(&effect.call)?;
        let memory = match effect.operation {
            "memory.map" => own.arena.find(Value::Result(effect.call))?,
            _ => *site.arguments.first()?,
        };
        let memory = Subject::of(facts, function, memory);
        let mut calls = own.calls.values().filter(|call| call.target == CallTarget::Unresolved);
        let Some(call) = calls
            .find(|call| call.pointer.is_some_and(|pointer| Subject::of(facts, function, pointer) == memory))
        else {
            continue;
        };
        let steps = vec![
            (function, site.address, "makes memory executable".to_owned()),
            (function, call.address, "calls it".to_owned()),
        ];
        let plain = Plain {
            rule: DETECTOR.rule,
            score: score(PayloadWeight::RunsHidden, record::SourceKind::None, &[]),
            title: "makes memory executable and calls it".to_owned(),
            why: "Memory is filled with data, made executable and called. The code that runs is in no section of the \
                  file that holds code."
                .to_owned(),
            operation: "code.run",
            detail: "call of data".to_owned(),
            steps,
        };
        return Some(plain.finding(facts));
    }
    None
}
