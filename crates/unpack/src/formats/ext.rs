//! ext2, ext3 and ext4: file systems of storage cards and disks.
//!
//! Layout from the kernel's `Documentation/filesystems/ext4`: a superblock at 1024, descriptors of block groups behind
//! it, inodes in tables of the groups, contents by block maps of up to three levels or by extent trees. What stands only
//! in a journal that was never replayed is not seen, and said so.

use super::number::{le16, le32};
use super::walk::{Attributes, Partial, Sort, Volume, walk};
use super::{Opened, Reader};
use crate::limits::Meter;
use crate::{Bytes, Cause, Format};

mod map;

const SUPER: usize = 1024;
const ROOT: u32 = 2;

/// Incompatible features (`s_feature_incompat`): what must be understood to read at all.
const COMPRESSION: u32 = 0x1;
const FILE_TYPE: u32 = 0x2;
const RECOVER: u32 = 0x4;
const JOURNAL_DEVICE: u32 = 0x8;
const META_GROUPS: u32 = 0x10;
const BITS_64: u32 = 0x80;
/// The above but the first and the fourth; extents, protection against double mounting, flexible groups, large
/// attributes, seeds of checksums, large folders, inline content, encryption, names without case.
const UNDERSTOOD: u32 = 0x3_e7d6;

/// Flags of an inode.
const ENCRYPTED: u32 = 0x800;
const EXTENTS: u32 = 0x8_0000;
const INLINE: u32 = 0x1000_0000;

pub(super) static READER: Reader =
    Reader { format: Format::Ext, probe, signatures: &[(b"\x53\xef", SUPER + 0x38)], open };

/// The superblock's facts, checked.
struct Ext<'a> {
    data: &'a Bytes,
    block: usize,
    inodes_per_group: u32,
    inode_size: usize,
    inodes: u32,
    first_block: usize,
    incompatible: u32,
    descriptor: usize,
    first_meta_group: usize,
}

fn probe(data: &[u8]) -> bool {
    superblock(data).is_some()
}

/// Block size, if these bytes have a superblock that makes sense.
fn superblock(data: &[u8]) -> Option<usize> {
    let word = |at| le32(data, SUPER + at);
    let half = |at| le16(data, SUPER + at);
    let log = word(0x18).filter(|log| *log <= 6)?;
    let block = 1024_usize << log;
    let fits = half(0x38)? == 0xef53
        && word(0)? > 0
        && word(4)? > 0
        && word(0x14)? == u32::from(log == 0)
        && (1..=8 * block as u32).contains(&word(0x20)?)
        && (1..=8 * block as u32).contains(&word(0x28)?)
        && matches!(half(0x3a)?, 0..=7)
        && word(0x4c)? <= 1;
    fits.then_some(block)
}

impl<'a> Ext<'a> {
    fn read(data: &'a Bytes) -> Option<Self> {
        let word = |at| le32(data, SUPER + at);
        let half = |at| le16(data, SUPER + at).map(usize::from);
        let block = superblock(data)?;
        let old = word(0x4c)? == 0;
        let incompatible = if old { 0 } else { word(0x60)? };
        let inode_size = if old { 128 } else { half(0x58)? };
        let wide = if incompatible & BITS_64 == 0 { 32 } else { half(0xfe)? };
        let sound = inode_size.is_power_of_two()
            && (128..=block).contains(&inode_size)
            && (32..=1024).contains(&wide);
        sound.then_some(Self {
            data,
            block,
            inodes_per_group: word(0x28)?,
            inode_size,
            inodes: word(0)?,
            first_block: word(0x14)? as usize,
            incompatible,
            descriptor: wide,
            first_meta_group: word(0x104)? as usize,
        })
    }

    fn blocks(&self) -> u64 {
        let high =
            if self.incompatible & BITS_64 == 0 { 0 } else { le32(self.data, SUPER + 0x150).unwrap_or(0) };
        u64::from(high) << 32 | u64::from(le32(self.data, SUPER + 4).unwrap_or(0))
    }

