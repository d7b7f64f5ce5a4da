//! From feeds to a snapshot. One importer a file; [`FORMATS`] is the list to extend.
//!
//! Feeds are streamed: plain, gzip or zstd, one JSON object a line, or CSV; or they are one document (catalogues, single
//! advisories). A damaged line is counted and listed, and the import goes on. What is read is spilled to a temporary
//! file beside the snapshot, so that memory holds only an index of it.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use crate::merge::Contribution;
use crate::snapshot::{self, Snapshot, SnapshotError, SnapshotInfo};
use crate::{Concept, Epss, Exploit, Kev};

mod alpine;
mod cpe;
mod csaf;
mod csv;
mod cve5;
mod cwe;
mod debian;
mod epss;
mod exploits;
mod github;
mod kev;
mod nvd;
mod nvd1;
mod osv;
mod spill;
mod stix;
mod technique;
mod text;

pub(crate) use spill::Spill;
pub(crate) use text::is_cve;

/// Longest line read, in bytes.
const MAX_LINE_BYTES: u64 = 64 << 20;
/// Longest document read, in bytes.
const MAX_WHOLE_BYTES: u64 = 512 << 20;
/// Files of one archive.
const MAX_ARCHIVED: usize = 2_000_000;
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
    #[error(
        "`{path}` is no feed that is known here; hint: NVD, CVE 5, OSV, CSAF, KEV, EPSS and others, see the manual"
    )]
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
    /// The snapshot that is brought up to date cannot be read.
    #[error(transparent)]
    Old(#[from] SnapshotError),
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
    Exploit(String, Exploit),
    Technique(String, String),
    Concept(Concept),
}

/// How a feed is cut into what its importer reads.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cut {
    /// One document.
    Whole,
    Lines,
    /// One object a line, or one document over several lines.
    Objects,
}

