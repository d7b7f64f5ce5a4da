//! The data directory: is it ours, and may we write to it?

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::Path;

use crate::error::OpenError;
use crate::store::Seeds;

pub(crate) const DATABASE: &str = "sukashi.sqlite";
const MARK: &str = "version";
const MARK_TEXT: &str = "sukashi.data/1\n";
const LOG_KEY: &str = "log.key";
const INSTANCE_KEY: &str = "instance.key";
const WITNESS_KEY: &str = "witness.key";
const LOCK: &str = "lock";

/// Makes or recognises `folder`; returns the seeds of the instance's keys.
pub(crate) fn prepare(folder: &Path) -> Result<Seeds, OpenError> {
    let at = |name: &str, source| OpenError::Io { path: folder.join(name), source };
    fs::create_dir_all(folder).map_err(|e| at("", e))?;
    match fs::read_to_string(folder.join(MARK)) {
        Ok(text) if text == MARK_TEXT => {}
        Ok(text) => return Err(unknown_mark(folder, &text)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => begin(folder)?,
        Err(e) => return Err(at(MARK, e)),
    }
    Ok(Seeds {
        log: seed(folder, LOG_KEY)?,
        instance: seed(folder, INSTANCE_KEY)?,
        witness: seed(folder, WITNESS_KEY)?,
    })
}

/// The right to use `folder` alone, until it is dropped.
pub(crate) fn lock(folder: &Path) -> Result<File, OpenError> {
    let path = folder.join(LOCK);
    let file = File::create(&path).map_err(|source| OpenError::Io { path: path.clone(), source })?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse { path: folder.to_owned() }),
        Err(TryLockError::Error(source)) => Err(OpenError::Io { path, source }),
    }
}

fn unknown_mark(folder: &Path, text: &str) -> OpenError {
    let newer = text.strip_prefix("sukashi.data/").and_then(|v| v.trim().parse().ok());
    match newer {
        Some(found) => OpenError::Newer { place: folder.display().to_string(), found, known: 1 },
        None => OpenError::Foreign { path: folder.to_owned() },
    }
}

fn begin(folder: &Path) -> Result<(), OpenError> {
    let at = |name: &str, source| OpenError::Io { path: folder.join(name), source };
    if fs::read_dir(folder).map_err(|e| at("", e))?.next().is_some() {
        return Err(OpenError::Foreign { path: folder.to_owned() });
    }
    fs::write(folder.join(MARK), MARK_TEXT).map_err(|e| at(MARK, e))
}

fn seed(folder: &Path, name: &str) -> Result<[u8; 32], OpenError> {
    let path = folder.join(name);
    let io = |source| OpenError::Io { path: path.clone(), source };
    match fs::read_to_string(&path) {
        Ok(text) => {
            let mut seed = [0; 32];
            hex::decode_to_slice(text.trim(), &mut seed)
                .map_err(|_| OpenError::Damaged { what: format!("`{}` is not a key", path.display()) })?;
            Ok(seed)
        }
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            let mut seed = [0; 32];
            getrandom::fill(&mut seed).map_err(OpenError::Random)?;
            write_private(&path, &hex::encode(seed)).map_err(io)?;
            Ok(seed)
        }
        Err(e) => Err(io(e)),
    }
}

fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_directory_is_marked_and_its_key_stays() {
        let folder = tempfile::tempdir().unwrap();
        let seeds = prepare(folder.path()).unwrap();
        assert_eq!(prepare(folder.path()).unwrap(), seeds);
        assert_ne!(seeds.log, seeds.instance);
    }

    #[test]
    fn a_directory_is_open_only_once() {
        let folder = tempfile::tempdir().unwrap();
        let _lock = lock(folder.path()).unwrap();
        assert!(matches!(lock(folder.path()), Err(OpenError::InUse { .. })));
    }

    #[test]
    fn foreign_and_newer_directories_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("thesis.txt"), "x").unwrap();
        assert!(matches!(prepare(folder.path()), Err(OpenError::Foreign { .. })));
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(MARK), "sukashi.data/2\n").unwrap();
        assert!(matches!(prepare(folder.path()), Err(OpenError::Newer { found: 2, .. })));
    }
}
