//! From text to [`Document`]: YAML, of which JSON is a part.

use serde_saphyr::{Error, Location, Options};

use crate::diagnostic::did_you_mean;
use crate::{Diagnostic, Document, Place};

/// Longest document read, in bytes: a system of 10⁶ hosts stays below it.
pub const MAX_DOCUMENT_BYTES: usize = 1 << 30;

/// Most parser events a document may cause for each of its bytes: aliases cannot blow it up.
const MAX_EVENTS: usize = 1 << 28;

/// Why a text is not a document.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// More than [`MAX_DOCUMENT_BYTES`].
    #[error("`{document}` has {bytes} bytes, the limit is {limit}", limit = MAX_DOCUMENT_BYTES)]
    TooLong {
        /// Name of the document.
        document: String,
        /// Its length.
        bytes: usize,
    },
    /// Not YAML, or a key or value that is none of ours.
    #[error("{0}")]
    Malformed(Diagnostic),
}

/// Reads one document. `name` stands in messages only.
///
/// # Errors
/// The first mistake, with its place; for a misspelt key with the nearest valid one.
pub fn read(name: &str, text: &str) -> Result<Document, ReadError> {
    if text.len() > MAX_DOCUMENT_BYTES {
        return Err(ReadError::TooLong { document: name.to_owned(), bytes: text.len() });
    }
    serde_saphyr::from_str_with_options(text, options())
        .map_err(|error| ReadError::Malformed(diagnostic(name, error.without_snippet())))
}

fn options() -> Options {
    let budget = serde_saphyr::budget! {
        max_events: MAX_EVENTS,
        max_nodes: MAX_EVENTS,
        max_total_scalar_bytes: MAX_DOCUMENT_BYTES,
    };
    serde_saphyr::options! { budget: budget, with_snippet: false }
}

fn diagnostic(document: &str, error: &Error) -> Diagnostic {
    let place = error.location().map_or_else(Place::default, place);
    let (message, hint) = match error {
        Error::SerdeUnknownField { field, expected, .. } => {
            (format!("unknown key `{field}`"), nearest_or_all(field, expected))
        }
        Error::SerdeUnknownVariant { variant, expected, .. } => {
            (format!("unknown value `{variant}`"), nearest_or_all(variant, expected))
        }
        Error::SerdeMissingField { field, .. } => (format!("missing key `{field}`"), None),
        Error::DuplicateMappingKey { key, .. } => {
            (format!("`{}` is written twice here", key.as_deref().unwrap_or("a key")), None)
        }
        other => (plain(other), None),
    };
    Diagnostic { document: document.to_owned(), place, message, hint }
}

fn nearest_or_all(word: &str, expected: &[&'static str]) -> Option<String> {
    let all =
        || format!("valid are {}", expected.iter().map(|e| format!("`{e}`")).collect::<Vec<_>>().join(", "));
    did_you_mean(word, expected.iter().copied()).or_else(|| (!expected.is_empty()).then(all))
}

/// The message without the place that the parser appends: a diagnostic has its own.
fn plain(error: &Error) -> String {
    let text = error.to_string();
    let end = text.find(" at line ").unwrap_or(text.len());
    text.get(..end).unwrap_or(&text).lines().next().unwrap_or_default().to_owned()
}

fn place(location: Location) -> Place {
    Place { line: location.line(), column: location.column() }
}
