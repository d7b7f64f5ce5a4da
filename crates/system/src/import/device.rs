//! What configurations of routers and firewalls have in common, and how it becomes networks and filters.
//!
//! Every interface with an address stands in a network named after its prefix. A device that knows zones has one zone
//! for each of them; of any other, each network is a zone of its own, so that documents of two routers meet in the
//! networks they share. Between any two zones of a device stands a filter, enforced by it.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;

use super::{Ignored, Imported, id, ignored, located};
use crate::{
    Action, Direction, Document, Filter, FilterRule, Host, HostKind, Interface, Network, Protocol, Zone,
};

/// Most lines that the filters of one device may have: lists of addresses and ports multiply.
const MAX_LINES: usize = 200_000;

/// An interface with an address.
#[derive(Clone, Debug)]
pub(super) struct Port {
    pub(super) name: String,
    pub(super) address: String,
    pub(super) prefix: IpNet,
    /// Zone of the device it belongs to; `None` if the device does not know zones.
    pub(super) zone: Option<String>,
    pub(super) line: usize,
}

/// One decision, first match wins. Empty lists mean anything.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) action: Action,
    pub(super) from_zones: Vec<String>,
    pub(super) to_zones: Vec<String>,
    pub(super) sources: Vec<String>,
    pub(super) destinations: Vec<String>,
    /// Protocol and ports.
    pub(super) classes: Vec<(Protocol, Vec<String>)>,
    pub(super) line: usize,
}

/// A list of decisions on what enters or leaves an interface; what no line names is denied.
#[derive(Clone, Debug)]
pub(super) struct AccessList {
    pub(super) name: String,
    /// Name of the interface.
    pub(super) interface: String,
    pub(super) entering: bool,
    pub(super) lines: Vec<Line>,
}

/// What passes between two zones where no line decides.
pub(super) type Otherwise = fn(&Device, &str, &str) -> Action;

pub(super) struct Device {
    pub(super) name: String,
    pub(super) kind: HostKind,
    pub(super) ports: Vec<Port>,
    /// Between zones, in order.
    pub(super) policies: Vec<Line>,
    pub(super) lists: Vec<AccessList>,
    pub(super) default: Otherwise,
    /// Next hop of the default route: its side is the outer one of all filters.
    pub(super) gateway: Option<std::net::IpAddr>,
    /// Zone that the configuration trusts least: the outer side where there is no default route.
    pub(super) least_trusted: Option<String>,
    pub(super) ignored: Vec<Ignored>,
}

impl Device {
    pub(super) fn new(kind: HostKind, default: Otherwise) -> Self {
        let (name, ports, policies) = (String::new(), Vec::new(), Vec::new());
        Self {
            name,
            kind,
            ports,
            policies,
            lists: Vec::new(),
            default,
            gateway: None,
            least_trusted: None,
            ignored: Vec::new(),
        }
    }

    pub(super) fn leave(&mut self, line: usize, what: &str, why: &str) {
        self.ignored.push(ignored(line, what, why));
    }

    pub(super) fn import(mut self, file: &str) -> Imported {
        let host =
            if self.name.is_empty() { id(file.split('.').next().unwrap_or(file)) } else { id(&self.name) };
        let mut document = Document::default();
        let mut interfaces = Vec::new();
        for port in &self.ports {
            let (network, zone) = (network_id(&port.prefix), self.zone_id(port));
            document.zones.entry(zone.clone()).or_insert_with(|| located(Zone::default(), port.line));
            let entry = Network {
                zone: located(zone, port.line),
                cidr: Some(located(port.prefix.trunc().to_string(), port.line)),
                wireless: false,
                place: None,
            };
            document.networks.entry(network.clone()).or_insert_with(|| located(entry, port.line));
            let address = Some(located(port.address.clone(), port.line));
            interfaces.push(Interface { network: located(network, port.line), address });
        }
        let entry = Host { kind: self.kind, interfaces, ..Host::default() };
        document.hosts.insert(host.clone(), located(entry, 1));
        self.filters(&host, &mut document);
        Imported { document, ignored: self.ignored }
    }

    fn zone_id(&self, port: &Port) -> String {
        port.zone.as_ref().map_or_else(|| network_id(&port.prefix), |zone| id(zone))
    }

