//! Pulling from another instance.
//!
//! The peer's log comes first: its newest checkpoint must continue the last one that was seen. Then what suppliers
//! counted is compared with what the peer shows, now and at earlier pulls; then what is new is fetched and taken.

use std::collections::BTreeMap;
use std::sync::Arc;

use client::{
    Checkpoint, Evidence, Gathering, Http, Item, Left, LogPolicy, Pulled, Reach, Remote, RemoteError,
};
use record::Sha256;
use share::{Peer, Platform, Progress, is_handed_on};
use statement::{DisclosureLevel, EvidenceType, Head, KeyRing, Statement, Timestamp, Unverified};

use crate::federation::{PullError, reached, take_item, word};

/// Statements that are fetched before they are taken.
const CHUNK: usize = 50;

/// What a peer has, as far as it is of use here.
struct Listing {
    remote: Remote,
    checkpoint: Checkpoint,
    /// Oldest first; none where nothing changed.
    evidence: Vec<Evidence>,
    cursor: Option<String>,
    counted: Counted,
}

/// What suppliers say of how much there is.
#[derive(Default)]
struct Counted {
    /// The newest head of each supply link.
    heads: Vec<Head>,
    /// What is wrong with them.
    faults: Vec<String>,
    /// Heads that do not verify.
    left: Vec<Left>,
}

/// An administrator named the address, so it may lie anywhere.
fn list(peer: &Peer, policy: &LogPolicy, keys: &KeyRing, now: Timestamp) -> Result<Listing, PullError> {
    let token = peer.token.as_ref().map(|token| token.reveal());
    let remote = Remote::new(Http::new(&peer.url, token, Reach::Anywhere)?);
    // The cursor first: what is registered in between is found by the next pull.
    let (changed, cursor) = remote.changed(peer.cursor.as_deref())?;
    let looks = changed || peer.sweep;
    let evidence = if looks { remote.evidence(None, true)? } else { Vec::new() };
    let newest = evidence.iter().rfind(|e| is_full(e)).map(|e| e.id.as_str());
    let checkpoint = client::advance(&remote, policy, peer.seen, newest)?;
    let counted = if looks { count(&remote, &evidence, keys, peer, now)? } else { unchanged(peer, now) };
    Ok(Listing { remote, checkpoint, evidence, cursor, counted })
}

/// Compares the heads that suppliers signed for their supply links, at this pull and before, with what the peer shows of
/// them: whether it leaves anything out, or suppliers took something back, contradict themselves, or have not said
/// anything for too long.
fn count(
    remote: &Remote,
    evidence: &[Evidence],
    keys: &KeyRing,
    peer: &Peer,
    now: Timestamp,
) -> Result<Counted, PullError> {
    let (mut heads, mut left) = (peer.heads.clone(), Vec::new());
    for one in evidence.iter().filter(|e| e.r#type == "head") {
        let claim = Unverified::<Statement>::read(remote.statement(&one.id)?);
        let verified =
            claim.map_err(|e| e.to_string()).and_then(|c| c.verify(keys).map_err(|e| e.to_string()));
        match verified.and_then(|v| v.value().predicate::<Head>().map_err(|e| e.to_string())) {
            Ok(head) if heads.contains(&head) => {}
            Ok(head) => heads.push(head),
            Err(why) => left.push(Left { what: one.id.clone(), why }),
        }
    }
    // Without heads there is nothing to compare the lists with.
    let disclosed = if heads.is_empty() { Vec::new() } else { remote.disclosed()? };
    let mut faults: Vec<String> =
        client::head_faults(&heads, &disclosed, now).iter().map(ToString::to_string).collect();
    let shown = |head: &Head| disclosed.iter().any(|d| d.link == head.link);
    let gone = peer.heads.iter().filter(|head| !shown(head) && head.valid_until > now);
    faults.extend(gone.map(|head| format!("supply link `{}` is not shown any more", head.link)));
    Ok(Counted { heads: newest(heads), faults, left })
}

/// Nothing changed there; what suppliers said may have grown old since.
fn unchanged(peer: &Peer, now: Timestamp) -> Counted {
    let mut faults = peer.faults.clone();
    for fault in client::head_faults(&peer.heads, &[], now) {
        let fault = fault.to_string();
        if !faults.contains(&fault) {
            faults.push(fault);
        }
    }
    Counted { heads: peer.heads.clone(), faults, left: Vec::new() }
}

