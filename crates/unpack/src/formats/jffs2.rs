//! JFFS2: the file system that small devices wrote on bare flash before UBIFS.
//!
//! Layout from the kernel's `include/uapi/linux/jffs2.h`: a log of nodes at multiples of four bytes, in the byte order
//! of the device. The newest version of each folder entry counts, and a file is what its nodes wrote in order. There is
//! no superblock: the image is as long as its log.

use std::collections::BTreeMap;

use super::number::crc32;
use super::walk::{Attributes, Partial, Sort, Volume, walk};
use super::{Opened, Reader};
use crate::limits::Meter;
use crate::{Bytes, Cause, Format};

mod block;

const HEADER: usize = 12;
const MAGIC: u16 = 0x1985;
/// Node types; the bit marks a node that is not obsolete.
const ACCURATE: u16 = 0x2000;
const ENTRY: u16 = 0xe001;
const INODE: u16 = 0xe002;
const ROOT: u32 = 1;
/// Bytes that are no node and are skipped while looking for the next one: the largest usual erase block.
const GAP: usize = 512 << 10;

pub(super) static READER: Reader = Reader {
    format: Format::Jffs2,
    probe: |data| {
        order(data)
            .is_some_and(|order| Node::read(data, order, 0).is_some_and(|node| node.kind & ACCURATE != 0))
    },
    signatures: &[
        (b"\x85\x19\x03\x20\x0c\0\0\0", 0),
        (b"\x19\x85\x20\x03\0\0\0\x0c", 0),
        (b"\x85\x19\x01\xe0", 0),
        (b"\x19\x85\xe0\x01", 0),
    ],
    open,
};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    Little,
    Big,
}

fn order(data: &[u8]) -> Option<Order> {
    match data.first_chunk()? {
        [0x85, 0x19] => Some(Order::Little),
        [0x19, 0x85] => Some(Order::Big),
        _ => None,
    }
}

/// A node of the log whose header is sound.
#[derive(Clone, Copy)]
struct Node<'a> {
    bytes: &'a [u8],
    order: Order,
    kind: u16,
}

impl<'a> Node<'a> {
    fn read(data: &'a [u8], order: Order, at: usize) -> Option<Self> {
        let rest = data.get(at..)?;
        let header = Node { bytes: rest, order, kind: 0 };
        (header.half(0) == Some(MAGIC)).then_some(())?;
        let (kind, length) = (header.half(2)?, header.word(4)? as usize);
        let mut summed = *rest.first_chunk::<8>()?;
        // The sum was taken before the node became obsolete.
        let obsolete = match order {
            Order::Little => summed.get_mut(3),
            Order::Big => summed.get_mut(2),
        };
        *obsolete? |= (ACCURATE >> 8) as u8;
        let sound = sum(&summed) == header.word(8)? && length >= HEADER;
        sound.then_some(Node { bytes: rest.get(..length)?, order, kind })
    }

    fn half(self, at: usize) -> Option<u16> {
        let bytes = *self.bytes.get(at..)?.first_chunk()?;
        Some(if self.order == Order::Little { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) })
    }

    fn word(self, at: usize) -> Option<u32> {
        let bytes = *self.bytes.get(at..)?.first_chunk()?;
        Some(if self.order == Order::Little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
    }

    /// The own checksum of a node of the two kinds that are read: of its fixed fields before `at`.
    fn holds(self, covered: usize, at: usize) -> bool {
        self.bytes.get(..covered).is_some_and(|fields| self.word(at) == Some(sum(fields)))
    }
}

/// As JFFS2 takes it: the register begins with zero.
fn sum(data: &[u8]) -> u32 {
    crc32(0, data)
}

/// A folder entry.
struct Name {
    version: u32,
    inode: u32,
}

/// What one inode node says of its file.
struct Write<'a> {
    version: u32,
    node: Node<'a>,
}

struct Jffs2<'a> {
    folders: BTreeMap<u32, BTreeMap<Vec<u8>, Name>>,
    /// By inode, in order of version.
    writes: BTreeMap<u32, Vec<Write<'a>>>,
}

