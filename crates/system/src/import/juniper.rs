//! Junos configurations in `set` form: interfaces, security zones, policies between zones, firewall filters.
//!
//! Understood: `system host-name`, `interfaces … unit … family inet address`, `… filter input|output`, `security zones`,
//! `security policies` (from-zone to-zone, then global), address books with their sets, `applications`, and `firewall …
//! filter … term`. Of a term or policy with a match that the model does not have, an acceptance is taken without it and a
//! refusal is left out. Other statements are listed by their first two words.

use std::collections::BTreeMap;

use super::device::{AccessList, Book, Device, Line, Member, Port, port, prefix};
use super::set::{list, statements};
use super::{ImportError, Imported};
use crate::{Action, HostKind, Protocol};

const FORMAT: &str = "a configuration of Junos in `set` form (`show configuration | display set`)";

/// Reads one configuration.
///
/// # Errors
/// If the text has no `set` line.
pub fn juniper(name: &str, text: &str) -> Result<Imported, ImportError> {
    let mut reader = Reader::default();
    statements(name, text, FORMAT, |line, words| reader.line(line, words))?;
    Ok(reader.finish().import(name))
}

/// A policy or a term of a filter.
#[derive(Clone, Default)]
struct Rule {
    line: usize,
    from: Vec<String>,
    to: Vec<String>,
    sources: Vec<String>,
    destinations: Vec<String>,
    applications: Vec<String>,
    protocols: Vec<String>,
    ports: Vec<String>,
    action: Option<Action>,
    /// Changes what is done, without an end: the packet is accepted.
    modified: bool,
    /// What is named is what it is not for: it may be any.
    any_source: bool,
    any_destination: bool,
    unknown: Vec<String>,
}

#[derive(Default)]
struct Reader {
    name: String,
    ports: Vec<(String, String, usize)>,
    zones: BTreeMap<String, String>,
    /// In order of appearance: key, rule.
    policies: Vec<(String, Rule)>,
    global: Vec<(String, Rule)>,
    filters: BTreeMap<String, Vec<(String, Rule)>>,
    /// Filter, interface, entrance.
    uses: Vec<(String, String, bool)>,
    addresses: Book<String>,
    applications: Book<(Protocol, Vec<String>)>,
    /// Protocol of each application being read.
    of: BTreeMap<String, Protocol>,
    others: BTreeMap<String, usize>,
}

fn rule(rules: &mut Vec<(String, Rule)>, key: String, line: usize) -> &mut Rule {
    let at = rules.iter().position(|(k, _)| *k == key).unwrap_or_else(|| {
        rules.push((key, Rule { line, ..Rule::default() }));
        rules.len() - 1
    });
    // Just found or made.
    &mut rules.get_mut(at).unwrap_or_else(|| unreachable!()).1
}

impl Reader {
    fn line(&mut self, line: usize, words: &[&str]) {
        match words {
            ["system", "host-name", name] => self.name = (*name).to_owned(),
            ["interfaces", name, "unit", unit, "family", "inet" | "inet6", rest @ ..] => {
                let interface = format!("{name}.{unit}");
                match rest {
                    ["address", address, ..] => self.ports.push((interface, (*address).to_owned(), line)),
                    ["filter", end @ ("input" | "output" | "input-list" | "output-list"), filter] => {
                        self.uses.push(((*filter).to_owned(), interface, end.starts_with("input")));
                    }
                    _ => self.other(line, words),
                }
            }
            ["security", "zones", "security-zone", zone, "interfaces", interface, ..] => {
                let unit = if interface.contains('.') { "" } else { ".0" };
                self.zones.insert(format!("{interface}{unit}"), (*zone).to_owned());
            }
            ["security", "zones", "security-zone", _, "address-book", rest @ ..]
            | ["security", "address-book", _, rest @ ..] => self.book(rest),
            ["security", "policies", "from-zone", from, "to-zone", to, "policy", name, rest @ ..] => {
                let rule = rule(&mut self.policies, format!("{from} {to} {name}"), line);
                rule.from = vec![(*from).to_owned()];
                rule.to = vec![(*to).to_owned()];
                policy(rule, rest);
            }
            ["security", "policies", "global", "policy", name, rest @ ..] => {
                policy(rule(&mut self.global, (*name).to_owned(), line), rest);
            }
            ["applications", "application" | "application-set", name, rest @ ..] => {
                self.application(name, rest)
            }
            ["firewall", "family", "inet" | "inet6", "filter", filter, "term", term, rest @ ..]
            | ["firewall", "filter", filter, "term", term, rest @ ..] => {
                let rules = self.filters.entry((*filter).to_owned()).or_default();
                term_of(rule(rules, (*term).to_owned(), line), rest);
            }
            _ => self.other(line, words),
        }
    }

