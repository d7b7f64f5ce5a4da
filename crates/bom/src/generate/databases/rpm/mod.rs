//! RPM's package database: the headers of installed packages, in one of three containers.
//!
//! Containers: SQLite (`rpmdb.sqlite`, Fedora 33 and later, RHEL 9), ndb (`Packages.db`, SUSE), Berkeley DB's hash (`Packages`,
//! until RHEL 8). Each gives the same headers (`header`). They are only read: no index, no lock, no journal. A journal
//! that holds changes is a blind spot.

mod berkeley;
mod header;
mod ndb;
mod sqlite;

use super::{Database, File, root_before};
use crate::generate::purl::Purl;
use crate::generate::release::Release;
use crate::generate::{Inventory, Package};
use crate::{Component, ComponentKind, Licence};

use header::{Header, Tag};

pub(super) const DATABASE: Database = Database { name: "rpm", root, read };

/// Places of the database's folder.
const FOLDERS: [&str; 2] = ["var/lib/rpm", "usr/lib/sysimage/rpm"];
const WHAT: &str = "rpm package database";

/// The headers of one container, each with the place of its first byte.
type Blobs = Vec<(u64, Vec<u8>)>;

/// Why a container cannot be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum ContainerError {
    #[error("it is of none of the kinds SQLite, ndb and Berkeley DB hash")]
    Unknown,
    #[error("`{what}` at offset {at} is damaged")]
    Damaged { what: &'static str, at: u64 },
    #[error("its headers together are longer than the file")]
    Overlap,
}

fn root(path: &str) -> Option<&str> {
    ["rpmdb.sqlite", "Packages.db", "Packages"].into_iter().find_map(|name| {
        let folder = path.strip_suffix(name)?.strip_suffix('/')?;
        root_before(folder, &FOLDERS)
    })
}

fn read(file: &File<'_>, inventory: &mut Inventory) {
    let journal = format!("{}-wal", file.path);
    if file.tree.entry(&journal).and_then(|entry| entry.content()).is_some_and(|content| !content.is_empty())
    {
        inventory.blind_spot(&journal, WHAT, "a journal holds changes that are not read");
    }
    match container(file.content) {
        Ok(blobs) => packages(file, &blobs, inventory),
        Err(why) => inventory.blind_spot(file.path, WHAT, why.to_string()),
    }
}

fn container(content: &[u8]) -> Result<Blobs, ContainerError> {
    for read in [sqlite::read, ndb::read, berkeley::read] {
        if let Some(blobs) = read(content) {
            return blobs;
        }
    }
    Err(ContainerError::Unknown)
}

fn packages(file: &File<'_>, blobs: &Blobs, inventory: &mut Inventory) {
    let release = Release::of(file.tree, file.root).unwrap_or_default();
    let mut packages = Vec::new();
    for (offset, blob) in blobs {
        match Header::parse(blob) {
            // Keys of signatures are kept as packages.
            Some(header) if header.text(Tag::NAME) == Some("gpg-pubkey") => {}
            Some(header) => packages.extend(package(file, &release, *offset, &header)),
            None => {
                inventory.blind_spot(file.path, WHAT, format!("the header at offset {offset} is damaged"))
            }
        }
    }
    inventory.packages(packages);
}

