//! Memory that programs run on.

use std::collections::BTreeMap;

/// Byte-addressed memory of one program.
///
/// Every table has one memory space, so an address says all. An access never wraps past the end of the address space;
/// the emulator reports that as [`MemoryError::Unmapped`] itself.
pub trait Memory {
    /// Fills `into` with the bytes from `address` on.
    ///
    /// # Errors
    /// [`MemoryError`] for the first byte that cannot be read; `into` is then unspecified.
    fn load(&self, address: u64, into: &mut [u8]) -> Result<(), MemoryError>;

    /// Writes `bytes` from `address` on.
    ///
    /// # Errors
    /// [`MemoryError`] for the first byte that cannot be written; nothing is written then.
    fn store(&mut self, address: u64, bytes: &[u8]) -> Result<(), MemoryError>;

    /// Copies code from `address` on into `into`, as far as it is executable; the number of bytes.
    fn fetch(&self, address: u64, into: &mut [u8]) -> usize;
}

/// Why memory could not be accessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum MemoryError {
    /// Nothing is there.
    #[error("nothing is mapped at {address:#x}")]
    Unmapped {
        /// First such byte.
        address: u64,
    },
    /// Not readable.
    #[error("{address:#x} is not readable")]
    Unreadable {
        /// First such byte.
        address: u64,
    },
    /// Not writable.
    #[error("{address:#x} is not writable")]
    Unwritable {
        /// First such byte.
        address: u64,
    },
}

/// Mapping more than the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[error(
    "mapping {pages} pages at {address:#x} exceeds the limit of {limit}; hint: map only what the program touches"
)]
pub struct MapError {
    /// First address.
    pub address: u64,
    /// Pages asked for, together with those mapped before.
    pub pages: u64,
    /// Most pages there may be.
    pub limit: u64,
}

/// What may be done with a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Permissions {
    /// Loads.
    pub read: bool,
    /// Stores.
    pub write: bool,
    /// Fetches.
    pub execute: bool,
}

impl Permissions {
    /// Constants.
    pub const READ: Self = Self { read: true, write: false, execute: false };
    /// Data.
    pub const READ_WRITE: Self = Self { read: true, write: true, execute: false };
    /// Code.
    pub const READ_EXECUTE: Self = Self { read: true, write: false, execute: true };
}

/// Bytes of a page.
pub const PAGE: u64 = 4096;
const PAGE_BYTES: usize = PAGE as usize;

#[derive(Clone, Debug)]
struct Page {
    bytes: Box<[u8; PAGE_BYTES]>,
    permissions: Permissions,
}

/// Memory in pages of [`PAGE`] bytes, zero when mapped.
#[derive(Clone, Debug)]
pub struct PagedMemory {
    pages: BTreeMap<u64, Page>,
    limit: u64,
}

impl PagedMemory {
    /// Nothing mapped; at most `limit` pages may be.
    pub fn new(limit: u64) -> Self {
        Self { pages: BTreeMap::new(), limit }
    }

    /// Maps all pages that the `length` bytes from `address` on touch. Pages mapped before keep their contents and get
    /// the new permissions. What lies beyond the end of the address space is left out.
    ///
    /// # Errors
    /// [`MapError`] when there would be too many pages; nothing is mapped then.
    pub fn map(&mut self, address: u64, length: u64, permissions: Permissions) -> Result<(), MapError> {
        let Some(last) = length.checked_sub(1) else { return Ok(()) };
        let (first, last) = (address / PAGE, address.saturating_add(last) / PAGE);
        let present = self.pages.range(first..=last).count() as u64;
        let pages = (self.pages.len() as u64).saturating_add(last - first + 1 - present);
        if pages > self.limit {
            return Err(MapError { address, pages, limit: self.limit });
        }
        for number in first..=last {
            let zero = || Page { bytes: Box::new([0; PAGE_BYTES]), permissions };
            self.pages.entry(number).or_insert_with(zero).permissions = permissions;
        }
        Ok(())
    }

    /// Writes whatever the permissions are: how a program is put there.
    ///
    /// # Errors
    /// [`MemoryError::Unmapped`]; what lies before that byte is written.
    pub fn place(&mut self, address: u64, bytes: &[u8]) -> Result<(), MemoryError> {
        self.copy_in(address, bytes)
    }

    fn copy_in(&mut self, address: u64, bytes: &[u8]) -> Result<(), MemoryError> {
        for (address, part) in pieces(address, bytes.len()) {
            let page = self.pages.get_mut(&(address / PAGE)).ok_or(MemoryError::Unmapped { address })?;
            let start = (address % PAGE) as usize;
            let target = page.bytes.get_mut(start..start + part.len());
            if let (Some(target), Some(source)) = (target, bytes.get(part)) {
                target.copy_from_slice(source);
            }
        }
        Ok(())
    }

    fn check(
        &self,
        address: u64,
        length: usize,
        allowed: impl Fn(Permissions) -> bool,
        error: impl Fn(u64) -> MemoryError,
    ) -> Result<(), MemoryError> {
        for (address, _) in pieces(address, length) {
            let page = self.pages.get(&(address / PAGE)).ok_or(MemoryError::Unmapped { address })?;
            if !allowed(page.permissions) {
                return Err(error(address));
            }
        }
        Ok(())
    }
}

impl Memory for PagedMemory {
    fn load(&self, address: u64, into: &mut [u8]) -> Result<(), MemoryError> {
        for (address, part) in pieces(address, into.len()) {
            let page = self.pages.get(&(address / PAGE)).ok_or(MemoryError::Unmapped { address })?;
            if !page.permissions.read {
                return Err(MemoryError::Unreadable { address });
            }
            let start = (address % PAGE) as usize;
            let source = page.bytes.get(start..start + part.len());
            if let (Some(target), Some(source)) = (into.get_mut(part), source) {
                target.copy_from_slice(source);
            }
        }
        Ok(())
    }

    fn store(&mut self, address: u64, bytes: &[u8]) -> Result<(), MemoryError> {
        self.check(address, bytes.len(), |p| p.write, |address| MemoryError::Unwritable { address })?;
        self.copy_in(address, bytes)
    }

    fn fetch(&self, address: u64, into: &mut [u8]) -> usize {
        let mut count = 0;
        for (address, part) in pieces(address, into.len()) {
            let page = self.pages.get(&(address / PAGE)).filter(|page| page.permissions.execute);
            let start = (address % PAGE) as usize;
            let source = page.and_then(|page| page.bytes.get(start..start + part.len()));
            let (Some(target), Some(source)) = (into.get_mut(part), source) else { break };
            target.copy_from_slice(source);
            count += source.len();
        }
        count
    }
}

/// The parts of `length` bytes at `address` that lie in one page each: the address of the part, its place in the whole.
/// Ends at the end of the address space.
fn pieces(address: u64, length: usize) -> impl Iterator<Item = (u64, std::ops::Range<usize>)> {
    let mut done = 0;
    std::iter::from_fn(move || {
        let at = address.checked_add(done as u64).filter(|_| done < length)?;
        let room = (PAGE - at % PAGE) as usize;
        let part = done..length.min(done + room);
        done = part.end;
        Some((at, part))
    })
}
