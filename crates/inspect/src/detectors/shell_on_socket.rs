//! `shell-on-socket`: a shell whose input and output are a network connection.
//!
//! **Finds** functions that put a socket in the place of standard input or output (`dup2`, `dup3`; on Windows the handles
//! that `CreateProcess` gets) and start a shell that the program names itself.
//! **Misses** shells on a pseudo-terminal that is copied to a socket, and relays through pipes.
//! **Wrongly reports** remote shells that are the purpose of the program and ask for no login by themselves.
//! **Source**: "bind shell" in the literature; TCP 32764 (2014); CWE-912.

use std::collections::BTreeMap;

use flow::{Effect, Facts, Guard, Labels, Value, ValueId};
use program::{FuncId, VirtAddr};
use record::{Location, Payload, RouteStep, SourceKind};

use super::payload::{is_exec, place};
use super::{Case, Detector};
use crate::decision::{is_decision, is_state};
use crate::files::escaped;
use crate::finding::{ProgramFinding, address, evidence, name_of, source, trigger};
use crate::query::{ConstantTest, constant_tests};
use crate::runs::{Runs, what_it_runs};
use crate::score::{Doubt, PayloadWeight, score};

pub(crate) const DETECTOR: Detector = Detector { rule: "shell-on-socket", version: 3, detect };

/// A shell on a connection.
pub(crate) struct SocketShell {
    pub(crate) function: FuncId,
    pub(crate) exec: Effect,
    pub(crate) shell: String,
    pub(crate) replaces: VirtAddr,
    /// The program itself makes the connection.
    pub(crate) connects: bool,
}

fn detect(case: &Case<'_>) -> Vec<ProgramFinding> {
    let all = socket_shells(case.facts).into_iter().filter(|shell| !shell.connects);
    all.map(|shell| finding(case, &shell, DETECTOR.rule)).collect()
}

pub(crate) fn socket_shells(facts: &Facts<'_>) -> Vec<SocketShell> {
    let mut found = BTreeMap::new();
    for (function, own) in facts.functions() {
        let replaced = own.calls.iter().find_map(|(call, site)| {
            let descriptor = site.arguments.first().filter(|_| replaces_standard(facts, function, *call));
            descriptor.filter(|d| facts.labels(function, **d).meets(Labels::ON_SOCKET)).map(|_| site.address)
        });
        for exec in facts.effects(function).iter().filter(|e| is_exec(e)) {
            let Some(replaces) = replaced.or_else(|| hands_socket(facts, exec)) else { continue };
            if let Runs::Shell(shell) = what_it_runs(facts, exec) {
                let connects = connects(facts, function);
                found.insert(function, SocketShell { function, exec: *exec, shell, replaces, connects });
            }
        }
    }
    found.into_values().collect()
}

/// The call, if the program that it starts gets a socket.
fn hands_socket(facts: &Facts<'_>, exec: &Effect) -> Option<VirtAddr> {
    let site = facts.function(exec.function)?.calls.get(&exec.call)?;
    let socket = |value: &ValueId| facts.labels(exec.function, *value).meets(Labels::ON_SOCKET);
    site.handed.iter().any(socket).then_some(site.address)
}

/// `dup2(x, 0..2)`, the number perhaps counted up.
fn replaces_standard(facts: &Facts<'_>, function: FuncId, call: u32) -> bool {
    let effect =
        facts.effects(function).iter().find(|e| e.call == call && e.operation == "descriptor.replace");
    let Some((Some(to), Some(own))) = effect.map(|e| (e.on, facts.function(function))) else { return false };
    match own.arena.get(own.resolve(to)) {
        Value::Number(number) => number <= 2,
        _ => true,
    }
}

/// Does the function, or a caller close by, make a connection rather than wait for one?
fn connects(facts: &Facts<'_>, function: FuncId) -> bool {
    let has = |at: FuncId, operation: &str| facts.effects(at).iter().any(|e| e.operation == operation);
    has(function, "network.connect") && !has(function, "network.accept")
}

/// The block in which a function itself waits for somebody to connect.
fn accepted(facts: &Facts<'_>, function: FuncId) -> Option<program::BlockId> {
    let accept = facts.effects(function).iter().find(|effect| effect.operation == "network.accept")?;
    facts.function(function)?.calls.get(&accept.call).map(|site| site.block)
}

