//! The languages and their embedded tables.

use std::sync::OnceLock;

use crate::baked;
use crate::error::LoadError;
use crate::table::Table;

macro_rules! languages {
    ($($(#[$doc:meta])* $id:ident $name:literal;)*) => {
        /// A processor language: one table with its default context.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum LanguageId {
            $($(#[$doc])* $id,)*
        }

        impl LanguageId {
            /// Every language, also those left out of this build.
            pub const ALL: &[Self] = &[$(Self::$id),*];

            /// Short name; also that of the cargo feature and of the table file.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$id => $name,)*
                }
            }

            /// The baked table, if it is in this build.
            const fn embedded(self) -> Option<&'static [u8]> {
                match self {
                    $(
                        #[cfg(feature = $name)]
                        Self::$id => Some(include_bytes!(concat!("../tables/", $name, ".bin"))),
                        #[cfg(not(feature = $name))]
                        Self::$id => None,
                    )*
                }
            }
        }
    };
}

languages! {
    /// x86 in 32-bit protected mode.
    X86 "x86";
    /// x86 in 64-bit mode.
    X86_64 "x86-64";
    /// AArch64, little-endian.
    Aarch64 "aarch64";
    /// ARM with Thumb-2, little-endian. The default context is ARM state; context variable `TMode` selects Thumb.
    ArmLe "arm-le";
    /// ARM with Thumb-2, big-endian code and data. BE8 images have little-endian code: use [`Self::ArmLe`] for it.
    ArmBe "arm-be";
    /// ARM profile M: always Thumb.
    CortexM "cortex-m";
    /// MIPS32 before release 6, big-endian.
    Mips32Be "mips32-be";
    /// MIPS32 before release 6, little-endian.
    Mips32Le "mips32-le";
    /// MIPS64 before release 6, big-endian.
    Mips64Be "mips64-be";
    /// MIPS64 before release 6, little-endian.
    Mips64Le "mips64-le";
    /// PowerPC, 32 bits, big-endian.
    Ppc32Be "ppc32-be";
    /// PowerPC, 64 bits, little-endian, with `AltiVec` and VSX.
    Ppc64Le "ppc64-le";
    /// PowerPC, 64 bits, big-endian, with `AltiVec` and VSX.
    Ppc64Be "ppc64-be";
    /// RISC-V RV64GC.
    Riscv64 "riscv64";
    /// RISC-V RV32GC.
    Riscv32 "riscv32";
}

const COUNT: usize = LanguageId::ALL.len();

/// The table of a language: loaded on first use, kept for the life of the process, shared by all threads.
///
/// # Errors
/// [`LoadError::NotBuilt`] when the cargo feature of that language is off.
pub fn table(id: LanguageId) -> Result<&'static Table, LoadError> {
    static LOADED: [OnceLock<Result<Table, LoadError>>; COUNT] = [const { OnceLock::new() }; COUNT];
    let missing = LoadError::NotBuilt { language: id };
    let slot = LOADED.get(id as usize).ok_or(missing.clone())?;
    let load = || baked::decode(id.embedded().ok_or(missing)?);
    slot.get_or_init(load).as_ref().map_err(Clone::clone)
}