    /// Block `number`, as far as it is there.
    fn block(&self, number: u64) -> Option<&'a [u8]> {
        let start = usize::try_from(number).ok()?.checked_mul(self.block)?;
        let rest = self.data.get(start..)?;
        rest.get(..self.block.min(rest.len()))
    }

    /// Where the descriptor of a block group stands: all behind the superblock, or with `META_GROUPS` one block of
    /// them at the beginning of each meta group.
    fn descriptor(&self, group: usize) -> Option<usize> {
        let per_block = self.block / self.descriptor;
        let meta = group / per_block;
        if self.incompatible & META_GROUPS == 0 || meta < self.first_meta_group {
            return (self.first_block + 1)
                .checked_mul(self.block)?
                .checked_add(group.checked_mul(self.descriptor)?);
        }
        let blocks_per_group = le32(self.data, SUPER + 0x20)? as usize;
        let first = meta.checked_mul(per_block)?;
        let has_super = first == 0 || self.holds_superblock(first);
        let block =
            first.checked_mul(blocks_per_group)?.checked_add(self.first_block + usize::from(has_super))?;
        block.checked_mul(self.block)?.checked_add((group % per_block).checked_mul(self.descriptor)?)
    }

    /// With `sparse_super`, copies of the superblock stand in groups 0, 1 and powers of 3, 5 and 7.
    fn holds_superblock(&self, group: usize) -> bool {
        let sparse = le32(self.data, SUPER + 0x64).is_some_and(|flags| flags & 1 != 0);
        let power_of = |base: usize| {
            std::iter::successors(Some(1), |n: &usize| n.checked_mul(base))
                .take_while(|n| *n <= group)
                .any(|n| n == group)
        };
        !sparse || [3, 5, 7].into_iter().any(power_of)
    }

    fn inode(&self, number: u32) -> Result<Inode<'a>, Cause> {
        let index = number.checked_sub(1).filter(|_| number <= self.inodes).ok_or_else(|| lost(number))?;
        let place = || {
            let at = self.descriptor((index / self.inodes_per_group) as usize)?;
            let low = le32(self.data, at.checked_add(8)?)?;
            let high = if self.descriptor >= 64 { le32(self.data, at.checked_add(0x28)?)? } else { 0 };
            let table =
                usize::try_from(u64::from(high) << 32 | u64::from(low)).ok()?.checked_mul(self.block)?;
            let start = table.checked_add((index % self.inodes_per_group) as usize * self.inode_size)?;
            self.data.get(start..start.checked_add(self.inode_size)?)
        };
        place().map(|bytes| Inode { bytes }).ok_or_else(|| lost(number))
    }
}

fn lost(number: u32) -> Cause {
    Cause::Damaged { how: format!("inode {number} is not there") }
}

#[derive(Clone, Copy)]
struct Inode<'a> {
    bytes: &'a [u8],
}

impl<'a> Inode<'a> {
    fn word(self, at: usize) -> u32 {
        le32(self.bytes, at).unwrap_or(0)
    }

    fn half(self, at: usize) -> u32 {
        u32::from(le16(self.bytes, at).unwrap_or(0))
    }

    fn mode(self) -> u32 {
        self.half(0)
    }

    fn flags(self) -> u32 {
        self.word(0x20)
    }

    fn size(self) -> u64 {
        u64::from(self.word(0x6c)) << 32 | u64::from(self.word(4))
    }

    /// The 60 bytes of the block map, extent tree, short link or inline content.
    fn map(self) -> &'a [u8] {
        self.bytes.get(0x28..0x64).unwrap_or_default()
    }

    /// What of an inline content stands in the map, and what in the attribute `system.data` behind the inode.
    fn inline(self) -> Vec<u8> {
        let size = usize::try_from(self.size()).unwrap_or(usize::MAX);
        let mut out = self.map().get(..size.min(60)).unwrap_or_default().to_vec();
        out.extend_from_slice(self.attribute_data().unwrap_or_default());
        out.truncate(size);
        out
    }

    /// Attributes behind the inode: magic, entries of 16 bytes and a name, values counted from the first entry.
    fn attribute_data(self) -> Option<&'a [u8]> {
        const MAGIC: u32 = 0xea02_0000;
        const SYSTEM: u8 = 7;
        let start = 128 + usize::from(le16(self.bytes, 0x80)?);
        let entries = self.bytes.get(start.checked_add(4)?..)?;
        (le32(self.bytes, start)? == MAGIC).then_some(())?;
        let mut at = 0;
        while let [length, index, ..] = *entries.get(at..)? {
            (length != 0 || index != 0).then_some(())?;
            if index == SYSTEM && entries.get(at + 16..at + 16 + usize::from(length)) == Some(b"data") {
                let value = usize::from(le16(entries, at + 2)?);
                let size = le32(entries, at + 8)? as usize;
                return entries.get(value..value.checked_add(size)?);
            }
            at += (16 + usize::from(length)).next_multiple_of(4);
        }
        None
    }
}

