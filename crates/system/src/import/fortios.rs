//! FortiOS configurations: interfaces, zones, addresses, services and firewall policies.
//!
//! Understood: `system global` (hostname), `system interface` (ip), `system zone`, `firewall address` (subnet, iprange),
//! `firewall addrgrp`, `firewall service custom` and `group`, `firewall policy` in the order of the text. An interface in
//! no zone is a zone of its own. An `accept` whose address or service cannot be told is taken for any, a `deny` is left
//! out. Other blocks are listed.

use std::collections::BTreeMap;

use super::device::{Book, Device, Line, Member, Port, masked, prefix, range};
use super::set::words;
use super::{ImportError, Imported};
use crate::{Action, HostKind, Protocol};

const FORMAT: &str = "a configuration of FortiOS (`show full-configuration`)";

/// Reads one configuration.
///
/// # Errors
/// If the text has no `config` block.
pub fn fortios(name: &str, text: &str) -> Result<Imported, ImportError> {
    let mut reader = Reader::default();
    for (line, content) in (1..).zip(text.lines()) {
        reader.line(line, content);
    }
    if !reader.begun {
        let reason = "no `config` block".to_owned();
        return Err(ImportError { name: name.to_owned(), line: 1, reason, format: FORMAT });
    }
    Ok(reader.finish().import(name))
}

/// One `edit`, or the settings of a block without any.
#[derive(Default)]
struct Entry {
    name: String,
    line: usize,
    values: BTreeMap<String, Vec<String>>,
}

impl Entry {
    fn all(&self, key: &str) -> &[String] {
        self.values.get(key).map_or(&[], Vec::as_slice)
    }

    fn one(&self, key: &str) -> Option<&str> {
        self.all(key).first().map(String::as_str)
    }
}

const KNOWN: &[&str] = &[
    "firewall address",
    "firewall addrgrp",
    "firewall policy",
    "firewall service custom",
    "firewall service group",
    "system global",
    "system interface",
    "system zone",
];

#[derive(Default)]
struct Reader {
    begun: bool,
    /// Blocks around the line.
    path: Vec<String>,
    entries: BTreeMap<String, Vec<Entry>>,
    ignored: Vec<(usize, String, &'static str)>,
}

impl Reader {
    fn line(&mut self, line: usize, content: &str) {
        let words = words(content);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words.as_slice() {
            [] => {}
            [first, ..] if first.starts_with('#') => {}
            ["config", block @ ..] => {
                self.begun = true;
                let block = block.join(" ");
                let within = self.path.iter().map(String::as_str);
                let full = within.chain([block.as_str()]).collect::<Vec<_>>().join(" / ");
                let known = match self.path.as_slice() {
                    [] => KNOWN.contains(&block.as_str()),
                    // What is inside of a block that is not read goes with it.
                    [outer] => !KNOWN.contains(&outer.as_str()),
                    _ => true,
                };
                if !known {
                    self.ignored.push((line, format!("config {full}"), "not part of the model"));
                }
                self.path.push(block.clone());
                if self.path.len() == 1 && block == "system global" {
                    self.entries.entry(block).or_default().push(Entry { line, ..Entry::default() });
                }
            }
            ["end"] => drop(self.path.pop()),
            ["next"] => {}
            ["edit", name, ..] if self.path.len() == 1 => {
                let entry = Entry { name: (*name).to_owned(), line, ..Entry::default() };
                self.block().push(entry);
            }
            [verb @ ("set" | "append"), key, values @ ..] if self.path.len() == 1 => {
                let values = values.iter().map(|v| (*v).to_owned());
                if let Some(entry) = self.block().last_mut() {
                    let have = entry.values.entry((*key).to_owned()).or_default();
                    if *verb == "set" {
                        have.clear();
                    }
                    have.extend(values);
                }
            }
            ["delete" | "clone" | "rename" | "move", ..] if self.path.len() == 1 => {
                let known = self.path.first().is_some_and(|p| KNOWN.contains(&p.as_str()));
                if known {
                    let why = "changes of earlier entries are not followed";
                    self.ignored.push((line, words.join(" "), why));
                }
            }
            _ => {}
        }
    }

