//! Which component loads which: needed entries of programs, resolved as the run-time loader would.

use std::collections::BTreeMap;

use unpack::{EntryKind, Tree};

use super::Inventory;
use super::binaries::Program;
use crate::RelationKind;

/// Adds a relation for every needed library that the tree holds. What is needed and not there gives none.
pub(super) fn link(programs: &[Program], tree: &Tree, inventory: &mut Inventory) {
    let libraries = libraries(programs, tree);
    for program in programs {
        for needed in &program.needed {
            let candidates = libraries.get(needed.as_str()).map_or(&[][..], Vec::as_slice);
            // Of several root file systems in one tree, a program's own is the one that shares most of its path.
            let nearest = candidates.iter().max_by_key(|library| shared(&library.path, &program.path));
            if let Some(library) = nearest {
                inventory.relate(program.component, RelationKind::DynamicallyLinks, library.component);
            }
        }
    }
}

/// Programs by the names under which others can need them: own name, file name, and file names of links to them.
fn libraries<'p>(programs: &'p [Program], tree: &'p Tree) -> BTreeMap<&'p str, Vec<&'p Program>> {
    let mut libraries: BTreeMap<&str, Vec<&Program>> = BTreeMap::new();
    let mut by_file_name: BTreeMap<&str, Vec<&Program>> = BTreeMap::new();
    for program in programs {
        let file = file_name(&program.path);
        by_file_name.entry(file).or_default().push(program);
        libraries.entry(file).or_default().push(program);
        if let Some(soname) = program.soname.as_deref().filter(|soname| *soname != file) {
            libraries.entry(soname).or_default().push(program);
        }
    }
    for (path, entry) in tree.entries() {
        if let EntryKind::Symlink(target) = &entry.kind {
            let linked = by_file_name.get(file_name(target)).cloned().unwrap_or_default();
            let known = libraries.entry(file_name(path)).or_default();
            if known.is_empty() {
                known.extend(linked);
            }
        }
    }
    libraries
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Length of the common start of two paths, in bytes.
fn shared(a: &str, b: &str) -> usize {
    a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count()
}
