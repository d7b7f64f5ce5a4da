//! UBIFS: the usual file system on UBI volumes.
//!
//! Layout from the kernel's `fs/ubifs/ubifs-media.h`: nodes in erase blocks, found through an index tree whose root the
//! newest master node names; what was written since the index was last written stands in the buds that the log names.
//! Both are read, so that what was deleted does not come back.

use std::collections::BTreeMap;
use std::io::Read;

use super::number::{crc32, le16, le32, le64};
use super::walk::{Attributes, Partial, Sort, Volume, walk};
use super::{Opened, Reader, lzo};
use crate::limits::Meter;
use crate::path::escape;
use crate::problem::damaged;
use crate::{Bytes, Cause, Format};

mod index;

const MAGIC: &[u8] = b"\x31\x18\x10\x06";
const HEADER: usize = 24;
/// Types of node.
const INODE: u8 = 0;
const DATA: u8 = 1;
const ENTRY: u8 = 2;
const TRUNCATION: u8 = 4;
const SUPERBLOCK: u8 = 6;
const MASTER: u8 = 7;
const REFERENCE: u8 = 8;
const INDEX: u8 = 9;
const COMMIT: u8 = 10;
/// No node is longer: inodes carry up to 4 KiB, index nodes a few dozen branches. Bounds what a checksum may cost.
const LONGEST: usize = 8192;
/// Bytes of a file in one data node.
const BLOCK: usize = 4096;
const ROOT: u32 = 1;
/// Flag of an inode: content and names are encrypted.
const ENCRYPTED: u32 = 0x40;

pub(super) static READER: Reader = Reader {
    format: Format::Ubifs,
    probe: |data| superblock(data).is_some(),
    signatures: &[(MAGIC, 0)],
    open,
};

/// A node with a sound checksum.
#[derive(Clone, Copy)]
struct Node<'a> {
    bytes: &'a [u8],
    kind: u8,
}

impl<'a> Node<'a> {
    fn read(data: &'a [u8], at: usize) -> Option<Self> {
        let rest = data.get(at..)?;
        let length = le32(rest, 16)? as usize;
        let sound = rest.starts_with(MAGIC) && (HEADER..=LONGEST).contains(&length);
        let bytes = rest.get(..length).filter(|_| sound)?;
        (le32(bytes, 4)? == crc32(u32::MAX, bytes.get(8..)?)).then_some(())?;
        Some(Self { bytes, kind: *bytes.get(20)? })
    }

    fn sequence(self) -> u64 {
        le64(self.bytes, 8).unwrap_or(0)
    }

    /// The first eight bytes of the node's key.
    fn key(self) -> Option<Key> {
        let (inode, word) = (le32(self.bytes, HEADER)?, le32(self.bytes, HEADER + 4)?);
        Some(Key { inode, rest: word & 0x1fff_ffff })
    }
}

/// Inode, and hash of a name or number of a block.
struct Key {
    inode: u32,
    rest: u32,
}

/// Size of an erase block.
fn superblock(data: &[u8]) -> Option<usize> {
    let node = Node::read(data, 0).filter(|node| node.kind == SUPERBLOCK)?;
    let size = le32(node.bytes, 36)? as usize;
    (4096..=16 << 20).contains(&size).then_some(size)
}

struct Ubifs<'a> {
    inodes: BTreeMap<u32, Node<'a>>,
    /// By folder and name.
    entries: BTreeMap<(u32, &'a [u8]), u32>,
    /// By inode and number of the block.
    blocks: BTreeMap<(u32, u32), Node<'a>>,
}

fn open(data: &Bytes, meter: &mut Meter) -> Result<Opened, Cause> {
    let how = "the superblock is damaged".to_owned();
    let size = superblock(data).ok_or(Cause::Damaged { how })?;
    let count = le32(data, 40).unwrap_or(0) as usize;
    let length = size.saturating_mul(count).min(data.len());
    let image = data.slice(0..length);
    let (nodes, mut problems) = index::nodes(&image, size)?;
    let mut volume = Ubifs { inodes: BTreeMap::new(), entries: BTreeMap::new(), blocks: BTreeMap::new() };
    nodes.into_iter().for_each(|node| volume.take(node));
    let (content, more) = walk(&volume, ROOT, meter)?;
    problems.extend(more);
    Ok(Opened { content, length, problems })
}

impl<'a> Ubifs<'a> {
    /// Takes a node in, which is newer than all before.
    fn take(&mut self, node: Node<'a>) {
        let Some(key) = node.key() else { return };
        match node.kind {
            INODE if le32(node.bytes, 92) == Some(0) => {
                self.forget(key.inode, 0);
                self.inodes.remove(&key.inode);
            }
            INODE => {
                self.inodes.insert(key.inode, node);
            }
            DATA => {
                self.blocks.insert((key.inode, key.rest), node);
            }
            ENTRY => self.entry(key.inode, node),
            // Key and two sizes, old and new.
            TRUNCATION => {
                let inode = le32(node.bytes, HEADER).unwrap_or(0);
                let kept = le64(node.bytes, 48).unwrap_or(0).div_ceil(BLOCK as u64);
                self.forget(inode, u32::try_from(kept).unwrap_or(u32::MAX));
            }
            _ => {}
        }
    }

