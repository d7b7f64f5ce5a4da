//! What one node writes into its file: a place, and bytes in one of the compressions of JFFS2.

use std::io::Read;

use super::{Node, sum};
use crate::Cause;
use crate::formats::lzo;
use crate::limits::Meter;
use crate::problem::damaged;

const NONE: u8 = 0;
const ZERO: u8 = 1;
const RTIME: u8 = 2;
const ZLIB: u8 = 6;
const LZO: u8 = 7;
const LZMA: u8 = 8;

/// Applies the node to a file that ends up `size` bytes long.
pub(super) fn apply(node: Node<'_>, out: &mut Vec<u8>, size: usize, meter: &mut Meter) -> Result<(), Cause> {
    let cut = || Cause::Damaged { how: "a node is cut".to_owned() };
    let word = |at| node.word(at).map(|word| word as usize).ok_or_else(cut);
    let (stated, offset, packed, plain) = (word(28)?, word(44)?, word(48)?, word(52)?);
    let data = node.bytes.get(68..).and_then(|data| data.get(..packed)).ok_or_else(cut)?;
    // A node may shorten the file and write nothing.
    out.truncate(stated);
    let plain = plain.min(size.saturating_sub(offset));
    if plain == 0 {
        return Ok(());
    }
    if word(60)? as u32 != sum(data) {
        return Err(Cause::Damaged { how: "a node has a wrong checksum".to_owned() });
    }
    meter.spend(plain as u64)?;
    let bytes = expand(node.bytes.get(56).copied().unwrap_or(NONE), data, plain)?;
    let end = offset + plain;
    out.resize(out.len().max(end), 0);
    let place = out.get_mut(offset..end).unwrap_or_default();
    place.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
    Ok(())
}

fn expand(compression: u8, data: &[u8], size: usize) -> Result<Vec<u8>, Cause> {
    let bytes = match compression {
        NONE => data.get(..size.min(data.len())).unwrap_or_default().to_vec(),
        ZERO => vec![0; size],
        RTIME => rtime(data, size),
        ZLIB => limited(&mut flate2::read::ZlibDecoder::new(data), size)?,
        LZO => lzo::decompress(data, size.max(4096))?,
        LZMA => limited(&mut lzma(data, size)?, size)?,
        other => return Err(Cause::Unsupported { what: format!("compression {other} of JFFS2") }),
    };
    if bytes.len() < size {
        return Err(Cause::Damaged { how: format!("a block gives less than {size} bytes") });
    }
    Ok(bytes)
}

fn limited(reader: &mut dyn Read, size: usize) -> Result<Vec<u8>, Cause> {
    let mut out = Vec::new();
    reader.take(size as u64).read_to_end(&mut out).map_err(damaged)?;
    Ok(out)
}

/// As patched into kernels of OpenWrt: a bare stream with lc, lp and pb 0 and a dictionary of 8 KiB.
fn lzma(data: &[u8], size: usize) -> Result<impl Read, Cause> {
    lzma_rust2::LzmaReader::new(data, size as u64, 0, 0, 0, 0x2000, None).map_err(damaged)
}

/// Pairs of a byte and how often to go on with what followed the last occurrence of that byte.
fn rtime(data: &[u8], size: usize) -> Vec<u8> {
    let mut places = [0_usize; 256];
    let mut out: Vec<u8> = Vec::new();
    for pair in data.chunks_exact(2) {
        let [value, count] = *pair else { break };
        if out.len() >= size {
            break;
        }
        out.push(value);
        let Some(place) = places.get_mut(usize::from(value)) else { break };
        let from = std::mem::replace(place, out.len());
        for at in from..from + usize::from(count) {
            let Some(byte) = out.get(at).copied().filter(|_| out.len() < size) else { break };
            out.push(byte);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::rtime;

    #[test]
    fn rtime_repeats_what_followed_a_byte() {
        assert_eq!(rtime(&[b'a', 0, b'b', 0, b'a', 3], 6), b"ababab");
    }
}
