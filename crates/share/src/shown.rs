//! Documents shown in part, with proof against what their issuer signed.
//!
//! The same things are shown as in the instance's own redaction (`redact`), but leaf by leaf, so that nobody has to take
//! the instance's word for them.

use record::Sha256;
use statement::{DisclosureLevel, EvidenceType, Redactable, Step};

use crate::error::{ReadError, WriteError};
use crate::fact::{Effect, EvidenceFact};
use crate::ids::{EvidenceId, now};
use crate::looking::{Looking, require};
use crate::platform::Platform;
use crate::redact::{PART, TOP};
use crate::universe::Evidence;
use crate::view::ShownView;
use crate::viewer::Viewer;

/// Whether the redacted form of a document of `kind` shows what stands at `at`.
fn shows(kind: EvidenceType, at: &[Step]) -> bool {
    let names: Vec<&str> = at
        .iter()
        .map(|step| match step {
            Step::Key(key) => key.as_str(),
            Step::Index(_) => "",
        })
        .collect();
    match kind {
        EvidenceType::Sbom => match names.as_slice() {
            [top] => TOP.contains(top),
            ["components" | "packages", "", field, ..] => PART.contains(field),
            _ => false,
        },
        // Of findings only what is named: a field that a later version adds stays hidden.
        EvidenceType::Inspection => match names.as_slice() {
            ["findings", "", rest @ ..] => matches!(
                rest,
                ["id" | "rule" | "severity" | "score" | "artifact"]
                    | ["source", "kind" | "via"]
                    | ["payload", "operation"]
                    | ["review", "state" | "reason" | "at"]
            ),
            ["artifacts", "", "capabilities", ..] => false,
            _ => true,
        },
        EvidenceType::Assessment => !matches!(
            names.as_slice(),
            ["goals", "", "paths", ..]
                | ["vulnerabilities", "", "why"]
                | ["choke_points" | "countermeasures" | "plan" | "difference", ..]
        ),
        EvidenceType::Vex | EvidenceType::VerificationSummary => true,
        _ => false,
    }
}

/// A document, its kind, how much of it is shown, its commitment and the seed of its salts.
struct Found {
    statement: Sha256,
    kind: EvidenceType,
    level: DisclosureLevel,
    commitment: EvidenceId,
    seed: Sha256,
}

impl Platform {
    /// What the viewer may see of a document, with proof. Not found where its issuer did not commit to it.
    pub async fn shown(&self, viewer: &Viewer, id: &EvidenceId) -> Result<ShownView, ReadError> {
        if let Some(shown) = self.received_parts(viewer, id).await? {
            return Ok(shown);
        }
        let Found { statement, kind, level, commitment, seed } = self.committed(viewer, id)?;
        let statement = self.stored_statement(statement).await?;
        let opened = tokio::task::spawn_blocking(move || {
            let opened = Redactable::open(statement.document(), &seed.0);
            opened.map(|r| {
                let view = r.view(|at| level >= DisclosureLevel::Full || shows(kind, at));
                (view, r.commitment(statement.predicate_type().clone()))
            })
        });
        let damaged = |what: String| ReadError::Damaged { what };
        let (view, signed) =
            opened.await.map_err(|e| damaged(e.to_string()))?.map_err(|e| damaged(e.to_string()))?;
        self.note_access(viewer, id).await?;
        let universe = self.universe();
        let commitment = Looking::new(&universe, viewer).evidence_by_id(&commitment);
        let commitment = commitment.ok_or(ReadError::NotFound)?;
        Ok(ShownView { commitment, opaque: view.opaque(&signed), view })
    }

    fn committed(&self, viewer: &Viewer, id: &EvidenceId) -> Result<Found, ReadError> {
        let universe = self.universe();
        let (evidence, level) = universe.visible_evidence(viewer, id, now())?;
        require(level, DisclosureLevel::Redacted)?;
        let commitment = universe.commitments.get(id).and_then(|c| universe.evidence.get(c));
        let commitment = commitment.filter(|c| Evidence::is_current(c)).ok_or(ReadError::NotFound)?;
        let Effect::Commit { seed, .. } = &commitment.fact.effect else { return Err(ReadError::NotFound) };
        Ok(Found {
            statement: evidence.fact.statement,
            kind: evidence.fact.kind,
            level,
            commitment: commitment.fact.id.clone(),
            seed: *seed,
        })
    }

