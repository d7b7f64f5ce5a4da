//! The network as boxes in boxes, with the ways of the attack over it.

use std::collections::BTreeMap;

use layout::svg::{Caption, Sheet, document};
use layout::{Drawing, Edge, Limits, Mark, Nest, NestBox, NodeText, Spacing, nested};

use super::Report;
use super::words::Word;

/// Hosts beyond which a zone shows only those that attacks touch, and how many others there are.
const CROWDED: usize = 12;

struct Map {
    nest: Nest,
    texts: Vec<NodeText>,
    marks: Vec<Mark>,
    /// Boxes by `kind:id`.
    places: BTreeMap<String, usize>,
}

/// An SVG document; `None` where the network is too big to draw.
pub(super) fn network(report: &Report<'_>) -> Option<String> {
    let mut map =
        Map { nest: Nest::default(), texts: Vec::new(), marks: Vec::new(), places: BTreeMap::new() };
    for (id, zone) in &report.document.zones {
        let holder =
            map.add(None, format!("zone:{id}"), vec![zone.title.clone().unwrap_or_else(|| id.clone())]);
        map.hosts(report, id, holder);
    }
    map.loose(report);
    map.ways(report);
    let picture = nested(&map.nest, &Spacing::default(), &Limits::default()).ok()?;
    let drawing = Drawing { picture, texts: map.texts, marks: map.marks };
    let caption = Caption {
        id: "network",
        title: &report.assessment.system.name,
        description: report.say(Word::PictureText),
    };
    Some(document(&drawing, &caption, Sheet::Outside))
}

impl Map {
    fn add(&mut self, holder: Option<usize>, place: String, lines: Vec<String>) -> usize {
        let text = NodeText { lines, ..NodeText::default() };
        self.nest.boxes.push(NestBox { holder, size: text.size() });
        self.texts.push(text);
        let index = self.texts.len() - 1;
        self.places.insert(place, index);
        index
    }

    fn hosts(&mut self, report: &Report<'_>, zone: &str, holder: usize) {
        let here = |host: &&String| report.zones_of(host).first() == Some(&zone);
        let hosts: Vec<&String> = report.document.hosts.keys().filter(here).collect();
        let crowded = hosts.len() > CROWDED;
        let mut left_out = 0;
        for host in hosts {
            if crowded && report.goals_through(host).is_empty() {
                left_out += 1;
                continue;
            }
            self.add(Some(holder), format!("host:{host}"), host_lines(report, host));
        }
        if left_out > 0 {
            let index = self.add(Some(holder), format!("rest:{zone}"), vec![format!("+ {left_out}")]);
            self.mark(index, Mark::Muted);
        }
    }

    /// Hosts without an attachment that attacks touch.
    fn loose(&mut self, report: &Report<'_>) {
        for host in report.document.hosts.keys() {
            if report.zones_of(host).is_empty() && !report.goals_through(host).is_empty() {
                self.add(None, format!("host:{host}"), host_lines(report, host));
            }
        }
    }

    fn mark(&mut self, index: usize, mark: Mark) {
        if let Some(text) = self.texts.get_mut(index) {
            text.mark = mark;
        }
    }

    /// The steps of each reached goal's first path, from place to place.
    fn ways(&mut self, report: &Report<'_>) {
        let mut drawn = BTreeMap::new();
        for path in report.reached().filter_map(|goal| goal.paths.first()) {
            let mut before: Option<usize> = None;
            for step in &path.steps {
                let place =
                    |name: &Option<String>| name.as_ref().and_then(|name| self.places.get(name)).copied();
                let (from, at) = (place(&step.from).or(before), place(&step.at));
                if let Some((from, at)) = from.zip(at).filter(|(from, at)| from != at) {
                    drawn.insert((from, at), Mark::Middle);
                }
                before = at.or(before);
            }
            if let Some(last) = before {
                self.mark(last, Mark::Last);
            }
        }
        for ((from, to), mark) in drawn {
            self.nest.edges.push(Edge { from, to });
            self.marks.push(mark);
            if self.texts.get(to).is_some_and(|text| text.mark == Mark::Plain) {
                self.mark(to, Mark::Middle);
            }
        }
    }
}

fn host_lines(report: &Report<'_>, host: &str) -> Vec<String> {
    let title = report.document.hosts.get(host).and_then(|entry| entry.title.clone());
    let mut lines = vec![host.to_owned()];
    lines.extend(title.filter(|title| title != host));
    lines
}
