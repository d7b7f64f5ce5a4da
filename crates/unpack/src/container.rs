//! Container images: archives on top of each other, where later ones take files of earlier ones away.
//!
//! From the OCI Image Format Specification 1.1 (`image-layout.md`, `manifest.md`, `layer.md`) and Docker's `manifest.json`
//! as `docker save` writes it. What a later layer takes away is in the image still, but not in what runs: the files of
//! the layers are shown as one tree, the layers themselves as the files they are.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::formats::{Content, Found, Kind, recognise};
use crate::limits::Meter;
use crate::path::{join, normalise};
use crate::{Bytes, Cause};

/// Larger descriptions are not read.
const LARGEST: usize = 4 << 20;
/// Images in one archive, and descriptions read to find them.
const MOST: usize = 64;
/// Streams around the archive of a layer.
const MOST_STREAMS: usize = 4;
/// Names of whiteouts begin so; the second one takes away all that the folder had.
const WHITEOUT: &str = ".wh.";
const OPAQUE: &str = ".wh..wh..opq";

/// An image: what it is called, and the paths of its layers, lowest first.
pub(crate) struct Image {
    pub(crate) name: String,
    pub(crate) layers: Vec<String>,
}

#[derive(Deserialize)]
struct Saved {
    #[serde(rename = "RepoTags")]
    tags: Option<Vec<String>>,
    #[serde(rename = "Layers")]
    layers: Vec<String>,
}

/// An index or a manifest: they differ in which list they have.
#[derive(Deserialize)]
struct Description {
    #[serde(default)]
    manifests: Vec<Descriptor>,
    #[serde(default)]
    layers: Vec<Descriptor>,
}

#[derive(Deserialize)]
struct Descriptor {
    digest: String,
    #[serde(default)]
    annotations: Option<BTreeMap<String, String>>,
}

impl Descriptor {
    fn path(&self) -> String {
        format!("blobs/{}", self.digest.replacen(':', "/", 1))
    }

    fn name(&self) -> Option<String> {
        let annotations = self.annotations.as_ref()?;
        let keys = ["io.containerd.image.name", "org.opencontainers.image.ref.name"];
        keys.into_iter().find_map(|key| annotations.get(key).cloned())
    }
}

/// Files, and what was not seen of them.
type Seen = (Vec<Found>, Vec<(String, Cause)>);

/// The files of an archive or folder by path.
pub(crate) type Files = BTreeMap<String, Bytes>;

/// The regular files of an opened archive, if it may hold container images at all.
pub(crate) fn candidates(found: &[Found]) -> Option<Files> {
    let marks = |f: &Found| {
        matches!(f.stated.strip_prefix(b"./").unwrap_or(&f.stated), b"manifest.json" | b"index.json")
    };
    found.iter().any(marks).then_some(())?;
    let file = |f: &'_ Found| match &f.kind {
        Kind::File(content) => Some((normalise(&f.stated).0, content.clone())),
        _ => None,
    };
    Some(found.iter().filter_map(file).collect())
}

/// The container images described there.
pub(crate) fn images(files: &Files) -> Vec<Image> {
    let saved = read::<Vec<Saved>>(files, "manifest.json").unwrap_or_default();
    if !saved.is_empty() {
        let named = |saved: Saved| Image {
            name: saved.tags.unwrap_or_default().into_iter().next().unwrap_or_default(),
            layers: saved.layers,
        };
        return saved.into_iter().take(MOST).map(named).collect();
    }
    indexed(files)
}

fn read<T: for<'a> Deserialize<'a>>(files: &Files, path: &str) -> Option<T> {
    let content = files.get(path).filter(|content| content.len() <= LARGEST)?;
    serde_json::from_slice(content).ok()
}

/// Follows indexes to manifests.
fn indexed(files: &Files) -> Vec<Image> {
    let mut todo = vec![("index.json".to_owned(), String::new())];
    let (mut images, mut seen) = (Vec::new(), BTreeSet::new());
    while let Some((path, name)) = todo.pop() {
        if seen.len() >= MOST || !seen.insert(path.clone()) {
            continue;
        }
        let Some(description) = read::<Description>(files, &path) else { continue };
        let layers: Vec<String> = description.layers.iter().map(Descriptor::path).collect();
        if !layers.is_empty() {
            images.push(Image { name: name.clone(), layers });
        }
        let inner = |inner: &Descriptor| (inner.path(), inner.name().unwrap_or_else(|| name.clone()));
        todo.extend(description.manifests.iter().rev().map(inner));
    }
    images
}

/// The files that a container made from the image begins with, and what was not seen.
pub(crate) fn overlay(image: &Image, files: &Files, meter: &mut Meter) -> Seen {
    let (mut tree, mut problems) = (BTreeMap::new(), Vec::new());
    for layer in &image.layers {
        let found = match files.get(&normalise(layer.as_bytes()).0) {
            Some(content) => archive(content.clone(), meter),
            None => Err(Cause::Damaged { how: "the layer is not there".to_owned() }),
        };
        match found {
            Ok((found, more)) => {
                problems.extend(more);
                lay(&mut tree, found);
            }
            Err(cause) => problems.push((layer.clone(), cause)),
        }
    }
    (tree.into_values().collect(), problems)
}

/// The files of a layer: streams are opened until an archive shows.
fn archive(mut data: Bytes, meter: &mut Meter) -> Result<Seen, Cause> {
    for _ in 0..MOST_STREAMS {
        let Some(reader) = recognise(&data) else { break };
        let opened = (reader.open)(&data, meter)?;
        match opened.content {
            Content::Files(found) => return Ok((found, opened.problems)),
            Content::Payload(inner, _) => data = inner,
        }
    }
    Err(Cause::Unknown { centibits: crate::entropy::centibits(&data) })
}

/// Puts a layer on top: first what it takes away, then what it brings.
fn lay(tree: &mut BTreeMap<String, Found>, found: Vec<Found>) {
    let mut brings = Vec::new();
    for file in found {
        let path = normalise(&file.stated).0;
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
        if name == OPAQUE {
            take_below(tree, folder);
        } else if let Some(gone) = name.strip_prefix(WHITEOUT) {
            let gone = join(folder, gone);
            take_below(tree, &gone);
            tree.remove(&gone);
        } else {
            brings.push((path, file));
        }
    }
    for (path, file) in brings {
        if !matches!(file.kind, Kind::Directory) {
            take_below(tree, &path);
        }
        tree.insert(path, file);
    }
}

/// Removes everything inside a folder; an empty path is the root.
fn take_below(tree: &mut BTreeMap<String, Found>, folder: &str) {
    let start = if folder.is_empty() { String::new() } else { format!("{folder}/") };
    let below = tree.range(start.clone()..).take_while(|(path, _)| path.starts_with(&start));
    let gone: Vec<String> = below.map(|(path, _)| path.clone()).collect();
    gone.iter().for_each(|path| drop(tree.remove(path)));
}
