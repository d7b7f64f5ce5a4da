//! From a checked system to its compiled zones and what passes between them.

use std::collections::{BTreeMap, BTreeSet};

use super::groups::Groups;
use super::passage::Passage;
use crate::{Protocol, System};

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

/// Compiles a checked system. `classes` are the destinations of interest, per host: what listens there.
pub fn compile(system: &System, classes: &BTreeMap<String, BTreeSet<Class>>) -> Zones {
    let groups = Groups::new(system.document());
    let passage = Passage::new(system.document(), &groups);
    let mut allow = BTreeSet::new();
    for (to, group) in groups.list().iter().enumerate() {
        let wanted: BTreeSet<Class> =
            group.hosts.iter().filter_map(|h| classes.get(*h)).flatten().copied().collect();
        let mut towards = passage.towards(to);
        for class in wanted {
            allow.extend(towards.openers(class).into_iter().map(|from| (from, to, class)));
        }
    }
    renumber(name(&groups), &allow)
}

/// A zone's group that fewest rule ends single out carries the zone's name; others add their first host.
fn name(groups: &Groups<'_>) -> Vec<CompiledZone> {
    let mut plainest: BTreeMap<&str, usize> = BTreeMap::new();
    for group in groups.list() {
        let least = plainest.entry(group.zone).or_insert(usize::MAX);
        *least = group.singled_out().min(*least);
    }
    let mut used = BTreeSet::new();
    let mut named = Vec::new();
    for group in groups.list() {
        let plain = plainest.get(group.zone) == Some(&group.singled_out());
        let own = group
            .hosts
            .first()
            .map_or_else(|| group.zone.to_owned(), |host| format!("{}/{host}", group.zone));
        let name = if plain && used.insert(group.zone.to_owned()) { group.zone.to_owned() } else { own };
        used.insert(name.clone());
        named.push(CompiledZone {
            name,
            zone: group.zone.to_owned(),
            hosts: group.hosts.iter().map(|h| (*h).to_owned()).collect(),
        });
    }
    named
}

fn renumber(named: Vec<CompiledZone>, allow: &BTreeSet<(usize, usize, Class)>) -> Zones {
    let mut order: Vec<usize> = (0..named.len()).collect();
    order.sort_by_key(|&i| named.get(i).map(|z| z.name.clone()));
    let mut place = vec![0; named.len()];
    for (new, old) in order.into_iter().enumerate() {
        if let Some(slot) = place.get_mut(old) {
            *slot = new;
        }
    }
    let moved = |i: &usize| place.get(*i).copied().unwrap_or_default();
    let mut zones = named;
    zones.sort_by(|a, b| a.name.cmp(&b.name));
    Zones { zones, allow: allow.iter().map(|(f, t, c)| (moved(f), moved(t), *c)).collect() }
}
