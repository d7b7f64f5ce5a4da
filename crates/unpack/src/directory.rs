//! A folder on disk. Links are recorded, never followed; devices are never opened.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::formats::{Found, Kind};
use crate::limits::Meter;
use crate::path::escape;
use crate::problem::Problem;
use crate::{Bytes, Cause};

/// Every entry below `root`, in no particular order, and what could not be read.
pub(crate) fn read(root: &Path, meter: &mut Meter) -> (Vec<Found>, Vec<Problem>) {
    let (mut found, mut problems) = (Vec::new(), Vec::new());
    let mut folders = vec![(root.to_owned(), String::new())];
    while let Some((folder, prefix)) = folders.pop() {
        for (name, path) in list(&folder, &prefix, &mut problems) {
            let stated = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
            let problem = |cause| Problem { path: stated.clone(), what: "file".to_owned(), cause };
            if let Err(cause) = meter.file() {
                problems.push(problem(cause));
                return (found, problems);
            }
            match entry(&path, meter) {
                Ok((kind, metadata)) => {
                    if matches!(kind, Kind::Directory) {
                        folders.push((path, stated.clone()));
                    }
                    let (mode, uid, gid) = (metadata.mode() & 0o7777, metadata.uid(), metadata.gid());
                    found.push(Found { stated: stated.into_bytes(), kind, mode, uid, gid });
                }
                Err(cause) => problems.push(problem(cause)),
            }
        }
    }
    (found, problems)
}

fn list(folder: &Path, prefix: &str, problems: &mut Vec<Problem>) -> Vec<(String, PathBuf)> {
    let mut unreadable = |e: std::io::Error| {
        let cause = Cause::Unreadable { why: e.to_string() };
        problems.push(Problem { path: prefix.to_owned(), what: "directory".to_owned(), cause });
    };
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            unreadable(error);
            return Vec::new();
        }
    };
    let mut names = Vec::new();
    for entry in entries {
        match entry {
            Ok(entry) => names.push((escape(entry.file_name().as_encoded_bytes()), entry.path())),
            Err(error) => unreadable(error),
        }
    }
    names.sort();
    names
}

fn entry(path: &Path, meter: &mut Meter) -> Result<(Kind, fs::Metadata), Cause> {
    let unreadable = |e: std::io::Error| Cause::Unreadable { why: e.to_string() };
    let metadata = fs::symlink_metadata(path).map_err(unreadable)?;
    let kind = if metadata.is_dir() {
        Kind::Directory
    } else if metadata.is_symlink() {
        Kind::Symlink(escape(fs::read_link(path).map_err(unreadable)?.as_os_str().as_encoded_bytes()))
    } else if metadata.is_file() {
        meter.spend(metadata.len())?;
        Kind::File(Bytes::from(fs::read(path).map_err(unreadable)?))
    } else {
        Kind::Special
    };
    Ok((kind, metadata))
}
