//! What can go wrong: loading a table, lifting an instruction.

use crate::LanguageId;

/// Why a table cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The table of this language was left out of the build.
    #[error("no table for `{}` in this build; hint: build with the cargo feature of that name", language.name())]
    NotBuilt {
        /// The language asked for.
        language: LanguageId,
    },
    /// The magic bytes are missing.
    #[error("not a compiled SLEIGH table; hint: such a file starts with `sla`")]
    NotSla,
    /// A version this reader does not know.
    #[error("version {version} of the table format is not supported; hint: only version 4 is")]
    Version {
        /// What the file says.
        version: u64,
    },
    /// The compressed stream is damaged.
    #[error("the compressed part of the table is damaged")]
    Inflate,
    /// More than 64 MiB when decompressed.
    #[error("the table is larger than 64 MiB")]
    TooLarge,
    /// The decompressed table ends too early.
    #[error("the table ends at byte {offset}, inside an item")]
    Truncated {
        /// Byte offset in the decompressed table.
        offset: usize,
    },
    /// A byte that has no meaning at its place.
    #[error("malformed item before byte {offset} of the table")]
    Encoding {
        /// Byte offset in the decompressed table.
        offset: usize,
    },
    /// An element lacks an attribute.
    #[error("element {element} lacks attribute {attribute}")]
    Attribute {
        /// Element id of the packed format.
        element: u16,
        /// Attribute id of the packed format.
        attribute: u16,
    },
    /// An attribute holds a number that cannot be meant.
    #[error("attribute {attribute} of element {element} is out of range")]
    Range {
        /// Element id of the packed format.
        element: u16,
        /// Attribute id of the packed format.
        attribute: u16,
    },
    /// An element lacks a child, or has one of a wrong kind.
    #[error("element {element} lacks a child element or has a wrong one")]
    Child {
        /// Element id of the packed format.
        element: u16,
    },
    /// A reference leads nowhere, or a limit of the runtime is exceeded.
    #[error("invalid {what} number {index}")]
    Invalid {
        /// What kind of item.
        what: &'static str,
        /// Its number in the table.
        index: usize,
    },
    /// A feature of the format that no supported language uses.
    #[error("the table uses {what}, which is not supported")]
    Unsupported {
        /// The feature.
        what: &'static str,
    },
    /// The processor specification names an unknown variable or is not understood.
    #[error("cannot read `{what}` in the processor specification")]
    Specification {
        /// The part that is wrong.
        what: String,
    },
}

/// Why bytes could not be lifted. An ordinary result: the caller notes a blind spot and goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum LiftError {
    /// The address is no multiple of the table's alignment.
    #[error("address {address:#x} is not aligned")]
    Unaligned {
        /// Where.
        address: u64,
    },
    /// No constructor matches.
    #[error("no instruction matches the bytes at {address:#x}")]
    NoMatch {
        /// Where.
        address: u64,
    },
    /// A field selects a hole in a table of values, names or registers.
    #[error("the instruction at {address:#x} selects an entry that does not exist")]
    IllegalIndex {
        /// Where.
        address: u64,
    },
    /// More than 16 bytes would be needed.
    #[error("the instruction at {address:#x} is longer than 16 bytes")]
    TooLong {
        /// Where.
        address: u64,
    },
    /// The given bytes end inside the instruction.
    #[error("the bytes end inside the instruction at {address:#x}")]
    Truncated {
        /// Where.
        address: u64,
    },
    /// The table knows the instruction and its length, not its meaning.
    #[error("the instruction at {address:#x} has no semantics in the table")]
    Unimplemented {
        /// Where.
        address: u64,
        /// Bytes to step over, delay slot included.
        length: u32,
    },
    /// A branch in the delay slot of a branch.
    #[error("the delay slot at {address:#x} holds an instruction that has a delay slot")]
    NestedDelaySlot {
        /// Of the instruction in the slot.
        address: u64,
    },
    /// A feature of the table that no supported language uses.
    #[error("the instruction at {address:#x} needs an unsupported feature of its table")]
    Unsupported {
        /// Where.
        address: u64,
    },
    /// A limit of the runtime (nodes, depth, operations, commits) was exceeded.
    #[error("the instruction at {address:#x} exceeds a limit of the lifter")]
    Limit {
        /// Where.
        address: u64,
    },
}

impl LiftError {
    /// Address of the instruction, or of the slot instruction, that failed.
    pub fn address(&self) -> u64 {
        match *self {
            Self::Unaligned { address }
            | Self::NoMatch { address }
            | Self::IllegalIndex { address }
            | Self::TooLong { address }
            | Self::Truncated { address }
            | Self::Unimplemented { address, .. }
            | Self::NestedDelaySlot { address }
            | Self::Unsupported { address }
            | Self::Limit { address } => address,
        }
    }
}

/// A [`LiftError`] before the address is known; one byte, so that results stay in registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    NoMatch,
    IllegalIndex,
    TooLong,
    Unimplemented,
    NestedDelaySlot,
    Unsupported,
    Limit,
}

impl Fault {
    /// `length` matters to [`Fault::Unimplemented`] only.
    pub(crate) fn at(self, address: u64, length: u32) -> LiftError {
        match self {
            Self::NoMatch => LiftError::NoMatch { address },
            Self::IllegalIndex => LiftError::IllegalIndex { address },
            Self::TooLong => LiftError::TooLong { address },
            Self::Unimplemented => LiftError::Unimplemented { address, length },
            Self::NestedDelaySlot => LiftError::NestedDelaySlot { address },
            Self::Unsupported => LiftError::Unsupported { address },
            Self::Limit => LiftError::Limit { address },
        }
    }
}
