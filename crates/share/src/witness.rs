//! Being a witness of other logs, and keeping what other witnesses say of ours. The protocol is `tlog`'s.

use statement::Timestamp;
use tlog::note::Verifier;
use tlog::{AddCheckpoint, Cosigner, Hash, Refusal};

use crate::error::{ReadError, WriteError};
use crate::ids::now;
use crate::platform::Platform;
use crate::viewer::Administrator;

/// Name on our cosignatures.
const NAME: &str = "sukashi/witness";

/// A witness that cosigns our checkpoints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WitnessOfOurs {
    /// Prefix of its interface; `/add-checkpoint` is appended.
    pub url: String,
    /// Its verifier key.
    pub key: String,
    /// Leaves of our tree it saw last.
    pub size: u64,
}

/// Why we do not cosign.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CosignError {
    /// The request does not read.
    #[error(transparent)]
    Request(#[from] tlog::ReadRequestError),
    /// It may not be cosigned.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The database.
    #[error(transparent)]
    Read(#[from] ReadError),
}

fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

impl Platform {
    fn cosigner(&self) -> Option<Cosigner> {
        Cosigner::new(NAME, &self.store.seeds.witness).ok()
    }

    /// Verifier key of our cosignatures.
    pub fn witness_key(&self) -> String {
        self.cosigner().map(|c| c.verifier()).unwrap_or_default()
    }

    /// Watches a log: its checkpoints are cosigned from now on.
    pub async fn watch_log(&self, _: &Administrator, origin: &str, key: &str) -> Result<(), WriteError> {
        if key.parse::<Verifier>().is_err() || origin.is_empty() || origin.contains(char::is_control) {
            return Err(WriteError::Text { field: "key" });
        }
        let _turn = self.write().await?;
        sqlx::query("INSERT INTO watched_log (origin, key, size, root) VALUES ($1, $2, 0, NULL) ON CONFLICT (origin, key) DO NOTHING")
            .bind(origin)
            .bind(key)
            .execute(&self.store.pool)
            .await?;
        Ok(())
    }

    /// Cosigns a checkpoint of a watched log that continues the last one we saw. The new state is on disk before the
    /// answer leaves.
    pub async fn cosign(&self, body: &str) -> Result<String, CosignError> {
        let request = AddCheckpoint::read(body)?;
        let _turn = self.write().await.map_err(ReadError::from)?;
        let known: Vec<(String, i64, Option<Vec<u8>>)> =
            sqlx::query_as("SELECT key, size, root FROM watched_log WHERE origin = $1")
                .bind(request.origin().unwrap_or_default())
                .fetch_all(&self.store.pool)
                .await
                .map_err(ReadError::from)?;
        let mut refusal = Refusal::UnknownLog;
        // Logs of different instances share an origin and differ in their keys.
        for (key, size, root) in known {
            let Ok(verifier) = key.parse::<Verifier>() else { continue };
            let last = root.and_then(|r| Hash::from_slice(&r)).map(|root| (size.unsigned_abs(), root));
            match request.check(&verifier, last) {
                Ok(checkpoint) => {
                    sqlx::query("UPDATE watched_log SET size = $1, root = $2 WHERE origin = $3 AND key = $4")
                        .bind(signed(checkpoint.size))
                        .bind(checkpoint.root.0.to_vec())
                        .bind(&checkpoint.origin)
                        .bind(&key)
                        .execute(&self.store.pool)
                        .await
                        .map_err(ReadError::from)?;
                    let time = u64::try_from(now().unix()).unwrap_or(0);
                    let line = self.cosigner().map(|c| c.line(&checkpoint.text(), time));
                    return line.ok_or(CosignError::Refused(Refusal::UnknownLog));
                }
                Err(Refusal::Unsigned) if refusal != Refusal::UnknownLog => {}
                Err(other) => refusal = other,
            }
        }
        Err(refusal.into())
    }

    /// Asks `url` to cosign our checkpoints from now on.
    pub async fn add_witness(&self, _: &Administrator, url: &str, key: &str) -> Result<(), WriteError> {
        if key.parse::<Verifier>().is_err() {
            return Err(WriteError::Text { field: "key" });
        }
        let _turn = self.write().await?;
        sqlx::query("INSERT INTO witness (url, key, size) VALUES ($1, $2, 0) ON CONFLICT (url) DO UPDATE SET key = excluded.key")
            .bind(url)
            .bind(key)
            .execute(&self.store.pool)
            .await?;
        Ok(())
    }

    /// Who cosigns our checkpoints.
    pub async fn witnesses(&self) -> Result<Vec<WitnessOfOurs>, ReadError> {
        let rows: Vec<(String, String, i64)> =
            sqlx::query_as("SELECT url, key, size FROM witness ORDER BY url")
                .fetch_all(&self.store.pool)
                .await?;
        let row =
            |(url, key, size): (String, String, i64)| WitnessOfOurs { url, key, size: size.unsigned_abs() };
        Ok(rows.into_iter().map(row).collect())
    }

    /// The request to a witness for our checkpoint over `size` leaves; `None` if it saw that already.
    pub async fn witness_request(&self, witness: &WitnessOfOurs) -> Result<Option<(u64, String)>, ReadError> {
        let log = self.log().await?;
        if witness.size >= log.tree_size {
            return Ok(None);
        }
        let hex = self.log_consistency(witness.size, log.tree_size).await?;
        let hash = |text: &String| Hash::from_slice(&hex::decode(text).ok()?);
        let proof = hex.iter().filter_map(hash).collect();
        let request = AddCheckpoint { old: witness.size, proof, checkpoint: log.checkpoint };
        Ok(Some((log.tree_size, request.write())))
    }

    /// Keeps what a witness answered, if its key has signed our checkpoint over `size` leaves.
    pub async fn keep_cosignature(
        &self,
        witness: &WitnessOfOurs,
        size: u64,
        lines: &str,
    ) -> Result<bool, ReadError> {
        let Ok(verifier) = witness.key.parse::<Verifier>() else { return Ok(false) };
        let _turn = self.write().await?;
        let note: Option<String> = sqlx::query_scalar("SELECT note FROM log_checkpoint WHERE size = $1")
            .bind(signed(size))
            .fetch_optional(&self.store.pool)
            .await?;
        let Some(note) = note else { return Ok(false) };
        let ours = lines.lines().map(|line| format!("{note}{line}\n"));
        let fits = |note: &String| tlog::note::open(note, std::slice::from_ref(&verifier)).is_ok();
        let Some(cosigned) = ours.into_iter().find(fits) else { return Ok(false) };
        sqlx::query("UPDATE log_checkpoint SET note = $1 WHERE size = $2")
            .bind(cosigned)
            .bind(signed(size))
            .execute(&self.store.pool)
            .await?;
        self.set_witness_size(&witness.url, size).await?;
        Ok(true)
    }

    /// Remembers what a witness says it saw last.
    pub async fn set_witness_size(&self, url: &str, size: u64) -> Result<(), ReadError> {
        sqlx::query("UPDATE witness SET size = $1 WHERE url = $2")
            .bind(signed(size))
            .bind(url)
            .execute(&self.store.pool)
            .await?;
        Ok(())
    }

    /// The clock of this platform.
    pub fn now(&self) -> Timestamp {
        now()
    }
}