    fn other(&mut self, line: usize, words: &[&str]) {
        let head: Vec<&str> = words.iter().take(2).copied().collect();
        self.others.entry(head.join(" ")).or_insert(line);
    }

    fn book(&mut self, words: &[&str]) {
        match words {
            ["address", name, address] => {
                if let Some(net) = prefix(address) {
                    self.addresses.add(name, Member::Value(net));
                }
            }
            ["address-set", name, "address" | "address-set", member] => {
                self.addresses.add(name, Member::Named((*member).to_owned()));
            }
            _ => {}
        }
    }

    fn application(&mut self, name: &str, words: &[&str]) {
        match words {
            ["protocol", word] | ["term", _, "protocol", word] => {
                let of = match *word {
                    "tcp" => Some(Protocol::Tcp),
                    "udp" => Some(Protocol::Udp),
                    _ => None,
                };
                if let Some(of) = of {
                    self.of.insert(name.to_owned(), of);
                }
            }
            ["destination-port", ports] | ["term", _, "destination-port", ports] => {
                let of = self.of.get(name).copied().unwrap_or_default();
                if let Some(ports) = port_range(ports) {
                    self.applications.add(name, Member::Value((of, vec![ports])));
                }
            }
            ["application", member] => self.applications.add(name, Member::Named((*member).to_owned())),
            _ => {}
        }
    }

    fn finish(mut self) -> Device {
        let kind = if self.zones.is_empty() { HostKind::Router } else { HostKind::Firewall };
        let mut device = Device::new(kind, |_, _, _| Action::Deny);
        device.name = std::mem::take(&mut self.name);
        for (name, address, line) in &self.ports {
            let Ok(net) = address.parse::<ipnet::IpNet>() else {
                device.leave(*line, &format!("{name} {address}"), "not a fixed address: state its network");
                continue;
            };
            if net.prefix_len() < net.max_prefix_len() {
                let zone = self.zones.get(name).cloned();
                let address = net.addr().to_string();
                device.ports.push(Port { name: name.clone(), address, prefix: net, zone, line: *line });
            }
        }
        let policies = std::mem::take(&mut self.policies).into_iter().chain(std::mem::take(&mut self.global));
        for (name, rule) in policies {
            let line = self.decide(&mut device, &format!("policy {name}"), &rule);
            device.policies.extend(line);
        }
        for (filter, interface, entering) in std::mem::take(&mut self.uses) {
            let Some(terms) = self.filters.get(&filter).cloned() else {
                device.leave(1, &format!("filter {filter}"), "it is used, but not there: it stops nothing");
                continue;
            };
            let lines = terms.iter().filter_map(|(term, rule)| {
                self.decide(&mut device, &format!("filter {filter} term {term}"), rule)
            });
            let lines = lines.collect();
            device.lists.push(AccessList { name: filter, interface, entering, lines });
        }
        for (what, line) in std::mem::take(&mut self.others) {
            device.leave(line, &what, "not part of the model");
        }
        device
    }

    fn decide(&self, device: &mut Device, what: &str, rule: &Rule) -> Option<Line> {
        let mut unknown = rule.unknown.clone();
        let Some(action) = rule.action.or(rule.modified.then_some(Action::Allow)) else {
            device.leave(rule.line, what, "it neither lets through nor stops");
            return None;
        };
        let mut resolve = |names: &[String]| {
            let mut out = Vec::new();
            for name in names.iter().filter(|n| !["any", "any-ipv4", "any-ipv6"].contains(&n.as_str())) {
                match self
                    .addresses
                    .resolve(name)
                    .filter(|l| !l.is_empty())
                    .or_else(|| Some(vec![prefix(name)?]))
                {
                    Some(list) => out.extend(list),
                    None => unknown.push(name.clone()),
                }
            }
            out
        };
        let sources = if rule.any_source { Vec::new() } else { resolve(&rule.sources) };
        let destinations = if rule.any_destination { Vec::new() } else { resolve(&rule.destinations) };
        let mut classes = Vec::new();
        for name in rule.applications.iter().filter(|n| *n != "any") {
            match self.applications.resolve(name).or_else(|| predefined(name)) {
                Some(list) => classes.extend(list),
                None => unknown.push(name.clone()),
            }
        }
        for protocol in &rule.protocols {
            match protocol.as_str() {
                "tcp" => classes.push((Protocol::Tcp, rule.ports.clone())),
                "udp" => classes.push((Protocol::Udp, rule.ports.clone())),
                other => unknown.push(other.to_owned()),
            }
        }
        if rule.protocols.is_empty() && !rule.ports.is_empty() {
            classes.push((Protocol::Any, rule.ports.clone()));
        }
        let line = Line {
            action,
            from_zones: rule.from.clone(),
            to_zones: rule.to.clone(),
            sources,
            destinations,
            classes,
            line: rule.line,
        };
        if unknown.is_empty() {
            return Some(line);
        }
        let condition = unknown.join(" ");
        let why = match action {
            Action::Allow => {
                format!("taken without the condition `{condition}`: allows more than the device")
            }
            Action::Deny => format!("left out for the condition `{condition}`: allows more than the device"),
        };
        device.leave(rule.line, what, &why);
        (action == Action::Allow).then_some(line)
    }
}

