//! Squashfs version 4 and 3, the root file system of most small devices, with the changes that their makers made.

mod old;
mod vendor;

use std::io::Cursor;

use backhand::{FilesystemReader, InnerNode};

use super::{Content, Found, Kind, Opened, Reader};
use crate::limits::Meter;
use crate::path::escape;
use crate::problem::{damaged, guarded};
use crate::{Bytes, Cause, Format};

/// The first four bytes: those of the kernel in both byte orders, and those that makers of devices put there.
const MAGICS: [&[u8; 4]; 8] = [b"hsqs", b"sqsh", b"hsqt", b"tqsh", b"shsq", b"qshs", b"zlqs", b"sqlz"];

pub(super) static READER: Reader = Reader {
    format: Format::Squashfs,
    probe,
    signatures: &[
        (b"hsqs", 0),
        (b"sqsh", 0),
        (b"hsqt", 0),
        (b"tqsh", 0),
        (b"shsq", 0),
        (b"qshs", 0),
        (b"zlqs", 0),
        (b"sqlz", 0),
    ],
    open,
};

/// Where version 4 states its block size logarithm, version, and length (Linux `fs/squashfs/squashfs_fs.h`).
const BLOCK_LOG: std::ops::Range<usize> = 22..24;
const MAJOR: std::ops::Range<usize> = 28..30;
/// Where versions 1 to 3 state it.
const OLD_BLOCK_LOG: std::ops::Range<usize> = 34..36;
const BYTES_USED: std::ops::Range<usize> = 40..48;

fn half(data: &[u8], at: std::ops::Range<usize>) -> Option<u16> {
    Some(u16::from_le_bytes(data.get(at)?.try_into().ok()?))
}

fn is_version_4(data: &[u8]) -> bool {
    data.starts_with(b"hsqs")
        && half(data, MAJOR) == Some(4)
        && half(data, BLOCK_LOG).is_some_and(|log| (12..=20).contains(&log))
}

/// Version 3 comes in both byte orders, which its version number tells.
fn version_3(data: &[u8]) -> Option<old::Order> {
    MAGICS.iter().any(|magic| data.starts_with(*magic)).then_some(())?;
    let big = match data.get(MAJOR)? {
        [3, 0] => false,
        [0, 3] => true,
        _ => return None,
    };
    let order = old::Order { big };
    old::Old::read(data, order).map(|_| order)
}

/// Versions 1 and 2, of devices from before 2006: known so that it can be said, not read.
fn version_before_3(data: &[u8]) -> Option<u8> {
    MAGICS.iter().any(|magic| data.starts_with(*magic)).then_some(())?;
    let (version, log) = match (data.get(MAJOR)?, data.get(OLD_BLOCK_LOG)?) {
        ([version @ 1..=2, 0], [log, 0]) | ([0, version @ 1..=2], [0, log]) => (*version, *log),
        _ => return None,
    };
    (12..=16).contains(&log).then_some(version)
}

fn probe(data: &[u8]) -> bool {
    is_version_4(data) || version_3(data).is_some() || version_before_3(data).is_some()
}

fn open(data: &Bytes, meter: &mut Meter) -> Result<Opened, Cause> {
    if let Some(version) = version_before_3(data) {
        return Err(Cause::Unsupported { what: format!("squashfs version {version}") });
    }
    if let Some(order) = version_3(data) {
        return old::open(data, order, meter);
    }
    let length = stated_length(data)?;
    let image = data.slice(0..length);
    guarded(|| {
        let kind = backhand::kind::Kind::new_v4(&vendor::Vendor);
        let reader = FilesystemReader::from_reader_with_offset_and_kind(Cursor::new(image.clone()), 0, kind)
            .map_err(damaged)?;
        let (mut files, mut problems) = (Vec::new(), Vec::new());
        for node in reader.files() {
            meter.file()?;
            let stated = node.fullpath.as_os_str().as_encoded_bytes().to_vec();
            let kind = match &node.inner {
                InnerNode::Dir(_) => Kind::Directory,
                InnerNode::Symlink(link) => Kind::Symlink(escape(link.link.as_os_str().as_encoded_bytes())),
                InnerNode::File(file) => {
                    let (content, cause) = meter.read(&mut reader.file(file).reader(), data.len() as u64);
                    problems.extend(cause.map(|c| (escape(&stated), c)));
                    Kind::File(Bytes::from(content))
                }
                _ => Kind::Special,
            };
            let header = node.header;
            let mode = u32::from(header.permissions) & 0o7777;
            files.push(Found { stated, kind, mode, uid: header.uid, gid: header.gid });
        }
        Ok(Opened { content: Content::Files(files), length: padded(length, data.len()), problems })
    })
}

fn stated_length(data: &[u8]) -> Result<usize, Cause> {
    let field = data.get(BYTES_USED).and_then(|f| f.try_into().ok()).map(u64::from_le_bytes);
    let length = field.and_then(|n| usize::try_from(n).ok()).unwrap_or(usize::MAX);
    if length > data.len() {
        return Err(Cause::Damaged { how: format!("{length} bytes are stated, {} are there", data.len()) });
    }
    Ok(length)
}

/// Images are padded to 4 KiB.
fn padded(length: usize, available: usize) -> usize {
    length
        .checked_next_multiple_of(4096)
        .map_or(length, |padded| if padded <= available { padded } else { length })
}
