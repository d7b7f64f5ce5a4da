//! Unix archives: `!<arch>`, with GNU and BSD long names. Debian packages hold their tar archives in one.

use super::{Content, Found, Kind, Opened, Reader};
use crate::limits::Meter;
use crate::problem::{damaged, guarded};
use crate::{Bytes, Cause, Format};

const MAGIC: &[u8] = b"!<arch>\n";

pub(super) static READER: Reader =
    Reader { format: Format::Ar, probe: |data| data.starts_with(MAGIC), signatures: &[(MAGIC, 0)], open };

fn open(data: &Bytes, meter: &mut Meter) -> Result<Opened, Cause> {
    guarded(|| {
        let mut archive = ar::Archive::new(&data[..]);
        let (mut files, mut problems) = (Vec::new(), Vec::new());
        while let Some(member) = archive.next_entry() {
            let mut member = match member {
                Ok(member) => member,
                Err(error) => {
                    problems.push((String::new(), damaged(error)));
                    break;
                }
            };
            meter.file()?;
            let header = member.header().clone();
            let (content, cause) = meter.read(&mut member, header.size());
            problems.extend(cause.map(|c| (crate::path::escape(header.identifier()), c)));
            files.push(Found {
                stated: header.identifier().to_vec(),
                kind: Kind::File(Bytes::from(content)),
                mode: header.mode() & 0o7777,
                uid: header.uid(),
                gid: header.gid(),
            });
        }
        Ok(Opened { content: Content::Files(files), length: data.len(), problems })
    })
}
