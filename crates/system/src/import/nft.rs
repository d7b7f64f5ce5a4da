//! `nft list ruleset`, with or without `-j`, and the files that `nft -f` loads: the base chains that hook into `forward`,
//! with the chains they call, as a filter between two zones.
//!
//! Understood: policies; matches on source and destination address (also prefixes, ranges, sets and named sets), TCP and
//! UDP destination port, transport protocol and connection state; maps from these to verdicts; `accept`, `drop`, `reject`,
//! `queue`, `return`, `jump`, `goto`. A rule for answers only, or
//! for neither TCP nor UDP, is left out. Other matches are dealt with by
//! [`chains`](super::chains), so that the model allows more than the host does, never less. Of several base chains one
//! that accepts is enough. Other chains are listed.

mod lex;
mod rule;
mod text;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::chains::{Chains, Conditions, Rule, Verdict, flatten};
use super::device::{port, prefix, range};
use super::{Ignored, ImportError, Imported, Placement, id, ignored, located};
use crate::{Action, Document, Filter, Protocol};

/// Headers of protocols of which nothing listens in the model.
const OTHERS: &[&str] = &["ah", "dccp", "esp", "icmp", "icmpv6", "igmp", "sctp", "udplite"];
const FORMAT: &str = "the output of `nft list ruleset`, or a file for `nft -f`";

/// Reads one rule set.
///
/// # Errors
/// If the text has no table, is no JSON though it begins like it, or chains call each other without bounds.
pub fn nft(name: &str, text: &str, placement: Placement<'_>) -> Result<Imported, ImportError> {
    let fault = |line, reason| ImportError { name: name.to_owned(), line, reason, format: FORMAT };
    let (list, mut skipped) = if text.trim_start().starts_with('{') {
        let mut root: Value = serde_json::from_str(text).map_err(|e| fault(e.line(), e.to_string()))?;
        match root.get_mut("nftables").map(Value::take) {
            Some(Value::Array(list)) => {
                let skipped = others(&list);
                (list, skipped)
            }
            _ => return Err(fault(1, "no list `nftables`".to_owned())),
        }
    } else {
        text::ruleset(text).map_err(|(line, reason)| fault(line, reason.to_owned()))?
    };
    let ruleset = Ruleset::new(&list);
    let mut rules = Vec::new();
    let mut default = Action::Allow;
    for (chain, policy) in &ruleset.forward {
        if policy == "drop" {
            default = Action::Deny;
        }
        let flat = flatten(&ruleset.chains, chain, &mut skipped);
        rules.extend(flat.map_err(|_| fault(1, "chains call each other too often".to_owned()))?);
    }
    ruleset.unseen(&mut skipped);
    skipped.sort();
    skipped.dedup();
    let between = [located(placement.outer.to_owned(), 1), located(placement.inner.to_owned(), 1)];
    let filter = Filter { between, default, rules, host: Some(located(placement.host.to_owned(), 1)) };
    let mut document = Document::default();
    document.filters.insert(id(&format!("{}-forward", placement.host)), located(filter, 1));
    Ok(Imported { document, ignored: skipped })
}

/// Objects of a rule set in JSON that decide about packets, or may, and are not read.
fn others(list: &[Value]) -> Vec<Ignored> {
    const KNOWN: [&str; 10] =
        ["chain", "counter", "ct helper", "ct timeout", "map", "metainfo", "quota", "rule", "set", "table"];
    let keys = list.iter().filter_map(|entry| entry.as_object()?.iter().next());
    let other = keys.filter(|(key, _)| !KNOWN.contains(&key.as_str()));
    other
        .map(|(key, value)| ignored(1, &format!("{key} {}", word(value, "name")), "it is not followed"))
        .collect()
}

fn word<'v>(entry: &'v Value, key: &str) -> &'v str {
    entry.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// A name within its table: tables may have chains and sets of the same name.
fn full(entry: &Value, name: &str) -> String {
    format!("{} {} {name}", word(entry, "family"), word(entry, "table"))
}

#[derive(Default)]
struct Ruleset {
    chains: Chains,
    /// Base chains that see what passes, with their policies.
    forward: Vec<(String, String)>,
    /// Elements by full name of a set or map.
    sets: BTreeMap<String, Vec<Value>>,
    /// Lines of chains, where the text has any.
    lines: BTreeMap<String, usize>,
}

