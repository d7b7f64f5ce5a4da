//! A platform moved from one store to another while it is served, backed up, and put back.
//!
//! Rows are compared by digest before a move counts, and envelopes are read back by theirs. A move takes the right to write
//! away from where the platform was: whoever still serves it there can read, and is told at the next write.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use record::Sha256;
use sqlx::AnyConnection;

use crate::backup::{self, BackupError, Transferred};
use crate::blob::Blobs;
use crate::fact::{Entry, Fact};
use crate::store::{Places, Store, TABLES};
use crate::upload;

/// Envelopes on their way at once; each waits for a disk or a network.
const LANES: usize = 8;

/// Moves the platform in `from` to `to`, where nothing is yet. It may be served meanwhile; from the end on, writing fails
/// there.
pub async fn move_platform(from: &Places, to: &Places) -> Result<Transferred, BackupError> {
    backup::copy_keys(&from.data, &to.data)?;
    let source = Store::beside(from).await?;
    let target = Store::open(to).await?;
    let moved = transfer(&source, &target, to).await;
    source.close().await;
    target.close().await;
    moved
}

async fn transfer(source: &Store, target: &Store, to: &Places) -> Result<Transferred, BackupError> {
    let mut free = target.pool.acquire().await?;
    if !facts(&mut free).await?.is_empty() {
        return Err(BackupError::NotEmpty { place: target.place(&to.data) });
    }
    // Most of the work, while everybody may still write.
    let mut known = source.pool.acquire().await?;
    let before = envelopes(&mut known).await?;
    copy_envelopes(&source.blobs, &target.blobs, before.iter().copied().collect()).await?;
    for table in TABLES.iter().filter(|t| t.only_grows()) {
        table.copy(&mut known, &mut free, 0).await?;
    }
    drop((known, free));
    // The rest, while nobody may.
    let mut still = source.begin_alone().await?;
    let mut change = target.begin().await?;
    let transferred = copy_rows(&mut still, &mut change, target).await?;
    let all = envelopes(&mut still).await?;
    copy_envelopes(&source.blobs, &target.blobs, all.difference(&before).copied().collect()).await?;
    copy_pieces(&mut still, &source.blobs, &target.blobs).await?;
    change.commit().await?;
    source.fence(&mut still, &target.place(&to.data)).await?;
    still.commit().await?;
    Ok(Transferred { envelopes: all.len(), ..transferred })
}

/// Copies every table, and compares.
async fn copy_rows(
    from: &mut AnyConnection,
    to: &mut AnyConnection,
    target: &Store,
) -> Result<Transferred, BackupError> {
    let mut rows = 0_i64;
    for table in TABLES {
        let there = if table.only_grows() { table.count(to).await? } else { 0 };
        table.copy(from, to, there).await?;
        rows = rows.saturating_add(table.count(to).await?);
        if table.digest(from).await? != table.digest(to).await? {
            return Err(BackupError::Differs { table: table.name });
        }
        if target.is_shared() {
            table.count_on(to).await?;
        }
    }
    Ok(Transferred { rows: rows.unsigned_abs(), envelopes: 0 })
}

/// Copies the platform in `places` as it is at one moment to the new directory `into`.
pub(crate) async fn copy_out(places: &Places, into: &Path) -> Result<(), BackupError> {
    backup::copy_keys(&places.data, into)?;
    let source = Store::beside(places).await?;
    let target = Store::open(&Places::directory(into)).await?;
    let copied = snapshot(&source, &target).await;
    source.close().await;
    target.close().await;
    copied
}

/// Puts the directory `from` into `places`, where nothing is yet.
pub(crate) async fn copy_in(from: &Path, places: &Places) -> Result<(), BackupError> {
    backup::copy_keys(from, &places.data)?;
    let source = Store::beside(&Places::directory(from)).await?;
    let target = Store::open(places).await?;
    let mut free = target.pool.acquire().await?;
    let empty = facts(&mut free).await?.is_empty();
    drop(free);
    let copied = match empty {
        true => snapshot(&source, &target).await,
        false => Err(BackupError::NotEmpty { place: target.place(&places.data) }),
    };
    source.close().await;
    target.close().await;
    copied
}

