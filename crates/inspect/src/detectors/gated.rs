//! A payload behind a constant: what several detectors share.
//!
//! For each call that does something grave, the guards that hold whenever it is made are looked through for a comparison
//! of outside data with something the program determines. Steps of a state that outside data sets one after the other
//! ([`armed`]) count as parts of one trigger, and so do rows of a table of names. Which detector speaks is told by
//! [`Gated::class`]; each finding belongs to one.

use std::collections::BTreeMap;

use flow::{CallSite, Dispatch, Edge, Effect, Facts, FunctionFacts, Guard, Labels, Row, Value};
use program::{FuncId, VirtAddr};
use record::{Location, RouteStep, SourceKind, Trigger, TriggerValue};

use super::Case;
use super::doubts::doubts;
use super::outcome::{entries, ways};
use super::payload::{Running, running, worst_through};
use super::state::{Step, armed, asks_variable};
use crate::files::escaped;
use crate::finding::{
    ProgramFinding, address, data_from, evidence, name_of, source, source_kind, steps, trigger,
};
use crate::query::{ConstantTest, Subject, constant_tests, outside_or_unseen, pieces};
use crate::runs::{Runs, is_mixed};
use crate::score::{Doubt, score};

/// A payload and what opens the way to it.
#[derive(Clone, Debug)]
pub(crate) struct Gated {
    pub(crate) function: FuncId,
    pub(crate) test: ConstantTest,
    /// Steps that must have been taken before, if the trigger has several.
    pub(crate) steps: Vec<Step>,
    pub(crate) running: Running,
    guards: Vec<Guard>,
    /// A row of a table asks for a login.
    row_needs_login: bool,
}

/// Which detector a payload behind a constant belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Class {
    /// What happens is destruction.
    Destructive,
    /// A variable of the environment opens the way.
    Environment,
    /// Bytes that nobody types, or several steps.
    Packet,
    /// A path of a request.
    Url,
    /// A text.
    Command,
}

/// Bytes of a word that tells the format of a file.
const MAX_FORMAT_WORD: usize = 4;
/// Bytes of a trigger below which steps are no secret.
const MIN_STEPS: usize = 3;

/// Every payload of a program that is behind a constant.
pub(crate) fn gated(facts: &Facts<'_>) -> Vec<Gated> {
    let mut all = Vec::new();
    for (function, own) in facts.functions() {
        for (call, site) in &own.calls {
            for choice in facts.choices(function, *call) {
                let edge = Edge { caller: function, callee: choice.function, call: *call, registered: false };
                let Some(running) = worst_through(facts, edge) else { continue };
                all.extend(behind(facts, function, choice.guards, running));
            }
            let Some(running) = running(facts, function, *call) else { continue };
            let mut guards = facts.guards(function, site.block);
            if let Some((condition, truth)) = site.condition {
                let tests = facts.tests(function, own, condition, truth);
                let here = |(test, holds)| Guard { block: site.block, address: site.address, test, holds };
                guards.splice(0..0, tests.into_iter().map(here));
            }
            all.extend(merged(facts, function, site, &running));
            let guards = needed(&guards, &likewise(facts, function, &running));
            all.extend(behind(facts, function, guards, running));
        }
        for dispatch in facts.dispatches(function) {
            all.extend(dispatch.rows.iter().filter_map(|row| in_table(facts, dispatch, row)));
        }
    }
    all
}

/// Ways to one call that are told apart.
const MAX_ENTRIES: usize = 4;

/// Compilers that save space put calls of one function together and jump there with what each passes: every way to the
/// call is looked at by itself.
fn merged(facts: &Facts<'_>, function: FuncId, site: &CallSite, running: &Running) -> Vec<Gated> {
    let Some(own) = facts.function(function).filter(|_| running.way.is_empty()) else { return Vec::new() };
    let Some(on) = running.effect.on.map(|on| own.resolve(on)) else { return Vec::new() };
    let each = match own.arena.get(on) {
        Value::Merge { .. } | Value::Choice { .. } => ways(facts, function, on, site.block),
        _ => {
            let entries = entries(facts, function, site.block, MAX_ENTRIES).into_iter();
            let all: Vec<Vec<Guard>> = entries.map(|(_, guards)| guards).collect();
            all.iter().map(|guards| (on, needed(guards, &all))).collect()
        }
    };
    let each = each.into_iter();
    each.filter_map(|(value, guards)| behind(facts, function, guards, running.with(facts, value))).collect()
}

