//! romfs: an uncompressed read-only file system of small kernels.
//!
//! Layout from the kernel's `Documentation/filesystems/romfs.rst`: everything is big-endian and starts at multiples of 16;
//! the low bits of a file's link to the next one tell its kind and whether it may be executed.

use std::collections::BTreeSet;

use super::number::be32;
use super::{Content, Found, Kind, Opened, Reader};
use crate::limits::Meter;
use crate::path::{escape, join};
use crate::{Bytes, Cause, Format};

const MAGIC: &[u8] = b"-rom1fs-";

pub(super) static READER: Reader = Reader {
    format: Format::Romfs,
    probe: |data| data.starts_with(MAGIC) && name(data, 16).is_some(),
    signatures: &[(MAGIC, 0)],
    open,
};

struct Header {
    next: usize,
    kind: u32,
    executable: bool,
    info: usize,
    size: usize,
    name: Vec<u8>,
    body: usize,
}

fn header(data: &[u8], at: usize) -> Option<Header> {
    let link = be32(data, at)?;
    let (name, body) = name(data, at.checked_add(16)?)?;
    Some(Header {
        next: (link & !15) as usize,
        kind: link & 7,
        executable: link & 8 != 0,
        info: be32(data, at + 4)? as usize,
        size: be32(data, at + 8)? as usize,
        name,
        body,
    })
}

/// A name, and where what follows it begins.
fn name(data: &[u8], at: usize) -> Option<(Vec<u8>, usize)> {
    let rest = data.get(at..)?;
    let end = rest.iter().take(4096).position(|b| *b == 0)?;
    let behind = at.checked_add(end)?.checked_add(1)?.checked_next_multiple_of(16)?;
    Some((rest.get(..end)?.to_vec(), behind))
}

fn open(data: &Bytes, meter: &mut Meter) -> Result<Opened, Cause> {
    let damaged = || Cause::Damaged { how: "the header is cut".to_owned() };
    let size = be32(data, 8).ok_or_else(damaged)? as usize;
    let (_, first) = name(data, 16).ok_or_else(damaged)?;
    let image = data.slice(0..size);
    let (mut files, mut problems) = (Vec::new(), Vec::new());
    let mut todo = vec![(first, String::new())];
    let mut seen = BTreeSet::new();
    while let Some((at, folder)) = todo.pop() {
        if at == 0 || !seen.insert(at) {
            continue;
        }
        let Some(header) = header(&image, at) else {
            problems.push((folder, Cause::Damaged { how: format!("the file header at {at:#x} is cut") }));
            continue;
        };
        todo.push((header.next, folder.clone()));
        if matches!(header.name.as_slice(), b"." | b"..") {
            continue;
        }
        meter.file()?;
        let path = join(&folder, &escape(&header.name).replace('/', "_"));
        let content = image.slice(header.body..header.body.saturating_add(header.size));
        let kind = match header.kind {
            0 => Kind::Special,
            1 => {
                todo.push((header.info & !15, path.clone()));
                Kind::Directory
            }
            2 => {
                if content.len() < header.size {
                    problems.push((path.clone(), Cause::Damaged { how: "the file is cut".to_owned() }));
                }
                Kind::File(content)
            }
            3 => Kind::Symlink(escape(&content)),
            _ => Kind::Special,
        };
        // A hard link of `.` and `..` names its folder; others are resolved here, because they are by place.
        let kind = if header.kind == 0 { linked(&image, header.info) } else { kind };
        let mode = if header.executable || matches!(kind, Kind::Directory) { 0o755 } else { 0o644 };
        files.push(Found { stated: path.into_bytes(), kind, mode, uid: 0, gid: 0 });
    }
    let length = size.next_multiple_of(1024).min(data.len());
    Ok(Opened { content: Content::Files(files), length, problems })
}

fn linked(image: &Bytes, at: usize) -> Kind {
    match header(image, at & !15) {
        Some(target) if target.kind == 2 => {
            Kind::File(image.slice(target.body..target.body.saturating_add(target.size)))
        }
        _ => Kind::Special,
    }
}
