//! What an image may cost.

use std::io::Read;

use crate::Cause;

/// Limits over all layers of one image together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnpackLimits {
    /// Bytes of all unpacked files and intermediate streams. Default 4 GiB.
    pub total_bytes: u64,
    /// Bytes of one file or stream. Default 1 GiB.
    pub file_bytes: u64,
    /// Files, directories and links. Default 1,000,000.
    pub files: u64,
    /// Images inside images. Default 8.
    pub depth: u32,
    /// Unpacked bytes for each packed one, beyond the first MiB of a stream. Default 1,100: above what DEFLATE can
    /// reach with honest data (1,032), below what recompressed bombs need.
    pub ratio: u64,
}

impl Default for UnpackLimits {
    fn default() -> Self {
        Self { total_bytes: 4 << 30, file_bytes: 1 << 30, files: 1_000_000, depth: 8, ratio: 1_100 }
    }
}

/// Bytes of output a stream may always have, whatever its ratio.
const FREE_OUTPUT: u64 = 1 << 20;

/// Counts what has been spent.
#[derive(Debug)]
pub(crate) struct Meter {
    pub(crate) limits: UnpackLimits,
    bytes: u64,
    files: u64,
}

impl Meter {
    pub(crate) fn new(limits: UnpackLimits) -> Self {
        Self { limits, bytes: 0, files: 0 }
    }

    /// One more file, directory or link.
    pub(crate) fn file(&mut self) -> Result<(), Cause> {
        self.files += 1;
        if self.files > self.limits.files { Err(Cause::Files { limit: self.limits.files }) } else { Ok(()) }
    }

    /// Reads a stream of `packed` bytes to its end, or to a limit; what was read, and why no more.
    pub(crate) fn read(&mut self, reader: &mut dyn Read, packed: u64) -> (Vec<u8>, Option<Cause>) {
        let most = self.most(packed);
        let mut out = Vec::new();
        // One byte more than allowed tells a cut from an end.
        let error = reader.take(most.0.saturating_add(1)).read_to_end(&mut out).err();
        let cause = if out.len() as u64 > most.0 {
            out.truncate(usize::try_from(most.0).unwrap_or(usize::MAX));
            Some(most.1)
        } else {
            error.map(|e| Cause::Damaged { how: e.to_string() })
        };
        self.bytes += out.len() as u64;
        (out, cause)
    }

    /// The smallest limit, with its name.
    fn most(&self, packed: u64) -> (u64, Cause) {
        let UnpackLimits { total_bytes, file_bytes, ratio, .. } = self.limits;
        let total = (total_bytes.saturating_sub(self.bytes), Cause::TotalBytes { limit: total_bytes });
        let file = (file_bytes, Cause::FileBytes { limit: file_bytes });
        let ratio = (packed.saturating_mul(ratio).saturating_add(FREE_OUTPUT), Cause::Ratio { limit: ratio });
        let smaller = |a: (u64, Cause), b: (u64, Cause)| if b.0 < a.0 { b } else { a };
        smaller(smaller(total, file), ratio)
    }

    /// Takes a share of the budget for memory that is not read through [`Self::read`].
    pub(crate) fn spend(&mut self, bytes: u64) -> Result<(), Cause> {
        if bytes > self.limits.file_bytes {
            return Err(Cause::FileBytes { limit: self.limits.file_bytes });
        }
        self.bytes = self.bytes.saturating_add(bytes);
        let limit = self.limits.total_bytes;
        if self.bytes > limit { Err(Cause::TotalBytes { limit }) } else { Ok(()) }
    }
}
