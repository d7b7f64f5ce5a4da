//! Squashfs version 3 in both byte orders, with zlib or with LZMA as makers of devices patched it in.
//!
//! Layout from the kernel patches of squashfs 3.3 (`include/linux/squashfs_fs.h`): as version 4 in its parts, but with
//! packed bit fields in the byte order of the maker, and owners in two small tables. Read by hand, because the library
//! that reads version 4 takes no other compression for version 3.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::Read;

use super::vendor;
use crate::formats::Opened;
use crate::formats::number::{be16, be32, be64, le16, le32, le64};
use crate::formats::walk::{Attributes, Partial, Sort, Volume, walk};
use crate::limits::Meter;
use crate::{Bytes, Cause};

/// Bytes in one expanded block of metadata.
const METADATA: usize = 8192;
/// Blocks of metadata kept expanded, and fragments.
const KEPT: usize = 256;
const KEPT_FRAGMENTS: usize = 32;
/// Flag of the superblock: each block of metadata has a check byte behind its length.
const CHECKED: u8 = 4;
const NO_FRAGMENT: u32 = u32::MAX;

/// Numbers and bit fields in the byte order of the maker.
#[derive(Clone, Copy)]
pub(super) struct Order {
    pub(super) big: bool,
}

impl Order {
    fn half(self, data: &[u8], at: usize) -> Option<u16> {
        if self.big { be16(data, at) } else { le16(data, at) }
    }

    fn word(self, data: &[u8], at: usize) -> Option<u32> {
        if self.big { be32(data, at) } else { le32(data, at) }
    }

    fn long(self, data: &[u8], at: usize) -> Option<u64> {
        if self.big { be64(data, at) } else { le64(data, at) }
    }

    /// A place in the image.
    fn place(self, data: &[u8], at: usize) -> Option<usize> {
        usize::try_from(self.long(data, at)?).ok()
    }

    /// Bit fields that fill `bytes` bytes, first ones first: (width of the first, the two values).
    fn split(self, data: &[u8], at: usize, bytes: usize, first: u32) -> Option<(u64, u64)> {
        let field = data.get(at..at.checked_add(bytes)?)?;
        let bits = 8 * bytes as u32;
        let value = field.iter().enumerate().fold(0_u64, |value, (index, byte)| {
            let shift = if self.big { bytes - 1 - index } else { index };
            value | u64::from(*byte) << (8 * shift)
        });
        let low = |value: u64, width: u32| value & ((1 << width) - 1);
        Some(if self.big {
            (value >> (bits - first), low(value, bits - first))
        } else {
            (low(value, first), value >> first)
        })
    }
}

/// An image whose superblock makes sense.
pub(super) struct Old<'a> {
    data: &'a [u8],
    order: Order,
    block: usize,
    root: Node,
    pub(super) length: usize,
    uids: usize,
    guids: usize,
    inodes: usize,
    folders: usize,
    fragments: usize,
    fragment_count: u32,
    checked: bool,
    kept: RefCell<BTreeMap<usize, Metadata>>,
    /// Most files are smaller than a block and share one.
    kept_fragments: RefCell<BTreeMap<usize, Bytes>>,
}

/// An expanded block of metadata, and where the next one begins.
type Metadata = (Bytes, usize);

/// Block of the inode table, counted from its beginning, and offset in it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Node {
    block: usize,
    offset: usize,
}

/// An inode's fields, as far as they are used.
struct Inode {
    sort: Sort,
    mode: u32,
    uid: u8,
    guid: u8,
    kind: u64,
    bytes: Vec<u8>,
    /// Where what follows the inode stands: block list, link target.
    at: Node,
}

fn damaged(how: &str) -> Cause {
    Cause::Damaged { how: how.to_owned() }
}

