//! What may be hidden in a program: one file a detector.
//!
//! A detector asks [`flow`] and [`crate::query`]; it never reads instructions. Adding one: a file here and a line in
//! [`DETECTORS`]; see `docs/how-to/add-detector.md`.

mod authentication_bypass;
mod connect_back;
mod hardcoded_credential;
mod hidden_command;
mod outcome;
mod payload;
mod shell_on_socket;
mod signature_check_bypass;
mod time_bomb;

use flow::Facts;

use crate::finding::ProgramFinding;
use crate::texts::Texts;

/// What a detector may ask.
pub(crate) struct Case<'a> {
    pub(crate) facts: &'a Facts<'a>,
    pub(crate) texts: &'a Texts,
}

/// A detector that looks at programs.
pub(crate) struct Detector {
    pub(crate) rule: &'static str,
    pub(crate) version: u32,
    pub(crate) detect: fn(&Case<'_>) -> Vec<ProgramFinding>,
}

/// Sorted by rule.
pub(crate) const DETECTORS: &[Detector] = &[
    authentication_bypass::DETECTOR,
    connect_back::DETECTOR,
    hardcoded_credential::DETECTOR,
    hidden_command::DETECTOR,
    shell_on_socket::DETECTOR,
    signature_check_bypass::DETECTOR,
    time_bomb::DETECTOR,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_sorted_and_unique() {
        assert!(DETECTORS.is_sorted_by(|a, b| a.rule < b.rule));
    }
}
