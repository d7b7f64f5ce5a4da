//! The transparency log of registrations. Its arithmetic is `tlog`; here are its rows in the database.

use std::collections::BTreeMap;

use record::Sha256;
use sqlx::{Any, AnyPool, Transaction};
use tlog::note::Signer;
use tlog::{Checkpoint, Edge, EntryBundle, Hash, TILE_WIDTH, Tile, TileReader};

use crate::error::{OpenError, ReadError, WriteError};
use crate::ids::EvidenceId;
use crate::ids::now;
use crate::platform::Platform;
use crate::view::{LogProof, LogView};
use crate::viewer::Viewer;

/// First line of the checkpoints. Instances are told apart by their keys.
const ORIGIN: &str = "sukashi/log";

/// A checkpoint is not signed more often than this, in seconds, unless a proof needs it.
const CHECKPOINT_SECONDS: i64 = 5;

pub(crate) struct Log {
    signer: Signer,
}

struct Rows(BTreeMap<(u8, u64), Vec<Hash>>);

impl TileReader for Rows {
    fn row(&self, tile: Tile) -> Option<&[Hash]> {
        self.0.get(&(tile.level, tile.index)).map(Vec::as_slice)
    }
}

impl Log {
    pub(crate) fn new(seed: &[u8; 32]) -> Result<Self, OpenError> {
        let signer = Signer::new(ORIGIN, seed).map_err(|e| OpenError::Damaged { what: e.to_string() })?;
        Ok(Self { signer })
    }

    /// Verifier key of the log.
    pub(crate) fn verifier(&self) -> String {
        self.signer.verifier().to_string()
    }

    /// Adds an entry within `change`; returns its index.
    pub(crate) async fn append(
        &self,
        change: &mut Transaction<'static, Any>,
        entry: Sha256,
    ) -> Result<u64, WriteError> {
        let size: i64 = sqlx::query_scalar("SELECT coalesce(max(place) + 1, 0) FROM log_entry")
            .fetch_one(&mut **change)
            .await?;
        let size = size.unsigned_abs();
        let mut rows = BTreeMap::new();
        for tile in Edge::tiles(size) {
            let bytes: Vec<u8> =
                sqlx::query_scalar("SELECT hashes FROM log_tile WHERE level = $1 AND place = $2")
                    .bind(i64::from(tile.level))
                    .bind(signed(tile.index))
                    .fetch_one(&mut **change)
                    .await?;
            rows.insert(tile, hashes(&bytes));
        }
        let mut edge = Edge::load(size, |tile| rows.remove(&tile).unwrap_or_default())
            .map_err(|e| WriteError::Database(sqlx::Error::Decode(Box::new(e))))?;
        for (tile, row) in edge.push(tlog::leaf_hash(&entry.0)) {
            sqlx::query(
                "INSERT INTO log_tile (level, place, hashes) VALUES ($1, $2, $3)
                 ON CONFLICT (level, place) DO UPDATE SET hashes = excluded.hashes",
            )
            .bind(i64::from(tile.level))
            .bind(signed(tile.index))
            .bind(row.iter().flat_map(|h| h.0).collect::<Vec<u8>>())
            .execute(&mut **change)
            .await?;
        }
        sqlx::query("INSERT INTO log_entry (place, entry) VALUES ($1, $2)")
            .bind(signed(size))
            .bind(entry.0.to_vec())
            .execute(&mut **change)
            .await?;
        Ok(size)
    }

