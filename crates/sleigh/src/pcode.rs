//! P-code: varnodes, opcodes and the packed operation.
//!
//! An operation has at most one output and, except [`Opcode::CallOther`], at most three inputs. `CALLOTHER` takes any
//! number (nine is the most in our tables); its inputs stand in a side list that belongs to the lifted instruction,
//! so an [`Op`] alone is not enough to read them: ask [`Lifted::inputs`].
//!
//! Source of the numbering: the opcode enumeration of Ghidra's decompiler, as stored in compiled tables.

/// Index of an address space in its language's table. 0 is always the constant space.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpaceId(pub u8);

impl SpaceId {
    /// The space whose offsets are values, not places.
    pub const CONSTANT: Self = Self(0);
}

/// A contiguous run of `size` bytes at `offset` of a space; in the constant space, the number `offset`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Varnode {
    /// Where.
    pub space: SpaceId,
    /// Byte offset in the space, or the value itself.
    pub offset: u64,
    /// Bytes, 0–256.
    pub size: u16,
}
