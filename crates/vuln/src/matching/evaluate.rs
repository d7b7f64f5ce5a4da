//! Does an entry of a product's list hold for a component?

use std::cmp::Ordering;

use ident::Scheme;
use ident::cpe::{Attribute, Cpe, Part, Relation, Value};

use super::java;
use super::names::{Candidate, Subject};
use super::platform::{Context, Settled};
use super::{Certainty, Hit, Verdict};
use crate::Bound;
use crate::snapshot::{Entry, Short};

/// Attributes besides version and update that a name may restrict.
const OTHERS: [Attribute; 6] = [
    Attribute::Edition,
    Attribute::Language,
    Attribute::SoftwareEdition,
    Attribute::TargetSoftware,
    Attribute::TargetHardware,
    Attribute::Other,
];

/// A component under the name by which it was looked up.
pub(super) struct Named<'a> {
    pub(super) candidate: &'a Candidate,
    pub(super) vendor: &'a str,
    pub(super) certainty: Certainty,
    pub(super) subject: &'a Subject,
}

/// What all configurations of one record say.
pub(super) fn record(entries: &[Entry], named: &Named<'_>, around: &Context) -> Option<Hit> {
    let own = named.candidate.name(named.vendor);
    let version = own_version(&own).or_else(|| named.subject.version.clone());
    let order = if java::is_numbered_so(&named.candidate.product) { java::compare } else { usual };
    let judged = Judged { own: &own, version: version.as_deref(), named, order };
    let said = entries.iter().filter_map(|entry| judged.entry(entry, around));
    let said = said.reduce(|best, next| if best.rank() < next.rank() { next } else { best });
    said.or_else(|| judged.before_the_only_version(entries))
}

/// How two versions stand to each other.
type Order = fn(&str, &str) -> Ordering;

fn usual(a: &str, b: &str) -> Ordering {
    Scheme::Generic.compare(a, b)
}

struct Judged<'a> {
    own: &'a Cpe,
    version: Option<&'a str>,
    named: &'a Named<'a>,
    order: Order,
}

impl Judged<'_> {
    fn entry(&self, entry: &Entry, around: &Context) -> Option<Hit> {
        let found = entry
            .criteria
            .iter()
            .filter_map(|short| Some((short, criterion(short, self.own, self.version, self.order)?)));
        // One criterion that decides is worth more than others that leave it open.
        let (short, said) = found.min_by_key(|(_, said)| *said)?;
        let platforms = match around.settle(&entry.platforms) {
            Settled::Present => Vec::new(),
            Settled::Excluded => return None,
            Settled::Open(platforms) => platforms,
        };
        Some(hit(entry.record, short, said, self.version.map(str::to_owned), platforms, self.named))
    }

    /// A record that names one version of a product and no range tells where somebody found the flaw, not since when it
    /// is there: of versions before it nothing is known.
    fn before_the_only_version(&self, entries: &[Entry]) -> Option<Hit> {
        let [Entry { record, criteria, platforms }] = entries else { return None };
        let [short] = criteria.as_slice() else { return None };
        let unbounded = short.start.is_none() && short.end.is_none() && platforms.is_empty();
        let only = short.plain_version().filter(|_| unbounded)?;
        if (self.order)(self.version?, &only) != Ordering::Less {
            return None;
        }
        // Everything but the version must fit.
        criterion(short, self.own, Some(&only), self.order)?;
        Some(hit(*record, short, Said::Later, self.version.map(str::to_owned), Vec::new(), self.named))
    }
}

/// What a criterion says; the first is the strongest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Said {
    InRange,
    /// The record names no version.
    NoRange,
    /// The component has no version.
    NoVersion,
    /// The record names a later version only.
    Later,
}

fn criterion(short: &Short, own: &Cpe, version: Option<&str>, order: Order) -> Option<Said> {
    let bounded = short.start.is_some() || short.end.is_some();
    let outside = |version| !between(short.start.as_ref(), short.end.as_ref(), version, order);
    // Most criteria of a product are of other versions: no name need be read to pass over them.
    if bounded && version.is_some_and(outside) {
        return None;
    }
    let another = |stated: String| version.is_some_and(|version| order(&stated, version) != Ordering::Equal);
    if short.plain_version().is_some_and(another) {
        return None;
    }
    let wanted = short.cpe()?;
    let parts = wanted.part == own.part || wanted.part == Part::Any || own.part == Part::Any;
    let others = OTHERS
        .iter()
        .all(|at| wanted.attribute_relation(own, *at) != Relation::Disjoint || unstated(own, *at));
    if !parts || !others {
        return None;
    }
    let stated = match wanted.get(Attribute::Version) {
        Value::Any if bounded => None,
        Value::Any | Value::NotApplicable => return Some(Said::NoRange),
        Value::Text(_) => own_version(&wanted),
    };
    let Some(version) = version else { return Some(Said::NoVersion) };
    let inside = match stated {
        Some(stated) => same(&stated, &wanted, version, order),
        None => between(short.start.as_ref(), short.end.as_ref(), version, order),
    };
    inside.then_some(Said::InRange)
}

