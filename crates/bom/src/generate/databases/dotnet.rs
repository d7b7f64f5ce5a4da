//! .NET programs: `NAME.deps.json`, which lists the packages that a program was published with.
//!
//! Format: .NET runtime, "deps.json file format". Projects of the program itself are no packages.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Database, File};
use crate::generate::purl::Purl;
use crate::generate::{Inventory, Package};
use crate::{Component, ComponentKind};

pub(super) const DATABASE: Database = Database { name: "dotnet", root, read };

fn root(path: &str) -> Option<&str> {
    let before = path.strip_suffix(".deps.json")?;
    Some(before.rfind('/').and_then(|at| before.get(..=at)).unwrap_or_default())
}

#[derive(Deserialize)]
struct Manifest {
    #[serde(default)]
    libraries: BTreeMap<String, Library>,
    #[serde(default)]
    targets: BTreeMap<String, BTreeMap<String, Target>>,
}

#[derive(Deserialize)]
struct Library {
    #[serde(default, rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
struct Target {
    #[serde(default)]
    dependencies: BTreeMap<String, String>,
}

fn read(file: &File<'_>, inventory: &mut Inventory) {
    let manifest: Manifest = match serde_json::from_slice(file.content) {
        Ok(manifest) => manifest,
        Err(error) => return inventory.blind_spot(file.path, ".NET packages", error.to_string()),
    };
    let needs = |key: &str| {
        let targets = manifest.targets.values().filter_map(|target| target.get(key));
        let names = targets.flat_map(|target| target.dependencies.keys());
        names.map(|name| vec![name.clone()]).collect()
    };
    let packages = manifest.libraries.iter().filter(|(_, library)| library.kind == "package");
    let packages = packages.filter_map(|(key, _)| {
        let (name, version) = key.split_once('/')?;
        let purl = Purl { kind: "nuget", name, version, ..Purl::default() };
        let component = Component {
            kind: ComponentKind::Library,
            purl: Some(purl.text()),
            name: name.to_owned(),
            version: Some(version.to_owned()),
            evidence: vec![file.evidence(0)],
            ..Component::default()
        };
        Some(Package { component, needs: needs(key), ..Package::default() })
    });
    inventory.packages(packages.collect());
}
