//! The system and its vulnerabilities as facts of the rule engine.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use datalog::{Fact, FactError, Value};
use system::{Document, SoftwareVex, System};

use crate::effect::{Effect, consequence_word, effect, interaction_word, privilege_word, range_word};
use crate::exploit::{Odds, odds};
use crate::vulnerabilities::Entry;

/// Relations that are concluded here from CVSS vectors, beside those of `system`: name and columns.
const EFFECTS: &[(&str, &[&str])] = &[
    ("vul_access", &["vulnerability", "range", "privilege", "interaction"]),
    ("vul_consequence", &["vulnerability", "consequence"]),
];

/// `.decl` lines for everything that packs may read.
pub(crate) fn declarations() -> String {
    let mut out = String::new();
    let stated = system::RELATIONS.iter().map(|r| (r.name, r.columns));
    for (name, columns) in stated.chain(EFFECTS.iter().copied()) {
        let column = |name: &&str| match name.strip_suffix('#') {
            Some(name) => format!("{name}: int"),
            None => format!("{name}: symbol"),
        };
        let columns: Vec<String> = columns.iter().map(column).collect();
        // Writing to a string does not fail.
        let _ = writeln!(out, ".decl {name}({})", columns.join(", "));
    }
    out
}

/// What is known of one vulnerability, judged once.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Judged {
    pub(crate) entry: Entry,
    pub(crate) effect: Option<Effect>,
    pub(crate) odds: Odds,
}

pub(crate) fn judge(entries: BTreeMap<String, Entry>) -> BTreeMap<String, Judged> {
    let judged = |(id, entry): (String, Entry)| {
        let effect = effect(entry.known.cvss.as_deref(), entry.range, &entry.known.cwe);
        let odds = odds(&entry.known, effect.as_ref());
        (id, Judged { entry, effect, odds })
    };
    entries.into_iter().map(judged).collect()
}

/// What a system and the vulnerabilities of its software give the rules to begin with, sorted: for other engines.
pub fn base_facts(system: &System, source: &dyn crate::VulnerabilitySource) -> Vec<Fact> {
    facts(system, &judge(crate::vulnerabilities::collect(system, source))).into_iter().collect()
}

/// All base facts, sorted, each once.
pub(crate) fn facts(system: &System, vulnerabilities: &BTreeMap<String, Judged>) -> BTreeSet<Fact> {
    let mut out: BTreeSet<Fact> = system.facts().into_iter().filter_map(convert).collect();
    let carriers = carriers(system.document());
    for (id, judged) in vulnerabilities {
        if let Some(effect) = &judged.effect {
            out.insert(Fact::of(
                "vul_access",
                &[
                    id,
                    range_word(effect.range),
                    privilege_word(effect.privilege),
                    interaction_word(effect.interaction),
                ],
            ));
            let gains = effect.consequences.iter();
            out.extend(gains.map(|gain| Fact::of("vul_consequence", &[id, consequence_word(*gain)])));
        }
        for software in &judged.entry.software {
            let entry = system.document().software.get(software);
            let open = |host: &&&str| entry.is_none_or(|software| software.dismissed(id, host).is_none());
            let hosts = carriers.get(software.as_str()).into_iter().flatten().filter(open);
            out.extend(hosts.map(|host| Fact::of("vul_exists", &[id, host, software])));
        }
    }
    out
}

/// A vulnerability that somebody's word takes away, on a host, in a piece of software.
pub(crate) struct Dismissed<'a> {
    pub(crate) id: &'a str,
    pub(crate) host: &'a str,
    pub(crate) software: &'a str,
    pub(crate) word: &'a SoftwareVex,
}

/// All of them, of vulnerabilities that are known in that software: there is no `vul_exists` for these.
pub(crate) fn dismissed<'a>(
    document: &'a Document,
    vulnerabilities: &'a BTreeMap<String, Judged>,
) -> Vec<Dismissed<'a>> {
    let carriers = carriers(document);
    let mut all = Vec::new();
    for (software, entry) in document.software.iter().filter(|(_, entry)| !entry.vex.is_empty()) {
        let ids: BTreeSet<&str> = entry.vex.iter().map(|vex| vex.vulnerability.as_str()).collect();
        let known = |id: &&str| vulnerabilities.get(*id).is_some_and(|v| v.entry.software.contains(software));
        for id in ids.into_iter().filter(known) {
            for host in carriers.get(software.as_str()).into_iter().flatten() {
                let word = entry.dismissed(id, host);
                all.extend(word.map(|word| Dismissed { id, host, software, word }));
            }
        }
    }
    all
}

/// Hosts by the software they carry, installed or behind a service.
fn carriers(document: &Document) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut carriers: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (id, host) in &document.hosts {
        for software in &host.software {
            carriers.entry(&software.value).or_default().insert(id);
        }
    }
    for service in document.services.values() {
        if let Some(software) = &service.software {
            carriers.entry(&software.value).or_default().insert(&service.host.value);
        }
    }
    carriers
}

/// All arguments of a fact that has so many, each a name.
pub(crate) fn arguments<const N: usize>(fact: &Fact) -> Result<[&str; N], FactError> {
    let names: Result<Vec<&str>, FactError> =
        fact.args.iter().enumerate().map(|(column, value)| name(fact, column, value)).collect();
    names?.try_into().map_err(|names: Vec<&str>| FactError::WrongArity {
        name: fact.relation.clone(),
        columns: N,
        found: names.len(),
    })
}

fn name<'f>(fact: &Fact, column: usize, value: &'f Value) -> Result<&'f str, FactError> {
    match value {
        Value::Symbol(name) => Ok(name),
        Value::Int(figure) => Err(FactError::WrongType {
            name: fact.relation.clone(),
            column: column.to_string(),
            expected: "symbol",
            found: figure.to_string(),
        }),
    }
}

/// `None` for a figure that the engine cannot hold; the model's figures are thousandths of 1.
fn convert(fact: system::Fact) -> Option<Fact> {
    let value = |value: system::Value| match value {
        system::Value::Symbol(name) => Some(Value::Symbol(name)),
        system::Value::Int(figure) => i32::try_from(figure).ok().map(Value::Int),
    };
    let args: Option<Vec<Value>> = fact.args.into_iter().map(value).collect();
    Some(Fact { relation: fact.relation.to_owned(), args: args? })
}