/// `-` in the component's name means "not stated" in practice.
fn unstated(own: &Cpe, attribute: Attribute) -> bool {
    *own.get(attribute) == Value::NotApplicable
}

/// Version and update as one text: `9.2` and `p1` are `9.2 p1`.
fn own_version(cpe: &Cpe) -> Option<String> {
    let version = cpe.get(Attribute::Version).text()?;
    match cpe.get(Attribute::Update).text() {
        Some(update) => Some(format!("{version} {update}")),
        None => Some(version.into_owned()),
    }
}

fn same(stated: &str, wanted: &Cpe, version: &str, order: Order) -> bool {
    if wanted.get(Attribute::Version).has_wildcards() {
        let own = Cpe::new(Part::Any).with(Attribute::Version, Value::literal(version));
        return wanted.attribute_relation(&own, Attribute::Version) == Relation::Superset;
    }
    order(stated, version) == Ordering::Equal
}

pub(super) fn within(start: Option<&Bound>, end: Option<&Bound>, version: &str) -> bool {
    between(start, end, version, usual)
}

fn between(start: Option<&Bound>, end: Option<&Bound>, version: &str, order: Order) -> bool {
    let order = |bound: &Bound| order(version, &bound.version);
    let above =
        start.is_none_or(|b| order(b) == Ordering::Greater || (b.inclusive && order(b) == Ordering::Equal));
    let below =
        end.is_none_or(|b| order(b) == Ordering::Less || (b.inclusive && order(b) == Ordering::Equal));
    above && below
}

fn hit(
    record: u32,
    short: &Short,
    said: Said,
    version: Option<String>,
    platforms: Vec<String>,
    named: &Named<'_>,
) -> Hit {
    let name = short.cpe().map(|cpe| {
        cpe.with(Attribute::Vendor, Value::literal(named.vendor))
            .with(Attribute::Product, Value::literal(&named.candidate.product))
            .to_string()
    });
    let back_ports = named.subject.is_distribution() && named.candidate.cpe.is_none();
    let mut certainty = named.certainty;
    if short.derived || matches!(said, Said::NoRange | Said::Later) || !platforms.is_empty() {
        certainty = certainty.min(Certainty::Possible);
    }
    let version = version.unwrap_or_default();
    let finding = match said {
        Said::InRange => format!("version `{version}` lies in the range"),
        Said::NoRange => "the record names no versions".to_owned(),
        Said::NoVersion => "the component's version is not known".to_owned(),
        Said::Later => {
            format!(
                "the record names a later version only, and does not say whether `{version}` has the flaw"
            )
        }
    };
    let caveat = if back_ports {
        "; its distribution may have repaired it without a new upstream version"
    } else {
        ""
    };
    let on = if platforms.is_empty() { "" } else { "; only on certain platforms" };
    Hit {
        record,
        verdict: match said {
            Said::NoVersion | Said::Later => Verdict::Unknown,
            Said::InRange | Said::NoRange if back_ports => Verdict::Unknown,
            Said::InRange | Said::NoRange => Verdict::Affected,
        },
        certainty,
        name: name.unwrap_or_default(),
        range: range(short),
        source: "cpe".to_owned(),
        why: format!("found {}; {finding}{caveat}{on}", named.candidate.how),
        platforms,
    }
}

fn range(short: &Short) -> String {
    let lower =
        short.start.as_ref().map(|b| format!("{} {}", if b.inclusive { ">=" } else { ">" }, b.version));
    let upper = short.end.as_ref().map(|b| format!("{} {}", if b.inclusive { "<=" } else { "<" }, b.version));
    let bounds: Vec<String> = [lower, upper].into_iter().flatten().collect();
    if !bounds.is_empty() {
        return bounds.join(", ");
    }
    short
        .cpe()
        .as_ref()
        .and_then(own_version)
        .map_or_else(|| "any".to_owned(), |version| format!("= {version}"))
}
