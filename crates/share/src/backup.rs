//! Backups: a copy of a data directory that is complete in itself, made while the platform runs, and put back.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::error::OpenError;
use crate::store::{self, Places};
use crate::transfer;

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
    /// There is a platform already.
    #[error("there is a platform in `{place}` already; hint: choose an empty database")]
    NotEmpty {
        /// Where.
        place: String,
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
    /// A database did not do as asked.
    #[error("cannot copy the database")]
    Database(#[from] sqlx::Error),
    /// What arrived is not what was sent.
    #[error("table `{table}` is not the same after copying; hint: nothing was moved, try again")]
    Differs {
        /// Which table.
        table: &'static str,
    },
    /// An envelope could not be copied.
    #[error("cannot copy a statement")]
    Envelope {
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The copy does not open.
    #[error("the copy does not open")]
    Open(#[from] OpenError),
}

fn copy(from: &Path, to: &Path) -> Result<(), BackupError> {
    fs::copy(from, to).map(drop).map_err(|source| BackupError::Copy { path: from.to_owned(), source })
}

/// What was transferred.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Transferred {
    /// Rows of all tables.
    pub rows: u64,
    /// Signed envelopes.
    pub envelopes: usize,
}

fn new_folder(folder: &Path) -> Result<(), BackupError> {
    if folder.exists() {
        return Err(BackupError::Exists { path: folder.to_owned() });
    }
    fs::create_dir_all(folder).map_err(|source| BackupError::Copy { path: folder.to_owned(), source })
}

/// Makes `to` a data directory with the keys of `from`, unless it is one with these keys.
pub(crate) fn copy_keys(from: &Path, to: &Path) -> Result<(), BackupError> {
    if !from.join("version").exists() {
        return Err(BackupError::Nothing { path: from.to_owned() });
    }
    if to.exists() {
        let same = |name: &str| {
            fs::read(from.join(name)).is_ok_and(|key| fs::read(to.join(name)).is_ok_and(|k| k == key))
        };
        return if FILES.into_iter().all(same) {
            Ok(())
        } else {
            Err(BackupError::Exists { path: to.to_owned() })
        };
    }
    new_folder(to)?;
    FILES.into_iter().try_for_each(|name| copy(&from.join(name), &to.join(name)))
}

/// Copies the platform in `places` to the new directory `into`, also while it is served: as it is at one moment. A backup
/// is a data directory by itself, with SQLite and files, wherever the platform is.
pub async fn back_up(places: &Places, into: &Path) -> Result<(), BackupError> {
    if into.exists() {
        return Err(BackupError::Exists { path: into.to_owned() });
    }
    if places.database.is_none() && !places.data.join(store::DATABASE).exists() {
        return Err(BackupError::Nothing { path: places.data.clone() });
    }
    transfer::copy_out(places, into).await
}

/// Puts the backup `from` back into `places`, where nothing is.
///
/// A log that was put back is older than the one that others have seen: witnesses and customers will notice. That is
/// what they are for; tell them.
pub async fn restore(from: &Path, places: &Places) -> Result<(), BackupError> {
    if !from.join("version").exists() || !from.join(store::DATABASE).exists() {
        return Err(BackupError::Nothing { path: from.to_owned() });
    }
    if places.database.is_none() && places.data.exists() {
        return Err(BackupError::Exists { path: places.data.clone() });
    }
    transfer::copy_in(from, places).await
}
