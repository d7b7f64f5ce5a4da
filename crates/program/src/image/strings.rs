//! Text in data: runs of printable characters.

use super::Image;
use crate::address::VirtAddr;

/// A run of text in loaded data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageString<'a> {
    /// Address of its first byte.
    pub address: VirtAddr,
    /// The text.
    pub text: &'a str,
    /// Does a NUL follow?
    pub terminated: bool,
}

/// Longest string answered, in bytes.
const MAX_STRING: usize = 64 * 1024;

impl Image {
    /// Every run of at least `min_chars` printable characters (ASCII, or UTF-8 without control characters) in data, by
    /// address. Data means sections that are not executable; where no sections are known, whole segments.
    pub fn strings(&self, min_chars: usize) -> impl Iterator<Item = ImageString<'_>> {
        self.data_ranges().into_iter().flat_map(move |(start, bytes)| {
            runs(bytes).filter_map(move |(offset, text, terminated)| {
                let enough = text.chars().take(min_chars).count() == min_chars;
                enough.then(|| ImageString { address: start.plus(offset as u64), text, terminated })
            })
        })
    }

    /// The NUL-terminated bytes at an address, without the NUL; at most 64 KiB. `None` if no NUL follows in the file.
    pub fn c_string_at(&self, address: VirtAddr) -> Option<&[u8]> {
        let bytes = self.bytes_from(address);
        let end = bytes.iter().take(MAX_STRING).position(|byte| *byte == 0)?;
        bytes.get(..end)
    }

    fn data_ranges(&self) -> Vec<(VirtAddr, &[u8])> {
        let sections = self.sections();
        if sections.is_empty() {
            return self
                .segments()
                .iter()
                .map(|segment| (segment.start, self.bytes_from(segment.start)))
                .collect();
        }
        let data = sections.iter().filter(|section| section.filled && !section.access.execute);
        data.map(|section| {
            let bytes = self.bytes_from(section.start);
            let size = usize::try_from(section.size).unwrap_or(usize::MAX).min(bytes.len());
            (section.start, bytes.get(..size).unwrap_or_default())
        })
        .collect()
    }
}

fn is_text(character: char) -> bool {
    !character.is_control() || matches!(character, '\t' | '\n' | '\r')
}

/// Splits bytes into runs of text: offset, text, whether a NUL follows.
fn runs(bytes: &[u8]) -> impl Iterator<Item = (usize, &str, bool)> {
    let base = bytes.as_ptr() as usize;
    bytes.utf8_chunks().flat_map(move |chunk| {
        let valid = chunk.valid();
        let before_nul = chunk.invalid().is_empty();
        valid.split(|c| !is_text(c)).filter(|run| !run.is_empty()).map(move |run| {
            let offset = run.as_ptr() as usize - base;
            let end = run.as_ptr() as usize + run.len() - valid.as_ptr() as usize;
            let next = valid.as_bytes().get(end);
            (offset, run, next == Some(&0) && (before_nul || next.is_some()))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_cut_at_control_and_invalid_bytes() {
        let bytes = b"ab\0\x01caf\xc3\xa9\0\xff\xfexyz";
        let found: Vec<_> = runs(bytes).collect();
        assert_eq!(found, [(0, "ab", true), (4, "caf\u{e9}", true), (12, "xyz", false)]);
    }
}
