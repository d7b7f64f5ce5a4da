//! PAN-OS configurations in `set` form: interfaces, zones, addresses, services and security rules.
//!
//! Understood: `deviceconfig system hostname`, `network interface … ip`, `zone … network layer3`, `address` (ip-netmask,
//! ip-range), `address-group` (static), `service` (tcp, udp), `service-group`, `rulebase security rules` in the order of
//! the text. Inside a zone everything passes, between zones nothing that no rule allows. Of a rule with an application or
//! a name that cannot be told, an `allow` is taken without it and any other action is left out.

use std::collections::BTreeMap;

use super::device::{Book, Device, Line, Member, Port, prefix, range};
use super::set::{list, statements};
use super::{ImportError, Imported};
use crate::{Action, HostKind, Protocol};

const FORMAT: &str = "a configuration of PAN-OS in `set` form";

/// Reads one configuration.
///
/// # Errors
/// If the text has no `set` line.
pub fn paloalto(name: &str, text: &str) -> Result<Imported, ImportError> {
    let mut reader = Reader::default();
    statements(name, text, FORMAT, |line, words| reader.line(line, inner(words)))?;
    Ok(reader.finish().import(name))
}

/// Without the virtual system or template that a statement stands in.
fn inner<'w>(words: &'w [&'w str]) -> &'w [&'w str] {
    match words {
        ["vsys" | "device-group", _, rest @ ..] | ["shared", rest @ ..] | ["config", rest @ ..] => {
            inner(rest)
        }
        ["template", _, rest @ ..] | ["devices", _, rest @ ..] => inner(rest),
        all => all,
    }
}

#[derive(Default)]
struct Rule {
    line: usize,
    values: BTreeMap<String, Vec<String>>,
}

/// What else a rule may demand of a connection.
const RESTRICTING: [&str; 6] =
    ["application", "category", "destination-hip", "schedule", "source-hip", "source-user"];

#[derive(Default)]
struct Reader {
    name: String,
    ports: Vec<(String, String, usize)>,
    zones: BTreeMap<String, String>,
    rules: Vec<(String, Rule)>,
    addresses: Book<String>,
    services: Book<(Protocol, Vec<String>)>,
    others: BTreeMap<String, usize>,
}

impl Reader {
    fn line(&mut self, line: usize, words: &[&str]) {
        match words {
            ["deviceconfig", "system", "hostname", name] => self.name = (*name).to_owned(),
            ["network", "interface", _, name, "layer3", "units", unit, "ip", address] => {
                let _ = name;
                self.ports.push(((*unit).to_owned(), (*address).to_owned(), line));
            }
            ["network", "interface", _, name, "layer3", "ip", address] => {
                self.ports.push(((*name).to_owned(), (*address).to_owned(), line));
            }
            ["zone", zone, "network", "layer3", rest @ ..] => {
                for interface in list(rest) {
                    self.zones.insert(interface, (*zone).to_owned());
                }
            }
            ["address", name, "ip-netmask", address] => {
                self.addresses.declare(name);
                if let Some(net) = prefix(address) {
                    self.addresses.add(name, Member::Value(net));
                }
            }
            ["address", name, "ip-range", both] => {
                let nets = both.split_once('-').and_then(|(first, last)| range(first, last));
                nets.into_iter().flatten().for_each(|net| self.addresses.add(name, Member::Value(net)));
            }
            ["address-group", name, "static", rest @ ..] => {
                list(rest).into_iter().for_each(|member| self.addresses.add(name, Member::Named(member)));
            }
            ["service", name, "protocol", protocol @ ("tcp" | "udp"), "port", ports] => {
                let of = if *protocol == "tcp" { Protocol::Tcp } else { Protocol::Udp };
                let ports = ports.split(',').map(str::to_owned).collect();
                self.services.add(name, Member::Value((of, ports)));
            }
            ["service-group", name, "members", rest @ ..] => {
                list(rest).into_iter().for_each(|member| self.services.add(name, Member::Named(member)));
            }
            ["rulebase" | "pre-rulebase" | "post-rulebase", "security", "rules", name, key, rest @ ..] => {
                let at = self.rules.iter().position(|(n, _)| n == name).unwrap_or_else(|| {
                    self.rules.push(((*name).to_owned(), Rule { line, ..Rule::default() }));
                    self.rules.len() - 1
                });
                if let Some((_, rule)) = self.rules.get_mut(at) {
                    rule.values.entry((*key).to_owned()).or_default().extend(list(rest));
                }
            }
            _ => {
                let head: Vec<&str> = words.iter().take(2).copied().collect();
                self.others.entry(head.join(" ")).or_insert(line);
            }
        }
    }

    fn finish(self) -> Device {
        let mut device = Device::new(HostKind::Firewall, |_, _, _| Action::Deny);
        device.name.clone_from(&self.name);
        for (name, address, line) in &self.ports {
            let Ok(net) = address.parse::<ipnet::IpNet>() else {
                device.leave(
                    *line,
                    &format!("interface {name} {address}"),
                    "not a fixed address: state its network",
                );
                continue;
            };
            let zone = self.zones.get(name).cloned();
            let address = net.addr().to_string();
            device.ports.push(Port { name: name.clone(), address, prefix: net, zone, line: *line });
        }
        for (name, rule) in &self.rules {
            if rule.values.get("disabled").is_some_and(|v| v.iter().any(|v| v == "yes")) {
                continue;
            }
            let (line, unknown) = self.decide(rule);
            let action = line.action;
            if !unknown.is_empty() {
                let condition = unknown.join(" ");
                let why = match action {
                    Action::Allow => {
                        format!("taken without the condition `{condition}`: allows more than the device")
                    }
                    Action::Deny => {
                        format!("left out for the condition `{condition}`: allows more than the device")
                    }
                };
                device.leave(rule.line, &format!("rule {name}"), &why);
            }
            if unknown.is_empty() || action == Action::Allow {
                device.policies.push(line);
            }
        }
        for (what, line) in &self.others {
            device.leave(*line, what, "not part of the model");
        }
        device
    }

    fn decide(&self, rule: &Rule) -> (Line, Vec<String>) {
        let mut unknown = Vec::new();
        let values = |key: &str| rule.values.get(key).cloned().unwrap_or_default();
        let some = |key: &str| -> Vec<String> { values(key).into_iter().filter(|v| v != "any").collect() };
        let mut resolve = |key: &str| {
            let mut out = Vec::new();
            if values(&format!("negate-{key}")).iter().any(|v| v == "yes") {
                unknown.push(format!("not {}", some(key).join(" ")));
                return out;
            }
            for name in some(key) {
                match self
                    .addresses
                    .resolve(&name)
                    .filter(|l| !l.is_empty())
                    .or_else(|| Some(vec![prefix(&name)?]))
                {
                    Some(list) => out.extend(list),
                    None => unknown.push(name),
                }
            }
            out
        };
        let (sources, destinations) = (resolve("source"), resolve("destination"));
        let mut classes = Vec::new();
        for name in some("service").into_iter().filter(|name| name != "application-default") {
            let port = |port: &str| Some(vec![(Protocol::Tcp, vec![port.to_owned()])]);
            let known = match name.as_str() {
                "service-http" => port("80"),
                "service-https" => port("443"),
                _ => self.services.resolve(&name).filter(|l| !l.is_empty()),
            };
            match known {
                Some(list) => classes.extend(list),
                None => unknown.push(name),
            }
        }
        for key in RESTRICTING {
            unknown.extend(some(key).into_iter().map(|name| format!("{key} {name}")));
        }
        let allow = values("action").iter().any(|action| action == "allow");
        let line = Line {
            action: if allow { Action::Allow } else { Action::Deny },
            from_zones: some("from"),
            to_zones: some("to"),
            sources,
            destinations,
            classes,
            line: rule.line,
        };
        (line, unknown)
    }
}
