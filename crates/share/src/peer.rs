//! Other instances that evidence is pulled from: what is known of each, and how far it was pulled. What is taken from
//! them is `receive`'s business, and the requests are the server's.
//!
//! A peer is pulled for one organization, with a token of that organization's account there. Tokens are sealed with a
//! key that follows from the instance's own, which lies in the data directory: the database alone does not tell them.

use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use sha2::Digest as _;
use sqlx::any::AnyRow;
use sqlx::{FromRow, Row as _};
use statement::{Timestamp, Trust};
use tlog::{Hash, LogPolicy};

use crate::error::{ReadError, WriteError};
use crate::ids::{OrganizationId, now, random_text};
use crate::platform::{Platform, checked_text};
use crate::secret::Secret;
use crate::view::PeerView;
use crate::viewer::{Administrator, Role, Viewer};

/// Pause between pulls, in seconds; doubled with each failure, up to [`MAX_PAUSE`].
const PAUSE: i64 = 60;
const MAX_PAUSE: i64 = 60 * 60;

/// Everything is looked at again after so many seconds: an embargo that ends is no change that is told.
const SWEEP: i64 = 60 * 60;

/// Most peers.
const MAX_PEERS: usize = 1000;

/// Longest reason of a failure that is kept, in characters.
const MAX_REASON: usize = 500;

const NONCE: usize = 24;

/// An instance to pull from.
#[derive(Clone, Debug)]
pub struct NewPeer {
    /// What it is called here.
    pub name: String,
    /// Its address.
    pub url: String,
    /// For whom it is pulled.
    pub organization: OrganizationId,
    /// Token of that organization's account there.
    pub token: String,
    /// Whose statements are accepted, and its log. Without a log it is not a peer.
    pub trust: Trust,
}

/// An instance that evidence is pulled from.
#[derive(Clone, Debug)]
pub struct Peer {
    /// Id.
    pub id: String,
    /// What it is called here.
    pub name: String,
    /// Its address.
    pub url: String,
    /// For whom it is pulled.
    pub organization: OrganizationId,
    /// Token there.
    pub token: Secret,
    /// Whose statements are accepted.
    pub trust: Trust,
    /// Its log and witnesses.
    pub policy: LogPolicy,
    /// Leaves and root under the last checkpoint that was verified.
    pub seen: Option<(u64, Hash)>,
    /// The last change there that was looked at.
    pub cursor: Option<String>,
    /// Whether everything is to be looked at, and not only if there are changes.
    pub sweep: bool,
}

/// A row, without what only the list shows.
struct Row {
    id: String,
    name: String,
    url: String,
    organization: String,
    token: Vec<u8>,
    trust: String,
    size: i64,
    root: Option<Vec<u8>>,
    cursor: Option<String>,
    swept_at: i64,
    pulled_at: Option<i64>,
    failures: i64,
    error: Option<String>,
    next_at: i64,
    created_at: i64,
}

impl FromRow<'_, AnyRow> for Row {
    fn from_row(row: &AnyRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.try_get("id")?,
            name: row.try_get("name")?,
            url: row.try_get("url")?,
            organization: row.try_get("organization")?,
            token: row.try_get("token")?,
            trust: row.try_get("trust")?,
            size: row.try_get("size")?,
            root: row.try_get("root")?,
            cursor: row.try_get("cursor")?,
            swept_at: row.try_get("swept_at")?,
            pulled_at: row.try_get("pulled_at")?,
            failures: row.try_get("failures")?,
            error: row.try_get("error")?,
            next_at: row.try_get("next_at")?,
            created_at: row.try_get("created_at")?,
        })
    }
}

const SELECT: &str = "SELECT id, name, url, organization, token, trust, size, root, cursor, swept_at, pulled_at, \
    failures, error, next_at, created_at FROM peer";

/// The log that a trust file pins, and its witnesses.
fn policy(trust: &Trust) -> Option<LogPolicy> {
    let log = trust.log.as_ref()?;
    let keys = trust.witnesses.iter().flat_map(|w| &w.keys);
    let witnesses = keys.map(|key| key.parse().ok()).collect::<Option<Vec<_>>>()?;
    let threshold = trust.witnesses.as_ref().map_or(0, |w| w.threshold as usize);
    Some(LogPolicy { origin: log.origin.clone(), log: log.key.parse().ok()?, witnesses, threshold })
}

