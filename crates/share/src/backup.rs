//! Backups: a copy of a data directory that is complete in itself, made while the platform runs, and put back.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};

use crate::error::OpenError;
use crate::store;

/// Files beside the database and the blobs.
const FILES: [&str; 4] = ["version", "log.key", "instance.key", "witness.key"];

/// Why a backup was not made or put back.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// There is no platform.
    #[error("`{path}` is not a data directory of sukashi")]
    Nothing {
        /// Which directory.
        path: PathBuf,
    },
    /// Something is there already.
    #[error("`{path}` exists already; hint: choose a new directory")]
    Exists {
        /// Which directory.
        path: PathBuf,
    },
    /// A file could not be copied.
    #[error("cannot copy `{path}`")]
    Copy {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The database did not do as asked.
    #[error("cannot copy the database of `{path}`")]
    Database {
        /// Which directory.
        path: PathBuf,
        /// Why.
        #[source]
        source: sqlx::Error,
    },
    /// The copy does not open.
    #[error("the copy does not open")]
    Open(#[from] OpenError),
}

fn copy(from: &Path, to: &Path) -> Result<(), BackupError> {
    fs::copy(from, to).map(drop).map_err(|source| BackupError::Copy { path: from.to_owned(), source })
}

fn new_folder(folder: &Path) -> Result<(), BackupError> {
    if folder.exists() {
        return Err(BackupError::Exists { path: folder.to_owned() });
    }
    fs::create_dir_all(folder).map_err(|source| BackupError::Copy { path: folder.to_owned(), source })
}

/// Copies the platform in `data` to the new directory `into`, also while it is served: first the database at one moment,
/// then the blobs, of which none is ever changed or taken away.
pub async fn back_up(data: &Path, into: &Path) -> Result<(), BackupError> {
    if !data.join("version").exists() || !data.join(store::DATABASE).exists() {
        return Err(BackupError::Nothing { path: data.to_owned() });
    }
    new_folder(into)?;
    let database = |source| BackupError::Database { path: data.to_owned(), source };
    let options = SqliteConnectOptions::new().filename(data.join(store::DATABASE));
    let pool = SqlitePool::connect_with(options).await.map_err(database)?;
    let copied = sqlx::query("VACUUM INTO ?")
        .bind(into.join(store::DATABASE).to_string_lossy().into_owned())
        .execute(&pool)
        .await;
    pool.close().await;
    copied.map_err(database)?;
    for name in FILES {
        copy(&data.join(name), &into.join(name))?;
    }
    copy_blobs(&data.join("blobs"), &into.join("blobs"))
}

/// Two levels: `blobs/ab/cdef…`. Files that are being written have an extension and are left out.
fn copy_blobs(from: &Path, to: &Path) -> Result<(), BackupError> {
    let list = |folder: &Path| -> Result<Vec<PathBuf>, BackupError> {
        let failed = |source| BackupError::Copy { path: folder.to_owned(), source };
        let entries = fs::read_dir(folder).map_err(failed)?;
        let mut paths =
            entries.map(|e| e.map(|e| e.path())).collect::<io::Result<Vec<_>>>().map_err(failed)?;
        paths.sort();
        Ok(paths)
    };
    for folder in list(from)? {
        let target = to.join(folder.file_name().unwrap_or_default());
        fs::create_dir_all(&target).map_err(|source| BackupError::Copy { path: target.clone(), source })?;
        for file in list(&folder)?.into_iter().filter(|f| f.extension().is_none()) {
            copy(&file, &target.join(file.file_name().unwrap_or_default()))?;
        }
    }
    Ok(())
}

/// Puts the backup `from` back as the new data directory `data`.
///
/// A log that was put back is older than the one that others have seen: witnesses and customers will notice. That is
/// what they are for; tell them.
pub fn restore(from: &Path, data: &Path) -> Result<(), BackupError> {
    if !from.join("version").exists() || !from.join(store::DATABASE).exists() {
        return Err(BackupError::Nothing { path: from.to_owned() });
    }
    new_folder(data)?;
    for name in FILES {
        copy(&from.join(name), &data.join(name))?;
    }
    copy(&from.join(store::DATABASE), &data.join(store::DATABASE))?;
    copy_blobs(&from.join("blobs"), &data.join("blobs"))
}
