//! TRX, of Broadcom's devices: a header of 28 or 32 bytes, up to four parts that begin at stated offsets.
//!
//! Layout from OpenWrt's `trx` tool: `HDR0`, length, CRC-32 (not inverted at the end) from the flags on, flags, version.

use std::ops::Range;

use super::number::{le16, le32};
use super::{Reader, parts};
use crate::{Cause, Format};

const MAGIC: &[u8] = b"HDR0";
const CHECKED_FROM: usize = 12;
const OFFSETS: usize = 16;

pub(super) static READER: Reader = Reader {
    format: Format::Trx,
    probe,
    signatures: &[(MAGIC, 0)],
    open: |data, meter| {
        let length = length(data);
        let mut opened = parts::open(data, meter, &layout(data, length))?;
        if length > data.len() {
            let how = format!("{length} bytes are stated, {} are there", data.len());
            opened.problems.push((String::new(), Cause::Damaged { how }));
        } else if !checksum_holds(data, length) {
            opened.problems.push((String::new(), Cause::Damaged { how: "the checksum is wrong".to_owned() }));
        }
        opened.length = opened.length.max(length.min(data.len()));
        Ok(opened)
    },
};

fn length(data: &[u8]) -> usize {
    le32(data, 4).unwrap_or_default() as usize
}

fn count(data: &[u8]) -> usize {
    if le16(data, 14) == Some(2) { 4 } else { 3 }
}

fn offsets(data: &[u8]) -> Vec<usize> {
    let all = (0..count(data)).filter_map(|index| le32(data, OFFSETS + 4 * index));
    all.map(|offset| offset as usize).filter(|offset| *offset > 0).collect()
}

fn probe(data: &[u8]) -> bool {
    let header = OFFSETS + 4 * count(data);
    let offsets = offsets(data);
    data.starts_with(MAGIC)
        && matches!(le16(data, 14), Some(1 | 2))
        && offsets.first() == Some(&header)
        && offsets.is_sorted()
        && offsets.last().is_some_and(|last| *last < length(data))
}

fn layout(data: &[u8], length: usize) -> Vec<parts::Part> {
    const NAMES: [&str; 4] = ["part0", "part1", "part2", "part3"];
    let offsets = offsets(data);
    let ends = offsets.iter().skip(1).copied().chain([length]);
    NAMES
        .into_iter()
        .zip(offsets.iter().zip(ends))
        .map(|(name, (start, end))| (name, *start, end.saturating_sub(*start)))
        .collect()
}

fn checksum_holds(data: &[u8], length: usize) -> bool {
    let flags = flags(data, length);
    let mut crc = flate2::Crc::new();
    crc.update(data.get(CHECKED_FROM..flags.start).unwrap_or_default());
    crc.update(&vec![0xff; flags.len()]);
    crc.update(data.get(flags.end..length).unwrap_or_default());
    le32(data, 8) == Some(!crc.sum())
}

/// What the boot loader writes into the fourth part of version 2, and counts as erased.
fn flags(data: &[u8], length: usize) -> Range<usize> {
    const FLAGS: Range<usize> = 22..30;
    let fourth = offsets(data).get(3).copied().filter(|_| count(data) == 4);
    fourth
        .and_then(|at| Some(at.checked_add(FLAGS.start)?..at.checked_add(FLAGS.end)?))
        .filter(|flags| (CHECKED_FROM..=flags.end).contains(&flags.start) && flags.end <= length)
        .unwrap_or(length..length)
}
