//! Installed packages and whose a program is, from the databases of `dpkg`, `rpm`, `apk`, `opkg` and `pacman`.
//!
//! The files are found here; `bom` reads them, as it reads those inside of images.

use std::collections::BTreeSet;

use super::{Collector, bytes};
use crate::Software;
use crate::import::{id, located};

/// Most bytes of one file: databases of `rpm` reach hundreds of megabytes.
const MAX_FILE: u64 = 1 << 30;

/// Folders, and the ends of the names of the files in them that are read. A folder with `*` stands for all inside.
const PLACES: &[(&str, &[&str])] = &[
    ("lib/apk/db", &["installed"]),
    ("lib/opkg", &["status"]),
    ("lib/opkg/info", &[".list"]),
    ("opt/lib/opkg", &["status"]),
    ("opt/lib/opkg/info", &[".list"]),
    ("usr/lib/apk/db", &["installed"]),
    ("usr/lib/ipkg", &["status"]),
    ("usr/lib/ipkg/info", &[".list"]),
    ("usr/lib/opkg", &["status"]),
    ("usr/lib/opkg/info", &[".list"]),
    ("usr/lib/sysimage/rpm", RPM),
    ("var/lib/dpkg", &["status"]),
    ("var/lib/dpkg/info", &[".list"]),
    // Of images that hold no `dpkg`: a file a package.
    ("var/lib/dpkg/status.d", &[""]),
    ("var/lib/ipkg", &["status"]),
    ("var/lib/opkg", &["status"]),
    ("var/lib/opkg/info", &[".list"]),
    ("var/lib/pacman/local/*", &["desc", "files"]),
    ("var/lib/rpm", RPM),
];
const RPM: &[&str] = &["Packages", "Packages.db", "rpmdb.sqlite", "rpmdb.sqlite-wal"];
/// Where a distribution says its name and version.
const RELEASES: &[&str] = &["etc/openwrt_release", "etc/os-release", "usr/lib/os-release"];

/// All packages; those that hold one of `programs`, absolute paths, are kept as their owners.
pub(super) fn read(collector: &mut Collector<'_>, programs: &BTreeSet<String>) {
    let databases = databases(collector);
    if databases.is_empty() {
        let why = "no database of `dpkg`, `rpm`, `apk`, `opkg` or `pacman` could be read";
        collector.leave(1, "packages", why);
    }
    let releases = RELEASES
        .iter()
        .filter_map(|path| Some(((*path).to_owned(), collector.text_if_any(path)?.into_bytes())));
    let mut files: Vec<(String, Vec<u8>)> = releases.collect();
    files.extend(programs.iter().map(|path| (path.trim_start_matches('/').to_owned(), Vec::new())));
    files.extend(databases);
    let installed = bom::installed(files);
    for spot in &installed.blind_spots {
        let place = spot.artifact.as_deref().unwrap_or("packages");
        collector.leave(1, place, &format!("{}: {}", spot.what, spot.why));
    }
    for component in &installed.components {
        let software = state(collector, component);
        let owned = installed.owners.iter().filter(|(_, owner)| **owner == component.reference);
        collector.owners.extend(owned.map(|(path, _)| (format!("/{path}"), software.clone())));
    }
}

fn state(collector: &mut Collector<'_>, component: &bom::Component) -> String {
    let version = component.version.as_deref().unwrap_or_default();
    let title = format!("{} {version}", component.name).trim_end().to_owned();
    let software = id(&title);
    let stated = Software {
        purl: component.purl.clone().map(|purl| located(purl, 1)),
        cpe: component.cpes.first().cloned().map(|cpe| located(cpe, 1)),
        title: Some(title),
        ..Software::default()
    };
    collector.out.document.software.entry(software.clone()).or_insert_with(|| located(stated, 1));
    collector.entry.software.push(located(software.clone(), 1));
    software
}

/// The files that are there, each once: some places are links to others.
fn databases(collector: &mut Collector<'_>) -> Vec<(String, Vec<u8>)> {
    let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
    for (folder, ends) in PLACES {
        for folder in folders(collector, folder) {
            for name in collector.names(&folder) {
                let path = format!("{folder}/{name}");
                let wanted = ends.iter().any(|end| name.ends_with(end));
                let Ok(place) = std::fs::canonicalize(collector.root.join(&path)) else { continue };
                if !wanted || !place.is_file() || !seen.insert(place.clone()) {
                    continue;
                }
                match bytes(&place, MAX_FILE) {
                    Ok(content) => found.push((path, content)),
                    Err(error) => collector.leave(1, &path, &format!("cannot be read: {}", error.kind())),
                }
            }
        }
    }
    found
}

fn folders(collector: &mut Collector<'_>, folder: &str) -> Vec<String> {
    match folder.strip_suffix("/*") {
        Some(parent) => collector.names(parent).iter().map(|name| format!("{parent}/{name}")).collect(),
        None => vec![folder.to_owned()],
    }
}