impl<'a> Old<'a> {
    pub(super) fn read(data: &'a [u8], order: Order) -> Option<Self> {
        let block = order.word(data, 51)? as usize;
        (block.is_power_of_two() && (4096..=1 << 20).contains(&block)).then_some(())?;
        let root = order.long(data, 43)?;
        let root = Node { block: usize::try_from(root >> 16).ok()?, offset: (root & 0xffff) as usize };
        Some(Self {
            data,
            order,
            block,
            root,
            length: order.place(data, 63)?,
            uids: order.place(data, 71)?,
            guids: order.place(data, 79)?,
            inodes: order.place(data, 87)?,
            folders: order.place(data, 95)?,
            fragments: order.place(data, 103)?,
            fragment_count: order.word(data, 55)?,
            checked: data.get(36)? & CHECKED != 0,
            kept: RefCell::new(BTreeMap::new()),
            kept_fragments: RefCell::new(BTreeMap::new()),
        })
    }

    /// The block of metadata at a place of the image.
    fn metadata(&self, at: usize) -> Result<Metadata, Cause> {
        if let Some(known) = self.kept.borrow().get(&at) {
            return Ok(known.clone());
        }
        let cut = || damaged("its metadata is cut");
        let length = self.order.half(self.data, at).ok_or_else(cut)?;
        let start = at + 2 + usize::from(self.checked);
        let size = match usize::from(length & 0x7fff) {
            0 => 0x8000,
            size => size,
        };
        let packed = self.data.get(start..start.saturating_add(size)).ok_or_else(cut)?;
        let plain = if length & 0x8000 == 0 { expand(packed, METADATA)? } else { packed.to_vec() };
        let block = (Bytes::from(plain), start + size);
        let mut kept = self.kept.borrow_mut();
        if kept.len() >= KEPT {
            kept.clear();
        }
        kept.insert(at, block.clone());
        Ok(block)
    }

    /// `size` bytes of a table of metadata from a node on, and the node behind them.
    fn bytes(&self, table: usize, from: Node, size: usize) -> Result<(Vec<u8>, Node), Cause> {
        let mut out = Vec::new();
        let mut node = from;
        while out.len() < size {
            let (block, next) = self.metadata(table.saturating_add(node.block))?;
            let piece = block.get(node.offset..).filter(|piece| !piece.is_empty());
            match piece {
                Some(piece) => {
                    let count = piece.len().min(size - out.len());
                    out.extend_from_slice(piece.get(..count).unwrap_or_default());
                    node.offset += count;
                }
                None if node.offset > block.len() || block.is_empty() => {
                    return Err(damaged("its metadata is cut"));
                }
                None => node = Node { block: next.saturating_sub(table), offset: 0 },
            }
        }
        Ok((out, node))
    }

    fn inode(&self, node: Node) -> Result<Inode, Cause> {
        const BASE: usize = 12;
        let cut = || damaged("an inode is cut");
        let (base, _) = self.bytes(self.inodes, node, BASE)?;
        let (kind, mode) = self.order.split(&base, 0, 2, 4).ok_or_else(cut)?;
        let (sort, size) = match kind {
            1 => (Sort::Directory, 28),
            2 => (Sort::Regular, 32),
            3 => (Sort::Symlink, 18),
            8 => (Sort::Directory, 31),
            9 => (Sort::Regular, 40),
            4..=7 => (Sort::Special, BASE),
            _ => return Err(damaged("an inode is of no known kind")),
        };
        let (bytes, at) = self.bytes(self.inodes, node, size)?;
        let owner = |at: usize| bytes.get(at).copied().unwrap_or(0);
        Ok(Inode { sort, mode: mode as u32, uid: owner(2), guid: owner(3), kind, at, bytes })
    }

    /// Numbers of owners have two bytes or four: the table of users ends where that of groups begins.
    fn owner(&self, table: usize, index: u8) -> u32 {
        let count = usize::from(self.data.get(37).copied().unwrap_or(0)).max(1);
        let narrow = self.guids.saturating_sub(self.uids) == 2 * count;
        let place = |width: usize| table.saturating_add(width * usize::from(index));
        let owner = match narrow {
            true => self.order.half(self.data, place(2)).map(u32::from),
            false => self.order.word(self.data, place(4)),
        };
        owner.unwrap_or(0)
    }

