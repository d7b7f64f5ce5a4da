//! Failures that are nobody's mistake and pass: what a server tells its clients apart.

use std::io;

use crate::error::{ReadError, WriteError};

/// Text of the error that a store gives whose platform was moved away.
pub(crate) const MOVED: &str = "this platform was moved";

/// What is the matter with a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Database or bucket do not answer; trying again later may help.
    Unavailable,
    /// No room is left.
    Full,
    /// The platform is served elsewhere now.
    Moved,
}

fn of_database(error: &sqlx::Error) -> Option<Trouble> {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => {
            Some(Trouble::Unavailable)
        }
        sqlx::Error::Database(error) if error.message().contains(MOVED) => Some(Trouble::Moved),
        sqlx::Error::Database(error) => match error.code()?.as_ref() {
            // SQLITE_FULL; disk_full.
            "13" | "53100" => Some(Trouble::Full),
            // SQLITE_BUSY and what it grew out of; too_many_connections, lock_not_available, read_only_sql_transaction.
            "5" | "261" | "517" | "53300" | "55P03" | "25006" => Some(Trouble::Unavailable),
            // Connection exceptions; shutdowns and idle sessions that were ended.
            code if code.starts_with("08") || code.starts_with("57P") || code == "25P03" => {
                Some(Trouble::Unavailable)
            }
            _ => None,
        },
        _ => None,
    }
}

/// What is not there is another matter where it is read: then something is missing that was stored.
fn of_io(error: &io::Error) -> Option<Trouble> {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Some(Trouble::Full),
        // No answer; no right to use it, be it expired credentials; no such folder any more.
        io::ErrorKind::NetworkDown
        | io::ErrorKind::PermissionDenied
        | io::ErrorKind::ReadOnlyFilesystem
        | io::ErrorKind::NotADirectory => Some(Trouble::Unavailable),
        _ => None,
    }
}

/// Longest reason for a failure that is kept for people to see, in characters.
const MAX_REASON: usize = 500;

/// `why` as it is kept: of one line, and not too long.
pub(crate) fn shown_reason(why: &str) -> String {
    why.chars().filter(|c| !c.is_control()).take(MAX_REASON).collect()
}

impl ReadError {
    /// Whether the store is in trouble.
    pub fn trouble(&self) -> Option<Trouble> {
        match self {
            Self::Database(error) => of_database(error),
            Self::Blob(error) => of_io(error),
            Self::NotFound | Self::Role | Self::Damaged { .. } => None,
        }
    }
}

impl WriteError {
    /// Whether the store is in trouble.
    pub fn trouble(&self) -> Option<Trouble> {
        match self {
            Self::Database(error) => of_database(error),
            Self::Blob(error) if error.kind() == io::ErrorKind::NotFound => Some(Trouble::Unavailable),
            Self::Blob(error) => of_io(error),
            Self::Read(error) => error.trouble(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Platform;
    use crate::view::OrganizationKind;

    async fn found(platform: &Platform, name: &str) -> Result<crate::OrganizationId, WriteError> {
        platform.add_organization(&platform.local_administrator(), name, OrganizationKind::Operator).await
    }

    /// Of every connection: each has a limit of its own.
    async fn limit(platform: &Platform, pages: &'static str) {
        let mut all = Vec::new();
        for _ in 0..platform.store.pool.options().get_max_connections() {
            all.push(platform.store.pool.acquire().await.unwrap());
        }
        for connection in &mut all {
            sqlx::raw_sql(pages).execute(&mut **connection).await.unwrap();
        }
    }

    #[tokio::test]
    async fn a_full_disk_is_told_and_nothing_is_half_written() {
        let folder = tempfile::tempdir().unwrap();
        let platform = Platform::open(folder.path()).await.unwrap();
        // SQLite takes the number of pages there are instead of a smaller one.
        limit(&platform, "PRAGMA max_page_count = 1").await;
        let long = "x".repeat(180);
        let mut names = Vec::new();
        let error = loop {
            match found(&platform, &format!("{long} {}", names.len())).await {
                Ok(id) => names.push(id),
                Err(error) => break error,
            }
        };
        assert_eq!(error.trouble(), Some(Trouble::Full), "{error:?}");
        // More often than there are connections, so that each of them has seen it; one that is opened anew has room.
        for n in 0..8 {
            match found(&platform, &format!("{long} once more {n}")).await {
                Ok(id) => names.push(id),
                Err(error) => assert_eq!(error.trouble(), Some(Trouble::Full), "{error:?}"),
            }
        }
        limit(&platform, "PRAGMA max_page_count = 1000000").await;
        for name in 0..8 {
            names.push(found(&platform, &format!("again {name}")).await.unwrap());
        }
        platform.close().await;
        let again = Platform::open(folder.path()).await.unwrap();
        let known = names.iter().filter(|id| again.universe().organizations.contains_key(id)).count();
        assert_eq!(
            (known, again.universe().organizations.len()),
            (names.len(), names.len() + 1),
            "and the instance"
        );
    }
}