    fn block(&mut self) -> &mut Vec<Entry> {
        self.entries.entry(self.path.first().cloned().unwrap_or_default()).or_default()
    }

    fn of(&self, block: &str) -> &[Entry] {
        self.entries.get(block).map_or(&[], Vec::as_slice)
    }

    fn finish(self) -> Device {
        let mut device = Device::new(HostKind::Firewall, |_, _, _| Action::Deny);
        device.name =
            self.of("system global").first().and_then(|e| e.one("hostname")).unwrap_or("").to_owned();
        let mut zones: BTreeMap<&str, &str> = BTreeMap::new();
        for zone in self.of("system zone") {
            zones.extend(zone.all("interface").iter().map(|i| (i.as_str(), zone.name.as_str())));
        }
        for entry in self.of("system interface").iter().filter(|e| e.one("status") != Some("down")) {
            let Some((address, net)) = address(entry.all("ip")) else {
                if let Some(mode @ ("dhcp" | "pppoe")) = entry.one("mode") {
                    let what = format!("interface {}", entry.name);
                    device.leave(
                        entry.line,
                        &what,
                        &format!("its address comes by `{mode}`: state its network"),
                    );
                }
                continue;
            };
            let zone = zones.get(entry.name.as_str()).copied().unwrap_or(&entry.name);
            let (name, zone, line) = (entry.name.clone(), Some(zone.to_owned()), entry.line);
            device.ports.push(Port { name, address, prefix: net, zone, line });
        }
        let (addresses, services) = (self.addresses(), self.services());
        for entry in self.of("firewall policy").iter().filter(|e| e.one("status") != Some("disable")) {
            let (line, condition) = policy(entry, &addresses, &services);
            match condition {
                None => device.policies.push(line),
                Some(condition) if line.action == Action::Allow => {
                    let why =
                        format!("taken without the condition `{condition}`: allows more than the device");
                    device.leave(entry.line, &format!("policy {}", entry.name), &why);
                    device.policies.push(line);
                }
                Some(condition) => {
                    let why =
                        format!("left out for the condition `{condition}`: allows more than the device");
                    device.leave(entry.line, &format!("policy {}", entry.name), &why);
                }
            }
        }
        for (line, what, why) in self.ignored {
            device.leave(line, &what, why);
        }
        device
    }

    fn addresses(&self) -> Book<String> {
        let mut book = Book::default();
        book.declare("all");
        for entry in self.of("firewall address") {
            let subnet = address(entry.all("subnet")).map(|(_, net)| vec![net.trunc().to_string()]);
            let between = entry.one("start-ip").zip(entry.one("end-ip")).and_then(|(a, b)| range(a, b));
            for net in subnet.or(between).into_iter().flatten() {
                book.add(&entry.name, Member::Value(net));
            }
        }
        for entry in self.of("firewall addrgrp") {
            entry.all("member").iter().for_each(|m| book.add(&entry.name, Member::Named(m.clone())));
        }
        book
    }

