//! Compressions of squashfs that the library does not read: LZO, and LZMA as makers of devices patched it in.
//!
//! Version 4 marks LZMA in its superblock, with the header of the `.lzma` format before each block. Version 3 marks
//! nothing; makers wrote the same header, or only its first five bytes, or none (then with the usual parameters).
//! Which one a block has is told by the byte behind the header: the range coder always begins with a zero.

use std::io::{ErrorKind, Read};

use backhand::compression::{CompressionAction, Compressor, DefaultCompressor};
use backhand::{BackhandError, FilesystemCompressor, SuperBlock};

use crate::formats::lzo;

/// Largest block of squashfs.
const MOST: usize = 1 << 20;
/// Memory a decoder may take, in KiB.
const MEMORY: u32 = 64 << 10;
const USUAL_DICTIONARY: u32 = 8 << 20;

pub(super) struct Vendor;

impl CompressionAction for Vendor {
    type Error = BackhandError;
    type Compressor = Compressor;
    type FilesystemCompressor = FilesystemCompressor;
    type SuperBlock = SuperBlock;

    fn decompress(
        &self,
        bytes: &[u8],
        out: &mut Vec<u8>,
        compressor: Compressor,
    ) -> Result<(), BackhandError> {
        let expanded = match compressor {
            Compressor::Lzma => lzma(bytes),
            Compressor::Lzo => lzo::decompress(bytes, MOST).ok(),
            other => return DefaultCompressor.decompress(bytes, out, other),
        };
        out.extend(expanded.ok_or(BackhandError::CorruptedOrInvalidSquashfs)?);
        Ok(())
    }

    fn compress(&self, _: &[u8], _: FilesystemCompressor, _: u32) -> Result<Vec<u8>, BackhandError> {
        Err(BackhandError::CorruptedOrInvalidSquashfs)
    }
}

/// Expands a block of LZMA in any of the three shapes.
pub(super) fn lzma(bytes: &[u8]) -> Option<Vec<u8>> {
    let properties = *bytes.first()?;
    let zero = |at: usize| bytes.get(at) == Some(&0);
    let dictionary = u32::from_le_bytes(*bytes.get(1..)?.first_chunk()?);
    let size = bytes.get(5..).and_then(|rest| rest.first_chunk()).map(|size| u64::from_le_bytes(*size));
    let plausible = properties < 225 && dictionary <= MEMORY << 10;
    if plausible && zero(13) && size.is_some_and(|size| size == u64::MAX || size <= MOST as u64) {
        return whole(lzma_rust2::LzmaReader::new_mem_limit(bytes, MEMORY, None).ok()?);
    }
    if plausible && zero(5) {
        let reader =
            lzma_rust2::LzmaReader::new_with_props(bytes.get(5..)?, u64::MAX, properties, dictionary, None);
        return whole(reader.ok()?);
    }
    whole(lzma_rust2::LzmaReader::new(bytes, u64::MAX, 3, 0, 2, USUAL_DICTIONARY, None).ok()?)
}

/// Reads to the end; a stream without an end mark ends with its bytes.
fn whole(reader: impl Read) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    match reader.take(MOST as u64).read_to_end(&mut out) {
        Ok(_) => Some(out),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof && !out.is_empty() => Some(out),
        Err(_) => None,
    }
}