/// What holds where a function does the same to the same elsewhere: compilers write a call twice.
fn likewise(facts: &Facts<'_>, function: FuncId, running: &Running) -> Vec<Vec<Guard>> {
    let on = |effect: &Effect| effect.on.map(|on| Subject::of(facts, function, on));
    let Some(own) = facts.function(function).filter(|_| running.way.is_empty()) else { return Vec::new() };
    let effects = facts.effects(function).iter();
    let others = effects.filter(|other| other.call != running.effect.call).filter(|other| {
        other.operation == running.effect.operation && other.on.is_some() && on(other) == on(&running.effect)
    });
    let sites = others.filter_map(|other| own.calls.get(&other.call));
    sites.map(|site| facts.guards(function, site.block)).collect()
}

/// Of what holds on one way, what is not as good if it does not hold: where a comparison of several pieces fails, it goes
/// on at the same place whichever piece it was.
fn needed(way: &[Guard], all: &[Vec<Guard>]) -> Vec<Guard> {
    let as_good = |guard: &Guard| {
        let otherwise = Guard { holds: !guard.holds, ..*guard };
        all.iter().any(|other| {
            other.contains(&otherwise) && other.iter().all(|g| *g == otherwise || way.contains(g))
        })
    };
    way.iter().filter(|guard| !as_good(guard)).copied().collect()
}

fn behind(facts: &Facts<'_>, function: FuncId, guards: Vec<Guard>, running: Running) -> Option<Gated> {
    let steps = armed(facts, function, &guards).unwrap_or_default();
    let tests = constant_tests(facts, function, &guards);
    let first = |labels: Labels| tests.iter().find(|test| test.labels.meets(labels)).cloned();
    let test = first(Labels::OUTSIDE).or_else(|| last_step(facts, function, &guards, &steps));
    let test = test.or_else(|| first(Labels::UNSEEN))?;
    let running = of_one_record(facts, function, &test, running);
    Some(Gated { function, test, steps, running, guards, row_needs_login: false })
}

/// What is run stands in the same structure as what must equal the constant: whoever sent the one sent the other.
fn of_one_record(facts: &Facts<'_>, function: FuncId, test: &ConstantTest, running: Running) -> Running {
    let beside = |own: &FunctionFacts| running.effect.on.is_some_and(|on| test.subject.is_beside(own, on));
    let here = facts.function(function).filter(|_| running.effect.function == function);
    let is_input = running.runs == Runs::Unknown && here.is_some_and(beside);
    if is_input { Running { runs: Runs::Input, ..running } } else { running }
}

/// The last of several steps may be a few bytes.
fn last_step(facts: &Facts<'_>, function: FuncId, guards: &[Guard], steps: &[Step]) -> Option<ConstantTest> {
    let own = pieces(facts, function, guards);
    let of_input: Vec<Guard> =
        guards.iter().filter(|guard| !asks_variable(facts, function, guard)).copied().collect();
    let last = pieces(facts, function, &of_input);
    let value = last.iter().rev().flat_map(|piece| piece.value.clone()).collect();
    let last = ConstantTest { value, ..last.first()?.clone() };
    // What fills up a word counts for nothing.
    let told = |bytes: &[u8]| bytes.iter().filter(|byte| !matches!(byte, 0 | 0xff)).count();
    let count = own.iter().map(|p| told(&p.value)).sum::<usize>()
        + steps.iter().map(|s| told(&s.bytes)).sum::<usize>();
    (!steps.is_empty() && count >= MIN_STEPS).then_some(last)
}

