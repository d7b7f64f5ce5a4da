//! Work on what was uploaded: taken by one worker at a time, which keeps it by renewing its lease; tried again later each
//! time, and dead in the end, visibly.

use record::Sha256;
use sqlx::{Any, Transaction};
use statement::Timestamp;

use crate::error::{ReadError, WriteError};
use crate::ids::now;
use crate::platform::Platform;
use crate::view::{JobResultView, JobState, JobView};
use crate::viewer::{Administrator, Role, Viewer};

/// Attempts before a job is dead.
const MAX_ATTEMPTS: i64 = 3;

/// How long a worker keeps a job without a word, in seconds.
const LEASE: i64 = 60;

/// Pause after the first failure, in seconds; doubled each time.
const PAUSE: i64 = 30;

/// A job that is this process's now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// Of the job and its upload.
    pub id: String,
    /// Name of the file.
    pub name: String,
}

/// Why a job failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobFailure {
    /// For its owner to read.
    pub why: String,
    /// Trying again is of no use.
    pub for_good: bool,
}

/// Id, name, state, attempts, done, total, error, next attempt, begun at.
type Row = (String, String, String, i64, i64, i64, Option<String>, i64, i64);

const SELECT: &str = "SELECT id, name, state, attempts, done, total, error, next_at, created_at FROM job WHERE organization = $1";

/// Waiting and due, or kept by a worker that is gone. `$1`: now.
const FREE: &str = "((state = 'waiting' AND next_at <= $1) OR (state = 'running' AND until < $1))";

impl Platform {
    pub(crate) async fn add_job(
        &self,
        change: &mut Transaction<'static, Any>,
        viewer: &Viewer,
        id: &str,
        name: &str,
    ) -> Result<(), sqlx::Error> {
        sqlx::query("INSERT INTO job (id, organization, account, name, state, attempts, holder, until, next_at, done, total, error, created_at) VALUES ($1, $2, $3, $4, 'waiting', 0, '', 0, 0, 0, 0, NULL, $5)")
            .bind(id)
            .bind(viewer.organization.as_str())
            .bind(viewer.account.as_str())
            .bind(name)
            .bind(now().unix())
            .execute(&mut **change)
            .await?;
        self.waiting_job.notify_one();
        Ok(())
    }

    /// Completes when a job was added in this process.
    pub async fn job_added(&self) {
        self.waiting_job.notified().await;
    }

    /// Takes the oldest job that nobody works on.
    pub async fn claim_job(&self, _: &Administrator) -> Result<Option<Claimed>, ReadError> {
        loop {
            let at = now().unix();
            let oldest =
                format!("SELECT id, name, attempts FROM job WHERE {FREE} ORDER BY created_at, id LIMIT 1");
            let found: Option<(String, String, i64)> =
                sqlx::query_as(sqlx::AssertSqlSafe(oldest)).bind(at).fetch_optional(&self.store.pool).await?;
            let Some((id, name, attempts)) = found else { return Ok(None) };
            let spent = attempts >= MAX_ATTEMPTS;
            let (state, error) = if spent {
                ("dead", Some("whoever worked on it ended each time"))
            } else {
                ("running", None)
            };
            let take = format!(
                "UPDATE job SET state = $2, error = coalesce($3, error), attempts = attempts + 1, holder = $4, until = $5 WHERE id = $6 AND {FREE}"
            );
            let _turn = self.row_turn().await;
            let taken = sqlx::query(sqlx::AssertSqlSafe(take))
                .bind(at)
                .bind(state)
                .bind(error)
                .bind(&self.process)
                .bind(at.saturating_add(LEASE))
                .bind(&id)
                .execute(&self.store.pool)
                .await?;
            // Otherwise another worker was faster, or it is dead: there may be more.
            if taken.rows_affected() == 1 && !spent {
                return Ok(Some(Claimed { id, name }));
            }
        }
    }

    /// Keeps a job, and says how far it is. False: it is somebody else's now, or was thrown away.
    pub async fn keep_job(&self, job: &Claimed, done: u64, total: u64) -> Result<bool, ReadError> {
        let signed = |value| i64::try_from(value).unwrap_or(i64::MAX);
        let _turn = self.row_turn().await;
        let kept = sqlx::query(
            "UPDATE job SET until = $1, done = $2, total = $3 WHERE id = $4 AND holder = $5 AND state = 'running'",
        )
        .bind(now().unix().saturating_add(LEASE))
        .bind(signed(done))
        .bind(signed(total))
        .bind(&job.id)
        .bind(&self.process)
        .execute(&self.store.pool)
        .await?;
        Ok(kept.rows_affected() == 1)
    }

    /// Keeps what a job gave: documents by kind; its upload is thrown away.
    pub async fn finish_job(&self, job: &Claimed, results: Vec<(String, Vec<u8>)>) -> Result<(), WriteError> {
        let mut kept = Vec::new();
        for (kind, bytes) in results {
            let (blobs, size) = (self.store.blobs.clone(), i64::try_from(bytes.len()).unwrap_or(i64::MAX));
            let stored = tokio::task::spawn_blocking(move || blobs.put(|out| out.write_all(&bytes))).await;
            let digest = stored.map_err(std::io::Error::other).and_then(|r| r).map_err(WriteError::Blob)?;
            kept.push((kind, digest, size));
        }
        let turn = self.row_turn().await;
        let mut change = self.store.begin().await?;
        let ended =
            sqlx::query("UPDATE job SET state = 'done' WHERE id = $1 AND holder = $2 AND state = 'running'")
                .bind(&job.id)
                .bind(&self.process)
                .execute(&mut *change)
                .await?;
        if ended.rows_affected() == 0 {
            return Err(WriteError::NotFound { what: job.id.clone() });
        }
        for (kind, digest, size) in kept {
            sqlx::query("INSERT INTO job_result (job, kind, sha256, size) VALUES ($1, $2, $3, $4)")
                .bind(&job.id)
                .bind(kind)
                .bind(digest.0.to_vec())
                .bind(size)
                .execute(&mut *change)
                .await?;
        }
        change.commit().await?;
        drop(turn);
        Ok(self.forget_upload(&job.id).await?)
    }

