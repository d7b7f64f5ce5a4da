//! ZIP archives, Java archives among them.

use std::io::Cursor;

use super::{Content, Found, Kind, Opened, Reader};
use crate::limits::Meter;
use crate::path::escape;
use crate::problem::{damaged, guarded};
use crate::{Bytes, Cause, Format};

/// A local header, or the end record of an archive without files.
const MAGIC: &[&[u8]] = &[b"PK\x03\x04", b"PK\x05\x06"];

/// File type of a symbolic link in a Unix mode.
const SYMLINK: u32 = 0o120_000;

pub(super) static READER: Reader = Reader {
    format: Format::Zip,
    probe: |data| MAGIC.iter().any(|magic| data.starts_with(magic)),
    signatures: &[(b"PK\x03\x04", 0)],
    open,
};

fn open(data: &Bytes, meter: &mut Meter) -> Result<Opened, Cause> {
    guarded(|| {
        let mut archive = zip::ZipArchive::new(Cursor::new(&data[..])).map_err(damaged)?;
        let (mut files, mut problems) = (Vec::new(), Vec::new());
        for index in 0..archive.len() {
            meter.file()?;
            let mut member = match archive.by_index(index) {
                Ok(member) => member,
                Err(error) => {
                    problems
                        .push((format!("member {index}"), Cause::Unsupported { what: error.to_string() }));
                    continue;
                }
            };
            let stated = member.name_raw().to_vec();
            let mode = member.unix_mode().unwrap_or(0o644);
            let packed = member.compressed_size();
            let kind = if member.is_dir() {
                Kind::Directory
            } else {
                let (content, cause) = meter.read(&mut member, packed);
                problems.extend(cause.map(|c| (escape(&stated), c)));
                if mode & 0o170_000 == SYMLINK {
                    Kind::Symlink(escape(&content))
                } else {
                    Kind::File(content.into())
                }
            };
            files.push(Found { stated, kind, mode: mode & 0o7777, uid: 0, gid: 0 });
        }
        Ok(Opened { content: Content::Files(files), length: data.len(), problems })
    })
}
