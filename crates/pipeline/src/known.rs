//! What a snapshot of vulnerability data knows about components and about the software of a model.

use assess::{KnownVulnerability, VulnerabilitySource};
use bom::{Bom, ComponentRef};
use record::VulnerabilityDb;
use tracing::warn;
use vuln::{Match, Matcher, Query, Snapshot, SnapshotError, Verdict};

/// A component with the records that speak of it.
#[derive(Clone, Debug)]
pub struct ComponentMatches {
    /// Which component of the bill of materials.
    pub component: ComponentRef,
    /// Its name and version for reading.
    pub name: String,
    /// Its package URL.
    pub purl: Option<String>,
    /// Sorted by id.
    pub matches: Vec<Match>,
}

/// Asks the snapshot about every component; only those with matches come back, in the document's order.
///
/// # Errors
/// If the snapshot cannot be read.
pub fn match_components(snapshot: &Snapshot, bom: &Bom) -> Result<Vec<ComponentMatches>, SnapshotError> {
    let queries: Vec<Query> = bom.components.iter().map(Query::from).collect();
    let found = Matcher::new(snapshot)?.match_all(&queries)?;
    let with_component = bom.components.iter().zip(found).filter(|(_, matches)| !matches.is_empty());
    Ok(with_component
        .map(|(component, matches)| ComponentMatches {
            component: component.reference.clone(),
            name: component.full_name(),
            purl: component.purl.clone(),
            matches,
        })
        .collect())
}

/// A snapshot as `assess` asks it.
pub struct Known<'a> {
    snapshot: &'a Snapshot,
    matcher: Matcher<'a>,
}

impl<'a> Known<'a> {
    /// What `snapshot` knows.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn new(snapshot: &'a Snapshot) -> Result<Self, SnapshotError> {
        Ok(Self { snapshot, matcher: Matcher::new(snapshot)? })
    }

    fn try_of(
        &self,
        id: &str,
        software: &system::Software,
    ) -> Result<Vec<KnownVulnerability>, SnapshotError> {
        let query = query(id, software);
        let found = self.matcher.matches(&query, &[])?;
        let affected = found.into_iter().filter(|m| m.verdict == Verdict::Affected);
        affected.map(|found| self.describe(found)).collect()
    }

    /// A record by its id, rated as the snapshot rates it; `None` if it has none.
    pub(crate) fn by_id(&self, id: &str) -> Option<KnownVulnerability> {
        let record = self.snapshot.get(id).ok().flatten()?;
        let rating = record.effective_rating();
        Some(KnownVulnerability {
            id: record.id.clone(),
            cvss: rating.map(|(r, _)| r.vector.clone()).filter(|vector| !vector.is_empty()),
            score: rating.map(|(_, score)| score),
            epss: record.epss.map(|e| f64::from(e.probability)),
            kev: record.kev.is_some(),
            cwe: record.weaknesses.iter().map(|number| format!("CWE-{number}")).collect(),
        })
    }

    fn describe(&self, found: Match) -> Result<KnownVulnerability, SnapshotError> {
        let weaknesses = self.snapshot.get(&found.id)?.map(|v| v.weaknesses).unwrap_or_default();
        Ok(KnownVulnerability {
            id: found.id,
            cvss: Some(found.vector).filter(|vector| !vector.is_empty()),
            score: found.score,
            epss: found.epss.map(f64::from),
            kev: found.kev,
            cwe: weaknesses.iter().map(|number| format!("CWE-{number}")).collect(),
        })
    }
}

impl VulnerabilitySource for Known<'_> {
    fn of(&self, id: &str, software: &system::Software) -> Vec<KnownVulnerability> {
        self.try_of(id, software).unwrap_or_else(|error| {
            warn!(software = id, "the vulnerability database does not answer: {error}");
            Vec::new()
        })
    }

    fn snapshot(&self) -> Option<VulnerabilityDb> {
        let info = self.snapshot.info();
        info.sha256.parse().ok().map(|sha256| VulnerabilityDb { sha256, date: info.newest.clone() })
    }
}

/// The model's names for a piece of software, as the matcher wants them.
pub(crate) fn query(id: &str, software: &system::Software) -> Query {
    let purl = software.purl.as_ref().map(|purl| purl.value.clone());
    Query {
        name: id.to_owned(),
        // The matcher takes it from the package URL, decoded.
        version: None,
        purl,
        cpes: software.cpe.iter().map(|cpe| cpe.value.clone()).collect(),
    }
}
