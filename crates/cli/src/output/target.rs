//! Where `-o` leads.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::output::{Output, write_atomically};

/// Standard output, one file, or a folder for several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// Nothing was named, or `-`.
    Stdout,
    /// One file.
    File(PathBuf),
    /// A folder; made when first written to.
    Folder(PathBuf),
}

impl Target {
    /// A folder if it exists as one or ends in `/`; otherwise a file.
    pub(crate) fn of(path: Option<&Path>) -> Self {
        match path {
            None => Self::Stdout,
            Some(path) if path == Path::new("-") => Self::Stdout,
            Some(path) if ends_in_slash(path.as_os_str()) || path.is_dir() => Self::Folder(path.to_owned()),
            Some(path) => Self::File(path.to_owned()),
        }
    }

    /// Writes the one result of a command; `name` is the file's in a folder.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(crate) fn write(&self, name: &str, bytes: &[u8], output: &mut Output) -> anyhow::Result<()> {
        match self {
            Self::Stdout => output.write(bytes),
            Self::File(path) => write_atomically(path, bytes),
            Self::Folder(folder) => write_into(folder, Path::new(name), bytes),
        }
    }
}

/// Writes `folder/name`, making what folders are missing.
///
/// # Errors
/// If a folder cannot be made or the file not written.
pub(crate) fn write_into(folder: &Path, name: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let path = folder.join(name);
    let parent = path.parent().unwrap_or(folder);
    fs::create_dir_all(parent).with_context(|| format!("cannot create `{}`", parent.display()))?;
    write_atomically(&path, bytes)
}

fn ends_in_slash(path: &OsStr) -> bool {
    path.as_encoded_bytes().ends_with(b"/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_what_is_one_or_ends_in_a_slash() {
        let table = [
            (None, Target::Stdout),
            (Some("-"), Target::Stdout),
            (Some("/nonexistent/x.json"), Target::File("/nonexistent/x.json".into())),
            (Some("/nonexistent/x/"), Target::Folder("/nonexistent/x/".into())),
            (Some("/tmp"), Target::Folder("/tmp".into())),
        ];
        for (typed, meant) in table {
            assert_eq!(Target::of(typed.map(Path::new)), meant);
        }
    }
}
