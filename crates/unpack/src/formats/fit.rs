//! FIT, U-Boot's image tree: a flattened device tree whose node `/images` holds kernel, ramdisk and more.
//!
//! Layout from the Devicetree Specification 0.4, chapter 5, and U-Boot's `doc/usage/fit/source_file_format`: each image
//! has its bytes in `data`, or at `data-offset` behind the tree, or at `data-position` from the beginning. A device tree
//! without images is a file like others.

use super::number::be32;
use super::{Content, Found, Kind, Opened, Reader};
use crate::limits::Meter;
use crate::path::escape;
use crate::{Bytes, Cause, Format, entropy};

const MAGIC: &[u8] = b"\xd0\x0d\xfe\xed";
/// Tokens of the structure.
const BEGIN: u32 = 1;
const END: u32 = 2;
const PROPERTY: u32 = 3;
const NOTHING: u32 = 4;
/// Tokens read of a tree, and of one that may be none: `/images` stands near the beginning.
const MOST_TOKENS: usize = 1 << 20;
const GLANCE: usize = 64;
/// Longest name of a node or property, its end included.
const LONGEST: usize = 256;
/// Images in one tree, more than any has.
const MOST: usize = 1024;

pub(super) static READER: Reader = Reader {
    format: Format::Fit,
    probe: |data| data.starts_with(MAGIC) && images(data, GLANCE).is_some_and(|images| !images.is_empty()),
    signatures: &[(MAGIC, 0)],
    open,
};

/// An image as its node describes it.
#[derive(Default)]
struct Image {
    name: String,
    /// Where `data` stands.
    inside: Option<(usize, usize)>,
    /// Counted from the end of the tree.
    offset: Option<usize>,
    /// Counted from its beginning.
    position: Option<usize>,
    size: Option<usize>,
    encrypted: bool,
}

impl Image {
    /// Where the bytes stand.
    fn place(&self, tree: usize) -> Option<(usize, usize)> {
        let behind = self.offset.and_then(|offset| offset.checked_add(tree.checked_next_multiple_of(4)?));
        let outside = self.position.or(behind).zip(self.size);
        self.inside.or(outside)
    }
}

/// The images among the first tokens of a tree; none if it is not one.
fn images(data: &[u8], tokens: usize) -> Option<Vec<Image>> {
    let field = |at| be32(data, at).map(|word| word as usize);
    let (size, structure, strings) = (field(4)?, field(8)?, field(12)?);
    let (strings_size, structure_size) = (field(32)?, field(36)?);
    (matches!(field(20)?, 16 | 17) && size > 40).then_some(())?;
    let end = structure.checked_add(structure_size)?;
    let structure_bytes = data.get(..end)?;
    let strings = data.get(strings..strings.checked_add(strings_size)?)?;
    let mut tree = Tree { images: Vec::new(), path: Vec::new(), strings };
    let mut at = structure;
    for _ in 0..tokens {
        let Some(token) = be32(structure_bytes, at) else { break };
        at = match token {
            BEGIN => tree.begin(structure_bytes, at + 4)?,
            PROPERTY => tree.property(structure_bytes, at + 4)?,
            END => {
                tree.path.pop()?;
                at + 4
            }
            NOTHING => at + 4,
            _ => break,
        };
    }
    Some(tree.images)
}

struct Tree<'a> {
    images: Vec<Image>,
    /// Names of the open nodes; below the third level only their number matters.
    path: Vec<Vec<u8>>,
    strings: &'a [u8],
}

impl Tree<'_> {
    fn begin(&mut self, data: &[u8], at: usize) -> Option<usize> {
        let rest = data.get(at..)?;
        let end = rest.iter().take(LONGEST).position(|byte| *byte == 0)?;
        let name = rest.get(..end)?;
        if self.in_images(2) {
            (self.images.len() < MOST).then_some(())?;
            self.images.push(Image { name: escape(name).replace('/', "_"), ..Image::default() });
        }
        let cipher = self.in_images(3) && name.starts_with(b"cipher");
        if let Some(image) = self.images.last_mut().filter(|_| cipher) {
            image.encrypted = true;
        }
        (self.path.len() < 64).then_some(())?;
        self.path.push(name.to_vec());
        (at + end + 1).checked_next_multiple_of(4)
    }

    /// Are we `depth` nodes deep, inside `/images`?
    fn in_images(&self, depth: usize) -> bool {
        self.path.len() == depth && self.path.get(1).is_some_and(|name| name == b"images")
    }

    fn property(&mut self, data: &[u8], at: usize) -> Option<usize> {
        let (length, name) = (be32(data, at)? as usize, be32(data, at + 4)? as usize);
        let start = at + 8;
        let value = data.get(start..start.checked_add(length)?)?;
        let number = be32(value, 0).map(|word| word as usize);
        let name = self.strings.get(name..)?;
        let name = name.get(..LONGEST.min(name.len()))?.split(|byte| *byte == 0).next()?;
        if self.in_images(3)
            && let Some(image) = self.images.last_mut()
        {
            match name {
                b"data" => image.inside = Some((start, length)),
                b"data-offset" => image.offset = number,
                b"data-position" => image.position = number,
                b"data-size" => image.size = number,
                _ => {}
            }
        }
        start.checked_add(length)?.checked_next_multiple_of(4)
    }
}

fn open(data: &Bytes, meter: &mut Meter) -> Result<Opened, Cause> {
    let images =
        images(data, MOST_TOKENS).ok_or_else(|| Cause::Damaged { how: "its tree is damaged".to_owned() })?;
    let tree = be32(data, 4).unwrap_or(0) as usize;
    let (mut files, mut problems, mut length) = (Vec::new(), Vec::new(), tree.min(data.len()));
    for image in images {
        meter.file()?;
        let Some((start, size)) = image.place(tree) else { continue };
        let content = data.slice(start..start.saturating_add(size));
        if content.len() < size {
            let how = format!("{size} bytes are stated, {} are there", content.len());
            problems.push((image.name.clone(), Cause::Damaged { how }));
        }
        if image.encrypted {
            problems.push((image.name.clone(), Cause::Unknown { centibits: entropy::centibits(&content) }));
        }
        length = length.max(start.saturating_add(content.len()));
        files.push(Found {
            stated: image.name.into_bytes(),
            kind: Kind::File(content),
            mode: 0o644,
            uid: 0,
            gid: 0,
        });
    }
    Ok(Opened { content: Content::Files(files), length, problems })
}
