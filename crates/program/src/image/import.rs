//! What the loader fills in.

use crate::address::{ImportId, VirtAddr};

/// What the loader puts at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pointer {
    /// An address of this image.
    Local(VirtAddr),
    /// The address of an imported symbol.
    Import(ImportId),
    /// What the function at this address returns (IFUNC).
    Resolver(VirtAddr),
}

/// An imported symbol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// Its name, without version.
    pub name: String,
    /// May stay unresolved?
    pub weak: bool,
    /// Places that the loader fills with its address: GOT entries, PLT slots, data.
    pub slots: Vec<VirtAddr>,
    /// Where calls to it land in this image, if the symbol itself says so (the address of a stub, or of a copied object).
    pub stub: Option<VirtAddr>,
}
