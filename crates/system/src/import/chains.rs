//! Chains of packet-filter rules that call each other, as one list in which the first match decides.
//!
//! The list errs towards more access. A rule that accepts under a condition which the model does not have is taken
//! without it, one that drops is left out; so is one that drops behind a rule which lets some packets skip it.

use std::collections::BTreeMap;

use ipnet::IpNet;

use super::{Ignored, ignored, located};
use crate::{Action, Direction, FilterRule, Protocol};

/// Most calls within calls that are followed.
const DEEPEST: usize = 16;
/// Most rules that are visited: chains that call each other twice would otherwise make 2¹⁶ of a few.
const MOST: usize = 200_000;

/// When a rule applies. Empty lists mean anything.
#[derive(Clone, Default)]
pub(super) struct Conditions {
    /// Prefixes; one of them.
    pub(super) from: Vec<String>,
    pub(super) to: Vec<String>,
    pub(super) protocol: Protocol,
    /// Destination ports, such as `80` or `8000-8080`; one of them.
    pub(super) ports: Vec<String>,
    /// Never for a new connection over TCP or UDP: nothing else listens in the model.
    pub(super) moot: bool,
    /// What the model does not have, as written.
    pub(super) unknown: Vec<String>,
}

/// What a rule does.
#[derive(Clone)]
pub(super) enum Verdict {
    Decide(Action),
    /// Goes on behind this rule afterwards.
    Call(String),
    /// Goes on behind the caller's rule afterwards.
    GoTo(String),
    Return,
    /// Neither of these, as written.
    Other(String),
}

pub(super) struct Rule {
    pub(super) line: usize,
    pub(super) what: String,
    pub(super) conditions: Conditions,
    pub(super) verdict: Verdict,
}

/// Rules by chain.
pub(super) type Chains = BTreeMap<String, Vec<Rule>>;

/// Chains that visit more rules than [`MOST`].
#[derive(Debug)]
pub(super) struct TooMany;

/// The rules of a chain and of those that it calls.
pub(super) fn flatten(
    chains: &Chains,
    start: &str,
    skipped: &mut Vec<Ignored>,
) -> Result<Vec<FilterRule>, TooMany> {
    let mut walk = Walk { chains, skipped, rules: Vec::new(), left: MOST };
    walk.follow(start, &Conditions::default(), 0, true)?;
    Ok(walk.rules)
}

struct Walk<'c> {
    chains: &'c Chains,
    skipped: &'c mut Vec<Ignored>,
    rules: Vec<FilterRule>,
    left: usize,
}

impl Walk<'_> {
    /// `certain`: every packet that `given` describes comes here.
    fn follow(
        &mut self,
        chain: &str,
        given: &Conditions,
        depth: usize,
        mut certain: bool,
    ) -> Result<(), TooMany> {
        let chains = self.chains;
        for rule in chains.get(chain).into_iter().flatten() {
            self.left = self.left.checked_sub(1).ok_or(TooMany)?;
            let Some(conditions) = given.and(&rule.conditions).filter(|conditions| !conditions.moot) else {
                continue;
            };
            match &rule.verdict {
                Verdict::Decide(action) => self.decide(rule, *action, conditions, certain),
                Verdict::Call(name) | Verdict::GoTo(name) if depth < DEEPEST => {
                    self.follow(name, &conditions, depth + 1, certain)?;
                }
                Verdict::Call(_) | Verdict::GoTo(_) => {
                    self.skip(rule, "chains within chains are followed no deeper: all is let through");
                    self.rules.extend(rules(Action::Allow, &conditions, rule.line));
                }
                Verdict::Return => {}
                Verdict::Other(target) => {
                    self.skip(rule, &format!("target `{target}` is not followed"));
                }
            }
            if matches!(rule.verdict, Verdict::GoTo(_) | Verdict::Return) {
                if rule.conditions.is_always() {
                    break;
                }
                certain = false;
            }
        }
        Ok(())
    }

    fn decide(&mut self, rule: &Rule, action: Action, conditions: Conditions, certain: bool) {
        let unknown = conditions.unknown.join(" ");
        match action {
            Action::Deny if !certain => {
                let why = "left out, since a rule before it lets some skip it: allows more than the host";
                return self.skip(rule, why);
            }
            Action::Deny if !unknown.is_empty() => {
                let why = format!("left out for the condition `{unknown}`: allows more than the host");
                return self.skip(rule, &why);
            }
            Action::Allow if !unknown.is_empty() => {
                let why = format!("taken without the condition `{unknown}`: allows more than the host");
                self.skip(rule, &why);
            }
            Action::Allow | Action::Deny => {}
        }
        self.rules.extend(rules(action, &conditions, rule.line));
    }

    fn skip(&mut self, rule: &Rule, why: &str) {
        self.skipped.push(ignored(rule.line, &rule.what, why));
    }
}

