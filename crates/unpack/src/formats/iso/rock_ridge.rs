//! Rock Ridge: names, modes, owners and links of Unix in the system use area of a record.
//!
//! Fields of two letters, length and version; `CE` goes on elsewhere.

use super::{NAME, SECTOR};
use crate::formats::number::le32;
use crate::formats::walk::{Attributes, Sort};

/// Continuations followed for one record.
const MOST_AREAS: usize = 32;
/// Names and link targets are cut here.
const LONGEST: usize = 4096;

/// What the fields of one record say.
#[derive(Default)]
pub(super) struct Unix {
    pub(super) name: Option<Vec<u8>>,
    pub(super) attributes: Option<Attributes>,
    pub(super) link: Option<Vec<u8>>,
    /// A folder that stands elsewhere because it would be nested too deeply here.
    pub(super) child: Option<u32>,
    /// A folder that stands here and belongs elsewhere.
    pub(super) moved_here: bool,
    pub(super) compressed: bool,
}

/// The system use area of a record: behind its padded name.
pub(super) fn area(record: &[u8], skip: usize) -> Option<&[u8]> {
    let name = usize::from(*record.get(32)?);
    record.get((NAME + name).next_multiple_of(2) + skip..)
}

/// Reads an area and its continuations.
pub(super) fn read(data: &[u8], block: usize, area: &[u8]) -> Unix {
    let mut unix = Unix::default();
    let mut link = Link::default();
    let mut next = Some(area);
    for _ in 0..MOST_AREAS {
        let Some(mut area) = next.take() else { break };
        while let [a, b, length, _, ..] = *area {
            let Some(field) = area.get(..usize::from(length)).filter(|_| length >= 4) else { break };
            match [a, b] {
                [b'C', b'E'] => next = continuation(data, block, field),
                [b'S', b'L'] => link.add(field),
                [b'S', b'T'] => break,
                _ => unix.field([a, b], field),
            }
            area = area.get(usize::from(length)..).unwrap_or_default();
        }
    }
    unix.link = link.target();
    unix
}

/// Block, offset and length, each in both byte orders. A continuation stays inside one sector.
fn continuation<'a>(data: &'a [u8], block: usize, field: &[u8]) -> Option<&'a [u8]> {
    let word = |at| le32(field, at).map(|word| word as usize);
    let start = word(4)?.checked_mul(block)?.checked_add(word(12)?)?;
    data.get(start..start.checked_add(word(20)?.min(SECTOR))?)
}

impl Unix {
    fn field(&mut self, name: [u8; 2], field: &[u8]) {
        match &name {
            b"NM" => {
                let text = self.name.get_or_insert_default();
                // Flags 2 and 4 stand for the folder itself and the one above.
                if text.len() < LONGEST && field.get(4).is_some_and(|flags| flags & 6 == 0) {
                    text.extend_from_slice(field.get(5..).unwrap_or_default());
                }
            }
            b"PX" => {
                let mode = le32(field, 4).unwrap_or(0);
                let (uid, gid) = (le32(field, 20).unwrap_or(0), le32(field, 28).unwrap_or(0));
                self.attributes = Some(Attributes { sort: Sort::of(mode), mode, uid, gid });
            }
            b"CL" => self.child = le32(field, 4),
            b"RE" => self.moved_here = true,
            b"ZF" => self.compressed = true,
            _ => {}
        }
    }
}

/// The target of a symbolic link, gathered from components.
#[derive(Default)]
struct Link {
    parts: Vec<Vec<u8>>,
    /// The last component goes on.
    open: bool,
    absolute: bool,
    seen: bool,
}

impl Link {
    fn add(&mut self, field: &[u8]) {
        self.seen = true;
        let mut rest = field.get(5..).unwrap_or_default();
        while let [flags, length, ..] = *rest {
            let text = rest.get(2..2 + usize::from(length)).unwrap_or_default();
            match flags & 0xe {
                2 => self.part(b"."),
                4 => self.part(b".."),
                8 => self.absolute = true,
                _ => self.part(text),
            }
            self.open = flags & 1 != 0;
            rest = rest.get(2 + usize::from(length)..).unwrap_or_default();
        }
    }

    fn part(&mut self, text: &[u8]) {
        match self.parts.last_mut().filter(|_| self.open) {
            Some(last) => last.extend_from_slice(text),
            None => self.parts.push(text.to_vec()),
        }
    }

    fn target(self) -> Option<Vec<u8>> {
        let root: &[u8] = if self.absolute { b"/" } else { b"" };
        self.seen.then(|| [root, &self.parts.join(&b'/')].concat())
    }
}
