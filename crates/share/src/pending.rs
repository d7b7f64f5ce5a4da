//! Four eyes: statements of an organization that wants it wait until a second person approves them.
//!
//! What waits is in no list, no log and no view of anybody outside the organization. It is checked when it is handed in
//! and once more when it is approved: keys may have been revoked in between.

use record::Sha256;
use statement::{Statement, Timestamp, Unverified, Verified};

use crate::error::{ReadError, WriteError};
use crate::fact::{EvidenceFact, Fact};
use crate::ids::{AccountId, now, random_text};
use crate::platform::{Platform, Writing};
use crate::register::Registration;
use crate::view::{AccountRef, EvidenceView, PendingView, SubjectView};
use crate::viewer::{Role, Viewer};

/// A row of what waits: id, account, account's name, time, digest of the envelope, registration.
type Row = (String, String, String, i64, Vec<u8>, String);

const SELECT: &str = "SELECT p.id, p.account, coalesce(a.name, ''), p.at, p.statement, p.registration \
    FROM pending p LEFT JOIN account a ON a.id = p.account WHERE p.organization = $1";

impl Platform {
    /// Sets whether statements of the viewer's organization need a second person.
    pub async fn require_four_eyes(&self, viewer: &Viewer, on: bool) -> Result<(), WriteError> {
        if !viewer.has(Role::Administrator) {
            return Err(WriteError::Role);
        }
        let mut turn = self.write().await?;
        turn.add(Fact::FourEyes { organization: viewer.organization.clone(), on }).await
    }

    /// Whether they do.
    pub fn four_eyes(&self, viewer: &Viewer) -> bool {
        self.universe().organizations.get(&viewer.organization).is_some_and(|o| o.four_eyes)
    }

    pub(crate) async fn hold(
        &self,
        _: &Writing<'_>,
        viewer: &Viewer,
        statement: &Verified<Statement>,
        stored: Sha256,
        registration: &Registration,
    ) -> Result<PendingView, WriteError> {
        let (id, at) = (random_text()?, now());
        sqlx::query("INSERT INTO pending (id, organization, account, at, statement, registration) VALUES ($1, $2, $3, $4, $5, $6)")
            .bind(&id)
            .bind(viewer.organization.as_str())
            .bind(viewer.account.as_str())
            .bind(at.unix())
            .bind(stored.0.to_vec())
            .bind(serde_json::to_string(registration)?)
            .execute(&self.store.pool)
            .await?;
        let by = AccountRef { id: viewer.account.clone(), name: String::new() };
        Ok(view(id, by, at, statement.value()))
    }

    /// Statements of the viewer's organization that wait, oldest first.
    pub async fn pending(&self, viewer: &Viewer) -> Result<Vec<PendingView>, ReadError> {
        let rows: Vec<Row> = sqlx::query_as(sqlx::AssertSqlSafe(format!("{SELECT} ORDER BY p.at, p.id")))
            .bind(viewer.organization.as_str())
            .fetch_all(&self.store.pool)
            .await?;
        let mut views = Vec::new();
        for (id, account, name, at, statement, _) in rows {
            let statement = self.stored_statement(digest(&statement)).await?;
            let by = AccountRef { id: AccountId::new(account), name };
            let at = Timestamp::from_unix(at).unwrap_or_else(now);
            views.push(view(id, by, at, &statement));
        }
        Ok(views)
    }

    /// Registers what waits. Whoever handed it in cannot approve it.
    pub async fn approve(&self, viewer: &Viewer, id: &str) -> Result<EvidenceView, WriteError> {
        if !viewer.has(Role::Approver) {
            return Err(WriteError::Role);
        }
        let mut turn = self.write().await?;
        let (_, account, _, _, stored, registration) = self.waiting(viewer, id).await?;
        if account == viewer.account.as_str() {
            return Err(WriteError::SamePerson);
        }
        let stored = digest(&stored);
        let envelope = self.stored_envelope(stored).await.map_err(WriteError::Read)?;
        let verified: Verified<Statement> =
            Unverified::from(envelope).verify(&self.own_keys(viewer)).map_err(|_| WriteError::NotYourKey)?;
        let registration: Registration = serde_json::from_str(&registration)?;
        if let Some(known) = self.already(viewer, verified.payload_sha256()) {
            self.own_evidence(&mut turn, viewer, &known).await?;
            self.forget(id).await?;
            return Ok(known);
        }
        let claim = self.claim(viewer, &verified)?;
        let fact = self.prepare(viewer, &verified, &registration, claim)?;
        self.check_commitment(&fact, verified.value()).await?;
        self.own_release(&mut turn, viewer, fact.release.as_ref()).await?;
        let evidence = self.admit(&mut turn, viewer, EvidenceFact { statement: stored, ..fact }).await?;
        self.forget(id).await?;
        Ok(evidence)
    }

    /// Throws away what waits. Whoever handed it in may do so as well.
    pub async fn reject(&self, viewer: &Viewer, id: &str) -> Result<(), WriteError> {
        let _turn = self.write().await?;
        let (_, account, ..) = self.waiting(viewer, id).await?;
        if !viewer.has(Role::Approver) && account != viewer.account.as_str() {
            return Err(WriteError::Role);
        }
        self.forget(id).await
    }

    async fn waiting(&self, viewer: &Viewer, id: &str) -> Result<Row, WriteError> {
        let row: Option<Row> = sqlx::query_as(sqlx::AssertSqlSafe(format!("{SELECT} AND p.id = $2")))
            .bind(viewer.organization.as_str())
            .bind(id)
            .fetch_optional(&self.store.pool)
            .await?;
        row.ok_or(WriteError::NotFound { what: id.to_owned() })
    }

    /// A leftover row would only register the same statement once more, which does nothing.
    async fn forget(&self, id: &str) -> Result<(), WriteError> {
        sqlx::query("DELETE FROM pending WHERE id = $1").bind(id).execute(&self.store.pool).await?;
        Ok(())
    }
}

fn digest(bytes: &[u8]) -> Sha256 {
    Sha256(bytes.try_into().unwrap_or([0; 32]))
}

fn view(id: String, by: AccountRef, at: Timestamp, statement: &Statement) -> PendingView {
    let subject = |s: &statement::Subject| SubjectView { name: s.name.clone(), sha256: s.sha256() };
    PendingView {
        id,
        by,
        at,
        r#type: statement.predicate_type().evidence_type(),
        subjects: statement.subjects().iter().map(subject).collect(),
    }
}
