//! Compressions of squashfs that the library does not read: LZO, and LZMA as makers of devices patched it in.
//!
//! Version 4 marks LZMA in its superblock, with the header of the `.lzma` format before each block. Version 3 marks
//! nothing; makers wrote the same header, or only its first five bytes, or the three parameters in bytes of their own
//! (DD-WRT), or nothing (then with the usual parameters, or without contexts of literals as Linksys did), with an end
//! mark or without. Which one a block has is told by the byte behind the header, because the range coder always begins
//! with a zero, and by what ends properly.

use std::io::Read;

use backhand::compression::{CompressionAction, Compressor, DefaultCompressor};
use backhand::{BackhandError, FilesystemCompressor, SuperBlock};
use lzma_rust2::LzmaReader;

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
            Compressor::Lzma => lzma(bytes, MOST),
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

/// Expands a block of LZMA in any of its shapes to at most `most` bytes. What ends properly wins; a stream without an end
/// mark ends with its bytes.
pub(super) fn lzma(bytes: &[u8], most: usize) -> Option<Vec<u8>> {
    let mut unended = None;
    for reader in shapes(bytes) {
        match whole(reader, most) {
            (out, true) => return Some(out),
            (out, false) if !out.is_empty() => unended = unended.or(Some(out)),
            _ => {}
        }
    }
    unended
}

type Reader<'a> = LzmaReader<&'a [u8]>;

/// The ways in which the block can be read.
fn shapes(bytes: &[u8]) -> impl Iterator<Item = Reader<'_>> {
    [with_header, with_properties, with_parameters, usual, without_contexts]
        .into_iter()
        .filter_map(move |shape| shape(bytes))
}

/// Whether the range coder can begin there.
fn begins(bytes: &[u8], at: usize) -> Option<&[u8]> {
    bytes.get(at..).filter(|stream| stream.first() == Some(&0))
}

fn properties(bytes: &[u8]) -> Option<(u8, u32)> {
    let dictionary = u32::from_le_bytes(*bytes.get(1..)?.first_chunk()?);
    let properties = *bytes.first()?;
    (properties < 225 && dictionary <= MEMORY << 10).then_some((properties, dictionary))
}

fn with_header(bytes: &[u8]) -> Option<Reader<'_>> {
    properties(bytes)?;
    begins(bytes, 13)?;
    let size = u64::from_le_bytes(*bytes.get(5..)?.first_chunk()?);
    (size == u64::MAX || size <= MOST as u64).then_some(())?;
    LzmaReader::new_mem_limit(bytes, MEMORY, None).ok()
}

fn with_properties(bytes: &[u8]) -> Option<Reader<'_>> {
    let (properties, dictionary) = properties(bytes)?;
    LzmaReader::new_with_props(begins(bytes, 5)?, u64::MAX, properties, dictionary, None).ok()
}

/// Position bits, contexts and literal position bits in a byte each, and one that says nothing.
fn with_parameters(bytes: &[u8]) -> Option<Reader<'_>> {
    let [position, context, literal, u8::MAX] = *bytes.first_chunk()? else { return None };
    (position <= 4 && context <= 8 && literal <= 4).then_some(())?;
    plain(begins(bytes, 4)?, context, literal, position)
}

fn usual(bytes: &[u8]) -> Option<Reader<'_>> {
    plain(begins(bytes, 0)?, 3, 0, 2)
}

fn without_contexts(bytes: &[u8]) -> Option<Reader<'_>> {
    plain(begins(bytes, 0)?, 0, 0, 2)
}

fn plain(stream: &[u8], context: u8, literal: u8, position: u8) -> Option<Reader<'_>> {
    let [context, literal, position] = [context, literal, position].map(u32::from);
    LzmaReader::new(stream, u64::MAX, context, literal, position, USUAL_DICTIONARY, None).ok()
}

/// What is read before an end or an error, and whether it was an end.
fn whole(mut reader: Reader<'_>, most: usize) -> (Vec<u8>, bool) {
    reader.set_defer_errors(true);
    let mut out = Vec::new();
    let ended = reader.take(most as u64).read_to_end(&mut out).is_ok();
    (out, ended)
}
