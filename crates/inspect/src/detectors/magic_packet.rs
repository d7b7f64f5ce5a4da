//! `magic-packet`: bytes that nobody types, or several messages in the right order, make the program run something.
//!
//! **Finds** payloads behind a number or a sequence of unprintable bytes in data from outside, and payloads behind a
//! state that outside data sets step by step, with no login on the way.
//! **Misses** sequences kept in memory that belongs to a connection, and values checked by a hash only.
//! **Wrongly reports** binary protocols without a login whose commands run programs by design.
//! **Source**: cd00r (2000); BPFDoor (2022); "knock sequences" in the literature.

use super::gated::{Class, findings};
use super::{Case, Detector};
use crate::finding::ProgramFinding;

pub(crate) const DETECTOR: Detector = Detector { rule: "magic-packet", version: 8, detect };

fn detect(case: &Case<'_>) -> Vec<ProgramFinding> {
    findings(case, DETECTOR.rule, Class::Packet, |_, _| None)
}
