//! Known formats somewhere inside unknown bytes.
//!
//! All signatures are looked for in one pass; each hit must pass its format's own header checks and open. What lies
//! between two images, and is more than padding, is reported with its entropy.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use crate::formats::{Opened, READERS, Reader};
use crate::limits::Meter;
use crate::{Bytes, Cause, Format, entropy};

/// Hits that pass the header checks and are opened, for one file.
const MOST_ATTEMPTS: usize = 256;

/// Smaller gaps are headers and padding.
const SMALLEST_GAP: usize = 4096;

/// By number of pattern: the reader, and how far behind the beginning the signature stands.
type Signatures = (AhoCorasick, Vec<(&'static Reader, usize)>);

static SIGNATURES: LazyLock<Option<Signatures>> = LazyLock::new(|| {
    let all = || {
        READERS.iter().flat_map(|reader| reader.signatures.iter().map(move |signature| (*reader, signature)))
    };
    let automaton = AhoCorasick::new(all().map(|(_, (bytes, _))| *bytes)).ok()?;
    Some((automaton, all().map(|(reader, (_, behind))| (reader, *behind)).collect()))
});

/// What was found, in order, and the regions without anything known.
pub(crate) struct Carved {
    pub(crate) images: Vec<(usize, Format, Opened)>,
    pub(crate) problems: Vec<(String, Cause)>,
}

/// Looks through all of `data`.
pub(crate) fn carve(data: &Bytes, meter: &mut Meter) -> Carved {
    let mut carved = Carved { images: Vec::new(), problems: Vec::new() };
    let mut end = 0;
    let mut attempts = 0;
    let Some((automaton, readers)) = SIGNATURES.as_ref() else { return carved };
    for hit in automaton.find_overlapping_iter(&data[..]) {
        let Some((reader, behind)) = readers.get(hit.pattern().as_usize()) else { continue };
        let Some(start) = hit.start().checked_sub(*behind).filter(|start| *start >= end) else { continue };
        let rest = data.after(start);
        if !(reader.probe)(&rest) {
            continue;
        }
        attempts += 1;
        if attempts > MOST_ATTEMPTS {
            let how = format!("more than {MOST_ATTEMPTS} places look like an image");
            carved.problems.push((region(start, data.len()), Cause::Unsupported { what: how }));
            return carved;
        }
        let Ok(opened) = (reader.open)(&rest, meter) else { continue };
        if opened.is_empty() {
            continue;
        }
        gap(data, end, start, &mut carved.problems);
        end = start + opened.length.max(1);
        carved.images.push((start, reader.format, opened));
    }
    gap(data, end.min(data.len()), data.len(), &mut carved.problems);
    carved
}

fn gap(data: &Bytes, start: usize, end: usize, problems: &mut Vec<(String, Cause)>) {
    let bytes = data.slice(start..end);
    let padding = bytes.iter().all(|b| Some(b) == bytes.first());
    if bytes.len() >= SMALLEST_GAP && !padding {
        problems.push((region(start, end), Cause::Unknown { centibits: entropy::centibits(&bytes) }));
    }
}

fn region(start: usize, end: usize) -> String {
    format!("region {start:#x}..{end:#x}")
}
