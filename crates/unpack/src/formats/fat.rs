//! FAT12, FAT16 and FAT32 with long names: boot partitions and memory cards.
//!
//! Layout from Microsoft's "FAT: General Overview of On-Disk Format" 1.03: a boot sector that states the sizes, tables of
//! clusters that name the next one, folders of 32-byte entries, long names in entries before the short one.

use super::number::{le16, le32};
use super::walk::{Attributes, Partial, Sort, Volume, walk};
use super::{Opened, Reader};
use crate::limits::Meter;
use crate::{Bytes, Cause, Format};

const ENTRY: usize = 32;
/// Attributes of an entry.
const VOLUME_LABEL: u8 = 8;
const FOLDER: u8 = 0x10;
const LONG_NAME: u8 = 0xf;
/// Long names have at most so many entries.
const MOST_PARTS: usize = 20;

pub(super) static READER: Reader = Reader {
    format: Format::Fat,
    probe: |data| Fat::read(data).is_some(),
    signatures: &[(b"\x55\xaa", 510)],
    open,
};

/// Where things stand, in bytes.
struct Fat<'a> {
    data: &'a [u8],
    bits: u32,
    cluster: usize,
    table: usize,
    root: Root,
    /// Where cluster 2 begins.
    clusters: usize,
    count: u32,
    length: u64,
}

#[derive(Clone, Copy)]
enum Root {
    Place(usize, usize),
    Cluster(u32),
}

/// A folder or file: the place of its entry tells it from others; 0 is the root.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Node {
    entry: usize,
    cluster: u32,
    size: u32,
    attributes: u8,
}

impl<'a> Fat<'a> {
    fn read(data: &'a [u8]) -> Option<Self> {
        let half = |at| le16(data, at).map(usize::from);
        let byte = |at: usize| data.get(at).copied().map(usize::from);
        let jump = matches!(data, [0xeb, _, 0x90, ..] | [0xe9, ..]);
        let (sector, per_cluster, reserved, tables) = (half(11)?, byte(13)?, half(14)?, byte(16)?);
        let sound = jump
            && matches!(sector, 512 | 1024 | 2048 | 4096)
            && per_cluster.is_power_of_two()
            && reserved > 0
            && matches!(tables, 1 | 2)
            && matches!(byte(21)?, 0xf0 | 0xf8..=0xff)
            && half(510)? == 0xaa55;
        sound.then_some(())?;
        let root_entries = half(17)?;
        let total = if half(19)? == 0 { le32(data, 32)? as usize } else { half(19)? };
        let per_table = if half(22)? == 0 { le32(data, 36)? as usize } else { half(22)? };
        let root_start = reserved + tables * per_table;
        let root_sectors = (root_entries * ENTRY).div_ceil(sector);
        let used = root_start.checked_add(root_sectors)?;
        let count = u32::try_from(total.checked_sub(used)? / per_cluster).ok().filter(|count| *count > 0)?;
        let wide = half(22)? == 0 && root_entries == 0;
        let bits = if wide {
            32
        } else if count < 4085 {
            12
        } else {
            16
        };
        let needed = (u64::from(count) + 2) * u64::from(bits) / 8;
        ((per_table as u64 * sector as u64) >= needed).then_some(())?;
        let root = if wide {
            Root::Cluster(le32(data, 44)?)
        } else {
            Root::Place(root_start * sector, root_entries * ENTRY)
        };
        let length = total as u64 * sector as u64;
        Some(Self {
            data,
            bits,
            cluster: per_cluster * sector,
            table: reserved * sector,
            root,
            clusters: used * sector,
            count,
            length,
        })
    }

    fn next(&self, cluster: u32) -> Option<u32> {
        let index = cluster as usize;
        let value = match self.bits {
            12 => {
                let pair = u32::from(le16(self.data, self.table + index + index / 2)?);
                if index.is_multiple_of(2) { pair & 0xfff } else { pair >> 4 }
            }
            16 => u32::from(le16(self.data, self.table + 2 * index)?),
            _ => le32(self.data, self.table + 4 * index)? & 0xfff_ffff,
        };
        self.holds(value).then_some(value)
    }

    fn holds(&self, cluster: u32) -> bool {
        cluster >= 2 && cluster - 2 < self.count
    }

    /// The clusters from one on, no more than `most` bytes of them.
    fn chain(&self, first: u32, most: usize) -> Vec<u32> {
        let limit = most.div_ceil(self.cluster).min(self.count as usize);
        let first = Some(first).filter(|first| self.holds(*first));
        std::iter::successors(first, |cluster| self.next(*cluster)).take(limit).collect()
    }

    fn start(&self, cluster: u32) -> usize {
        (cluster as usize - 2).saturating_mul(self.cluster).saturating_add(self.clusters)
    }

    /// Places of the 32-byte entries of a folder.
    fn entries(&self, folder: Node) -> Vec<usize> {
        let pieces = match self.root {
            Root::Place(start, size) if folder.entry == 0 => vec![(start, size)],
            Root::Cluster(cluster) if folder.entry == 0 => self.pieces(cluster),
            _ => self.pieces(folder.cluster),
        };
        pieces.into_iter().flat_map(|(start, size)| (start..start + size).step_by(ENTRY)).collect()
    }

