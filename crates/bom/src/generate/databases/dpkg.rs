//! Debian's package database: `/var/lib/dpkg/status`, and `status.d` of images that hold no dpkg.
//!
//! Format: deb-control(5), dpkg(1). Owners of files: `/var/lib/dpkg/info/*.list`.

use super::{Database, File, root_before};
use crate::generate::purl::Purl;
use crate::generate::release::Release;
use crate::generate::stanza::{Stanza, stanzas};
use crate::generate::{Inventory, Package};
use crate::{Component, ComponentKind};

pub(super) const DATABASE: Database = Database { name: "dpkg", root, read };

fn root(path: &str) -> Option<&str> {
    root_before(path, &["var/lib/dpkg/status"]).or_else(|| {
        let (before, name) = path.rsplit_once('/')?;
        if name.ends_with(".md5sums") { None } else { root_before(before, &["var/lib/dpkg/status.d"]) }
    })
}

fn read(file: &File<'_>, inventory: &mut Inventory) {
    let release = Release::of(file.tree, file.root).unwrap_or_default();
    let packages = stanzas(file.content).filter(|(_, stanza)| is_installed(stanza));
    let packages = packages.filter_map(|(offset, stanza)| package(file, &release, offset, &stanza));
    inventory.packages(packages.collect());
}

/// dpkg keeps entries of removed packages.
pub(super) fn is_installed(stanza: &Stanza) -> bool {
    let state = stanza.get("status").and_then(|status| status.split_whitespace().nth(2));
    !matches!(state, Some("not-installed" | "config-files"))
}

fn package(file: &File<'_>, release: &Release, offset: u64, stanza: &Stanza) -> Option<Package> {
    let (name, version) = (stanza.get("package")?, stanza.get("version")?);
    // Everything that uses dpkg descends from Debian.
    let vendor = if release.id.is_empty() { "debian" } else { &release.id };
    let purl = Purl {
        kind: "deb",
        namespace: vendor,
        name,
        version,
        qualifiers: &[
            ("arch", stanza.get("architecture").unwrap_or_default()),
            ("distro", &release.distro()),
            ("upstream", &upstream(stanza, version)),
        ],
    };
    let mut package = from_stanza(file, offset, stanza, purl.text())?;
    package.files = files(file, name, stanza.get("architecture").unwrap_or_default());
    Some(package)
}

/// Source package, where its name or version differ: `glibc@2.36-9`.
fn upstream(stanza: &Stanza, version: &str) -> String {
    let Some(source) = stanza.get("source") else { return String::new() };
    match source.split_once('(') {
        Some((name, other)) => format!("{}@{}", name.trim(), other.trim_end_matches(')').trim()),
        None => format!("{source}@{version}"),
    }
}

/// What dpkg and opkg state alike.
pub(super) fn from_stanza(file: &File<'_>, offset: u64, stanza: &Stanza, purl: String) -> Option<Package> {
    let supplier = stanza.first_line("maintainer").map(without_mail);
    let component = Component {
        kind: ComponentKind::Application,
        name: stanza.get("package")?.to_owned(),
        version: stanza.get("version").map(str::to_owned),
        supplier: supplier.map(str::to_owned).filter(|name| !name.is_empty()),
        description: stanza.first_line("description").map(str::to_owned),
        purl: Some(purl),
        evidence: vec![file.evidence(offset)],
        ..Component::default()
    };
    let needs = ["depends", "pre-depends"].into_iter().filter_map(|key| stanza.get(key)).flat_map(needs);
    let provides = stanza.get("provides").map(needs_of_provides).unwrap_or_default();
    Some(Package { component, provides, needs: needs.collect(), files: Vec::new() })
}

fn without_mail(maintainer: &str) -> &str {
    maintainer.split('<').next().unwrap_or(maintainer).trim().trim_matches('"')
}

/// `a (>= 1), b:any | c` as names, by need and alternative.
fn needs(list: &str) -> Vec<Vec<String>> {
    let name = |one: &str| {
        let end = one.find(['(', '[', '<', ':', ' ']).unwrap_or(one.len());
        one.get(..end).unwrap_or(one).to_owned()
    };
    let need = |need: &str| need.split('|').map(|one| name(one.trim())).filter(|n| !n.is_empty()).collect();
    list.split(',').map(need).filter(|names: &Vec<String>| !names.is_empty()).collect()
}

fn needs_of_provides(list: &str) -> Vec<String> {
    needs(list).into_iter().flatten().collect()
}

/// Paths that `info/NAME.list` (or `info/NAME:ARCH.list`) names, as paths of the tree.
fn files(file: &File<'_>, name: &str, architecture: &str) -> Vec<String> {
    let folder = format!("{}var/lib/dpkg/info", file.root);
    let plain = format!("{folder}/{name}.list");
    let multi = format!("{folder}/{name}:{architecture}.list");
    [plain, multi].iter().find_map(|list| file.listed(list)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn needs_are_names_by_alternative() {
        assert_eq!(
            needs("libc6 (>= 2.36), debconf | cdebconf:any, "),
            [vec!["libc6".to_owned()], vec!["debconf".to_owned(), "cdebconf".to_owned()]]
        );
    }

    #[test]
    fn single_files_of_images_without_dpkg_are_found() {
        assert_eq!(root("x/var/lib/dpkg/status.d/base"), Some("x/"));
        assert_eq!(root("var/lib/dpkg/status.d/base.md5sums"), None);
        assert_eq!(root("var/lib/dpkg/status-old"), None);
    }
}
