//! `hidden-command`: input that equals a secret text makes the program run something.
//!
//! **Finds** calls that run a program (`system`, `popen`, `exec*`, `posix_spawn`), or functions that do, which happen only
//! if data from outside equals a constant of the program: compared by a library function, inlined, or byte by byte.
//! Legitimate dispatchers are told apart by what guards them besides (a login, a state), by the program's own help
//! texts, and by what they run.
//! **Misses** commands compared by hash, values computed at run time, dispatch through tables of function pointers.
//! **Wrongly reports** undocumented but wanted commands, such as those of a factory test.
//! **Source**: ProFTPD 1.3.3c (2010); Thomas and Francillon, "Backdoors: definition, deniability and detection" (RAID
//! 2018); Schuster and Holz, "Towards reducing the attack surface of software backdoors" (CCS 2013).

use std::collections::BTreeMap;

use flow::{Comparison, Guard};
use program::FuncId;
use record::{Location, RouteStep};

use super::payload::{Running, running};
use super::{Case, Detector};
use crate::files::escaped;
use crate::finding::{ProgramFinding, address, evidence, name_of, source, source_kind, steps, trigger};
use crate::query::{ConstantTest, constant_tests, is_decision, is_state};
use crate::score::{Doubt, score};

pub(crate) const DETECTOR: Detector = Detector { rule: "hidden-command", version: 1, detect };

fn detect(case: &Case<'_>) -> Vec<ProgramFinding> {
    // One finding for each trigger: the one that weighs most.
    let mut best: BTreeMap<(FuncId, Vec<u8>), ProgramFinding> = BTreeMap::new();
    for (function, own) in case.facts.functions() {
        for (call, site) in &own.calls {
            let Some(running) = running(case.facts, function, *call) else { continue };
            let mut guards = case.facts.guards(function, site.block);
            if let Some((condition, truth)) = site.condition {
                let tests = case.facts.tests(function, own, condition, truth);
                let here = |(test, holds)| Guard { block: site.block, address: site.address, test, holds };
                guards.splice(0..0, tests.into_iter().map(here));
            }
            let Some(test) = constant_tests(case.facts, function, &guards).into_iter().next() else {
                continue;
            };
            let finding = finding(case, function, &guards, &test, &running);
            let key = (function, test.value);
            if best.get(&key).is_none_or(|before| before.score < finding.score) {
                best.insert(key, finding);
            }
        }
    }
    best.into_values().filter(|finding| finding.score >= 20).collect()
}

/// Reasons to think that a test on a way to something is meant to be there.
pub(crate) fn doubts(case: &Case<'_>, function: FuncId, guards: &[Guard], test: &ConstantTest) -> Vec<Doubt> {
    let mut doubts = Vec::new();
    if guards.iter().any(|guard| is_decision(case.facts, function, guard)) {
        doubts.push(Doubt::Authenticated);
    } else if guards.iter().any(|guard| is_state(case.facts, function, guard)) {
        doubts.push(Doubt::InState);
    }
    if case.texts.document(&test.value) {
        doubts.push(Doubt::Documented);
    }
    if test.how == Comparison::Contains {
        doubts.push(Doubt::AnywhereInInput);
    }
    if test.value.len() < 4 {
        doubts.push(Doubt::Short);
    }
    if test.number {
        doubts.push(Doubt::Computed);
    }
    if test.value.starts_with(b"--") {
        doubts.push(Doubt::OptionSyntax);
    }
    doubts
}

fn finding(
    case: &Case<'_>,
    function: FuncId,
    guards: &[Guard],
    test: &ConstantTest,
    running: &Running,
) -> ProgramFinding {
    let facts = case.facts;
    let kind = source_kind(test.labels);
    let mut doubts = doubts(case, function, guards, test);
    if !running.way.is_empty() {
        doubts.push(Doubt::Distant(running.way.len()));
    }
    let (source, mut route) = source(facts, function, test.labels);
    let trigger = trigger(test);
    route.push(RouteStep {
        address: trigger.address,
        function: Some(name_of(facts, function)),
        note: format!("goes on only if {}", trigger.condition),
    });
    route.extend(steps(facts, &running.way));
    let payload = running.payload(facts);
    route.push(RouteStep {
        address: payload.address,
        function: Some(name_of(facts, running.effect.function)),
        note: format!("`{}`", payload.detail),
    });
    let value = escaped(&test.value);
    let mut places = vec![(function, test.address)];
    places.extend(running.place(facts).map(|place| (running.effect.function, place)));
    let documented =
        if case.texts.document(&test.value) { "" } else { " No text of the program mentions it." };
    ProgramFinding {
        rule: DETECTOR.rule,
        score: score(running.weight(), kind, &doubts),
        title: format!("`{value}` {}", running.sentence()),
        why: format!(
            "Data from `{}` is compared with the constant `{value}`. Only if they are equal, the program {}.{documented}",
            source.via,
            running.sentence()
        ),
        params: [("value".to_owned(), value), ("runs".to_owned(), payload.detail.clone())].into(),
        location: Location {
            address: address(test.address),
            function: Some(name_of(facts, function)),
            line: None,
        },
        source: Some(source),
        trigger: Some(trigger),
        payload: Some(payload),
        route,
        evidence: evidence(facts, &places),
        control_flow: None,
    }
}
