//! Symbols, and what mapping symbols say about the bytes of code.

use crate::address::VirtAddr;

/// What a symbol names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SymbolKind {
    /// Code.
    Function,
    /// A function that returns the address of the function to use (IFUNC).
    Resolver,
    /// Data.
    Object,
    /// Thread-local data: the address is an offset in the template.
    ThreadLocal,
    /// Not stated.
    Untyped,
}

/// A symbol.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Symbol {
    /// Where; mode bit cleared. 0 for most undefined symbols.
    pub address: VirtAddr,
    /// Name, lossily decoded, without version.
    pub name: String,
    /// Bytes, 0 if not stated.
    pub size: u64,
    /// What it names.
    pub kind: SymbolKind,
    /// Code in the short-instruction mode (Thumb, MIPS16, microMIPS).
    pub short: bool,
    /// Bytes from the address to the local entry point (PowerPC 64 ELF V2).
    pub local_entry: u8,
    /// Defined in this file?
    pub defined: bool,
    /// Defined, global or weak, and not hidden?
    pub exported: bool,
    /// May stay undefined?
    pub weak: bool,
    /// From the dynamic symbol table?
    pub dynamic: bool,
}

/// What bytes are from an address on, as mapping symbols state it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// `$a`, `$x`: instructions in the normal mode.
    Normal,
    /// `$t`: instructions in the short mode.
    Short,
    /// `$d`: data.
    Data,
}

/// One mapping symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModeMark {
    /// From here on.
    pub address: VirtAddr,
    /// What.
    pub mode: Mode,
}
