//! `secret-exfiltration`: the content of a confidential file leaves by the network.
//!
//! **Finds** data read from account databases, keys and memory (`knowledge/confidential.txt` in `flow`) that is sent on a
//! socket. Sending the very bytes that were read weighs most; what was parsed or derived weighs less.
//! **Misses** data that is encrypted by the program itself beforehand, or written to a file that another program sends.
//! **Wrongly reports** servers whose purpose is to hand out such data, such as directory services.
//! **Source**: VPNFilter (2018) and router implants that collect account files; CWE-200.

use flow::{Aim, CallSite, Effect, Fact, Facts, Guard, Labels, ValueId};
use program::{BlockId, CallTarget, FuncId, VirtAddr};
use record::{Location, Payload, RouteStep, Source, SourceKind};

use super::outcome::ways;
use super::payload::place;
use super::shell_on_socket::guards_above;
use super::{Case, Detector};
use crate::decision::is_decision;
use crate::files::escaped;
use crate::finding::{ProgramFinding, address, evidence, name_of, source, trigger};
use crate::query::{Subject, constant_tests};
use crate::score::{Doubt, PayloadWeight, score};

pub(crate) const DETECTOR: Detector = Detector { rule: "secret-exfiltration", version: 2, detect };

/// What was opened, and where.
struct Opened {
    function: FuncId,
    block: BlockId,
    address: VirtAddr,
    path: String,
    /// What holds on the way on which this path is passed, if others are passed there as well.
    guards: Vec<Guard>,
}

fn detect(case: &Case<'_>) -> Vec<ProgramFinding> {
    let facts = case.facts;
    let Some(opened) = opened(facts) else { return Vec::new() };
    let mut found = Vec::new();
    for (function, _) in facts.functions() {
        if let Some(effect) = facts.effects(function).iter().find(|effect| sends(facts, effect)) {
            found.push(finding(case, effect, &opened));
        }
    }
    found
}

/// The first place that names a confidential file.
fn opened(facts: &Facts<'_>) -> Option<Opened> {
    let mut calls = facts.functions().flat_map(|(function, own)| {
        let opening = own.calls.iter().filter(move |(call, site)| opens(facts, function, **call, site));
        opening.map(move |(_, site)| (function, site))
    });
    calls.find_map(|(function, site)| {
        let mut named =
            site.arguments.iter().filter(|a| facts.labels(function, **a).meets(Labels::ON_SECRET));
        let (path, guards) = named.find_map(|name| confidential_text(facts, function, *name, site.block))?;
        let path = String::from_utf8_lossy(path).into_owned();
        Some(Opened { function, block: site.block, address: site.address, path, guards })
    })
}

/// The confidential text that a value is, or is on one of several ways, with what holds on that way.
fn confidential_text<'f>(
    facts: &'f Facts<'_>,
    function: FuncId,
    value: ValueId,
    block: BlockId,
) -> Option<(&'f [u8], Vec<Guard>)> {
    if let Some(text) = facts.text(function, value) {
        return Some((text, Vec::new()));
    }
    ways(facts, function, value, block).into_iter().find_map(|(value, guards)| {
        let secret = facts.labels(function, value).meets(Labels::ON_SECRET);
        Some((facts.text(function, value).filter(|_| secret)?, guards))
    })
}

/// May a call open what it names? Other library functions only find names in registers that they do not read.
fn opens(facts: &Facts<'_>, function: FuncId, call: u32, site: &CallSite) -> bool {
    let known = facts.knowledge(function, call);
    matches!(site.target, CallTarget::Function(_)) || known.iter().any(|fact| matches!(fact, Fact::Opens(..)))
}

fn sends(facts: &Facts<'_>, effect: &Effect) -> bool {
    let confidential = |value| facts.labels(effect.function, value).meets(Labels::CONFIDENTIAL);
    let Some(on) = effect.on.filter(|on| confidential(*on)) else { return false };
    match effect.operation {
        "network.send" => true,
        "file.write" => {
            let site = facts.function(effect.function).and_then(|own| own.calls.get(&effect.call));
            let others = site.map(|site| site.arguments.as_slice()).unwrap_or_default();
            let socket = |value: &&flow::ValueId| {
                **value != on && facts.labels(effect.function, **value).meets(Labels::ON_SOCKET)
            };
            others.iter().any(|value| socket(&value))
        }
        _ => false,
    }
}