    /// Place and packed size of a fragment block.
    fn fragment(&self, number: u32) -> Option<(usize, u32)> {
        const ENTRY: usize = 16;
        (number < self.fragment_count).then_some(())?;
        let at = number as usize * ENTRY;
        let block = self.order.place(self.data, self.fragments.checked_add(8 * (at / METADATA))?)?;
        let (table, _) = self.metadata(block).ok()?;
        let entry = table.get(at % METADATA..)?;
        Some((self.order.place(entry, 0)?, self.order.word(entry, 8)?))
    }

    /// A block of data: the 25th bit of its size marks one that is not compressed.
    fn data_block(&self, at: usize, size: u32) -> Result<Vec<u8>, Cause> {
        const PLAIN: u32 = 1 << 24;
        let length = (size & (PLAIN - 1)) as usize;
        let packed = self
            .data
            .get(at..at.saturating_add(length))
            .ok_or_else(|| damaged("a block lies beyond the end"))?;
        if size & PLAIN == 0 { expand(packed, self.block) } else { Ok(packed.to_vec()) }
    }

    fn fragment_block(&self, number: u32, meter: &mut Meter) -> Result<Bytes, Cause> {
        let (place, packed) = self.fragment(number).ok_or_else(|| damaged("a fragment is not there"))?;
        if let Some(known) = self.kept_fragments.borrow().get(&place) {
            return Ok(known.clone());
        }
        let block = Bytes::from(self.data_block(place, packed)?);
        meter.spend(block.len() as u64)?;
        let mut kept = self.kept_fragments.borrow_mut();
        if kept.len() >= KEPT_FRAGMENTS {
            kept.clear();
        }
        kept.insert(place, block.clone());
        Ok(block)
    }

    fn file(&self, inode: &Inode, meter: &mut Meter) -> Partial<Bytes> {
        let mut out = Vec::new();
        let cause = self.fill(inode, meter, &mut out).err();
        (out.into(), cause)
    }

    fn fill(&self, inode: &Inode, meter: &mut Meter, out: &mut Vec<u8>) -> Result<(), Cause> {
        let cut = || damaged("an inode is cut");
        let word = |at| self.order.word(&inode.bytes, at).ok_or_else(cut);
        let long = inode.kind == 9;
        let start = self.order.place(&inode.bytes, if long { 16 } else { 12 }).ok_or_else(cut)?;
        let (fragment, offset) = if long { (word(24)?, word(28)?) } else { (word(20)?, word(24)?) };
        let size =
            if long { self.order.long(&inode.bytes, 32).ok_or_else(cut)? } else { u64::from(word(28)?) };
        meter.spend(size)?;
        let size = usize::try_from(size).map_err(|_| cut())?;
        let blocks = if fragment == NO_FRAGMENT { size.div_ceil(self.block) } else { size / self.block };
        let (mut at, mut node) = (start, inode.at);
        for _ in 0..blocks {
            let (entry, next) = self.bytes(self.inodes, node, 4)?;
            node = next;
            let stated = self.order.word(&entry, 0).ok_or_else(cut)?;
            let length = self.block.min(size - out.len());
            let before = out.len();
            if stated != 0 {
                out.extend(self.data_block(at, stated)?);
                at = at.saturating_add((stated & 0xff_ffff) as usize);
            }
            // A block without bytes is a hole.
            out.resize(before + length, 0);
        }
        if fragment != NO_FRAGMENT {
            let block = self.fragment_block(fragment, meter)?;
            let tail = block.get(offset as usize..).and_then(|rest| rest.get(..size - out.len()));
            out.extend_from_slice(tail.ok_or_else(|| damaged("a fragment is cut"))?);
        }
        Ok(())
    }

