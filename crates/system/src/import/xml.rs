//! XML event by event, with the line of each.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::ImportError;

/// Gives every event to `take` with the line it ends in, until there is none or `take` says why to stop.
///
/// # Errors
/// If the text is no XML, or `take` stops.
pub(super) fn walk(
    name: &str,
    text: &str,
    format: &'static str,
    mut take: impl FnMut(&Event<'_>, usize) -> Result<(), String>,
) -> Result<(), ImportError> {
    let mut reader = Reader::from_str(text);
    let (mut line, mut counted) = (1, 0);
    loop {
        let at = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX).min(text.len());
        line += text.get(counted..at).map_or(0, |between| between.matches('\n').count());
        counted = at;
        let fault = |reason: String| ImportError { name: name.to_owned(), line, reason, format };
        match reader.read_event().map_err(|e| fault(e.to_string()))? {
            Event::Eof => return Ok(()),
            event => take(&event, line).map_err(fault)?,
        }
    }
}

/// An attribute's value; empty if there is none.
pub(super) fn attribute(tag: &BytesStart<'_>, name: &str) -> String {
    let found = tag.attributes().flatten().find(|a| a.key.as_ref() == name);
    found.map_or_else(String::new, |a| {
        let raw = a.value.to_string();
        quick_xml::escape::unescape(&raw).map(|v| v.into_owned()).unwrap_or(raw)
    })
}