impl Platform {
    fn sealing(&self) -> XChaCha20Poly1305 {
        let key =
            sha2::Sha256::new().chain_update("sukashi.peer-token/1").chain_update(self.store.seeds.instance);
        XChaCha20Poly1305::new(&<[u8; 32]>::from(key.finalize()).into())
    }

    fn seal(&self, id: &str, token: &str) -> Result<Vec<u8>, WriteError> {
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).map_err(WriteError::Random)?;
        let payload = Payload { msg: token.as_bytes(), aad: id.as_bytes() };
        let sealed = self.sealing().encrypt(&XNonce::from(nonce), payload);
        let sealed = sealed.map_err(|_| WriteError::Text { field: "token" })?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    fn unseal(&self, id: &str, sealed: &[u8]) -> Option<Secret> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE>()?;
        let payload = Payload { msg: sealed, aad: id.as_bytes() };
        let token = self.sealing().decrypt(&XNonce::from(*nonce), payload).ok()?;
        Some(Secret::known(String::from_utf8(token).ok()?))
    }

    /// Adds a peer, which is pulled from now on, and watches its log.
    pub async fn add_peer(
        &self,
        administrator: &Administrator,
        new: NewPeer,
    ) -> Result<PeerView, WriteError> {
        let name = checked_text("name", &new.name)?;
        let web = ["https://", "http://"].iter().any(|scheme| new.url.starts_with(scheme));
        if !web || new.url.len() > 2000 || new.url.contains(char::is_control) {
            return Err(WriteError::Text { field: "url" });
        }
        if new.token.is_empty() || new.token.len() > 1000 || new.token.contains(char::is_control) {
            return Err(WriteError::Text { field: "token" });
        }
        let policy = policy(&new.trust).ok_or(WriteError::NoLog)?;
        if policy.log.to_string() == self.log_key() {
            return Err(WriteError::Exists { what: policy.log.to_string() });
        }
        self.watch_log(administrator, &policy.origin, &policy.log.to_string()).await?;
        let id = random_text()?;
        let token = self.seal(&id, &new.token)?;
        let turn = self.write().await?;
        if !self.universe().organizations.contains_key(&new.organization) {
            return Err(WriteError::NotFound { what: new.organization.to_string() });
        }
        let rows = self.peer_rows().await?;
        if rows.iter().any(|row| row.name == name) || rows.len() >= MAX_PEERS {
            return Err(WriteError::Exists { what: name });
        }
        sqlx::query(
            "INSERT INTO peer (id, name, url, organization, token, trust, size, swept_at, failures, next_at, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, 0, 0, 0, 0, $7)",
        )
        .bind(&id)
        .bind(&name)
        .bind(&new.url)
        .bind(new.organization.as_str())
        .bind(token)
        .bind(serde_json::to_string(&new.trust)?)
        .bind(now().unix())
        .execute(&self.store.pool)
        .await?;
        drop(turn);
        let row = self.peer_rows().await?.into_iter().find(|row| row.id == id);
        row.and_then(|row| self.peer_view(row)).ok_or(WriteError::NotFound { what: id })
    }

    async fn peer_rows(&self) -> Result<Vec<Row>, sqlx::Error> {
        let sql = sqlx::AssertSqlSafe(format!("{SELECT} ORDER BY created_at, id"));
        sqlx::query_as(sql).fetch_all(&self.store.pool).await
    }

    fn peer_view(&self, row: Row) -> Option<PeerView> {
        let trust: Trust = serde_json::from_str(&row.trust).ok()?;
        Some(PeerView {
            organization: self.universe().organization_ref(&OrganizationId::new(row.organization)),
            id: row.id,
            name: row.name,
            url: row.url,
            log_key: trust.log.map(|log| log.key).unwrap_or_default(),
            tree_size: row.size.unsigned_abs(),
            pulled_at: row.pulled_at.and_then(Timestamp::from_unix),
            failures: u32::try_from(row.failures).ok()?,
            error: row.error,
            next_at: Timestamp::from_unix(row.next_at)?,
            created_at: Timestamp::from_unix(row.created_at)?,
        })
    }

    /// Peers, oldest first: all for whoever manages the instance, otherwise those that are pulled for the viewer's
    /// organization.
    pub async fn peers(&self, viewer: &Viewer) -> Result<Vec<PeerView>, ReadError> {
        if !viewer.has(Role::Administrator) {
            return Err(ReadError::Role);
        }
        let all = viewer.administrator().is_some();
        let rows = self.peer_rows().await?.into_iter();
        let mine = rows.filter(|row| all || row.organization == viewer.organization.as_str());
        Ok(mine.filter_map(|row| self.peer_view(row)).collect())
    }

    /// Forgets a peer. What was taken from it stays.
    pub async fn remove_peer(&self, _: &Administrator, id: &str) -> Result<(), WriteError> {
        let _turn = self.row_turn().await;
        let done = sqlx::query("DELETE FROM peer WHERE id = $1").bind(id).execute(&self.store.pool).await?;
        if done.rows_affected() == 0 {
            return Err(WriteError::NotFound { what: id.to_owned() });
        }
        Ok(())
    }

    fn opened(&self, row: Row) -> Option<Peer> {
        let trust: Trust = serde_json::from_str(&row.trust).ok()?;
        let root = row.root.as_deref().and_then(Hash::from_slice);
        Some(Peer {
            token: self.unseal(&row.id, &row.token)?,
            id: row.id,
            name: row.name,
            url: row.url,
            organization: OrganizationId::new(row.organization),
            policy: policy(&trust)?,
            trust,
            seen: root.map(|root| (row.size.unsigned_abs(), root)),
            cursor: row.cursor,
            sweep: now().unix().saturating_sub(row.swept_at) >= SWEEP,
        })
    }

    /// Peers whose turn it is.
    pub async fn due_peers(&self) -> Result<Vec<Peer>, ReadError> {
        let (rows, at) = (self.peer_rows().await?, now().unix());
        // No pause is that long: the clock was put back.
        let impossible = at.saturating_add(MAX_PAUSE);
        let due = rows.into_iter().filter(|row| row.next_at <= at || row.next_at > impossible);
        Ok(due.filter_map(|row| self.opened(row)).collect())
    }

    /// One peer, whenever its turn is; everything there is to be looked at.
    pub async fn peer(&self, _: &Administrator, id: &str) -> Result<Peer, ReadError> {
        let row = self.peer_rows().await?.into_iter().find(|row| row.id == id);
        let peer = row.and_then(|row| self.opened(row)).ok_or(ReadError::NotFound)?;
        Ok(Peer { sweep: true, ..peer })
    }

    /// Remembers a checkpoint of the peer's log that was verified: everything later must continue it.
    pub async fn peer_seen(&self, peer: &Peer, size: u64, root: Hash) -> Result<(), ReadError> {
        let _turn = self.row_turn().await;
        sqlx::query("UPDATE peer SET size = $1, root = $2 WHERE id = $3 AND size <= $1")
            .bind(i64::try_from(size).unwrap_or(i64::MAX))
            .bind(root.0.to_vec())
            .bind(&peer.id)
            .execute(&self.store.pool)
            .await?;
        Ok(())
    }

    /// Remembers that everything up to `cursor` was looked at.
    pub async fn peer_pulled(&self, peer: &Peer, cursor: Option<&str>) -> Result<(), ReadError> {
        let (at, _turn) = (now().unix(), self.row_turn().await);
        let swept = if peer.sweep { "swept_at = $1, " } else { "" };
        let sql = format!(
            "UPDATE peer SET {swept}pulled_at = $1, cursor = $2, failures = 0, error = NULL, next_at = $3 WHERE id = $4"
        );
        sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(at)
            .bind(cursor)
            .bind(at.saturating_add(PAUSE))
            .bind(&peer.id)
            .execute(&self.store.pool)
            .await?;
        Ok(())
    }

    /// Remembers that a pull failed, and why; the next one is later each time.
    pub async fn peer_failed(&self, peer: &Peer, why: &str) -> Result<(), ReadError> {
        let _turn = self.row_turn().await;
        let failures: Option<i64> = sqlx::query_scalar("SELECT failures FROM peer WHERE id = $1")
            .bind(&peer.id)
            .fetch_optional(&self.store.pool)
            .await?;
        let failures = failures.unwrap_or(0).clamp(0, 1000);
        let doubled = 1_i64.checked_shl(u32::try_from(failures.min(10)).unwrap_or(0)).unwrap_or(1);
        let pause = PAUSE.saturating_mul(doubled).min(MAX_PAUSE);
        let shown = why.chars().filter(|c| !c.is_control()).take(MAX_REASON).collect::<String>();
        sqlx::query("UPDATE peer SET failures = $1, error = $2, next_at = $3 WHERE id = $4")
            .bind(failures.saturating_add(1))
            .bind(shown)
            .bind(now().unix().saturating_add(pause))
            .bind(&peer.id)
            .execute(&self.store.pool)
            .await?;
        Ok(())
    }
}
