//! What people decided about findings: a file of `{id, state, reason, by, at}`.

use std::collections::BTreeMap;

use record::{Inspection, Review, ReviewState};
use serde::{Deserialize, Serialize};

/// A decision about one finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// Fingerprint of the finding.
    pub id: String,
    /// Decision.
    pub state: ReviewState,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// By whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// When (RFC 3339).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
}

/// Why a review file cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the review file; hint: it is a JSON list of `{{id, state, reason, by, at}}`")]
pub struct ReviewError(#[from] serde_json::Error);

/// Reads a review file.
///
/// # Errors
/// [`ReviewError`] if it is no such list.
pub fn read_review(text: &[u8]) -> Result<Vec<Decision>, ReviewError> {
    Ok(serde_json::from_slice(text)?)
}

/// Writes decisions into the findings that they are about. Returns the ids that no finding has.
pub fn apply_review(record: &mut Inspection, decisions: &[Decision]) -> Vec<String> {
    let mut open: BTreeMap<&str, &Decision> = decisions.iter().map(|d| (d.id.as_str(), d)).collect();
    for finding in &mut record.findings {
        if let Some(decision) = open.remove(finding.id.as_str()) {
            finding.review = Review {
                state: decision.state,
                reason: decision.reason.clone(),
                by: decision.by.clone(),
                at: decision.at.clone(),
            };
        }
    }
    open.into_keys().map(str::to_owned).collect()
}