fn rules(action: Action, conditions: &Conditions, line: usize) -> Vec<FilterRule> {
    let any = ["any".to_owned()];
    let list = |names: &'_ [String]| if names.is_empty() { any.to_vec() } else { names.to_vec() };
    let (from, to) = (list(&conditions.from), list(&conditions.to));
    let rule = |from: &String, to: &String| FilterRule {
        action,
        direction: Direction::Both,
        from: located(from.clone(), line),
        to: located(to.clone(), line),
        protocol: conditions.protocol,
        ports: conditions.ports.iter().map(|port| located(port.clone(), line)).collect(),
    };
    from.iter().flat_map(|from| to.iter().map(move |to| rule(from, to)).collect::<Vec<_>>()).collect()
}

impl Conditions {
    fn is_always(&self) -> bool {
        let Self { from, to, protocol, ports, moot, unknown } = self;
        from.is_empty()
            && to.is_empty()
            && *protocol == Protocol::Any
            && ports.is_empty()
            && !moot
            && unknown.is_empty()
    }

    /// Both hold; `None` if they cannot.
    fn and(&self, other: &Self) -> Option<Self> {
        let mut both = other.clone();
        both.moot |= self.moot;
        both.unknown = [self.unknown.as_slice(), &other.unknown].concat();
        both.protocol = match (self.protocol, other.protocol) {
            (Protocol::Any, one) | (one, Protocol::Any) => one,
            (one, same) if one == same => one,
            _ => return None,
        };
        both.from = meet(&self.from, &other.from, &prefix, &narrower, &mut both.unknown)?;
        both.to = meet(&self.to, &other.to, &prefix, &narrower, &mut both.unknown)?;
        both.ports = meet(&self.ports, &other.ports, &ports, &overlap, &mut both.unknown)?;
        Some(both)
    }
}

/// What is in one of each list; `None` if that is nothing. An empty list is everything. Where something cannot be read,
/// the first list becomes a condition that the model does not have.
fn meet<T>(
    one: &[String],
    other: &[String],
    read: &dyn Fn(&String) -> Option<T>,
    both: &dyn Fn(&T, &T) -> Option<String>,
    unknown: &mut Vec<String>,
) -> Option<Vec<String>> {
    if one.is_empty() || other.is_empty() {
        return Some([one, other].concat());
    }
    let all = |list: &[String]| list.iter().map(read).collect::<Option<Vec<T>>>();
    let (Some(first), Some(second)) = (all(one), all(other)) else {
        unknown.push(one.join(","));
        return Some(other.to_vec());
    };
    let met = first.iter().flat_map(|a| second.iter().filter_map(move |b| both(a, b)));
    let met: Vec<String> = met.collect();
    (!met.is_empty()).then_some(met)
}

#[expect(clippy::ptr_arg, reason = "the form that `meet` asks for")]
fn prefix(text: &String) -> Option<IpNet> {
    text.parse().or_else(|_| text.parse::<std::net::IpAddr>().map(IpNet::from)).ok()
}

/// The inner one.
fn narrower(one: &IpNet, other: &IpNet) -> Option<String> {
    if one.contains(other) {
        Some(other.trunc().to_string())
    } else {
        other.contains(one).then(|| one.trunc().to_string())
    }
}

#[expect(clippy::ptr_arg, reason = "the form that `meet` asks for")]
fn ports(text: &String) -> Option<(u16, u16)> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    Some((first.parse().ok()?, last.parse().ok()?))
}

fn overlap(one: &(u16, u16), other: &(u16, u16)) -> Option<String> {
    let (first, last) = (one.0.max(other.0), one.1.min(other.1));
    match first.cmp(&last) {
        std::cmp::Ordering::Less => Some(format!("{first}-{last}")),
        std::cmp::Ordering::Equal => Some(first.to_string()),
        std::cmp::Ordering::Greater => None,
    }
}
