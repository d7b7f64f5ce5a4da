//! Emergencies: an administrator imports a list of known exploited vulnerabilities; where a supplier's grant says so, the
//! customers of releases it concerns see the outcome of evidence that was below that. Never more, and never silently.

use std::collections::{BTreeMap, BTreeSet};

use record::Sha256;
use statement::{DisclosureLevel, EvidenceType};

use crate::error::WriteError;
use crate::fact::{EmergencyFact, Fact};
use crate::ids::ReleaseId;
use crate::looking::Looking;
use crate::platform::Platform;
use crate::universe::Universe;
use crate::viewer::Administrator;

impl Platform {
    /// Declares an emergency: the releases in whose components vulnerabilities of the list with digest `kev` are known.
    /// Returns how many releases it concerns.
    pub async fn declare_emergency(
        &self,
        _: &Administrator,
        kev: Sha256,
        vulnerabilities: &BTreeSet<String>,
    ) -> Result<usize, WriteError> {
        let mut turn = self.write().await?;
        let releases: BTreeMap<ReleaseId, BTreeSet<String>> = {
            let universe = self.universe();
            if universe.emergencies.iter().any(|e| e.kev == kev) {
                return Err(WriteError::Exists { what: kev.to_string() });
            }
            universe.concerned_by(vulnerabilities)
        };
        let releases: Vec<_> = releases.into_iter().map(|(r, ids)| (r, ids.into_iter().collect())).collect();
        let count = releases.len();
        turn.add(Fact::Emergency(EmergencyFact { kev, releases })).await?;
        Ok(count)
    }
}

impl Universe {
    fn concerned_by(&self, vulnerabilities: &BTreeSet<String>) -> BTreeMap<ReleaseId, BTreeSet<String>> {
        let mut found: BTreeMap<ReleaseId, BTreeSet<String>> = BTreeMap::new();
        for id in vulnerabilities {
            let known = self.by_vulnerability.get(id).into_iter().flatten();
            for evidence in known.filter_map(|e| self.evidence.get(e)).filter(|e| e.is_current()) {
                if let Some(release) = &evidence.fact.release {
                    found.entry(release.clone()).or_default().insert(id.clone());
                }
            }
        }
        found
    }
}

impl Looking<'_> {
    /// Releases of an emergency that the viewer knows to be concerned: its own, and those whose outcome it may see.
    pub(crate) fn concerned<'b>(&'b self, emergency: &'b EmergencyFact) -> BTreeSet<&'b ReleaseId> {
        let knows = |release: &&ReleaseId| {
            self.universe.supplier_of(release) == Some(&self.viewer.organization)
                || self
                    .latest(release, EvidenceType::Sbom)
                    .is_some_and(|(_, l)| l >= DisclosureLevel::Outcome)
        };
        emergency.releases.iter().map(|(release, _)| release).filter(knows).collect()
    }
}