    /// Whether a commitment belongs to the document it names: with the seed its root can be computed.
    pub(crate) async fn check_commitment(
        &self,
        fact: &EvidenceFact,
        statement: &statement::Statement,
    ) -> Result<(), WriteError> {
        let Effect::Commit { document, seed } = &fact.effect else { return Ok(()) };
        let stored = self.universe().evidence.get(document).map(|e| e.fact.statement);
        let stored = stored.ok_or(WriteError::Commitment)?;
        let full = self.stored_statement(stored).await.map_err(WriteError::Read)?;
        let signed: statement::Commitment = statement.predicate()?;
        let seed = seed.0;
        let computed = tokio::task::spawn_blocking(move || {
            Redactable::open(full.document(), &seed).map(|r| r.commitment(full.predicate_type().clone()))
        });
        match computed.await {
            Ok(Ok(computed)) if computed == signed => Ok(()),
            _ => Err(WriteError::Commitment),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    /// Every value of `part` stands at the same place in `whole`, but for gaps in lists.
    fn is_part(part: &Value, whole: &Value) -> bool {
        match (part, whole) {
            (Value::Object(a), Value::Object(b)) => {
                a.iter().all(|(k, v)| b.get(k).is_some_and(|w| is_part(v, w)))
            }
            (Value::Array(a), Value::Array(b)) => a.iter().all(|v| b.iter().any(|w| is_part(v, w))),
            (a, b) => a == b,
        }
    }

    const SBOM: &str = r#"{"bomFormat":"CycloneDX","specVersion":"1.6","metadata":{"authors":[{"name":"S. Ecret"}]},
        "components":[{"type":"library","name":"zlib","version":"1.3","properties":[{"name":"path","value":"/secret"}]}],
        "dependencies":[{"ref":"a","dependsOn":["b"]}]}"#;

    const INSPECTION: &str = r#"{"schema":"sukashi.inspection/1","complete":true,"reproducible":true,
        "tool":{"name":"sukashi","version":"1","detectors":[]},"subject":{"name":"r","sha256":null,"size":null,"media_type":null},
        "artifacts":[],"findings":[{"id":"f-1","rule":"hidden-command","severity":"high","score":80,"title":"`secret` opens a shell","params":{"a":"secret"},
        "artifact":"bin","location":{"address":"0x1","function":"secret","line":null},
        "source":{"kind":"network","via":"recv","address":"0x99"},"trigger":null,
        "payload":{"address":"0x98","operation":"process.exec","detail":"secret"},"route":[],"witness":null,"why":"secret",
        "evidence":[],"review":{"state":"open"}}],"blind_spots":[],"components":null,
        "totals":{"files":1,"programs":1,"code_bytes":1,"work_units":1}}"#;

    #[test]
    fn a_view_shows_nothing_that_the_redaction_hides() {
        for (kind, text) in [(EvidenceType::Sbom, SBOM), (EvidenceType::Inspection, INSPECTION)] {
            let view = Redactable::open(text, &[1; 32]).unwrap().view(|at| shows(kind, at)).document();
            let redacted = crate::redact::redacted(kind, text).unwrap();
            let redacted: Value = serde_json::from_slice(&redacted).unwrap();
            assert!(is_part(&view, &redacted), "{view}\n{redacted}");
            for text in [view.to_string(), redacted.to_string()] {
                assert!(!text.contains("ecret") && !text.contains("0x9") && text.len() > 60, "{text}");
            }
        }
    }

    #[test]
    fn kinds_without_a_redacted_form_show_nothing() {
        for kind in [EvidenceType::SystemRegistration, EvidenceType::Other, EvidenceType::DisclosureGrant] {
            assert!(!shows(kind, &[Step::Key("schema".to_owned())]));
        }
    }
}
