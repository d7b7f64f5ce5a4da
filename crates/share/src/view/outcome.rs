//! Figures of documents.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Figures of a document; what its kind does not have is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Outcome {
    /// Nothing was cut or damaged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub complete: Option<bool>,
    /// Findings by severity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub findings: Option<FindingCounts>,
    /// Share of code reached, thousandths.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coverage: Option<u16>,
    /// Components in a bill of materials.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub components: Option<u64>,
    /// Goals assessed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub goals: Option<u64>,
    /// Of these, reached ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub goals_reached: Option<u64>,
    /// Vulnerabilities by verdict.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdicts: Option<VerdictCounts>,
}

/// Findings by severity; rejected ones count only as rejected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "severities explain themselves")]
pub struct FindingCounts {
    pub critical: u64,
    pub high: u64,
    pub medium: u64,
    pub low: u64,
    pub info: u64,
    pub rejected: u64,
}

/// Vulnerabilities by verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "verdicts explain themselves")]
pub struct VerdictCounts {
    pub exploitable: u64,
    pub not_reachable: u64,
    pub mitigated: u64,
    pub not_affected: u64,
    pub unknown: u64,
}
