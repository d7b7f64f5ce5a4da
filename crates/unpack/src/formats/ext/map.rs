//! From a file's place to blocks of the volume: extent trees (ext4) and block maps (ext2, ext3).

use super::Ext;
use crate::formats::number::{le16, le32};
use crate::{Bytes, Cause};

/// Deeper extent trees than this are refused by Linux, too.
const DEEPEST: u16 = 5;
/// Marks an extent that is reserved but reads as zeros.
const UNWRITTEN: u32 = 0x8000;

/// A file's content while its blocks are gathered; places without a block stay zero.
pub(super) struct Filling<'a> {
    ext: &'a Ext<'a>,
    out: Vec<u8>,
    /// Blocks that may still be read: each place of the file, and each block of the map, once.
    left: u64,
}

fn damaged(how: &str) -> Cause {
    Cause::Damaged { how: how.to_owned() }
}

impl<'a> Filling<'a> {
    /// The caller has paid for `size`.
    pub(super) fn new(ext: &'a Ext<'a>, size: u64) -> Self {
        let left = 4 * (size / ext.block as u64 + 16);
        Self { ext, out: vec![0; usize::try_from(size).unwrap_or(0)], left }
    }

    pub(super) fn finish(self) -> Bytes {
        self.out.into()
    }

    fn pay(&mut self) -> Result<(), Cause> {
        self.left =
            self.left.checked_sub(1).ok_or_else(|| damaged("its map holds more blocks than the file"))?;
        Ok(())
    }

    /// Copies block `number` to the place of block `index`.
    fn copy(&mut self, index: u64, number: u64) -> Result<(), Cause> {
        self.pay()?;
        let block = self.ext.block(number).ok_or_else(|| damaged("a block lies beyond the end"))?;
        let start = usize::try_from(index).ok().and_then(|index| index.checked_mul(self.ext.block));
        let rest = start.and_then(|start| self.out.get_mut(start..)).unwrap_or_default();
        let length = rest.len().min(self.ext.block);
        let source = block.get(..length).ok_or_else(|| damaged("a block is cut"))?;
        rest.iter_mut().zip(source).for_each(|(to, from)| *to = *from);
        Ok(())
    }

    pub(super) fn extents(&mut self, root: &'a [u8]) -> Result<(), Cause> {
        let mut todo = vec![(root, DEEPEST)];
        while let Some((node, deepest)) = todo.pop() {
            self.pay()?;
            let half = |at| le16(node, at).ok_or_else(|| damaged("its extent tree is cut"));
            let (magic, entries, depth) = (half(0)?, half(2)?, half(6)?);
            if magic != 0xf30a || depth > deepest {
                return Err(damaged("its extent tree is none"));
            }
            for entry in node.get(12..).unwrap_or_default().chunks_exact(12).take(entries.into()) {
                if depth == 0 {
                    self.extent(entry)?;
                    continue;
                }
                let high = u64::from(le16(entry, 8).unwrap_or(0));
                let number = high << 32 | u64::from(le32(entry, 4).unwrap_or(0));
                let block =
                    self.ext.block(number).ok_or_else(|| damaged("its extent tree lies beyond the end"))?;
                todo.push((block, depth - 1));
            }
        }
        Ok(())
    }

    fn extent(&mut self, entry: &[u8]) -> Result<(), Cause> {
        let index = u64::from(le32(entry, 0).unwrap_or(0));
        let length = u32::from(le16(entry, 4).unwrap_or(0));
        let high = u64::from(le16(entry, 6).unwrap_or(0));
        let start = high << 32 | u64::from(le32(entry, 8).unwrap_or(0));
        if length > UNWRITTEN {
            return Ok(());
        }
        (0..u64::from(length)).try_for_each(|i| self.copy(index + i, start + i))
    }

    /// Twelve blocks, then one block of pointers, one of pointers to such, and one of pointers to those.
    pub(super) fn pointers(&mut self, map: &[u8]) -> Result<(), Cause> {
        let numbers = map.chunks_exact(4).map(|word| le32(word, 0).unwrap_or(0));
        let per_block = self.ext.block as u64 / 4;
        let blocks = (self.out.len() as u64).div_ceil(self.ext.block as u64);
        let mut index = 0;
        for (place, number) in numbers.enumerate() {
            let level = place.saturating_sub(11) as u32;
            if index < blocks {
                self.tree(index, u64::from(number), level)?;
            }
            index += per_block.pow(level);
        }
        Ok(())
    }

    /// The blocks below one pointer, `level` blocks of pointers deep.
    fn tree(&mut self, index: u64, number: u64, level: u32) -> Result<(), Cause> {
        let per_block = self.ext.block as u64 / 4;
        let mut todo = vec![(index, number, level)];
        while let Some((index, number, level)) = todo.pop() {
            let outside = usize::try_from(index)
                .ok()
                .and_then(|i| i.checked_mul(self.ext.block))
                .is_none_or(|start| start >= self.out.len());
            if number == 0 || outside {
                continue;
            }
            if level == 0 {
                self.copy(index, number)?;
                continue;
            }
            self.pay()?;
            let block =
                self.ext.block(number).ok_or_else(|| damaged("a block of its map lies beyond the end"))?;
            let step = per_block.pow(level - 1);
            let inner = block
                .chunks_exact(4)
                .enumerate()
                .map(|(i, word)| (index + i as u64 * step, u64::from(le32(word, 0).unwrap_or(0)), level - 1));
            todo.extend(inner);
        }
        Ok(())
    }
}
