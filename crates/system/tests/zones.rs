//! Compiled zones against a plain evaluation of every packet.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use proptest::prelude::*;
use system::zones::{Class, compile};
use system::{Protocol, System, read};

/// A random network: zones in a row with filters between neighbours, some zones without any.
#[derive(Clone, Debug)]
struct Plant {
    zones: usize,
    hosts: Vec<(usize, u8)>,
    filters: Vec<Wall>,
}

#[derive(Clone, Debug)]
struct Wall {
    outer: usize,
    inner: usize,
    allow: bool,
    rules: Vec<Line>,
}

#[derive(Clone, Debug)]
struct Line {
    allow: bool,
    /// `Some(true)`: only into the inner zone, `Some(false)`: only out of it.
    inwards: Option<bool>,
    from: End,
    to: End,
    ports: Option<(u16, u16)>,
}

#[derive(Clone, Debug)]
enum End {
    Any,
    Zone(usize),
    Host(usize),
    Prefix(usize, u8),
}

const PORTS: [u16; 3] = [22, 80, 502];

fn any_end() -> impl Strategy<Value = End> {
    prop_oneof![
        Just(End::Any),
        (0..4usize).prop_map(End::Zone),
        (0..6usize).prop_map(End::Host),
        ((0..4usize), (0..64u8)).prop_map(|(z, last)| End::Prefix(z, last)),
    ]
}

fn any_line() -> impl Strategy<Value = Line> {
    let ports = prop::option::of((0..100u16, 0..600u16).prop_map(|(first, more)| (first, first + more)));
    (any::<bool>(), any::<Option<bool>>(), any_end(), any_end(), ports)
        .prop_map(|(allow, inwards, from, to, ports)| Line { allow, inwards, from, to, ports })
}

fn any_plant() -> impl Strategy<Value = Plant> {
    let wall = (0..4usize, 0..4usize, any::<bool>(), prop::collection::vec(any_line(), 0..5))
        .prop_map(|(outer, inner, allow, rules)| Wall { outer, inner, allow, rules });
    let hosts = prop::collection::vec((0..4usize, 1..64u8), 6);
    (hosts, prop::collection::vec(wall, 0..4)).prop_map(|(hosts, filters)| Plant { zones: 4, hosts, filters })
}

impl End {
    fn text(&self) -> String {
        match self {
            Self::Any => "any".to_owned(),
            Self::Zone(z) => format!("zone:z{z}"),
            Self::Host(h) => format!("host:h{h}"),
            Self::Prefix(z, last) => format!("10.0.{z}.{}/27", last & 0xe0),
        }
    }

    fn matches(&self, plant: &Plant, host: usize) -> bool {
        let (zone, last) = plant.hosts[host];
        match self {
            Self::Any => true,
            Self::Zone(z) => *z == zone,
            Self::Host(h) => *h == host,
            Self::Prefix(z, l) => *z == zone && l & 0xe0 == last & 0xe0,
        }
    }
}

impl Plant {
    fn text(&self) -> String {
        let mut text = String::from("schema: sukashi.system/1\nname: p\nzones: {");
        (0..self.zones).for_each(|z| write!(text, "z{z}: {{}}, ").unwrap());
        text.push_str("}\nnetworks: {");
        (0..self.zones).for_each(|z| write!(text, "n{z}: {{zone: z{z}, cidr: 10.0.{z}.0/24}}, ").unwrap());
        text.push_str("}\nhosts:\n");
        for (h, (zone, last)) in self.hosts.iter().enumerate() {
            writeln!(text, "  h{h}: {{interfaces: [{{network: n{zone}, address: 10.0.{zone}.{last}}}]}}")
                .unwrap();
        }
        text.push_str("filters:\n  none: {between: [z0, z0], default: allow}\n");
        for (f, wall) in self.filters.iter().enumerate() {
            let word = |allow| if allow { "allow" } else { "deny" };
            let default = word(wall.allow);
            writeln!(
                text,
                "  f{f}:\n    between: [z{}, z{}]\n    default: {default}",
                wall.outer, wall.inner
            )
            .unwrap();
            text.push_str("    rules:\n      - {action: deny, to: any, ports: [\"1\"]}\n");
            for line in &wall.rules {
                let ports = line.ports.map_or(String::new(), |(a, b)| format!(", ports: [\"{a}-{b}\"]"));
                let (from, to) = (line.from.text(), line.to.text());
                let action = word(line.allow);
                let direction = match line.inwards {
                    None => "",
                    Some(true) => "direction: in, ",
                    Some(false) => "direction: out, ",
                };
                writeln!(
                    text,
                    "      - {{action: {action}, {direction}from: \"{from}\", to: \"{to}\"{ports}}}"
                )
                .unwrap();
            }
        }
        text
    }

    /// The plain evaluation: one packet, all simple ways over zones, every filter on them.
    fn passes(&self, from: usize, to: usize, port: u16) -> bool {
        let (start, end) = (self.hosts[from].0, self.hosts[to].0);
        if start == end {
            return self.walls(start, end).all(|w| self.lets(w, None, from, to, port));
        }
        let mut stack = vec![vec![start]];
        while let Some(way) = stack.pop() {
            let here = *way.last().unwrap();
            if here == end {
                return true;
            }
            for next in (0..self.zones).filter(|n| !way.contains(n)) {
                let walled = self.walls(here, next).count() > 0;
                let inner = |zone| (zone == 0) || self.filters.iter().any(|w| w.inner == zone);
                let open = if walled {
                    self.walls(here, next).all(|w| self.lets(w, Some(w.inner == next), from, to, port))
                } else {
                    !inner(here) && !inner(next)
                };
                if open {
                    stack.push([way.clone(), vec![next]].concat());
                }
            }
        }
        false
    }

    fn walls(&self, a: usize, b: usize) -> impl Iterator<Item = &Wall> {
        self.filters.iter().filter(move |w| (w.outer, w.inner) == (a, b) || (w.outer, w.inner) == (b, a))
    }

    fn lets(&self, wall: &Wall, inwards: Option<bool>, from: usize, to: usize, port: u16) -> bool {
        let hit = wall.rules.iter().find(|l| {
            (l.inwards.is_none() || inwards.is_none() || l.inwards == inwards)
                && l.ports.is_none_or(|(a, b)| (a..=b).contains(&port))
                && l.from.matches(self, from)
                && l.to.matches(self, to)
        });
        hit.map_or(wall.allow, |l| l.allow)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn compiled_zones_decide_every_packet_as_a_plain_evaluation_does(plant in any_plant()) {
        let document = read("plant", &plant.text()).unwrap();
        let system = System::new(&[("plant".to_owned(), document)]).unwrap();
        let class = |port| Class { protocol: Protocol::Tcp, port };
        let wanted: BTreeSet<Class> = PORTS.map(class).into();
        let hosts: BTreeMap<String, _> = (0..6).map(|h| (format!("h{h}"), wanted.clone())).collect();
        let zones = compile(&system, &hosts);
        for from in 0..6 {
            for to in 0..6 {
                for port in PORTS {
                    let (f, t) = (format!("h{from}"), format!("h{to}"));
                    let (f, t) = (zones.of_host(&f).next().unwrap(), zones.of_host(&t).next().unwrap());
                    prop_assert_eq!(
                        zones.allow.contains(&(f, t, class(port))), plant.passes(from, to, port), "{} {} {}", from, to, port
                    );
                }
            }
        }
    }
}
