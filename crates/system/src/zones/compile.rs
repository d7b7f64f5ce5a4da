//! From filters and attachments to compiled zones and what passes between them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::IpAddr;

use ipnet::IpNet;

use super::Endpoint;
use crate::{Action, Document, Kind, Ports, Protocol, System};

/// A destination that filters tell apart: protocol and port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Class {
    /// TCP or UDP.
    pub protocol: Protocol,
    /// Destination port.
    pub port: u16,
}

impl std::fmt::Display for Class {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.protocol.name(), self.port)
    }
}

/// A set of attachments that every filter treats alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompiledZone {
    /// Zone id of the model, with `/HOST` behind it where a rule singles out that host (and those treated like it).
    pub name: String,
    /// Zone of the model.
    pub zone: String,
    /// Hosts attached here, sorted. Empty for a zone without hosts.
    pub hosts: BTreeSet<String>,
}

/// The result: zones, and which connections pass between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zones {
    /// Sorted by name.
    pub zones: Vec<CompiledZone>,
    /// `(from, to, class)` by index into `zones`, sorted: a connection opened in `from` reaches what listens for
    /// `class` in `to`. Only classes somebody listens for.
    pub allow: BTreeSet<(usize, usize, Class)>,
}

impl Zones {
    /// Indices of the compiled zones that host `id` is attached to.
    pub fn of_host<'a>(&'a self, id: &'a str) -> impl Iterator<Item = usize> + 'a {
        self.zones.iter().enumerate().filter(move |(_, z)| z.hosts.contains(id)).map(|(i, _)| i)
    }
}

/// One attachment: who, in which zone and network, with which address.
#[derive(Clone, Debug)]
struct Attachment<'a> {
    host: Option<&'a str>,
    zone: &'a str,
    network: Option<&'a str>,
    address: Option<IpAddr>,
    prefix: Option<IpNet>,
}

/// A filter with its rules parsed.
struct Compiled<'a> {
    between: [&'a str; 2],
    default: Action,
    rules: Vec<Rule>,
}

struct Rule {
    action: Action,
    from: Endpoint,
    to: Endpoint,
    protocol: Protocol,
    ports: Vec<Ports>,
}

/// Compiles a checked system. `classes` are the destinations of interest, per host: what listens there.
pub fn compile(system: &System, classes: &BTreeMap<String, BTreeSet<Class>>) -> Zones {
    let document = system.document();
    let filters: Vec<Compiled<'_>> = document.filters.values().filter_map(|f| parse(f)).collect();
    let ends: BTreeSet<&Endpoint> =
        filters.iter().flat_map(|f| &f.rules).flat_map(|r| [&r.from, &r.to]).collect();
    let ends: Vec<&Endpoint> = ends.into_iter().collect();
    let groups = group(&attachments(document), &ends);
    let named = name(&groups);
    let passage = Passage::new(document, &filters);
    let mut allow = BTreeSet::new();
    for (to, (_, (representative, hosts))) in groups.iter().enumerate() {
        let wanted: BTreeSet<Class> =
            hosts.iter().filter_map(|h| classes.get(*h)).flatten().copied().collect();
        for class in wanted {
            for (from, (_, (opener, _))) in groups.iter().enumerate() {
                if passage.passes(opener, representative, class) {
                    allow.insert((from, to, class));
                }
            }
        }
    }
    renumber(named, &allow)
}

type Groups<'a> = BTreeMap<(&'a str, Vec<bool>), (Attachment<'a>, BTreeSet<&'a str>)>;

/// Attachments by zone and by which rule ends match them.
fn group<'a>(attachments: &[Attachment<'a>], ends: &[&Endpoint]) -> Groups<'a> {
    let mut groups: Groups<'a> = BTreeMap::new();
    for attachment in attachments {
        let signature = ends.iter().map(|end| attachment.matches(end)).collect();
        let (_, hosts) = groups
            .entry((attachment.zone, signature))
            .or_insert_with(|| (attachment.clone(), BTreeSet::new()));
        hosts.extend(attachment.host);
    }
    groups
}

/// A zone's group that fewest rule ends single out carries the zone's name; others add their first host.
fn name(groups: &Groups<'_>) -> Vec<CompiledZone> {
    let mut plainest: BTreeMap<&str, usize> = BTreeMap::new();
    let matched = |signature: &[bool]| signature.iter().filter(|m| **m).count();
    for (zone, signature) in groups.keys() {
        let least = plainest.entry(zone).or_insert(usize::MAX);
        *least = matched(signature).min(*least);
    }
    let mut used = BTreeSet::new();
    let mut named = Vec::new();
    for ((zone, signature), (_, hosts)) in groups {
        let plain = plainest.get(zone) == Some(&matched(signature));
        let own = hosts.first().map_or_else(|| (*zone).to_owned(), |host| format!("{zone}/{host}"));
        let name = if plain && used.insert((*zone).to_owned()) { (*zone).to_owned() } else { own };
        used.insert(name.clone());
        named.push(CompiledZone {
            name,
            zone: (*zone).to_owned(),
            hosts: hosts.iter().map(|h| (*h).to_owned()).collect(),
        });
    }
    named
}

