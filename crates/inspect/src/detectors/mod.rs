//! What may be hidden in a program: one file a detector.
//!
//! A detector asks [`flow`] and [`crate::query`]; it never reads instructions. Adding one: a file here and a line in
//! [`DETECTORS`]; see `docs/how-to/add-detector.md`.

mod authentication_bypass;
mod connect_back;
mod destructive_trigger;
mod doubts;
mod environment_trigger;
mod gated;
mod hardcoded_credential;
mod hidden_command;
mod hidden_listener;
mod hidden_payload;
mod load_time_hijack;
mod magic_packet;
mod outcome;
mod payload;
mod plain;
mod raw_syscall_privilege;
mod secret_exfiltration;
mod shell_on_socket;
mod signature_check_bypass;
mod state;
mod time_bomb;
mod undocumented_url;
mod unreachable_privilege;

use std::sync::OnceLock;

use flow::Facts;
use gated::{Gated, gated};
use outcome::{TwoWays, two_ways};

use crate::finding::ProgramFinding;
use crate::marks::Marks;
use crate::texts::Texts;

/// What a detector may ask.
pub(crate) struct Case<'a> {
    pub(crate) facts: &'a Facts<'a>,
    pub(crate) texts: &'a Texts,
    gated: OnceLock<Vec<Gated>>,
    two_ways: OnceLock<Vec<Vec<TwoWays>>>,
    marks: OnceLock<Marks>,
}

impl<'a> Case<'a> {
    pub(crate) fn new(facts: &'a Facts<'a>, texts: &'a Texts) -> Self {
        let (gated, two_ways, marks) = (OnceLock::new(), OnceLock::new(), OnceLock::new());
        Self { facts, texts, gated, two_ways, marks }
    }

    /// Payloads behind constants; found when first asked for.
    pub(crate) fn gated(&self) -> &[Gated] {
        self.gated.get_or_init(|| gated(self.facts))
    }

    /// Successes that can be had in two ways, those of one function together; found when first asked for.
    pub(crate) fn two_ways(&self) -> &[Vec<TwoWays>] {
        self.two_ways.get_or_init(|| {
            let each = self.facts.functions().map(|(function, _)| two_ways(self.facts, function));
            each.filter(|pairs| !pairs.is_empty()).collect()
        })
    }

    /// Numbers that the program knows its own structures by.
    pub(crate) fn marks(&self) -> &Marks {
        self.marks.get_or_init(|| Marks::of(self.facts))
    }
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
    destructive_trigger::DETECTOR,
    environment_trigger::DETECTOR,
    hardcoded_credential::DETECTOR,
    hidden_command::DETECTOR,
    hidden_listener::DETECTOR,
    hidden_payload::DETECTOR,
    load_time_hijack::DETECTOR,
    magic_packet::DETECTOR,
    raw_syscall_privilege::DETECTOR,
    secret_exfiltration::DETECTOR,
    shell_on_socket::DETECTOR,
    signature_check_bypass::DETECTOR,
    time_bomb::DETECTOR,
    undocumented_url::DETECTOR,
    unreachable_privilege::DETECTOR,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_sorted_and_unique() {
        assert!(DETECTORS.is_sorted_by(|a, b| a.rule < b.rule));
    }
}