    /// A checkpoint over at least `least` leaves; signs a new one where there is none or the last is old.
    async fn checkpoint(&self, pool: &AnyPool, least: u64) -> Result<(u64, String), ReadError> {
        let last: Option<(i64, String, i64)> =
            sqlx::query_as("SELECT size, note, at FROM log_checkpoint ORDER BY size DESC LIMIT 1")
                .fetch_optional(pool)
                .await?;
        let size: i64 =
            sqlx::query_scalar("SELECT coalesce(max(place) + 1, 0) FROM log_entry").fetch_one(pool).await?;
        if let Some((covered, note, at)) = last {
            // One from the future was signed before the clock was put back.
            let recent = (0..CHECKPOINT_SECONDS).contains(&now().unix().saturating_sub(at));
            if covered == size || (recent && covered.unsigned_abs() >= least) {
                return Ok((covered.unsigned_abs(), note));
            }
        }
        let size = size.unsigned_abs();
        let root = tlog::root(&rows(pool, Edge::tiles(size)).await?, size).map_err(damaged)?;
        let note = Checkpoint { origin: ORIGIN.to_owned(), size, root }.sign(&self.signer);
        sqlx::query(
            "INSERT INTO log_checkpoint (size, note, at) VALUES ($1, $2, $3) ON CONFLICT (size) DO NOTHING",
        )
        .bind(signed(size))
        .bind(&note)
        .bind(now().unix())
        .execute(pool)
        .await?;
        Ok((size, note))
    }
}

async fn rows(pool: &AnyPool, tiles: impl IntoIterator<Item = Tile>) -> Result<Rows, ReadError> {
    let mut rows = BTreeMap::new();
    for tile in tiles {
        if let Some(row) = stored_row(pool, tile).await? {
            rows.insert((tile.level, tile.index), row);
        }
    }
    Ok(Rows(rows))
}

async fn stored_row(pool: &AnyPool, tile: Tile) -> Result<Option<Vec<Hash>>, ReadError> {
    let bytes: Option<Vec<u8>> =
        sqlx::query_scalar("SELECT hashes FROM log_tile WHERE level = $1 AND place = $2")
            .bind(i64::from(tile.level))
            .bind(signed(tile.index))
            .fetch_optional(pool)
            .await?;
    Ok(bytes.map(|b| hashes(&b)))
}

async fn stored_checkpoint(pool: &AnyPool, size: u64) -> Result<Option<String>, ReadError> {
    let note = sqlx::query_scalar("SELECT note FROM log_checkpoint WHERE size = $1").bind(signed(size));
    Ok(note.fetch_optional(pool).await?)
}

fn hashes(bytes: &[u8]) -> Vec<Hash> {
    bytes.chunks_exact(Hash::LEN).filter_map(Hash::from_slice).collect()
}

fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn damaged(error: tlog::MissingTile) -> ReadError {
    ReadError::Damaged { what: error.to_string() }
}

impl Platform {
    /// The log's newest checkpoint. Public: it reveals how many registrations there are, and when.
    pub async fn log(&self) -> Result<LogView, ReadError> {
        let (tree_size, checkpoint) = self.log.checkpoint(&self.store.pool, 0).await?;
        let root =
            tlog::root(&rows(&self.store.pool, Edge::tiles(tree_size)).await?, tree_size).map_err(damaged)?;
        let key = self.log_key();
        Ok(LogView { origin: ORIGIN.to_owned(), tree_size, root_hash: root.to_string(), checkpoint, key })
    }

    /// Entries of the log.
    pub async fn log_size(&self) -> Result<u64, ReadError> {
        let size: i64 = sqlx::query_scalar("SELECT coalesce(max(place) + 1, 0) FROM log_entry")
            .fetch_one(&self.store.pool)
            .await?;
        Ok(size.unsigned_abs())
    }

    /// Verifier key of the log, to pin in a trust file.
    pub fn log_key(&self) -> String {
        self.log.verifier()
    }

