//! What those upstream say of the vulnerabilities of an installed release: VEX documents and advisories that they
//! registered about it.
//!
//! An advisory tells which versions are affected, so it is read as vulnerability data of its own. A VEX statement counts
//! for a component inside of the release, or for the release as a whole; where several speak of one component, `vuln`
//! decides. A vulnerability is dismissed where every component that has it is.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use assess::{KnownVulnerability, VulnerabilitySource as _};
use serde::Deserialize;
use serde::de::IgnoredAny;
use share::Installed;
use system::{Document, Software};
use tracing::warn;
use vuln::{ImportError, Product, Query, SnapshotError, Statement, Vex};

use crate::added::software_of;
use crate::assets::place;
use crate::known::{Known, query};
use crate::vulnerabilities::Vulnerabilities;
use crate::worker::WorkError;

/// Pairs of a component and a vulnerability that are tried because a document calls something affected.
const MAX_TRIED: usize = 2_000_000;

/// A document, and whose word it is.
#[derive(Clone, Debug)]
pub(crate) struct Spoken {
    pub(crate) by: String,
    pub(crate) text: String,
}

/// What tells advisories from other documents.
#[derive(Default, Deserialize)]
struct Head {
    document: Option<IgnoredAny>,
    id: Option<IgnoredAny>,
    modified: Option<IgnoredAny>,
}

/// What kind of document it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Tells which versions are affected, and may speak of single products as VEX does.
    Csaf,
    /// Tells which versions are affected.
    Osv,
    Vex,
}

impl Spoken {
    fn kind(&self) -> Kind {
        match serde_json::from_str(&self.text).unwrap_or_default() {
            Head { document: Some(_), .. } => Kind::Csaf,
            Head { id: Some(_), modified: Some(_), .. } => Kind::Osv,
            _ => Kind::Vex,
        }
    }

    /// A statement as the word of whoever registered it. Advisories may name products in all versions and tell in words
    /// which ones they mean: of their names only those with versions are believed.
    fn own(&self, statement: Statement, is_advisory: bool) -> Statement {
        let mut own = Statement { source: self.by.clone(), ..statement };
        own.products.retain(|product| !is_advisory || has_version(product));
        own
    }
}

fn has_version(product: &Product) -> bool {
    match product {
        Product::Release(_) | Product::Cpe(_) | Product::Versions { .. } => true,
        Product::Part { part, .. } => has_version(part),
        Product::Package(_) | Product::AnyCpe(_) => false,
    }
}

/// What is registered about one installed release.
#[derive(Clone, Debug, Default)]
pub(crate) struct Evidence {
    pub(crate) words: Vec<Spoken>,
    /// The bill of materials; only where somebody speaks of vulnerabilities.
    pub(crate) sbom: Option<String>,
}

/// What follows for a piece of software of the model on the host of the release.
#[derive(Debug, Default)]
pub(crate) struct Said {
    /// Vulnerabilities that it has by somebody's word.
    pub(crate) affected: BTreeMap<String, KnownVulnerability>,
    /// Vulnerabilities that are none there by somebody's word.
    pub(crate) dismissed: Vec<serde_json::Value>,
}

/// Documents as they are asked.
struct Words {
    vex: Vex,
    /// Vulnerabilities that a statement calls affected.
    affected: BTreeSet<String>,
    advisories: Option<(Vulnerabilities, tempfile::TempDir)>,
}

impl Words {
    fn read(evidence: &Evidence) -> Result<Self, WorkError> {
        let mut statements = Vec::new();
        for spoken in evidence.words.iter().filter(|spoken| spoken.kind() != Kind::Osv) {
            let is_advisory = spoken.kind() == Kind::Csaf;
            match vuln::read_vex(spoken.text.as_bytes()) {
                Ok(read) => statements.extend(read.into_iter().map(|s| spoken.own(s, is_advisory))),
                Err(error) => warn!(by = spoken.by, %error, "a word on vulnerabilities does not read"),
            }
        }
        let affected = statements.iter().filter(|s| s.status == vuln::VexStatus::Affected);
        let affected = affected.filter_map(|s| s.vulnerabilities.first().cloned()).collect();
        let advisories = advisories(&evidence.words)?;
        Ok(Self { vex: Vex::new(statements), affected, advisories })
    }