/// The newest head of each link: what comes later must not fall behind it.
fn newest(heads: Vec<Head>) -> Vec<Head> {
    let mut newest: BTreeMap<String, Head> = BTreeMap::new();
    for head in heads {
        let known = newest.get(&head.link);
        if known.is_none_or(|known| (known.count, known.issued) < (head.count, head.issued)) {
            newest.insert(head.link.clone(), head);
        }
    }
    newest.into_values().collect()
}

fn is_full(evidence: &Evidence) -> bool {
    word::<DisclosureLevel>(&evidence.level).is_some_and(|level| level >= DisclosureLevel::Full)
}

/// The entry of the log that proves what the organization would get of it; `None` where there is nothing to get: its kind
/// stays where it is, or it is shown without proof.
fn proven_by(evidence: &Evidence, entries: &BTreeMap<String, Sha256>) -> Option<Sha256> {
    word::<EvidenceType>(&evidence.r#type).filter(|kind| is_handed_on(*kind))?;
    match word::<DisclosureLevel>(&evidence.level)? {
        level if level >= DisclosureLevel::Full => Some(evidence.log_entry),
        DisclosureLevel::Redacted => entries.get(evidence.commitment.as_ref()?).copied(),
        _ => None,
    }
}

/// What the organization could have more of than it has, and how much of the rest is here and how much stays there.
fn wanted(platform: &Platform, peer: &Peer, evidence: Vec<Evidence>) -> (Vec<Evidence>, Pulled) {
    let entries: BTreeMap<String, Sha256> = evidence.iter().map(|e| (e.id.clone(), e.log_entry)).collect();
    let (mut wanted, mut pulled) = (Vec::new(), Pulled::default());
    for one in evidence {
        let level = word::<DisclosureLevel>(&one.level);
        match proven_by(&one, &entries).map(|entry| platform.has_received(&peer.organization, entry)) {
            None => pulled.stays = pulled.stays.saturating_add(1),
            Some(has) if has < level => wanted.push(one),
            Some(_) => pulled.known = pulled.known.saturating_add(1),
        }
    }
    (wanted, pulled)
}

/// Pulls what is new.
pub(super) async fn pull(
    platform: &Arc<Platform>,
    peer: &Peer,
    policy: &LogPolicy,
) -> Result<Pulled, PullError> {
    let (asked, keys, now) = (peer.clone(), platform.accepted(peer), platform.now());
    let log = policy.clone();
    let listing = tokio::task::spawn_blocking(move || list(&asked, &log, &keys, now)).await??;
    let Listing { remote, checkpoint, evidence, cursor, counted } = listing;
    platform.peer_seen(peer, checkpoint.size, checkpoint.root).await?;
    let (wanted, mut pulled) = wanted(platform, peer, evidence);
    pulled.left.extend(counted.left);
    let told = counted.faults.iter().map(|why| Left { what: "heads".to_owned(), why: why.clone() });
    pulled.left.extend(told);
    let (remote, mut complete) = (Arc::new(remote), true);
    for chunk in wanted.chunks(CHUNK) {
        let (remote, chunk, size) = (Arc::clone(&remote), chunk.to_vec(), checkpoint.size);
        let fetched = tokio::task::spawn_blocking(move || fetch(&remote, &chunk, size)).await??;
        complete &= fetched.iter().all(Option::is_some);
        for item in fetched.into_iter().flatten() {
            take_item(platform, peer, item, &mut pulled).await;
        }
    }
    let cursor = reached(peer.cursor.as_deref(), cursor, complete);
    let progress = Progress { cursor, heads: counted.heads, faults: counted.faults };
    platform.peer_pulled(peer, progress).await?;
    Ok(pulled)
}

fn fetch(remote: &Remote, evidence: &[Evidence], size: u64) -> Result<Vec<Option<Item>>, RemoteError> {
    let mut gathering = Gathering::new(remote, Some(size));
    let one = |e: &Evidence| if is_full(e) { gathering.item(e) } else { gathering.parts(e) };
    evidence.iter().map(one).collect()
}
