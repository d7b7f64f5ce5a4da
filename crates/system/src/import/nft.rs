//! `nft -j list ruleset`: the base chains that hook into `forward` as a filter between two zones.
//!
//! Understood: policies; matches on source and destination address (also sets and prefixes), TCP and UDP destination port,
//! transport protocol and connection state; `accept`, `drop`, `reject`. A rule for answers only is left out. Of a rule
//! with another match, or with a jump, an `accept` is taken without the match and a `drop` not at all. Other chains are
//! listed.

use serde_json::Value;

use super::device::prefix;
use super::{Ignored, ImportError, Imported, Placement, id, ignored, located};
use crate::{Action, Direction, Document, Filter, FilterRule, Protocol};

const FORMAT: &str = "the output of `nft -j list ruleset`";

/// Reads one rule set.
///
/// # Errors
/// If the text is no JSON, or has no list `nftables`.
pub fn nft(name: &str, text: &str, placement: Placement<'_>) -> Result<Imported, ImportError> {
    let fault = |line, reason| ImportError { name: name.to_owned(), line, reason, format: FORMAT };
    let root: Value = serde_json::from_str(text).map_err(|e| fault(e.line(), e.to_string()))?;
    let list = root.get("nftables").and_then(Value::as_array);
    let list = list.ok_or_else(|| fault(1, "no list `nftables`".to_owned()))?;
    let word =
        |entry: &Value, key: &str| entry.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let place =
        |entry: &Value, chain: &str| (word(entry, "family"), word(entry, "table"), word(entry, chain));
    let mut skipped = Vec::new();
    let mut forward = Vec::new();
    let mut default = Action::Allow;
    for chain in list.iter().filter_map(|entry| entry.get("chain")) {
        if word(chain, "hook") == "forward" {
            if word(chain, "policy") == "drop" {
                default = Action::Deny;
            }
            forward.push(place(chain, "name"));
        } else {
            skipped.push(ignored(
                1,
                &format!("chain {}", word(chain, "name")),
                "only chains of the hook `forward` are read",
            ));
        }
    }
    let mut rules = Vec::new();
    let of_forward = |entry: &&Value| forward.contains(&place(entry, "chain"));
    for rule in list.iter().filter_map(|entry| entry.get("rule")).filter(of_forward) {
        rules.extend(read(rule, &mut skipped));
    }
    let between = [located(placement.outer.to_owned(), 1), located(placement.inner.to_owned(), 1)];
    let filter = Filter { between, default, rules, host: Some(located(placement.host.to_owned(), 1)) };
    let mut document = Document::default();
    document.filters.insert(id(&format!("{}-forward", placement.host)), located(filter, 1));
    Ok(Imported { document, ignored: skipped })
}

#[derive(Default)]
struct Matches {
    from: Vec<String>,
    to: Vec<String>,
    protocol: Protocol,
    ports: Vec<String>,
    answers: bool,
    unknown: Vec<String>,
    action: Option<Action>,
}

fn read(rule: &Value, skipped: &mut Vec<Ignored>) -> Vec<FilterRule> {
    let mut found = Matches::default();
    for part in rule.get("expr").and_then(Value::as_array).into_iter().flatten() {
        let Some((key, value)) = part.as_object().and_then(|part| part.iter().next()) else { continue };
        match key.as_str() {
            "accept" => found.action = Some(Action::Allow),
            "drop" | "reject" => found.action = Some(Action::Deny),
            "counter" | "comment" | "log" => {}
            "match" => found.matching(value),
            other => found.unknown.push(other.to_owned()),
        }
    }
    let what = || format!("rule {}", rule.get("handle").and_then(Value::as_u64).unwrap_or_default());
    let Some(action) = found.action else {
        skipped.push(ignored(1, &what(), "neither accepts nor drops: jumps are not followed"));
        return Vec::new();
    };
    if found.answers {
        return Vec::new();
    }
    if !found.unknown.is_empty() {
        let condition = found.unknown.join(" ");
        let why = match action {
            Action::Allow => format!("taken without the condition `{condition}`: allows more than the host"),
            Action::Deny => format!("left out for the condition `{condition}`: allows more than the host"),
        };
        skipped.push(ignored(1, &what(), &why));
        if action == Action::Deny {
            return Vec::new();
        }
    }
    found.rules(action)
}

impl Matches {
    fn matching(&mut self, value: &Value) {
        let left = value.get("left").unwrap_or(&Value::Null);
        let right = values(value.get("right").unwrap_or(&Value::Null));
        let payload = |key| left.pointer(key).and_then(Value::as_str);
        let equal = value.get("op").and_then(Value::as_str).is_none_or(|op| op == "==" || op == "in");
        let (protocol, field) = (payload("/payload/protocol"), payload("/payload/field"));
        match (protocol, field, payload("/meta/key"), payload("/ct/key")) {
            (Some("ip" | "ip6"), Some("saddr"), ..) if equal && right.is_some() => {
                self.from = right.unwrap_or_default();
            }
            (Some("ip" | "ip6"), Some("daddr"), ..) if equal && right.is_some() => {
                self.to = right.unwrap_or_default();
            }
            (Some(of @ ("tcp" | "udp")), Some("dport"), ..) if equal && right.is_some() => {
                self.protocol = if of == "tcp" { Protocol::Tcp } else { Protocol::Udp };
                self.ports = right.unwrap_or_default();
            }
            (_, _, Some("l4proto"), _) if equal => match right.as_deref() {
                Some([one]) if one == "tcp" => self.protocol = Protocol::Tcp,
                Some([one]) if one == "udp" => self.protocol = Protocol::Udp,
                _ => self.unknown.push("l4proto".to_owned()),
            },
            (_, _, _, Some("state")) if equal => {
                self.answers = !right.unwrap_or_default().iter().any(|state| state == "new");
            }
            _ => self.unknown.push(left.to_string()),
        }
    }

    fn rules(self, action: Action) -> Vec<FilterRule> {
        let any = || vec!["any".to_owned()];
        let list = |names: Vec<String>| if names.is_empty() { any() } else { names };
        let (from, to) = (list(self.from), list(self.to));
        let rule = |from: &String, to: &String| FilterRule {
            action,
            direction: Direction::Both,
            from: located(from.clone(), 1),
            to: located(to.clone(), 1),
            protocol: self.protocol,
            ports: self.ports.iter().map(|port| located(port.clone(), 1)).collect(),
        };
        from.iter().flat_map(|from| to.iter().map(move |to| rule(from, to)).collect::<Vec<_>>()).collect()
    }
}

/// A value, a prefix, a range of ports, or a set of these; `None` for anything else.
fn values(value: &Value) -> Option<Vec<String>> {
    let one = |value: &Value| -> Option<String> {
        if let Some(text) = value.as_str() {
            return Some(prefix(text).unwrap_or_else(|| text.to_owned()));
        }
        if let Some(port) = value.as_u64() {
            return Some(port.to_string());
        }
        if let Some(net) = value.get("prefix") {
            let text = format!("{}/{}", net.get("addr")?.as_str()?, net.get("len")?.as_u64()?);
            return prefix(&text);
        }
        let both = value.get("range")?.as_array()?;
        Some(format!("{}-{}", both.first()?.as_u64()?, both.get(1)?.as_u64()?))
    };
    match value.get("set").and_then(Value::as_array).or_else(|| value.as_array()) {
        Some(list) => list.iter().map(one).collect(),
        None => Some(vec![one(value)?]),
    }
}
