//! Installed Python packages: `NAME-VERSION.dist-info/METADATA` and `.egg-info/PKG-INFO`.
//!
//! Format: Python packaging specification "Core metadata"; names are normalised as PEP 503 says.

use super::{Database, File};
use crate::generate::purl::Purl;
use crate::generate::stanza::stanzas;
use crate::generate::{Inventory, Package};
use crate::{Component, ComponentKind, Licence};

pub(super) const DATABASE: Database = Database { name: "python", root, read };

fn root(path: &str) -> Option<&str> {
    let folder = path.strip_suffix("/METADATA").or_else(|| path.strip_suffix("/PKG-INFO"))?;
    let (root, name) = folder.rsplit_once('/').unwrap_or(("", folder));
    (name.ends_with(".dist-info") || name.ends_with(".egg-info")).then_some(root)
}

fn read(file: &File<'_>, inventory: &mut Inventory) {
    // The description follows after the first empty line.
    let Some((offset, stanza)) = stanzas(file.content).next() else { return };
    let (Some(name), Some(version)) = (stanza.get("name"), stanza.get("version")) else {
        inventory.blind_spot(file.path, "python package", "it states no name or no version");
        return;
    };
    let normal = name.to_ascii_lowercase().replace(['_', '.'], "-");
    let purl = Purl { kind: "pypi", name: &normal, version, ..Purl::default() };
    let component = Component {
        kind: ComponentKind::Library,
        name: name.to_owned(),
        version: Some(version.to_owned()),
        originator: stanza.first_line("author").map(str::to_owned),
        description: stanza.first_line("summary").map(str::to_owned),
        purl: Some(purl.text()),
        licences: stanza
            .get("license-expression")
            .map(|text| Licence::Expression(text.to_owned()))
            .or_else(|| stanza.first_line("license").map(|text| Licence::Named(text.to_owned())))
            .into_iter()
            .collect(),
        evidence: vec![file.evidence(offset)],
        ..Component::default()
    };
    inventory.packages(vec![Package { component, ..Package::default() }]);
}
