//! Reading a file into an [`Image`]: which format, how much at most, what can go wrong.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use object::{Endianness, FileKind, elf, pe};

use super::Image;
use super::elf::load_elf;
use super::pe::load_pe;

/// Bounds on what is read; beyond them tables are cut and damage is noted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageLimits {
    /// Bytes of the file; a larger one is refused.
    pub file_bytes: usize,
    /// Segments and sections, each.
    pub headers: usize,
    /// Symbols of one table.
    pub symbols: usize,
    /// Relocations of one table.
    pub relocations: usize,
    /// Entries of one array of functions.
    pub array: usize,
}

impl Default for ImageLimits {
    fn default() -> Self {
        Self { file_bytes: 1 << 30, headers: 4096, symbols: 2_000_000, relocations: 4_000_000, array: 65_536 }
    }
}

/// Why a file is no image we can read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ImageError {
    /// Neither ELF nor anything else we know.
    #[error("not an executable file that we know")]
    Unknown,
    /// An executable file of a kind we do not read.
    #[error("{what} is not supported yet")]
    Unsupported {
        /// What it is.
        what: &'static str,
    },
    /// More bytes than the limit.
    #[error("the file has {size} bytes, limit is {limit}")]
    TooLarge {
        /// Bytes.
        size: usize,
        /// [`ImageLimits::file_bytes`].
        limit: usize,
    },
    /// The headers cannot be read.
    #[error("the {what} of the executable file is damaged")]
    Damaged {
        /// Which part.
        what: &'static str,
    },
}

/// Reads an executable file.
///
/// Damage behind the headers does not fail: what cannot be read is left out and named in [`Image::damage`].
///
/// # Errors
/// See [`ImageError`].
pub fn load(file: impl Into<Arc<[u8]>>, limits: &ImageLimits) -> Result<Image, ImageError> {
    let file: Arc<[u8]> = file.into();
    if file.len() > limits.file_bytes {
        return Err(ImageError::TooLarge { size: file.len(), limit: limits.file_bytes });
    }
    // The header reader is foreign code on hostile bytes.
    let read = AssertUnwindSafe(|| match FileKind::parse(&file[..]) {
        Ok(FileKind::Elf32) => load_elf::<elf::FileHeader32<Endianness>>(&file, limits),
        Ok(FileKind::Elf64) => load_elf::<elf::FileHeader64<Endianness>>(&file, limits),
        Ok(FileKind::Pe32) => load_pe::<pe::ImageNtHeaders32>(&file, limits),
        Ok(FileKind::Pe64) => load_pe::<pe::ImageNtHeaders64>(&file, limits),
        Ok(FileKind::MachO32 | FileKind::MachO64 | FileKind::MachOFat32 | FileKind::MachOFat64) => {
            Err(ImageError::Unsupported { what: "a Mach-O file" })
        }
        Ok(_) | Err(_) if file.starts_with(b"\x7fELF") => Err(ImageError::Damaged { what: "ELF header" }),
        Ok(_) | Err(_) => Err(ImageError::Unknown),
    });
    catch_unwind(read).unwrap_or(Err(ImageError::Damaged { what: "header" }))
}
