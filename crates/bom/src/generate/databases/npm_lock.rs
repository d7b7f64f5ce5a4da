//! npm's lock files: `package-lock.json` and `npm-shrinkwrap.json`, versions 1 to 3.
//!
//! Format: npm documentation, "package-lock.json". A lock file tells what should be there: it is read only where no
//! `node_modules` beside it tells what is. Packages that only development needs are left out.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{Database, File};
use crate::generate::purl::Purl;
use crate::generate::{Inventory, Package};
use crate::{Component, ComponentKind, Licence};

pub(super) const DATABASE: Database = Database { name: "npm-lock", root, read };

const NAMES: [&str; 2] = ["package-lock.json", "npm-shrinkwrap.json"];

fn root(path: &str) -> Option<&str> {
    let root = NAMES.iter().find_map(|name| path.strip_suffix(name))?;
    let stands_alone = root.is_empty() || root.ends_with('/');
    (stands_alone && !root.contains("node_modules/")).then_some(root)
}

#[derive(Deserialize)]
struct Lock {
    /// Versions 2 and 3: entries by folder; the empty one is the project itself.
    packages: Option<BTreeMap<String, Entry>>,
    /// Version 1: entries by name, with what stands in their own `node_modules` inside.
    #[serde(default)]
    dependencies: BTreeMap<String, Old>,
}

#[derive(Deserialize)]
struct Entry {
    version: Option<String>,
    license: Option<Value>,
    #[serde(default)]
    dev: bool,
    #[serde(default)]
    link: bool,
    #[serde(default)]
    dependencies: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
struct Old {
    version: Option<String>,
    #[serde(default)]
    dev: bool,
    #[serde(default)]
    requires: Value,
    #[serde(default)]
    dependencies: BTreeMap<String, Old>,
}

fn read(file: &File<'_>, inventory: &mut Inventory) {
    let beside = format!("{}node_modules/", file.root);
    if file.tree.files().any(|(path, _)| path.starts_with(&beside)) {
        return;
    }
    match serde_json::from_slice::<Lock>(file.content) {
        Ok(Lock { packages: Some(packages), .. }) => {
            let stated = packages.into_iter().filter(|(_, entry)| !entry.dev && !entry.link);
            let packages = stated.filter_map(|(folder, entry)| {
                let (_, name) = folder.rsplit_once("node_modules/")?;
                let needs = entry.dependencies.into_keys().collect();
                Some(package(file, name, entry.version?, entry.license.as_ref(), needs))
            });
            inventory.packages(packages.collect());
        }
        Ok(Lock { dependencies, .. }) => inventory.packages(old(file, dependencies)),
        Err(error) => inventory.blind_spot(file.path, "npm lock file", error.to_string()),
    }
}

/// The entries of version 1, which stand inside of each other as deep as the parser allows.
fn old(file: &File<'_>, dependencies: BTreeMap<String, Old>) -> Vec<Package> {
    let mut packages = Vec::new();
    let mut waiting = vec![dependencies];
    while let Some(dependencies) = waiting.pop() {
        for (name, Old { version, dev, requires, dependencies }) in dependencies {
            waiting.push(dependencies);
            if let Some(version) = version.filter(|_| !dev) {
                let needs =
                    requires.as_object().map(|needs| needs.keys().cloned().collect()).unwrap_or_default();
                packages.push(package(file, &name, version, None, needs));
            }
        }
    }
    packages
}

fn package(
    file: &File<'_>,
    full_name: &str,
    version: String,
    license: Option<&Value>,
    needs: Vec<String>,
) -> Package {
    let (group, name) = match full_name.split_once('/') {
        Some((group, name)) => (Some(group.to_owned()), name),
        None => (None, full_name),
    };
    let namespace = group.clone().unwrap_or_default();
    let purl = Purl { kind: "npm", namespace: &namespace, name, version: &version, ..Purl::default() };
    let component = Component {
        kind: ComponentKind::Library,
        purl: Some(purl.text()),
        group,
        name: name.to_owned(),
        version: Some(version),
        licences: license
            .and_then(Value::as_str)
            .map(|text| Licence::Named(text.to_owned()))
            .into_iter()
            .collect(),
        evidence: vec![file.evidence(0)],
        ..Component::default()
    };
    Package {
        component,
        provides: vec![full_name.to_owned()],
        needs: needs.into_iter().map(|need| vec![need]).collect(),
        files: Vec::new(),
    }
}
