//! Whether a data directory is what it says: every statement, signature, log entry and tile, from what is stored.

use std::collections::BTreeMap;

use statement::{Envelope, KeyRing, Statement, Unverified};
use tlog::{Checkpoint, Edge, Hash, Tile};

use crate::error::ReadError;
use crate::ids::EvidenceId;
use crate::platform::Platform;
use crate::viewer::Administrator;

/// What was looked at, and what does not fit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Integrity {
    /// Statements.
    pub statements: u64,
    /// Entries of the log.
    pub entries: u64,
    /// Root over them, hexadecimal: equal for equal contents.
    pub root: String,
    /// One line each; empty if all is well.
    pub faults: Vec<String>,
}

impl Platform {
    /// Reads everything again. Takes as long as there are statements.
    pub async fn check_integrity(&self, _: &Administrator) -> Result<Integrity, ReadError> {
        let mut found = Integrity::default();
        let ids: Vec<EvidenceId> = self.universe().evidence.iter().map(|e| e.fact.id.clone()).collect();
        let entries: Vec<Vec<u8>> = sqlx::query_scalar("SELECT entry FROM log_entry ORDER BY place")
            .fetch_all(&self.store.pool)
            .await?;
        for id in &ids {
            found.statements = found.statements.saturating_add(1);
            if let Some(fault) = self.fault_of(id, &entries).await {
                found.faults.push(format!("statement `{id}`: {fault}"));
            }
        }
        let (tiles, root) = tiles_of(&entries);
        found.entries = entries.len() as u64;
        found.root = root.to_string();
        found.faults.extend(self.tile_faults(&tiles).await?);
        found.faults.extend(self.checkpoint_faults(&entries).await?);
        Ok(found)
    }

    async fn fault_of(&self, id: &EvidenceId, entries: &[Vec<u8>]) -> Option<String> {
        let (stored, fact, key) = {
            let universe = self.universe();
            let evidence = universe.evidence.get(id)?;
            let key = universe.keys.get(&evidence.fact.key_id)?;
            (evidence.fact.statement, evidence.fact.clone(), key.public)
        };
        let envelope = match self.blob(stored).await {
            Ok(bytes) => bytes,
            Err(error) => return Some(format!("{error}: {}", source(&error))),
        };
        let Ok(envelope) = Envelope::read(envelope) else {
            return Some("envelope does not read".to_owned());
        };
        let mut ring = KeyRing::default();
        ring.accept(key, fact.issuer.as_str());
        let Ok(verified) = Unverified::<Statement>::from(envelope).verify(&ring) else {
            return Some("signature does not hold".to_owned());
        };
        if verified.payload_sha256() != fact.payload {
            return Some("payload is another".to_owned());
        }
        let place = usize::try_from(fact.log_index).unwrap_or(usize::MAX);
        match entries.get(place) {
            Some(entry) if entry.as_slice() == fact.log_entry().0 => None,
            _ => Some("log entry is another".to_owned()),
        }
    }

    async fn tile_faults(&self, tiles: &BTreeMap<(u8, u64), Vec<Hash>>) -> Result<Vec<String>, ReadError> {
        let rows: Vec<(i64, i64, Vec<u8>)> =
            sqlx::query_as("SELECT level, place, hashes FROM log_tile").fetch_all(&self.store.pool).await?;
        let stored: BTreeMap<(u8, u64), Vec<u8>> = rows
            .into_iter()
            .filter_map(|(level, place, hashes)| {
                Some(((u8::try_from(level).ok()?, place.unsigned_abs()), hashes))
            })
            .collect();
        let bytes = |row: &Vec<Hash>| row.iter().flat_map(|h| h.0).collect::<Vec<u8>>();
        let differs = tiles.iter().filter(|(at, row)| stored.get(*at) != Some(&bytes(row)));
        let surplus = stored.keys().filter(|at| !tiles.contains_key(*at));
        let places = differs.map(|(at, _)| at).chain(surplus);
        Ok(places
            .map(|(level, place)| format!("log tile {level}/{place} does not follow from the entries"))
            .collect())
    }

    /// Every checkpoint ever signed must be over a beginning of the entries.
    async fn checkpoint_faults(&self, entries: &[Vec<u8>]) -> Result<Vec<String>, ReadError> {
        let notes: Vec<(i64, String)> = sqlx::query_as("SELECT size, note FROM log_checkpoint ORDER BY size")
            .fetch_all(&self.store.pool)
            .await?;
        let known: Vec<_> = self.log_key().parse().into_iter().collect();
        let (mut edge, mut pushed, mut faults) = (Edge::default(), 0_usize, Vec::new());
        for (size, note) in notes {
            let wanted = usize::try_from(size).unwrap_or(usize::MAX);
            while pushed < wanted.min(entries.len()) {
                if let Some(entry) = entries.get(pushed) {
                    edge.push(tlog::leaf_hash(entry));
                }
                pushed = pushed.saturating_add(1);
            }
            let holds = Checkpoint::open(&note, &known).is_ok_and(|(c, _)| {
                usize::try_from(c.size) == Ok(pushed) && pushed == wanted && c.root == edge.root()
            });
            if !holds {
                faults.push(format!("checkpoint over {size} leaves does not follow from the entries"));
            }
        }
        Ok(faults)
    }

    /// Writes the tiles of the log anew from its entries. Returns how many there are.
    pub async fn rebuild_log(&self, _: &Administrator) -> Result<u64, ReadError> {
        let _turn = self.write().await?;
        let entries: Vec<Vec<u8>> = sqlx::query_scalar("SELECT entry FROM log_entry ORDER BY place")
            .fetch_all(&self.store.pool)
            .await?;
        let (tiles, _) = tiles_of(&entries);
        let mut change = self.store.pool.begin().await?;
        sqlx::query("DELETE FROM log_tile").execute(&mut *change).await?;
        for ((level, place), row) in &tiles {
            sqlx::query("INSERT INTO log_tile (level, place, hashes) VALUES ($1, $2, $3)")
                .bind(i64::from(*level))
                .bind(i64::try_from(*place).unwrap_or(i64::MAX))
                .bind(row.iter().flat_map(|h| h.0).collect::<Vec<u8>>())
                .execute(&mut *change)
                .await?;
        }
        change.commit().await?;
        Ok(tiles.len() as u64)
    }
}

fn source(error: &dyn std::error::Error) -> String {
    error.source().map(ToString::to_string).unwrap_or_default()
}

/// Every tile, the longest of each, and the root.
fn tiles_of(entries: &[Vec<u8>]) -> (BTreeMap<(u8, u64), Vec<Hash>>, Hash) {
    let (mut edge, mut tiles) = (Edge::default(), BTreeMap::new());
    for entry in entries {
        let written = edge.push(tlog::leaf_hash(entry)).into_iter();
        tiles.extend(written.map(|(Tile { level, index, .. }, row)| ((level, index), row)));
    }
    (tiles, edge.root())
}