impl Ruleset {
    fn new(list: &[Value]) -> Self {
        let mut ruleset = Self::default();
        for chain in list.iter().filter_map(|entry| entry.get("chain")) {
            let name = full(chain, word(chain, "name"));
            if word(chain, "hook") == "forward" {
                ruleset.forward.push((name.clone(), word(chain, "policy").to_owned()));
            }
            ruleset.lines.insert(name.clone(), line(chain));
            ruleset.chains.entry(name).or_default();
        }
        for set in list.iter().filter_map(|entry| entry.get("set").or_else(|| entry.get("map"))) {
            let elements = set.get("elem").and_then(Value::as_array).into_iter().flatten();
            ruleset.sets.entry(full(set, word(set, "name"))).or_default().extend(elements.cloned());
        }
        for rule in list.iter().filter_map(|entry| entry.get("rule")) {
            let read = ruleset.rule(rule);
            let chain = ruleset.chains.entry(full(rule, word(rule, "chain"))).or_default();
            let first = rule.get("first").and_then(Value::as_bool) == Some(true);
            let at = if first { 0 } else { chain.len() };
            chain.splice(at..at, read);
        }
        ruleset
    }

    /// Lists the chains that no base chain of the hook `forward` leads to.
    fn unseen(&self, skipped: &mut Vec<Ignored>) {
        let mut seen = BTreeSet::new();
        let mut work: Vec<&String> = self.forward.iter().map(|(name, _)| name).collect();
        while let Some(chain) = work.pop() {
            if seen.insert(chain) {
                let rules = self.chains.get(chain).into_iter().flatten();
                work.extend(rules.filter_map(|rule| match &rule.verdict {
                    Verdict::Call(name) | Verdict::GoTo(name) => Some(name),
                    Verdict::Decide(_) | Verdict::Return | Verdict::Other(_) => None,
                }));
            }
        }
        let unseen = self.chains.keys().filter(|name| !seen.contains(name));
        let why = "no chain of the hook `forward` leads to it";
        let at = |name| self.lines.get(name).copied().unwrap_or(1);
        skipped.extend(unseen.map(|name| ignored(at(name), &format!("chain {name}"), why)));
    }

    /// One rule, and one more for each element of a map to verdicts.
    fn rule(&self, rule: &Value) -> Vec<Rule> {
        let (mut conditions, mut verdict, mut rules) = (Conditions::default(), None, Vec::new());
        let what = rule.get("text").and_then(Value::as_str).map(str::to_owned);
        let handle = rule.get("handle").and_then(Value::as_u64).unwrap_or_default();
        let what = what.unwrap_or_else(|| format!("rule {handle}"));
        let one = |conditions, verdict| Rule { line: line(rule), what: what.clone(), conditions, verdict };
        for part in rule.get("expr").and_then(Value::as_array).into_iter().flatten() {
            let Some((key, value)) = part.as_object().and_then(|part| part.iter().next()) else { continue };
            match key.as_str() {
                "counter" | "comment" | "log" => {}
                "match" => {
                    let op = value.get("op").and_then(Value::as_str).unwrap_or("==");
                    let (left, right) = (value.get("left"), value.get("right"));
                    self.matching(rule, left, op, right.unwrap_or(&Value::Null), &mut conditions);
                }
                "vmap" => {
                    for (element, decides) in self.verdicts(rule, value) {
                        let mut both = conditions.clone();
                        self.matching(rule, value.get("key"), "==", element, &mut both);
                        let decides = decided(rule, decides).unwrap_or(Verdict::Other("map".to_owned()));
                        rules.push(one(both, decides));
                    }
                    verdict = Some(None);
                }
                other => match decided(rule, part) {
                    Some(found) => verdict = Some(Some(found)),
                    None => conditions.unknown.push(other.to_owned()),
                },
            }
        }
        let last = verdict.unwrap_or_else(|| Some(Verdict::Other("none".to_owned())));
        rules.extend(last.map(|verdict| one(conditions, verdict)));
        rules
    }

