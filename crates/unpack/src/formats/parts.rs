//! Headers of device makers in front of a few parts: a kernel, a root file system.

use super::{Content, Found, Kind, Opened};
use crate::limits::Meter;
use crate::{Bytes, Cause};

/// A part: name, first byte, length.
pub(super) type Part = (&'static str, usize, usize);

/// Cuts an image into its parts; empty ones are left out, cut ones are problems.
pub(super) fn open(data: &Bytes, meter: &mut Meter, parts: &[Part]) -> Result<Opened, Cause> {
    let (mut files, mut problems, mut length) = (Vec::new(), Vec::new(), 0);
    for (name, start, size) in parts.iter().copied().filter(|part| part.2 > 0) {
        meter.file()?;
        let end = start.saturating_add(size);
        let content = data.slice(start..end);
        if content.len() < size {
            let how = format!("{size} bytes are stated, {} are there", content.len());
            problems.push((name.to_owned(), Cause::Damaged { how }));
        }
        length = length.max(end.min(data.len()));
        let stated = name.as_bytes().to_vec();
        files.push(Found { stated, kind: Kind::File(content), mode: 0o644, uid: 0, gid: 0 });
    }
    Ok(Opened { content: Content::Files(files), length, problems })
}
