//! The package database of OpenWrt and its relatives: opkg, formerly ipkg.
//!
//! Format as dpkg's, with `License` and `CPE-ID` (OpenWrt `include/package-pack.mk`). Owners of files:
//! `info/*.list` beside the status file.

use super::dpkg::{from_stanza, is_installed};
use super::{Database, File, root_before};
use crate::Licence;
use crate::generate::purl::Purl;
use crate::generate::release::Release;
use crate::generate::stanza::{Stanza, stanzas};
use crate::generate::{Inventory, Package};

pub(super) const DATABASE: Database = Database { name: "opkg", root, read };

/// Places of the status file: OpenWrt, Yocto, Entware, and the old name.
const PLACES: [&str; 6] = [
    "usr/lib/opkg/status",
    "var/lib/opkg/status",
    "lib/opkg/status",
    "opt/lib/opkg/status",
    "usr/lib/ipkg/status",
    "var/lib/ipkg/status",
];

fn root(path: &str) -> Option<&str> {
    // `lib/opkg/status` is the end of the longer places, which stand before it.
    root_before(path, &PLACES)
}

fn read(file: &File<'_>, inventory: &mut Inventory) {
    let release = Release::of(file.tree, file.root).unwrap_or_default();
    let installed = stanzas(file.content).filter(|(_, stanza)| is_installed(stanza));
    let packages = installed.filter_map(|(offset, stanza)| package(file, &release, offset, &stanza));
    inventory.packages(packages.collect());
}

fn package(file: &File<'_>, release: &Release, offset: u64, stanza: &Stanza) -> Option<Package> {
    let name = stanza.get("package")?;
    let purl = Purl {
        kind: "opkg",
        namespace: &release.id,
        name,
        version: stanza.get("version")?,
        qualifiers: &[
            ("arch", stanza.get("architecture").unwrap_or_default()),
            ("distro", &release.distro()),
        ],
    };
    let mut package = from_stanza(file, offset, stanza, purl.text())?;
    package.component.licences.extend(stanza.get("license").map(|text| Licence::Named(text.to_owned())));
    package.component.cpes.extend(stanza.get("cpe-id").map(str::to_owned));
    let folder = file.path.strip_suffix("status").unwrap_or_default();
    package.files = file.listed(&format!("{folder}info/{name}.list")).unwrap_or_default();
    Some(package)
}
