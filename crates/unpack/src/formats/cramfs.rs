//! cramfs: a compressed read-only file system, one zlib stream for each page of 4 KiB.
//!
//! Layout from the kernel's `include/uapi/linux/cramfs_fs.h`: a superblock of 64 bytes and the root's inode, inodes of
//! 12 bytes with bit fields in the byte order of the maker, names padded to 4 bytes, a table of block ends.

use std::collections::BTreeSet;
use std::io::Read;

use super::{Content, Found, Kind, Opened, Reader};
use crate::limits::Meter;
use crate::path::{escape, join};
use crate::problem::damaged;
use crate::{Bytes, Cause, Format};

const SIGNATURE: &[u8] = b"Compressed ROMFS";
const ROOT: usize = 64;
const PAGE: usize = 4096;
/// Block pointers with flags, of uncompressed and directly addressed blocks.
const EXTENDED: u32 = 0x800;

const TYPE: u32 = 0o170_000;

pub(super) static READER: Reader = Reader {
    format: Format::Cramfs,
    probe: |data| order(data).is_some(),
    signatures: &[(SIGNATURE, 16)],
    open,
};

#[derive(Clone, Copy)]
enum Order {
    Little,
    Big,
}

fn order(data: &[u8]) -> Option<Order> {
    (data.get(16..32)? == SIGNATURE).then_some(())?;
    match data.first_chunk::<4>()? {
        [0x45, 0x3d, 0xcd, 0x28] => Some(Order::Little),
        [0x28, 0xcd, 0x3d, 0x45] => Some(Order::Big),
        _ => None,
    }
}

impl Order {
    fn word(self, data: &[u8], at: usize) -> Option<u32> {
        let bytes = *data.get(at..)?.first_chunk()?;
        Some(match self {
            Self::Little => u32::from_le_bytes(bytes),
            Self::Big => u32::from_be_bytes(bytes),
        })
    }

    /// Splits a word into a field of `bits` bits that comes first, and the rest.
    fn split(self, word: u32, bits: u32) -> (u32, u32) {
        match self {
            Self::Little => (word & ((1 << bits) - 1), word >> bits),
            Self::Big => (word >> (32 - bits), word & ((1 << (32 - bits)) - 1)),
        }
    }
}

struct Inode {
    mode: u32,
    uid: u32,
    gid: u32,
    size: usize,
    name_length: usize,
    offset: usize,
}

fn inode(data: &[u8], order: Order, at: usize) -> Option<Inode> {
    let (mode, uid) = order.split(order.word(data, at)?, 16);
    let (size, gid) = order.split(order.word(data, at.checked_add(4)?)?, 24);
    let (name, offset) = order.split(order.word(data, at.checked_add(8)?)?, 6);
    Some(Inode {
        mode,
        uid,
        gid,
        size: size as usize,
        name_length: 4 * name as usize,
        offset: 4 * offset as usize,
    })
}

fn open(data: &Bytes, meter: &mut Meter) -> Result<Opened, Cause> {
    let cut = || Cause::Damaged { how: "the superblock is cut".to_owned() };
    let order = order(data).ok_or_else(cut)?;
    let size = order.word(data, 4).ok_or_else(cut)? as usize;
    if order.word(data, 8).ok_or_else(cut)? & EXTENDED != 0 {
        return Err(Cause::Unsupported { what: "cramfs with extended block pointers".to_owned() });
    }
    let root = inode(data, order, ROOT).ok_or_else(cut)?;
    let mut reading = Reading { data, order, meter, files: Vec::new(), problems: Vec::new() };
    reading.tree(root)?;
    let length = size.next_multiple_of(PAGE).min(data.len());
    Ok(Opened { content: Content::Files(reading.files), length, problems: reading.problems })
}

struct Reading<'a> {
    data: &'a Bytes,
    order: Order,
    meter: &'a mut Meter,
    files: Vec<Found>,
    problems: Vec<(String, Cause)>,
}

impl Reading<'_> {
    fn tree(&mut self, root: Inode) -> Result<(), Cause> {
        let mut todo = vec![(root, String::new())];
        let mut seen = BTreeSet::new();
        while let Some((folder, path)) = todo.pop() {
            if folder.size == 0 || !seen.insert(folder.offset) {
                continue;
            }
            let end = folder.offset.saturating_add(folder.size);
            let mut at = folder.offset;
            while at < end {
                let Some((inode, name)) = self.entry(at) else {
                    let how = format!("the folder entry at {at:#x} is cut");
                    self.problems.push((path.clone(), Cause::Damaged { how }));
                    break;
                };
                at = at.saturating_add(12 + inode.name_length);
                let inner = join(&path, &escape(&name).replace('/', "_"));
                self.file(&inode, &inner)?;
                if inode.mode & TYPE == 0o040_000 {
                    todo.push((inode, inner));
                }
            }
        }
        Ok(())
    }

    fn entry(&self, at: usize) -> Option<(Inode, Vec<u8>)> {
        let inode = inode(self.data, self.order, at)?;
        let name = self.data.get(at.checked_add(12)?..)?.get(..inode.name_length)?;
        let end = name.iter().position(|b| *b == 0).unwrap_or(name.len());
        Some((inode, name.get(..end)?.to_vec()))
    }

    fn file(&mut self, inode: &Inode, path: &str) -> Result<(), Cause> {
        self.meter.file()?;
        let kind = match inode.mode & TYPE {
            0o040_000 => Kind::Directory,
            0o100_000 => Kind::File(self.content(inode, path).into()),
            0o120_000 => Kind::Symlink(escape(&self.content(inode, path))),
            _ => Kind::Special,
        };
        let (mode, stated) = (inode.mode & 0o7777, path.as_bytes().to_vec());
        self.files.push(Found { stated, kind, mode, uid: inode.uid, gid: inode.gid });
        Ok(())
    }

    fn content(&mut self, inode: &Inode, path: &str) -> Vec<u8> {
        let mut out = Vec::new();
        let blocks = inode.size.div_ceil(PAGE);
        let mut start = inode.offset.saturating_add(4 * blocks);
        for block in 0..blocks {
            let Some(end) = self.order.word(self.data, inode.offset.saturating_add(4 * block)) else {
                self.problems
                    .push((path.to_owned(), Cause::Damaged { how: "its block table is cut".to_owned() }));
                break;
            };
            let packed = self.data.slice(start..end as usize);
            let size = PAGE.min(inode.size - out.len());
            if let Err(cause) = self.block(&packed, size, &mut out) {
                self.problems.push((path.to_owned(), cause));
                break;
            }
            start = end as usize;
        }
        out
    }

    /// A block without bytes is a hole.
    fn block(&mut self, packed: &[u8], size: usize, out: &mut Vec<u8>) -> Result<(), Cause> {
        self.meter.spend(size as u64)?;
        if packed.is_empty() {
            out.resize(out.len() + size, 0);
            return Ok(());
        }
        let before = out.len();
        let mut decoder = flate2::read::ZlibDecoder::new(packed).take(size as u64);
        decoder.read_to_end(out).map_err(damaged)?;
        if out.len() - before < size {
            return Err(Cause::Damaged { how: format!("a block gives less than {size} bytes") });
        }
        Ok(())
    }
}
