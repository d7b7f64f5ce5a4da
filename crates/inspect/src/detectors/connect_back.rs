//! `connect-back`: the program makes a connection and gives the other end a shell.
//!
//! **Finds** what `shell-on-socket` finds, where the function connects instead of accepting.
//! **Misses** connections made in another function than the shell is started.
//! **Wrongly reports** tools for remote help that are meant to do this.
//! **Source**: BPFDoor (2022); "reverse shell" in the literature.

use super::shell_on_socket::{finding, socket_shells};
use super::{Case, Detector};
use crate::finding::ProgramFinding;

pub(crate) const DETECTOR: Detector = Detector { rule: "connect-back", version: 2, detect };

fn detect(case: &Case<'_>) -> Vec<ProgramFinding> {
    let all = socket_shells(case.facts).into_iter().filter(|shell| shell.connects);
    all.map(|shell| finding(case, &shell, DETECTOR.rule)).collect()
}