    /// Says that an attempt failed.
    pub async fn fail_job(&self, job: &Claimed, failure: &JobFailure) -> Result<(), ReadError> {
        let _turn = self.row_turn().await;
        let attempts: Option<i64> = sqlx::query_scalar(
            "SELECT attempts FROM job WHERE id = $1 AND holder = $2 AND state = 'running'",
        )
        .bind(&job.id)
        .bind(&self.process)
        .fetch_optional(&self.store.pool)
        .await?;
        let Some(attempts) = attempts else { return Ok(()) };
        let dead = failure.for_good || attempts >= MAX_ATTEMPTS;
        let doubled = u32::try_from(attempts).ok().and_then(|n| 1_i64.checked_shl(n.saturating_sub(1)));
        let pause = PAUSE.saturating_mul(doubled.unwrap_or(1));
        sqlx::query("UPDATE job SET state = $1, error = $2, next_at = $3, done = 0, total = 0 WHERE id = $4")
            .bind(if dead { "dead" } else { "waiting" })
            .bind(&failure.why)
            .bind(now().unix().saturating_add(pause))
            .bind(&job.id)
            .execute(&self.store.pool)
            .await?;
        Ok(())
    }

    /// Jobs of the viewer's organization, newest first.
    pub async fn jobs(&self, viewer: &Viewer) -> Result<Vec<JobView>, ReadError> {
        let list = format!("{SELECT} ORDER BY created_at DESC, id LIMIT 200");
        let rows: Vec<Row> = sqlx::query_as(sqlx::AssertSqlSafe(list))
            .bind(viewer.organization.as_str())
            .fetch_all(&self.store.pool)
            .await?;
        let mut views = Vec::new();
        for row in rows {
            views.push(self.job_view(row).await?);
        }
        Ok(views)
    }

    /// One of them.
    pub async fn job(&self, viewer: &Viewer, id: &str) -> Result<JobView, ReadError> {
        let row: Option<Row> = sqlx::query_as(sqlx::AssertSqlSafe(format!("{SELECT} AND id = $2")))
            .bind(viewer.organization.as_str())
            .bind(id)
            .fetch_optional(&self.store.pool)
            .await?;
        self.job_view(row.ok_or(ReadError::NotFound)?).await
    }

    async fn job_view(&self, row: Row) -> Result<JobView, ReadError> {
        let (id, name, state, attempts, done, total, error, next_at, created_at) = row;
        let results: Vec<(String, Vec<u8>, i64)> =
            sqlx::query_as("SELECT kind, sha256, size FROM job_result WHERE job = $1 ORDER BY kind")
                .bind(&id)
                .fetch_all(&self.store.pool)
                .await?;
        let result = |(kind, sha256, size): (String, Vec<u8>, i64)| {
            Some(JobResultView { kind, sha256: Sha256(sha256.try_into().ok()?), size: size.unsigned_abs() })
        };
        let state =
            JobState::of_name(&state).ok_or_else(|| ReadError::Damaged { what: format!("job `{id}`") })?;
        Ok(JobView {
            id,
            name,
            state,
            attempts: u32::try_from(attempts).unwrap_or(u32::MAX),
            done: done.unsigned_abs(),
            total: total.unsigned_abs(),
            error,
            results: results.into_iter().filter_map(result).collect(),
            next_at: Timestamp::from_unix(next_at).filter(|_| state == JobState::Waiting && attempts > 0),
            created_at: Timestamp::from_unix(created_at).unwrap_or_else(now),
        })
    }

    /// A document that a job of the viewer's organization gave.
    pub async fn job_result(&self, viewer: &Viewer, id: &str, kind: &str) -> Result<Vec<u8>, ReadError> {
        let job = self.job(viewer, id).await?;
        let result = job.results.iter().find(|r| r.kind == kind).ok_or(ReadError::NotFound)?;
        self.blob(result.sha256).await
    }

    /// Has a dead job tried again.
    pub async fn retry_job(&self, viewer: &Viewer, id: &str) -> Result<JobView, WriteError> {
        if !viewer.has(Role::Engineer) {
            return Err(WriteError::Role);
        }
        let turn = self.row_turn().await;
        let revived = sqlx::query(
            "UPDATE job SET state = 'waiting', attempts = 0, next_at = 0 WHERE id = $1 AND organization = $2 AND state = 'dead'",
        )
        .bind(id)
        .bind(viewer.organization.as_str())
        .execute(&self.store.pool)
        .await?;
        drop(turn);
        if revived.rows_affected() == 0 {
            return Err(WriteError::NotFound { what: id.to_owned() });
        }
        self.waiting_job.notify_one();
        self.job(viewer, id).await.map_err(WriteError::Read)
    }
}
