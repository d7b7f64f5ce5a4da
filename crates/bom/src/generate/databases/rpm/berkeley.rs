//! Berkeley DB's hash container, `Packages`: pages of keys and values, long values in chains of pages.
//!
//! Format: Berkeley DB 5.3, `dbinc/db_page.h` (`HMETA33`, `PAGE`, `HOFFPAGE`). Numbers are in the order of the machine that
//! wrote them. No bucket is looked up: every page that holds pairs is read.

use super::{Blobs, ContainerError, Order};

const MAGIC_AT: usize = 12;
const HASH_MAGIC: u32 = 0x0006_1561;
const PAGE_HEAD: usize = 26;
/// Types of pages: pairs, sorted and not; parts of long values.
const HASH_PAGES: [u8; 2] = [2, 13];
const OVERFLOW_PAGE: u8 = 7;
/// Types of values: in the page, or in a chain.
const IN_PAGE: u8 = 1;
const OFF_PAGE: u8 = 3;

struct File<'c> {
    content: &'c [u8],
    order: Order,
    page: usize,
}

pub(super) fn read(content: &[u8]) -> Option<Result<Blobs, ContainerError>> {
    let order = [Order::Little, Order::Big]
        .into_iter()
        .find(|order| order.u32(content, MAGIC_AT) == Some(HASH_MAGIC))?;
    let page = order.size(content, 20).filter(|page| page.is_power_of_two() && (512..=65_536).contains(page));
    Some(match page {
        Some(page) => File { content, order, page }.blobs(),
        None => Err(ContainerError::Damaged { what: "page size", at: 20 }),
    })
}

impl<'c> File<'c> {
    fn blobs(&self) -> Result<Blobs, ContainerError> {
        let (mut blobs, mut room) = (Blobs::new(), self.content.len());
        for (number, page) in self.content.chunks_exact(self.page).enumerate() {
            if !page.get(25).is_some_and(|kind| HASH_PAGES.contains(kind)) {
                continue;
            }
            let start = number * self.page;
            let damaged = |at: usize| ContainerError::Damaged { what: "hash page", at: (start + at) as u64 };
            let entries = usize::from(self.order.u16(page, 20).ok_or(damaged(20))?);
            // Keys and values take turns.
            for index in (1..entries).step_by(2) {
                let (at, item) = self.item(page, index).ok_or(damaged(PAGE_HEAD))?;
                let blob = self.value(item).ok_or(damaged(at))?;
                room = room.checked_sub(blob.len()).ok_or(ContainerError::Overlap)?;
                // The first record counts the others; it is no header.
                if blob.len() > 8 {
                    blobs.push(((start + at) as u64, blob));
                }
            }
        }
        Ok(blobs)
    }

    /// Items lie from the end of the page towards its beginning.
    fn item<'p>(&self, page: &'p [u8], index: usize) -> Option<(usize, &'p [u8])> {
        let place = |index: usize| self.order.u16(page, PAGE_HEAD + 2 * index).map(usize::from);
        let at = place(index)?;
        Some((at, page.get(at..place(index.checked_sub(1)?)?)?))
    }

    fn value(&self, item: &[u8]) -> Option<Vec<u8>> {
        match *item.first()? {
            IN_PAGE => Some(item.get(1..)?.to_vec()),
            OFF_PAGE => self.chain(self.order.size(item, 4)?, self.order.size(item, 8)?),
            _ => None,
        }
    }

    /// A value in a chain of pages; a chain cannot be longer than the file.
    fn chain(&self, mut number: usize, length: usize) -> Option<Vec<u8>> {
        if length > self.content.len() {
            return None;
        }
        let mut value = Vec::with_capacity(length);
        while value.len() < length {
            let page = self.content.get(number.checked_mul(self.page)?..)?.get(..self.page)?;
            let part = page.get(PAGE_HEAD..)?.get(..usize::from(self.order.u16(page, 22)?))?;
            if page.get(25) != Some(&OVERFLOW_PAGE) || part.is_empty() {
                return None;
            }
            value.extend_from_slice(part);
            number = self.order.size(page, 16)?;
        }
        (value.len() == length).then_some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: usize = 512;

    /// A head, a page with one pair whose value is `length` bytes long from page 2 on, and pages of the chain.
    fn file(length: u32, next: [u32; 2]) -> Vec<u8> {
        let mut file = vec![0; 4 * PAGE];
        file[12..16].copy_from_slice(&HASH_MAGIC.to_le_bytes());
        file[20..24].copy_from_slice(&(PAGE as u32).to_le_bytes());
        let page = &mut file[PAGE..2 * PAGE];
        (page[20], page[25]) = (2, 13);
        page[26..30].copy_from_slice(&[0xfb, 0x01, 0xef, 0x01]);
        page[0x1ef] = OFF_PAGE;
        page[0x1f3] = 2;
        page[0x1f7..0x1fb].copy_from_slice(&length.to_le_bytes());
        for (number, next) in [(2, next[0]), (3, next[1])] {
            let page = &mut file[number * PAGE..(number + 1) * PAGE];
            page[16..20].copy_from_slice(&next.to_le_bytes());
            (page[22], page[25]) = (10, OVERFLOW_PAGE);
            page[26..36].fill(b'a' + number as u8);
        }
        file
    }

    #[test]
    fn a_long_value_is_joined_from_its_pages() {
        let blobs = read(&file(20, [3, 0])).unwrap().unwrap();
        assert_eq!(blobs, [(512 + 0x1ef, b"ccccccccccdddddddddd".to_vec())]);
        assert!(read(&[0; 64]).is_none());
    }

    #[test]
    fn chains_that_turn_back_or_end_early_are_damaged() {
        // Round and round, until the length is reached or passed.
        assert!(read(&file(25, [2, 0])).unwrap().is_err());
        assert!(read(&file(20, [9, 0])).unwrap().is_err());
        assert!(read(&file(u32::MAX, [3, 0])).unwrap().is_err());
    }
}
