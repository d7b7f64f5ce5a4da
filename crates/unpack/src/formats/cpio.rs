//! cpio archives: `newc` (070701), its checksummed form (070702) and `odc` (070707). Linux initial root file systems
//! are such, often several behind each other; they are read as one.
//!
//! Read by hand: the format is two fixed headers, and no kept library reads all three from memory.

use super::{Content, Found, Kind, Opened, Reader};
use crate::limits::Meter;
use crate::path::escape;
use crate::{Bytes, Cause, Format};

pub(super) static READER: Reader = Reader {
    format: Format::Cpio,
    probe,
    signatures: &[(b"070701", 0), (b"070702", 0), (b"070707", 0)],
    open,
};

const TRAILER: &[u8] = b"TRAILER!!!";

/// File types in the high bits of a mode (POSIX `sys/stat.h`).
const TYPE: u32 = 0o170_000;
const DIRECTORY: u32 = 0o040_000;
const REGULAR: u32 = 0o100_000;
const SYMLINK: u32 = 0o120_000;

struct Header {
    mode: u32,
    uid: u32,
    gid: u32,
    name: usize,
    size: usize,
    /// Bytes of the header itself, and to what name and content are padded.
    length: usize,
    padding: usize,
}

fn probe(data: &[u8]) -> bool {
    header(data).is_some_and(|h| h.name > 1 && h.name <= 4097)
}

fn header(data: &[u8]) -> Option<Header> {
    match data.get(..6)? {
        b"070701" | b"070702" => newc(data),
        b"070707" => odc(data),
        _ => None,
    }
}

/// Thirteen fields of eight hexadecimal digits behind the magic.
fn newc(data: &[u8]) -> Option<Header> {
    let field = |i: usize| number(data.get(6 + 8 * i..14 + 8 * i)?, 16);
    Some(Header {
        mode: field(1)?,
        uid: field(2)?,
        gid: field(3)?,
        size: field(6)? as usize,
        name: field(11)? as usize,
        length: 110,
        padding: 4,
    })
}

/// Octal fields of six digits, time and size of eleven.
fn odc(data: &[u8]) -> Option<Header> {
    let field = |at: usize, digits: usize| number(data.get(at..at + digits)?, 8);
    Some(Header {
        mode: field(18, 6)?,
        uid: field(24, 6)?,
        gid: field(30, 6)?,
        name: field(59, 6)? as usize,
        size: field(65, 11)? as usize,
        length: 76,
        padding: 1,
    })
}

fn number(digits: &[u8], radix: u32) -> Option<u32> {
    let text = std::str::from_utf8(digits).ok().filter(|t| t.bytes().all(|b| b.is_ascii_hexdigit()))?;
    u32::from_str_radix(text, radix).ok()
}

fn open(data: &Bytes, meter: &mut Meter) -> Result<Opened, Cause> {
    let (mut files, mut problems) = (Vec::new(), Vec::new());
    let mut at = 0;
    while let Some(header) = header(data.get(at..).unwrap_or_default()) {
        let Some((found, next)) = member(data, at, &header) else {
            problems.push((
                String::new(),
                Cause::Damaged { how: format!("the archive ends inside the file at {at}") },
            ));
            at = data.len();
            break;
        };
        at = next;
        match found {
            Some(found) => {
                meter.file()?;
                files.push(found);
            }
            None => at = behind_padding(data, at),
        }
    }
    Ok(Opened { content: Content::Files(files), length: at, problems })
}

/// The file whose header stands at `at`, none for a trailer, and where the next header stands.
fn member(data: &Bytes, at: usize, header: &Header) -> Option<(Option<Found>, usize)> {
    let name_start = at.checked_add(header.length)?;
    let name_end = name_start.checked_add(header.name)?;
    let start = name_end.checked_next_multiple_of(header.padding)?;
    let end = start.checked_add(header.size)?;
    let name = data.get(name_start..name_end)?;
    data.get(start..end)?;
    let name = name.strip_suffix(b"\0").unwrap_or(name);
    let next = end.checked_next_multiple_of(header.padding)?;
    if name == TRAILER {
        return Some((None, next));
    }
    let content = data.slice(start..end);
    let kind = match header.mode & TYPE {
        DIRECTORY => Kind::Directory,
        REGULAR => Kind::File(content),
        SYMLINK => Kind::Symlink(escape(&content)),
        _ => Kind::Special,
    };
    let mode = header.mode & 0o7777;
    Some((Some(Found { stated: name.to_vec(), kind, mode, uid: header.uid, gid: header.gid }), next))
}

/// Archives are padded with zeros, and another one may follow.
fn behind_padding(data: &Bytes, at: usize) -> usize {
    let rest = data.get(at..).unwrap_or_default();
    let zeros = rest.iter().take_while(|b| **b == 0).count();
    let another = header(rest.get(zeros..).unwrap_or_default()).is_some();
    if another { at + zeros } else { at }
}
