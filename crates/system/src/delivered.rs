//! What is on a host, held against what was delivered.
//!
//! Files are the same where their bytes are, wherever they lie: an image may hold the file tree of a host at any depth.
//! Not here: who signed the list of what was delivered.

use std::collections::{BTreeMap, BTreeSet};

use record::Sha256;

/// Folders whose files are compared: those where programs are installed.
pub const PROGRAM_FOLDERS: &[&str] =
    &["bin", "sbin", "usr/bin", "usr/local/bin", "usr/local/sbin", "usr/sbin"];

/// A difference between a host and what was delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Deviation {
    /// On the host, and not delivered.
    Added,
    /// Delivered under this path with other bytes.
    Changed,
    /// Delivered, and not on the host.
    Missing,
}

impl Deviation {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Changed => "changed",
            Self::Missing => "missing",
        }
    }
}

/// Deviations by path, those of the host by its own paths. `delivered` gives paths inside of what was delivered; those
/// outside of [`PROGRAM_FOLDERS`] serve only to recognise files, since a host does not list what lies elsewhere.
pub fn compare<'a>(
    files: &'a BTreeMap<String, Sha256>,
    delivered: &[(&'a str, Sha256)],
) -> BTreeMap<&'a str, Deviation> {
    let known: BTreeSet<Sha256> = delivered.iter().map(|(_, digest)| *digest).collect();
    let installed: BTreeSet<Sha256> = files.values().copied().collect();
    let mut out = BTreeMap::new();
    for (path, _) in files.iter().filter(|(_, digest)| !known.contains(digest)) {
        let replaced = delivered.iter().any(|(from, _)| is_at(from, path));
        out.insert(path.as_str(), if replaced { Deviation::Changed } else { Deviation::Added });
    }
    for (path, _) in delivered.iter().filter(|(_, digest)| !installed.contains(digest)) {
        if is_program(path) && !files.keys().any(|file| is_at(path, file)) {
            out.insert(path, Deviation::Missing);
        }
    }
    out
}

/// A path inside of what was delivered ends with the path on the host.
fn is_at(delivered: &str, path: &str) -> bool {
    delivered.strip_suffix(path).is_some_and(|before| before.is_empty() || before.ends_with('/'))
}

fn is_program(path: &str) -> bool {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    PROGRAM_FOLDERS.iter().any(|known| is_at(folder, known))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(byte: u8) -> Sha256 {
        Sha256([byte; 32])
    }

    #[test]
    fn files_are_recognised_by_their_bytes_and_then_by_their_place() {
        let files = [("usr/bin/same", 1), ("usr/bin/moved", 2), ("usr/sbin/other", 3), ("bin/own", 4)];
        let files = files.into_iter().map(|(path, byte)| (path.to_owned(), digest(byte))).collect();
        let delivered = [
            ("rootfs/usr/bin/same", digest(1)),
            ("opt/moved", digest(2)),
            ("rootfs/usr/sbin/other", digest(9)),
            ("rootfs/usr/bin/lost", digest(5)),
            // Not where the host lists files.
            ("rootfs/usr/lib/libc.so.6", digest(6)),
            // A folder of programs at any depth.
            ("rootfs/usr/bin/known/bin/down", digest(7)),
        ];
        let found: Vec<(&str, &str)> = compare(&files, &delivered)
            .into_iter()
            .map(|(path, deviation)| (path, deviation.name()))
            .collect();
        assert_eq!(
            found,
            [
                ("bin/own", "added"),
                ("rootfs/usr/bin/known/bin/down", "missing"),
                ("rootfs/usr/bin/lost", "missing"),
                ("usr/sbin/other", "changed"),
            ]
        );
    }
}