    /// Drops blocks from number `from` on.
    fn forget(&mut self, inode: u32, from: u32) {
        let gone: Vec<_> =
            self.blocks.range((inode, from)..=(inode, u32::MAX)).map(|(key, _)| *key).collect();
        gone.iter().for_each(|key| _ = self.blocks.remove(key));
    }

    fn entry(&mut self, folder: u32, node: Node<'a>) {
        let name = le16(node.bytes, 50).and_then(|length| node.bytes.get(56..56 + usize::from(length)));
        let (Some(name), Some(inode)) = (name, le64(node.bytes, 40)) else { return };
        match u32::try_from(inode) {
            // Inode 0 is a deletion.
            Ok(0) | Err(_) => drop(self.entries.remove(&(folder, name))),
            Ok(inode) => drop(self.entries.insert((folder, name), inode)),
        }
    }

    fn inode(&self, number: u32) -> Result<Node<'a>, Cause> {
        let how = || format!("inode {number} is not there");
        self.inodes.get(&number).copied().ok_or_else(|| Cause::Damaged { how: how() })
    }
}

impl Volume for Ubifs<'_> {
    type Node = u32;

    fn attributes(&self, node: u32) -> Result<Attributes, Cause> {
        let inode = self.inode(node)?;
        let field = |at| le32(inode.bytes, at).unwrap_or(0);
        Ok(Attributes { sort: Sort::of(field(104)), mode: field(104), uid: field(96), gid: field(100) })
    }

    fn list(&self, folder: u32, _: &mut Meter) -> Partial<Vec<(Vec<u8>, u32)>> {
        let encrypted = self.inode(folder).is_ok_and(|inode| flags(inode) & ENCRYPTED != 0);
        let what = "names in it are encrypted".to_owned();
        let names = self.entries.range((folder, &[][..])..).take_while(|((parent, _), _)| *parent == folder);
        let names = names.map(|((_, name), inode)| (escape(name).into_bytes(), *inode)).collect();
        (names, encrypted.then_some(Cause::Unsupported { what }))
    }

    fn content(&self, node: u32, meter: &mut Meter) -> Partial<Bytes> {
        let refuse = |cause| (Bytes::default(), Some(cause));
        let inode = match self.inode(node) {
            Ok(inode) => inode,
            Err(cause) => return refuse(cause),
        };
        if flags(inode) & ENCRYPTED != 0 {
            return refuse(Cause::Unsupported { what: "its content is encrypted".to_owned() });
        }
        let size = le64(inode.bytes, 48).unwrap_or(0);
        let mode = le32(inode.bytes, 104).unwrap_or(0);
        if Sort::of(mode) == Sort::Symlink {
            let length = le32(inode.bytes, 112).unwrap_or(0) as usize;
            return (inode.bytes.get(160..160 + length).unwrap_or_default().to_vec().into(), None);
        }
        if let Err(cause) = meter.spend(size) {
            return refuse(cause);
        }
        let mut out = vec![0; usize::try_from(size).unwrap_or(0)];
        let mut problem = None;
        for ((_, number), block) in self.blocks.range((node, 0)..=(node, u32::MAX)) {
            let start = (*number as usize).saturating_mul(BLOCK);
            let place = out.get_mut(start..).unwrap_or_default();
            match expand(*block) {
                Ok(bytes) => place.iter_mut().zip(bytes).for_each(|(to, from)| *to = from),
                Err(cause) => problem = Some(cause),
            }
        }
        (out.into(), problem)
    }
}

fn flags(inode: Node<'_>) -> u32 {
    le32(inode.bytes, 108).unwrap_or(0)
}

/// A data node's bytes.
fn expand(node: Node<'_>) -> Result<Vec<u8>, Cause> {
    let size = (le32(node.bytes, 40).unwrap_or(0) as usize).min(BLOCK);
    let packed = node.bytes.get(48..).unwrap_or_default();
    let limited = |reader: &mut dyn Read| {
        let mut out = Vec::new();
        reader.take(size as u64).read_to_end(&mut out).map_err(damaged)?;
        Ok(out)
    };
    match le16(node.bytes, 44) {
        Some(0) => Ok(packed.to_vec()),
        Some(1) => lzo::decompress(packed, BLOCK),
        Some(2) => limited(&mut flate2::read::DeflateDecoder::new(packed)),
        Some(3) => limited(&mut zstd::stream::read::Decoder::with_buffer(packed).map_err(damaged)?),
        other => Err(Cause::Unsupported { what: format!("compression {} of UBIFS", other.unwrap_or(0)) }),
    }
}
