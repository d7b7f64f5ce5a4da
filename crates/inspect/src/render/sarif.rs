//! A record as SARIF 2.1.0 (OASIS Standard, errata 01), for tools that collect results of analyses.
//!
//! What goes where stands in `docs/formats/sarif/README.md`.

use std::collections::BTreeMap;

use record::{
    Address, Artifact, ControlFlow, Finding, FlowEdge, FlowEdgeKind, Inspection, Location, ReviewState,
    RouteStep, Severity,
};
use serde_json::{Value, json};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The log: one run.
pub fn sarif(record: &Inspection) -> Value {
    json!({ "$schema": SCHEMA, "version": "2.1.0", "runs": [run(record)] })
}

fn run(record: &Inspection) -> Value {
    let index = Index::of(record);
    let results: Vec<Value> = record.findings.iter().map(|finding| result(finding, &index)).collect();
    let notifications: Vec<Value> =
        record.blind_spots.iter().map(|spot| notification(spot, &index)).collect();
    json!({
        "tool": { "driver": {
            "name": record.tool.name,
            "version": record.tool.version,
            "rules": record.tool.detectors.iter().map(|d| json!({
                "id": d.rule,
                "properties": { "version": d.version },
            })).collect::<Vec<_>>(),
        }},
        "columnKind": "unicodeCodePoints",
        "artifacts": record.artifacts.iter().map(artifact).collect::<Vec<_>>(),
        "invocations": [{
            "executionSuccessful": record.complete,
            "toolExecutionNotifications": notifications,
        }],
        "results": results,
        "properties": {
            "subject": record.subject.name,
            "complete": record.complete,
            "reproducible": record.reproducible,
        },
    })
}

/// Where rules and artifacts stand in the run's lists.
struct Index<'a> {
    rules: BTreeMap<&'a str, usize>,
    artifacts: BTreeMap<&'a str, usize>,
}

impl<'a> Index<'a> {
    fn of(record: &'a Inspection) -> Self {
        let rules = record.tool.detectors.iter().enumerate().map(|(n, d)| (d.rule.as_str(), n));
        let artifacts = record.artifacts.iter().enumerate().map(|(n, a)| (a.path.as_str(), n));
        Self { rules: rules.collect(), artifacts: artifacts.collect() }
    }

    fn artifact(&self, path: &str) -> Value {
        let mut location = json!({ "uri": uri(path) });
        insert(&mut location, "index", self.artifacts.get(path).map(|n| json!(n)));
        location
    }
}

fn artifact(artifact: &Artifact) -> Value {
    json!({
        "location": { "uri": uri(&artifact.path) },
        "length": artifact.size,
        "hashes": { "sha-256": artifact.sha256.to_string() },
    })
}

fn notification(spot: &record::BlindSpot, index: &Index<'_>) -> Value {
    let mut all = json!({ "level": "note", "message": { "text": format!("{}: {}", spot.what, spot.why) } });
    let place = spot
        .artifact
        .as_deref()
        .map(|path| json!([{ "physicalLocation": { "artifactLocation": index.artifact(path) } }]));
    insert(&mut all, "locations", place);
    all
}

fn result(finding: &Finding, index: &Index<'_>) -> Value {
    let mut all = json!({
        "ruleId": finding.rule,
        "level": level(finding.severity),
        "rank": f64::from(finding.score),
        "message": { "text": format!("{}. {}", finding.title, finding.why) },
        "locations": [place(&finding.artifact, &finding.location, None, index)],
        "fingerprints": { "sukashi/v1": finding.id },
        "properties": {
            "severity": finding.severity,
            "source": finding.source,
            "trigger": finding.trigger,
            "payload": finding.payload,
            "witness": finding.witness,
            "evidence": finding.evidence,
        },
    });
    insert(&mut all, "ruleIndex", index.rules.get(finding.rule.as_str()).map(|n| json!(n)));
    insert(&mut all, "codeFlows", code_flows(finding, index));
    insert(
        &mut all,
        "graphs",
        finding.control_flow.as_ref().map(|flow| json!([graph(finding, flow, index)])),
    );
    insert(&mut all, "suppressions", suppressions(finding));
    all
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

fn place(path: &str, location: &Location, message: Option<&str>, index: &Index<'_>) -> Value {
    let mut physical = json!({ "artifactLocation": index.artifact(path) });
    insert(&mut physical, "address", location.address.map(|Address(n)| json!({ "absoluteAddress": n })));
    insert(&mut physical, "region", location.line.map(|line| json!({ "startLine": line })));
    let mut all = json!({ "physicalLocation": physical });
    let function = location.function.as_ref();
    insert(
        &mut all,
        "logicalLocations",
        function.map(|name| json!([{ "fullyQualifiedName": name, "kind": "function" }])),
    );
    insert(&mut all, "message", message.map(|text| json!({ "text": text })));
    all
}

fn code_flows(finding: &Finding, index: &Index<'_>) -> Option<Value> {
    let step = |step: &RouteStep| {
        let location = Location { address: step.address, function: step.function.clone(), line: None };
        json!({ "location": place(&finding.artifact, &location, Some(&step.note), index) })
    };
    let steps: Vec<Value> = finding.route.iter().map(step).collect();
    (!steps.is_empty()).then(|| json!([{ "threadFlows": [{ "locations": steps }] }]))
}

fn graph(finding: &Finding, flow: &ControlFlow, index: &Index<'_>) -> Value {
    let nodes = flow.blocks.iter().enumerate().map(|(n, block)| {
        let function = flow.functions.get(block.function as usize).map(|f| f.name.clone());
        let location = Location { address: Some(block.address), function, line: None };
        json!({
            "id": format!("b{n}"),
            "label": { "text": block.lines.iter().map(|l| l.text.as_str()).collect::<Vec<_>>().join("\n") },
            "location": place(&finding.artifact, &location, None, index),
            "properties": { "onRoute": block.on_route, "marks": block.marks },
        })
    });
    let edges = flow.edges.iter().enumerate().map(|(n, edge)| edge_of(n, edge));
    json!({ "nodes": nodes.collect::<Vec<_>>(), "edges": edges.collect::<Vec<_>>() })
}

fn edge_of(number: usize, edge: &FlowEdge) -> Value {
    let label = match edge.kind {
        FlowEdgeKind::Fallthrough => "fallthrough",
        FlowEdgeKind::Taken => "taken",
        FlowEdgeKind::Call => "call",
    };
    json!({
        "id": format!("e{number}"),
        "label": { "text": label },
        "sourceNodeId": format!("b{}", edge.from),
        "targetNodeId": format!("b{}", edge.to),
        "properties": { "onRoute": edge.on_route },
    })
}

fn suppressions(finding: &Finding) -> Option<Value> {
    let review = &finding.review;
    (review.state == ReviewState::Rejected).then(|| {
        let mut one = json!({ "kind": "external", "status": "accepted" });
        insert(&mut one, "justification", review.reason.as_ref().map(|reason| json!(reason)));
        json!([one])
    })
}

fn insert(object: &mut Value, name: &str, value: Option<Value>) {
    if let (Some(fields), Some(value)) = (object.as_object_mut(), value) {
        fields.insert(name.to_owned(), value);
    }
}

/// A path as a relative URI reference (RFC 3986, sections 2.3 and 4.2).
fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(char::from(byte))
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    // A reference that begins with two slashes would name a host.
    out.trim_start_matches('/').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_relative_references() {
        assert_eq!(uri("/usr/sbin/a b%.so"), "usr/sbin/a%20b%25.so");
        assert_eq!(uri("//host/x:é"), "host/x%3A%C3%A9");
    }
}