fn in_table(facts: &Facts<'_>, dispatch: &Dispatch, row: &Row) -> Option<Gated> {
    let labels = outside_or_unseen(facts, dispatch.function, dispatch.subject)?;
    if !labels.meets(Labels::OUTSIDE.or(Labels::UNSEEN)) || row.name.len() < 3 {
        return None;
    }
    let edge =
        Edge { caller: dispatch.function, callee: row.function, call: dispatch.call, registered: false };
    let running = worst_through(facts, edge)?;
    let site = facts.function(dispatch.function)?.calls.get(&dispatch.call)?;
    let test = ConstantTest {
        function: dispatch.function,
        block: dispatch.block,
        address: dispatch.address,
        subject: Subject::of(facts, dispatch.function, dispatch.subject),
        labels,
        value: row.name.clone(),
        how: dispatch.how,
        number: false,
        concealed: false,
    };
    // A dispatcher that asks for logins, and a row that has a number where others have none.
    let asks = facts.callees(dispatch.function).any(|edge| facts.is_checker(edge.callee));
    let row_needs_login = asks && row.numbers.iter().any(|n| *n != 0);
    let guards = facts.guards(dispatch.function, site.block);
    Some(Gated { function: dispatch.function, test, steps: Vec::new(), running, guards, row_needs_login })
}

impl Gated {
    pub(crate) fn class(&self) -> Class {
        let kind = self.kind();
        match () {
            () if self.running.is_destructive() => Class::Destructive,
            () if kind == SourceKind::Environment && !self.test.concealed => Class::Environment,
            () if !self.steps.is_empty() || self.test.number || !is_text(&self.test.value) => Class::Packet,
            () if kind == SourceKind::Network && self.test.value.starts_with(b"/") => Class::Url,
            () => Class::Command,
        }
    }

    pub(crate) fn kind(&self) -> SourceKind {
        source_kind(self.test.labels)
    }

    /// Reasons to think that it is meant to be there.
    pub(crate) fn doubts(&self, case: &Case<'_>) -> Vec<Doubt> {
        let mut doubts = doubts(case, self.function, &self.guards, &self.test);
        if self.row_needs_login && !doubts.contains(&Doubt::Authenticated) {
            doubts.retain(|doubt| *doubt != Doubt::InState);
            doubts.push(Doubt::Authenticated);
        }
        if !self.steps.is_empty() {
            // The state is part of the trigger, and the trigger is longer than its last step.
            doubts.retain(|doubt| !matches!(doubt, Doubt::InState | Doubt::Short | Doubt::Computed));
        }
        if self.is_format() {
            doubts.push(Doubt::FormatWord);
        }
        if self.running.runs == Runs::Input && is_mixed(case.facts, &self.running.way, &self.running.effect) {
            doubts.push(Doubt::Mixed);
        }
        let way = self.running.way.len().saturating_sub(usize::from(self.is_row()));
        if way > 0 {
            doubts.push(Doubt::Distant(way));
        }
        doubts
    }

    /// Words of at most four bytes, one or several, in a file: what its format is told by.
    fn is_format(&self) -> bool {
        let short = |bytes: &[u8]| bytes.len() <= MAX_FORMAT_WORD;
        self.class() == Class::Packet
            && self.kind() == SourceKind::File
            && !self.test.labels.meets(Labels::INPUT)
            && short(&self.test.value)
            && self.steps.iter().all(|step| short(&step.bytes))
    }

    fn is_row(&self) -> bool {
        self.running.way.first().is_some_and(|edge| edge.caller == self.function && !edge.registered)
            && self.guards.is_empty()
    }

    /// The score with the doubts that this kind of trigger leaves.
    pub(crate) fn score(&self, doubts: &[Doubt]) -> u8 {
        // Nobody hides what a user of the environment or the command line is meant to type.
        let kind = if self.test.concealed { SourceKind::None } else { self.kind() };
        score(self.running.weight(), kind, doubts)
    }

