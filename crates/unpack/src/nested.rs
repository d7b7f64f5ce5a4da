//! Opening what was opened: a worklist over layers.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::carve::carve;
use crate::formats::{Content, Found, Kind, Opened, recognise};
use crate::limits::Meter;
use crate::path::{join, normalise};
use crate::{Bytes, Cause, Entry, EntryKind, Format, Tree, UnpackLimits, container, directory, entropy};

/// Why nothing at all could be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UnpackError {
    /// The operating system did not let us.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// What was to be read.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
    /// More bytes than [`UnpackLimits::file_bytes`].
    #[error("`{}` has {size} bytes, limit is {limit}", path.display())]
    TooLarge {
        /// What was to be read.
        path: PathBuf,
        /// Its bytes.
        size: u64,
        /// The limit.
        limit: u64,
    },
    /// A device, pipe or socket.
    #[error("`{}` is neither a file nor a directory", path.display())]
    Special {
        /// What was to be read.
        path: PathBuf,
    },
}

/// Everything inside a file or directory on disk. A file that is no image gives a tree of that one file.
///
/// # Errors
/// Only if nothing at all can be read; everything else is a problem in the tree.
pub fn unpack(path: &Path, limits: &UnpackLimits) -> Result<Tree, UnpackError> {
    let failed = |source| UnpackError::Read { path: path.to_owned(), source };
    let metadata = fs::metadata(path).map_err(failed)?;
    if metadata.is_dir() {
        fs::read_dir(path).map_err(failed)?;
        return Ok(unpack_directory(path, limits));
    }
    if !metadata.is_file() {
        return Err(UnpackError::Special { path: path.to_owned() });
    }
    let (size, limit) = (metadata.len(), limits.file_bytes);
    if size > limit {
        return Err(UnpackError::TooLarge { path: path.to_owned(), size, limit });
    }
    let name = path.file_name().map_or_else(Default::default, |n| n.to_string_lossy().into_owned());
    Ok(unpack_bytes(&name, fs::read(path).map_err(failed)?, limits))
}

/// Everything inside an image in memory; `name` is the path of the file itself where it is no image.
pub fn unpack_bytes(name: &str, data: Vec<u8>, limits: &UnpackLimits) -> Tree {
    let mut work = Work::new(limits);
    work.open(
        Layer { path: String::new(), name: name.to_owned(), data: data.into(), layers: Vec::new() },
        true,
    );
    work.finish()
}

fn unpack_directory(path: &Path, limits: &UnpackLimits) -> Tree {
    let mut work = Work::new(limits);
    let (found, problems) = directory::read(path, &mut work.meter);
    problems.into_iter().for_each(|p| work.tree.problem(p.path, p.what, p.cause));
    work.files("", found, &[Format::Directory]);
    work.finish()
}

/// Bytes that may be an image.
struct Layer {
    /// Where its content goes.
    path: String,
    /// Its own file name, for content without one.
    name: String,
    data: Bytes,
    layers: Vec<Format>,
}

struct Work {
    meter: Meter,
    tree: Tree,
    pending: Vec<Layer>,
}

impl Work {
    fn new(limits: &UnpackLimits) -> Self {
        Self { meter: Meter::new(*limits), tree: Tree::default(), pending: Vec::new() }
    }

    fn finish(mut self) -> Tree {
        while let Some(layer) = self.pending.pop() {
            self.open(layer, false);
        }
        self.tree.sort_problems();
        self.tree
    }

    /// Opens a layer. `alone`: nobody has listed it as a file yet, so if it is no image it becomes one.
    fn open(&mut self, layer: Layer, alone: bool) {
        let reader = recognise(&layer.data);
        if layer.layers.len() >= self.meter.limits.depth as usize && reader.is_some() {
            let limit = self.meter.limits.depth;
            self.tree.problem(layer.path.clone(), "image", Cause::Depth { limit });
            return self.keep(layer, alone);
        }
        let Some(reader) = reader else { return self.unknown(layer, alone) };
        match (reader.open)(&layer.data, &mut self.meter) {
            Ok(opened) => {
                let behind = layer.data.after(opened.length);
                self.opened(&layer, reader.format, opened);
                self.rest(&layer, &behind);
            }
            Err(cause) => {
                self.tree.problem(layer.path.clone(), reader.format.name(), cause);
                self.keep(layer, alone);
            }
        }
    }

    /// No image begins here: look inside if this is the image itself or what a wrapper holds, else it is just a file.
    fn unknown(&mut self, layer: Layer, alone: bool) {
        if !alone || is_program_or_text(&layer.data) {
            return self.keep(layer, alone);
        }
        let carved = carve(&layer.data, &mut self.meter);
        if carved.images.is_empty() {
            let cause = Cause::Unknown { centibits: entropy::centibits(&layer.data) };
            self.tree.problem(layer.path.clone(), "format", cause);
            return self.keep(layer, alone);
        }
        self.carved(&layer, carved);
    }

    fn carved(&mut self, layer: &Layer, carved: crate::carve::Carved) {
        carved
            .problems
            .into_iter()
            .for_each(|(what, cause)| self.tree.problem(layer.path.clone(), what, cause));
        let several = carved.images.len() > 1;
        for (start, format, opened) in carved.images {
            let place = if several { format!("{start:#x}") } else { String::new() };
            let path = join(&layer.path, &place);
            let layers = [layer.layers.as_slice(), &[Format::Carved]].concat();
            let piece = Layer { path, name: format!("{start:#x}"), data: Bytes::default(), layers };
            self.opened(&piece, format, opened);
        }
    }

