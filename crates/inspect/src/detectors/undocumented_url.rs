//! `undocumented-url`: a path that no page or text names makes a web server or CGI program run something.
//!
//! **Finds** what `hidden-command` finds, where the text is a path of a request: compared, or a row of a table of paths
//! and handlers. Rows that ask for a login as their neighbours do weigh less.
//! **Misses** handlers that the web server itself chooses by file name.
//! **Wrongly reports** wanted interfaces for other machines that run programs and ask for no login.
//! **Source**: TP-Link `/userRpmNatDebugRpm26525557/` (2013); unlisted CGI handlers in router advisories.

use super::gated::{Class, findings};
use super::{Case, Detector};
use crate::finding::ProgramFinding;

pub(crate) const DETECTOR: Detector = Detector { rule: "undocumented-url", version: 6, detect };

fn detect(case: &Case<'_>) -> Vec<ProgramFinding> {
    findings(case, DETECTOR.rule, Class::Url, |_, _| None)
}
