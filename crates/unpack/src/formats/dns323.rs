//! Images of D-Link's and Conceptronic's storage devices with Marvell processors: kernel, root file system, settings.
//!
//! Layout from the tool `dns323-firmware-tools` of Debian (README): three pairs of offset and length, little-endian,
//! three checksums, then a mark of 12 bytes whose inner eight name the family of devices, product and version numbers.

use super::number::le32;
use super::{Reader, parts};
use crate::Format;

const MARK: usize = 0x30;
/// The marks differ between devices (`FrodoII`, `DNS323D1`); what encloses them does not.
const ENDS: [&[u8]; 2] = [b"\x55\xaa", b"\x55\xaa"];

pub(super) static READER: Reader = Reader {
    format: Format::Dns323,
    probe,
    signatures: &[(b"\x55\xaaDNS323D1\x55\xaa", MARK), (b"\x55\xaaFrodoII\0\x55\xaa", MARK)],
    open: |data, meter| {
        let field = |index: usize| le32(data, 4 * index).unwrap_or_default() as usize;
        let names = ["kernel", "initrd", "defaults"];
        let all: Vec<parts::Part> =
            names.into_iter().enumerate().map(|(i, name)| (name, field(2 * i), field(2 * i + 1))).collect();
        parts::open(data, meter, &all)
    },
};

fn probe(data: &[u8]) -> bool {
    let mark = data.get(MARK..MARK + 12).unwrap_or_default();
    let inner = mark.get(2..10).unwrap_or_default();
    let printable = inner.iter().all(|b| b.is_ascii_graphic() || *b == 0) && inner.first() != Some(&0);
    let (Some(start), Some(size)) = (le32(data, 0), le32(data, 4)) else { return false };
    let fits = (start as usize).checked_add(size as usize).is_some_and(|end| end <= data.len());
    mark.starts_with(ENDS[0]) && mark.ends_with(ENDS[1]) && printable && start as usize >= MARK + 12 && fits
}
