//! Installed PHP packages: `vendor/composer/installed.json`.
//!
//! Format: Composer documentation; version 1 is a list, version 2 an object with `packages`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{Database, File, root_before};
use crate::generate::purl::Purl;
use crate::generate::{Inventory, Package};
use crate::{Component, ComponentKind, Licence};

pub(super) const DATABASE: Database = Database { name: "composer", root, read };

fn root(path: &str) -> Option<&str> {
    root_before(path, &["vendor/composer/installed.json"])
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Installed {
    Second { packages: Vec<Manifest> },
    First(Vec<Manifest>),
}

#[derive(Deserialize)]
struct Manifest {
    name: String,
    version: String,
    description: Option<String>,
    #[serde(default)]
    license: Vec<String>,
    #[serde(default)]
    require: BTreeMap<String, Value>,
}

fn read(file: &File<'_>, inventory: &mut Inventory) {
    let installed: Result<Installed, _> = serde_json::from_slice(file.content);
    match installed {
        Ok(Installed::Second { packages } | Installed::First(packages)) => {
            inventory.packages(packages.into_iter().map(|manifest| package(manifest, file)).collect());
        }
        Err(error) => inventory.blind_spot(file.path, "composer packages", error.to_string()),
    }
}

fn package(manifest: Manifest, file: &File<'_>) -> Package {
    let (vendor, name) = manifest.name.split_once('/').unwrap_or(("", &manifest.name));
    let version = manifest.version.strip_prefix('v').unwrap_or(&manifest.version);
    let purl = Purl { kind: "composer", namespace: vendor, name, version, ..Purl::default() };
    let component = Component {
        kind: ComponentKind::Library,
        purl: Some(purl.text()),
        group: Some(vendor.to_owned()).filter(|vendor| !vendor.is_empty()),
        name: name.to_owned(),
        version: Some(version.to_owned()),
        description: manifest.description,
        licences: manifest.license.into_iter().map(Licence::Named).collect(),
        evidence: vec![file.evidence(0)],
        ..Component::default()
    };
    Package {
        component,
        provides: vec![manifest.name],
        needs: manifest.require.into_keys().map(|name| vec![name]).collect(),
        files: Vec::new(),
    }
}
