//! Installed npm packages: `node_modules/NAME/package.json`.
//!
//! Format: npm documentation, "package.json". A lock file tells what should be there; the folders tell what is.

use serde::Deserialize;
use serde_json::Value;

use super::{Database, File};
use crate::generate::purl::Purl;
use crate::generate::{Inventory, Package};
use crate::{Component, ComponentKind, Licence};

pub(super) const DATABASE: Database = Database { name: "npm", root, read };

/// `…/node_modules/NAME/package.json` or `…/node_modules/@SCOPE/NAME/package.json`; deeper ones are parts of a package.
fn root(path: &str) -> Option<&str> {
    let folder = path.strip_suffix("/package.json")?;
    let (root, name) = folder.rsplit_once("node_modules/")?;
    let parts = name.split('/').count();
    let whole = parts == 1 || parts == 2 && name.starts_with('@');
    (whole && (root.is_empty() || root.ends_with('/'))).then_some(root)
}

#[derive(Deserialize)]
struct Manifest {
    name: String,
    version: Option<String>,
    description: Option<Value>,
    license: Option<Value>,
}

fn read(file: &File<'_>, inventory: &mut Inventory) {
    let manifest: Manifest = match serde_json::from_slice(file.content) {
        Ok(manifest) => manifest,
        Err(error) => return inventory.blind_spot(file.path, "npm package", error.to_string()),
    };
    let (group, name) = match manifest.name.split_once('/') {
        Some((group, name)) => (Some(group.to_owned()), name.to_owned()),
        None => (None, manifest.name),
    };
    let version = manifest.version.unwrap_or_default();
    let namespace = group.clone().unwrap_or_default();
    let purl = Purl { kind: "npm", namespace: &namespace, name: &name, version: &version, ..Purl::default() };
    let text = |value: Option<Value>| value.as_ref().and_then(Value::as_str).map(str::to_owned);
    let component = Component {
        kind: ComponentKind::Library,
        purl: Some(purl.text()),
        group,
        name,
        version: Some(version).filter(|version| !version.is_empty()),
        description: text(manifest.description),
        licences: text(manifest.license).map(Licence::Named).into_iter().collect(),
        evidence: vec![file.evidence(0)],
        ..Component::default()
    };
    inventory.packages(vec![Package { component, ..Package::default() }]);
}
