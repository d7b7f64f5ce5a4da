//! `unreachable-privilege`: code that nothing known leads to gives a shell or runs input.
//!
//! **Finds** functions that are neither called, nor named by a symbol or a table, nor have their address taken, and that
//! start a shell or run text from outside. They may be reached by a computed address, or wait for a patch of one byte.
//! **Misses** hidden code whose address stands in a table.
//! **Wrongly reports** left-overs that no compiler option removed.
//! **Source**: "dead code" in Thomas and Francillon (RAID 2018).

use program::FuncId;

use super::payload::{is_exec, place};
use super::plain::Plain;
use super::{Case, Detector};
use crate::files::escaped;
use crate::finding::ProgramFinding;
use crate::runs::{Runs, what_it_runs};
use crate::score::{Doubt, PayloadWeight, score};

pub(crate) const DETECTOR: Detector = Detector { rule: "unreachable-privilege", version: 2, detect };

/// Functions that nothing leads to, from which on a program holds libraries of which it uses parts.
const MANY: usize = 8;

fn detect(case: &Case<'_>) -> Vec<ProgramFinding> {
    let functions = case.facts.functions().map(|(function, _)| function);
    let unreferenced: Vec<FuncId> = functions.filter(|id| case.facts.is_unreferenced(*id)).collect();
    let doubts: &[Doubt] = match unreferenced.len() {
        MANY.. => &[Doubt::Unreachable, Doubt::OneOfMany],
        _ => &[Doubt::Unreachable],
    };
    unreferenced.into_iter().filter_map(|function| finding(case, function, doubts)).collect()
}

fn finding(case: &Case<'_>, function: FuncId, doubts: &[Doubt]) -> Option<ProgramFinding> {
    let facts = case.facts;
    let (effect, runs) = facts.effects(function).iter().filter(|e| is_exec(e)).find_map(|effect| {
        let runs = what_it_runs(facts, effect);
        matches!(runs, Runs::Shell(_) | Runs::Input).then_some((effect, runs))
    })?;
    let (weight, what) = match &runs {
        Runs::Shell(text) => (PayloadWeight::Shell, format!("starts `{}`", escaped(text.as_bytes()))),
        _ => (PayloadWeight::RunsInput, "runs text from outside".to_owned()),
    };
    let name = facts.callee_name(function, effect.call).unwrap_or("?").to_owned();
    let plain = Plain {
        rule: DETECTOR.rule,
        score: score(weight, record::SourceKind::None, doubts),
        title: format!("code that nothing leads to {what}"),
        why: format!(
            "The function is called from nowhere, and its address stands nowhere. It {what}. Somebody who can bend the \
             flow of control a little gets there."
        ),
        operation: effect.operation,
        detail: format!("{name}(…)"),
        steps: vec![(function, place(facts, effect)?, format!("`{name}` {what}"))],
    };
    Some(plain.finding(facts))
}
