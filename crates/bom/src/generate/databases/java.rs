//! Java archives: `META-INF/maven/GROUP/NAME/pom.properties`, else the archive's own manifest.
//!
//! Archives are unpacked before, also those inside of others, so that each manifest stands under the path of its archive.
//! Sources: Maven archiver, "pom.properties"; JAR file specification, "Main attributes"; OSGi core, `Bundle-SymbolicName`.

use super::{Database, File};
use crate::generate::purl::Purl;
use crate::generate::stanza::stanzas;
use crate::generate::{Inventory, Package};
use crate::{Component, ComponentKind};

pub(super) const DATABASE: Database = Database { name: "java", root, read };

const ARCHIVES: [&str; 4] = [".jar", ".war", ".ear", ".aar"];

fn root(path: &str) -> Option<&str> {
    if let Some(before) = path.strip_suffix("/pom.properties") {
        let at = before.find("META-INF/maven/")?;
        return before.get(..at);
    }
    let archive = path.strip_suffix("/META-INF/MANIFEST.MF")?;
    ARCHIVES.iter().any(|end| archive.ends_with(end)).then(|| path.get(..=archive.len()).unwrap_or_default())
}

fn read(file: &File<'_>, inventory: &mut Inventory) {
    let package = match file.path.ends_with("pom.properties") {
        true => properties(file),
        // A manifest says less: it counts where there are no properties.
        false if has_properties(file) => return,
        false => manifest(file),
    };
    match package {
        Some(component) => inventory.packages(vec![Package { component, ..Package::default() }]),
        None => inventory.blind_spot(file.path, "java archive", "it states no name or no version"),
    }
}

fn has_properties(file: &File<'_>) -> bool {
    let start = format!("{}META-INF/maven/", file.root);
    file.tree.files().any(|(path, _)| path.starts_with(&start) && path.ends_with("/pom.properties"))
}

fn component(file: &File<'_>, group: &str, name: &str, version: &str) -> Component {
    let purl = Purl { kind: "maven", namespace: group, name, version, ..Purl::default() };
    Component {
        kind: ComponentKind::Library,
        purl: (!group.is_empty()).then(|| purl.text()),
        group: Some(group.to_owned()).filter(|group| !group.is_empty()),
        name: name.to_owned(),
        version: Some(version.to_owned()),
        evidence: vec![file.evidence(0)],
        ..Component::default()
    }
}

fn properties(file: &File<'_>) -> Option<Component> {
    let text = String::from_utf8_lossy(file.content);
    let get = |key: &str| {
        let line = text
            .lines()
            .find_map(|line| line.trim().strip_prefix(key)?.trim_start().strip_prefix(['=', ':']));
        line.map(str::trim).filter(|value| !value.is_empty())
    };
    Some(component(file, get("groupId")?, get("artifactId")?, get("version")?))
}

fn manifest(file: &File<'_>) -> Option<Component> {
    let (_, main) = stanzas(file.content).next()?;
    let first = |keys: [&str; 3]| keys.into_iter().find_map(|key| main.first_line(key)).map(str::to_owned);
    let version = first(["implementation-version", "bundle-version", "specification-version"])?;
    let symbolic = main.first_line("bundle-symbolicname").and_then(|name| name.split(';').next());
    // A symbolic name is, by convention, the group with the name behind it.
    let (group, name) = match (
        main.first_line("implementation-vendor-id"),
        symbolic.and_then(|name| name.rsplit_once('.')),
    ) {
        (Some(group), named) => (group.to_owned(), named.map(|(_, name)| name.to_owned())),
        (None, Some((group, name))) => (group.to_owned(), Some(name.to_owned())),
        (None, None) => (String::new(), None),
    };
    let archive = file.root.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let stem = ARCHIVES.iter().find_map(|end| archive.strip_suffix(end)).unwrap_or(archive);
    let of_file = stem.strip_suffix(&format!("-{version}")).unwrap_or(stem).to_owned();
    let title =
        main.first_line("implementation-title").filter(|title| !title.contains(' ')).map(str::to_owned);
    let name = name.or(title).unwrap_or(of_file);
    Some(component(file, &group, &name, &version))
}
