//! Cisco IOS and ASA configurations: interfaces, access lists, and on an ASA security levels and objects.
//!
//! Understood: `hostname`, `interface` (`ip address`, `ip access-group`, `nameif`, `security-level`, `shutdown`),
//! numbered and named access lists (standard, extended), `object`, `object-group` for networks, services, protocols,
//! `access-group`, `same-security-traffic permit inter-interface`. A group with a member that cannot be read may be
//! anything: it is a condition that the model does not have. A line for answers only (`established`) is left out,
//! since answers pass anyway. Of a line with a condition that the model does not have, a `permit` is taken without the
//! condition and a `deny` not at all. The default route tells which side is the outer one. Other routes and address
//! translation are not followed; every other block, and every other line of an interface, is listed.

mod access;
mod objects;

use std::collections::BTreeMap;

use access::{Parts, classes, open, protocol};
use objects::{is_other_protocol, is_remark, network_members, service_member, unreadable};

use super::device::{AccessList, Book, Device, Line, Member, Port, masked};
use super::{ImportError, Imported};
use crate::{Action, HostKind, Protocol};

/// Lines of an interface that say nothing of who reaches whom.
const SILENT: [&str; 6] = ["description", "duplex", "load-interval", "mtu", "no", "speed"];

const FORMAT: &str = "a configuration of Cisco IOS or ASA (`show running-config`)";

/// Reads one configuration.
///
/// # Errors
/// If the text has neither a `hostname` nor an `interface`.
pub fn cisco(name: &str, text: &str) -> Result<Imported, ImportError> {
    let mut reader = Reader::new(text);
    for (line, content) in (1..).zip(text.lines()) {
        reader.line(line, content);
    }
    if reader.device.name.is_empty() && reader.interfaces.is_empty() {
        let reason = "neither a `hostname` nor an `interface`".to_owned();
        return Err(ImportError { name: name.to_owned(), line: 1, reason, format: FORMAT });
    }
    Ok(reader.finish().import(name))
}

#[derive(Clone, Debug, Default)]
struct Entry {
    name: String,
    line: usize,
    address: Option<(String, String)>,
    nameif: Option<String>,
    level: i32,
    down: bool,
    /// List and whether it stands at the entrance.
    lists: Vec<(String, bool)>,
}

/// What the lines after a heading belong to.
enum Block {
    None,
    Interface,
    List(String),
    Network(String),
    Service(String, Option<Protocol>),
    Protocols(String),
    Ignored,
}

struct Reader<'t> {
    device: Device,
    block: Block,
    interfaces: Vec<Entry>,
    /// Words of each line, by list.
    lists: BTreeMap<String, Vec<(usize, Vec<&'t str>)>>,
    /// List, interface (`None`: all), entrance.
    groups: Vec<(String, Option<String>, bool)>,
    networks: Book<String>,
    services: Book<(Protocol, Vec<String>)>,
    protocols: Book<Protocol>,
    equal_levels: bool,
    asa: bool,
}

impl<'t> Reader<'t> {
    fn new(text: &str) -> Self {
        let asa = text.lines().any(|l| l.starts_with("ASA Version") || l.trim_start().starts_with("nameif "));
        let kind = if asa { HostKind::Firewall } else { HostKind::Router };
        Self {
            device: Device::new(kind, |_, _, _| Action::Deny),
            block: Block::None,
            interfaces: Vec::new(),
            lists: BTreeMap::new(),
            groups: Vec::new(),
            networks: Book::default(),
            services: Book::default(),
            protocols: Book::default(),
            equal_levels: false,
            asa,
        }
    }

    fn line(&mut self, line: usize, content: &'t str) {
        let words: Vec<&str> = content.split_whitespace().collect();
        if words.is_empty() || content.trim_start().starts_with('!') {
            return;
        }
        if content.starts_with([' ', '\t']) {
            self.inside(line, &words);
        } else {
            self.heading(line, content, &words);
        }
    }