    fn services(&self) -> Book<(Protocol, Vec<String>)> {
        let mut book = Book::default();
        for (name, protocol, port) in PREDEFINED {
            book.add(name, Member::Value((*protocol, port.iter().map(ToString::to_string).collect())));
        }
        for entry in self.of("firewall service custom") {
            for (key, protocol) in [("tcp-portrange", Protocol::Tcp), ("udp-portrange", Protocol::Udp)] {
                // `destination:source`.
                let ports = entry.all(key).iter().filter_map(|p| p.split(':').next().map(str::to_owned));
                let ports: Vec<String> = ports.collect();
                if !ports.is_empty() {
                    book.add(&entry.name, Member::Value((protocol, ports)));
                }
            }
            if entry.one("protocol") == Some("IP") {
                book.add(&entry.name, Member::Value((Protocol::Any, Vec::new())));
            }
        }
        for entry in self.of("firewall service group") {
            entry.all("member").iter().for_each(|m| book.add(&entry.name, Member::Named(m.clone())));
        }
        book
    }
}

/// Services that a new device knows, as far as they are TCP or UDP. Source: IANA service name registry.
const PREDEFINED: &[(&str, Protocol, Option<u16>)] = &[
    ("ALL", Protocol::Any, None),
    ("ALL_TCP", Protocol::Tcp, None),
    ("ALL_UDP", Protocol::Udp, None),
    ("DNS", Protocol::Udp, Some(53)),
    ("FTP", Protocol::Tcp, Some(21)),
    ("HTTP", Protocol::Tcp, Some(80)),
    ("HTTPS", Protocol::Tcp, Some(443)),
    ("IMAP", Protocol::Tcp, Some(143)),
    ("LDAP", Protocol::Tcp, Some(389)),
    ("NTP", Protocol::Udp, Some(123)),
    ("POP3", Protocol::Tcp, Some(110)),
    ("RDP", Protocol::Tcp, Some(3389)),
    ("SMB", Protocol::Tcp, Some(445)),
    ("SMTP", Protocol::Tcp, Some(25)),
    ("SNMP", Protocol::Udp, Some(161)),
    ("SSH", Protocol::Tcp, Some(22)),
    ("SYSLOG", Protocol::Udp, Some(514)),
    ("TELNET", Protocol::Tcp, Some(23)),
];

/// What else a policy may demand of a connection.
const RESTRICTING: &[&str] =
    &["fsso-groups", "groups", "internet-service", "internet-service-src", "schedule", "users"];

/// A protocol and ports.
type Class = (Protocol, Vec<String>);

/// The policy as a line, and what of it could not be told.
fn policy(
    entry: &Entry,
    addresses: &Book<String>,
    services: &Book<(Protocol, Vec<String>)>,
) -> (Line, Option<String>) {
    let restricts = |key: &&&str| entry.one(key).is_some_and(|v| !["always", "disable"].contains(&v));
    let mut unknown: Vec<String> =
        RESTRICTING.iter().filter(restricts).map(|key| (*key).to_owned()).collect();
    let zones = |key: &str| {
        let names = entry.all(key);
        if names.iter().any(|n| n == "any") { Vec::new() } else { names.to_vec() }
    };
    let mut list = |key: &str| {
        let names = entry.all(key);
        if entry.one(&format!("{key}-negate")) == Some("enable") {
            unknown.push("not ".to_owned() + &names.join(" "));
            return Vec::new();
        }
        if names.iter().any(|n| n == "all") {
            return Vec::new();
        }
        let found: Option<Vec<Vec<String>>> = names.iter().map(|n| addresses.resolve(n)).collect();
        let found = found.filter(|lists| lists.iter().all(|list| !list.is_empty()));
        if found.is_none() {
            unknown.extend(names.iter().cloned());
        }
        found.unwrap_or_default().concat()
    };
    let (sources, destinations) = (list("srcaddr"), list("dstaddr"));
    let names = entry.all("service");
    let negated = entry.one("service-negate") == Some("enable");
    let found: Option<Vec<Vec<Class>>> = names.iter().map(|n| services.resolve(n)).collect();
    let found = found.filter(|_| !negated);
    if found.is_none() {
        unknown.extend(names.iter().map(|name| if negated { format!("not {name}") } else { name.clone() }));
    }
    let line = Line {
        action: if entry.one("action") == Some("accept") { Action::Allow } else { Action::Deny },
        from_zones: zones("srcintf"),
        to_zones: zones("dstintf"),
        sources,
        destinations,
        classes: found.unwrap_or_default().concat(),
        line: entry.line,
    };
    (line, (!unknown.is_empty()).then(|| unknown.join(" ")))
}

fn address(words: &[String]) -> Option<(String, ipnet::IpNet)> {
    match words {
        [address, mask] => Some((address.clone(), masked(address, mask)?)),
        [both] => {
            let net: ipnet::IpNet = both.parse().ok().or_else(|| prefix(both)?.parse().ok())?;
            Some((net.addr().to_string(), net))
        }
        _ => None,
    }
}
