//! U-Boot legacy images: a header of 64 bytes with two checksums in front of a kernel, file system or ramdisk.
//!
//! Layout from U-Boot's `include/image.h`: magic, header CRC, time, size, load and entry address, data CRC, operating
//! system, architecture, type, compression, name. Multi-file images begin with a list of sizes that ends with 0.

use super::{Content, Found, Kind, Opened, Reader};
use crate::limits::Meter;
use crate::path::escape;
use crate::{Bytes, Cause, Format};

const MAGIC: &[u8] = &[0x27, 0x05, 0x19, 0x56];
const HEADER: usize = 64;
const MULTI_FILE: u8 = 4;
/// Files in one multi-file image.
const MOST: usize = 64;

pub(super) static READER: Reader = Reader { format: Format::Uboot, probe, signatures: &[(MAGIC, 0)], open };

fn word(data: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*data.get(at..)?.first_chunk()?))
}

fn crc32(data: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(data);
    crc.sum()
}

fn probe(data: &[u8]) -> bool {
    let Some(mut header) = data.first_chunk::<HEADER>().copied() else { return false };
    let stated = word(&header, 4);
    if let Some(field) = header.get_mut(4..8) {
        field.fill(0);
    }
    data.starts_with(MAGIC) && stated == Some(crc32(&header))
}

fn open(data: &Bytes, meter: &mut Meter) -> Result<Opened, Cause> {
    let truncated = || Cause::Damaged { how: "the header is cut".to_owned() };
    let size = word(data, 12).ok_or_else(truncated)? as usize;
    let stated = word(data, 24).ok_or_else(truncated)?;
    let payload = data.slice(HEADER..HEADER.saturating_add(size));
    let mut problems = Vec::new();
    if payload.len() < size {
        let how = format!("{size} bytes are stated, {} are there", payload.len());
        problems.push((String::new(), Cause::Damaged { how }));
    } else if crc32(&payload) != stated {
        problems
            .push((String::new(), Cause::Damaged { how: "the checksum of the data is wrong".to_owned() }));
    }
    let length = HEADER + payload.len();
    let content = if data.get(30) == Some(&MULTI_FILE) {
        Content::Files(parts(&payload, meter)?)
    } else {
        Content::Payload(payload, name(data))
    };
    Ok(Opened { content, length, problems })
}

fn name(data: &[u8]) -> Option<String> {
    let field = data.get(32..HEADER)?;
    let name = field.split(|b| *b == 0).next().unwrap_or_default();
    (!name.is_empty()).then(|| escape(name).replace('/', "_"))
}

/// The files of a multi-file image, named by their number; each begins at a multiple of four bytes.
fn parts(payload: &Bytes, meter: &mut Meter) -> Result<Vec<Found>, Cause> {
    let sizes: Vec<usize> =
        (0..MOST).map_while(|i| word(payload, 4 * i).filter(|s| *s > 0)).map(|s| s as usize).collect();
    let mut at = 4 * (sizes.len() + 1);
    let mut found = Vec::new();
    for (i, size) in sizes.into_iter().enumerate() {
        meter.file()?;
        let content = payload.slice(at..at.saturating_add(size));
        let stated = format!("part{i}").into_bytes();
        found.push(Found { stated, kind: Kind::File(content), mode: 0o644, uid: 0, gid: 0 });
        at = at.saturating_add(size.next_multiple_of(4));
    }
    Ok(found)
}
