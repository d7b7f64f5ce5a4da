//! Which records speak of a component?
//!
//! A component is sought by its CPE names, its package URL, and, where it has neither, by its name. Each match says by
//! which name and range, and how sure that is. A version that a distribution may have repaired without changing its
//! upstream number gives [`Verdict::Unknown`], unless the distribution's own advisories decide. These also tell something of
//! upstream's own versions (`distributed`).

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use crate::snapshot::{Entry, PackageEntry, Tables};
use crate::{Exploitation, Severity, Snapshot, SnapshotError};

mod distributed;
mod evaluate;
mod java;
mod names;
mod packages;
mod platform;
pub(crate) mod upstream;

pub(crate) use names::{package_key, unnumbered};
pub use platform::Context;

/// Lists of products, and of packages, kept decoded.
const MAX_CACHED: usize = 4_096;

/// What is asked about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// Name of the component.
    pub name: String,
    /// Its version.
    pub version: Option<String>,
    /// Its package URL.
    pub purl: Option<String>,
    /// Its CPE names.
    pub cpes: Vec<String>,
}

/// Whether the component is affected, as far as its name and version tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// The version lies in an affected range.
    Affected,
    /// It cannot be decided; the match says why.
    Unknown,
}

/// How sure it is that the record speaks of this component.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// Something had to be guessed: one of several vendors, or an unstated platform.
    Possible,
    /// The name was derived by a rule.
    Probable,
    /// The record names the component as the component names itself.
    Exact,
}

/// A record that speaks of a component.
#[derive(Clone, Debug, PartialEq)]
pub struct Match {
    /// The vulnerability.
    pub id: String,
    /// Whether the component is affected.
    pub verdict: Verdict,
    /// How sure the names are.
    pub certainty: Certainty,
    /// The name in the record: a CPE, or `type/namespace/name` of a package.
    pub name: String,
    /// The affected range, such as `>= 2.0.1, < 2.15.0`.
    pub range: String,
    /// Who says so: an advisory's id, or `cpe`.
    pub source: String,
    /// In plain words.
    pub why: String,
    /// Platforms of which one must be there, if the configuration names some and the context does not settle it.
    pub platforms: Vec<String>,
    /// Score of the effective rating, 0.0–10.0.
    pub score: Option<f64>,
    /// Its vector.
    pub vector: String,
    /// Its severity.
    pub severity: Option<Severity>,
    /// EPSS probability.
    pub epss: Option<f32>,
    /// Whether it is in CISA's catalogue.
    pub kev: bool,
    /// What CISA says of exploits.
    pub exploitation: Option<Exploitation>,
}

/// A match before it is given the record's figures.
#[derive(Clone, Debug)]
struct Hit {
    record: u32,
    verdict: Verdict,
    certainty: Certainty,
    name: String,
    range: String,
    source: String,
    why: String,
    platforms: Vec<String>,
}

impl Hit {
    /// What decides between two hits of one record: surer and decided ones win.
    fn rank(&self) -> (bool, Certainty, bool) {
        (self.verdict == Verdict::Affected, self.certainty, self.platforms.is_empty())
    }
}

type Products = Rc<Vec<(String, Vec<Entry>)>>;

/// Finds matches in a snapshot; keeps what it decoded, so use one for many components.
pub struct Matcher<'a> {
    /// One state of the file for as long as the matcher lives.
    tables: Tables,
    snapshot: std::marker::PhantomData<&'a Snapshot>,
    cache: RefCell<HashMap<(String, Option<String>), Products>>,
    packages: RefCell<HashMap<String, Rc<Vec<PackageEntry>>>>,
}

impl<'a> Matcher<'a> {
    /// A matcher on a snapshot.
    ///
    /// # Errors
    /// If the snapshot cannot be read.
    pub fn new(snapshot: &'a Snapshot) -> Result<Self, SnapshotError> {
        Ok(Self {
            tables: snapshot.tables()?,
            snapshot: std::marker::PhantomData,
            cache: RefCell::default(),
            packages: RefCell::default(),
        })
    }

    /// Matches of one component. `context` is what else is known to be in the same device: it settles "running on".
    /// Sorted by id; one match a record.
    ///
    /// # Errors
    /// If the snapshot is damaged or cannot be read.
    pub fn matches(&self, query: &Query, context: &[Query]) -> Result<Vec<Match>, SnapshotError> {
        let around = Context::new(context.iter().chain([query]).flat_map(|q| &q.cpes));
        self.in_context(query, &around)
    }

    /// Matches of each component; all of them are context for each other.
    ///
    /// # Errors
    /// If the snapshot is damaged or cannot be read.
    pub fn match_all(&self, queries: &[Query]) -> Result<Vec<Vec<Match>>, SnapshotError> {
        let around = Context::new(queries.iter().flat_map(|q| &q.cpes));
        queries.iter().map(|query| self.in_context(query, &around)).collect()
    }

