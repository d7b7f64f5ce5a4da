//! The package database of Arch Linux and its relatives: `/var/lib/pacman/local/*/desc`.
//!
//! Format: `%KEY%` on a line, values on the following ones, an empty line (`alpm` documentation, `libalpm(3)`).

use std::collections::BTreeMap;

use super::{Database, File, root_before};
use crate::generate::purl::Purl;
use crate::generate::release::Release;
use crate::generate::{Inventory, Package};
use crate::{Component, ComponentKind, Evidence, Licence};

pub(super) const DATABASE: Database = Database { name: "pacman", root, read };

fn root(path: &str) -> Option<&str> {
    let (folder, _) = path.strip_suffix("/desc")?.rsplit_once('/')?;
    root_before(folder, &["var/lib/pacman/local"])
}

/// Each package has a file of its own. The first one reads them all, since they depend on each other.
fn read(file: &File<'_>, inventory: &mut Inventory) {
    let ours = |path: &str| root(path) == Some(file.root);
    let mut all = file.tree.files().filter(|(path, _)| ours(path));
    if all.next().is_some_and(|(path, _)| path != file.path) {
        return;
    }
    let release = Release::of(file.tree, file.root).unwrap_or_default();
    let all = file.tree.files().filter(|(path, _)| ours(path));
    let packages = all.filter_map(|(path, content)| package(file, &release, path, content));
    inventory.packages(packages.collect());
}

fn package(file: &File<'_>, release: &Release, path: &str, content: &[u8]) -> Option<Package> {
    let stated = sections(content);
    let values = |key: &str| stated.get(key).cloned().unwrap_or_default();
    let first = |key: &str| values(key).into_iter().next();
    let (name, version) = (first("NAME")?, first("VERSION")?);
    let purl = Purl {
        kind: "alpm",
        namespace: if release.id.is_empty() { "arch" } else { &release.id },
        name: &name,
        version: &version,
        qualifiers: &[("arch", &first("ARCH").unwrap_or_default())],
    };
    let evidence = Evidence { path: path.to_owned(), ..file.evidence(0) };
    let component = Component {
        kind: ComponentKind::Application,
        purl: Some(purl.text()),
        name,
        version: Some(version),
        supplier: first("PACKAGER").map(|packager| bare(&packager, " <")),
        description: first("DESC"),
        licences: values("LICENSE").into_iter().map(Licence::Named).collect(),
        evidence: vec![evidence],
        ..Component::default()
    };
    let list = path.strip_suffix("desc").and_then(|folder| file.tree.entry(&format!("{folder}files")));
    let mut listed =
        list.and_then(|entry| entry.content()).map(|content| sections(content)).unwrap_or_default();
    let files = listed.remove("FILES").unwrap_or_default();
    Some(Package {
        component,
        provides: values("PROVIDES").iter().map(|need| bare(need, "=")).collect(),
        needs: values("DEPENDS").iter().map(|need| vec![bare(need, "<>=:")]).collect(),
        files: files.iter().filter_map(|stated| file.inside(stated)).collect(),
    })
}

/// The text before the first of `ends` (one of its characters, or all of ` <`).
fn bare(text: &str, ends: &str) -> String {
    let end = if ends.starts_with(' ') { text.find(ends) } else { text.find(|c| ends.contains(c)) };
    text.get(..end.unwrap_or(text.len())).unwrap_or(text).to_owned()
}

fn sections(content: &[u8]) -> BTreeMap<String, Vec<String>> {
    let mut sections: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut key = String::new();
    for line in String::from_utf8_lossy(content).lines() {
        match line.strip_prefix('%').and_then(|rest| rest.strip_suffix('%')) {
            Some(name) => name.clone_into(&mut key),
            None if line.is_empty() => {}
            None => sections.entry(key.clone()).or_default().push(line.to_owned()),
        }
    }
    sections
}
