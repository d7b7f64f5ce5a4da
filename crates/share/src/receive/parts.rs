//! Documents of which only parts come from another instance, with proof against what their issuer signed.
//!
//! The statement is then the commitment: it becomes evidence of the kind of the document it is about, with what is shown
//! beside it. The rest is counted and stays opaque.

use bytes::Bytes;
use record::Sha256;
use serde_json::{Map, Value, json};
use statement::{Commitment, DisclosureLevel, EvidenceType, PartialView, PredicateType, Statement, Subject};

use crate::edition;
use crate::error::{ReadError, WriteError};
use crate::fact::{EvidenceFact, Parts};
use crate::ids::{EvidenceId, now};
use crate::looking::{Looking, require};
use crate::outcome;
use crate::platform::Platform;
use crate::receive::ReceiveError;
use crate::view::{Outcome, ShownView};
use crate::viewer::Viewer;

/// What is shown, verified.
pub(super) struct Partial {
    predicate_type: PredicateType,
    /// The view as it is stored.
    json: Vec<u8>,
    opaque: u64,
    size: u64,
    outcome: Outcome,
    edition_of: Option<Sha256>,
}

impl Partial {
    /// Compares what is shown with the commitment that `statement` makes: apart from what answers others, since there may
    /// be millions of leaves to hash.
    pub(super) async fn verified(statement: Statement, view: PartialView) -> Result<Self, ReceiveError> {
        let compared = tokio::task::spawn_blocking(move || Self::compared(&statement, &view)).await;
        compared.map_err(|error| WriteError::Blob(std::io::Error::other(error)))?
    }

    fn compared(statement: &Statement, view: &PartialView) -> Result<Self, ReceiveError> {
        let wrong = |why: &dyn std::fmt::Display| ReceiveError::View { why: why.to_string() };
        let commitment: Commitment = statement.predicate().map_err(|e| wrong(&e))?;
        view.verify(&commitment).map_err(|e| wrong(&e))?;
        let predicate_type = commitment.predicate_type.clone();
        let document = completed(predicate_type.evidence_type(), view.document()).to_string();
        let subjects: Vec<Subject> = statement.subjects().to_vec();
        let shown = Statement::of_document(subjects, predicate_type.clone(), &document).ok();
        // Figures and names may be among what is opaque.
        let outcome = shown.as_ref().and_then(|s| outcome::of(s).ok()).map(|(outcome, _)| outcome);
        Ok(Self {
            json: serde_json::to_vec(view).map_err(|e| wrong(&e))?,
            opaque: view.opaque(&commitment),
            size: document.len() as u64,
            outcome: outcome.unwrap_or_default(),
            edition_of: shown.as_ref().and_then(edition::of),
            predicate_type,
        })
    }

    /// Of what kind the document is.
    pub(super) fn kind(&self) -> EvidenceType {
        self.predicate_type.evidence_type()
    }

    /// Makes a fact about the commitment one about the document.
    pub(super) fn describe(&self, fact: &mut EvidenceFact) {
        fact.kind = self.kind();
        fact.predicate_type = self.predicate_type.to_string();
        fact.size = self.size;
        fact.outcome = self.outcome.clone();
        fact.edition_of = self.edition_of;
    }
}

impl Platform {
    pub(super) async fn store_parts(&self, partial: &Partial) -> Result<Parts, WriteError> {
        let (json, blobs) = (partial.json.clone(), self.store.blobs.clone());
        let stored = tokio::task::spawn_blocking(move || blobs.put(|out| out.write_all(&json))).await;
        let view = stored.map_err(std::io::Error::other).and_then(|r| r).map_err(WriteError::Blob)?;
        Ok(Parts { view, opaque: partial.opaque })
    }

    /// The document that parts make.
    pub(crate) async fn partial(&self, kind: EvidenceType, parts: Parts) -> Result<Vec<u8>, ReadError> {
        let view = self.stored_view(parts.view).await?;
        Ok(completed(kind, view.document()).to_string().into_bytes())
    }

    pub(crate) async fn stored_view(&self, digest: Sha256) -> Result<PartialView, ReadError> {
        let bytes = Bytes::from(self.blob(digest).await?);
        serde_json::from_slice(&bytes).map_err(|e| ReadError::Damaged { what: e.to_string() })
    }

    /// What came of a document with its proof; `None` where all of it is here, or nothing.
    pub(crate) async fn received_parts(
        &self,
        viewer: &Viewer,
        id: &EvidenceId,
    ) -> Result<Option<ShownView>, ReadError> {
        let parts = {
            let universe = self.universe();
            let (evidence, level) = universe.visible_evidence(viewer, id, now())?;
            let Some(parts) = evidence.fact.parts else { return Ok(None) };
            require(level, DisclosureLevel::Redacted)?;
            parts
        };
        let view = self.stored_view(parts.view).await?;
        self.note_access(viewer, id).await?;
        let universe = self.universe();
        let commitment = Looking::new(&universe, viewer).evidence_by_id(id).ok_or(ReadError::NotFound)?;
        Ok(Some(ShownView { commitment, opaque: parts.opaque, view }))
    }
}

/// Fields that a record must have and a view does not show are empty, as in an instance's own redaction.
fn completed(kind: EvidenceType, mut document: Value) -> Value {
    if kind != EvidenceType::Inspection {
        return document;
    }
    let list = |value: &mut Value, name: &str, empty: &dyn Fn(&Map<String, Value>) -> Value| {
        for item in value.get_mut(name).and_then(Value::as_array_mut).into_iter().flatten() {
            let Some(fields) = item.as_object_mut() else { continue };
            if let Value::Object(missing) = empty(fields) {
                for (name, value) in missing {
                    complete(fields.entry(name).or_insert(Value::Null), value);
                }
            }
        }
    };
    list(&mut document, "findings", &|finding| {
        let rule = finding.get("rule").and_then(Value::as_str).unwrap_or_default();
        json!({
            "title": rule.replace('-', " "), "params": {}, "why": "", "evidence": [], "route": [],
            "trigger": null, "witness": null, "location": {"address": null, "function": null, "line": null},
            "source": finding.get("source").map(|_| json!({"address": null})),
            "payload": finding.get("payload").map(|_| json!({"address": null, "detail": ""})),
        })
    });
    list(&mut document, "artifacts", &|_| json!({"capabilities": []}));
    document
}

/// `value`, with what it lacks of `missing`.
fn complete(value: &mut Value, missing: Value) {
    match (value, missing) {
        (Value::Object(has), Value::Object(missing)) => {
            for (name, missing) in missing {
                has.entry(name).or_insert(missing);
            }
        }
        (value @ Value::Null, missing) => *value = missing,
        _ => {}
    }
}
