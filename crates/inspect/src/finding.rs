//! A finding in a program, before it becomes a finding of the record.

use std::collections::{BTreeMap, BTreeSet};

use flow::{Aim, Comparison, Edge, Facts, Labels};
use program::{FuncId, VirtAddr};
use record::{
    Address, ControlFlow, Evidence, Finding, Location, Payload, Review, RouteStep, Source, SourceKind,
    Trigger, TriggerValue, Witness,
};
use serde::{Deserialize, Deserializer, Serialize};

use crate::detectors::DETECTORS;
use crate::disassembly;
use crate::files::{escaped, fingerprint, severity};
use crate::query::ConstantTest;

/// Name of a detector. An alias, because `serde` would borrow a reference from its input.
type RuleId = &'static str;

/// One suspected functionality of a program.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ProgramFinding {
    #[serde(deserialize_with = "rule")]
    pub(crate) rule: RuleId,
    pub(crate) score: u8,
    pub(crate) title: String,
    pub(crate) why: String,
    pub(crate) params: BTreeMap<String, String>,
    pub(crate) source: Option<Source>,
    pub(crate) trigger: Option<Trigger>,
    pub(crate) payload: Option<Payload>,
    pub(crate) route: Vec<RouteStep>,
    pub(crate) location: Location,
    pub(crate) evidence: Vec<Evidence>,
    /// Filled in afterwards, from the route.
    pub(crate) control_flow: Option<ControlFlow>,
    /// Filled in afterwards, by running.
    pub(crate) witness: Option<Witness>,
    /// What shows it when it is reached, if that is not the payload's instruction.
    #[serde(skip)]
    pub(crate) aim: Option<Aim>,
    /// Where the data that opens the way comes in, if that is not the source.
    #[serde(skip)]
    pub(crate) entry: Option<Source>,
}

/// A rule that exists.
fn rule<'de, D: Deserializer<'de>>(deserializer: D) -> Result<&'static str, D::Error> {
    let name = String::deserialize(deserializer)?;
    let mut rules = DETECTORS.iter().map(|detector| detector.rule);
    rules.find(|rule| *rule == name).ok_or_else(|| serde::de::Error::custom("no rule of that name"))
}

impl ProgramFinding {
    /// In the form of the record; the id depends on rule, program and structure, not on addresses.
    pub(crate) fn into_finding(self, artifact: &str) -> Finding {
        Finding {
            id: self.fingerprint(artifact),
            rule: self.rule.to_owned(),
            severity: severity(self.score),
            score: self.score,
            title: self.title,
            params: self.params,
            artifact: artifact.to_owned(),
            location: self.location,
            source: self.source,
            trigger: self.trigger,
            payload: self.payload,
            route: self.route,
            witness: self.witness,
            why: self.why,
            evidence: self.evidence,
            control_flow: self.control_flow,
            review: Review::default(),
        }
    }

    fn fingerprint(&self, artifact: &str) -> String {
        let trigger = self.trigger.as_ref();
        let value = trigger.and_then(|t| t.value.as_ref()).map(|v| v.hex.as_str()).unwrap_or_default();
        let payload = self.payload.as_ref();
        let operation = payload.map(|p| p.operation.as_str()).unwrap_or_default();
        let detail = payload.map(|p| p.detail.as_str()).unwrap_or_default();
        let via = self.source.as_ref().map(|s| s.via.as_str()).unwrap_or_default();
        fingerprint(&[self.rule, artifact, value, operation, detail, via])
    }
}

pub(crate) fn address(address: VirtAddr) -> Option<Address> {
    Some(Address(address.0))
}

/// Name of a function, or one made from its address.
pub(crate) fn name_of(facts: &Facts<'_>, function: FuncId) -> String {
    let code = facts.program().function(function);
    match code.and_then(|code| code.name.clone()) {
        Some(name) => escaped(name.as_bytes()),
        None => code.map_or_else(String::new, |code| format!("sub_{:x}", code.entry.0)),
    }
}

/// The kind of input that matters most among labels.
pub(crate) fn source_kind(labels: Labels) -> SourceKind {
    let order = [
        (Labels::NETWORK, SourceKind::Network),
        (Labels::INPUT, SourceKind::File),
        (Labels::DEVICE, SourceKind::Device),
        (Labels::ENVIRONMENT, SourceKind::Environment),
        (Labels::ARGUMENT, SourceKind::Argument),
        (Labels::EXPORT, SourceKind::Parameter),
        (Labels::TIME, SourceKind::Time),
        (Labels::FILE, SourceKind::File),
        (Labels::DOCUMENT, SourceKind::File),
    ];
    order.into_iter().find(|(label, _)| labels.meets(*label)).map_or(SourceKind::None, |found| found.1)
}

