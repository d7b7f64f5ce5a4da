//! The worker: matches newly registered bills of materials, and assesses systems anew whose owners delegated it.
//!
//! Each round begins from what is stored, so that a worker may stop at any moment, and two rounds do no harm. Only what
//! changed is worked on. Assessments of systems are kept warm: models and inspections that were read stay in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use assess::{AssessError, Options};
use record::Inspection;
use share::{EvidenceId, Installed, Platform, ReadError, Reassessment, Word, WriteError};
use statement::{Statement, Subject, SystemRegistration};
use system::System;
use tokio::task::{JoinError, spawn_blocking};
use tracing::{info, warn};
use vuln::SnapshotError;

use crate::added::{Bound, attackable, bound, overlay};
use crate::known::Known;
use crate::vulnerabilities::Vulnerabilities;
use crate::words::{Evidence, Spoken, said};

/// Bytes of bills of materials that are matched at once; a longer one is matched alone.
const AT_ONCE: usize = 2 << 20;

/// Works for one platform.
pub struct Worker {
    platform: Arc<Platform>,
    data: Option<Arc<Vulnerabilities>>,
    /// Findings of inspections that were read.
    findings: BTreeMap<EvidenceId, Vec<serde_json::Value>>,
    /// Bills of materials that say nothing of vulnerabilities.
    silent: BTreeSet<EvidenceId>,
}

/// What a round did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Round {
    /// Bills of materials matched.
    pub matched: usize,
    /// Vulnerabilities that were not known in them before.
    pub found: usize,
    /// Systems assessed.
    pub assessed: usize,
}

