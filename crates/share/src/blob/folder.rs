//! Blobs as files.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How the names of files begin that have no name of their own yet.
const BEGUN: &str = "new.";

/// Nothing takes longer to write.
const LEFT_BEHIND: Duration = Duration::from_secs(60 * 60);

#[derive(Clone, Debug)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let blobs = Self(folder.to_owned());
        blobs.sweep()?;
        Ok(blobs)
    }

    /// Takes away what processes that were killed had begun. Others may be writing just now, so only what is old.
    fn sweep(&self) -> io::Result<()> {
        for entry in fs::read_dir(&self.0)? {
            let entry = entry?;
            let begun = entry.file_name().to_string_lossy().starts_with(BEGUN);
            let age = entry.metadata().and_then(|m| m.modified()).ok().and_then(|at| at.elapsed().ok());
            if begun && age.is_some_and(|age| age > LEFT_BEHIND) {
                // Another process may have been quicker.
                let _ = fs::remove_file(entry.path());
            }
        }
        Ok(())
    }

    pub(super) fn put(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let mut file = self.begin()?;
        file.write_all(bytes)?;
        self.end(file, name)
    }

    /// A file that is nowhere to be found until it ends.
    pub(super) fn begin(&self) -> io::Result<Growing> {
        let mut suffix = [0; 8];
        getrandom::fill(&mut suffix).map_err(io::Error::other)?;
        let path = self.0.join(format!("{BEGUN}{}", hex::encode(suffix)));
        Ok(Growing { file: File::create(&path)?, path })
    }

    /// Gives `file` its name, once all of it is on disk.
    pub(super) fn end(&self, file: Growing, name: &str) -> io::Result<()> {
        let path = self.0.join(name);
        let folder = path.parent().unwrap_or(&self.0);
        fs::create_dir_all(folder)?;
        file.file.sync_all()?;
        fs::rename(&file.path, &path)?;
        // The name must survive a power cut as well.
        File::open(folder)?.sync_all()
    }

    pub(super) fn get(&self, name: &str) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.open_file(name)?.take(super::MAX_BYTES).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    pub(super) fn open_file(&self, name: &str) -> io::Result<File> {
        File::open(self.0.join(name))
    }

    pub(super) fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.0.join(name))
    }
}

/// A file without a name of its own yet; it is taken away where it does not get one.
#[derive(Debug)]
pub(super) struct Growing {
    file: File,
    path: PathBuf,
}

impl io::Write for Growing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for Growing {
    fn drop(&mut self) {
        // Nothing is there any more once it was renamed.
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_half_written_stays_behind() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Folder::open(folder.path()).unwrap();
        blobs.put("ab/cd", b"hello").unwrap();
        blobs.put("ab/cd", b"hello").unwrap();
        assert_eq!(fs::read_dir(folder.path().join("ab")).unwrap().count(), 1);
        let mut broken = blobs.begin().unwrap();
        broken.write_all(b"hel").unwrap();
        drop(broken);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_a_killed_process_left_behind_goes_and_what_another_writes_stays() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Folder::open(folder.path()).unwrap();
        blobs.put("ab/cd", b"hello").unwrap();
        let writing = blobs.begin().unwrap();
        let left = folder.path().join("new.0123456789abcdef");
        let old = std::time::SystemTime::now() - 2 * LEFT_BEHIND;
        File::create(&left).unwrap().set_modified(old).unwrap();
        Folder::open(folder.path()).unwrap();
        assert!(!left.exists() && writing.path.exists());
        assert_eq!(blobs.get("ab/cd").unwrap(), b"hello");
    }
}
