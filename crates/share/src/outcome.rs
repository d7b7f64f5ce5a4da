//! Figures of a document, computed once when it is registered. Documents of ours must read as what they say they are.

use std::collections::BTreeMap;

use record::{Assessment, Inspection, ReviewState, Severity, Verdict};
use serde::Deserialize;
use statement::{EvidenceType, OpenPgpSignature, Predicate as _, PredicateError, Statement};

use crate::fact::{Effect, HostVerdicts};
use crate::view::{FindingCounts, Outcome, VerdictCounts};

/// Figures of `statement`, and what it does, as far as its body alone tells.
pub(crate) fn of(statement: &Statement) -> Result<(Outcome, Effect), PredicateError> {
    match statement.predicate_type().evidence_type() {
        EvidenceType::Inspection => Ok((of_inspection(&statement.predicate()?), Effect::Nothing)),
        EvidenceType::Assessment => {
            let assessment: Assessment = statement.predicate()?;
            let effect =
                Effect::Assess { model: assessment.system.sha256, hosts: hosts(&assessment), why: None };
            Ok((of_assessment(&assessment), effect))
        }
        EvidenceType::Sbom => Ok((of_sbom(statement.document()), Effect::Nothing)),
        EvidenceType::Other if *statement.predicate_type() == OpenPgpSignature::TYPE => {
            let signature: OpenPgpSignature = statement.predicate()?;
            match signature.is_well_formed() {
                true => Ok((Outcome::default(), Effect::Nothing)),
                false => Err(PredicateError::Body {
                    predicate_type: OpenPgpSignature::TYPE,
                    source: serde::de::Error::custom("it is not armored as OpenPGP has it"),
                }),
            }
        }
        _ => Ok((Outcome::default(), Effect::Nothing)),
    }
}

fn of_inspection(inspection: &Inspection) -> Outcome {
    let mut counts = FindingCounts::default();
    for finding in &inspection.findings {
        let count = match (finding.review.state, finding.severity) {
            (ReviewState::Rejected, _) => &mut counts.rejected,
            (_, Severity::Critical) => &mut counts.critical,
            (_, Severity::High) => &mut counts.high,
            (_, Severity::Medium) => &mut counts.medium,
            (_, Severity::Low) => &mut counts.low,
            (_, Severity::Info) => &mut counts.info,
        };
        *count = count.saturating_add(1);
    }
    let coverage = inspection.artifacts.iter().filter_map(|a| a.coverage);
    let (reached, code) = coverage.fold((0_u64, 0_u64), |(r, c), coverage| {
        (r.saturating_add(coverage.reached_bytes), c.saturating_add(coverage.code_bytes))
    });
    let share =
        reached.saturating_mul(1000).checked_div(code).map(|s| u16::try_from(s.min(1000)).unwrap_or(1000));
    Outcome {
        complete: Some(inspection.complete),
        findings: Some(counts),
        coverage: share,
        ..Outcome::default()
    }
}

fn of_assessment(assessment: &Assessment) -> Outcome {
    let mut counts = VerdictCounts::default();
    for vulnerability in &assessment.vulnerabilities {
        let count = match vulnerability.verdict {
            Verdict::Exploitable => &mut counts.exploitable,
            Verdict::NotReachable => &mut counts.not_reachable,
            Verdict::Mitigated => &mut counts.mitigated,
            Verdict::NotAffected => &mut counts.not_affected,
            Verdict::Unknown => &mut counts.unknown,
        };
        *count = count.saturating_add(1);
    }
    Outcome {
        complete: Some(assessment.complete),
        goals: Some(assessment.goals.len() as u64),
        goals_reached: Some(assessment.goals.iter().filter(|g| g.reached).count() as u64),
        verdicts: Some(counts),
        ..Outcome::default()
    }
}

fn hosts(assessment: &Assessment) -> Vec<HostVerdicts> {
    let mut hosts: BTreeMap<&str, HostVerdicts> = BTreeMap::new();
    for v in &assessment.vulnerabilities {
        let empty = || HostVerdicts { host: v.host.clone(), exploitable: 0, unknown: 0, total: 0 };
        let host = hosts.entry(&v.host).or_insert_with(empty);
        host.total = host.total.saturating_add(1);
        host.exploitable = host.exploitable.saturating_add(u64::from(v.verdict == Verdict::Exploitable));
        host.unknown = host.unknown.saturating_add(u64::from(v.verdict == Verdict::Unknown));
    }
    hosts.into_values().collect()
}

/// Only the lengths of the lists are looked at: CycloneDX `components`, SPDX 2 `packages`, SPDX 3 `@graph`.
#[derive(Deserialize)]
struct Sbom {
    components: Option<Vec<serde::de::IgnoredAny>>,
    packages: Option<Vec<serde::de::IgnoredAny>>,
}

fn of_sbom(document: &str) -> Outcome {
    let components = serde_json::from_str::<Sbom>(document)
        .ok()
        .and_then(|sbom| sbom.components.or(sbom.packages))
        .map(|list| list.len() as u64);
    Outcome { components, ..Outcome::default() }
}
