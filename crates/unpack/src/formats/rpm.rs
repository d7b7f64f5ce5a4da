//! RPM packages: a lead, two headers, and a compressed cpio archive, which is all that is opened here.
//!
//! Layout from "Package File Format" of the Linux Standard Base: a lead of 96 bytes; each header has a magic, the number
//! of its index entries (16 bytes each) and the bytes of its store; the first one is padded to 8 bytes.

use super::number::be32;
use super::{Content, Opened, Reader};
use crate::{Bytes, Cause, Format};

const MAGIC: &[u8] = b"\xed\xab\xee\xdb";
const HEADER: &[u8] = b"\x8e\xad\xe8\x01";
const LEAD: usize = 96;

pub(super) static READER: Reader = Reader {
    format: Format::Rpm,
    probe: |data| data.starts_with(MAGIC) && data.get(LEAD..LEAD + 4) == Some(HEADER),
    signatures: &[(MAGIC, 0)],
    open: |data, _| {
        let payload = || behind(data, behind(data, LEAD)?.checked_next_multiple_of(8)?);
        let start = payload().filter(|start| *start < data.len());
        let start =
            start.ok_or_else(|| Cause::Damaged { how: "its headers reach beyond its end".to_owned() })?;
        let content = Content::Payload(data.after(start), None);
        Ok(Opened { content, length: data.len(), problems: Vec::new() })
    },
};

/// Where the header at a place ends.
fn behind(data: &Bytes, at: usize) -> Option<usize> {
    let header = data.get(at..)?;
    let (entries, store) = (be32(header, 8)? as usize, be32(header, 12)? as usize);
    header.starts_with(HEADER).then_some(())?;
    at.checked_add(16)?.checked_add(entries.checked_mul(16)?)?.checked_add(store)
}
