//! `hidden-command`: input that equals a secret text makes the program run something.
//!
//! **Finds** calls that run a program (`system`, `popen`, `exec*`, `posix_spawn`), load code or a kernel module, or
//! functions that do, which happen only if data from outside equals a text of the program: compared by a library
//! function, inlined, byte by byte, or found in a table of names and functions. Where the data's way is not seen, texts
//! alone are taken, with some doubt; a text that the program computes and that stands nowhere in it leaves none. Legitimate
//! dispatchers are told apart by what guards them besides (a login, a state), by the program's own help texts, and by what
//! they run.
//! **Misses** commands compared by hash with a weak payload; rows of tables that are built at run time.
//! **Wrongly reports** undocumented but wanted commands, such as those of a factory test.
//! **Source**: ProFTPD 1.3.3c (2010); Thomas and Francillon, "Backdoors: definition, deniability and detection" (RAID
//! 2018); Schuster and Holz, "Towards reducing the attack surface of software backdoors" (CCS 2013).

use super::gated::{Class, findings};
use super::{Case, Detector};
use crate::finding::ProgramFinding;

pub(crate) const DETECTOR: Detector = Detector { rule: "hidden-command", version: 6, detect };

fn detect(case: &Case<'_>) -> Vec<ProgramFinding> {
    findings(case, DETECTOR.rule, Class::Command, |_, _| None)
}
