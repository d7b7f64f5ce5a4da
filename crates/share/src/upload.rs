//! Large files that arrive in pieces: resumable, and examined when they are whole (`job`).
//!
//! Pieces lie beside the blobs under names of their own, never under their digest: they are thrown away when the job is
//! done, and must not take with them what somebody registered.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use record::Sha256;
use sha2::Digest as _;
use statement::Timestamp;

use crate::error::{ReadError, WriteError};
use crate::ids::{now, random_text};
use crate::platform::{Platform, checked_text};
use crate::view::UploadView;
use crate::viewer::{Administrator, Role, Viewer};

/// Longest piece, in bytes.
pub const MAX_CHUNK: usize = 8 << 20;

/// Longest upload, in bytes.
pub const MAX_UPLOAD: u64 = 4 << 30;

/// Most uploads of one organization that are not done.
const MAX_UPLOADS: i64 = 20;

/// What nobody goes on with is thrown away after a week, in seconds.
const KEPT: i64 = 7 * 24 * 60 * 60;

/// Name, size, wanted digest, bytes received, begun at.
type Row = (String, i64, Option<Vec<u8>>, i64, i64);

fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// Name of a piece beside the blobs.
pub(crate) fn piece(upload: &str, place: i64) -> String {
    format!("uploads/{upload}/{place:012x}")
}

impl Platform {
    /// Begins an upload of `size` bytes. `sha256`: what they must hash to.
    pub async fn begin_upload(
        &self,
        viewer: &Viewer,
        name: &str,
        size: u64,
        sha256: Option<Sha256>,
    ) -> Result<UploadView, WriteError> {
        if !viewer.has(Role::Engineer) {
            return Err(WriteError::Role);
        }
        let name = checked_text("name", name)?;
        if size == 0 || size > MAX_UPLOAD {
            return Err(WriteError::Size { most: MAX_UPLOAD });
        }
        self.forget_old_uploads().await?;
        let (id, at, _turn) = (random_text()?, now(), self.row_turn().await);
        let begun: i64 = sqlx::query_scalar("SELECT count(*) FROM upload WHERE organization = $1")
            .bind(viewer.organization.as_str())
            .fetch_one(&self.store.pool)
            .await?;
        if begun >= MAX_UPLOADS {
            return Err(WriteError::Exists { what: format!("{MAX_UPLOADS} uploads") });
        }
        sqlx::query("INSERT INTO upload (id, organization, account, name, size, sha256, received, created_at) VALUES ($1, $2, $3, $4, $5, $6, 0, $7)")
            .bind(&id)
            .bind(viewer.organization.as_str())
            .bind(viewer.account.as_str())
            .bind(&name)
            .bind(signed(size))
            .bind(sha256.map(|d| d.0.to_vec()))
            .bind(at.unix())
            .execute(&self.store.pool)
            .await?;
        Ok(UploadView { id, name, size, sha256, received: 0, created_at: at })
    }

    /// How far an upload of the viewer's organization is.
    pub async fn upload(&self, viewer: &Viewer, id: &str) -> Result<UploadView, ReadError> {
        let row: Option<Row> = sqlx::query_as(
            "SELECT name, size, sha256, received, created_at FROM upload WHERE id = $1 AND organization = $2",
        )
        .bind(id)
        .bind(viewer.organization.as_str())
        .fetch_optional(&self.store.pool)
        .await?;
        let (name, size, sha256, received, at) = row.ok_or(ReadError::NotFound)?;
        Ok(UploadView {
            id: id.to_owned(),
            name,
            size: size.unsigned_abs(),
            sha256: sha256.and_then(|d| Some(Sha256(d.try_into().ok()?))),
            received: received.unsigned_abs(),
            created_at: Timestamp::from_unix(at).unwrap_or_else(now),
        })
    }