    fn trigger(&self) -> Trigger {
        let last = trigger(&self.test);
        if self.steps.is_empty() {
            return last;
        }
        let steps: Vec<String> = self.steps.iter().map(|step| shown(&step.bytes)).collect();
        let condition = format!("first {}; then {}", steps.join(", then "), last.condition);
        let mut bytes: Vec<u8> = self.steps.iter().flat_map(|step| step.bytes.clone()).collect();
        bytes.extend(&self.test.value);
        let value = TriggerValue { text: escaped(&bytes), hex: hex::encode(&bytes) };
        Trigger { address: last.address, condition, value: Some(value) }
    }

    /// The finding of a rule.
    pub(crate) fn finding(&self, case: &Case<'_>, rule: &'static str, score: u8) -> ProgramFinding {
        let (facts, function) = (case.facts, self.function);
        let (source, mut route) = source(facts, function, self.test.labels);
        let trigger = self.trigger();
        for step in &self.steps {
            route.push(RouteStep {
                address: address(step.address),
                function: Some(name_of(facts, step.function)),
                note: format!("remembers that {} came", shown(&step.bytes)),
            });
        }
        route.push(RouteStep {
            address: trigger.address,
            function: Some(name_of(facts, function)),
            note: format!("goes on only if {}", trigger.condition),
        });
        route.extend(steps(facts, &self.running.way));
        let payload = self.running.payload(facts);
        route.push(RouteStep {
            address: payload.address,
            function: Some(name_of(facts, self.running.effect.function)),
            note: format!("`{}`", payload.detail),
        });
        let value = escaped(&self.test.value);
        let mut places: Vec<(FuncId, VirtAddr)> =
            self.steps.iter().map(|s| (s.function, s.address)).collect();
        places.push((function, self.test.address));
        places.extend(self.running.place(facts).map(|place| (self.running.effect.function, place)));
        let documented =
            if case.texts.document(&self.test.value) { "" } else { " No text of the program mentions it." };
        let before = match self.steps.len() {
            0 => String::new(),
            1 => " Another value must have come before.".to_owned(),
            n => format!(" {n} other values must have come before, in their order."),
        };
        ProgramFinding {
            rule,
            score,
            title: format!("`{value}` {}", self.running.sentence()),
            why: format!(
                "{} is compared with the constant `{value}`. Only if they are equal, the program \
                 {}.{before}{documented}",
                data_from(&source),
                self.running.sentence()
            ),
            params: [("value".to_owned(), value), ("runs".to_owned(), payload.detail.clone())].into(),
            location: Location {
                address: address(self.test.address),
                function: Some(name_of(facts, function)),
                line: None,
            },
            source: Some(source),
            trigger: Some(trigger),
            payload: Some(payload),
            route,
            evidence: evidence(facts, &places),
            control_flow: None,
            witness: None,
            aim: None,
            entry: None,
        }
    }
}

/// Findings of a class, one for each trigger: the one that weighs most. `adjust` may take doubts away.
pub(crate) fn findings(
    case: &Case<'_>,
    rule: &'static str,
    class: Class,
    adjust: impl Fn(&Gated, &mut Vec<Doubt>) -> Option<u8>,
) -> Vec<ProgramFinding> {
    let mut best: BTreeMap<(FuncId, Vec<u8>), ProgramFinding> = BTreeMap::new();
    for gated in case.gated().iter().filter(|gated| gated.class() == class) {
        let mut doubts = gated.doubts(case);
        let score = adjust(gated, &mut doubts).unwrap_or_else(|| gated.score(&doubts));
        let key = (gated.function, gated.test.value.clone());
        if score >= 20 && best.get(&key).is_none_or(|before| before.score < score) {
            best.insert(key, gated.finding(case, rule, score));
        }
    }
    best.into_values().collect()
}

/// Bytes for people: a text as one, others in hexadecimal.
fn shown(bytes: &[u8]) -> String {
    match is_text(bytes) {
        true => format!("\"{}\"", escaped(bytes)),
        false => hex::encode(bytes),
    }
}

fn is_text(bytes: &[u8]) -> bool {
    bytes.iter().all(|b| (0x20..0x7f).contains(b) || b"\t\r\n".contains(b))
}
