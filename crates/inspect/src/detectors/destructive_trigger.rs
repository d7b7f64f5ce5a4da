//! `destructive-trigger`: input that equals a constant erases or disables the device.
//!
//! **Finds** commands that erase storage (`dd` onto a device, `mkfs`, `flash_erase`, `rm -r` of a system folder …),
//! restarts, and loss of a system file, which happen only if data from outside equals a constant.
//! **Misses** erasing by own code that opens a device.
//! **Wrongly reports** a documented reset to factory settings that asks for no login, weighed down by its documentation.
//! **Source**: CWE-511; wipers in attacks on controllers (2015–2022).

use super::gated::{Class, findings};
use super::{Case, Detector};
use crate::finding::ProgramFinding;

pub(crate) const DETECTOR: Detector = Detector { rule: "destructive-trigger", version: 6, detect };

fn detect(case: &Case<'_>) -> Vec<ProgramFinding> {
    findings(case, DETECTOR.rule, Class::Destructive, |_, _| None)
}