/// Guards on the way from callers to a function, the closest first; a few levels of callers.
pub(crate) fn guards_above(
    facts: &Facts<'_>,
    function: FuncId,
    block: program::BlockId,
) -> Vec<(FuncId, Vec<Guard>)> {
    let mut all = vec![(function, facts.guards(function, block))];
    let mut at = function;
    for _ in 0..4 {
        let mut callers = facts.callers(at);
        let (Some(edge), None) = (callers.next(), callers.next()) else { break };
        let Some(site) = facts.function(edge.caller).and_then(|f| f.calls.get(&edge.call)) else { break };
        if all.iter().any(|(seen, _)| *seen == edge.caller) {
            break;
        }
        all.push((edge.caller, facts.guards(edge.caller, site.block)));
        at = edge.caller;
    }
    all
}

pub(crate) fn finding(case: &Case<'_>, shell: &SocketShell, rule: &'static str) -> ProgramFinding {
    let facts = case.facts;
    let function = shell.function;
    let block = facts.function(function).and_then(|f| f.calls.get(&shell.exec.call)).map(|s| s.block);
    let above = block.map(|block| guards_above(facts, function, block)).unwrap_or_default();
    let test: Option<ConstantTest> =
        above.iter().find_map(|(f, guards)| constant_tests(facts, *f, guards).into_iter().next());
    let accepted = accepted(facts, function);
    // Who was asked before somebody connected was somebody else.
    let since = |at: FuncId, guard: &Guard| match accepted {
        Some(block) => {
            at == function
                && facts.function(at).is_some_and(|own| own.dominance.dominates(block, guard.block))
        }
        None => true,
    };
    let any = |ask: fn(&Facts<'_>, FuncId, &Guard) -> bool| {
        above.iter().any(|(f, guards)| guards.iter().any(|guard| since(*f, guard) && ask(facts, *f, guard)))
    };
    let mut doubts = Vec::new();
    if any(is_decision) {
        doubts.push(Doubt::Authenticated);
    } else if any(is_state) {
        doubts.push(Doubt::InState);
    }
    let start = test.as_ref().map_or(function, |test| test.function);
    let (source, mut route) = source(facts, start, Labels::NETWORK);
    let trigger = test.as_ref().map(trigger);
    if let (Some(test), Some(trigger)) = (&test, &trigger) {
        route.push(RouteStep {
            address: trigger.address,
            function: Some(name_of(facts, test.function)),
            note: format!("goes on only if {}", trigger.condition),
        });
    }
    let at = place(facts, &shell.exec);
    let command = escaped(shell.shell.as_bytes());
    route.push(RouteStep {
        address: address(shell.replaces),
        function: Some(name_of(facts, function)),
        note: "the connection becomes standard input or output".to_owned(),
    });
    let name = facts.callee_name(function, shell.exec.call).unwrap_or("?");
    let payload = Payload {
        address: at.and_then(address),
        operation: "process.exec".to_owned(),
        detail: format!("{name}(\"{command}\") on a socket"),
    };
    route.push(RouteStep {
        address: payload.address,
        function: Some(name_of(facts, function)),
        note: format!("`{name}` starts `{command}`"),
    });
    let mut places: Vec<(FuncId, VirtAddr)> = test.iter().map(|t| (t.function, t.address)).collect();
    places.push((function, shell.replaces));
    places.extend(at.map(|at| (function, at)));
    ProgramFinding {
        rule,
        score: score(PayloadWeight::Shell, SourceKind::Network, &doubts),
        title: match rule {
            "connect-back" => format!("connects to somebody and gives him `{command}`"),
            _ => format!("hands a network connection to `{command}`"),
        },
        why: format!(
            "A socket is put in the place of standard input or output, then `{command}` is started. Whoever is at the \
             other end of the connection controls the device with the rights of the program."
        ),
        params: [("shell".to_owned(), command)].into(),
        location: Location {
            address: at.and_then(address),
            function: Some(name_of(facts, function)),
            line: None,
        },
        source: Some(source),
        trigger,
        payload: Some(payload),
        route,
        evidence: evidence(facts, &places),
        control_flow: None,
        witness: None,
        aim: None,
        entry: None,
    }
}