    /// First line of the log's checkpoints.
    pub fn log_origin(&self) -> &'static str {
        ORIGIN
    }

    /// The bytes below `/log/tile/`: `path` names a tile or an entry bundle. Public.
    pub async fn log_tile(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        if let Ok(bundle) = path.parse::<EntryBundle>() {
            return self.entry_bundle(bundle).await;
        }
        let tile: Tile = path.parse().map_err(|_| ReadError::NotFound)?;
        let row = stored_row(&self.store.pool, tile).await?.ok_or(ReadError::NotFound)?;
        let row = row.get(..usize::from(tile.width)).ok_or(ReadError::NotFound)?;
        Ok(row.iter().flat_map(|h| h.0).collect())
    }

    async fn entry_bundle(&self, bundle: EntryBundle) -> Result<Vec<u8>, ReadError> {
        let first = bundle.index.checked_mul(TILE_WIDTH).ok_or(ReadError::NotFound)?;
        let entries: Vec<Vec<u8>> =
            sqlx::query_scalar("SELECT entry FROM log_entry WHERE place >= $1 ORDER BY place LIMIT $2")
                .bind(signed(first))
                .bind(i64::from(bundle.width))
                .fetch_all(&self.store.pool)
                .await?;
        if entries.len() != usize::from(bundle.width) {
            return Err(ReadError::NotFound);
        }
        let with_length =
            |e: Vec<u8>| u16::try_from(e.len()).unwrap_or(u16::MAX).to_be_bytes().into_iter().chain(e);
        Ok(entries.into_iter().flat_map(with_length).collect())
    }

    /// Proof that the log with `old` leaves is a beginning of the one with `new`; hexadecimal. Public.
    pub async fn log_consistency(&self, old: u64, new: u64) -> Result<Vec<String>, ReadError> {
        let (size, _) = self.log.checkpoint(&self.store.pool, new).await?;
        if old > new || new > size {
            return Err(ReadError::NotFound);
        }
        let rows = rows(&self.store.pool, tlog::tiles_of_consistency(old, new)).await?;
        Ok(tlog::consistency(&rows, old, new).map_err(damaged)?.iter().map(Hash::to_string).collect())
    }

    /// Proof that evidence is in the log; level full. `size`: in the tree of a checkpoint of that many leaves.
    pub async fn proof(
        &self,
        viewer: &Viewer,
        id: &EvidenceId,
        size: Option<u64>,
    ) -> Result<LogProof, ReadError> {
        let (log_index, key_id, salt, leaf, hops) = {
            let universe = self.universe();
            let (evidence, level) = universe.visible_evidence(viewer, id, now())?;
            let fact = &evidence.fact;
            if !fact.gives_statement(level) {
                return Err(ReadError::NotFound);
            }
            let hops = universe.hops(viewer.organization(), id);
            (fact.log_index, fact.key_id, fact.salt, tlog::leaf_hash(&fact.log_entry().0), hops)
        };
        let (tree_size, checkpoint) = match size {
            Some(size) if size <= log_index => return Err(ReadError::NotFound),
            Some(size) => {
                (size, stored_checkpoint(&self.store.pool, size).await?.ok_or(ReadError::NotFound)?)
            }
            None => self.log.checkpoint(&self.store.pool, log_index.saturating_add(1)).await?,
        };
        let rows = rows(&self.store.pool, tlog::tiles_of_inclusion(log_index, tree_size)).await?;
        let hashes = tlog::inclusion(&rows, log_index, tree_size).map_err(damaged)?;
        Ok(LogProof {
            log_index,
            tree_size,
            leaf_hash: leaf.to_string(),
            key_id,
            salt: salt.to_string(),
            hashes: hashes.iter().map(Hash::to_string).collect(),
            checkpoint,
            hops,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn append(platform: &Platform) {
        let mut change = platform.store.begin().await.unwrap();
        platform.log.append(&mut change, Sha256([7; 32])).await.unwrap();
        change.commit().await.unwrap();
    }

    #[tokio::test]
    async fn a_clock_that_was_put_back_holds_up_no_checkpoint() {
        let folder = tempfile::tempdir().unwrap();
        let platform = Platform::open(folder.path()).await.unwrap();
        append(&platform).await;
        assert_eq!(platform.log().await.unwrap().tree_size, 1);
        append(&platform).await;
        assert_eq!(platform.log().await.unwrap().tree_size, 1, "not one for each entry");
        let later = "UPDATE log_checkpoint SET at = at + 3600";
        sqlx::raw_sql(later).execute(&platform.store.pool).await.unwrap();
        assert_eq!(platform.log().await.unwrap().tree_size, 2);
    }
}
