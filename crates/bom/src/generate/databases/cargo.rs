//! What a Rust program was built from: `Cargo.lock`.
//!
//! Format: Cargo book, "Cargo.toml vs Cargo.lock". Packages without `source` are the project's own.

use serde::Deserialize;

use super::{Database, File, root_before};
use crate::generate::purl::Purl;
use crate::generate::{Inventory, Package};
use crate::{Component, ComponentKind, HashAlgorithm};

pub(super) const DATABASE: Database = Database { name: "cargo", root, read };

fn root(path: &str) -> Option<&str> {
    root_before(path, &["Cargo.lock"])
}

#[derive(Deserialize)]
struct Lock {
    #[serde(default)]
    package: Vec<Locked>,
}

#[derive(Deserialize)]
struct Locked {
    name: String,
    version: String,
    checksum: Option<String>,
    #[serde(default)]
    dependencies: Vec<String>,
}

fn read(file: &File<'_>, inventory: &mut Inventory) {
    let lock: Result<Lock, _> = toml::from_str(&String::from_utf8_lossy(file.content));
    match lock {
        Ok(lock) => {
            inventory.packages(lock.package.into_iter().map(|locked| package(locked, file)).collect())
        }
        Err(error) => inventory.blind_spot(file.path, "Cargo.lock", error.message()),
    }
}

fn package(locked: Locked, file: &File<'_>) -> Package {
    let purl = Purl { kind: "cargo", name: &locked.name, version: &locked.version, ..Purl::default() };
    // A dependency names the version where there are several: `name version (source)`.
    let exact = format!("{} {}", locked.name, locked.version);
    let need = |stated: &String| {
        let mut words = stated.split(' ');
        let name = words.next().unwrap_or_default();
        vec![words.next().map_or_else(|| name.to_owned(), |version| format!("{name} {version}"))]
    };
    Package {
        needs: locked.dependencies.iter().map(need).collect(),
        provides: vec![exact],
        component: Component {
            kind: ComponentKind::Library,
            purl: Some(purl.text()),
            name: locked.name,
            version: Some(locked.version),
            hashes: locked.checksum.map(|digest| (HashAlgorithm::Sha256, digest)).into_iter().collect(),
            evidence: vec![file.evidence(0)],
            ..Component::default()
        },
        files: Vec::new(),
    }
}
