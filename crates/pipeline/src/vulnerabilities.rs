//! A snapshot of vulnerability data as the platform asks it: one word about a bill of materials.

use std::collections::BTreeSet;
use std::path::Path;

use bom::ReadLimits;
use record::Sha256;
use statement::AnswerVerdict;
use vuln::{Context, Match, Matcher, Query, Snapshot, SnapshotError, Verdict};

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
        let mut verdicts = BTreeSet::new();
        let read = each_match(&Matcher::new(&self.snapshot)?, sbom, |_, found| {
            if found.id == record.id {
                verdicts.insert(found.verdict);
            }
        })?;
        if !read {
            return Ok(AnswerVerdict::Unknown);
        }
        Ok(match verdicts.contains(&Verdict::Affected) {
            true => AnswerVerdict::Affected,
            false if verdicts.contains(&Verdict::Unknown) => AnswerVerdict::Unknown,
            false => AnswerVerdict::NotAffected,
        })
    }

    /// Vulnerabilities that affect a component of the bill of materials. None where it does not read.
    ///
    /// # Errors
    /// If the snapshot cannot be read.
    pub fn known_in(&self, sbom: &[u8]) -> Result<BTreeSet<String>, SnapshotError> {
        self.known_with(&Matcher::new(&self.snapshot)?, sbom)
    }

    /// The same of several documents: much of what one leads to, others lead to as well.
    ///
    /// # Errors
    /// If the snapshot cannot be read.
    pub(crate) fn known_in_each(
        &self,
        sboms: &[impl AsRef<[u8]>],
    ) -> Result<Vec<BTreeSet<String>>, SnapshotError> {
        let matcher = Matcher::new(&self.snapshot)?;
        sboms.iter().map(|sbom| self.known_with(&matcher, sbom.as_ref())).collect()
    }

    fn known_with(&self, matcher: &Matcher<'_>, sbom: &[u8]) -> Result<BTreeSet<String>, SnapshotError> {
        let mut known = BTreeSet::new();
        let read = each_match(matcher, sbom, |_, matched| {
            if matched.verdict == Verdict::Affected {
                known.insert(matched.id);
            }
        })?;
        Ok(if read { known } else { BTreeSet::new() })
    }

    /// Every component with every vulnerability that affects it. False where the document does not read.
    pub(crate) fn each_affected(
        &self,
        sbom: &[u8],
        mut found: impl FnMut(&Query, String),
    ) -> Result<bool, SnapshotError> {
        each_match(&Matcher::new(&self.snapshot)?, sbom, |component, matched| {
            if matched.verdict == Verdict::Affected {
                found(component, matched.id);
            }
        })
    }

    /// Vulnerabilities that affect a component.
    pub(crate) fn known_as(&self, component: &Query) -> Result<BTreeSet<String>, SnapshotError> {
        let found = Matcher::new(&self.snapshot)?.matches(component, &[])?;
        Ok(found.into_iter().filter(|m| m.verdict == Verdict::Affected).map(|m| m.id).collect())
    }
}

/// Whether the document reads. It is read twice, for what else is in it says what its components run on; what is found
/// comes one after the other, since there may be millions of components.
fn each_match(
    matcher: &Matcher<'_>,
    sbom: &[u8],
    mut found: impl FnMut(&Query, Match),
) -> Result<bool, SnapshotError> {
    let (limits, mut cpes) = (ReadLimits::default(), BTreeSet::new());
    if bom::each_component(sbom, &limits, |component| cpes.extend(component.cpes)).is_err() {
        return Ok(false);
    }
    let (around, mut failed) = (Context::new(&cpes), None);
    let read = bom::each_component(sbom, &limits, |component| {
        if failed.is_none() {
            let query = Query::from(&component);
            match matcher.in_context(&query, &around) {
                Ok(matches) => matches.into_iter().for_each(|matched| found(&query, matched)),
                Err(error) => failed = Some(error),
            }
        }
    });
    failed.map_or(Ok(read.is_ok()), Err)
}
