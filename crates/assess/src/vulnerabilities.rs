//! Vulnerabilities of a system's software, whoever knows them.

use std::collections::{BTreeMap, BTreeSet};

use record::VulnerabilityDb;
use system::{Range, System};

/// A vulnerability of one component.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KnownVulnerability {
    /// CVE or other id.
    pub id: String,
    /// CVSS vector, version 2 to 4.
    pub cvss: Option<String>,
    /// Base score, 0.0–10.0.
    pub score: Option<f64>,
    /// EPSS probability, 0.0–1.0.
    pub epss: Option<f64>,
    /// Listed as exploited in the wild.
    pub kev: bool,
    /// Weaknesses, such as `CWE-787`.
    pub cwe: Vec<String>,
}

/// Whoever knows the vulnerabilities of components: a database of `vuln`, or a test.
pub trait VulnerabilitySource {
    /// Vulnerabilities of a software entry of the model, identified by its purl, CPE or bill of materials.
    fn of(&self, id: &str, software: &system::Software) -> Vec<KnownVulnerability>;

    /// Which snapshot of data answers.
    fn snapshot(&self) -> Option<VulnerabilityDb>;
}

/// Knows none: only those that the model states are assessed.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoVulnerabilities;

impl VulnerabilitySource for NoVulnerabilities {
    fn of(&self, _: &str, _: &system::Software) -> Vec<KnownVulnerability> {
        Vec::new()
    }

    fn snapshot(&self) -> Option<VulnerabilityDb> {
        None
    }
}

/// A vulnerability with the software entries that have it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Entry {
    pub(crate) known: KnownVulnerability,
    /// Stated by hand in the model.
    pub(crate) range: Option<Range>,
    pub(crate) software: BTreeSet<String>,
}

/// Stated ones and those of the source, by id. What the model states of a vulnerability goes before what the source
/// says of it.
pub(crate) fn collect(system: &System, source: &dyn VulnerabilitySource) -> BTreeMap<String, Entry> {
    let mut all: BTreeMap<String, Entry> = BTreeMap::new();
    for (id, stated) in &system.document().vulnerabilities {
        let known = KnownVulnerability {
            id: id.clone(),
            cvss: stated.cvss.as_ref().map(|vector| vector.value.clone()),
            score: stated.cvss.as_ref().and_then(|vector| score(&vector.value)),
            epss: stated.epss,
            kev: stated.kev,
            cwe: stated.cwe.clone(),
        };
        let software = stated.affects.iter().map(|s| s.value.clone()).collect();
        all.insert(id.clone(), Entry { known, range: stated.range, software });
    }
    for (software, entry) in &system.document().software {
        for found in source.of(software, entry) {
            let known = all.entry(found.id.clone()).or_default();
            complete(&mut known.known, found);
            known.software.insert(software.clone());
        }
    }
    all
}

/// Metrics that CVSS 3 (table 15) and 4.0 (table 23) demand; the crate takes a missing one for the mildest.
const DEMANDED_3: &[&str] = &["AV", "AC", "PR", "UI", "S", "C", "I", "A"];
const DEMANDED_4: &[&str] = &["AV", "AC", "AT", "PR", "UI", "VC", "VI", "VA", "SC", "SI", "SA"];

/// Score of a vector of CVSS 3 or 4; one of version 2 has none here.
fn score(vector: &str) -> Option<f64> {
    let demanded = if vector.starts_with("CVSS:4") { DEMANDED_4 } else { DEMANDED_3 };
    let stated: BTreeSet<&str> = vector.split('/').filter_map(|part| Some(part.split_once(':')?.0)).collect();
    let complete = demanded.iter().all(|metric| stated.contains(metric));
    vector.parse::<cvss::Cvss>().ok().filter(|_| complete).map(|vector| vector.score())
}

fn complete(known: &mut KnownVulnerability, found: KnownVulnerability) {
    known.id = found.id;
    // A score belongs to its vector: one without the other would mix two opinions.
    if known.cvss.is_none() {
        known.cvss = found.cvss;
        known.score = found.score;
    }
    known.epss = known.epss.or(found.epss);
    known.kev |= found.kev;
    if known.cwe.is_empty() {
        known.cwe = found.cwe;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stated_vector_has_its_score() {
        let log4shell = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H";
        let heartbleed = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N";
        assert_eq!((score(log4shell), score(heartbleed)), (Some(10.0), Some(7.5)));
        assert_eq!(score("CVSS:3.1/AV:N"), None);
    }
}