impl Volume for Ext<'_> {
    type Node = u32;

    fn attributes(&self, node: u32) -> Result<Attributes, Cause> {
        let inode = self.inode(node)?;
        let uid = inode.half(0x78) << 16 | inode.half(2);
        let gid = inode.half(0x7a) << 16 | inode.half(0x18);
        Ok(Attributes { sort: Sort::of(inode.mode()), mode: inode.mode(), uid, gid })
    }

    fn list(&self, folder: u32, meter: &mut Meter) -> Partial<Vec<(Vec<u8>, u32)>> {
        let inode = match self.inode(folder) {
            Ok(inode) => inode,
            Err(cause) => return (Vec::new(), Some(cause)),
        };
        let (content, cause) = self.content(folder, meter);
        if inode.flags() & INLINE != 0 {
            // The number of the folder above stands first.
            let mut names = self.names(content.get(4..60).unwrap_or_default());
            names.extend(self.names(content.get(60..).unwrap_or_default()));
            return (names, cause);
        }
        let names = content.chunks(self.block).flat_map(|block| self.names(block)).collect();
        (names, cause)
    }

    fn content(&self, node: u32, meter: &mut Meter) -> Partial<Bytes> {
        match self.inode(node) {
            Ok(inode) => self.inode_content(inode, meter),
            Err(cause) => (Bytes::default(), Some(cause)),
        }
    }
}

impl Ext<'_> {
    fn inode_content(&self, inode: Inode<'_>, meter: &mut Meter) -> Partial<Bytes> {
        let refuse = |what: &str| (Bytes::default(), Some(Cause::Unsupported { what: what.to_owned() }));
        if inode.flags() & ENCRYPTED != 0 {
            return refuse("its content is encrypted");
        }
        if inode.flags() & INLINE != 0 {
            return (inode.inline().into(), None);
        }
        let short =
            Sort::of(inode.mode()) == Sort::Symlink && inode.size() < 60 && inode.flags() & EXTENTS == 0;
        if short {
            let size = usize::try_from(inode.size()).unwrap_or(0);
            return (inode.map().get(..size).unwrap_or_default().to_vec().into(), None);
        }
        if let Err(cause) = meter.spend(inode.size()) {
            return (Bytes::default(), Some(cause));
        }
        let mut out = map::Filling::new(self, inode.size());
        let cause =
            if inode.flags() & EXTENTS != 0 { out.extents(inode.map()) } else { out.pointers(inode.map()) };
        (out.finish(), cause.err())
    }

    /// Names in a block of a folder. Index blocks of large folders look like one unused entry.
    fn names(&self, block: &[u8]) -> Vec<(Vec<u8>, u32)> {
        let mut names = Vec::new();
        let mut at = 0;
        while let (Some(inode), Some(length)) = (le32(block, at), le16(block, at + 4)) {
            let length = if self.block == 65536 && length == u16::MAX { 65536 } else { usize::from(length) };
            let size = le16(block, at + 6).unwrap_or(0);
            let size = if self.incompatible & FILE_TYPE == 0 { size } else { size & 0xff };
            let name = block.get(at + 8..at + 8 + usize::from(size));
            names.extend(name.filter(|_| inode != 0).map(|name| (name.to_vec(), inode)));
            if length < 8 {
                break;
            }
            at += length;
        }
        names
    }
}

fn open(data: &Bytes, meter: &mut Meter) -> Result<Opened, Cause> {
    let ext =
        Ext::read(data).ok_or_else(|| Cause::Damaged { how: "the superblock makes no sense".to_owned() })?;
    let unknown = ext.incompatible & !UNDERSTOOD;
    if ext.incompatible & (COMPRESSION | JOURNAL_DEVICE) != 0 || unknown != 0 {
        return Err(Cause::Unsupported {
            what: format!("features {:#x} of the file system", ext.incompatible),
        });
    }
    ext.inode(ROOT)?;
    let (content, mut problems) = walk(&ext, ROOT, meter)?;
    if ext.incompatible & RECOVER != 0 {
        let what = "its journal was not replayed; the last changes are not shown".to_owned();
        problems.push((String::new(), Cause::Unsupported { what }));
    }
    let stated = ext.blocks().saturating_mul(ext.block as u64);
    if stated > data.len() as u64 {
        let how = format!("{stated} bytes are stated, {} are there", data.len());
        problems.push((String::new(), Cause::Damaged { how }));
    }
    let length = usize::try_from(stated).unwrap_or(usize::MAX).min(data.len());
    Ok(Opened { content, length, problems })
}
