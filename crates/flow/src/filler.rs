//! Memory in which a function is tried out: the image as it is loaded, and filler everywhere else.
//!
//! Filler stands for what is not known: it differs from seed to seed. It looks like texts of 15 characters, so that code
//! which looks for an end finds one. The page at address 0 is not there, as in a real process, unless the image itself
//! starts there, as a position-independent one does.

use program::VirtAddr;
use program::image::{Image, Pointer};
use sleigh::emulate::{Memory, MemoryError};

use crate::hash::HashMap;

/// Bytes of a written page.
const PAGE: u64 = 256;
/// Written pages.
const MAX_PAGES: usize = 4096;
/// Imported functions stand here, one after the other; nothing is executable there.
const IMPORTS: u64 = 0x7d00_0000;
/// Distance between two of them.
const IMPORT: u64 = 16;

/// The memory.
pub(crate) struct Filler<'a> {
    image: &'a Image,
    seed: u64,
    written: HashMap<u64, Page>,
}

struct Page {
    bytes: [u8; PAGE as usize],
    set: [bool; PAGE as usize],
}

impl<'a> Filler<'a> {
    pub(crate) fn new(image: &'a Image, seed: u64) -> Self {
        Self { image, seed, written: HashMap::default() }
    }

    /// A number that stands for something unknown.
    pub(crate) fn number(&self, n: u64) -> u64 {
        mix(self.seed ^ n.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    /// The import that an address stands for.
    pub(crate) fn import_at(&self, address: u64) -> Option<program::ImportId> {
        let index = address.checked_sub(IMPORTS)? / IMPORT;
        let id = program::ImportId(u32::try_from(index).ok()?);
        self.image.import(id).map(|_| id)
    }

    /// The byte at an address, and whether the program has written it.
    pub(crate) fn byte(&self, address: u64) -> Option<(u8, bool)> {
        if self.is_unmapped(address) {
            return None;
        }
        let index = (address % PAGE) as usize;
        if let Some(page) = self.written.get(&(address / PAGE))
            && page.set.get(index) == Some(&true)
        {
            return Some((page.bytes.get(index).copied()?, true));
        }
        let byte = match self.image.access(VirtAddr(address)) {
            // Beyond what the file fills, memory is zero.
            Some(_) => self.image.bytes_from(VirtAddr(address)).first().copied().unwrap_or(0),
            None if address % 16 == 15 => 0,
            None => 0x21 + (mix(self.seed ^ address) % 0x5d) as u8,
        };
        Some((byte, false))
    }

    /// Is this on the page that a process leaves out, so that null pointers fault?
    fn is_unmapped(&self, address: u64) -> bool {
        address < 0x1000 && !self.is_image(address)
    }

    /// Is this a byte of the image?
    pub(crate) fn is_image(&self, address: u64) -> bool {
        self.image.access(VirtAddr(address)).is_some()
    }

    /// The bytes up to a NUL or to what the program has not written.
    pub(crate) fn text_written(&self, address: u64, most: u64) -> Option<Vec<u8>> {
        let mut text = Vec::new();
        for n in 0..most {
            match self.byte(address.checked_add(n)?)? {
                (0, _) | (_, false) => break,
                (byte, true) => text.push(byte),
            }
        }
        (!text.is_empty()).then_some(text)
    }

    /// Bytes that stand together, either all written or all from the file; `page` is that of the first one.
    fn known<'s>(&'s self, page: Option<&'s Page>, address: u64, count: usize) -> Option<&'s [u8]> {
        let start = (address % PAGE) as usize;
        if start + count > PAGE as usize {
            return None;
        }
        match page {
            Some(page) => {
                let place = start..start + count;
                page.set.get(place.clone())?.iter().all(|set| *set).then(|| page.bytes.get(place))?
            }
            None => self.image.bytes_from(VirtAddr(address)).get(..count),
        }
    }

    /// What a pointer in the image holds once it is loaded.
    fn pointer(&self, address: u64, size: usize) -> Option<u64> {
        if size != usize::from(self.image.pointer_size) {
            return None;
        }
        match self.image.pointer_at(VirtAddr(address))? {
            Pointer::Local(target) => Some(target.0),
            Pointer::Import(id) => Some(IMPORTS + u64::from(id.0) * IMPORT),
            // What a resolver would choose is not known.
            Pointer::Resolver(_) => Some(IMPORTS.wrapping_sub(IMPORT)),
        }
    }
}

impl Memory for Filler<'_> {
    fn load(&self, address: u64, into: &mut [u8]) -> Result<(), MemoryError> {
        let page = self.written.get(&(address / PAGE));
        if page.is_none()
            && let Some(pointer) = self.pointer(address, into.len())
        {
            let big = self.image.endian == program::image::Endian::Big;
            let bytes = if big { pointer.to_be_bytes() } else { pointer.to_le_bytes() };
            let skip = if big { 8 - into.len() } else { 0 };
            into.iter_mut().zip(bytes.iter().skip(skip)).for_each(|(slot, byte)| *slot = *byte);
            return Ok(());
        }
        if let Some(known) = self.known(page, address, into.len()) {
            into.copy_from_slice(known);
            return Ok(());
        }
        for (slot, at) in into.iter_mut().zip(from(address)) {
            *slot = self.byte(at).ok_or(MemoryError::Unmapped { address: at })?.0;
        }
        Ok(())
    }

    fn store(&mut self, address: u64, bytes: &[u8]) -> Result<(), MemoryError> {
        if self.is_unmapped(address) {
            return Err(MemoryError::Unmapped { address });
        }
        if self.image.access(VirtAddr(address)).is_some_and(|access| !access.write) {
            return Err(MemoryError::Unwritable { address });
        }
        let (mut at, mut rest) = (address, bytes);
        while !rest.is_empty() {
            if self.written.len() >= MAX_PAGES && !self.written.contains_key(&(at / PAGE)) {
                return Err(MemoryError::Unwritable { address: at });
            }
            let start = (at % PAGE) as usize;
            let (part, more) = rest.split_at(rest.len().min(PAGE as usize - start));
            let empty = || Page { bytes: [0; PAGE as usize], set: [false; PAGE as usize] };
            let page = self.written.entry(at / PAGE).or_insert_with(empty);
            let place = start..start + part.len();
            if let (Some(slots), Some(set)) = (page.bytes.get_mut(place.clone()), page.set.get_mut(place)) {
                slots.copy_from_slice(part);
                set.fill(true);
            }
            (at, rest) = (at.wrapping_add(part.len() as u64), more);
        }
        Ok(())
    }

    fn fetch(&self, address: u64, into: &mut [u8]) -> usize {
        if !self.image.is_code(VirtAddr(address)) {
            return 0;
        }
        let code = self.image.bytes_from(VirtAddr(address));
        let count = code.len().min(into.len());
        into.iter_mut().zip(code).for_each(|(slot, byte)| *slot = *byte);
        count
    }
}

/// Addresses from one on; the last address of all may be among them.
fn from(address: u64) -> impl Iterator<Item = u64> {
    (0..).map(move |n| address.wrapping_add(n))
}

/// Finaliser of SplitMix64 (Steele, Lea, Flood 2014): every bit hangs on every other.
fn mix(n: u64) -> u64 {
    let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use program::image::{ImageLimits, load};

    fn image(bytes: &[u8]) -> Image {
        load(bytes, &ImageLimits::default()).unwrap()
    }

    #[test]
    fn the_last_address_of_all_can_be_written_and_read() {
        let image = image(include_bytes!("../../program/tests/images/window-x86.exe"));
        let mut memory = Filler::new(&image, 1);
        memory.store(u64::MAX, &[7]).unwrap();
        let mut byte = [0];
        memory.load(u64::MAX, &mut byte).unwrap();
        assert_eq!(byte, [7]);
    }

    #[test]
    fn the_first_page_is_there_only_if_the_image_starts_there() {
        let at_zero = image(include_bytes!("../../program/tests/images/switch-ppc64le.so"));
        let mut memory = Filler::new(&at_zero, 1);
        assert_eq!(memory.byte(1), Some((b'E', false)));
        assert!(matches!(memory.store(1, &[7]), Err(MemoryError::Unwritable { address: 1 })));
        assert_eq!(memory.byte(1), Some((b'E', false)));
        let elsewhere = image(include_bytes!("../../program/tests/images/window-x86.exe"));
        let mut memory = Filler::new(&elsewhere, 1);
        assert_eq!(memory.byte(1), None);
        assert!(matches!(memory.store(1, &[7]), Err(MemoryError::Unmapped { address: 1 })));
    }
}
