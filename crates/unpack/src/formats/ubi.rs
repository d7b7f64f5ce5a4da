//! UBI: volumes over erase blocks of raw flash, in any order and with older copies between.
//!
//! Layout from the kernel's `drivers/mtd/ubi/ubi-media.h`: each erase block begins with a header `UBI#`, blocks in use
//! have a second one `UBI!` that names volume and place; the newest copy counts. Volume names stand in the volume table,
//! which is a volume itself.

use std::collections::BTreeMap;

use super::number::{be16, be32, be64, crc32};
use super::{Content, Found, Kind, Opened, Reader};
use crate::limits::Meter;
use crate::path::escape;
use crate::{Bytes, Cause, Format};

const MAGIC: &[u8] = b"UBI#";
const HEADER: usize = 64;
/// The volume that holds the table of volumes, and the first number of internal volumes.
const LAYOUT: u32 = 0x7fff_efff;
const RECORD: usize = 172;
const MOST_VOLUMES: usize = 128;
/// Sizes of erase blocks: those of real flash.
const BLOCKS: std::ops::RangeInclusive<usize> = 2 << 10..=16 << 20;
const STATIC: u8 = 2;

pub(super) static READER: Reader = Reader {
    format: Format::Ubi,
    probe: |data| erase_header(data).is_some(),
    signatures: &[(b"UBI#\x01\0\0\0", 0)],
    open,
};

/// Where the second header and the data of an erase block begin.
fn erase_header(block: &[u8]) -> Option<(usize, usize)> {
    (block.starts_with(MAGIC) && sound(block)).then_some(())?;
    Some((be32(block, 16)? as usize, be32(block, 20)? as usize))
}

fn sound(header: &[u8]) -> bool {
    header.get(..60).is_some_and(|fields| be32(header, 60) == Some(crc32(u32::MAX, fields)))
}

/// An erase block in use.
struct Leb {
    sequence: u64,
    data: Bytes,
    /// Bytes in use where the volume is static.
    used: Option<usize>,
    /// Bytes at the end that no volume gets.
    pad: usize,
}

/// Blocks of one volume by their place.
type Volume = BTreeMap<u32, Leb>;

fn open(data: &Bytes, meter: &mut Meter) -> Result<Opened, Cause> {
    let size = block_size(data);
    let mut volumes: BTreeMap<u32, Volume> = BTreeMap::new();
    let (mut length, mut damaged) = (0, 0);
    for at in (0..data.len()).step_by(size) {
        let block = data.slice(at..at + size);
        let Some((header, start)) = erase_header(&block) else {
            // A bad or never used block; others may follow.
            damaged += usize::from(block.iter().any(|byte| *byte != 0xff));
            if damaged > data.len() / size / 2 {
                break;
            }
            continue;
        };
        length = (at + size).min(data.len());
        if let Some((volume, place, leb)) = leb(&block, header, start) {
            let places = volumes.entry(volume).or_default();
            if places.get(&place).is_none_or(|known| known.sequence < leb.sequence) {
                places.insert(place, leb);
            }
        }
    }
    let names = volumes.get(&LAYOUT).map(names).unwrap_or_default();
    let (mut files, mut problems) = (Vec::new(), Vec::new());
    for (number, volume) in volumes.iter().filter(|(number, _)| **number < LAYOUT) {
        meter.file()?;
        let stated = names.get(number).cloned().unwrap_or_else(|| format!("volume{number}"));
        match assemble(volume, meter) {
            Ok(content) => {
                files.push(Found {
                    stated: stated.into_bytes(),
                    kind: Kind::File(content),
                    mode: 0o644,
                    uid: 0,
                    gid: 0,
                });
            }
            Err(cause) => problems.push((stated, cause)),
        }
    }
    Ok(Opened { content: Content::Files(files), length, problems })
}

/// The distance to the next erase block header.
fn block_size(data: &[u8]) -> usize {
    let sizes = (11..=24).map(|log| 1_usize << log).filter(|size| BLOCKS.contains(size));
    let mut sizes = sizes.filter(|size| data.get(*size..).and_then(erase_header).is_some());
    sizes.next().unwrap_or_else(|| data.len().max(1))
}

/// Volume, place and content of an erase block in use; none if it is free or its copy was never finished.
fn leb(block: &Bytes, header: usize, start: usize) -> Option<(u32, u32, Leb)> {
    let id = block.slice(header..header.saturating_add(HEADER));
    (id.starts_with(b"UBI!") && sound(&id)).then_some(())?;
    let data = block.after(start);
    let (used, pad) = (be32(&id, 20)? as usize, be32(&id, 28)? as usize);
    let copied = id.get(6) == Some(&1);
    if copied && data.get(..used).map(|data| crc32(u32::MAX, data)) != be32(&id, 32) {
        return None;
    }
    let used = (id.get(5) == Some(&STATIC)).then_some(used);
    Some((be32(&id, 8)?, be32(&id, 12)?, Leb { sequence: be64(&id, 40)?, data, used, pad }))
}

/// Names of volumes by number.
fn names(table: &Volume) -> BTreeMap<u32, String> {
    let Some(records) = table.values().next() else { return BTreeMap::new() };
    let record = |(number, record): (usize, &[u8])| {
        let length = usize::from(be16(record, 14)?).min(127);
        let in_use = be32(record, 0)? > 0 && be32(record, 168)? == crc32(u32::MAX, record.get(..168)?);
        let name = escape(record.get(16..16 + length)?).replace('/', "_");
        (in_use && !name.is_empty()).then_some((number as u32, name))
    };
    records.data.chunks_exact(RECORD).take(MOST_VOLUMES).enumerate().filter_map(record).collect()
}

/// The blocks of a volume behind each other; missing ones read as erased.
fn assemble(volume: &Volume, meter: &mut Meter) -> Result<Bytes, Cause> {
    let size = volume.values().map(|leb| leb.data.len().saturating_sub(leb.pad)).max().unwrap_or(0);
    let last = volume.keys().next_back().copied().unwrap_or(0) as usize;
    meter.spend((last as u64 + 1).saturating_mul(size as u64))?;
    let mut out = Vec::new();
    for (place, leb) in volume {
        out.resize(*place as usize * size, 0xff);
        let length = leb.used.unwrap_or(size).min(size);
        out.extend_from_slice(leb.data.get(..length.min(leb.data.len())).unwrap_or_default());
    }
    Ok(out.into())
}
