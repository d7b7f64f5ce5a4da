//! Known vulnerabilities of registered bills of materials: kept as they are found, so that "who of mine is affected" is a
//! look-up. They are derived and can be made again from the documents and a snapshot of vulnerability data.

use std::collections::BTreeSet;

use bytes::Bytes;
use record::Sha256;
use statement::{DisclosureLevel, EvidenceType};

use crate::error::{ReadError, WriteError};
use crate::fact::Fact;
use crate::ids::EvidenceId;
use crate::looking::Looking;
use crate::platform::Platform;
use crate::read::Stored;
use crate::view::{AffectedRelease, AffectedView};
use crate::viewer::{Administrator, Viewer};

impl Platform {
    /// Current bills of materials that were not matched with the data of that digest, oldest first.
    pub async fn unmatched(&self, _: &Administrator, data: Sha256) -> Result<Vec<EvidenceId>, ReadError> {
        let done: Vec<String> = sqlx::query_scalar("SELECT evidence FROM matched WHERE data = $1")
            .bind(data.0.to_vec())
            .fetch_all(&self.store.pool)
            .await?;
        let done: BTreeSet<EvidenceId> = done.into_iter().map(EvidenceId::new).collect();
        let universe = self.universe();
        let open = universe.evidence.iter().filter(|e| e.is_current() && e.fact.kind == EvidenceType::Sbom);
        Ok(open.map(|e| e.fact.id.clone()).filter(|id| !done.contains(id)).collect())
    }

    /// A registered document in clear, for engines that run on this machine.
    pub async fn document_in_clear(&self, _: &Administrator, id: &EvidenceId) -> Result<Bytes, ReadError> {
        let stored = self.universe().evidence.get(id).map(Stored::of).ok_or(ReadError::NotFound)?;
        self.contents(&stored).await
    }

    /// Keeps which vulnerabilities the data of that digest know in a bill of materials. Whoever is concerned by new ones
    /// is told. Returns how many are new.
    pub async fn keep_matches(
        &self,
        _: &Administrator,
        evidence: &EvidenceId,
        data: Sha256,
        found: BTreeSet<String>,
    ) -> Result<usize, WriteError> {
        let mut turn = self.write().await?;
        let known = self.universe().matched.get(evidence).map(|m| m.ids.clone()).unwrap_or_default();
        let added: Vec<String> = found.difference(&known).cloned().collect();
        let removed: Vec<String> = known.difference(&found).cloned().collect();
        let mut change = turn.begin().await?;
        sqlx::query("INSERT INTO matched (evidence, data) VALUES ($1, $2) ON CONFLICT (evidence) DO UPDATE SET data = excluded.data")
            .bind(evidence.as_str())
            .bind(data.0.to_vec())
            .execute(&mut *change)
            .await?;
        let count = added.len();
        if added.is_empty() && removed.is_empty() {
            change.commit().await?;
        } else {
            turn.commit(change, Fact::Matched { evidence: evidence.clone(), data, added, removed }).await?;
        }
        Ok(count)
    }

    /// Releases the viewer sees whose components a vulnerability affects, and where they are installed. Only where the
    /// viewer may see the components themselves: without them, there are questions. `installed`: only releases that are
    /// installed in a system of the viewer's.
    pub fn affected(&self, viewer: &Viewer, vulnerability: &str, installed: bool) -> AffectedView {
        let universe = self.universe();
        let looking = Looking::new(&universe, viewer);
        let installations = looking.installations();
        let known = universe.by_vulnerability.get(vulnerability).into_iter().flatten();
        let known = known.filter_map(|id| universe.evidence.get(id));
        let asked = known.filter_map(|evidence| {
            let release = evidence.fact.release.as_ref()?;
            (!installed || installations.contains_key(release)).then_some((evidence, release))
        });
        let seen = asked.filter(|(evidence, _)| {
            looking.level(evidence) >= DisclosureLevel::Redacted && looking.is_current(evidence)
        });
        let releases = seen.filter_map(|(evidence, release)| {
            Some(AffectedRelease {
                release: looking.release_ref(release)?,
                evidence: evidence.fact.id.clone(),
                installed_in: installations.get(release).cloned().unwrap_or_default(),
            })
        });
        AffectedView { vulnerability: vulnerability.to_owned(), releases: releases.collect() }
    }

    /// Vulnerabilities known in the components of a release that the viewer may see, sorted.
    pub fn known_vulnerabilities(
        &self,
        viewer: &Viewer,
        release: &crate::ReleaseId,
    ) -> Result<Vec<String>, ReadError> {
        let universe = self.universe();
        let looking = Looking::new(&universe, viewer);
        if !looking.sees_release(release) {
            return Err(ReadError::NotFound);
        }
        let latest = looking.latest(release, EvidenceType::Sbom);
        let readable = latest.filter(|(_, level)| *level >= DisclosureLevel::Redacted);
        let matched = readable.and_then(|(e, _)| universe.matched.get(&e.fact.id));
        Ok(matched.map(|m| m.ids.iter().cloned().collect()).unwrap_or_default())
    }
}