    fn filters(&mut self, host: &str, document: &mut Document) {
        let zones: Vec<String> = self.ports.iter().map(|port| self.zone_id(port)).collect();
        let mut zones: Vec<String> = zones.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
        // Only the first zone is nobody's inner one, and so open to zones that other documents leave open.
        let outside =
            self.gateway.and_then(|next| self.ports.iter().find(|port| port.prefix.contains(&next)));
        let outside = outside.map(|port| self.zone_id(port));
        let outside = outside.or_else(|| self.least_trusted.as_ref().map(|zone| id(zone)));
        zones.sort_by_key(|zone| Some(zone) != outside.as_ref());
        if let ([first, _, ..], None) = (zones.as_slice(), &outside) {
            let why = format!(
                "no default route tells it: `{first}` is taken for it, the other zones are entered only through this \
                 device; state a filter of their own where that is wrong"
            );
            self.leave(1, "outer side", &why);
        }
        let mut left = MAX_LINES;
        for (at, outer) in zones.iter().enumerate() {
            for inner in zones.iter().skip(at + 1) {
                for (name, default, rules) in self.between(outer, inner) {
                    let Some(rest) = left.checked_sub(rules.len()) else {
                        let what = format!("filter between {outer} and {inner}");
                        self.leave(
                            1,
                            &what,
                            "too many lines once lists are written out: it stops nothing here",
                        );
                        continue;
                    };
                    left = rest;
                    let ends = [located(outer.clone(), 1), located(inner.clone(), 1)];
                    let filter =
                        Filter { between: ends, default, rules, host: Some(located(host.to_owned(), 1)) };
                    let key = format!("{host}-{outer}-{inner}{name}");
                    document.filters.insert(id(&key), located(filter, 1));
                }
            }
        }
    }

    /// Name, default and rules of each filter between two zones: all have to let a connection pass.
    fn between(&self, outer: &str, inner: &str) -> Vec<(String, Action, Vec<FilterRule>)> {
        let mut filters = Vec::new();
        let ways = [(outer, inner, Direction::In), (inner, outer, Direction::Out)];
        let known =
            |zone: &str| self.ports.iter().any(|port| port.zone.is_some() && self.zone_id(port) == zone);
        if known(outer) || known(inner) {
            let mut rules = Vec::new();
            for line in &self.policies {
                for (from, to, direction) in ways {
                    let named = |zones: &[String], zone: &str| {
                        zones.is_empty() || zones.iter().any(|z| id(z) == zone)
                    };
                    if named(&line.from_zones, from) && named(&line.to_zones, to) {
                        rules.extend(expand(line, direction));
                    }
                }
            }
            for (from, to, direction) in ways {
                rules.push(everything((self.default)(self, from, to), direction));
            }
            filters.push((String::new(), Action::Deny, rules));
        }
        for list in &self.lists {
            let zone = self.ports.iter().find(|port| port.name == list.interface).map(|p| self.zone_id(p));
            let side = ways
                .iter()
                .find(|(from, to, _)| zone.as_deref() == Some(if list.entering { *from } else { *to }));
            let Some((_, _, direction)) = side else { continue };
            let back = if *direction == Direction::In { Direction::Out } else { Direction::In };
            let mut rules = vec![everything(Action::Allow, back)];
            rules.extend(list.lines.iter().flat_map(|line| expand(line, *direction)));
            let end = if list.entering { "in" } else { "out" };
            filters.push((format!("-{}-{end}-{}", list.name, list.interface), Action::Deny, rules));
        }
        if filters.is_empty() {
            filters.push((String::new(), Action::Allow, Vec::new()));
        }
        filters
    }
}

/// `10.0.1.0/24` as `net-10.0.1.0-24`.
fn network_id(prefix: &IpNet) -> String {
    format!("net-{}", id(&prefix.trunc().to_string()))
}

fn everything(action: Action, direction: Direction) -> FilterRule {
    let any = || located("any".to_owned(), 1);
    FilterRule { action, direction, from: any(), to: any(), protocol: Protocol::Any, ports: Vec::new() }
}

/// One rule for each source, destination and protocol.
fn expand(line: &Line, direction: Direction) -> Vec<FilterRule> {
    let any = || vec!["any".to_owned()];
    let list = |names: &[String]| if names.is_empty() { any() } else { names.to_vec() };
    let every = vec![(Protocol::Any, Vec::new())];
    let classes = if line.classes.is_empty() { &every } else { &line.classes };
    let mut rules = Vec::new();
    for from in list(&line.sources) {
        for to in list(&line.destinations) {
            for (protocol, ports) in classes {
                rules.push(FilterRule {
                    action: line.action,
                    direction,
                    from: located(from.clone(), line.line),
                    to: located(to.clone(), line.line),
                    protocol: *protocol,
                    ports: ports.iter().map(|port| located(port.clone(), line.line)).collect(),
                });
                if rules.len() > MAX_LINES {
                    return rules;
                }
            }
        }
    }
    rules
}

/// Named lists that may name each other: members by name. Unknown names and circles give nothing.
#[derive(Default)]
pub(super) struct Book<T> {
    entries: BTreeMap<String, Vec<Member<T>>>,
}

pub(super) enum Member<T> {
    Value(T),
    Named(String),
}

impl<T: Clone> Book<T> {
    pub(super) fn add(&mut self, name: &str, member: Member<T>) {
        self.entries.entry(name.to_owned()).or_default().push(member);
    }

