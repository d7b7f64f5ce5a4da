//! "Running on": what else a configuration wants, against what is known to be there.

use ident::cpe::{Attribute, Cpe, Part, Relation};

use crate::{Criterion, Node};

/// Most platforms named in one match.
const MAX_NAMED: usize = 5;

/// The names of everything in the same device: what settles whether something "running on" it holds.
pub struct Context {
    names: Vec<Cpe>,
}

/// What the context says of the platforms a configuration wants.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Settled {
    /// All are there, or none is wanted.
    Present,
    /// A name that excludes one is there: the configuration does not hold.
    Excluded,
    /// These are wanted and not known to be there.
    Open(Vec<String>),
}

impl Context {
    /// From CPE names; what is none counts nothing.
    pub fn new<'q>(cpes: impl IntoIterator<Item = &'q String>) -> Self {
        let mut names: Vec<Cpe> = cpes.into_iter().filter_map(|cpe| cpe.parse().ok()).collect();
        names.sort();
        names.dedup();
        Self { names }
    }

    pub(super) fn settle(&self, platforms: &[Node]) -> Settled {
        let mut open = Vec::new();
        for node in platforms {
            let holds = node.any_of.iter().any(|criterion| self.has(criterion));
            match (holds, node.negate) {
                (true, true) => return Settled::Excluded,
                (true, false) | (false, true) => {}
                (false, false) if self.excludes(node) => return Settled::Excluded,
                (false, false) => open.extend(node.any_of.iter().map(|c| c.cpe.clone()).take(MAX_NAMED)),
            }
        }
        if open.is_empty() { Settled::Present } else { Settled::Open(open) }
    }

    fn has(&self, criterion: &Criterion) -> bool {
        if self.names.is_empty() {
            return false;
        }
        let Ok(wanted) = criterion.cpe.parse::<Cpe>() else { return false };
        self.names.iter().any(|name| {
            let related =
                matches!(wanted.relation_to(name), Relation::Equal | Relation::Superset | Relation::Subset);
            related && in_range(criterion, name)
        })
    }

    /// The context names an operating system, and all that is wanted are other operating systems.
    fn excludes(&self, node: &Node) -> bool {
        let same_product = |a: &Cpe, b: &Cpe| {
            [Attribute::Vendor, Attribute::Product].iter().all(|at| a.get(*at) == b.get(*at))
        };
        let mut systems = self.names.iter().filter(|name| name.part == Part::OperatingSystem).peekable();
        if systems.peek().is_none() {
            return false;
        }
        let wanted: Vec<Cpe> = node.any_of.iter().filter_map(|c| c.cpe.parse().ok()).collect();
        !wanted.is_empty()
            && wanted.iter().all(|cpe| cpe.part == Part::OperatingSystem)
            && systems.all(|system| !wanted.iter().any(|cpe| same_product(cpe, system)))
    }
}

fn in_range(criterion: &Criterion, name: &Cpe) -> bool {
    match name.get(Attribute::Version).text() {
        Some(version) => super::evaluate::within(criterion.start.as_ref(), criterion.end.as_ref(), &version),
        None => true,
    }
}