    fn pieces(&self, first: u32) -> Vec<(usize, usize)> {
        // A folder has at most 65,536 entries.
        let chain = self.chain(first, ENTRY << 16);
        chain.into_iter().map(|cluster| (self.start(cluster), self.cluster)).collect()
    }
}

impl Volume for Fat<'_> {
    type Node = Node;

    fn attributes(&self, node: Node) -> Result<Attributes, Cause> {
        let folder = node.attributes & FOLDER != 0;
        let (sort, mode) = if folder { (Sort::Directory, 0o755) } else { (Sort::Regular, 0o755) };
        Ok(Attributes { sort, mode, uid: 0, gid: 0 })
    }

    fn list(&self, folder: Node, meter: &mut Meter) -> Partial<Vec<(Vec<u8>, Node)>> {
        let places = self.entries(folder);
        if let Err(cause) = meter.spend((places.len() * ENTRY) as u64) {
            return (Vec::new(), Some(cause));
        }
        let (mut names, mut long) = (Vec::new(), Vec::new());
        for place in places {
            let Some(entry) = self.data.get(place..place + ENTRY) else {
                return (names, Some(Cause::Damaged { how: "a folder lies beyond the end".to_owned() }));
            };
            let attributes = entry.get(11).copied().unwrap_or(0);
            match entry.first() {
                Some(0) | None => break,
                Some(0xe5) => long.clear(),
                _ if attributes & 0x3f == LONG_NAME => long.push(entry),
                _ if attributes & VOLUME_LABEL != 0 => long.clear(),
                _ => {
                    let name = long_name(&long).unwrap_or_else(|| short_name(entry));
                    long.clear();
                    names.push((name, node(place, entry, attributes)));
                }
            }
        }
        (names, None)
    }

    fn content(&self, node: Node, meter: &mut Meter) -> Partial<Bytes> {
        let size = node.size as usize;
        if let Err(cause) = meter.spend(size as u64) {
            return (Bytes::default(), Some(cause));
        }
        let mut out = Vec::new();
        for cluster in self.chain(node.cluster, size) {
            let start = self.start(cluster);
            let bytes = self.data.get(start..).unwrap_or_default();
            out.extend_from_slice(
                bytes.get(..self.cluster.min(size - out.len()).min(bytes.len())).unwrap_or_default(),
            );
        }
        let how = format!("{size} bytes are stated, {} are there", out.len());
        let cause = (out.len() < size).then_some(Cause::Damaged { how });
        (out.into(), cause)
    }
}

fn node(place: usize, entry: &[u8], attributes: u8) -> Node {
    let high = u32::from(le16(entry, 20).unwrap_or(0));
    let cluster = high << 16 | u32::from(le16(entry, 26).unwrap_or(0));
    Node { entry: place, cluster, size: le32(entry, 28).unwrap_or(0), attributes }
}

/// Parts stand last first, thirteen UTF-16 units each.
fn long_name(parts: &[&[u8]]) -> Option<Vec<u8>> {
    (1..=MOST_PARTS).contains(&parts.len()).then_some(())?;
    let places = || [1..11, 14..26, 28..32].into_iter();
    let units = parts.iter().rev().flat_map(|part| {
        places()
            .flat_map(|place| part.get(place).unwrap_or_default().chunks_exact(2))
            .filter_map(|unit| le16(unit, 0))
    });
    let units: Vec<u16> = units.take_while(|unit| *unit != 0).collect();
    Some(String::from_utf16_lossy(&units).into_bytes())
}

/// Eight and three bytes; two flags of Windows NT tell what is lower case.
fn short_name(entry: &[u8]) -> Vec<u8> {
    let flags = entry.get(12).copied().unwrap_or(0);
    let part = |range: std::ops::Range<usize>, lower: bool| {
        let text = entry.get(range).unwrap_or_default().trim_ascii_end().to_vec();
        if lower { text.to_ascii_lowercase() } else { text }
    };
    let (mut name, extension) = (part(0..8, flags & 8 != 0), part(8..11, flags & 0x10 != 0));
    if let Some(first) = name.first_mut().filter(|first| **first == 5) {
        *first = 0xe5;
    }
    if !extension.is_empty() {
        name.push(b'.');
        name.extend(extension);
    }
    name
}

fn open(data: &Bytes, meter: &mut Meter) -> Result<Opened, Cause> {
    let fat =
        Fat::read(data).ok_or_else(|| Cause::Damaged { how: "the boot sector is damaged".to_owned() })?;
    let root = Node { entry: 0, cluster: 0, size: 0, attributes: FOLDER };
    let (content, mut problems) = walk(&fat, root, meter)?;
    let length = usize::try_from(fat.length).unwrap_or(usize::MAX).min(data.len());
    if fat.length > data.len() as u64 {
        let how = format!("{} bytes are stated, {} are there", fat.length, data.len());
        problems.push((String::new(), Cause::Damaged { how }));
    }
    Ok(Opened { content, length, problems })
}
