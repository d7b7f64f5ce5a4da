//! Registers and temporaries as bytes, so that parts of registers overlap as the table says.

use std::collections::BTreeMap;

use super::value::{ByteOrder, Value};
use crate::pcode::{SpaceId, Varnode};
use crate::table::{SpaceKind, Table};

/// Offsets below this are stored in one piece; only RISC-V has registers (its CSRs) above.
const DENSE: u64 = 0x2_0000;
const BLOCK: u64 = 64;
/// The table names where its temporaries end; the lifter adds one behind.
const UNIQUE_SPARE: u64 = 0x1000;

/// Bytes at the offsets of a space, 0 until written. Writes end at `end`.
#[derive(Debug)]
struct Bytes {
    dense: Vec<u8>,
    sparse: BTreeMap<u64, [u8; BLOCK as usize]>,
    end: u64,
}

impl Clone for Bytes {
    fn clone(&self) -> Self {
        Self { dense: self.dense.clone(), sparse: self.sparse.clone(), end: self.end }
    }

    /// Keeps its memory.
    fn clone_from(&mut self, other: &Self) {
        self.dense.clone_from(&other.dense);
        self.sparse.clone_from(&other.sparse);
        self.end = other.end;
    }
}

impl Bytes {
    fn new(end: u64, dense: u64) -> Self {
        Self { dense: vec![0; end.min(dense) as usize], sparse: BTreeMap::new(), end }
    }

    fn holds(&self, offset: u64, size: u64) -> bool {
        offset.checked_add(size).is_some_and(|end| end <= self.end)
    }

    fn load(&self, offset: u64, into: &mut [u8]) -> Option<()> {
        self.holds(offset, into.len() as u64).then_some(())?;
        let start = offset as usize;
        if let Some(bytes) = self.dense.get(start..start + into.len()) {
            into.copy_from_slice(bytes);
            return Some(());
        }
        for (byte, at) in into.iter_mut().zip(offset..) {
            let block = self.sparse.get(&(at / BLOCK));
            let sparse = || block.and_then(|block| block.get((at % BLOCK) as usize)).copied().unwrap_or(0);
            *byte = self.dense.get(at as usize).copied().unwrap_or_else(sparse);
        }
        Some(())
    }

    fn store(&mut self, offset: u64, bytes: &[u8]) -> Option<()> {
        self.holds(offset, bytes.len() as u64).then_some(())?;
        let start = offset as usize;
        if let Some(target) = self.dense.get_mut(start..start + bytes.len()) {
            target.copy_from_slice(bytes);
            return Some(());
        }
        for (byte, at) in bytes.iter().zip(offset..) {
            let target = match self.dense.get_mut(at as usize) {
                Some(target) => Some(target),
                None => self
                    .sparse
                    .entry(at / BLOCK)
                    .or_insert([0; BLOCK as usize])
                    .get_mut((at % BLOCK) as usize),
            };
            *target? = *byte;
        }
        Some(())
    }
}

/// The registers of one processor, with the temporaries of its instructions.
#[derive(Clone, Debug)]
pub struct Registers<'t> {
    table: &'t Table,
    order: ByteOrder,
    registers: Bytes,
    uniques: Bytes,
}

impl<'t> Registers<'t> {
    /// All 0.
    pub fn new(table: &'t Table) -> Self {
        let end = table.registers().map(|(_, v)| v.offset.saturating_add(v.size.into())).max().unwrap_or(0);
        let uniques = table.unique_base.saturating_add(UNIQUE_SPARE);
        let order = if table.big_endian() { ByteOrder::Big } else { ByteOrder::Little };
        Self { table, order, registers: Bytes::new(end, DENSE), uniques: Bytes::new(uniques, uniques) }
    }

    /// Makes all registers 0. Temporaries are left as they are, as by [`Self::copy_from`].
    pub fn clear(&mut self) {
        self.registers.dense.fill(0);
        self.registers.sparse.clear();
    }

    /// Takes over the values of another set of the same language. Temporaries are left as they are: they mean something
    /// within one instruction only, and are many.
    pub fn copy_from(&mut self, other: &Self) {
        self.registers.clone_from(&other.registers);
    }

    /// The language they belong to.
    pub fn table(&self) -> &'t Table {
        self.table
    }

    /// The value of a register by name; `None` if there is none of that name, or it is too large for a [`Value`].
    pub fn named(&self, name: &str) -> Option<Value> {
        self.read(self.table.register(name)?)
    }

    /// Sets a register by name to the low bytes of `value`. `None` if there is none of that name.
    pub fn set_named(&mut self, name: &str, value: u128) -> Option<()> {
        let varnode = self.table.register(name)?;
        self.write(varnode, &Value::from_u128(value, varnode.size))
    }

    /// A constant, register or temporary. `None` for memory, places outside the table's registers, and sizes above
    /// [`Value::MAX_SIZE`].
    pub fn read(&self, varnode: Varnode) -> Option<Value> {
        if varnode.size > Value::MAX_SIZE {
            return None;
        }
        let bytes = match self.table.space_kind(varnode.space)? {
            SpaceKind::Constant => return Some(Value::new(varnode.offset, varnode.size)),
            SpaceKind::Register => &self.registers,
            SpaceKind::Unique => &self.uniques,
            SpaceKind::Memory | SpaceKind::Other => return None,
        };
        let mut buffer = [0; Value::MAX_SIZE as usize];
        let buffer = buffer.get_mut(..usize::from(varnode.size))?;
        bytes.load(varnode.offset, buffer)?;
        Some(Value::from_bytes(buffer, self.order))
    }

    /// Writes a register or temporary; a value of another size is cut or extended with zeros. `None` as for
    /// [`Self::read`], and for constants.
    pub fn write(&mut self, varnode: Varnode, value: &Value) -> Option<()> {
        let mut buffer = [0; Value::MAX_SIZE as usize];
        let buffer = buffer.get_mut(..usize::from(varnode.size))?;
        value.write_to(buffer, self.order);
        self.space(varnode.space)?.store(varnode.offset, buffer)
    }

    fn space(&mut self, space: SpaceId) -> Option<&mut Bytes> {
        match self.table.space_kind(space)? {
            SpaceKind::Register => Some(&mut self.registers),
            SpaceKind::Unique => Some(&mut self.uniques),
            SpaceKind::Constant | SpaceKind::Memory | SpaceKind::Other => None,
        }
    }
}
