//! ISO 9660 with Rock Ridge or Joliet names: optical discs and installation images.
//!
//! Layout from ECMA-119, from "Rock Ridge Interchange Protocol" 1.12 and the Joliet specification: volume descriptors
//! from 0x8000 on, folders of records, names and modes of Unix in the system use area of a record. Rock Ridge is
//! preferred over Joliet, Joliet over plain names. Boot images of El Torito are seen as far as they are files.

use super::number::{le16, le32};
use super::walk::{Attributes, Partial, Sort, Volume, walk};
use super::{Opened, Reader};
use crate::limits::Meter;
use crate::{Bytes, Cause, Format};

mod rock_ridge;

use rock_ridge::Unix;

const SECTOR: usize = 2048;
const DESCRIPTORS: usize = 16 * SECTOR;
const MARK: &[u8] = b"\x01CD001\x01";
/// Descriptors read before giving up.
const MOST_DESCRIPTORS: usize = 64;
/// Flags of a record.
const FOLDER: u8 = 2;
const CONTINUES: u8 = 0x80;
/// Where a record's name begins.
const NAME: usize = 33;

pub(super) static READER: Reader = Reader {
    format: Format::Iso,
    probe: |data| Iso::read(data).is_some(),
    signatures: &[(MARK, DESCRIPTORS)],
    open,
};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Names {
    Plain,
    RockRidge {
        /// Bytes of each system use area that belong to somebody else.
        skip: usize,
    },
    Joliet,
}

struct Iso<'a> {
    data: &'a [u8],
    block: usize,
    names: Names,
    root: Node,
    length: u64,
}

/// The place of a record tells a file or folder from others.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Node {
    record: usize,
    extent: u32,
}

impl<'a> Iso<'a> {
    fn read(data: &'a [u8]) -> Option<Self> {
        let primary = data.get(DESCRIPTORS..DESCRIPTORS + SECTOR)?;
        primary.starts_with(MARK).then_some(())?;
        let block = usize::from(le16(primary, 128)?);
        matches!(block, 512 | 1024 | 2048).then_some(())?;
        let length = u64::from(le32(primary, 80)?) * block as u64;
        let mut iso = Self {
            data,
            block,
            names: Names::Plain,
            root: Node { record: DESCRIPTORS + 156, extent: le32(primary, 158)? },
            length,
        };
        if let Some(skip) = iso.rock_ridge() {
            iso.names = Names::RockRidge { skip };
        } else if let Some(root) = joliet(data) {
            iso.names = Names::Joliet;
            iso.root = root;
        }
        Some(iso)
    }

    /// The first record of the root says `SP` where Rock Ridge is used, and where its areas begin.
    fn rock_ridge(&self) -> Option<usize> {
        let start = (self.root.extent as usize).checked_mul(self.block)?;
        let area = rock_ridge::area(record(self.data, start)?, 0)?;
        let [b'S', b'P', _, _, 0xbe, 0xef, skip, ..] = *area else { return None };
        Some(usize::from(skip))
    }

    fn record(&self, node: Node) -> Option<&'a [u8]> {
        record(self.data, node.record)
    }

    fn unix(&self, record: &'a [u8]) -> Option<Unix> {
        let Names::RockRidge { skip } = self.names else { return None };
        Some(rock_ridge::read(self.data, self.block, rock_ridge::area(record, skip)?))
    }

    fn name(&self, record: &[u8]) -> Vec<u8> {
        let name =
            record.get(NAME..NAME + usize::from(record.get(32).copied().unwrap_or(0))).unwrap_or_default();
        if self.names == Names::Joliet && name.len() > 1 {
            let units: Vec<u16> = name
                .chunks_exact(2)
                .filter_map(|unit| Some(u16::from_be_bytes(*unit.first_chunk()?)))
                .collect();
            return without_version(String::from_utf16_lossy(&units).as_bytes());
        }
        without_version(name)
    }

    /// The bytes a record covers: extent and length, behind attributes that may stand in front.
    fn bytes(&self, record: &[u8]) -> (usize, usize) {
        let start = le32(record, 2).unwrap_or(0) as usize + usize::from(record.get(1).copied().unwrap_or(0));
        (start.saturating_mul(self.block), le32(record, 10).unwrap_or(0) as usize)
    }
}

/// The record at a place: its first byte is its length.
fn record(data: &[u8], at: usize) -> Option<&[u8]> {
    let rest = data.get(at..)?;
    let length = usize::from(*rest.first()?);
    rest.get(..length).filter(|_| length > NAME)
}

/// `README.TXT;1` → `README.TXT`, and the dot of a name without extension goes as well.
fn without_version(name: &[u8]) -> Vec<u8> {
    let end = name.iter().position(|byte| *byte == b';').unwrap_or(name.len());
    let name = name.get(..end).unwrap_or(name);
    name.strip_suffix(b".").unwrap_or(name).to_vec()
}

