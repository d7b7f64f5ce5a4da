//! From a file tree to a component graph.
//!
//! Two sources: what the image says about itself (package databases and manifests of language ecosystems, one file each
//! under `databases`), and what its programs say (version strings, by the signature files beside `src`; lists that
//! compilers leave in them, under `embedded`; needed libraries). Both name the place as evidence, and one component found twice is one component. An
//! executable file that neither explains is a component of kind `file`, so that nothing that runs is missing.
//!
//! The same tree gives the same graph. What could not be read is a blind spot.

mod binaries;
mod databases;
mod embedded;
mod inventory;
mod linking;
mod purl;
mod release;
mod signature;
mod signature_files;
mod stanza;
mod version;

use std::collections::BTreeMap;

use record::BlindSpot;
use unpack::Tree;

use crate::{Bom, Component, ComponentRef};

pub(crate) use inventory::{Inventory, Package};

/// A generated graph.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Generated {
    /// The components of the tree.
    pub bom: Bom,
    /// What was not seen, and why; sorted.
    pub blind_spots: Vec<BlindSpot>,
}

/// What package databases name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Installed {
    /// The packages, sorted.
    pub components: Vec<Component>,
    /// The package to which a file belongs, by path.
    pub owners: BTreeMap<String, ComponentRef>,
    /// What was not seen, and why; sorted.
    pub blind_spots: Vec<BlindSpot>,
}

/// The packages that databases among these files name, each file with its path below the root file system. Of files
/// whose owner is asked for the path suffices: no program is looked at.
pub fn installed(files: impl IntoIterator<Item = (String, Vec<u8>)>) -> Installed {
    let tree: Tree = files.into_iter().collect();
    let mut inventory = Inventory::default();
    databases::read(&tree, &mut inventory);
    let owned: Vec<(String, usize)> =
        tree.files().filter_map(|(path, _)| Some((path.to_owned(), inventory.owner(path)?))).collect();
    let (generated, references) = inventory.finish();
    let reference = |(path, owner): (String, usize)| Some((path, references.get(owner)?.clone()));
    Installed {
        components: generated.bom.components,
        owners: owned.into_iter().filter_map(reference).collect(),
        blind_spots: generated.blind_spots,
    }
}

/// Every component of a tree. `subject` is what the tree is the inside of; it gets an id if it has none.
pub fn generate(tree: &Tree, subject: Option<Component>) -> Generated {
    let mut inventory = Inventory::default();
    for problem in tree.problems() {
        inventory.blind_spot(&problem.path, &problem.what, problem.cause.to_string());
    }
    databases::read(tree, &mut inventory);
    let programs = binaries::read(tree, &mut inventory);
    linking::link(&programs, tree, &mut inventory);
    let (mut generated, _) = inventory.finish();
    if let Some(mut subject) = subject {
        if subject.reference.0.is_empty() {
            subject.reference = ComponentRef("subject".to_owned());
        }
        generated.bom.metadata.subject = Some(subject.reference.clone());
        generated.bom.components.insert(0, subject);
    }
    generated.bom.metadata.tools = vec![format!("sukashi {}", env!("CARGO_PKG_VERSION"))];
    generated
}
