//! Compressed streams: one thing inside, without a path.
//!
//! Each decoder stops at the end of its own stream and tells how much it took, so that what follows is seen too.
//! Concatenated members of gzip, xz and bzip2 are one stream, as their tools read them.

use std::io::{BufRead, Cursor, Read};

use super::{Content, Opened, Reader};
use crate::limits::Meter;
use crate::path::escape;
use crate::problem::{damaged, guarded};
use crate::{Bytes, Cause, Format};

pub(super) static BZIP2: Reader = Reader {
    format: Format::Bzip2,
    probe: |data| matches!(data, [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, 0x26, 0x53, 0x59, ..]),
    signatures: &[(b"1AY&SY", 4)],
    open: |data, meter| {
        one(data, meter, None, |input| Ok(Box::new(bzip2::bufread::MultiBzDecoder::new(input))))
    },
};

pub(super) static GZIP: Reader = Reader {
    format: Format::Gzip,
    probe: is_gzip,
    signatures: &[(b"\x1f\x8b\x08", 0)],
    open: |data, meter| {
        let name = flate2::bufread::GzDecoder::new(&data[..]).header().and_then(|h| h.filename()).map(escape);
        one(data, meter, name, |input| Ok(Box::new(flate2::bufread::GzDecoder::new(input))))
    },
};

pub(super) static LZ4: Reader = Reader {
    format: Format::Lz4,
    probe: |data| data.starts_with(b"\x04\x22\x4d\x18"),
    signatures: &[(b"\x04\x22\x4d\x18", 0)],
    open: |data, meter| {
        one(data, meter, None, |input| Ok(Box::new(lz4_flex::frame::FrameDecoder::new(input))))
    },
};

pub(super) static LZMA: Reader = Reader {
    format: Format::Lzma,
    probe: is_lzma,
    // Usual properties (lc=3, lp=0, pb=2) and a dictionary of at least 64 kiB.
    signatures: &[(b"\x5d\x00\x00", 0)],
    open: |data, meter| {
        one(data, meter, None, |input| {
            let decoder = liblzma::stream::Stream::new_lzma_decoder(LZMA_MEMORY).map_err(damaged)?;
            Ok(Box::new(liblzma::bufread::XzDecoder::new_stream(input, decoder)))
        })
    },
};

pub(super) static XZ: Reader = Reader {
    format: Format::Xz,
    probe: |data| data.starts_with(b"\xfd7zXZ\0"),
    signatures: &[(b"\xfd7zXZ\0", 0)],
    open: |data, meter| {
        one(data, meter, None, |input| {
            let decoder = liblzma::stream::Stream::new_stream_decoder(LZMA_MEMORY, 0).map_err(damaged)?;
            Ok(Box::new(liblzma::bufread::XzDecoder::new_stream(input, decoder)))
        })
    },
};

pub(super) static ZSTD: Reader = Reader {
    format: Format::Zstd,
    probe: |data| data.starts_with(b"\x28\xb5\x2f\xfd"),
    signatures: &[(b"\x28\xb5\x2f\xfd", 0)],
    open: |data, meter| {
        one(data, meter, None, |input| {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(input).map_err(damaged)?;
            decoder.window_log_max(ZSTD_WINDOW).map_err(damaged)?;
            Ok(Box::new(decoder.single_frame()))
        })
    },
};

/// Memory an xz or LZMA decoder may take, in bytes: the dictionary of the highest preset, and some.
const LZMA_MEMORY: u64 = 128 << 20;

/// Largest Zstandard window, as a power of two: 128 MiB, as `zstd --long`.
const ZSTD_WINDOW: u32 = 27;

/// Method 8, no reserved flag, a known operating system.
fn is_gzip(data: &[u8]) -> bool {
    matches!(data, [0x1f, 0x8b, 8, flags, _, _, _, _, extra, system, ..]
        if flags & 0xe0 == 0 && matches!(extra, 0 | 2 | 4) && (*system <= 13 || *system == 255))
}

/// There is no magic: properties below 225, a dictionary that is a power of two (or three halves of one), and a size
/// that is unknown or below 4 GiB. Source: the description of the `.lzma` format in XZ Utils.
fn is_lzma(data: &[u8]) -> bool {
    let Some((&properties, rest)) = data.split_first() else { return false };
    let (Some((dictionary, rest)), true) = (rest.split_first_chunk::<4>(), properties < 225) else {
        return false;
    };
    let Some((size, rest)) = rest.split_first_chunk::<8>() else { return false };
    let dictionary = u32::from_le_bytes(*dictionary);
    let size = u64::from_le_bytes(*size);
    let round =
        dictionary.is_power_of_two() || (dictionary % 3 == 0 && (dictionary / 3 * 2).is_power_of_two());
    round
        && dictionary >= 1 << 12
        && (size == u64::MAX || (1..1 << 32).contains(&size))
        && rest.first() == Some(&0)
}

/// Counts what a decoder takes from the input, at the granularity of its own consumption.
struct Counting<'a> {
    inner: Cursor<&'a [u8]>,
    taken: std::rc::Rc<std::cell::Cell<u64>>,
}

impl Read for Counting<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.taken.set(self.inner.position());
        Ok(count)
    }
}

impl BufRead for Counting<'_> {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.inner.consume(amount);
        self.taken.set(self.inner.position());
    }
}

fn one(
    data: &Bytes,
    meter: &mut Meter,
    name: Option<String>,
    decoder: impl for<'a> FnOnce(Counting<'a>) -> Result<Box<dyn Read + 'a>, Cause>,
) -> Result<Opened, Cause> {
    let taken = std::rc::Rc::new(std::cell::Cell::new(0));
    guarded(|| {
        let input = Counting { inner: Cursor::new(&data[..]), taken: std::rc::Rc::clone(&taken) };
        let (content, cause) = meter.read(&mut decoder(input)?, data.len() as u64);
        let length = usize::try_from(taken.get()).unwrap_or(usize::MAX);
        match cause {
            Some(cause) if content.is_empty() => Err(cause),
            cause => Ok(Opened {
                content: Content::Payload(Bytes::from(content), name),
                length,
                problems: cause.map(|c| (String::new(), c)).into_iter().collect(),
            }),
        }
    })
}
