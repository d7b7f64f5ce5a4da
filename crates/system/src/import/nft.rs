//! `nft -j list ruleset`: the base chains that hook into `forward`, with the chains they call, as a filter between two
//! zones.
//!
//! Understood: policies; matches on source and destination address (also prefixes, sets and named sets), TCP and UDP
//! destination port, transport protocol and connection state; `accept`, `drop`, `reject`, `queue`, `return`, `jump`,
//! `goto`. A rule for answers only is left out. Other matches are dealt with by [`chains`](super::chains), so that the
//! model allows more than the host does, never less. Of several base chains one that accepts is enough. Other chains are
//! listed.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::chains::{Chains, Conditions, Rule, Verdict, flatten};
use super::device::prefix;
use super::{Ignored, ImportError, Imported, Placement, id, ignored, located};
use crate::{Action, Document, Filter, Protocol};

const FORMAT: &str = "the output of `nft -j list ruleset`";

/// Reads one rule set.
///
/// # Errors
/// If the text is no JSON, has no list `nftables`, or chains call each other without bounds.
pub fn nft(name: &str, text: &str, placement: Placement<'_>) -> Result<Imported, ImportError> {
    let fault = |line, reason| ImportError { name: name.to_owned(), line, reason, format: FORMAT };
    let root: Value = serde_json::from_str(text).map_err(|e| fault(e.line(), e.to_string()))?;
    let list = root.get("nftables").and_then(Value::as_array);
    let list = list.ok_or_else(|| fault(1, "no list `nftables`".to_owned()))?;
    let ruleset = Ruleset::new(list);
    let (mut skipped, mut rules) = (Vec::new(), Vec::new());
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
    /// Elements by full name of a set.
    sets: BTreeMap<String, Value>,
}

impl Ruleset {
    fn new(list: &[Value]) -> Self {
        let mut ruleset = Self::default();
        for chain in list.iter().filter_map(|entry| entry.get("chain")) {
            let name = full(chain, word(chain, "name"));
            if word(chain, "hook") == "forward" {
                ruleset.forward.push((name.clone(), word(chain, "policy").to_owned()));
            }
            ruleset.chains.entry(name).or_default();
        }
        for set in list.iter().filter_map(|entry| entry.get("set")) {
            let elements = set.get("elem").cloned().unwrap_or(Value::Array(Vec::new()));
            ruleset.sets.insert(full(set, word(set, "name")), elements);
        }
        for rule in list.iter().filter_map(|entry| entry.get("rule")) {
            let read = ruleset.rule(rule);
            ruleset.chains.entry(full(rule, word(rule, "chain"))).or_default().push(read);
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
        skipped.extend(unseen.map(|name| ignored(1, &format!("chain {name}"), why)));
    }

    fn rule(&self, rule: &Value) -> Rule {
        let mut conditions = Conditions::default();
        let mut verdict = Verdict::Other("none".to_owned());
        for part in rule.get("expr").and_then(Value::as_array).into_iter().flatten() {
            let Some((key, value)) = part.as_object().and_then(|part| part.iter().next()) else { continue };
            let called = || full(rule, word(value, "target"));
            match key.as_str() {
                // What a program decides may be anything.
                "accept" | "queue" => verdict = Verdict::Decide(Action::Allow),
                "drop" | "reject" => verdict = Verdict::Decide(Action::Deny),
                "return" => verdict = Verdict::Return,
                "jump" => verdict = Verdict::Call(called()),
                "goto" => verdict = Verdict::GoTo(called()),
                "counter" | "comment" | "log" => {}
                "match" => self.matching(rule, value, &mut conditions),
                other => conditions.unknown.push(other.to_owned()),
            }
        }
        let handle = rule.get("handle").and_then(Value::as_u64).unwrap_or_default();
        Rule { line: 1, what: format!("rule {handle}"), conditions, verdict }
    }

    fn matching(&self, rule: &Value, value: &Value, conditions: &mut Conditions) {
        let left = value.get("left").unwrap_or(&Value::Null);
        let right = self.values(rule, value.get("right").unwrap_or(&Value::Null));
        let payload = |key| left.pointer(key).and_then(Value::as_str);
        let op = value.get("op").and_then(Value::as_str).unwrap_or("==");
        let right = right.filter(|right| !right.is_empty() && (op == "==" || op == "in"));
        let (protocol, field) = (payload("/payload/protocol"), payload("/payload/field"));
        match (protocol, field, payload("/meta/key"), payload("/ct/key"), right) {
            (Some("ip" | "ip6"), Some("saddr"), _, _, Some(right)) => conditions.from = right,
            (Some("ip" | "ip6"), Some("daddr"), _, _, Some(right)) => conditions.to = right,
            (Some(of @ ("tcp" | "udp")), Some("dport"), _, _, Some(right)) => {
                conditions.protocol = if of == "tcp" { Protocol::Tcp } else { Protocol::Udp };
                conditions.ports = right;
            }
            (_, _, Some("l4proto"), _, Some(right)) if right == ["tcp"] => {
                conditions.protocol = Protocol::Tcp
            }
            (_, _, Some("l4proto"), _, Some(right)) if right == ["udp"] => {
                conditions.protocol = Protocol::Udp
            }
            (_, _, _, Some("state"), Some(right)) => conditions.answers = !right.contains(&"new".to_owned()),
            _ => conditions.unknown.push(left.to_string()),
        }
    }

    /// A value, a prefix, a range of ports, or a set of these, by name as well; `None` for anything else.
    fn values(&self, rule: &Value, value: &Value) -> Option<Vec<String>> {
        let named = value.as_str().and_then(|name| name.strip_prefix('@'));
        let value = match named {
            Some(name) => self.sets.get(&full(rule, name))?,
            None => value,
        };
        match value.get("set").and_then(Value::as_array).or_else(|| value.as_array()) {
            Some(list) => list.iter().map(single).collect(),
            None => Some(vec![single(value)?]),
        }
    }
}

fn single(value: &Value) -> Option<String> {
    if let Some(text) = value.as_str() {
        return Some(prefix(text).unwrap_or_else(|| text.to_owned()));
    }
    if let Some(port) = value.as_u64() {
        return Some(port.to_string());
    }
    // With a lifetime or counter around it.
    if let Some(element) = value.pointer("/elem/val") {
        return element.is_string().then(|| single(element))?;
    }
    if let Some(net) = value.get("prefix") {
        let text = format!("{}/{}", net.get("addr")?.as_str()?, net.get("len")?.as_u64()?);
        return prefix(&text);
    }
    let both = value.get("range")?.as_array()?;
    Some(format!("{}-{}", both.first()?.as_u64()?, both.get(1)?.as_u64()?))
}
