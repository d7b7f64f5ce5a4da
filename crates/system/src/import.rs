//! Foreign formats to our model, one a file.
//!
//! An importer reads what its format says and nothing else: it invents no zone and no person. What it does not
//! understand is listed with its place and reason, so that it can be shown as a blind spot. The result is a
//! [`Document`] to be merged with others, or to be written out and completed by hand.

mod chains;
mod cisco;
mod collect;
mod components;
mod device;
mod directory;
mod fortios;
mod iptables;
mod juniper;
mod mulval;
mod nft;
mod nmap;
mod openvas;
mod paloalto;
mod set;
mod table;
mod xml;

pub use cisco::cisco;
pub use collect::{collect, collected_from};
pub use components::components;
pub use directory::directory;
pub use fortios::fortios;
pub use iptables::{Placement, iptables};
pub use juniper::juniper;
pub use mulval::mulval;
pub use nft::nft;
pub use nmap::nmap;
pub use openvas::openvas;
pub use paloalto::paloalto;
pub use table::table;

use crate::{Document, document::Located};

/// What an importer made of a text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Imported {
    /// What was understood.
    pub document: Document,
    /// What was not, in the order of the text.
    pub ignored: Vec<Ignored>,
}

/// A part of the text that the model does not hold, or that the importer does not know.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ignored {
    /// From 1.
    pub line: usize,
    /// As written, at most 200 characters.
    pub what: String,
    /// Why it was left out, and on which side the model errs for it.
    pub why: String,
}

/// A text that is not of the format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` line {line}: {reason}; hint: is this {format}?")]
pub struct ImportError {
    /// Name of the text.
    pub name: String,
    /// From 1.
    pub line: usize,
    /// What is wrong.
    pub reason: String,
    /// The format that was expected.
    pub format: &'static str,
}

fn located<T>(value: T, line: usize) -> Located<T> {
    Located { value, written: crate::Place { line: line as u64, column: 1 } }
}

fn ignored(line: usize, what: &str, why: &str) -> Ignored {
    Ignored { line, what: what.trim().chars().take(200).collect(), why: why.to_owned() }
}

/// A name as an id: letters, digits, `-` and `.`; everything else becomes `-`.
fn id(name: &str) -> String {
    let word: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '.' { c.to_ascii_lowercase() } else { '-' })
        .collect();
    word.trim_matches('-').to_owned()
}