    /// Known even if nothing is in it.
    pub(super) fn declare(&mut self, name: &str) {
        self.entries.entry(name.to_owned()).or_default();
    }

    /// All values under a name; `None` if it, or a name in it, is unknown.
    pub(super) fn resolve(&self, name: &str) -> Option<Vec<T>> {
        let (mut values, mut seen) = (Vec::new(), BTreeSet::new());
        let mut work = vec![name];
        while let Some(name) = work.pop() {
            if !seen.insert(name) {
                continue;
            }
            for member in self.entries.get(name)? {
                match member {
                    Member::Value(value) => values.push(value.clone()),
                    Member::Named(other) => work.push(other),
                }
            }
        }
        Some(values)
    }
}

/// An address with a network mask (`255.255.255.0`) as a prefix; `None` if the mask has gaps.
pub(super) fn masked(address: &str, mask: &str) -> Option<IpNet> {
    IpNet::with_netmask(address.parse().ok()?, mask.parse().ok()?).ok()
}

/// An address with a wildcard (`0.0.0.255`) as a prefix; `None` if it has gaps.
pub(super) fn wildcard(address: &str, wildcard: &str) -> Option<IpNet> {
    let bits: u32 = wildcard.parse::<std::net::Ipv4Addr>().ok()?.into();
    masked(address, &std::net::Ipv4Addr::from(!bits).to_string())
}

/// An address, or a prefix, as the model writes it.
pub(super) fn prefix(text: &str) -> Option<String> {
    let net = text.parse::<IpNet>().or_else(|_| text.parse().map(|a: std::net::IpAddr| IpNet::from(a)));
    net.ok().map(|net| net.trunc().to_string())
}

/// A range of addresses as prefixes.
pub(super) fn range(first: &str, last: &str) -> Option<Vec<String>> {
    let subnets = ipnet::Ipv4Subnets::new(first.parse().ok()?, last.parse().ok()?, 0);
    Some(subnets.map(|net| net.to_string()).collect())
}

/// Ports by the names that configurations use. Source: IANA service name registry.
const NAMED: &[(&str, u16)] = &[
    ("bgp", 179),
    ("bootpc", 68),
    ("bootps", 67),
    ("cifs", 3020),
    ("citrix-ica", 1494),
    ("domain", 53),
    ("ftp", 21),
    ("ftp-data", 20),
    ("h323", 1720),
    ("http", 80),
    ("https", 443),
    ("imap", 143),
    ("imap4", 143),
    ("isakmp", 500),
    ("kerberos", 750),
    ("klogin", 543),
    ("ldap", 389),
    ("ldaps", 636),
    ("lpd", 515),
    ("netbios-dgm", 138),
    ("netbios-ns", 137),
    ("netbios-ssn", 139),
    ("nfs", 2049),
    ("nntp", 119),
    ("non500-isakmp", 4500),
    ("ntp", 123),
    ("pop3", 110),
    ("radius", 1645),
    ("rip", 520),
    ("sip", 5060),
    ("smtp", 25),
    ("snmp", 161),
    ("snmptrap", 162),
    ("sqlnet", 1521),
    ("ssh", 22),
    ("sunrpc", 111),
    ("syslog", 514),
    ("tacacs", 49),
    ("telnet", 23),
    ("tftp", 69),
    ("www", 80),
];

/// A port by figure or name.
pub(super) fn port(text: &str) -> Option<u16> {
    text.parse().ok().or_else(|| {
        let at = NAMED.binary_search_by_key(&text, |(name, _)| name).ok()?;
        NAMED.get(at).map(|(_, port)| *port)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_ports_are_sorted() {
        assert!(NAMED.windows(2).all(|w| w[0].0 < w[1].0));
        assert_eq!([port("www"), port("8080"), port("nope")], [Some(80), Some(8080), None]);
    }

    #[test]
    fn masks_with_gaps_are_no_prefixes() {
        assert_eq!(
            masked("10.0.1.7", "255.255.255.0").map(|n| n.trunc().to_string()).as_deref(),
            Some("10.0.1.0/24")
        );
        assert_eq!(wildcard("10.0.1.7", "0.0.0.255").map(|n| n.prefix_len()), Some(24));
        assert_eq!(wildcard("10.0.1.7", "0.0.255.0"), None);
        assert_eq!(range("10.0.0.0", "10.0.0.4").unwrap(), ["10.0.0.0/30", "10.0.0.4/32"]);
    }

    #[test]
    fn names_that_name_each_other_end() {
        let mut book = Book::default();
        book.add("a", Member::Named("b".to_owned()));
        book.add("b", Member::Named("a".to_owned()));
        book.add("b", Member::Value(1));
        assert_eq!(book.resolve("a"), Some(vec![1]));
        assert_eq!(book.resolve("c"), None);
    }
}