fn renumber(named: Vec<CompiledZone>, allow: &BTreeSet<(usize, usize, Class)>) -> Zones {
    let mut order: Vec<usize> = (0..named.len()).collect();
    order.sort_by_key(|&i| named.get(i).map(|z| z.name.clone()));
    let place: BTreeMap<usize, usize> = order.iter().enumerate().map(|(new, &old)| (old, new)).collect();
    let moved = |i: &usize| place.get(i).copied().unwrap_or_default();
    let mut zones = named;
    zones.sort_by(|a, b| a.name.cmp(&b.name));
    Zones { zones, allow: allow.iter().map(|(f, t, c)| (moved(f), moved(t), *c)).collect() }
}

fn parse(filter: &crate::Filter) -> Option<Compiled<'_>> {
    let [outer, inner] = &filter.between;
    let rules = filter.rules.iter().map(|rule| {
        Some(Rule {
            action: rule.action,
            from: rule.from.parse().ok()?,
            to: rule.to.parse().ok()?,
            protocol: rule.protocol,
            ports: rule.ports.iter().map(|p| p.parse().ok()).collect::<Option<_>>()?,
        })
    });
    let rules = rules.collect::<Option<_>>()?;
    Some(Compiled { between: [&outer.value, &inner.value], default: filter.default, rules })
}

/// Every attachment of every host, and for each zone one of nobody: attackers may sit in a zone without hosts.
fn attachments(document: &Document) -> Vec<Attachment<'_>> {
    let nobody = document.zones.keys().map(|zone| Attachment {
        host: None,
        zone,
        network: None,
        address: None,
        prefix: None,
    });
    let attached = document.hosts.iter().flat_map(|(host, entry)| {
        entry.interfaces.iter().filter_map(move |interface| {
            let network = document.networks.get(&interface.network.value)?;
            Some(Attachment {
                host: Some(host),
                zone: &network.zone.value,
                network: Some(&interface.network.value),
                address: interface.address.as_ref().and_then(|a| a.parse().ok()),
                prefix: network.cidr.as_ref().and_then(|c| c.parse().ok()),
            })
        })
    });
    nobody.chain(attached).collect()
}

impl Attachment<'_> {
    fn matches(&self, end: &Endpoint) -> bool {
        match end {
            Endpoint::Any => true,
            Endpoint::Of(reference) => match reference.kind {
                Kind::Zone => self.zone == reference.id,
                Kind::Network => self.network == Some(reference.id.as_str()),
                Kind::Host => self.host == Some(reference.id.as_str()),
                _ => false,
            },
            Endpoint::Prefix(prefix) => match (self.address, self.prefix) {
                (Some(address), _) => prefix.contains(&address),
                (None, Some(network)) => prefix.contains(&network),
                (None, None) => false,
            },
        }
    }
}

/// Which filters stand on the ways between zones.
struct Passage<'a> {
    zones: Vec<&'a str>,
    filters: &'a [Compiled<'a>],
    inner: BTreeSet<&'a str>,
}

impl<'a> Passage<'a> {
    fn new(document: &'a Document, filters: &'a [Compiled<'a>]) -> Self {
        let inner = filters.iter().map(|f| f.between[1]).collect();
        Self { zones: document.zones.keys().map(String::as_str).collect(), filters, inner }
    }

    /// Is there a way over zones on which every filter lets this connection pass?
    fn passes(&self, from: &Attachment<'_>, to: &Attachment<'_>, class: Class) -> bool {
        if from.zone == to.zone {
            return self.between(from.zone, to.zone).all(|f| f.allows(from, to, class));
        }
        let mut seen = BTreeSet::from([from.zone]);
        let mut queue = VecDeque::from([from.zone]);
        while let Some(here) = queue.pop_front() {
            for &next in &self.zones {
                if !seen.contains(next) && self.step(here, next, from, to, class) {
                    if next == to.zone {
                        return true;
                    }
                    seen.insert(next);
                    queue.push_back(next);
                }
            }
        }
        false
    }

    /// From one zone into another directly: through all filters between them, or, where none stands, if both are open.
    fn step(&self, here: &str, next: &str, from: &Attachment<'_>, to: &Attachment<'_>, class: Class) -> bool {
        let mut filters = self.between(here, next).peekable();
        if filters.peek().is_none() {
            return here != next && !self.inner.contains(here) && !self.inner.contains(next);
        }
        filters.all(|filter| filter.allows(from, to, class))
    }

    fn between(&self, a: &str, b: &str) -> impl Iterator<Item = &'a Compiled<'a>> {
        self.filters.iter().filter(move |f| f.between == [a, b] || f.between == [b, a])
    }
}

impl Compiled<'_> {
    fn allows(&self, from: &Attachment<'_>, to: &Attachment<'_>, class: Class) -> bool {
        let first = self.rules.iter().find(|rule| {
            (rule.protocol == Protocol::Any || rule.protocol == class.protocol)
                && (rule.ports.is_empty() || rule.ports.iter().any(|p| p.contains(class.port)))
                && from.matches(&rule.from)
                && to.matches(&rule.to)
        });
        first.map_or(self.default, |rule| rule.action) == Action::Allow
    }
}
