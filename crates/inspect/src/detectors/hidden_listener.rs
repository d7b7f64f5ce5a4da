//! `hidden-listener`: a program that waits for connections runs what they say, and nobody is asked who he is.
//!
//! **Finds** calls that run a text exactly as it came from the network, in programs that accept connections or packets,
//! with no decision about the sender and no secret value on the way (those with a value belong to other detectors).
//! **Misses** what is unpacked or translated before it runs.
//! **Wrongly reports** services for remote execution that rely on the network alone.
//! **Source**: TCP 32764 (2014); "web shells" and "bind shells" in the literature; CWE-912.

use flow::{Effect, Facts, Labels};
use program::VirtAddr;
use record::{Location, Payload, RouteStep, SourceKind};

use super::payload::{is_exec, place};
use super::shell_on_socket::guards_above;
use super::{Case, Detector};
use crate::decision::{is_decision, is_lookup, is_state};
use crate::finding::{ProgramFinding, address, evidence, name_of, source};
use crate::query::constant_tests;
use crate::runs::{Runs, is_mixed, what_it_runs};
use crate::score::{Doubt, PayloadWeight, score};

pub(crate) const DETECTOR: Detector = Detector { rule: "hidden-listener", version: 4, detect };

fn detect(case: &Case<'_>) -> Vec<ProgramFinding> {
    let facts = case.facts;
    if !listens(facts) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (function, _) in facts.functions() {
        let runs =
            facts.effects(function).iter().filter(|effect| is_exec(effect) && is_network(facts, effect));
        // What opens the way there tells more than that there is one.
        let open = runs.filter(|effect| case.gated().iter().all(|gated| gated.running.effect != **effect));
        found.extend(open.filter_map(|effect| finding(facts, effect)));
    }
    found
}

/// Does the program wait for others?
fn listens(facts: &Facts<'_>) -> bool {
    let mut effects = facts.functions().flat_map(|(function, _)| facts.effects(function));
    effects.any(|effect| matches!(effect.operation, "network.accept" | "network.bind" | "network.listen"))
}

fn is_network(facts: &Facts<'_>, effect: &Effect) -> bool {
    effect.on.is_some_and(|on| facts.labels(effect.function, on).meets(Labels::NETWORK))
        && what_it_runs(facts, effect) == Runs::Input
}

fn finding(facts: &Facts<'_>, effect: &Effect) -> Option<ProgramFinding> {
    let function = effect.function;
    let site = facts.function(function)?.calls.get(&effect.call)?;
    let above = guards_above(facts, function, site.block);
    let any = |ask: fn(&Facts<'_>, program::FuncId, &flow::Guard) -> bool| {
        above.iter().any(|(f, guards)| guards.iter().any(|guard| ask(facts, *f, guard)))
    };
    if above.iter().any(|(f, guards)| !constant_tests(facts, *f, guards).is_empty()) {
        return None;
    }
    let mut doubts = Vec::new();
    if any(is_decision) {
        doubts.push(Doubt::Authenticated);
    } else if any(is_state) || any(is_lookup) {
        doubts.push(Doubt::InState);
    }
    if is_mixed(facts, &[], effect) {
        doubts.push(Doubt::Mixed);
    }
    let (source, mut route) = source(facts, function, Labels::NETWORK);
    let at: Option<VirtAddr> = place(facts, effect);
    let name = facts.callee_name(function, effect.call).unwrap_or("?").to_owned();
    route.push(RouteStep {
        address: at.and_then(address),
        function: Some(name_of(facts, function)),
        note: format!("`{name}` runs it"),
    });
    let places: Vec<_> = at.map(|at| (function, at)).into_iter().collect();
    Some(ProgramFinding {
        rule: DETECTOR.rule,
        score: score(PayloadWeight::RunsInput, SourceKind::Network, &doubts),
        title: format!("`{name}` runs what comes from the network"),
        why: format!(
            "The program waits for others on the network. What `{}` brings is run by `{name}` as it is; nothing on the \
             way asks who sent it.",
            source.via
        ),
        params: [("call".to_owned(), name.clone())].into(),
        location: Location {
            address: at.and_then(address),
            function: Some(name_of(facts, function)),
            line: None,
        },
        source: Some(source),
        trigger: None,
        payload: Some(Payload {
            address: at.and_then(address),
            operation: effect.operation.to_owned(),
            detail: format!("{name}(input)"),
        }),
        route,
        evidence: evidence(facts, &places),
        control_flow: None,
        witness: None,
        aim: None,
        entry: None,
    })
}
