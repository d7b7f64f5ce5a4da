//! LZO1X, as JFFS2 and UBIFS compress blocks with.
//!
//! Written after the description of the stream in the kernel's `Documentation/staging/lzo.rst`; no kept library with a
//! permissive licence reads it without unsafe code.

use crate::Cause;

struct Stream<'a> {
    input: &'a [u8],
    at: usize,
    out: Vec<u8>,
    most: usize,
}

/// Expands a block that gives at most `most` bytes.
pub(super) fn decompress(input: &[u8], most: usize) -> Result<Vec<u8>, Cause> {
    let mut stream = Stream { input, at: 0, out: Vec::new(), most };
    stream.run().ok_or_else(|| Cause::Damaged { how: "an LZO block is damaged".to_owned() })?;
    Ok(stream.out)
}

impl Stream<'_> {
    fn byte(&mut self) -> Option<usize> {
        let byte = *self.input.get(self.at)?;
        self.at += 1;
        Some(usize::from(byte))
    }

    /// Two bytes, little-endian: distance above two bits of literal count.
    fn pair(&mut self) -> Option<(usize, usize)> {
        let pair = self.byte()? | self.byte()? << 8;
        Some((pair >> 2, pair & 3))
    }

    /// A length whose bits in the instruction are zero: zero bytes count 255 each, the first other one ends it.
    fn length(&mut self, bits: usize, field: usize) -> Option<usize> {
        if field != 0 {
            return Some(field);
        }
        let zeros = self.input.get(self.at..)?.iter().take_while(|byte| **byte == 0).count();
        self.at += zeros;
        zeros.checked_mul(255)?.checked_add((1 << bits) - 1)?.checked_add(self.byte()?)
    }

    fn literals(&mut self, count: usize) -> Option<()> {
        let bytes = self.input.get(self.at..self.at.checked_add(count)?)?;
        (self.out.len() + count <= self.most).then_some(())?;
        self.out.extend_from_slice(bytes);
        self.at += count;
        Some(())
    }

    /// Repeats what stands `distance` back; the source may overlap what is written.
    fn repeat(&mut self, distance: usize, count: usize) -> Option<()> {
        let start = self.out.len().checked_sub(distance).filter(|_| distance > 0)?;
        (count <= self.most - self.out.len()).then_some(())?;
        for at in start..start + count {
            let byte = *self.out.get(at)?;
            self.out.push(byte);
        }
        Some(())
    }

    fn run(&mut self) -> Option<()> {
        // Literals that the previous instruction copied: 0, 1 to 3, or 4 for a run.
        let mut state = match self.input.first() {
            Some(&first) if first > 17 => {
                self.at = 1;
                let count = usize::from(first) - 17;
                self.literals(count)?;
                count.min(4)
            }
            _ => 0,
        };
        loop {
            let code = self.byte()?;
            let (distance, count, after) = match code {
                0..=15 if state == 0 => {
                    let count = self.length(4, code)?;
                    self.literals(count.checked_add(3)?)?;
                    state = 4;
                    continue;
                }
                0..=15 => {
                    let distance = (self.byte()? << 2) + (code >> 2);
                    if state == 4 { (distance + 2049, 3, code & 3) } else { (distance + 1, 2, code & 3) }
                }
                16..=31 => {
                    let count = self.length(3, code & 7)?.checked_add(2)?;
                    let (near, after) = self.pair()?;
                    let distance = 16384 + ((code & 8) << 11) + near;
                    if distance == 16384 {
                        return Some(());
                    }
                    (distance, count, after)
                }
                32..=63 => {
                    let count = self.length(5, code & 31)?.checked_add(2)?;
                    let (near, after) = self.pair()?;
                    (near + 1, count, after)
                }
                64..=127 => ((self.byte()? << 3) + (code >> 2 & 7) + 1, 3 + (code >> 5 & 1), code & 3),
                _ => ((self.byte()? << 3) + (code >> 2 & 7) + 1, 5 + (code >> 5 & 3), code & 3),
            };
            self.repeat(distance, count)?;
            self.literals(after)?;
            state = after;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::decompress;

    #[test]
    fn literals_and_repetitions_expand() {
        // 21 = four literals; then three bytes from a distance of four, no literals; end.
        let packed = [21, b'a', b'b', b'c', b'd', 0x2 << 5 | 3 << 2, 0, 0x11, 0, 0];
        assert_eq!(decompress(&packed, 100).unwrap(), b"abcdabc");
    }

    #[test]
    fn a_run_of_one_byte_overlaps_itself() {
        let packed = [18, b'x', 0x20, 7, 0, 0, 0x11, 0, 0];
        assert_eq!(decompress(&packed, 100).unwrap(), vec![b'x'; 1 + 31 + 7 + 2]);
    }

    #[test]
    fn more_than_allowed_and_cut_streams_are_damage() {
        let packed = [18, b'x', 0x20, 7, 0, 0, 0x11, 0, 0];
        assert!(decompress(&packed, 40).is_err());
        (0..packed.len()).for_each(|end| assert!(decompress(&packed[..end], 100).is_err()));
        assert!(
            decompress(&[18, b'x', 0x40, 1, 0x11, 0, 0], 100).is_err(),
            "a distance before the beginning"
        );
    }
}