    fn heading(&mut self, line: usize, content: &str, words: &[&'t str]) {
        self.block = Block::None;
        match words {
            ["hostname", name] => self.device.name = (*name).to_owned(),
            ["ip", "route", "0.0.0.0", "0.0.0.0", next, ..]
            | ["route", _, "0.0.0.0" | "0", "0.0.0.0" | "0", next, ..]
                if next.parse::<std::net::IpAddr>().is_ok() =>
            {
                self.device.gateway = self.device.gateway.or(next.parse().ok());
            }
            ["interface", name, rest @ ..] => {
                let name = std::iter::once(name).chain(rest).copied().collect::<Vec<_>>().join(" ");
                self.interfaces.push(Entry { name, line, ..Entry::default() });
                self.block = Block::Interface;
            }
            ["ip", "access-list", "standard" | "extended", name] => {
                self.lists.entry((*name).to_owned()).or_default();
                self.block = Block::List((*name).to_owned());
            }
            ["access-list", name, rest @ ..] => self.entry(name, line, rest),
            ["access-group", list, "in" | "out", "interface", nameif] => {
                let entering = words.get(2) == Some(&"in");
                self.groups.push(((*list).to_owned(), Some((*nameif).to_owned()), entering));
            }
            ["access-group", list, "global"] => self.groups.push(((*list).to_owned(), None, true)),
            ["same-security-traffic", "permit", "inter-interface"] => self.equal_levels = true,
            ["object" | "object-group", "network", name] => {
                self.networks.declare(name);
                self.block = Block::Network((*name).to_owned());
            }
            ["object" | "object-group", "service", name, rest @ ..] => {
                self.services.declare(name);
                let of = rest.first().and_then(|word| protocol(word));
                self.block = Block::Service((*name).to_owned(), of);
            }
            ["object-group", "protocol", name] => {
                self.protocols.declare(name);
                self.block = Block::Protocols((*name).to_owned());
            }
            ["end" | "exit" | "version" | "ASA", ..] => {}
            _ => {
                self.device.leave(line, content, "not part of the model");
                self.block = Block::Ignored;
            }
        }
    }

    fn entry(&mut self, name: &str, line: usize, words: &[&'t str]) {
        let words: Vec<&str> = match words {
            ["line", _, rest @ ..] => rest.to_vec(),
            all => all.to_vec(),
        };
        let words = match words.as_slice() {
            ["extended" | "standard", rest @ ..] => rest.to_vec(),
            ["remark", ..] => return,
            all => all.to_vec(),
        };
        self.lists.entry(name.to_owned()).or_default().push((line, words));
    }

    fn inside(&mut self, line: usize, words: &[&'t str]) {
        match &self.block {
            Block::Interface => self.interface(line, words),
            Block::List(name) => {
                let numbered = words.first().is_some_and(|w| w.parse::<u32>().is_ok());
                let words = words.get(usize::from(numbered)..).unwrap_or_default();
                self.entry(&name.clone(), line, words);
            }
            Block::Network(name) => {
                let name = name.clone();
                if let Some(members) = network_members(words) {
                    members.into_iter().for_each(|member| self.networks.add(&name, member));
                } else if !is_remark(words) {
                    self.networks.add(&name, unreadable());
                    self.device.leave(line, &words.join(" "), "not a fixed address: the group may be any");
                }
            }
            Block::Service(name, of) => {
                let (name, of) = (name.clone(), *of);
                match service_member(words, of) {
                    Some(member) => self.services.add(&name, member),
                    None if is_remark(words) => {}
                    None if is_other_protocol(words) => {
                        self.device.leave(line, &words.join(" "), "the model knows ports of TCP and UDP");
                    }
                    None => {
                        self.services.add(&name, unreadable());
                        self.device.leave(line, &words.join(" "), "not understood: the group may be any");
                    }
                }
            }
            Block::Protocols(name) => {
                let name = name.clone();
                match words {
                    ["protocol-object", word] => match protocol(word) {
                        Some(of) => self.protocols.add(&name, Member::Value(of)),
                        None => self.device.leave(line, &words.join(" "), "the model knows TCP and UDP"),
                    },
                    ["group-object", other] => self.protocols.add(&name, Member::Named((*other).to_owned())),
                    _ if is_remark(words) => {}
                    _ => {
                        self.protocols.add(&name, unreadable());
                        self.device.leave(line, &words.join(" "), "not understood: the group may be any");
                    }
                }
            }
            // The heading is listed.
            Block::Ignored => {}
            Block::None => self.device.leave(line, &words.join(" "), "not part of the model"),
        }
    }

    fn interface(&mut self, line: usize, words: &[&str]) {
        let Some(entry) = self.interfaces.last_mut() else { return };
        match words {
            ["ip", "address", address, mask, rest @ ..]
                if rest.first() != Some(&"secondary") && masked(address, mask).is_some() =>
            {
                entry.address = Some(((*address).to_owned(), (*mask).to_owned()));
            }
            ["ip", "address", ..] => {
                let why = "a further address, or none that is fixed: state its network by hand";
                self.device.leave(line, &words.join(" "), why);
            }
            ["ip", "access-group", list, end @ ("in" | "out")] => {
                entry.lists.push(((*list).to_owned(), *end == "in"));
            }
            ["nameif", name] => entry.nameif = Some((*name).to_owned()),
            ["security-level", level] => entry.level = level.parse().unwrap_or_default(),
            ["shutdown"] => entry.down = true,
            [word, ..] if SILENT.contains(word) => {}
            _ => self.device.leave(line, &words.join(" "), "not part of the model"),
        }
    }

    fn finish(mut self) -> Device {
        let interfaces = std::mem::take(&mut self.interfaces);
        for entry in interfaces.iter().filter(|entry| !entry.down) {
            let Some((address, mask)) = &entry.address else { continue };
            // A single address joins nobody.
            let Some(prefix) = masked(address, mask).filter(|p| p.prefix_len() < p.max_prefix_len()) else {
                continue;
            };
            self.device.ports.push(Port {
                name: entry.nameif.clone().unwrap_or_else(|| entry.name.clone()),
                address: address.clone(),
                prefix,
                zone: entry.nameif.clone(),
                line: entry.line,
            });
            for (list, entering) in &entry.lists {
                self.groups.push((list.clone(), Some(entry.name.clone()), *entering));
            }
        }
        if self.asa {
            self.levels(&interfaces);
        }
        for (list, interface, entering) in std::mem::take(&mut self.groups) {
            self.apply(&list, interface, entering);
        }
        self.device
    }

    /// Without an access list at the entrance, a connection passes to a lower level.
    fn levels(&mut self, interfaces: &[Entry]) {
        let named: Vec<(&String, i32)> =
            interfaces.iter().filter_map(|entry| Some((entry.nameif.as_ref()?, entry.level))).collect();
        // Of several with the lowest level none is the outer one.
        let lowest = named.iter().map(|(_, level)| *level).min();
        if let [(zone, _)] = named.iter().filter(|(_, level)| Some(*level) == lowest).collect::<Vec<_>>()[..]
        {
            self.device.least_trusted = Some((*zone).clone());
        }
        let guarded = |name: &str| {
            self.groups.iter().any(|(_, interface, entering)| {
                *entering && interface.as_deref().is_none_or(|interface| interface == name)
            })
        };
        for (from, level) in &named {
            let lower = named.iter().filter(|(to, other)| {
                to != from && (other < level || other == level && self.equal_levels) || guarded(from)
            });
            let to_zones: Vec<String> = lower.map(|(to, _)| (*to).clone()).filter(|to| to != *from).collect();
            if !to_zones.is_empty() {
                let from_zones = vec![(*from).clone()];
                let mut line = open(1);
                (line.from_zones, line.to_zones) = (from_zones, to_zones);
                self.device.policies.push(line);
            }
        }
    }

    fn apply(&mut self, list: &str, interface: Option<String>, entering: bool) {
        let Some(entries) = self.lists.get(list).cloned() else {
            self.device.leave(
                1,
                &format!("access list {list}"),
                "it is used, but not there: it stops nothing",
            );
            return;
        };
        let lines: Vec<Line> =
            entries.iter().filter_map(|(line, words)| self.decision(*line, words)).collect();
        let names: Vec<String> = match interface {
            Some(name) => vec![name],
            None => self.device.ports.iter().map(|port| port.name.clone()).collect(),
        };
        for interface in names {
            let list = AccessList { name: list.to_owned(), interface, entering, lines: lines.clone() };
            self.device.lists.push(list);
        }
    }

    /// `None` for what is left out.
    fn decision(&mut self, line: usize, words: &[&str]) -> Option<Line> {
        let action = match words.first() {
            Some(&"permit") => Action::Allow,
            Some(&"deny") => Action::Deny,
            _ => {
                self.device.leave(line, &words.join(" "), "neither a `permit` nor a `deny`");
                return None;
            }
        };
        let mut parts =
            Parts { words: words.get(1..).unwrap_or_default(), reader: self, unknown: Vec::new() };
        let mut decision = open(line);
        decision.action = action;
        let standard = parts
            .words
            .first()
            .is_some_and(|word| ["any", "host"].contains(word) || word.parse::<std::net::Ipv4Addr>().is_ok());
        if standard {
            decision.sources = parts.addresses();
        } else {
            let of = parts.protocol();
            decision.sources = parts.addresses();
            let from_ports = parts.ports();
            if from_ports.is_some() {
                parts.unknown.push("source port".to_owned());
            }
            decision.destinations = parts.addresses();
            let ports = parts.ports();
            decision.classes = classes(of, ports);
        }
        let (rest, mut unknown) = (parts.words.to_vec(), parts.unknown);
        if rest.contains(&"established") || rest.contains(&"inactive") {
            return None;
        }
        let harmless = ["log", "log-input", "disable", "informational", "interval"];
        unknown.extend(
            rest.iter()
                .filter(|w| !harmless.contains(w) && w.parse::<u32>().is_err())
                .map(|w| (*w).to_owned()),
        );
        if decision.classes.is_empty() && !standard {
            unknown.push("protocol".to_owned());
            // Of other protocols than TCP and UDP nothing listens in the model.
            self.device.leave(line, &words.join(" "), "left out: neither TCP nor UDP");
            return None;
        }
        if unknown.is_empty() {
            return Some(decision);
        }
        let condition = unknown.join(" ");
        let why = match action {
            Action::Allow => {
                format!("taken without the condition `{condition}`: allows more than the device")
            }
            Action::Deny => format!("left out for the condition `{condition}`: allows more than the device"),
        };
        self.device.leave(line, &words.join(" "), &why);
        (action == Action::Allow).then_some(decision)
    }
}