/// Are the bytes sent as they were read, in the same place?
fn is_direct(facts: &Facts<'_>, effect: &Effect) -> bool {
    let (Some(on), Some(own)) = (effect.on, facts.function(effect.function)) else { return false };
    let sent = Subject::of(facts, effect.function, on);
    facts.sources(effect.function).into_iter().any(|(call, labels)| {
        let arguments = own.calls.get(&call).map(|site| site.arguments.as_slice()).unwrap_or_default();
        let reads = facts.knowledge(effect.function, call).iter().any(|f| matches!(f, Fact::Through(..)));
        labels.meets(Labels::STORED)
            && reads
            && arguments.iter().any(|argument| Subject::of(facts, effect.function, *argument) == sent)
    })
}

fn finding(case: &Case<'_>, effect: &Effect, opened: &Opened) -> ProgramFinding {
    let facts = case.facts;
    let function = effect.function;
    let site = facts.function(function).and_then(|own| own.calls.get(&effect.call));
    let above = site.map(|site| guards_above(facts, function, site.block)).unwrap_or_default();
    let named = guards_above(facts, opened.function, opened.block);
    let here = [(opened.function, opened.guards.clone())];
    let mut guarded = above.iter().chain(&here).chain(&named);
    let test = guarded.find_map(|(f, guards)| constant_tests(facts, *f, guards).into_iter().next());
    let mut doubts = Vec::new();
    if above.iter().any(|(f, guards)| guards.iter().any(|guard| is_decision(facts, *f, guard))) {
        doubts.push(Doubt::Authenticated);
    }
    if !is_direct(facts, effect) {
        doubts.push(Doubt::Derived);
    }
    let path = escaped(opened.path.as_bytes());
    let name = facts.callee_name(function, effect.call).unwrap_or("?").to_owned();
    let at = place(facts, effect);
    let step = |place: Option<VirtAddr>, of: FuncId, note: String| RouteStep {
        address: place.and_then(address),
        function: Some(name_of(facts, of)),
        note,
    };
    let mut route = Vec::new();
    let trigger = test.as_ref().map(trigger);
    if let (Some(test), Some(trigger)) = (&test, &trigger) {
        route.push(step(Some(test.address), test.function, format!("goes on only if {}", trigger.condition)));
    }
    route.push(step(Some(opened.address), opened.function, format!("names `{path}`")));
    route.push(step(at, function, format!("`{name}` sends its content")));
    let mut places: Vec<(FuncId, VirtAddr)> = test.iter().map(|t| (t.function, t.address)).collect();
    places.push((opened.function, opened.address));
    places.extend(at.map(|at| (function, at)));
    ProgramFinding {
        rule: DETECTOR.rule,
        score: score(PayloadWeight::SendsSecrets, SourceKind::Network, &doubts),
        title: format!("sends the content of `{path}`"),
        why: format!(
            "`{path}` holds secrets that nobody outside has a right to. What is read from it reaches `{name}` on a \
             socket."
        ),
        params: [("path".to_owned(), path.clone()), ("call".to_owned(), name.clone())].into(),
        location: Location {
            address: at.and_then(address),
            function: Some(name_of(facts, function)),
            line: None,
        },
        source: Some(Source { kind: SourceKind::File, via: path, address: address(opened.address) }),
        trigger,
        payload: Some(Payload {
            address: at.and_then(address),
            operation: "network.send".to_owned(),
            detail: format!("{name}(…)"),
        }),
        route,
        evidence: evidence(facts, &places),
        control_flow: None,
        witness: None,
        aim: Some(Aim::Instruction(opened.address)),
        entry: test.as_ref().map(|test| source(facts, test.function, test.labels).0),
    }
}
