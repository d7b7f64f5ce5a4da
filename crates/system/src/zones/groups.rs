//! Attachments that all rule ends treat alike.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;

use ipnet::IpNet;

use super::Endpoint;
use crate::{Document, Kind};

/// A set of attachments in one zone.
pub(super) struct Group<'a> {
    pub(super) zone: &'a str,
    /// Rule ends that match it, by number, among those that tell attachments of one zone apart.
    ends: Vec<usize>,
    pub(super) hosts: BTreeSet<&'a str>,
}

impl Group<'_> {
    pub(super) fn singled_out(&self) -> usize {
        self.ends.len()
    }
}

/// All groups, and which rule ends match them.
pub(super) struct Groups<'a> {
    list: Vec<Group<'a>>,
    by_zone: HashMap<&'a str, Vec<usize>>,
    by_end: HashMap<usize, Vec<usize>>,
    ends: Ends,
}

impl<'a> Groups<'a> {
    pub(super) fn new(document: &'a Document) -> Self {
        let ends = Ends::new(document);
        // Ordered as sets of matched ends: what matches less comes first.
        let mut groups: BTreeMap<(&str, Vec<Reverse<usize>>), BTreeSet<&str>> = BTreeMap::new();
        for attachment in attachments(document) {
            let matched = ends.of(&attachment).into_iter().map(Reverse).collect();
            groups.entry((attachment.zone, matched)).or_default().extend(attachment.host);
        }
        let group = |((zone, ends), hosts): ((&'a str, Vec<Reverse<usize>>), BTreeSet<&'a str>)| Group {
            zone,
            ends: ends.into_iter().map(|Reverse(end)| end).collect(),
            hosts,
        };
        let list: Vec<Group<'_>> = groups.into_iter().map(group).collect();
        let (mut by_zone, mut by_end) = (HashMap::new(), HashMap::new());
        for (number, group) in list.iter().enumerate() {
            by_zone.entry(group.zone).or_insert_with(Vec::new).push(number);
            group.ends.iter().for_each(|end| by_end.entry(*end).or_insert_with(Vec::new).push(number));
        }
        Self { list, by_zone, by_end, ends }
    }

    pub(super) fn list(&self) -> &[Group<'a>] {
        &self.list
    }

    /// The groups that a rule end matches.
    pub(super) fn matched_by(&self, end: &Endpoint) -> impl Iterator<Item = usize> + '_ {
        let found = match end {
            Endpoint::Any => None,
            Endpoint::Of(reference) if reference.kind == Kind::Zone => {
                Some(self.by_zone.get(reference.id.as_str()))
            }
            _ => Some(self.ends.numbers.get(end).and_then(|number| self.by_end.get(number))),
        };
        let all = found.is_none().then_some(0..self.list.len());
        all.into_iter().flatten().chain(found.flatten().into_iter().flatten().copied())
    }

    /// Whether a rule end matches a group.
    pub(super) fn matches(&self, group: usize, end: &Endpoint) -> bool {
        let Some(group) = self.list.get(group) else { return false };
        match end {
            Endpoint::Any => true,
            Endpoint::Of(reference) if reference.kind == Kind::Zone => group.zone == reference.id,
            _ => self.ends.numbers.get(end).is_some_and(|number| group.ends.binary_search(number).is_ok()),
        }
    }
}

/// One attachment: who, in which zone and network, with which address.
struct Attachment<'a> {
    host: Option<&'a str>,
    zone: &'a str,
    network: Option<&'a str>,
    address: Option<IpAddr>,
    prefix: Option<IpNet>,
}

/// Every attachment of every host, and for each zone one of nobody: attackers may sit in a zone without hosts.
fn attachments(document: &Document) -> impl Iterator<Item = Attachment<'_>> {
    let nobody = document.zones.keys().map(|zone| Attachment {
        host: None,
        zone,
        network: None,
        address: None,
        prefix: None,
    });
    let prefix = |network: &crate::Network| network.cidr.as_ref().and_then(|c| c.parse().ok());
    let prefixes: HashMap<&str, Option<IpNet>> =
        document.networks.iter().map(|(id, network)| (id.as_str(), prefix(network))).collect();
    let attached = document.hosts.iter().flat_map(move |(host, entry)| {
        let attachment = |interface: &'_ crate::Interface| {
            let (id, network) = document.networks.get_key_value(&interface.network.value)?;
            Some(Attachment {
                host: Some(host.as_str()),
                zone: network.zone.value.as_str(),
                network: Some(id.as_str()),
                address: interface.address.as_ref().and_then(|a| a.parse().ok()),
                prefix: prefixes.get(id.as_str()).copied().flatten(),
            })
        };
        entry.interfaces.iter().filter_map(attachment).collect::<Vec<_>>()
    });
    nobody.chain(attached)
}

/// Rule ends that tell attachments of one zone apart, for look-up.
#[derive(Default)]
struct Ends {
    numbers: BTreeMap<Endpoint, usize>,
    networks: HashMap<String, usize>,
    hosts: HashMap<String, usize>,
    /// Truncated prefixes.
    prefixes: HashMap<IpNet, usize>,
    /// Their lengths.
    lengths: BTreeSet<u8>,
}

impl Ends {
    fn new(document: &Document) -> Self {
        let rules = document.filters.values().flat_map(|filter| &filter.rules);
        let ends: BTreeSet<Endpoint> =
            rules.flat_map(|r| [&r.from, &r.to]).filter_map(|end| end.parse().ok()).collect();
        let mut out = Self::default();
        for (number, end) in ends.into_iter().enumerate() {
            match &end {
                Endpoint::Any => continue,
                Endpoint::Of(reference) => match reference.kind {
                    Kind::Network => drop(out.networks.insert(reference.id.clone(), number)),
                    Kind::Host => drop(out.hosts.insert(reference.id.clone(), number)),
                    _ => continue,
                },
                Endpoint::Prefix(prefix) => {
                    out.prefixes.insert(prefix.trunc(), number);
                    out.lengths.insert(prefix.prefix_len());
                }
            }
            out.numbers.insert(end, number);
        }
        out
    }

    /// Numbers of the ends that match, ascending.
    fn of(&self, attachment: &Attachment<'_>) -> Vec<usize> {
        let mut matched: Vec<usize> = Vec::new();
        matched.extend(attachment.network.and_then(|network| self.networks.get(network)));
        matched.extend(attachment.host.and_then(|host| self.hosts.get(host)));
        let own = attachment.address.map(IpNet::from).or(attachment.prefix);
        for length in self.lengths.iter().filter(|length| own.is_some_and(|own| **length <= own.prefix_len()))
        {
            let around = own.and_then(|own| IpNet::new(own.addr(), *length).ok());
            matched.extend(around.and_then(|prefix| self.prefixes.get(&prefix.trunc())));
        }
        matched.sort_unstable();
        matched
    }
}
