//! Which groups can open a connection to a given one.
//!
//! Backwards from the destination, over zones: which groups' connections would pass from there on. Most filters let
//! few groups in, so these sets are small, and a zone that leads nowhere is entered for its own groups only: the work
//! grows with what passes, not with the number of pairs.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::Endpoint;
use super::compile::Class;
use super::groups::Groups;
use crate::{Action, Direction, Document, Ports, Protocol};

struct Wall {
    ends: [usize; 2],
    default: Action,
    rules: Vec<Rule>,
}

struct Rule {
    action: Action,
    direction: Direction,
    from: Endpoint,
    to: Endpoint,
    protocol: Protocol,
    ports: Vec<Ports>,
}

impl Rule {
    fn speaks_of(&self, class: Class, way: Direction) -> bool {
        (self.direction == Direction::Both || way == Direction::Both || self.direction == way)
            && (self.protocol == Protocol::Any || self.protocol == class.protocol)
            && (self.ports.is_empty() || self.ports.iter().any(|ports| ports.contains(class.port)))
    }
}

/// Zones by number, and one node more: the middle of all zones that are nobody's inner one.
#[derive(Clone, Default)]
struct Node {
    /// Neighbours, each with the walls on the way.
    ways: BTreeMap<usize, Vec<usize>>,
    /// Walls inside of the zone.
    inside: Vec<usize>,
}

/// Filters between zones.
pub(super) struct Passage<'a> {
    groups: &'a Groups<'a>,
    walls: Vec<Wall>,
    nodes: Vec<Node>,
    /// By node: neighbours that lead on to others.
    leading: Vec<Vec<usize>>,
    zone_of: Vec<usize>,
}

impl<'a> Passage<'a> {
    pub(super) fn new(document: &Document, groups: &'a Groups<'a>) -> Self {
        let numbers: HashMap<&str, usize> =
            document.zones.keys().enumerate().map(|(number, id)| (id.as_str(), number)).collect();
        let number = |id: &str| numbers.get(id).copied();
        let walls: Vec<Wall> = document.filters.values().filter_map(|f| wall(f, &number)).collect();
        let nodes = nodes(&walls, numbers.len());
        let leads = |node: &&usize| nodes.get(**node).is_some_and(|node| node.ways.len() > 1);
        let leading = nodes.iter().map(|node| node.ways.keys().filter(leads).copied().collect()).collect();
        let zone_of = groups.list().iter().map(|g| number(g.zone).unwrap_or_default()).collect();
        Self { groups, walls, nodes, leading, zone_of }
    }

    /// Everything about connections to one group.
    pub(super) fn towards(&self, to: usize) -> Towards<'_> {
        Towards { passage: self, to, speaking: HashMap::new() }
    }
}

fn nodes(walls: &[Wall], zones: usize) -> Vec<Node> {
    let mut nodes = vec![Node::default(); zones + 1];
    for (index, wall) in walls.iter().enumerate() {
        let [outer, inner] = wall.ends;
        for (zone, other) in BTreeSet::from([(outer, inner), (inner, outer)]) {
            let Some(node) = nodes.get_mut(zone) else { continue };
            let walls = if zone == other { &mut node.inside } else { node.ways.entry(other).or_default() };
            walls.push(index);
        }
    }
    let inner: BTreeSet<usize> = walls.iter().map(|wall| wall.ends[1]).collect();
    for open in (0..zones).filter(|zone| !inner.contains(zone)) {
        for (node, other) in [(open, zones), (zones, open)] {
            if let Some(node) = nodes.get_mut(node) {
                node.ways.insert(other, Vec::new());
            }
        }
    }
    nodes
}

fn wall(filter: &crate::Filter, number: &dyn Fn(&str) -> Option<usize>) -> Option<Wall> {
    let [outer, inner] = &filter.between;
    let rules = filter.rules.iter().map(|rule| {
        Some(Rule {
            action: rule.action,
            direction: rule.direction,
            from: rule.from.parse().ok()?,
            to: rule.to.parse().ok()?,
            protocol: rule.protocol,
            ports: rule.ports.iter().map(|p| p.parse().ok()).collect::<Option<_>>()?,
        })
    });
    let rules = rules.collect::<Option<_>>()?;
    Some(Wall { ends: [number(outer)?, number(inner)?], default: filter.default, rules })
}

/// Groups that get through from somewhere.
#[derive(Clone, Debug)]
enum Reach {
    All,
    Some(BTreeSet<usize>),
}

impl Reach {
    /// Takes more in; what is new.
    fn add(&mut self, more: Reach) -> Option<Reach> {
        match (&mut *self, more) {
            (Self::All, _) => None,
            (_, Self::All) => {
                *self = Self::All;
                Some(Self::All)
            }
            (Self::Some(have), Self::Some(more)) => {
                let fresh: BTreeSet<usize> = more.into_iter().filter(|group| have.insert(*group)).collect();
                (!fresh.is_empty()).then_some(Self::Some(fresh))
            }
        }
    }