/// A format of feeds.
struct Format {
    /// Whether a feed that begins like this is of the format.
    recognise: fn(&str) -> bool,
    cut: Cut,
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

/// In the order of recognition: what is told by its own words comes first.
const FORMATS: &[Format] = &[
    Format { recognise: epss::recognise, cut: Cut::Lines, read: epss::read },
    Format { recognise: kev::recognise_csv, cut: Cut::Whole, read: kev::read_csv },
    Format { recognise: exploits::recognise_csv, cut: Cut::Whole, read: exploits::read_csv },
    Format { recognise: technique::recognise, cut: Cut::Whole, read: technique::read },
    Format { recognise: debian::recognise_list, cut: Cut::Whole, read: debian::read_list },
    Format { recognise: alpine::recognise, cut: Cut::Whole, read: alpine::read },
    Format { recognise: kev::recognise_json, cut: Cut::Whole, read: kev::read_json },
    Format { recognise: stix::recognise, cut: Cut::Whole, read: stix::read },
    Format { recognise: nvd1::recognise, cut: Cut::Whole, read: nvd1::read },
    Format { recognise: nvd::recognise_response, cut: Cut::Whole, read: nvd::read_response },
    Format { recognise: debian::recognise_tracker, cut: Cut::Whole, read: debian::read_tracker },
    Format { recognise: exploits::recognise_modules, cut: Cut::Whole, read: exploits::read_modules },
    Format { recognise: exploits::recognise_lines, cut: Cut::Lines, read: exploits::read_line },
    Format { recognise: cwe::recognise, cut: Cut::Lines, read: cwe::read },
    Format { recognise: csaf::recognise, cut: Cut::Objects, read: csaf::read },
    Format { recognise: cve5::recognise, cut: Cut::Objects, read: cve5::read },
    Format { recognise: github::recognise, cut: Cut::Objects, read: github::read },
    Format { recognise: osv::recognise, cut: Cut::Objects, read: osv::read },
    Format { recognise: nvd::recognise, cut: Cut::Objects, read: nvd::read },
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
    write(None, feeds, snapshot, progress)
}

/// Adds feeds to what a snapshot holds and writes it anew, as [`build`] would from all feeds together. The old one may be
/// replaced by the new.
///
/// # Errors
/// As [`build`], and if the old snapshot cannot be read.
pub fn update(
    old: &Snapshot,
    feeds: &[PathBuf],
    snapshot: &Path,
    progress: &mut dyn FnMut(Event<'_>),
) -> Result<Summary, ImportError> {
    write(Some(old), feeds, snapshot, progress)
}

fn write(
    old: Option<&Snapshot>,
    feeds: &[PathBuf],
    snapshot: &Path,
    progress: &mut dyn FnMut(Event<'_>),
) -> Result<Summary, ImportError> {
    let folder = snapshot.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let mut spill = Spill::new(folder)?;
    if let Some(old) = old {
        spill.take_over(old)?;
    }
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
    let mut file = BufReader::with_capacity(1 << 16, File::open(path).map_err(fail)?);
    if file.fill_buf().map_err(fail)?.starts_with(b"PK\x03\x04") {
        return read_archive(path, spill, summary, progress);
    }
    let mut lines = decompressed(file).map_err(fail)?;
    read_lines(&mut *lines, path, spill, summary, progress)
}

/// Each file of a zip archive as a feed: so OSV publishes an ecosystem, one advisory a file.
fn read_archive(
    path: &Path,
    spill: &mut Spill,
    summary: &mut Summary,
    progress: &mut dyn FnMut(Event<'_>),
) -> Result<(), ImportError> {
    let fail = |source| ImportError::Read { path: path.to_owned(), source };
    let mut archive = zip::ZipArchive::new(BufReader::new(File::open(path).map_err(fail)?))
        .map_err(|error| fail(io::Error::other(error)))?;
    for number in 0..archive.len().min(MAX_ARCHIVED) {
        let file = archive.by_index(number).map_err(|error| fail(io::Error::other(error)))?;
        if file.is_dir() {
            continue;
        }
        let mut lines = BufReader::with_capacity(1 << 14, file);
        read_lines(&mut lines, path, spill, summary, progress)?;
    }
    Ok(())
}

fn read_lines(
    lines: &mut dyn BufRead,
    path: &Path,
    spill: &mut Spill,
    summary: &mut Summary,
    progress: &mut dyn FnMut(Event<'_>),
) -> Result<(), ImportError> {
    let fail = |source| ImportError::Read { path: path.to_owned(), source };
    let head = String::from_utf8_lossy(lines.fill_buf().map_err(fail)?).into_owned();
    let head = head.trim_start_matches('\u{feff}');
    let format = FORMATS
        .iter()
        .find(|format| (format.recognise)(head))
        .ok_or_else(|| ImportError::Unknown { path: path.to_owned() })?;
    let whole = match format.cut {
        Cut::Whole => true,
        Cut::Lines => false,
        Cut::Objects => is_document(head),
    };
    let mut context = Context::default();
    let (mut facts, mut number) = (Vec::new(), 0);
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        let length = match whole {
            true => (&mut *lines).take(MAX_WHOLE_BYTES).read_to_end(&mut buffer),
            false => (&mut *lines).take(MAX_LINE_BYTES).read_until(b'\n', &mut buffer),
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

/// Whether the first object is not complete at the end of the first line.
fn is_document(head: &str) -> bool {
    let first = head.trim_start().lines().next().unwrap_or_default().trim_end();
    let cut_off = first.len() + 1 >= head.trim_start().len();
    head.trim_start().starts_with('[') || !(cut_off || first.ends_with('}'))
}

/// Reads one object, or each of a list of them.
fn each<T: serde::de::DeserializeOwned>(text: &str, mut take: impl FnMut(T)) -> Result<(), String> {
    if text.trim_start().starts_with('[') {
        let all: Vec<T> = serde_json::from_str(text).map_err(|e| e.to_string())?;
        all.into_iter().for_each(take);
    } else {
        take(serde_json::from_str(text).map_err(|e| e.to_string())?);
    }
    Ok(())
}

/// Decompresses what begins like zstd or gzip.
fn decompressed(mut file: BufReader<File>) -> io::Result<Box<dyn BufRead>> {
    if file.fill_buf()?.starts_with(&[0x1f, 0x8b]) {
        let decoder = flate2::bufread::MultiGzDecoder::new(file);
        return Ok(Box::new(BufReader::with_capacity(1 << 18, decoder)));
    }
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
        let _ = (format.read)(text, &mut context, &mut Vec::new());
        for line in text.lines() {
            let _ = (format.read)(line, &mut context, &mut Vec::new());
        }
    }
}
