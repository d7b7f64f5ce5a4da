//! RPM databases (SQLite, ndb, Berkeley DB) are recognised, but not read yet: each is a blind spot.

use super::{Database, File, root_before};
use crate::generate::Inventory;

pub(super) const DATABASE: Database = Database { name: "rpm", root, read };

fn root(path: &str) -> Option<&str> {
    ["rpmdb.sqlite", "Packages.db", "Packages"].into_iter().find_map(|name| {
        let folder = path.strip_suffix(name)?.strip_suffix('/')?;
        root_before(folder, &["var/lib/rpm", "usr/lib/sysimage/rpm"])
    })
}

fn read(file: &File<'_>, inventory: &mut Inventory) {
    inventory.blind_spot(file.path, "rpm package database", "not supported: this kind of rpm database");
}
