//! Memory of a process that is modelled: the file's bytes as they stand, and what was written over them.
//!
//! Pages are copied when they are first written. What was written up to [`Space::freeze`] is shared by all that go on
//! from there, so a call that is tried costs what it writes, not what the process is.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use program::VirtAddr;
use program::image::{Endian, Image};
use sleigh::emulate::{Memory, MemoryError};

const PAGE: u64 = 1024;
/// Pages that one call, or the start, may write.
const MAX_PAGES: usize = 2048;

type Pages = BTreeMap<u64, Box<[u8; PAGE as usize]>>;

/// The memory.
#[derive(Clone)]
pub(super) struct Space<'a> {
    image: &'a Image,
    before: Arc<Pages>,
    own: Pages,
    /// Beside the image: stack, heap, what was mapped.
    regions: Vec<Range<u64>>,
}

impl<'a> Space<'a> {
    pub(super) fn new(image: &'a Image) -> Self {
        Self { image, before: Arc::default(), own: Pages::new(), regions: Vec::new() }
    }

    /// Zeros that can be written.
    pub(super) fn map(&mut self, region: Range<u64>) {
        self.regions.push(region);
    }

    /// From here on, clones share what has been written.
    pub(super) fn freeze(&mut self) {
        let mut all = Arc::unwrap_or_clone(std::mem::take(&mut self.before));
        all.append(&mut self.own);
        self.before = Arc::new(all);
    }

    /// Is this a byte of the image or of a region?
    pub(super) fn is_mapped(&self, address: u64) -> bool {
        self.in_region(address) || self.image.access(VirtAddr(address)).is_some()
    }

    /// Bytes up to a NUL, at most so many.
    pub(super) fn text(&self, address: u64, most: usize) -> Vec<u8> {
        let bytes = (0..most as u64).map_while(|n| self.byte(address.checked_add(n)?));
        bytes.take_while(|byte| *byte != 0).collect()
    }

    /// So many bytes, or as many as there are.
    pub(super) fn bytes(&self, address: u64, count: u64) -> Vec<u8> {
        (0..count).map_while(|n| self.byte(address.checked_add(n)?)).collect()
    }

    /// A word in the image's byte order.
    pub(super) fn word(&self, address: u64, size: u8) -> Option<u64> {
        let bytes = self.bytes(address, u64::from(size));
        let join = |n: u64, byte: &u8| n << 8 | u64::from(*byte);
        (bytes.len() == usize::from(size)).then(|| match self.image.endian {
            Endian::Big => bytes.iter().fold(0, join),
            Endian::Little => bytes.iter().rev().fold(0, join),
        })
    }

    fn byte(&self, address: u64) -> Option<u8> {
        let mut byte = [0];
        self.load(address, &mut byte).ok().map(|()| byte[0])
    }

    fn in_region(&self, address: u64) -> bool {
        self.regions.iter().any(|region| region.contains(&address))
    }

    /// The loader lets a program write what it relocates before that becomes read-only.
    fn is_writable(&self, address: u64) -> bool {
        let in_segment = |segment: &program::image::Segment| {
            segment.access.write && address.checked_sub(segment.start.0).is_some_and(|n| n < segment.size)
        };
        self.in_region(address) || self.image.segments().iter().any(in_segment)
    }

    fn page(&self, number: u64) -> Option<&[u8; PAGE as usize]> {
        self.own.get(&number).or_else(|| self.before.get(&number)).map(|page| &**page)
    }

    fn filled(&self, start: u64) -> Box<[u8; PAGE as usize]> {
        let mut page = Box::new([0; PAGE as usize]);
        for (slot, at) in page.iter_mut().zip(start..) {
            *slot = self.image.bytes_from(VirtAddr(at)).first().copied().unwrap_or(0);
        }
        page
    }
}

impl Memory for Space<'_> {
    fn load(&self, address: u64, into: &mut [u8]) -> Result<(), MemoryError> {
        for (at, part) in pieces(address, into.len()) {
            let Some(target) = into.get_mut(part) else { continue };
            if let Some(page) = self.page(at / PAGE) {
                let start = (at % PAGE) as usize;
                let source = page.get(start..start + target.len()).unwrap_or_default();
                target.iter_mut().zip(source).for_each(|(slot, byte)| *slot = *byte);
                continue;
            }
            if !self.is_mapped(at) {
                return Err(MemoryError::Unmapped { address: at });
            }
            let source = self.image.bytes_from(VirtAddr(at)).iter().chain(std::iter::repeat(&0));
            target.iter_mut().zip(source).for_each(|(slot, byte)| *slot = *byte);
        }
        Ok(())
    }

    fn store(&mut self, address: u64, bytes: &[u8]) -> Result<(), MemoryError> {
        for (at, part) in pieces(address, bytes.len()) {
            if !self.is_writable(at) {
                return Err(MemoryError::Unwritable { address: at });
            }
            let number = at / PAGE;
            if !self.own.contains_key(&number) {
                if self.own.len() >= MAX_PAGES {
                    return Err(MemoryError::Unwritable { address: at });
                }
                let before = self.before.get(&number).cloned();
                let page = before.unwrap_or_else(|| self.filled(number * PAGE));
                self.own.insert(number, page);
            }
            let start = (at % PAGE) as usize;
            let page = self.own.get_mut(&number).and_then(|page| page.get_mut(start..));
            let source = bytes.get(part).unwrap_or_default();
            page.into_iter().flatten().zip(source).for_each(|(slot, byte)| *slot = *byte);
        }
        Ok(())
    }

    fn fetch(&self, address: u64, into: &mut [u8]) -> usize {
        if !self.image.is_code(VirtAddr(address)) {
            return 0;
        }
        let code = self.image.bytes_from(VirtAddr(address));
        into.iter_mut().zip(code).for_each(|(slot, byte)| *slot = *byte);
        code.len().min(into.len())
    }
}

/// The parts of `length` bytes at `address` that lie in one page each.
fn pieces(address: u64, length: usize) -> impl Iterator<Item = (u64, Range<usize>)> {
    let mut done = 0;
    std::iter::from_fn(move || {
        let at = address.checked_add(done as u64).filter(|_| done < length)?;
        let part = done..length.min(done + (PAGE - at % PAGE) as usize);
        done = part.end;
        Some((at, part))
    })
}