/// The root of the descriptor whose escape sequence says UCS-2.
fn joliet(data: &[u8]) -> Option<Node> {
    let places = (DESCRIPTORS..).step_by(SECTOR).take(MOST_DESCRIPTORS);
    let mut places =
        places.take_while(|at| data.get(at + 1..at + 6) == Some(b"CD001") && data.get(*at) != Some(&255));
    let at = places.find(|at| {
        data.get(*at) == Some(&2)
            && matches!(data.get(at + 88..at + 91), Some([b'%', b'/', b'@' | b'C' | b'E']))
    })?;
    Some(Node { record: at + 156, extent: le32(data, at + 158)? })
}

impl Volume for Iso<'_> {
    type Node = Node;

    fn attributes(&self, node: Node) -> Result<Attributes, Cause> {
        let record = self.record(node).ok_or_else(|| Cause::Damaged { how: "a record is cut".to_owned() })?;
        let folder = record.get(25).is_some_and(|flags| flags & FOLDER != 0);
        let (sort, mode) = if folder { (Sort::Directory, 0o755) } else { (Sort::Regular, 0o644) };
        let plain = Attributes { sort, mode, uid: 0, gid: 0 };
        let unix = self.unix(record).and_then(|unix| unix.attributes);
        let relocated = self.unix(record).is_some_and(|unix| unix.child.is_some());
        Ok(if relocated {
            Attributes { sort: Sort::Directory, ..unix.unwrap_or(plain) }
        } else {
            unix.unwrap_or(plain)
        })
    }

    fn list(&self, folder: Node, meter: &mut Meter) -> Partial<Vec<(Vec<u8>, Node)>> {
        let Some(own) = self.record(folder) else { return (Vec::new(), None) };
        let moved = self
            .unix(own)
            .and_then(|unix| unix.child)
            .map(|block| (block as usize).saturating_mul(self.block));
        let (start, mut size) = self.bytes(own);
        let start = moved.unwrap_or(start);
        if let Some(first) = record(self.data, start).filter(|_| moved.is_some()) {
            size = self.bytes(first).1;
        }
        if let Err(cause) = meter.spend(size as u64) {
            return (Vec::new(), Some(cause));
        }
        let (mut names, mut at) = (Vec::new(), start);
        let end = start.saturating_add(size).min(self.data.len());
        while at < end {
            // Records do not cross sectors; what is left of one is zero.
            let Some(record) = record(self.data, at) else {
                at = (at + 1).next_multiple_of(SECTOR);
                continue;
            };
            names.extend(self.entry(record, at));
            at += record.len();
        }
        let cut = (end - start.min(end) < size)
            .then(|| Cause::Damaged { how: "a folder lies beyond the end".to_owned() });
        (names, cut)
    }

    fn content(&self, node: Node, meter: &mut Meter) -> Partial<Bytes> {
        let Some(first) = self.record(node) else { return (Bytes::default(), None) };
        if let Some(target) = self.unix(first).and_then(|unix| unix.link) {
            return (target.into(), None);
        }
        if self.unix(first).is_some_and(|unix| unix.compressed) {
            return (Bytes::default(), Some(Cause::Unsupported { what: "zisofs compression".to_owned() }));
        }
        let (mut out, mut at, mut cause) = (Vec::new(), node.record, None);
        while let Some(record) = record(self.data, at) {
            let (start, size) = self.bytes(record);
            let bytes = self.data.get(start..).unwrap_or_default();
            let bytes = bytes.get(..size.min(bytes.len())).unwrap_or_default();
            if let Err(limit) = meter.spend(bytes.len() as u64) {
                return (out.into(), Some(limit));
            }
            out.extend_from_slice(bytes);
            if bytes.len() < size {
                cause = Some(Cause::Damaged { how: "it lies beyond the end".to_owned() });
            }
            if record.get(25).is_none_or(|flags| flags & CONTINUES == 0) {
                break;
            }
            at += record.len();
        }
        (out.into(), cause)
    }
}

impl<'a> Iso<'a> {
    /// Name and node of a record, unless it is the folder itself, the one above, or a piece of the file before.
    fn entry(&self, record: &'a [u8], at: usize) -> Option<(Vec<u8>, Node)> {
        let node = Node { record: at, extent: le32(record, 2)? };
        let itself = record.get(32) == Some(&1) && matches!(record.get(NAME), Some(0 | 1));
        let unix = self.unix(record);
        let hidden = unix.as_ref().is_some_and(|unix| unix.moved_here);
        (!itself && !hidden).then_some(())?;
        let name = unix.and_then(|unix| unix.name).unwrap_or_else(|| self.name(record));
        Some((name, node))
    }
}

fn open(data: &Bytes, meter: &mut Meter) -> Result<Opened, Cause> {
    let iso = Iso::read(data)
        .ok_or_else(|| Cause::Damaged { how: "the volume descriptor is damaged".to_owned() })?;
    let (content, mut problems) = walk(&iso, iso.root, meter)?;
    let length = usize::try_from(iso.length).unwrap_or(usize::MAX).min(data.len());
    if iso.length > data.len() as u64 {
        let how = format!("{} bytes are stated, {} are there", iso.length, data.len());
        problems.push((String::new(), Cause::Damaged { how }));
    }
    Ok(Opened { content, length, problems })
}