    /// The word on a component of the release, or on the release as a whole.
    fn on(&self, component: &Query, subject: &Query, names: &[&str]) -> Option<&Statement> {
        let own = self.vex.applied(component, Some(subject), names);
        own.or_else(|| self.vex.applied(subject, None, names)).map(|applied| applied.statement)
    }
}

/// The advisories among the documents as vulnerability data.
fn advisories(words: &[Spoken]) -> Result<Option<(Vulnerabilities, tempfile::TempDir)>, WorkError> {
    let texts: Vec<&Spoken> = words.iter().filter(|spoken| spoken.kind() != Kind::Vex).collect();
    if texts.is_empty() {
        return Ok(None);
    }
    let folder = tempfile::tempdir().map_err(WorkError::Folder)?;
    let mut feeds: Vec<PathBuf> = Vec::new();
    for (number, spoken) in texts.iter().enumerate() {
        let path = folder.path().join(format!("{number}.json"));
        std::fs::write(&path, &spoken.text).map_err(WorkError::Folder)?;
        feeds.push(path);
    }
    let snapshot = folder.path().join("advisories");
    while let Err(error) = vuln::build(&feeds, &snapshot, &mut |_| {}) {
        // What one of them is does not keep the others from counting.
        let ImportError::Unknown { path } = &error else { return Err(WorkError::Advisories(error)) };
        warn!(%error, "a registered advisory does not read");
        feeds.retain(|feed| feed != path);
    }
    Ok(Some((Vulnerabilities::open(&snapshot)?, folder)))
}

/// What the registered words mean for the software of an asset, by its id in the model.
pub(crate) fn said(
    model: &Document,
    installed: &Installed,
    evidence: &Evidence,
    data: Option<&Vulnerabilities>,
) -> Result<BTreeMap<String, Said>, WorkError> {
    if evidence.words.is_empty() {
        return Ok(BTreeMap::new());
    }
    let words = Words::read(evidence)?;
    let subject = subject(model, &installed.asset);
    let sources = data.into_iter().chain(words.advisories.as_ref().map(|(a, _)| a)).map(Source::new);
    let sources: Vec<Source<'_>> = sources.collect::<Result<_, _>>()?;
    let mut pairs = Pairs::default();
    let (whole, _) = software_of(model, &installed.asset);
    for (id, software) in listed(model, &installed.asset) {
        let component = query(id, software);
        for source in &sources {
            source.known.of(id, software).into_iter().for_each(|found| pairs.add(id, found.id, &component));
        }
        pairs.stated(&words, id, &component, &subject);
    }
    pairs.inside(&words, &whole, evidence.sbom.as_deref(), &subject, &sources)?;
    let (host, _) = place(&installed.asset);
    pairs.judge(&words, &subject, (&whole, host), &sources)
}

/// Vulnerability data, ours or of the advisories.
struct Source<'a> {
    data: &'a Vulnerabilities,
    known: Known<'a>,
}

impl<'a> Source<'a> {
    fn new(data: &'a Vulnerabilities) -> Result<Self, SnapshotError> {
        Ok(Self { data, known: Known::new(&data.snapshot)? })
    }
}

/// Components that have a vulnerability, by the software of the model that they belong to.
#[derive(Default)]
struct Pairs {
    found: BTreeMap<(String, String), Vec<Query>>,
    tried: usize,
}

impl Pairs {
    fn add(&mut self, software: &str, vulnerability: String, component: &Query) {
        self.found.entry((software.to_owned(), vulnerability)).or_default().push(component.clone());
    }

    /// Vulnerabilities that a component has because a document says so.
    fn stated(&mut self, words: &Words, software: &str, component: &Query, subject: &Query) {
        self.tried = self.tried.saturating_add(words.affected.len());
        if self.tried > MAX_TRIED {
            return;
        }
        for id in &words.affected {
            // A word on the release as a whole speaks of the release, not of each of its parts.
            let word = words.vex.applied(component, Some(subject), &[id]);
            if word.is_some_and(|word| word.statement.status == vuln::VexStatus::Affected) {
                self.add(software, id.clone(), component);
            }
        }
    }

