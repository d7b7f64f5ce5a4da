//! Pulling evidence from another instance, or out of a bundle that was carried from it.
//!
//! The peer's log comes first: its newest checkpoint must continue the last one that was seen. Then what is new for the
//! organization is fetched and handed to the platform, which verifies each statement once more by itself. What cannot be
//! taken is named with the reason and holds up nothing else.

use std::collections::BTreeMap;
use std::sync::Arc;

use client::{
    Bundle, Checkpoint, Evidence, Gathering, Http, HttpError, Item, Left, Pulled, Reach, Remote, RemoteError,
    TailError,
};
use serde::de::DeserializeOwned;
use share::{
    Hop, Offer, OfferedRelease, OrganizationKind, Peer, Platform, ReadError, ReceiveError, Taken,
    is_handed_on,
};
use statement::{DisclosureLevel, EvidenceType, Head, KeyId, KeyRing, Statement, Timestamp, Unverified};

/// Statements that are fetched before they are taken.
const CHUNK: usize = 50;

/// Most reasons that are told of one pull.
const MAX_LEFT: usize = 1000;

/// Why a peer could not be pulled.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PullError {
    #[error(transparent)]
    Http(#[from] HttpError),
    #[error(transparent)]
    Remote(#[from] RemoteError),
    #[error(transparent)]
    Tail(#[from] TailError),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("the request was cut off")]
    Cut(#[from] tokio::task::JoinError),
}

/// What a peer has, as far as it is of use here.
struct Listing {
    remote: Remote,
    checkpoint: Checkpoint,
    /// Oldest first.
    evidence: Vec<Evidence>,
    cursor: Option<String>,
    /// What is wrong with what suppliers say of how much there is.
    faults: Vec<Left>,
}

/// The value a word of the interface stands for; `None` for words of later versions.
fn word<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_value(serde_json::Value::String(text.to_owned())).ok()
}

/// An administrator named the address, so it may lie anywhere.
fn list(peer: &Peer, keys: &KeyRing, now: Timestamp) -> Result<Listing, PullError> {
    let remote = Remote::new(Http::new(&peer.url, Some(peer.token.reveal()), Reach::Anywhere)?);
    // The cursor first: what is registered in between is found by the next pull.
    let (changed, cursor) = remote.changed(peer.cursor.as_deref())?;
    let evidence = if changed || peer.sweep { remote.evidence(None, true)? } else { Vec::new() };
    let newest = evidence.iter().rfind(|e| is_full(e)).map(|e| e.id.as_str());
    let checkpoint = client::advance(&remote, &peer.policy, peer.seen, newest)?;
    let faults = heads(&remote, &evidence, keys, now)?;
    Ok(Listing { remote, checkpoint, evidence, cursor, faults })
}

/// Compares the heads that suppliers signed for their supply links with what the peer shows of them: whether it leaves
/// anything out, or suppliers took something back, or have not said anything for too long.
fn heads(
    remote: &Remote,
    evidence: &[Evidence],
    keys: &KeyRing,
    now: Timestamp,
) -> Result<Vec<Left>, PullError> {
    let (mut heads, mut left) = (Vec::new(), Vec::new());
    for one in evidence.iter().filter(|e| e.r#type == "head") {
        let claim = Unverified::<Statement>::read(remote.statement(&one.id)?);
        let verified =
            claim.map_err(|e| e.to_string()).and_then(|c| c.verify(keys).map_err(|e| e.to_string()));
        match verified.and_then(|v| v.value().predicate::<Head>().map_err(|e| e.to_string())) {
            Ok(head) => heads.push(head),
            Err(why) => left.push(Left { what: one.id.clone(), why }),
        }
    }
    // Without heads there is nothing to compare the lists with.
    let disclosed = if heads.is_empty() { Vec::new() } else { remote.disclosed()? };
    let faults = client::head_faults(&heads, &disclosed, now);
    left.extend(faults.iter().map(|fault| Left { what: "heads".to_owned(), why: fault.to_string() }));
    Ok(left)
}

fn is_full(evidence: &Evidence) -> bool {
    word::<DisclosureLevel>(&evidence.level).is_some_and(|level| level >= DisclosureLevel::Full)
}

/// Whether the organization could have more of it than it has.
fn is_wanted(platform: &Platform, peer: &Peer, evidence: &Evidence) -> bool {
    let kind = word::<EvidenceType>(&evidence.r#type);
    let level = word::<DisclosureLevel>(&evidence.level);
    is_full(evidence)
        && kind.is_some_and(is_handed_on)
        && platform.has_received(&peer.organization, evidence.log_entry) < level
}

/// Pulls what is new.
pub(crate) async fn pull(platform: &Arc<Platform>, peer: &Peer) -> Result<Pulled, PullError> {
    let (asked, keys, now) = (peer.clone(), platform.accepted(peer), platform.now());
    let listing = tokio::task::spawn_blocking(move || list(&asked, &keys, now)).await??;
    let Listing { remote, checkpoint, evidence, cursor, faults } = listing;
    platform.peer_seen(peer, checkpoint.size, checkpoint.root).await?;
    let all = evidence.len();
    let wanted: Vec<Evidence> = evidence.into_iter().filter(|e| is_wanted(platform, peer, e)).collect();
    let mut pulled = Pulled { taken: 0, known: all.saturating_sub(wanted.len()) as u64, left: faults };
    let (remote, mut complete) = (Arc::new(remote), true);
    for chunk in wanted.chunks(CHUNK) {
        let (remote, chunk, size) = (Arc::clone(&remote), chunk.to_vec(), checkpoint.size);
        let fetched = tokio::task::spawn_blocking(move || fetch(&remote, &chunk, size)).await??;
        complete &= fetched.iter().all(Option::is_some);
        for item in fetched.into_iter().flatten() {
            take(platform, peer, item, &mut pulled).await;
        }
    }
    // Otherwise the rest would wait for another change.
    platform.peer_pulled(peer, if complete { cursor.as_deref() } else { peer.cursor.as_deref() }).await?;
    Ok(pulled)
}

fn fetch(remote: &Remote, evidence: &[Evidence], size: u64) -> Result<Vec<Option<Item>>, RemoteError> {
    let mut gathering = Gathering::new(remote, Some(size));
    evidence.iter().map(|e| gathering.item(e)).collect()
}

/// Takes what a bundle holds.
pub(crate) async fn take_bundle(platform: &Arc<Platform>, peer: &Peer, bundle: Bundle) -> Pulled {
    let mut pulled = Pulled::default();
    for item in bundle.items {
        // Grants, heads and commitments are for whoever verifies the bundle.
        if item.offered.is_some() {
            take(platform, peer, item, &mut pulled).await;
        }
    }
    pulled
}

async fn take(platform: &Platform, peer: &Peer, item: Item, pulled: &mut Pulled) {
    let what = item.offered.as_ref().map(|o| o.id.clone()).unwrap_or_default();
    let taken = match offer(item) {
        Some(offer) => platform.receive(peer, offer).await,
        None => Err(ReceiveError::Kind),
    };
    match taken {
        Ok(Taken::New(_) | Taken::Received(_)) => pulled.taken = pulled.taken.saturating_add(1),
        Ok(Taken::Known) => pulled.known = pulled.known.saturating_add(1),
        Err(error) => {
            tracing::debug!(peer = peer.name, what, %error, "a statement was not taken");
            if pulled.left.len() < MAX_LEFT {
                pulled.left.push(Left { what, why: error.to_string() });
            }
        }
    }
}

/// `None` where a word is not known here.
fn offer(item: Item) -> Option<Offer> {
    let offered = item.offered?;
    let mut kinds = BTreeMap::<KeyId, OrganizationKind>::new();
    let release = match offered.release {
        None => None,
        Some(release) => {
            if let Some(kind) = word(&release.supplier_kind) {
                kinds.extend(release.supplier_keys.iter().map(|key| (*key, kind)));
            }
            Some(OfferedRelease {
                supplier_keys: release.supplier_keys,
                product: release.product,
                kind: word(&release.kind)?,
                version: release.version,
                artifacts: release.artifacts.into_iter().map(|a| (a.name, a.sha256, a.size)).collect(),
            })
        }
    };
    Some(Offer {
        envelope: item.envelope.get().as_bytes().to_vec(),
        proof: item.proof?,
        hops: item.hops.into_iter().map(|hop| Hop { log: hop.log, proof: hop.proof }).collect(),
        level: word(&offered.level)?,
        release,
        tlp: offered.tlp.as_deref().map(|tlp| word(tlp).ok_or(())).transpose().ok()?,
        embargo_until: offered.embargo_until,
        kinds,
    })
}