async fn snapshot(source: &Store, target: &Store) -> Result<(), BackupError> {
    let mut still = source.begin_snapshot().await?;
    let mut change = target.begin().await?;
    copy_rows(&mut still, &mut change, target).await?;
    let all = envelopes(&mut still).await?;
    copy_envelopes(&source.blobs, &target.blobs, all.into_iter().collect()).await?;
    copy_pieces(&mut still, &source.blobs, &target.blobs).await?;
    Ok(change.commit().await?)
}

async fn facts(of: &mut AnyConnection) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar("SELECT body FROM fact ORDER BY seq").fetch_all(of).await
}

/// Copies the pieces of uploads that are not done.
async fn copy_pieces(of: &mut AnyConnection, from: &Blobs, to: &Blobs) -> Result<(), BackupError> {
    let pieces: Vec<(String, i64)> =
        sqlx::query_as("SELECT upload, place FROM upload_piece").fetch_all(of).await?;
    let (from, to) = (from.clone(), to.clone());
    let copied = tokio::task::spawn_blocking(move || {
        let mut names = pieces.iter().map(|(upload, place)| upload::piece(upload, *place));
        names.try_for_each(|name| from.get_named(&name).and_then(|bytes| to.put_named(&name, &bytes)))
    });
    let copied: std::io::Result<()> = copied.await.map_err(std::io::Error::other).and_then(|r| r);
    copied.map_err(|source| BackupError::Envelope { source })
}

/// Digests of the envelopes that facts and waiting statements name, and of what jobs gave.
async fn envelopes(of: &mut AnyConnection) -> Result<BTreeSet<Sha256>, BackupError> {
    let mut found = BTreeSet::new();
    for body in facts(&mut *of).await? {
        let entry: Entry = serde_json::from_str(&body).map_err(|e| sqlx::Error::Decode(e.into()))?;
        if let Fact::Evidence(evidence) = entry.fact {
            found.insert(evidence.statement);
            found.extend(evidence.parts.map(|parts| parts.view));
        }
    }
    let waiting: Vec<Vec<u8>> =
        sqlx::query_scalar("SELECT statement FROM pending").fetch_all(&mut *of).await?;
    let results: Vec<Vec<u8>> =
        sqlx::query_scalar("SELECT sha256 FROM job_result").fetch_all(&mut *of).await?;
    found.extend(
        waiting.into_iter().chain(results).filter_map(|digest| Some(Sha256(digest.try_into().ok()?))),
    );
    Ok(found)
}

async fn copy_envelopes(from: &Blobs, to: &Blobs, digests: Vec<Sha256>) -> Result<(), BackupError> {
    let (from, to) = (from.clone(), to.clone());
    let copied = tokio::task::spawn_blocking(move || copy_blobs(&from, &to, &digests)).await;
    copied.map_err(|error| BackupError::Envelope { source: std::io::Error::other(error) })?
}

fn copy_blobs(from: &Blobs, to: &Blobs, digests: &[Sha256]) -> Result<(), BackupError> {
    let next = AtomicUsize::new(0);
    let lane = || {
        while let Some(digest) = digests.get(next.fetch_add(1, Ordering::Relaxed)) {
            from.get(*digest).and_then(|bytes| to.put(|out| out.write_all(&bytes)))?;
        }
        Ok(())
    };
    let failed = std::thread::scope(|scope| {
        let lanes: Vec<_> = (0..LANES).map(|_| scope.spawn(lane)).collect();
        let ended =
            lanes.into_iter().map(|l| l.join().unwrap_or_else(|_| Err(std::io::Error::other("cut off"))));
        ended.filter_map(Result::err).next()
    });
    failed.map_or(Ok(()), |source| Err(BackupError::Envelope { source }))
}
