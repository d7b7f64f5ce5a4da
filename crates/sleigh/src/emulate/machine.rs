//! Registers and memory together.

use super::memory::{Memory, MemoryError};
use super::registers::Registers;
use super::value::{ByteOrder, Value};
use crate::pcode::{SpaceId, Varnode};
use crate::table::{SpaceKind, Table};

/// The state that instructions read and write.
#[derive(Clone, Debug)]
pub struct Machine<'t, M> {
    /// Registers and temporaries.
    pub registers: Registers<'t>,
    /// Memory.
    pub memory: M,
    /// Byte order of data in memory. That of the table, except for ARM BE8 images: little-endian code, so a
    /// little-endian table, with big-endian data.
    pub data_order: ByteOrder,
}

/// Why a place cannot be accessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AccessError {
    Memory(MemoryError),
    /// No such place.
    Place(Varnode),
}

impl From<MemoryError> for AccessError {
    fn from(error: MemoryError) -> Self {
        Self::Memory(error)
    }
}

impl<'t, M: Memory> Machine<'t, M> {
    /// Registers all 0.
    pub fn new(table: &'t Table, memory: M) -> Self {
        let data_order = if table.big_endian() { ByteOrder::Big } else { ByteOrder::Little };
        Self { registers: Registers::new(table), memory, data_order }
    }

    /// The language.
    pub fn table(&self) -> &'t Table {
        self.registers.table()
    }

    /// The number of `size` bytes (at most [`Value::MAX_SIZE`]) in memory at `address`.
    ///
    /// # Errors
    /// [`MemoryError`] of the first byte that cannot be read.
    pub fn load(&self, address: u64, size: u16) -> Result<Value, MemoryError> {
        let mut buffer = [0; Value::MAX_SIZE as usize];
        let buffer = buffer.get_mut(..usize::from(size)).unwrap_or_default();
        self.within(address, size)?;
        self.memory.load(address, buffer)?;
        Ok(Value::from_bytes(buffer, self.data_order))
    }

    /// Stores a number at `address` in as many bytes as it has.
    ///
    /// # Errors
    /// [`MemoryError`] of the first byte that cannot be written; nothing is written then.
    pub fn store(&mut self, address: u64, value: &Value) -> Result<(), MemoryError> {
        let mut buffer = [0; Value::MAX_SIZE as usize];
        let buffer = buffer.get_mut(..usize::from(value.size())).unwrap_or_default();
        value.write_to(buffer, self.data_order);
        self.within(address, value.size())?;
        self.memory.store(address, buffer)
    }

    /// An access that ends beyond the address space of this language finds nothing there.
    fn within(&self, address: u64, size: u16) -> Result<(), MemoryError> {
        let last = address.checked_add(u64::from(size).saturating_sub(1));
        let beyond = last.is_none_or(|last| last > self.address_mask());
        if beyond { Err(MemoryError::Unmapped { address: self.address_mask() }) } else { Ok(()) }
    }

    /// Largest address.
    pub(super) fn address_mask(&self) -> u64 {
        let code = usize::from(self.table().code_space().0);
        self.table().spaces().get(code).map_or(u64::MAX, |space| space.mask)
    }

    #[inline]
    pub(super) fn read(&self, varnode: Varnode) -> Result<Value, AccessError> {
        if let Some(value) = self.registers.read(varnode) {
            return Ok(value);
        }
        if !self.is_memory(varnode.space) || varnode.size > Value::MAX_SIZE {
            return Err(AccessError::Place(varnode));
        }
        Ok(self.load(varnode.offset & self.address_mask(), varnode.size)?)
    }

    #[inline]
    pub(super) fn write(&mut self, varnode: Varnode, value: &Value) -> Result<(), AccessError> {
        if self.registers.write(varnode, value).is_some() {
            return Ok(());
        }
        // A register that is always 0 may be written to; nothing comes of it.
        if self.table().space_kind(varnode.space) == Some(SpaceKind::Constant) {
            return Ok(());
        }
        if !self.is_memory(varnode.space) || varnode.size > Value::MAX_SIZE {
            return Err(AccessError::Place(varnode));
        }
        Ok(self.store(varnode.offset & self.address_mask(), &value.resized(varnode.size))?)
    }

    fn is_memory(&self, space: SpaceId) -> bool {
        self.table().space_kind(space) == Some(SpaceKind::Memory)
    }
}
