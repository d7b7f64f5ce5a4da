//! From feeds to a snapshot. One importer a file; [`FORMATS`] is the list to extend.
//!
//! Feeds are streamed: plain or zstd, one JSON object a line, or CSV, or (small catalogues) one JSON document. A
//! damaged line is counted and listed, and the import goes on. What is read is spilled to a temporary file beside the
//! snapshot, so that memory holds only an index of it.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use crate::merge::Contribution;
use crate::snapshot::{self, SnapshotInfo};
use crate::{Epss, Kev};

mod cpe;
mod csv;
mod cve5;
mod epss;
mod kev;
mod nvd;
mod osv;
mod spill;
mod text;

pub(crate) use spill::Spill;

/// Longest line read, in bytes.
const MAX_LINE_BYTES: u64 = 64 << 20;
/// Damaged lines listed; all are counted.
const MAX_LISTED: usize = 100;
/// Lines between two events.
const EVENT_EVERY: u64 = 10_000;

/// Progress of a build.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A feed is being read.
    Reading {
        /// The feed.
        path: &'a Path,
        /// Lines read of it.
        lines: u64,
    },
    /// A line, or an entry of a catalogue, could not be read and was left out.
    Damaged {
        /// The feed.
        path: &'a Path,
        /// Its number, from 1.
        line: u64,
        /// What is wrong.
        why: &'a str,
    },
    /// Records are being joined and written.
    Writing {
        /// Records written.
        done: u64,
        /// All.
        of: u64,
    },
}

/// What a build read and wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// What stands in the snapshot.
    pub info: SnapshotInfo,
    /// Lines or entries read.
    pub lines: u64,
    /// Those left out.
    pub damaged: u64,
    /// The first of them: feed, line from 1, what is wrong.
    pub listed: Vec<(PathBuf, u64, String)>,
}

/// Why a snapshot could not be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// A feed cannot be read.
    #[error("cannot read `{path}`")]
    Read {
        /// The feed.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The feed is of no known format.
    #[error("`{path}` is no feed that is known here; hint: NVD or CVE 5 as JSON Lines, KEV, EPSS, OSV")]
    Unknown {
        /// The feed.
        path: PathBuf,
    },
    /// The snapshot, or the temporary file beside it, cannot be written.
    #[error("cannot write `{path}`")]
    Write {
        /// Where.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The database refuses.
    #[error("cannot write the snapshot `{path}`")]
    Database {
        /// Where.
        path: PathBuf,
        /// What it says.
        #[source]
        source: Box<redb::Error>,
    },
}

/// What an importer makes of one line or entry.
enum Fact {
    Said(Box<Contribution>),
    Exploited(String, Kev),
    Probability(String, Epss),
}

/// A format of feeds.
struct Format {
    /// Whether a feed that begins like this is of the format.
    recognise: fn(&str) -> bool,
    /// Whether one document, not lines.
    whole: bool,
    read: fn(&str, &mut Context, &mut Vec<Fact>) -> Result<(), String>,
}

/// What lines before said that matters for those that follow.
#[derive(Default)]
struct Context {
    /// Date of the feed, if it states one.
    date: String,
    /// Columns of a CSV file.
    columns: Vec<String>,
}

/// In the order of recognition.
const FORMATS: &[Format] = &[
    Format { recognise: epss::recognise, whole: false, read: epss::read },
    Format { recognise: kev::recognise_csv, whole: true, read: kev::read_csv },
    Format { recognise: kev::recognise_json, whole: true, read: kev::read_json },
    Format { recognise: cve5::recognise, whole: false, read: cve5::read },
    Format { recognise: osv::recognise, whole: false, read: osv::read },
    Format { recognise: nvd::recognise, whole: false, read: nvd::read },
];

/// Reads all feeds and writes a snapshot. The file appears complete or not at all.
///
/// # Errors
/// If a feed cannot be read or recognised, or the snapshot cannot be written. Damaged lines are no error.
pub fn build(
    feeds: &[PathBuf],
    snapshot: &Path,
    progress: &mut dyn FnMut(Event<'_>),
) -> Result<Summary, ImportError> {
    let folder = snapshot.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let mut spill = Spill::new(folder)?;
    let mut summary = Summary::default();
    for feed in feeds {
        read_feed(feed, &mut spill, &mut summary, progress)?;
    }
    summary.info = snapshot::write(&mut spill, snapshot, folder, progress)?;
    Ok(summary)
}

fn read_feed(
    path: &Path,
    spill: &mut Spill,
    summary: &mut Summary,
    progress: &mut dyn FnMut(Event<'_>),
) -> Result<(), ImportError> {
    let fail = |source| ImportError::Read { path: path.to_owned(), source };
    let mut lines = open(path).map_err(fail)?;
    let head = String::from_utf8_lossy(lines.fill_buf().map_err(fail)?).into_owned();
    let head = head.trim_start_matches('\u{feff}');
    let format = FORMATS
        .iter()
        .find(|format| (format.recognise)(head))
        .ok_or_else(|| ImportError::Unknown { path: path.to_owned() })?;
    let mut context = Context::default();
    let (mut facts, mut number) = (Vec::new(), 0);
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        let mut limited = lines.by_ref().take(MAX_LINE_BYTES);
        let length = match format.whole {
            true => limited.read_to_end(&mut buffer),
            false => limited.read_until(b'\n', &mut buffer),
        };
        if length.map_err(fail)? == 0 {
            break;
        }
        number += 1;
        let read = match std::str::from_utf8(&buffer) {
            Ok(line) if line.trim().is_empty() => Ok(()),
            Ok(line) => (format.read)(line.trim_start_matches('\u{feff}'), &mut context, &mut facts),
            Err(_) => Err("it is not UTF-8".to_owned()),
        };
        if let Err(why) = read {
            progress(Event::Damaged { path, line: number, why: &why });
            summary.damaged += 1;
            if summary.listed.len() < MAX_LISTED {
                summary.listed.push((path.to_owned(), number, why));
            }
        }
        for fact in facts.drain(..) {
            spill.add(fact, &context.date)?;
        }
        if number % EVENT_EVERY == 0 {
            progress(Event::Reading { path, lines: number });
        }
    }
    summary.lines += number;
    progress(Event::Reading { path, lines: number });
    Ok(())
}

/// Decompresses what begins like zstd.
fn open(path: &Path) -> io::Result<Box<dyn BufRead>> {
    let mut file = BufReader::with_capacity(1 << 16, File::open(path)?);
    if file.fill_buf()?.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        let mut decoder = zstd::Decoder::with_buffer(file)?;
        decoder.window_log_max(27)?;
        return Ok(Box::new(BufReader::with_capacity(1 << 18, decoder)));
    }
    Ok(Box::new(file))
}

pub(crate) fn fuzz(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    for format in FORMATS {
        let mut context = Context::default();
        for line in text.lines() {
            let _ = (format.read)(line, &mut context, &mut Vec::new());
        }
    }
}