    /// The components of the release, and the release as a whole.
    fn inside(
        &mut self,
        words: &Words,
        software: &str,
        sbom: Option<&str>,
        subject: &Query,
        sources: &[Source<'_>],
    ) -> Result<(), WorkError> {
        self.stated(words, software, subject, subject);
        for source in sources {
            for id in source.data.known_as(subject)? {
                self.add(software, id, subject);
            }
            if let Some(sbom) = sbom {
                source
                    .data
                    .each_affected(sbom.as_bytes(), |component, id| self.add(software, id, component))?;
            }
        }
        if let Some(sbom) = sbom.filter(|_| !words.affected.is_empty()) {
            let stated = |component: bom::Component| {
                self.stated(words, software, &Query::from(&component), subject);
            };
            if let Err(error) = bom::each_component(sbom.as_bytes(), &bom::ReadLimits::default(), stated) {
                warn!(%error, "a registered bill of materials does not read");
            }
            if self.tried > MAX_TRIED {
                warn!(tried = MAX_TRIED, "not all statements were compared with all components");
            }
        }
        Ok(())
    }

    fn judge(
        self,
        words: &Words,
        subject: &Query,
        (whole, host): (&str, &str),
        sources: &[Source<'_>],
    ) -> Result<BTreeMap<String, Said>, WorkError> {
        let mut said: BTreeMap<String, Said> = BTreeMap::new();
        let listed = self.found.keys().filter(|(software, _)| software != whole);
        let listed: BTreeSet<String> = listed.map(|(_, id)| id.clone()).collect();
        for ((software, id), components) in self.found {
            // What the model's own list tells is not counted once more as a part of the release.
            if software == whole && listed.contains(&id) {
                continue;
            }
            let known = sources.iter().find_map(|source| source.known.by_id(&id));
            let names = names(&id, sources)?;
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let on = |component: &Query| words.on(component, subject, &names).filter(|word| dismisses(word));
            let dismissed: Option<Vec<&Statement>> = components.iter().map(on).collect();
            let said = said.entry(software).or_default();
            said.dismissed
                .extend(dismissed.and_then(|words| words.first().map(|word| stated(&id, word, host))));
            let known = known.unwrap_or_else(|| KnownVulnerability { id: id.clone(), ..Default::default() });
            said.affected.insert(id, known);
        }
        Ok(said)
    }
}

/// A vulnerability by all names that the data know.
fn names(id: &str, sources: &[Source<'_>]) -> Result<BTreeSet<String>, WorkError> {
    let mut names = BTreeSet::from([id.to_owned()]);
    for source in sources {
        names.extend(source.data.snapshot.get(id)?.into_iter().flat_map(|record| record.aliases));
    }
    Ok(names)
}

fn dismisses(word: &Statement) -> bool {
    matches!(word.status, vuln::VexStatus::Fixed | vuln::VexStatus::NotAffected)
}

/// As a model has it.
fn stated(id: &str, word: &Statement, host: &str) -> serde_json::Value {
    let status = if word.status == vuln::VexStatus::Fixed { "fixed" } else { "not_affected" };
    let why = Some(word.text.as_str()).filter(|text| !text.is_empty());
    serde_json::json!({"vulnerability": id, "status": status, "by": word.source, "why": why, "hosts": [host]})
}

/// The software that the model lists on the asset, or that it is.
fn listed<'m>(model: &'m Document, asset: &str) -> Vec<(&'m str, &'m Software)> {
    let (host, software) = place(asset);
    let on_host = model.hosts.get(host).into_iter().flat_map(|host| &host.software);
    let these = on_host.filter(|id| software.is_none_or(|software| id.value == software));
    these.filter_map(|id| Some((id.value.as_str(), &**model.software.get(&id.value)?))).collect()
}

/// The release as VEX documents name it.
fn subject(model: &Document, asset: &str) -> Query {
    let (host, software) = place(asset);
    if let Some(id) = software {
        return model.software.get(id).map(|software| query(id, software)).unwrap_or_default();
    }
    let Some(release) = model.hosts.get(host).and_then(|host| host.release.as_ref()) else {
        return Query::default();
    };
    let purl = release.product.starts_with("pkg:").then(|| {
        let at = release.version.as_ref().map_or_else(String::new, |version| format!("@{version}"));
        format!("{}{at}", release.product)
    });
    Query { name: release.product.clone(), version: release.version.clone(), purl, cpes: Vec::new() }
}

#[cfg(test)]
mod tests;
