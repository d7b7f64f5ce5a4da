//! A snapshot of vulnerability data as the platform asks it: one word about a bill of materials.

use std::collections::BTreeSet;
use std::path::Path;

use bom::{Bom, ReadLimits};
use record::Sha256;
use statement::AnswerVerdict;
use vuln::{Snapshot, SnapshotError, Verdict};

use crate::known::match_components;

/// An open snapshot.
pub struct Vulnerabilities {
    pub(crate) snapshot: Snapshot,
}

impl Vulnerabilities {
    /// Opens a snapshot.
    ///
    /// # Errors
    /// If it is none, or cannot be read.
    pub fn open(path: &Path) -> Result<Self, SnapshotError> {
        Ok(Self { snapshot: Snapshot::open(path)? })
    }

    /// Digest of the data.
    pub fn digest(&self) -> Sha256 {
        self.snapshot.info().sha256.parse().unwrap_or(Sha256([0; 32]))
    }

    /// Whether `vulnerability` affects a component of the bill of materials. Unknown where the data does not have it, or
    /// the document does not read.
    ///
    /// # Errors
    /// If the snapshot cannot be read.
    pub fn answer(&self, sbom: &[u8], vulnerability: &str) -> Result<AnswerVerdict, SnapshotError> {
        let Some(record) = self.snapshot.get(vulnerability)? else { return Ok(AnswerVerdict::Unknown) };
        let Some(bom) = read(sbom) else { return Ok(AnswerVerdict::Unknown) };
        let found = match_components(&self.snapshot, &bom)?;
        let verdicts: BTreeSet<Verdict> =
            found.iter().flat_map(|c| &c.matches).filter(|m| m.id == record.id).map(|m| m.verdict).collect();
        Ok(match verdicts.contains(&Verdict::Affected) {
            true => AnswerVerdict::Affected,
            false if verdicts.contains(&Verdict::Unknown) => AnswerVerdict::Unknown,
            false => AnswerVerdict::NotAffected,
        })
    }

    /// Vulnerabilities that affect a component of the bill of materials.
    ///
    /// # Errors
    /// If the snapshot cannot be read.
    pub fn known_in(&self, sbom: &[u8]) -> Result<BTreeSet<String>, SnapshotError> {
        let Some(bom) = read(sbom) else { return Ok(BTreeSet::new()) };
        let found = match_components(&self.snapshot, &bom)?;
        let affected = found.into_iter().flat_map(|c| c.matches).filter(|m| m.verdict == Verdict::Affected);
        Ok(affected.map(|m| m.id).collect())
    }
}

fn read(sbom: &[u8]) -> Option<Bom> {
    bom::read(sbom, &ReadLimits::default()).ok().map(|document| document.bom)
}