    fn has(&self, group: usize) -> bool {
        match self {
            Self::All => true,
            Self::Some(groups) => groups.contains(&group),
        }
    }
}

/// Connections to one group.
pub(super) struct Towards<'p> {
    passage: &'p Passage<'p>,
    to: usize,
    /// By wall: the rules whose destination is the group.
    speaking: HashMap<usize, Vec<&'p Rule>>,
}

impl<'p> Towards<'p> {
    /// Groups that reach what listens for the class, ascending.
    pub(super) fn openers(&mut self, class: Class) -> Vec<usize> {
        let passage = self.passage;
        let home = passage.zone_of.get(self.to).copied().unwrap_or_default();
        let mut reach = HashMap::from([(home, Reach::All)]);
        let mut work = vec![(home, Reach::All)];
        while let Some((here, groups)) = work.pop() {
            for other in passage.entered(here, &groups) {
                let walls = passage.nodes.get(here).and_then(|node| node.ways.get(&other));
                let passing = self.pass(walls.map_or(&[], Vec::as_slice), here, &groups, class);
                let known = reach.entry(other).or_insert_with(|| Reach::Some(BTreeSet::new()));
                work.extend(known.add(passing).map(|fresh| (other, fresh)));
            }
        }
        let inside = passage.nodes.get(home).map_or(&[][..], |node| node.inside.as_slice());
        let opens = |(group, zone): (usize, &usize)| {
            let reaches = if *zone == home {
                inside.iter().all(|wall| self.lets(*wall, Direction::Both, group, class))
            } else {
                reach.get(zone).is_some_and(|reach| reach.has(group))
            };
            reaches.then_some(group)
        };
        passage.zone_of.iter().enumerate().filter_map(opens).collect()
    }

    fn pass(&mut self, walls: &[usize], into: usize, groups: &Reach, class: Class) -> Reach {
        if walls.is_empty() {
            return groups.clone();
        }
        let candidates = match groups {
            Reach::Some(groups) => groups.clone(),
            Reach::All => walls
                .first()
                .map(|wall| self.candidates(*wall, self.way(*wall, into), class))
                .unwrap_or_default(),
        };
        let passes =
            |group: &usize| walls.iter().all(|wall| self.lets(*wall, self.way(*wall, into), *group, class));
        Reach::Some(candidates.into_iter().filter(passes).collect())
    }

    /// Which way a connection into a zone crosses a wall.
    fn way(&self, wall: usize, into: usize) -> Direction {
        let inner = self.passage.walls.get(wall).map(|wall| wall.ends[1]);
        if inner == Some(into) { Direction::In } else { Direction::Out }
    }

    /// Every group that the wall could let through.
    fn candidates(&mut self, wall: usize, way: Direction, class: Class) -> BTreeSet<usize> {
        let passage = self.passage;
        if passage.walls.get(wall).is_some_and(|wall| wall.default == Action::Allow) {
            return (0..passage.zone_of.len()).collect();
        }
        let allowing =
            self.speaking(wall).iter().filter(|r| r.action == Action::Allow && r.speaks_of(class, way));
        allowing.flat_map(|rule| passage.groups.matched_by(&rule.from)).collect()
    }

    fn lets(&mut self, wall: usize, way: Direction, group: usize, class: Class) -> bool {
        let groups = self.passage.groups;
        let default = self.passage.walls.get(wall).map_or(Action::Deny, |wall| wall.default);
        let mut rules = self.speaking(wall).iter();
        let first = rules.find(|rule| rule.speaks_of(class, way) && groups.matches(group, &rule.from));
        first.map_or(default, |rule| rule.action) == Action::Allow
    }

    fn speaking(&mut self, wall: usize) -> &[&'p Rule] {
        let (passage, to) = (self.passage, self.to);
        self.speaking.entry(wall).or_insert_with(|| {
            let rules = passage.walls.get(wall).map_or(&[][..], |wall| wall.rules.as_slice());
            rules.iter().filter(|rule| passage.groups.matches(to, &rule.to)).collect()
        })
    }
}

impl Passage<'_> {
    /// Neighbours worth entering with these groups.
    fn entered(&self, here: usize, groups: &Reach) -> Vec<usize> {
        let Some(node) = self.nodes.get(here) else { return Vec::new() };
        let Reach::Some(groups) = groups else { return node.ways.keys().copied().collect() };
        let leading = self.leading.get(here).map_or(&[][..], Vec::as_slice);
        if groups.len() >= node.ways.len() {
            return node.ways.keys().copied().collect();
        }
        let homes = groups.iter().filter_map(|group| self.zone_of.get(*group).copied());
        let own = homes.filter(|zone| node.ways.contains_key(zone));
        own.chain(leading.iter().copied()).collect::<BTreeSet<usize>>().into_iter().collect()
    }
}
