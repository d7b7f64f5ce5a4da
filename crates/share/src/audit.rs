//! The audit trail: who wrote what through the interface, seen by auditors of the same organization.

use statement::Timestamp;

use crate::error::ReadError;
use crate::ids::{AccountId, OrganizationId, now};
use crate::paging::Page;
use crate::platform::Platform;
use crate::view::{AccountRef, AuditView};
use crate::viewer::{Role, Viewer};

/// Something that was asked for and answered.
#[derive(Clone, Debug)]
pub struct Written {
    /// By whom.
    pub account: AccountId,
    /// Of which organization.
    pub organization: OrganizationId,
    /// HTTP method.
    pub method: String,
    /// Path without query.
    pub path: String,
    /// HTTP status of the answer.
    pub status: u16,
}

/// Time, account, account's name, method, path, status.
type Row = (i64, String, String, String, String, i64);

impl Platform {
    /// Writes a line of the trail.
    pub async fn note_written(&self, written: Written) -> Result<(), ReadError> {
        let _turn = self.row_turn().await;
        sqlx::query(
            "INSERT INTO audit (at, organization, account, method, path, status) VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(now().unix())
        .bind(written.organization.as_str())
        .bind(written.account.as_str())
        .bind(written.method)
        .bind(written.path)
        .bind(i64::from(written.status))
        .execute(&self.store.relaxed)
        .await?;
        Ok(())
    }

    /// The trail of the viewer's organization, newest first; for auditors and everybody above.
    pub async fn audit(
        &self,
        viewer: &Viewer,
        after: Option<&str>,
        limit: Option<usize>,
    ) -> Result<Page<AuditView>, ReadError> {
        if !viewer.has(Role::Auditor) {
            return Err(ReadError::Role);
        }
        // Positions count only the organization's own rows, so that they reveal nothing of others.
        let skip: i64 = after.and_then(|a| a.parse().ok()).unwrap_or(0);
        let limit = limit.unwrap_or(50).clamp(1, 200);
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT t.at, t.account, coalesce(a.name, ''), t.method, t.path, t.status
             FROM audit t LEFT JOIN account a ON a.id = t.account
             WHERE t.organization = $1 ORDER BY t.seq DESC LIMIT $2 OFFSET $3",
        )
        .bind(viewer.organization.as_str())
        .bind(i64::try_from(limit).unwrap_or(200).saturating_add(1))
        .bind(skip)
        .fetch_all(&self.store.pool)
        .await?;
        let more = rows.len() > limit;
        let items = rows.into_iter().take(limit).filter_map(view).collect();
        let next = more.then(|| skip.saturating_add(i64::try_from(limit).unwrap_or(200)).to_string());
        Ok(Page { items, next })
    }
}

fn view((at, account, name, method, path, status): Row) -> Option<AuditView> {
    Some(AuditView {
        at: Timestamp::from_unix(at)?,
        account: AccountRef { id: AccountId::new(account), name },
        method,
        path,
        status: u16::try_from(status).ok()?,
    })
}
