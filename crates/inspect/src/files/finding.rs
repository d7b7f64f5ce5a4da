//! A finding in a file, and how it becomes a finding of the record.

use std::collections::BTreeMap;

use record::{
    Evidence, Finding, Location, Payload, Review, Severity, Source, SourceKind, Trigger, TriggerValue,
};
use sha2::{Digest as _, Sha256};

use super::Weight;
use super::text::escaped;

/// One suspected functionality in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileFinding {
    pub(crate) rule: &'static str,
    pub(crate) weight: Weight,
    /// Path in the tree.
    pub(crate) path: String,
    /// From 1; 0 where it is the file as a whole.
    pub(crate) line: u64,
    pub(crate) title: String,
    pub(crate) why: String,
    pub(crate) params: BTreeMap<String, String>,
    /// Kind of input and what brings it.
    pub(crate) source: Option<(SourceKind, String)>,
    /// Readable condition and the value that satisfies it.
    pub(crate) trigger: Option<(String, Option<Vec<u8>>)>,
    /// Operation and detail.
    pub(crate) payload: Option<(&'static str, String)>,
    /// Lines of the file.
    pub(crate) evidence: Vec<String>,
}

impl FileFinding {
    /// In the form of the record. The id depends on rule, file and sentence, not on the line.
    pub(crate) fn into_finding(self) -> Finding {
        let score = self.weight.points();
        Finding {
            id: self.fingerprint(),
            rule: self.rule.to_owned(),
            severity: severity(score),
            score,
            title: self.title,
            params: self.params,
            artifact: self.path,
            location: Location { line: Some(self.line).filter(|l| *l > 0), ..Location::default() },
            source: self.source.map(|(kind, via)| Source { kind, via, address: None }),
            trigger: self.trigger.map(|(condition, value)| Trigger {
                address: None,
                condition,
                value: value.map(|bytes| TriggerValue { text: escaped(&bytes), hex: hex::encode(&bytes) }),
            }),
            payload: self.payload.map(|(operation, detail)| Payload {
                address: None,
                operation: operation.to_owned(),
                detail,
            }),
            route: Vec::new(),
            witness: None,
            why: self.why,
            evidence: self.evidence.into_iter().map(|text| Evidence { address: None, text }).collect(),
            control_flow: None,
            review: Review::default(),
        }
    }

    fn fingerprint(&self) -> String {
        fingerprint(&[self.rule, &self.path, &self.title])
    }
}

/// An id that is the same wherever all parts are.
pub(crate) fn fingerprint(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    let digest = hex::encode(hash.finalize());
    format!("f-{}", digest.get(..16).unwrap_or_default())
}

/// The severity that a score stands for.
pub(crate) fn severity(score: u8) -> Severity {
    match score {
        90.. => Severity::Critical,
        70.. => Severity::High,
        40.. => Severity::Medium,
        20.. => Severity::Low,
        _ => Severity::Info,
    }
}
