//! Other instances that evidence is pulled from: what is known of each, and how far it was pulled. What is taken from
//! them is `receive`'s business, and the requests are the server's.
//!
//! A peer is pulled for one organization, with a token of that organization's account there. Tokens are sealed with a
//! key that follows from the instance's own, which lies in the data directory: the database alone does not tell them.
//!
//! A server of the Transparency Exchange API can be a peer as well. It has no log, and does not say whose products it
//! shows: its trust file pins the one supplier it speaks for.

mod progress;
mod row;

use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use sha2::Digest as _;
use statement::{Head, Timestamp, Trust};
use tlog::{Hash, LogPolicy};

use crate::error::{ReadError, WriteError};
use crate::ids::{OrganizationId, now, random_text};
use crate::peer::progress::MAX_PAUSE;
use crate::peer::row::{Row, SELECT};
use crate::platform::{Platform, checked_text};
use crate::secret::Secret;
use crate::view::{PeerKind, PeerView};
use crate::viewer::{Administrator, Role, Viewer};

pub use crate::peer::progress::Progress;

/// Pause between pulls, in seconds; doubled with each failure, up to [`MAX_PAUSE`].
const PAUSE: i64 = 60;

/// Everything is looked at again after so many seconds: an embargo that ends is no change that is told.
const SWEEP: i64 = 60 * 60;

/// Most peers.
const MAX_PEERS: usize = 1000;

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
    /// What it is.
    pub kind: PeerKind,
    /// Token of that organization's account there; a server of the Transparency Exchange API may ask for none.
    pub token: Option<String>,
    /// Whose statements are accepted, and the log of an instance.
    pub trust: Trust,
}

/// How evidence is pulled.
#[derive(Clone, Debug)]
pub enum Source {
    /// From another instance, by its log and what witnessed it.
    Instance(Box<LogPolicy>),
    /// From a server of the Transparency Exchange API.
    Tea,
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
    pub token: Option<Secret>,
    /// Whose statements are accepted.
    pub trust: Trust,
    /// How it is pulled.
    pub source: Source,
    /// Leaves and root under the last checkpoint that was verified.
    pub seen: Option<(u64, Hash)>,
    /// The last change there that was looked at.
    pub cursor: Option<String>,
    /// Whether everything is to be looked at, and not only if there are changes.
    pub sweep: bool,
    /// The newest head of each supply link that was seen there.
    pub heads: Vec<Head>,
    /// What was wrong with what suppliers counted.
    pub faults: Vec<String>,
}

/// The log that a trust file pins, and its witnesses.
fn policy(trust: &Trust) -> Option<LogPolicy> {
    let log = trust.log.as_ref()?;
    let keys = trust.witnesses.iter().flat_map(|w| &w.keys);
    let witnesses = keys.map(|key| key.parse().ok()).collect::<Option<Vec<_>>>()?;
    let threshold = trust.witnesses.as_ref().map_or(0, |w| w.threshold as usize);
    Some(LogPolicy { origin: log.origin.clone(), log: log.key.parse().ok()?, witnesses, threshold })
}

impl Source {
    fn of(kind: PeerKind, trust: &Trust) -> Result<Self, WriteError> {
        match kind {
            PeerKind::Instance => {
                policy(trust).map(|policy| Self::Instance(Box::new(policy))).ok_or(WriteError::NoLog)
            }
            PeerKind::Tea if trust.organizations.len() == 1 => Ok(Self::Tea),
            PeerKind::Tea => Err(WriteError::NoSupplier),
        }
    }
}

/// As the database writes it.
fn stored(kind: PeerKind) -> &'static str {
    match kind {
        PeerKind::Instance => "instance",
        PeerKind::Tea => "tea",
    }
}

fn kind_of(row: &Row) -> Option<PeerKind> {
    [PeerKind::Instance, PeerKind::Tea].into_iter().find(|kind| stored(*kind) == row.kind)
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
        let bad = |t: &String| t.is_empty() || t.len() > 1000 || t.contains(char::is_control);
        if new.token.as_ref().map_or(new.kind == PeerKind::Instance, bad) {
            return Err(WriteError::Text { field: "token" });
        }
        if let Source::Instance(policy) = Source::of(new.kind, &new.trust)? {
            if policy.log.to_string() == self.log_key() {
                return Err(WriteError::Exists { what: policy.log.to_string() });
            }
            self.watch_log(administrator, &policy.origin, &policy.log.to_string()).await?;
        }
        let id = random_text()?;
        let token = new.token.as_ref().map_or(Ok(Vec::new()), |token| self.seal(&id, token))?;
        let turn = self.write().await?;
        if !self.universe().organizations.contains_key(&new.organization) {
            return Err(WriteError::NotFound { what: new.organization.to_string() });
        }
        let rows = self.peer_rows().await?;
        if rows.iter().any(|row| row.name == name) || rows.len() >= MAX_PEERS {
            return Err(WriteError::Exists { what: name });
        }
        sqlx::query(
            "INSERT INTO peer (id, name, url, organization, token, trust, size, swept_at, failures, next_at, created_at, kind)
             VALUES ($1, $2, $3, $4, $5, $6, 0, 0, 0, 0, $7, $8)",
        )
        .bind(&id)
        .bind(&name)
        .bind(&new.url)
        .bind(new.organization.as_str())
        .bind(token)
        .bind(serde_json::to_string(&new.trust)?)
        .bind(now().unix())
        .bind(stored(new.kind))
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
            kind: kind_of(&row)?,
            faults: serde_json::from_str(&row.faults).ok()?,
            organization: self.universe().organization_ref(&OrganizationId::new(row.organization)),
            id: row.id,
            name: row.name,
            url: row.url,
            log_key: trust.log.map(|log| log.key),
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
        let token = if row.token.is_empty() { None } else { Some(self.unseal(&row.id, &row.token)?) };
        Some(Peer {
            token,
            source: Source::of(kind_of(&row)?, &trust).ok()?,
            heads: serde_json::from_str(&row.heads).ok()?,
            faults: serde_json::from_str(&row.faults).ok()?,
            id: row.id,
            name: row.name,
            url: row.url,
            organization: OrganizationId::new(row.organization),
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
}