/// Why a round, or a part of it, failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorkError {
    /// Something stored does not read.
    #[error("cannot read what is registered")]
    Read(#[from] ReadError),
    /// A result was not written.
    #[error("cannot register a result")]
    Write(#[from] WriteError),
    /// The vulnerability data.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// A model does not read.
    #[error("the registered model does not read: {0}")]
    Model(String),
    /// The engine.
    #[error(transparent)]
    Assess(#[from] AssessError),
    /// There is no place to work in.
    #[error("cannot write into the folder for temporary files")]
    Folder(#[source] std::io::Error),
    /// Registered advisories.
    #[error("the registered advisories do not read")]
    Advisories(#[from] vuln::ImportError),
    /// The work was cut off.
    #[error("the work was cut off")]
    Cut(#[from] JoinError),
}

impl Worker {
    /// A worker for `platform`, with vulnerability data if there are any.
    pub fn new(platform: Arc<Platform>, data: Option<Arc<Vulnerabilities>>) -> Self {
        Self { platform, data, findings: BTreeMap::new(), silent: BTreeSet::new() }
    }

    /// Goes on with other vulnerability data.
    pub fn renew(&mut self, data: Option<Arc<Vulnerabilities>>) {
        self.data = data;
    }

    /// Does all that is to be done now. What fails is told and left for the next round.
    ///
    /// # Errors
    /// If the platform cannot be read.
    pub async fn round(&mut self) -> Result<Round, WorkError> {
        let mut round = Round::default();
        if let Some(data) = self.data.clone() {
            self.matching(&data, &mut round).await?;
        }
        for work in self.platform.reassessments(&self.platform.local_administrator()) {
            let system = work.system.clone();
            match self.assess(work).await {
                Ok(()) => round.assessed += 1,
                Err(error) => warn!(%system, error = chain(&error), "a system was not assessed anew"),
            }
        }
        Ok(round)
    }

    async fn matching(&self, data: &Arc<Vulnerabilities>, round: &mut Round) -> Result<(), WorkError> {
        let admin = self.platform.local_administrator();
        let digest = data.digest();
        let mut open = self.platform.unmatched(&admin, digest).await?.into_iter().peekable();
        while open.peek().is_some() {
            let (mut ids, mut documents, mut bytes) = (Vec::new(), Vec::new(), 0);
            while let Some(id) = open.next_if(|_| bytes < AT_ONCE) {
                let document = self.platform.document_in_clear(&admin, &id).await?;
                bytes += document.len();
                ids.push(id);
                documents.push(document);
            }
            let data = Arc::clone(data);
            let found = spawn_blocking(move || data.known_in_each(&documents)).await??;
            for (id, found) in ids.iter().zip(found) {
                round.found += self.platform.keep_matches(&admin, id, digest, found).await?;
                round.matched += 1;
            }
        }
        Ok(())
    }

    async fn assess(&mut self, work: Reassessment) -> Result<(), WorkError> {
        let admin = self.platform.local_administrator();
        let registered = self.platform.reassessed_document(&admin, &work.model).await?;
        let registration: SystemRegistration =
            serde_json::from_str(&registered).map_err(|e| WorkError::Model(e.to_string()))?;
        let (mut findings, mut evidence) = (BTreeMap::new(), BTreeMap::new());
        for installed in &work.installed {
            if let Some(id) = &installed.inspection {
                findings.insert(installed.asset.clone(), self.findings_of(id).await?);
            }
            evidence.insert(installed.asset.clone(), self.evidence_of(installed).await?);
        }
        let (data, system) = (self.data.clone(), work.system.clone());
        let why = work.why.clone();
        let made = spawn_blocking(move || {
            let known = Registered { findings, evidence };
            assessed(&registration, &work, &known, data.as_deref())
        });
        let (subject, assessment) = made.await??;
        let statement =
            Statement::new(vec![subject], &assessment).map_err(|e| WorkError::Model(e.to_string()))?;
        self.platform.state_assessment(&system, &statement, why.clone()).await?;
        info!(%system, why, "a system was assessed anew");
        Ok(())
    }

    /// What is said of vulnerabilities in a release.
    async fn evidence_of(&mut self, installed: &Installed) -> Result<Evidence, WorkError> {
        let admin = self.platform.local_administrator();
        let mut evidence = Evidence::default();
        for Word { evidence: id, by } in &installed.words {
            let text = self.platform.reassessed_document(&admin, id).await?;
            evidence.words.push(Spoken { by: by.clone(), text });
        }
        let sbom = installed.sbom.as_ref();
        if let Some(Word { evidence: id, by }) =
            sbom.filter(|sbom| !evidence.words.is_empty() || !self.silent.contains(&sbom.evidence))
        {
            let text = self.platform.reassessed_document(&admin, id).await?;
            // CycloneDX has room for words on vulnerabilities.
            if vuln::read_vex(text.as_bytes()).is_ok_and(|statements| !statements.is_empty()) {
                evidence.words.push(Spoken { by: by.clone(), text: text.clone() });
            } else {
                self.silent.insert(id.clone());
            }
            evidence.sbom = Some(text);
        }
        Ok(evidence)
    }

    async fn findings_of(&mut self, id: &EvidenceId) -> Result<Vec<serde_json::Value>, WorkError> {
        if let Some(known) = self.findings.get(id) {
            return Ok(known.clone());
        }
        let text = self.platform.reassessed_document(&self.platform.local_administrator(), id).await?;
        let record: Inspection = serde_json::from_str(&text).map_err(|e| WorkError::Model(e.to_string()))?;
        let findings = attackable(&record);
        self.findings.insert(id.clone(), findings.clone());
        Ok(findings)
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let layers: Vec<_> =
        std::iter::successors(Some(error), |e| e.source()).map(ToString::to_string).collect();
    layers.join(": ")
}

/// What is registered about what is installed, by asset.
struct Registered {
    findings: BTreeMap<String, Vec<serde_json::Value>>,
    evidence: BTreeMap<String, Evidence>,
}

fn assessed(
    registration: &SystemRegistration,
    work: &Reassessment,
    registered: &Registered,
    data: Option<&Vulnerabilities>,
) -> Result<(Subject, record::Assessment), WorkError> {
    let failed = |e: &dyn std::fmt::Display| WorkError::Model(e.to_string());
    let model = system::read("model", &registration.model.to_string()).map_err(|e| failed(&e))?;
    let alone = System::new(&[("model".to_owned(), model.clone())]).map_err(|e| failed(&e))?;
    let mut words = BTreeMap::new();
    let with_evidence = work.installed.iter().filter_map(|i| Some((i, registered.evidence.get(&i.asset)?)));
    for (installed, evidence) in with_evidence {
        words.insert(installed.asset.clone(), said(alone.document(), installed, evidence, data)?);
    }
    let added = overlay(alone.document(), &work.installed, &registered.findings, &words).to_string();
    let added = system::read("evidence", &added).map_err(|e| failed(&e))?;
    let whole = System::new(&[("model".to_owned(), model), ("evidence".to_owned(), added)]);
    let whole = whole.map_err(|e| failed(&e))?;
    let known = data.map(|data| Known::new(&data.snapshot)).transpose()?;
    let bound = bound(alone.document(), &work.installed, known.as_ref());
    let mut source = Bound { known, bound, said: BTreeMap::new() };
    for (id, said) in words.into_values().flatten() {
        source.said.entry(id).or_default().extend(said.affected);
    }
    let options = Options { applied: work.applied.clone(), ..Options::default() };
    let mut assessment = assess::assess(&whole, &options, &source)?;
    // It speaks of the registered model; what was added stands in the evidence that is linked to it.
    assessment.system.sha256 = alone.digest();
    Ok((Subject::new(alone.name(), alone.digest()), assessment))
}
