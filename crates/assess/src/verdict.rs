//! What each vulnerability means on each host that has it.
//!
//! The rules conclude `opportunity(attacker, vulnerability, host, user, way)` wherever an attacker can use one. Where
//! they do not, the nearest missing premise is the reason. If all that is missing is that some measure be absent, the
//! vulnerability is mitigated by that measure.

use std::collections::BTreeMap;

use datalog::{Fact, Missing, Pattern, Session};
use record::{Verdict, VulnerabilityVerdict};
use system::{Document, VexStatus};

use crate::facts::Judged;
use crate::graph::plain;

/// Search steps for one reason.
const STEPS: u64 = 4000;

/// What is not asked for: who attacks, where the software is, what a flaw is like, and links that could be there as
/// well. A reason names the way between them.
const GIVEN: &[&str] = &[
    "at_host",
    "at_person",
    "at_place",
    "at_supplier",
    "at_zone",
    "attacker",
    "compromised",
    "deceives",
    "host_kind",
    "installed",
    "knows",
    "remote_access",
    "remote_access_host",
    "vul_access",
    "vul_consequence",
    "vul_exists",
];

/// Per vulnerability, host and component, sorted by these.
pub(crate) fn verdicts(
    session: &Session,
    document: &Document,
    judged: &BTreeMap<String, Judged>,
) -> Vec<VulnerabilityVerdict> {
    let opportunities = opportunities(session);
    let mut out = Vec::new();
    for fact in session.facts("vul_exists") {
        let [id, host, software] = fact.args.as_slice() else { continue };
        let (id, host, software) = (plain(id), plain(host), plain(software));
        let Some(known) = judged.get(&id) else { continue };
        let used = opportunities.get(&(id.clone(), host.clone()));
        let (verdict, why) = judge(session, document, known, &id, &host, used);
        out.push(VulnerabilityVerdict {
            component: component(document, &software),
            cvss: known.entry.known.score,
            epss: known.entry.known.epss,
            kev: known.entry.known.kev,
            verdict,
            why,
            path_count: used.map_or(0, |used| used.len() as u64),
            id,
            host,
        });
    }
    out.sort_by(|a, b| (&a.id, &a.host, &a.component).cmp(&(&b.id, &b.host, &b.component)));
    out
}

type Opportunities = BTreeMap<(String, String), Vec<Fact>>;

fn opportunities(session: &Session) -> Opportunities {
    let mut out = Opportunities::new();
    for fact in session.facts("opportunity") {
        let word = |at: usize| fact.args.get(at).map(plain).unwrap_or_default();
        out.entry((word(1), word(2))).or_default().push(fact);
    }
    out
}

/// The name others know the component by.
fn component(document: &Document, software: &str) -> String {
    let entry = document.software.get(software);
    let purl = entry.and_then(|s| s.purl.as_ref());
    purl.or_else(|| entry.and_then(|s| s.cpe.as_ref()))
        .map_or_else(|| software.to_owned(), |name| name.value.clone())
}

fn judge(
    session: &Session,
    document: &Document,
    known: &Judged,
    id: &str,
    host: &str,
    used: Option<&Vec<Fact>>,
) -> (Verdict, String) {
    let vex = document.vulnerabilities.get(id).and_then(|v| v.vex.as_ref());
    if let Some(vex) = vex.filter(|v| matches!(v.status, VexStatus::NotAffected | VexStatus::Fixed)) {
        let state = if vex.status == VexStatus::Fixed { "fixed" } else { "not affected" };
        let why = vex.why.as_ref().map_or_else(String::new, |why| format!(": {why}"));
        return (Verdict::NotAffected, format!("{state}, by the word of {}{why}", vex.by));
    }
    let Some(effect) = &known.effect else {
        return (
            Verdict::Unknown,
            "no CVSS vector says where an attacker must be and what is gained".to_owned(),
        );
    };
    if let Some(first) = used.and_then(|used| used.first()) {
        return (Verdict::Exploitable, exploitable(session, first, &effect.derivation));
    }
    let pattern = Pattern {
        relation: "opportunity".to_owned(),
        args: vec![None, Some(id.to_owned()), Some(host.to_owned()), None, None],
    };
    let missing = session.missing_given(&pattern, STEPS, GIVEN).unwrap_or_default();
    unreached(document, host, &missing)
}

fn exploitable(session: &Session, opportunity: &Fact, derivation: &str) -> String {
    let word = |at: usize| opportunity.args.get(at).map(plain).unwrap_or_default();
    let how = match word(4).as_str() {
        "remote" => "over the network",
        "login" => "over the network, with a taken account",
        "adjacent" => "from the same network segment",
        "local" => "from its foothold on the host",
        "client" => "through a person who opens it",
        _ => "at the device",
    };
    let pattern = opportunity.to_string().parse::<Pattern>();
    let proof = pattern.ok().and_then(|p| session.why(&p).ok().flatten());
    let before = proof.map_or(0, |p| p.steps.len().saturating_sub(1));
    format!("{} can use it {how}, {before} inferences from the start; {derivation}", word(0))
}

fn unreached(document: &Document, host: &str, missing: &[Missing]) -> (Verdict, String) {
    let list = |missing: &[Missing]| missing.iter().map(|m| format!("`{m}`")).collect::<Vec<_>>().join(", ");
    let measures: Vec<String> = missing
        .iter()
        .filter_map(|m| if let Missing::InTheWay(fact) = m { Some(format!("`{fact}`")) } else { None })
        .collect();
    if !measures.is_empty() && measures.len() == missing.len() {
        return (Verdict::Mitigated, format!("stopped by {}", measures.join(", ")));
    }
    let about_services = missing.iter().any(|m| m.to_string().starts_with("service_software("));
    if about_services && !document.services.values().any(|s| s.host.value == host) {
        let why = format!("no service of `{host}` is stated, so nobody can say whether it listens");
        return (Verdict::Unknown, why);
    }
    (Verdict::NotReachable, format!("nearest missing premise: {}", list(missing)))
}
