//! Inside documents: findings of inspections, components of bills of materials.

use serde_json::Value;
use statement::{DisclosureLevel, EvidenceType};

use crate::error::ReadError;
use crate::ids::{EvidenceId, ReleaseId};
use crate::looking::Looking;
use crate::platform::Platform;
use crate::redact;
use crate::view::{ComponentView, FindingSummary, FindingView};
use crate::viewer::Viewer;

impl Platform {
    fn latest_id(
        &self,
        viewer: &Viewer,
        release: &ReleaseId,
        kind: EvidenceType,
    ) -> Result<Option<EvidenceId>, ReadError> {
        let universe = self.universe();
        let looking = Looking::new(&universe, viewer);
        if !looking.sees_release(release) {
            return Err(ReadError::NotFound);
        }
        let readable = looking.latest(release, kind).filter(|(_, l)| *l >= DisclosureLevel::Redacted);
        Ok(readable.map(|(e, _)| e.fact.id.clone()))
    }

    /// Findings of the newest inspection of a release, highest score first; none where it cannot be read.
    pub async fn findings(
        &self,
        viewer: &Viewer,
        release: &ReleaseId,
    ) -> Result<Vec<FindingSummary>, ReadError> {
        let Some(id) = self.latest_id(viewer, release, EvidenceType::Inspection)? else {
            return Ok(Vec::new());
        };
        let record: record::Inspection = self.typed(viewer, &id).await?;
        let summary = |f: record::Finding| FindingSummary {
            id: f.id,
            rule: f.rule,
            severity: f.severity,
            score: f.score,
            title: f.title,
            artifact: f.artifact,
            function: f.location.function,
            review: f.review.state,
            evidence: id.clone(),
        };
        let mut findings: Vec<_> = record.findings.into_iter().map(summary).collect();
        findings.sort_by(|a, b| b.score.cmp(&a.score).then_with(|| a.id.cmp(&b.id)));
        Ok(findings)
    }

    /// One finding of an inspection.
    pub async fn finding(
        &self,
        viewer: &Viewer,
        id: &EvidenceId,
        finding: &str,
    ) -> Result<FindingView, ReadError> {
        let evidence = self.evidence(viewer, id)?;
        if evidence.r#type != EvidenceType::Inspection {
            return Err(ReadError::NotFound);
        }
        let record: record::Inspection = self.typed(viewer, id).await?;
        let finding = record.findings.into_iter().find(|f| f.id == finding).ok_or(ReadError::NotFound)?;
        let artifact = record.artifacts.into_iter().find(|a| a.path == finding.artifact);
        Ok(FindingView { evidence, artifact, finding })
    }

    /// Components of the newest bill of materials of a release, in its order; none where it cannot be read.
    pub async fn components(
        &self,
        viewer: &Viewer,
        release: &ReleaseId,
    ) -> Result<Vec<ComponentView>, ReadError> {
        let Some(id) = self.latest_id(viewer, release, EvidenceType::Sbom)? else { return Ok(Vec::new()) };
        let sbom: Value = self.typed(viewer, &id).await?;
        Ok(redact::components(&sbom))
    }
}