fn package(file: &File<'_>, release: &Release, offset: u64, header: &Header<'_>) -> Option<Package> {
    let text = |tag| header.text(tag).unwrap_or_default();
    let name = header.text(Tag::NAME)?;
    let epoch = header.numbers(Tag::EPOCH).next();
    let evr = match text(Tag::RELEASE) {
        "" => text(Tag::VERSION).to_owned(),
        revision => format!("{}-{revision}", text(Tag::VERSION)),
    };
    let purl = Purl {
        kind: "rpm",
        namespace: &release.id,
        name,
        version: &evr,
        qualifiers: &[
            ("arch", text(Tag::ARCH)),
            ("distro", &release.distro()),
            ("epoch", &epoch.map(|epoch| epoch.to_string()).unwrap_or_default()),
            ("upstream", &upstream(text(Tag::SOURCE), name)),
        ],
    };
    let stated = |tag| header.text(tag).filter(|text| !text.is_empty()).map(str::to_owned);
    let component = Component {
        kind: ComponentKind::Application,
        purl: Some(purl.text()),
        name: name.to_owned(),
        version: Some(epoch.map_or_else(|| evr.clone(), |epoch| format!("{epoch}:{evr}"))),
        supplier: stated(Tag::VENDOR).or_else(|| stated(Tag::PACKAGER)),
        description: stated(Tag::SUMMARY),
        licences: stated(Tag::LICENCE).map(Licence::Named).into_iter().collect(),
        evidence: vec![file.evidence(offset)],
        ..Component::default()
    };
    let needs = header.texts(Tag::REQUIRES).filter(|need| !need.starts_with("rpmlib("));
    Some(Package {
        component,
        provides: header.texts(Tag::PROVIDES).map(str::to_owned).collect(),
        needs: needs.map(|need| vec![need.to_owned()]).collect(),
        files: files(header).iter().filter_map(|stated| file.inside(stated)).collect(),
    })
}

/// Source package, where it is called otherwise: of `glibc-2.34-60.el9.src.rpm` it is `glibc@2.34-60.el9`.
fn upstream(source: &str, name: &str) -> String {
    let bare = source.strip_suffix(".src.rpm").or_else(|| source.strip_suffix(".nosrc.rpm"));
    let mut parts = bare.unwrap_or_default().rsplitn(3, '-');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(release), Some(version), Some(of)) if of != name => format!("{of}@{version}-{release}"),
        _ => String::new(),
    }
}

/// Paths of a package's files: a folder's number and a name each, or, before 1999, whole paths.
fn files(header: &Header<'_>) -> Vec<String> {
    let folders: Vec<&str> = header.texts(Tag::FOLDERS).collect();
    let numbered = header.numbers(Tag::FOLDER_OF).zip(header.texts(Tag::FILES));
    let path =
        |(folder, name): (u32, &str)| Some(format!("{}{name}", folders.get(usize::try_from(folder).ok()?)?));
    numbered.filter_map(path).chain(header.texts(Tag::OLD_FILES).map(str::to_owned)).collect()
}

/// Bytes of a number in a container.
#[derive(Clone, Copy)]
enum Order {
    Big,
    Little,
}

impl Order {
    fn u16(self, bytes: &[u8], at: usize) -> Option<u16> {
        let bytes = bytes.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(match self {
            Self::Big => u16::from_be_bytes(bytes),
            Self::Little => u16::from_le_bytes(bytes),
        })
    }

    fn u32(self, bytes: &[u8], at: usize) -> Option<u32> {
        let bytes = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(match self {
            Self::Big => u32::from_be_bytes(bytes),
            Self::Little => u32::from_le_bytes(bytes),
        })
    }

    /// A number that counts or points within a file.
    fn size(self, bytes: &[u8], at: usize) -> Option<usize> {
        usize::try_from(self.u32(bytes, at)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn source_packages_are_told_from_their_files_names() {
        assert_eq!(upstream("glibc-2.34-60.el9.src.rpm", "glibc-common"), "glibc@2.34-60.el9");
        assert_eq!(upstream("python-six-1.15.0-9.el9.src.rpm", "python3-six"), "python-six@1.15.0-9.el9");
        assert_eq!(
            (upstream("zlib-1.2-1.src.rpm", "zlib"), upstream("(none)", "x")),
            (String::new(), String::new())
        );
    }

    #[test]
    fn what_no_container_is_says_so() {
        assert_eq!(container(b"nothing"), Err(ContainerError::Unknown));
        assert_eq!(
            container(b"SQLite format 3\0").unwrap_err().to_string(),
            "`header` at offset 0 is damaged"
        );
    }
}
