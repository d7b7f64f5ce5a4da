//! CHK, of Netgear's devices: a header with the name of the board, a kernel, a root file system.
//!
//! Layout from OpenWrt's `mkchkimg`: `*#$^`, length of the header, 8 reserved bytes, two checksums, length of kernel and
//! of root file system, two more checksums, name; big-endian.

use super::number::be32;
use super::{Reader, parts};
use crate::Format;

const MAGIC: &[u8] = b"*#$^";
const SMALLEST: usize = 40;
const LARGEST: usize = 256;

pub(super) static READER: Reader = Reader {
    format: Format::Chk,
    probe,
    signatures: &[(MAGIC, 0)],
    open: |data, meter| {
        let field = |at| be32(data, at).unwrap_or_default() as usize;
        let (header, kernel, root) = (field(4), field(24), field(28));
        parts::open(
            data,
            meter,
            &[("kernel", header, kernel), ("rootfs", header.saturating_add(kernel), root)],
        )
    },
};

fn probe(data: &[u8]) -> bool {
    let header = be32(data, 4).unwrap_or_default() as usize;
    data.starts_with(MAGIC) && (SMALLEST..=LARGEST).contains(&header)
}