fn label_of(kind: SourceKind, labels: Labels) -> Labels {
    match kind {
        SourceKind::Network => Labels::NETWORK,
        SourceKind::File if labels.meets(Labels::INPUT) => Labels::INPUT,
        SourceKind::File => Labels::FILE.or(Labels::DOCUMENT),
        SourceKind::Environment => Labels::ENVIRONMENT,
        SourceKind::Argument => Labels::ARGUMENT,
        SourceKind::Device => Labels::DEVICE,
        SourceKind::Time => Labels::TIME,
        SourceKind::Parameter => Labels::EXPORT,
        SourceKind::None => Labels::NONE,
    }
}

/// Callers looked through for the place where data enters.
const SOURCE_DEPTH: usize = 8;

/// Where data with these labels enters, and the way from there into `function`.
pub(crate) fn source(facts: &Facts<'_>, function: FuncId, labels: Labels) -> (Source, Vec<RouteStep>) {
    let kind = source_kind(labels);
    let wanted = label_of(kind, labels);
    let enters = |at: FuncId| {
        let mut calls = facts.sources(at).into_iter().filter(|(_, brings)| brings.meets(wanted));
        calls.next().map(|(call, _)| (at, call))
    };
    let found = facts.upwards(function, SOURCE_DEPTH, enters).or_else(|| sideways(facts, function, wanted));
    match found {
        Some((edges, (at, call))) => {
            let via = facts.callee_name(at, call).unwrap_or("input").to_owned();
            let place = facts.function(at).and_then(|f| f.calls.get(&call)).map(|site| site.address);
            let place = place.and_then(address);
            let mut route = vec![RouteStep {
                address: place,
                function: Some(name_of(facts, at)),
                note: format!("`{via}` brings data from outside"),
            }];
            route.extend(steps(facts, &edges));
            (Source { kind, via, address: place }, route)
        }
        None => {
            let via = match kind {
                SourceKind::Argument => "argv",
                SourceKind::Environment => "environ",
                SourceKind::Parameter => "caller",
                SourceKind::None => "not seen",
                _ => "input",
            };
            (Source { kind, via: via.to_owned(), address: None }, Vec::new())
        }
    }
}

/// The data of a source, at the beginning of a sentence.
pub(crate) fn data_from(source: &Source) -> String {
    match source.kind {
        SourceKind::None => "Data whose origin is not seen".to_owned(),
        _ => format!("Data from `{}`", source.via),
    }
}

/// A function that the callers call reads for them.
fn sideways(facts: &Facts<'_>, function: FuncId, wanted: Labels) -> Option<(Vec<Edge>, (FuncId, u32))> {
    let reads = |at: FuncId| {
        let mut calls = facts.sources(at).into_iter().filter(|(_, brings)| brings.meets(wanted));
        calls.next().map(|(call, _)| (at, call))
    };
    let through = |at: FuncId| facts.callees(at).find_map(|edge| reads(edge.callee));
    facts.upwards(function, SOURCE_DEPTH, through)
}

/// Calls as steps of a route.
pub(crate) fn steps(facts: &Facts<'_>, edges: &[Edge]) -> Vec<RouteStep> {
    let step = |edge: &Edge| {
        let site = facts.function(edge.caller).and_then(|f| f.calls.get(&edge.call));
        let verb = if edge.registered { "registers" } else { "calls" };
        RouteStep {
            address: site.and_then(|site| address(site.address)),
            function: Some(name_of(facts, edge.caller)),
            note: format!("{verb} `{}`", name_of(facts, edge.callee)),
        }
    };
    edges.iter().map(step).collect()
}

/// The condition of a test, readable, with its exact value.
pub(crate) fn trigger(test: &ConstantTest) -> Trigger {
    let text = escaped(&test.value);
    let condition = match test.how {
        _ if test.number => format!("number computed from input == 0x{}", hex::encode(&test.value)),
        Comparison::Text => format!("input == \"{text}\""),
        Comparison::Caseless => format!("input == \"{text}\" (any case)"),
        Comparison::Prefix => format!("input[0..{}] == \"{text}\"", test.value.len()),
        Comparison::CaselessPrefix => format!("input[0..{}] == \"{text}\" (any case)", test.value.len()),
        Comparison::Bytes => format!("input[0..{}] == {}", test.value.len(), hex::encode(&test.value)),
        Comparison::Contains => format!("input contains \"{text}\""),
    };
    let value = TriggerValue { text, hex: hex::encode(&test.value) };
    Trigger { address: address(test.address), condition, value: Some(value) }
}

/// Lines of code that show the places, in the order given.
pub(crate) fn evidence(facts: &Facts<'_>, places: &[(FuncId, VirtAddr)]) -> Vec<Evidence> {
    let mut seen = BTreeSet::new();
    let mut all = Vec::new();
    for (function, place) in places {
        for line in disassembly::around(facts.program(), *function, *place) {
            if seen.insert(line.address) {
                all.push(line);
            }
        }
    }
    all
}
