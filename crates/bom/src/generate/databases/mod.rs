//! Package databases and manifests: what an image says about itself. One reader a file, each a line in [`ALL`].

mod apk;
mod cargo;
mod composer;
mod dotnet;
mod dpkg;
mod gem;
mod java;
mod npm;
mod npm_lock;
mod opkg;
mod pacman;
mod python;
mod rpm;

use unpack::{Bytes, Tree};

use super::Inventory;
use crate::{Evidence, Technique};

/// A kind of package database.
pub(crate) struct Database {
    /// Its name in evidence.
    pub(crate) name: &'static str,
    /// The part of `path` before the place where such a database stands; `None` if this is none.
    pub(crate) root: fn(path: &str) -> Option<&str>,
    /// Reads one.
    pub(crate) read: fn(file: &File<'_>, inventory: &mut Inventory),
}

/// A file of a database.
pub(crate) struct File<'t> {
    pub(crate) database: &'static str,
    pub(crate) tree: &'t Tree,
    /// Where the root file system begins: empty, or ending with `/`.
    pub(crate) root: &'t str,
    pub(crate) path: &'t str,
    pub(crate) content: &'t Bytes,
}

impl File<'_> {
    /// The path in the tree of a file that the database names, where it is there. Since `/bin` and its like became links
    /// into `/usr`, databases go on naming the old places.
    pub(crate) fn inside(&self, stated: &str) -> Option<String> {
        let stated = stated.trim_start_matches('/');
        let there = |path: &String| self.tree.entry(path).is_some_and(|entry| entry.content().is_some());
        [format!("{}{stated}", self.root), format!("{}usr/{stated}", self.root)].into_iter().find(there)
    }

    /// The paths that a list names, one a line.
    pub(crate) fn listed(&self, list: &str) -> Option<Vec<String>> {
        let content = self.tree.entry(list)?.content()?;
        Some(String::from_utf8_lossy(content).lines().filter_map(|line| self.inside(line)).collect())
    }

    /// Evidence: this database names it, at this offset.
    pub(crate) fn evidence(&self, offset: u64) -> Evidence {
        Evidence {
            path: self.path.to_owned(),
            technique: Technique::ManifestAnalysis,
            what: Some(self.database.to_owned()),
            offset: Some(offset),
            confidence: Some(1000),
        }
    }
}

/// Sorted by name.
const ALL: &[Database] = &[
    apk::DATABASE,
    cargo::DATABASE,
    composer::DATABASE,
    dotnet::DATABASE,
    dpkg::DATABASE,
    gem::DATABASE,
    java::DATABASE,
    npm::DATABASE,
    npm_lock::DATABASE,
    opkg::DATABASE,
    pacman::DATABASE,
    python::DATABASE,
    rpm::DATABASE,
];

/// Reads every database of a tree.
pub(super) fn read(tree: &Tree, inventory: &mut Inventory) {
    for (path, content) in tree.files() {
        for database in ALL {
            if let Some(root) = (database.root)(path) {
                let file = File { database: database.name, tree, root, path, content };
                (database.read)(&file, inventory);
            }
        }
    }
}

/// The root for a database that stands at one of `places`.
pub(crate) fn root_before<'p>(path: &'p str, places: &[&str]) -> Option<&'p str> {
    places.iter().find_map(|place| {
        let root = path.strip_suffix(place)?;
        (root.is_empty() || root.ends_with('/')).then_some(root)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted() {
        assert!(ALL.is_sorted_by_key(|database| database.name));
    }

    #[test]
    fn the_root_is_what_stands_before_the_place() {
        let places = ["var/lib/dpkg/status"];
        assert_eq!(root_before("var/lib/dpkg/status", &places), Some(""));
        assert_eq!(root_before("a.img/var/lib/dpkg/status", &places), Some("a.img/"));
        assert_eq!(root_before("xvar/lib/dpkg/status", &places), None);
    }
}
