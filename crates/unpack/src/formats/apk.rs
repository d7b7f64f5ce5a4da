//! Packages of Alpine Linux, version 2: signature, control data and files, each an own gzip stream.
//!
//! From Alpine's wiki, "Apk spec": the streams are pieces of one tar archive, and only the last piece has an end. So they
//! are expanded behind each other and read as one.

use std::io::Read;

use super::{Opened, Reader, tar};
use crate::limits::Meter;
use crate::{Bytes, Cause, Format};

const GZIP: &[u8] = b"\x1f\x8b\x08";
/// Pieces in one package: three, and more for several signatures.
const MOST_PIECES: usize = 16;

pub(super) static READER: Reader = Reader { format: Format::Apk, probe, signatures: &[], open };

/// The first file of the first piece is a signature or the description.
fn probe(data: &[u8]) -> bool {
    let mut block = [0; 512];
    let begins =
        data.starts_with(GZIP) && flate2::bufread::GzDecoder::new(data).read_exact(&mut block).is_ok();
    begins && (block.starts_with(b".SIGN.") || block.starts_with(b".PKGINFO\0")) && tar::probe(&block)
}

fn open(data: &Bytes, meter: &mut Meter) -> Result<Opened, Cause> {
    let (mut archive, mut rest, mut problems) = (Vec::new(), &data[..], Vec::new());
    for _ in 0..MOST_PIECES {
        if !rest.starts_with(GZIP) {
            break;
        }
        let mut decoder = flate2::bufread::GzDecoder::new(rest);
        let (piece, cause) = meter.read(&mut decoder, rest.len() as u64);
        archive.extend(piece);
        rest = decoder.into_inner();
        if let Some(cause) = cause {
            problems.push((String::new(), cause));
            break;
        }
    }
    let opened = tar::open(&archive.into(), meter)?;
    problems.extend(opened.problems);
    Ok(Opened { content: opened.content, length: data.len() - rest.len(), problems })
}