    /// Adds the bytes from `place` on. With the last of them the upload becomes a job of the same id.
    pub async fn add_chunk(
        &self,
        viewer: &Viewer,
        id: &str,
        place: u64,
        bytes: Vec<u8>,
    ) -> Result<UploadView, WriteError> {
        let upload = self.upload(viewer, id).await.map_err(WriteError::Read)?;
        let end = place.saturating_add(bytes.len() as u64);
        if bytes.is_empty() || bytes.len() > MAX_CHUNK || end > upload.size {
            return Err(WriteError::Size { most: MAX_CHUNK as u64 });
        }
        if place != upload.received {
            return Err(WriteError::Place { received: upload.received });
        }
        let (blobs, name, length) = (self.store.blobs.clone(), piece(id, signed(place)), bytes.len());
        let stored = tokio::task::spawn_blocking(move || blobs.put_named(&name, &bytes)).await;
        stored.map_err(std::io::Error::other).and_then(|r| r).map_err(WriteError::Blob)?;
        let _turn = self.row_turn().await;
        let mut change = self.store.begin().await?;
        let moved = sqlx::query("UPDATE upload SET received = $1 WHERE id = $2 AND received = $3")
            .bind(signed(end))
            .bind(id)
            .bind(signed(place))
            .execute(&mut *change)
            .await?;
        if moved.rows_affected() == 0 {
            // The same piece came twice at once.
            return Err(WriteError::Place { received: end });
        }
        sqlx::query("INSERT INTO upload_piece (upload, place, length) VALUES ($1, $2, $3)")
            .bind(id)
            .bind(signed(place))
            .bind(signed(length as u64))
            .execute(&mut *change)
            .await?;
        if end == upload.size {
            self.add_job(&mut change, viewer, id, &upload.name).await?;
        }
        change.commit().await?;
        Ok(UploadView { received: end, ..upload })
    }

    /// Writes an upload that is whole to the file `into`. `Damaged`: it is not what was announced.
    pub async fn assemble(&self, _: &Administrator, id: &str, into: &Path) -> Result<(), ReadError> {
        let wanted: Option<(i64, Option<Vec<u8>>)> =
            sqlx::query_as("SELECT size, sha256 FROM upload WHERE id = $1")
                .bind(id)
                .fetch_optional(&self.store.pool)
                .await?;
        let (size, sha256) = wanted.ok_or(ReadError::NotFound)?;
        let names: Vec<String> = self.pieces(id).await?.into_iter().map(|place| piece(id, place)).collect();
        let (blobs, into) = (self.store.blobs.clone(), into.to_owned());
        let written = tokio::task::spawn_blocking(move || {
            let (mut file, mut digest, mut length) = (File::create(into)?, sha2::Sha256::new(), 0_u64);
            for name in names {
                let bytes = blobs.get_named(&name)?;
                file.write_all(&bytes)?;
                digest.update(&bytes);
                length = length.saturating_add(bytes.len() as u64);
            }
            Ok((length, digest.finalize().to_vec()))
        });
        let written = written.await.map_err(std::io::Error::other).and_then(|r| r);
        let (length, digest) = written.map_err(ReadError::Blob)?;
        if signed(length) != size || sha256.is_some_and(|wanted| wanted != digest) {
            let what = format!("upload `{id}` has another digest than was announced");
            return Err(ReadError::Damaged { what });
        }
        Ok(())
    }

    async fn pieces(&self, id: &str) -> Result<Vec<i64>, sqlx::Error> {
        sqlx::query_scalar("SELECT place FROM upload_piece WHERE upload = $1 ORDER BY place")
            .bind(id)
            .fetch_all(&self.store.pool)
            .await
    }

    /// Throws away an upload of the viewer's organization, and the job that waits for it.
    pub async fn cancel_upload(&self, viewer: &Viewer, id: &str) -> Result<(), WriteError> {
        self.upload(viewer, id).await.map_err(WriteError::Read)?;
        if !viewer.has(Role::Engineer) {
            return Err(WriteError::Role);
        }
        Ok(self.forget_upload(id).await?)
    }

    /// Rows first: a piece that nothing names does no harm.
    pub(crate) async fn forget_upload(&self, id: &str) -> Result<(), sqlx::Error> {
        let names: Vec<String> = self.pieces(id).await?.into_iter().map(|place| piece(id, place)).collect();
        let turn = self.row_turn().await;
        let mut change = self.store.begin().await?;
        for sql in [
            "DELETE FROM upload_piece WHERE upload = $1",
            "DELETE FROM upload WHERE id = $1",
            "DELETE FROM job WHERE id = $1 AND state <> 'done'",
        ] {
            sqlx::query(sql).bind(id).execute(&mut *change).await?;
        }
        change.commit().await?;
        drop(turn);
        let blobs = self.store.blobs.clone();
        let removed =
            tokio::task::spawn_blocking(move || names.iter().filter_map(|n| blobs.remove(n).err()).count());
        // What could not be removed stays behind; nothing names it any more.
        drop(removed.await);
        Ok(())
    }

    async fn forget_old_uploads(&self) -> Result<(), sqlx::Error> {
        let old: Vec<String> = sqlx::query_scalar("SELECT id FROM upload WHERE created_at < $1")
            .bind(now().unix().saturating_sub(KEPT))
            .fetch_all(&self.store.pool)
            .await?;
        for id in old {
            self.forget_upload(&id).await?;
        }
        Ok(())
    }
}
