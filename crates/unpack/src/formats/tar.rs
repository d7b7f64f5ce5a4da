//! tar archives: POSIX and GNU, with long names and links.

use std::io::Cursor;

use tar::EntryType;

use super::{Content, Found, Kind, Opened, Reader};
use crate::limits::Meter;
use crate::path::escape;
use crate::problem::{damaged, guarded};
use crate::{Bytes, Cause, Format};

pub(super) static READER: Reader =
    Reader { format: Format::Tar, probe, signatures: &[(b"ustar\0", 257), (b"ustar  \0", 257)], open };

/// Where the magic of a header block stands.
const MAGIC: std::ops::Range<usize> = 257..262;

pub(super) fn probe(data: &[u8]) -> bool {
    data.get(MAGIC) == Some(b"ustar") && checksum_holds(data)
}

/// The header's bytes add up to the number it states, its own field counted as blanks.
fn checksum_holds(data: &[u8]) -> bool {
    let Some(block) = data.get(..512) else { return false };
    let sum: u32 =
        block.iter().enumerate().map(|(i, b)| if (148..156).contains(&i) { 32 } else { u32::from(*b) }).sum();
    let stated = block.get(148..156).unwrap_or_default();
    let digits: String = stated.iter().filter(|b| b.is_ascii_digit()).map(|b| char::from(*b)).collect();
    u32::from_str_radix(&digits, 8) == Ok(sum)
}

pub(super) fn open(data: &Bytes, meter: &mut Meter) -> Result<Opened, Cause> {
    guarded(|| {
        let mut archive = tar::Archive::new(Cursor::new(&data[..]));
        let (mut files, mut problems) = (Vec::new(), Vec::new());
        let mut length = 0;
        for entry in archive.entries().map_err(damaged)? {
            let mut entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    problems.push((String::new(), damaged(error)));
                    break;
                }
            };
            meter.file()?;
            let stated = entry.path_bytes().into_owned();
            let link = entry.link_name_bytes().map(std::borrow::Cow::into_owned).unwrap_or_default();
            let kind = match entry.header().entry_type() {
                EntryType::Directory => Kind::Directory,
                EntryType::Symlink => Kind::Symlink(escape(&link)),
                EntryType::Link => Kind::Hardlink(link),
                EntryType::Char | EntryType::Block | EntryType::Fifo => Kind::Special,
                EntryType::XGlobalHeader | EntryType::XHeader => continue,
                _ => {
                    let packed = entry.size();
                    let (content, cause) = meter.read(&mut entry, packed);
                    problems.extend(cause.map(|c| (escape(&stated), c)));
                    Kind::File(Bytes::from(content))
                }
            };
            let header = entry.header();
            let id = |field: std::io::Result<u64>| {
                field.ok().and_then(|id| u32::try_from(id).ok()).unwrap_or(u32::MAX)
            };
            let (mode, uid, gid) = (header.mode().unwrap_or(0) & 0o7777, id(header.uid()), id(header.gid()));
            length = entry.raw_file_position().saturating_add(entry.size()).next_multiple_of(512);
            files.push(Found { stated, kind, mode, uid, gid });
        }
        let length = behind_end(data, usize::try_from(length).unwrap_or(usize::MAX));
        Ok(Opened { content: Content::Files(files), length, problems })
    })
}

/// An archive ends with blocks of zeros.
fn behind_end(data: &[u8], length: usize) -> usize {
    let rest = data.get(length..).unwrap_or_default();
    length.min(data.len()) + rest.iter().take_while(|b| **b == 0).count()
}
