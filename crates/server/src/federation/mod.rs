//! Pulling evidence from another instance (`instance`), from a server of the Transparency Exchange API (`tea`), or out of
//! a bundle that was carried from an instance.
//!
//! What is fetched is handed to the platform, which verifies each statement once more by itself. What cannot be taken is
//! named with the reason and holds up nothing else.

mod instance;
mod tea;

use std::collections::BTreeMap;
use std::sync::Arc;

use client::{Bundle, HttpError, Item, Left, Pulled, RemoteError, TailError, TeaError};
use serde::de::DeserializeOwned;
use share::{
    Hop, Offer, OfferedRelease, OrganizationKind, Peer, Platform, ReadError, ReceiveError, Source, Taken,
};
use statement::KeyId;

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
    Tea(#[from] TeaError),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("the request was cut off")]
    Cut(#[from] tokio::task::JoinError),
}

/// The value a word of the interface stands for; `None` for words of later versions.
fn word<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_value(serde_json::Value::String(text.to_owned())).ok()
}

/// Pulls what is new.
pub(crate) async fn pull(platform: &Arc<Platform>, peer: &Peer) -> Result<Pulled, PullError> {
    match &peer.source {
        Source::Instance(policy) => instance::pull(platform, peer, policy).await,
        Source::Tea => tea::pull(platform, peer).await,
    }
}

/// Takes what a bundle holds.
pub(crate) async fn take_bundle(platform: &Arc<Platform>, peer: &Peer, bundle: Bundle) -> Pulled {
    let mut pulled = Pulled::default();
    for item in bundle.items {
        // Grants and heads are for whoever verifies the bundle.
        if item.offered.is_some() {
            take_item(platform, peer, item, &mut pulled).await;
        }
    }
    pulled
}

async fn take_item(platform: &Platform, peer: &Peer, item: Item, pulled: &mut Pulled) {
    let what = item.offered.as_ref().map(|o| o.id.clone()).unwrap_or_default();
    match offer(item) {
        Some(offer) => take(platform, peer, what, offer, pulled).await,
        None => left(pulled, what, ReceiveError::Kind.to_string()),
    }
}

async fn take(platform: &Platform, peer: &Peer, what: String, offer: Offer, pulled: &mut Pulled) {
    match platform.receive(peer, offer).await {
        Ok(Taken::New(_) | Taken::Received(_)) => pulled.taken = pulled.taken.saturating_add(1),
        Ok(Taken::Known) => pulled.known = pulled.known.saturating_add(1),
        Err(error) => {
            tracing::debug!(peer = peer.name, what, %error, "a statement was not taken");
            left(pulled, what, error.to_string());
        }
    }
}

fn left(pulled: &mut Pulled, what: String, why: String) {
    if pulled.left.len() < MAX_LEFT {
        pulled.left.push(Left { what, why });
    }
}

/// Where the next pull goes on. What could not be fetched would otherwise wait for another change.
fn reached(before: Option<&str>, cursor: Option<String>, complete: bool) -> Option<String> {
    if complete { cursor } else { before.map(str::to_owned) }
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
        proof: Some(item.proof?),
        hops: item.hops.into_iter().map(|hop| Hop { log: hop.log, proof: hop.proof }).collect(),
        level: word(&offered.level)?,
        release,
        tlp: offered.tlp.as_deref().map(|tlp| word(tlp).ok_or(())).transpose().ok()?,
        embargo_until: offered.embargo_until,
        kinds,
        view: item.view,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_not_be_fetched_is_asked_for_again() {
        let after = || Some("b".to_owned());
        assert_eq!(reached(Some("a"), after(), true), after());
        assert_eq!(reached(Some("a"), after(), false).as_deref(), Some("a"));
        assert_eq!(reached(None, after(), false), None);
    }
}