fn policy(rule: &mut Rule, words: &[&str]) {
    match words {
        ["match", "source-address", rest @ ..] => rule.sources.extend(list(rest)),
        ["match", "destination-address", rest @ ..] => rule.destinations.extend(list(rest)),
        ["match", "application", rest @ ..] => rule.applications.extend(list(rest)),
        ["match", "from-zone", rest @ ..] => rule.from.extend(list(rest)),
        ["match", "to-zone", rest @ ..] => rule.to.extend(list(rest)),
        ["match", rest @ ..] => {
            rule.any_source |= rest.first() == Some(&"source-address-excluded");
            rule.any_destination |= rest.first() == Some(&"destination-address-excluded");
            rule.unknown.push(rest.join(" "));
        }
        ["then", "permit", ..] => rule.action = Some(Action::Allow),
        ["then", "deny" | "reject", ..] => rule.action = Some(Action::Deny),
        _ => {}
    }
}

fn term_of(rule: &mut Rule, words: &[&str]) {
    match words {
        ["from", end @ ("source-address" | "destination-address"), but, "except"] => {
            rule.any_source |= *end == "source-address";
            rule.any_destination |= *end == "destination-address";
            rule.unknown.push(format!("{end} {but} except"));
        }
        ["from", "source-address", rest @ ..] => rule.sources.extend(list(rest)),
        ["from", "destination-address", rest @ ..] => rule.destinations.extend(list(rest)),
        ["from", "protocol", rest @ ..] => rule.protocols.extend(list(rest)),
        ["from", "destination-port", rest @ ..] => {
            for word in list(rest) {
                match port_range(&word) {
                    Some(ports) => rule.ports.push(ports),
                    None => rule.unknown.push(word),
                }
            }
        }
        ["from", rest @ ..] => rule.unknown.push(rest.join(" ")),
        ["then", "accept"] => rule.action = Some(Action::Allow),
        ["then", "discard" | "reject", ..] => rule.action = Some(Action::Deny),
        // Source: Junos OS, "Firewall Filter Nonterminating Actions".
        ["then", "next", ..] => rule.unknown.push("next term".to_owned()),
        ["then", ..] => rule.modified = true,
        _ => {}
    }
}

fn port_range(text: &str) -> Option<String> {
    match text.split_once('-').filter(|(first, _)| first.parse::<u16>().is_ok()) {
        Some((first, last)) => {
            let (first, last): (u16, u16) = (first.parse().ok()?, last.parse().ok()?);
            (first <= last).then(|| format!("{first}-{last}"))
        }
        None => port(text).map(|p| p.to_string()),
    }
}

/// `junos-http` and the like, by the service's own name.
fn predefined(name: &str) -> Option<Vec<(Protocol, Vec<String>)>> {
    let service = name.strip_prefix("junos-")?;
    let (protocol, service) = match service {
        "dns-udp" => (Protocol::Udp, "domain"),
        "dns-tcp" => (Protocol::Tcp, "domain"),
        "ms-rdp" => return Some(vec![(Protocol::Tcp, vec!["3389".to_owned()])]),
        "smb" => return Some(vec![(Protocol::Tcp, vec!["139".to_owned(), "445".to_owned()])]),
        "ntp" | "syslog" | "tftp" | "radius" => (Protocol::Udp, service),
        "snmp-agentx" => return None,
        other => (Protocol::Tcp, other),
    };
    port(service).map(|port| vec![(protocol, vec![port.to_string()])])
}