    /// Elements of a map with what each decides.
    fn verdicts<'v>(&'v self, rule: &Value, map: &'v Value) -> Vec<(&'v Value, &'v Value)> {
        let data = map.get("data").unwrap_or(&Value::Null);
        let named = data.as_str().and_then(|name| self.sets.get(&full(rule, name.strip_prefix('@')?)));
        let list = named.or_else(|| data.get("set").and_then(Value::as_array));
        list.into_iter().flatten().filter_map(|pair| Some((pair.get(0)?, pair.get(1)?))).collect()
    }

    fn matching(
        &self,
        rule: &Value,
        left: Option<&Value>,
        op: &str,
        right: &Value,
        conditions: &mut Conditions,
    ) {
        let left = left.unwrap_or(&Value::Null);
        let payload = |key| left.pointer(key).and_then(Value::as_str);
        if payload("/payload/protocol").is_some_and(|header| OTHERS.contains(&header)) {
            conditions.moot = true;
            return;
        }
        let right = self.values(rule, right).filter(|right| !right.is_empty() && (op == "==" || op == "in"));
        let known = right.is_some_and(|right| {
            let (protocol, field) = (payload("/payload/protocol"), payload("/payload/field"));
            match (protocol, field, payload("/meta/key"), payload("/ct/key")) {
                (Some("ip" | "ip6"), Some("saddr"), ..) => set(addresses(&right), &mut conditions.from),
                (Some("ip" | "ip6"), Some("daddr"), ..) => set(addresses(&right), &mut conditions.to),
                (Some(of @ ("tcp" | "udp" | "th")), Some("dport"), ..) => {
                    // `th` is whichever of them was named before.
                    (of == "th" || set(transport(&[of]), &mut conditions.protocol))
                        && set(ports(&right), &mut conditions.ports)
                }
                (Some("ip"), Some("protocol"), ..)
                | (Some("ip6"), Some("nexthdr"), ..)
                | (_, _, Some("l4proto"), _) => {
                    let names: Vec<&str> = right.iter().map(String::as_str).collect();
                    conditions.moot |= !set(transport(&names), &mut conditions.protocol);
                    true
                }
                (.., Some("state")) => {
                    conditions.moot |= !right.iter().any(|state| state == "new" || state == "untracked");
                    true
                }
                _ => false,
            }
        });
        if !known {
            conditions.unknown.push(described(left));
        }
    }

    /// A value, a prefix, a range, or a set of these, by name as well; `None` for anything else.
    fn values(&self, rule: &Value, value: &Value) -> Option<Vec<String>> {
        let list = match value.as_str().and_then(|name| name.strip_prefix('@')) {
            Some(name) => Some(self.sets.get(&full(rule, name))?),
            None => value.get("set").and_then(Value::as_array).or_else(|| value.as_array()),
        };
        match list {
            Some(list) => list.iter().map(single).collect(),
            None => Some(vec![single(value)?]),
        }
    }
}

/// From 1, where a text has been read.
fn line(entry: &Value) -> usize {
    entry.get("line").and_then(Value::as_u64).and_then(|line| line.try_into().ok()).unwrap_or(1)
}

/// What a statement decides; `None` if nothing.
fn decided(rule: &Value, statement: &Value) -> Option<Verdict> {
    let (key, value) = statement.as_object()?.iter().next()?;
    let called = || full(rule, word(value, "target"));
    match key.as_str() {
        // What a program decides may be anything.
        "accept" | "queue" => Some(Verdict::Decide(Action::Allow)),
        "drop" | "reject" => Some(Verdict::Decide(Action::Deny)),
        "return" => Some(Verdict::Return),
        "jump" => Some(Verdict::Call(called())),
        "goto" => Some(Verdict::GoTo(called())),
        _ => None,
    }
}

/// Whether there was something to set.
fn set<T>(value: Option<T>, place: &mut T) -> bool {
    value.map(|value| *place = value).is_some()
}

/// What is named of those that the model knows; `None` if none of them is.
fn transport(names: &[&str]) -> Option<Protocol> {
    let (tcp, udp) =
        (names.contains(&"tcp") || names.contains(&"6"), names.contains(&"udp") || names.contains(&"17"));
    match (tcp, udp) {
        (true, true) => Some(Protocol::Any),
        (true, false) => Some(Protocol::Tcp),
        (false, true) => Some(Protocol::Udp),
        (false, false) => None,
    }
}

fn addresses(values: &[String]) -> Option<Vec<String>> {
    let one = |value: &String| match value.split_once('-') {
        Some((first, last)) => range(first, last),
        None => Some(vec![prefix(value)?]),
    };
    Some(values.iter().map(one).collect::<Option<Vec<_>>>()?.concat())
}

fn ports(values: &[String]) -> Option<Vec<String>> {
    let one = |value: &String| match value.split_once('-').map(|(first, last)| (port(first), port(last))) {
        Some((Some(first), Some(last))) => Some(format!("{first}-{last}")),
        // Names may have a hyphen inside.
        _ => Some(port(value)?.to_string()),
    };
    values.iter().map(one).collect()
}

/// What is matched, as rules name it.
fn described(left: &Value) -> String {
    let word = |key| left.pointer(key).and_then(Value::as_str);
    match (word("/payload/protocol").zip(word("/payload/field")), word("/meta/key"), word("/ct/key")) {
        (Some((protocol, field)), ..) => format!("{protocol} {field}"),
        (_, Some(key), _) => key.to_owned(),
        (.., Some(key)) => format!("ct {key}"),
        _ => left.to_string(),
    }
}

fn single(value: &Value) -> Option<String> {
    if let Some(text) = value.as_str() {
        return Some(text.to_owned());
    }
    if let Some(number) = value.as_u64() {
        return Some(number.to_string());
    }
    // With a lifetime or counter around it.
    if let Some(element) = value.pointer("/elem/val") {
        return element.is_string().then(|| single(element))?;
    }
    if let Some(net) = value.get("prefix") {
        return Some(format!("{}/{}", net.get("addr")?.as_str()?, net.get("len")?.as_u64()?));
    }
    let both = value.get("range")?.as_array()?;
    let end = |at: usize| both.get(at).filter(|end| !end.is_object()).and_then(single);
    Some(format!("{}-{}", end(0)?, end(1)?))
}