    /// What follows an image in the same file: padding, or more images.
    fn rest(&mut self, layer: &Layer, behind: &Bytes) {
        let padding = behind.iter().all(|b| Some(b) == behind.first());
        if !padding && !behind.is_empty() {
            let carved = carve(behind, &mut self.meter);
            self.carved(layer, carved);
        }
    }

    fn opened(&mut self, layer: &Layer, format: Format, opened: Opened) {
        for (path, cause) in opened.problems {
            let what = if path.is_empty() { format.name() } else { "file" };
            self.tree.problem(join(&layer.path, &normalise(path.as_bytes()).0), what, cause);
        }
        let layers = [layer.layers.as_slice(), &[format]].concat();
        match opened.content {
            Content::Files(found) => self.files(&layer.path, found, &layers),
            Content::Payload(data, name) => {
                let name = name.unwrap_or_else(|| stem(&layer.name).to_owned());
                self.open(Layer { path: layer.path.clone(), name, data, layers }, true);
            }
        }
    }

    fn files(&mut self, prefix: &str, found: Vec<Found>, layers: &[Format]) {
        let laid = self.containers(prefix, &found, layers);
        let contents = contents(&found);
        for Found { stated, kind, mode, uid, gid } in found {
            let (inner, changed) = normalise(&stated);
            let path = join(prefix, &inner);
            if changed {
                let stated = crate::path::escape(&stated);
                self.tree.problem(path.clone(), "path", Cause::Path { stated });
            }
            if inner.is_empty() {
                continue;
            }
            let kind = match kind {
                Kind::File(content) => EntryKind::File(content),
                Kind::Directory => EntryKind::Directory,
                Kind::Symlink(target) => EntryKind::Symlink(target),
                Kind::Special => EntryKind::Special,
                Kind::Hardlink(target) => {
                    let content = contents.get(&normalise(&target).0).cloned();
                    content.map_or_else(|| EntryKind::Symlink(crate::path::escape(&target)), EntryKind::File)
                }
            };
            if let EntryKind::File(content) = &kind
                && !laid.contains(&inner)
                && recognise(content).is_some()
            {
                let name = path.rsplit('/').next().unwrap_or(&path).to_owned();
                let (path, data) = (path.clone(), content.clone());
                self.pending.push(Layer { path, name, data, layers: layers.to_vec() });
            }
            self.tree.insert(path, Entry { kind, mode, uid, gid, layers: layers.to_vec() });
        }
    }

    /// Shows the trees of container images among the files; the paths of their layers, which are opened thereby.
    fn containers(&mut self, prefix: &str, found: &[Found], layers: &[Format]) -> BTreeSet<String> {
        let shallow = layers.len() < self.meter.limits.depth as usize;
        let Some(files) = container::candidates(found).filter(|_| shallow) else { return BTreeSet::new() };
        let images = container::images(&files);
        let several = images.len() > 1;
        let mut laid = BTreeSet::new();
        for (number, image) in images.iter().enumerate() {
            laid.extend(image.layers.iter().map(|layer| normalise(layer.as_bytes()).0));
            let name = match (several, image.name.as_str()) {
                (false, _) => String::new(),
                (true, "") => format!("image{number}"),
                (true, name) => name.replace('/', "_"),
            };
            let path = join(&join(prefix, "rootfs"), &normalise(name.as_bytes()).0);
            let (found, problems) = container::overlay(image, &files, &mut self.meter);
            let opened = Opened { content: Content::Files(found), length: 0, problems };
            let layer = Layer { path, name: String::new(), data: Bytes::default(), layers: layers.to_vec() };
            self.opened(&layer, Format::Container, opened);
        }
        laid
    }

    /// A layer that is no image, as a file; if it is listed already there is nothing to add.
    fn keep(&mut self, layer: Layer, alone: bool) {
        if alone {
            let (name, _) = normalise(layer.name.as_bytes());
            let path = join(&layer.path, if name.is_empty() { "content" } else { &name });
            let kind = EntryKind::File(layer.data);
            self.tree.insert(path, Entry { kind, mode: 0o644, uid: 0, gid: 0, layers: layer.layers });
        }
    }
}

impl Opened {
    pub(crate) fn is_empty(&self) -> bool {
        match &self.content {
            Content::Files(files) => files.is_empty(),
            Content::Payload(payload, _) => payload.is_empty(),
        }
    }
}

/// Contents by path, for hard links; only gathered where there is one.
fn contents(found: &[Found]) -> BTreeMap<String, Bytes> {
    if !found.iter().any(|f| matches!(f.kind, Kind::Hardlink(_))) {
        return BTreeMap::new();
    }
    let file = |f: &Found| match &f.kind {
        Kind::File(content) => Some((normalise(&f.stated).0, content.clone())),
        _ => None,
    };
    found.iter().filter_map(file).collect()
}

/// `rootfs.cpio.gz` → `rootfs.cpio`.
fn stem(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(stem, _)| if stem.is_empty() { name } else { stem })
}

/// Programs and texts hold signatures by accident, and are what they are.
fn is_program_or_text(data: &[u8]) -> bool {
    let head = data.get(..data.len().min(4096)).unwrap_or_default();
    data.starts_with(b"\x7fELF")
        || data.starts_with(b"MZ")
        || !head.contains(&0) && std::str::from_utf8(head).is_ok()
}
