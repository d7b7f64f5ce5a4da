//! `signature-check-bypass`: a constant in the input stands in for a valid signature.
//!
//! **Finds** functions in which a library's check of a signature and a comparison of outside data with a constant lead to
//! the same success.
//! **Misses** checks that the program implements itself.
//! **Wrongly reports** formats whose unsigned variant is documented and harmless.
//! **Source**: CWE-347; engineering images that skip the check.

use super::authentication_bypass::{Kind, findings};
use super::{Case, Detector};
use crate::finding::ProgramFinding;

pub(crate) const DETECTOR: Detector = Detector { rule: "signature-check-bypass", version: 5, detect };

fn detect(case: &Case<'_>) -> Vec<ProgramFinding> {
    findings(case, DETECTOR.rule, Kind::Signature)
}
