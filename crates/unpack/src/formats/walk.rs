//! Walking a file system: folders from a worklist, each entered once.
//!
//! What a hostile image can do here is the same for all file systems: folders that hold themselves, one folder under
//! many names, paths without end, one large file under a million names. It is answered in this one place.

use std::collections::BTreeMap;

use super::{Content, Found, Kind};
use crate::limits::Meter;
use crate::path::{LONGEST, escape, join};
use crate::{Bytes, Cause};

/// File types in the high bits of a mode (POSIX `sys/stat.h`).
const TYPE: u32 = 0o170_000;
const DIRECTORY: u32 = 0o040_000;
const REGULAR: u32 = 0o100_000;
const SYMLINK: u32 = 0o120_000;

/// What a file is, to be read accordingly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    Directory,
    Regular,
    Symlink,
    Special,
}

impl Sort {
    /// Of a Unix mode.
    pub(super) fn of(mode: u32) -> Self {
        match mode & TYPE {
            DIRECTORY => Self::Directory,
            REGULAR => Self::Regular,
            SYMLINK => Self::Symlink,
            _ => Self::Special,
        }
    }
}

/// What stands in an inode, or in a folder entry where there are none.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attributes {
    pub(super) sort: Sort,
    /// Permission bits.
    pub(super) mode: u32,
    pub(super) uid: u32,
    pub(super) gid: u32,
}

/// What was read, and why not more.
pub(super) type Partial<T> = (T, Option<Cause>);

/// A file system to be walked.
pub(super) trait Volume {
    /// Identifies a file or folder.
    type Node: Copy + Ord;

    fn attributes(&self, node: Self::Node) -> Result<Attributes, Cause>;

    /// Names and nodes in a folder; `.` and `..` may be among them.
    fn list(&self, folder: Self::Node, meter: &mut Meter) -> Partial<Vec<(Vec<u8>, Self::Node)>>;

    /// A file's bytes, or what a symbolic link points to.
    fn content(&self, node: Self::Node, meter: &mut Meter) -> Partial<Bytes>;
}

/// All files below `root`, and what was not seen of them.
///
/// # Errors
/// Limits on the number of files.
pub(super) fn walk<V: Volume>(
    volume: &V,
    root: V::Node,
    meter: &mut Meter,
) -> Result<(Content, Vec<(String, Cause)>), Cause> {
    let mut walk = Walk { volume, meter, seen: BTreeMap::new(), files: Vec::new(), problems: Vec::new() };
    let mut todo = vec![(root, String::new())];
    while let Some((folder, path)) = todo.pop() {
        let (entries, cause) = volume.list(folder, walk.meter);
        walk.problems.extend(cause.map(|cause| (path.clone(), cause)));
        for (name, node) in entries {
            if matches!(name.as_slice(), b"" | b"." | b"..") || node == root {
                continue;
            }
            let inner = join(&path, &escape(&name).replace('/', "_"));
            if walk.file(node, &inner)? {
                todo.push((node, inner));
            }
        }
    }
    Ok((Content::Files(walk.files), walk.problems))
}

struct Walk<'a, V: Volume> {
    volume: &'a V,
    meter: &'a mut Meter,
    /// What was met already, with its content.
    seen: BTreeMap<V::Node, Bytes>,
    files: Vec<Found>,
    problems: Vec<(String, Cause)>,
}

impl<V: Volume> Walk<'_, V> {
    /// Adds one file; whether it is a folder to be entered.
    fn file(&mut self, node: V::Node, path: &str) -> Result<bool, Cause> {
        self.meter.file()?;
        let attributes = match self.volume.attributes(node) {
            Ok(attributes) if path.len() <= LONGEST => attributes,
            Ok(_) => return self.refuse(path, Cause::Damaged { how: "its path has no end".to_owned() }),
            Err(cause) => return self.refuse(path, cause),
        };
        let folder = attributes.sort == Sort::Directory;
        if folder && self.seen.contains_key(&node) {
            let how = "a folder is inside two others, or inside itself".to_owned();
            return self.refuse(path, Cause::Damaged { how });
        }
        let kind = match attributes.sort {
            Sort::Directory => {
                self.seen.insert(node, Bytes::default());
                Kind::Directory
            }
            Sort::Regular => Kind::File(self.content(node, path)),
            Sort::Symlink => Kind::Symlink(escape(&self.content(node, path))),
            Sort::Special => Kind::Special,
        };
        let Attributes { mode, uid, gid, .. } = attributes;
        self.files.push(Found { stated: path.as_bytes().to_vec(), kind, mode: mode & 0o7777, uid, gid });
        Ok(folder)
    }

    fn refuse(&mut self, path: &str, cause: Cause) -> Result<bool, Cause> {
        // A path without end is told by its beginning.
        let end = (0..=path.len().min(LONGEST)).rev().find(|end| path.is_char_boundary(*end));
        self.problems.push((path.get(..end.unwrap_or(0)).unwrap_or_default().to_owned(), cause));
        Ok(false)
    }

    fn content(&mut self, node: V::Node, path: &str) -> Bytes {
        if let Some(content) = self.seen.get(&node) {
            return content.clone();
        }
        let (content, cause) = self.volume.content(node, self.meter);
        self.problems.extend(cause.map(|cause| (path.to_owned(), cause)));
        self.seen.insert(node, content.clone());
        content
    }
}
