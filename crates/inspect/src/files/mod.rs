//! Findings in files that are no compiled programs: accounts, keys, start-up scripts, scripts, file modes.
//!
//! Each detector is a file of its own and looks at the whole tree; adding one is a file and a line in [`DETECTORS`].
//! What they find is turned into findings of the record by [`FileFinding::into_finding`]; what each weighs stands in
//! [`Weight`], with the reason.
//!
//! Not here: programs (they have control and data flow, see the other detectors).

mod account;
mod authorized_key;
mod default_account;
mod finding;
mod password;
mod private_key;
mod script;
mod script_backdoor;
mod setuid_surprise;
mod shell_words;
mod startup_shell;
mod text;
mod weight;

use unpack::Tree;

pub(crate) use finding::{FileFinding, fingerprint, severity};
pub(crate) use text::escaped;
pub(crate) use weight::Weight;

/// A detector that looks at files.
pub(crate) struct FileDetector {
    pub(crate) rule: &'static str,
    pub(crate) version: u32,
    pub(crate) detect: fn(&Tree) -> Vec<FileFinding>,
}

/// Sorted by rule.
pub(crate) const DETECTORS: &[FileDetector] = &[
    authorized_key::DETECTOR,
    default_account::DETECTOR,
    private_key::DETECTOR,
    script_backdoor::DETECTOR,
    setuid_surprise::DETECTOR,
    startup_shell::DETECTOR,
];

#[cfg(test)]
mod tests;