    /// Names in the listing of a folder: headers of nine bytes, each with up to 256 entries of five and a name.
    fn names(&self, listing: &[u8]) -> Option<Vec<(Vec<u8>, Node)>> {
        let (mut names, mut at) = (Vec::new(), 0);
        while at < listing.len() {
            let count = usize::from(*listing.get(at)?) + 1;
            let block = self.order.word(listing, at + 1)? as usize;
            at += 9;
            for _ in 0..count {
                let (offset, _) = self.order.split(listing, at, 2, 13)?;
                let size = usize::from(*listing.get(at + 2)?) + 1;
                let name = listing.get(at + 5..at + 5 + size)?;
                names.push((name.to_vec(), Node { block, offset: offset as usize }));
                at += 5 + size;
            }
        }
        Some(names)
    }
}

impl Volume for Old<'_> {
    type Node = Node;

    fn attributes(&self, node: Node) -> Result<Attributes, Cause> {
        let inode = self.inode(node)?;
        let uid = self.owner(self.uids, inode.uid);
        // 255: the group has the number of the user.
        let gid = if inode.guid == u8::MAX { uid } else { self.owner(self.guids, inode.guid) };
        Ok(Attributes { sort: inode.sort, mode: inode.mode, uid, gid })
    }

    fn list(&self, folder: Node, meter: &mut Meter) -> Partial<Vec<(Vec<u8>, Node)>> {
        let read = |meter: &mut Meter| {
            let inode = self.inode(folder)?;
            let cut = || damaged("an inode is cut");
            let bytes = if inode.kind == 8 { 5 } else { 4 };
            let (size, offset) =
                self.order.split(&inode.bytes, 16, bytes, 8 * bytes as u32 - 13).ok_or_else(cut)?;
            let block = self.order.word(&inode.bytes, 16 + bytes).ok_or_else(cut)?;
            // Three bytes are counted for `.` and `..`, which are not there.
            let size = size.saturating_sub(3);
            meter.spend(size)?;
            let from = Node { block: block as usize, offset: offset as usize };
            let (listing, _) = self.bytes(self.folders, from, usize::try_from(size).map_err(|_| cut())?)?;
            self.names(&listing).ok_or_else(|| damaged("a folder is damaged"))
        };
        match read(meter) {
            Ok(names) => (names, None),
            Err(cause) => (Vec::new(), Some(cause)),
        }
    }

    fn content(&self, node: Node, meter: &mut Meter) -> Partial<Bytes> {
        let inode = match self.inode(node) {
            Ok(inode) => inode,
            Err(cause) => return (Bytes::default(), Some(cause)),
        };
        if inode.sort != Sort::Symlink {
            return self.file(&inode, meter);
        }
        let size = self.order.half(&inode.bytes, 16).unwrap_or(0);
        match self.bytes(self.inodes, inode.at, usize::from(size)) {
            Ok((target, _)) => (target.into(), None),
            Err(cause) => (Bytes::default(), Some(cause)),
        }
    }
}

/// zlib if it looks like it, else LZMA.
fn expand(packed: &[u8], most: usize) -> Result<Vec<u8>, Cause> {
    let zlib = matches!(packed, [method, check, ..] if method & 0xf == 8 && u16::from_be_bytes([*method, *check]) % 31 == 0);
    let mut out = Vec::new();
    if zlib && flate2::read::ZlibDecoder::new(packed).take(most as u64).read_to_end(&mut out).is_ok() {
        return Ok(out);
    }
    vendor::lzma(packed, most).ok_or_else(|| damaged("a block is neither zlib nor LZMA"))
}

/// Opens the image that the bytes begin with.
pub(super) fn open(data: &Bytes, order: Order, meter: &mut Meter) -> Result<Opened, Cause> {
    let old = Old::read(data, order).ok_or_else(|| damaged("the superblock makes no sense"))?;
    old.inode(old.root)?;
    let (content, mut problems) = walk(&old, old.root, meter)?;
    if old.length > data.len() {
        let how = format!("{} bytes are stated, {} are there", old.length, data.len());
        problems.push((String::new(), Cause::Damaged { how }));
    }
    let length = super::padded(old.length.min(data.len()), data.len());
    Ok(Opened { content, length, problems })
}