fn open(data: &Bytes, meter: &mut Meter) -> Result<Opened, Cause> {
    let order = order(data).ok_or_else(|| Cause::Damaged { how: "there is no node".to_owned() })?;
    let mut volume = Jffs2 { folders: BTreeMap::new(), writes: BTreeMap::new() };
    let (length, lost) = volume.scan(data, order);
    for writes in volume.writes.values_mut() {
        writes.sort_by_key(|write| write.version);
    }
    let (content, mut problems) = walk(&volume, ROOT, meter)?;
    if lost > 0 {
        problems.push((String::new(), Cause::Damaged { how: format!("{lost} nodes have a wrong checksum") }));
    }
    Ok(Opened { content, length, problems })
}

impl<'a> Jffs2<'a> {
    /// Reads the log; where it ends, and how many nodes are damaged.
    fn scan(&mut self, data: &'a Bytes, order: Order) -> (usize, usize) {
        let (mut at, mut end, mut lost) = (0, 0, 0);
        while at < data.len() && at - end <= GAP {
            match Node::read(data, order, at) {
                Some(node) => {
                    lost += usize::from(!self.add(node));
                    at = at.saturating_add(node.bytes.len()).next_multiple_of(4);
                    end = at;
                }
                None => {
                    // Erased flash belongs to the file system.
                    let erased = data.get(at..at + 4).is_some_and(|word| word == [0xff; 4]);
                    at += 4;
                    end = if erased && end + 4 == at { at } else { end };
                }
            }
        }
        (end.min(data.len()), lost)
    }

    /// Takes a node in; whether it was sound.
    fn add(&mut self, node: Node<'a>) -> bool {
        match node.kind {
            ENTRY => self.entry(node).is_some(),
            INODE => self.write(node).is_some(),
            _ => true,
        }
    }

    fn entry(&mut self, node: Node<'a>) -> Option<()> {
        node.holds(32, 32).then_some(())?;
        let (parent, version, inode) = (node.word(12)?, node.word(16)?, node.word(20)?);
        let name = node.bytes.get(40..40 + usize::from(*node.bytes.get(28)?))?;
        (node.word(36)? == sum(name)).then_some(())?;
        let names = self.folders.entry(parent).or_default();
        let known = names.get(name).is_some_and(|known| known.version > version);
        if !known {
            names.insert(name.to_vec(), Name { version, inode });
        }
        Some(())
    }

    fn write(&mut self, node: Node<'a>) -> Option<()> {
        node.holds(60, 64).then_some(())?;
        self.writes.entry(node.word(12)?).or_default().push(Write { version: node.word(16)?, node });
        Some(())
    }

    fn newest(&self, inode: u32) -> Option<Node<'a>> {
        self.writes.get(&inode)?.last().map(|write| write.node)
    }
}

impl Volume for Jffs2<'_> {
    type Node = u32;

    fn attributes(&self, node: u32) -> Result<Attributes, Cause> {
        let newest = self.newest(node);
        let field = |at| newest.and_then(|node| node.half(at)).map(u32::from);
        let mode = newest.and_then(|node| node.word(20));
        let mode = mode.ok_or_else(|| Cause::Damaged { how: format!("inode {node} is not there") })?;
        Ok(Attributes {
            sort: Sort::of(mode),
            mode,
            uid: field(24).unwrap_or(0),
            gid: field(26).unwrap_or(0),
        })
    }

    fn list(&self, folder: u32, _: &mut Meter) -> Partial<Vec<(Vec<u8>, u32)>> {
        let names = self.folders.get(&folder).into_iter().flatten();
        // Inode 0 is a deletion.
        let names =
            names.filter(|(_, entry)| entry.inode != 0).map(|(name, entry)| (name.clone(), entry.inode));
        (names.collect(), None)
    }

    fn content(&self, node: u32, meter: &mut Meter) -> Partial<Bytes> {
        let size = self.newest(node).and_then(|node| node.word(28)).unwrap_or(0) as usize;
        if let Err(cause) = meter.spend(size as u64) {
            return (Bytes::default(), Some(cause));
        }
        let (mut out, mut problem) = (Vec::new(), None);
        for write in self.writes.get(&node).into_iter().flatten() {
            if let Err(cause) = block::apply(write.node, &mut out, size, meter) {
                problem = Some(cause);
            }
        }
        out.resize(size, 0);
        (out.into(), problem)
    }
}
