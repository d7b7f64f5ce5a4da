//! `hardcoded-credential`: a password that the program holds itself, beside the one that the device keeps.
//!
//! **Finds** functions in which the same datum is compared with a constant of the program and with something that the
//! device keeps (configuration, account database, hash), and both comparisons lead to the same success.
//! **Misses** credentials that are the only ones (nothing to compare with), computed at run time, or checked in
//! different functions.
//! **Wrongly reports** names with a documented special meaning, such as an anonymous login without rights.
//! **Source**: CWE-798; Juniper ScreenOS (CVE-2015-7755); Shoshitaishvili et al., "Firmalice" (NDSS 2015).

use super::authentication_bypass::{Kind, findings};
use super::{Case, Detector};
use crate::finding::ProgramFinding;

pub(crate) const DETECTOR: Detector = Detector { rule: "hardcoded-credential", version: 4, detect };

fn detect(case: &Case<'_>) -> Vec<ProgramFinding> {
    findings(case, DETECTOR.rule, Kind::Credential)
}
