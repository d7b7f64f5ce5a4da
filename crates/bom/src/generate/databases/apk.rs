//! Alpine's package database: `/lib/apk/db/installed`.
//!
//! Format: apk(5) "installed database": one letter, a colon, the value; paragraphs end with an empty line.

use super::{Database, File, root_before};
use crate::generate::purl::Purl;
use crate::generate::release::Release;
use crate::generate::{Inventory, Package};
use crate::{ComponentKind, Licence};

pub(super) const DATABASE: Database = Database { name: "apk", root, read };

fn root(path: &str) -> Option<&str> {
    root_before(path, &["usr/lib/apk/db/installed", "lib/apk/db/installed"])
}

#[derive(Default)]
struct Entry {
    package: Package,
    architecture: String,
    origin: String,
    folder: String,
    offset: u64,
}

fn read(file: &File<'_>, inventory: &mut Inventory) {
    let release = Release::of(file.tree, file.root).unwrap_or_default();
    let text = String::from_utf8_lossy(file.content);
    let (mut packages, mut entry, mut offset) = (Vec::new(), Entry::default(), 0);
    for line in text.split_inclusive('\n').chain(["\n"]) {
        let here = offset;
        offset += line.len() as u64;
        match line.trim_end().split_once(':') {
            Some((key, value)) => {
                if entry.package.component.name.is_empty() {
                    entry.offset = here;
                }
                take(&mut entry, key, value, file);
            }
            None => packages.extend(finish(std::mem::take(&mut entry), file, &release)),
        }
    }
    inventory.packages(packages);
}

fn take(entry: &mut Entry, key: &str, value: &str, file: &File<'_>) {
    let package = &mut entry.package;
    match key {
        "P" => value.clone_into(&mut package.component.name),
        "V" => package.component.version = Some(value.to_owned()),
        "A" => value.clone_into(&mut entry.architecture),
        "o" => value.clone_into(&mut entry.origin),
        "T" => package.component.description = Some(value.to_owned()),
        "L" => package.component.licences.push(Licence::Named(value.to_owned())),
        "m" => package.component.supplier = Some(value.split(" <").next().unwrap_or(value).to_owned()),
        "p" => package.provides.extend(value.split_whitespace().map(bare)),
        "D" => package
            .needs
            .extend(value.split_whitespace().filter(|n| !n.starts_with('!')).map(|n| vec![bare(n)])),
        "F" => value.clone_into(&mut entry.folder),
        "R" => package.files.extend(file.inside(&format!("{}/{value}", entry.folder))),
        _ => {}
    }
}

/// A name without its version condition.
fn bare(need: &str) -> String {
    need.split(['=', '<', '>', '~']).next().unwrap_or(need).to_owned()
}

fn finish(mut entry: Entry, file: &File<'_>, release: &Release) -> Option<Package> {
    let component = &mut entry.package.component;
    if component.name.is_empty() {
        return None;
    }
    let version = component.version.clone().unwrap_or_default();
    let upstream = if entry.origin == component.name { "" } else { entry.origin.as_str() };
    let purl = Purl {
        kind: "apk",
        namespace: if release.id.is_empty() { "alpine" } else { &release.id },
        name: &component.name,
        version: &version,
        qualifiers: &[("arch", &entry.architecture), ("distro", &release.distro()), ("upstream", upstream)],
    };
    component.purl = Some(purl.text());
    component.kind = ComponentKind::Application;
    component.evidence = vec![file.evidence(entry.offset)];
    Some(entry.package)
}
