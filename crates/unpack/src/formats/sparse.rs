//! Android sparse images: chunks of raw, repeated or absent blocks.
//!
//! Layout from AOSP's `sparse_format.h`: a header of 28 bytes, chunks with headers of 12, little-endian.

use super::number::{le16, le32};
use super::{Content, Opened, Reader};
use crate::limits::Meter;
use crate::{Bytes, Cause, Format};

const MAGIC: &[u8] = b"\x3a\xff\x26\xed";
const RAW: u16 = 0xcac1;
const FILL: u16 = 0xcac2;
const ABSENT: u16 = 0xcac3;
const CHECKSUM: u16 = 0xcac4;

pub(super) static READER: Reader =
    Reader { format: Format::Sparse, probe, signatures: &[(b"\x3a\xff\x26\xed\x01\x00", 0)], open };

fn probe(data: &[u8]) -> bool {
    data.starts_with(MAGIC)
        && le16(data, 4) == Some(1)
        && le16(data, 8).is_some_and(|size| size >= 28)
        && le16(data, 10).is_some_and(|size| size >= 12)
        && le32(data, 12).is_some_and(|size| size > 0 && size % 4 == 0)
}

fn open(data: &Bytes, meter: &mut Meter) -> Result<Opened, Cause> {
    let damaged = || Cause::Damaged { how: "a chunk reaches beyond its end".to_owned() };
    let field = |at| le32(data, at).ok_or_else(damaged).map(|value| value as usize);
    let (block, blocks, chunks) = (field(12)?, field(16)?, field(20)?);
    let size = block.checked_mul(blocks).ok_or_else(damaged)?;
    meter.spend(size as u64)?;
    let mut out = Vec::new();
    let mut at = usize::from(le16(data, 8).unwrap_or(28));
    let header = usize::from(le16(data, 10).unwrap_or(12));
    for _ in 0..chunks {
        let (kind, count, total) = (le16(data, at).ok_or_else(damaged)?, field(at + 4)?, field(at + 8)?);
        let bytes =
            count.checked_mul(block).filter(|bytes| *bytes <= size - out.len()).ok_or_else(damaged)?;
        let body = data.slice(at.saturating_add(header)..at.saturating_add(total));
        match kind {
            RAW if body.len() == bytes => out.extend_from_slice(&body),
            FILL if body.len() == 4 => out.extend(body.iter().copied().cycle().take(bytes)),
            ABSENT => out.resize(out.len() + bytes, 0),
            CHECKSUM => {}
            _ => return Err(damaged()),
        }
        at = at
            .checked_add(total)
            .filter(|next| total >= header && *next <= data.len())
            .ok_or_else(damaged)?;
    }
    Ok(Opened { content: Content::Payload(out.into(), None), length: at, problems: Vec::new() })
}