    /// Matches of one component in a device with these names.
    ///
    /// # Errors
    /// If the snapshot is damaged or cannot be read.
    pub fn in_context(&self, query: &Query, around: &Context) -> Result<Vec<Match>, SnapshotError> {
        let subject = names::Subject::new(query);
        let mut best: BTreeMap<u32, Hit> = BTreeMap::new();
        let mut keep = |hit: Hit| {
            let better = best.get(&hit.record).is_none_or(|known| known.rank() < hit.rank());
            if better {
                best.insert(hit.record, hit);
            }
        };
        let learned = self.tables.aliases(&subject.name)?;
        let mut spoken_of: BTreeSet<u32> = BTreeSet::new();
        for candidates in subject.candidates(&learned) {
            let mut known = false;
            // Of several products, the one that bears the package's own name decides where a record names it.
            let mut settled: BTreeSet<u32> = BTreeSet::new();
            for candidate in candidates {
                let found = self.products(&candidate.product, candidate.vendor.as_deref())?;
                known |= !found.is_empty();
                let vendors: Vec<&str> = found.iter().map(|(vendor, _)| vendor.as_str()).collect();
                let namesake = candidate.is_namesake(&subject.name);
                for (vendor, entries) in found.iter() {
                    let certainty = candidate.certainty_of(vendor, &vendors);
                    let named =
                        evaluate::Named { candidate: &candidate, vendor, certainty, subject: &subject };
                    for entries in entries.chunk_by(|a, b| a.record == b.record) {
                        let record = entries.first().map(|entry| entry.record);
                        spoken_of.extend(record);
                        if namesake {
                            settled.extend(record);
                        } else if record.is_some_and(|record| settled.contains(&record)) {
                            continue;
                        }
                        evaluate::record(entries, &named, around).into_iter().for_each(&mut keep);
                    }
                }
            }
            if known {
                break;
            }
        }
        for key in distributed::keys(&subject) {
            let entries = self.package(&key)?;
            distributed::judge(&entries, &subject, &spoken_of).into_iter().for_each(&mut keep);
        }
        // An advisory on the very package is worth more than a name in a list of products; of a binary package and its
        // source, one that is affected counts.
        let mut cleared = BTreeSet::new();
        let mut decided: BTreeMap<u32, Hit> = BTreeMap::new();
        for (key, version) in subject.packages() {
            let entries = self.package(&key)?;
            for decision in packages::decide(&entries, &subject, version.as_deref()) {
                match decision {
                    packages::Decision::Affected(hit) => {
                        decided.insert(hit.record, *hit);
                    }
                    packages::Decision::NotAffected(record) => {
                        cleared.insert(record);
                    }
                }
            }
        }
        best.retain(|record, _| !cleared.contains(record));
        best.extend(decided);
        best.into_values().map(|hit| self.finish(hit)).collect()
    }

    fn products(&self, product: &str, vendor: Option<&str>) -> Result<Products, SnapshotError> {
        let key = (product.to_owned(), vendor.map(str::to_owned));
        cached(&self.cache, key, || self.tables.product(product, vendor))
    }

    fn package(&self, key: &str) -> Result<Rc<Vec<PackageEntry>>, SnapshotError> {
        cached(&self.packages, key.to_owned(), || self.tables.package(key))
    }

    fn finish(&self, hit: Hit) -> Result<Match, SnapshotError> {
        let brief = self.tables.brief(hit.record)?;
        Ok(Match {
            id: brief.id,
            verdict: hit.verdict,
            certainty: hit.certainty,
            name: hit.name,
            range: hit.range,
            source: hit.source,
            why: hit.why,
            platforms: hit.platforms,
            score: brief.score,
            vector: brief.vector,
            severity: brief.score.map(Severity::of),
            epss: brief.epss,
            kev: brief.kev,
            exploitation: brief.exploitation,
        })
    }
}

/// What is kept decoded, or is now.
fn cached<K: Eq + std::hash::Hash, V>(
    cache: &RefCell<HashMap<K, Rc<V>>>,
    key: K,
    decode: impl FnOnce() -> Result<V, SnapshotError>,
) -> Result<Rc<V>, SnapshotError> {
    if let Some(known) = cache.borrow().get(&key) {
        return Ok(Rc::clone(known));
    }
    let found = Rc::new(decode()?);
    let mut cache = cache.borrow_mut();
    if cache.len() >= MAX_CACHED {
        cache.clear();
    }
    cache.insert(key, Rc::clone(&found));
    Ok(found)
}

impl From<&bom::Component> for Query {
    fn from(component: &bom::Component) -> Self {
        Self {
            name: component.name.clone(),
            version: component.version.clone(),
            purl: component.purl.clone(),
            cpes: component.cpes.clone(),
        }
    }
}
