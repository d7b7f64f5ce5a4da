//! Pulling from a server of the Transparency Exchange API: signed statements among its documents.
//!
//! It has no log, no heads and no disclosure levels: what is not signed by the pinned supplier is named and left, what was
//! left out or put back is not seen, and what is taken is handed on to nobody. What it does not show any more stays.

use std::collections::BTreeMap;
use std::sync::Arc;

use client::{DownloadError, Format, Left, Pulled, Tea, TeaError, TeaRelease};
use record::Sha256;
use sha2::{Digest as _, Sha256 as Hasher};
use share::{Offer, OfferedRelease, Peer, Platform, ProductKind, Progress};
use statement::{DisclosureLevel, KeyId};

use crate::federation::{PullError, left, reached, take};

/// What a server shows.
struct Listing {
    tea: Tea,
    releases: Vec<TeaRelease>,
    /// Digest of what is there: the same as long as nothing changes.
    state: String,
    /// Releases that it lists and does not show.
    left: Vec<Left>,
}

/// An administrator named the address, so it may lie anywhere.
fn list(peer: &Peer) -> Result<Listing, TeaError> {
    let tea = Tea::at(&peer.url, peer.token.as_ref().map(|token| token.reveal()))?;
    let found = tea.list()?;
    let (mut releases, mut left) = (Vec::new(), Vec::new());
    for found in &found {
        match tea.release(found) {
            Ok(release) => releases.push(release),
            Err(error) => {
                let what = format!("{} {}", found.product(), found.version());
                left.push(Left { what, why: crate::background::causes(&error) });
            }
        }
    }
    let mut state = Hasher::new();
    for release in &releases {
        state.update(format!("{} {}\n", release.uuid, release.files.len()));
        for artifact in &release.artifacts {
            state.update(format!("{} {}\n", artifact.uuid, artifact.version));
        }
    }
    Ok(Listing { tea, releases, state: hex::encode(state.finalize()), left })
}

/// Pulls what is new.
pub(super) async fn pull(platform: &Arc<Platform>, peer: &Peer) -> Result<Pulled, PullError> {
    let asked = peer.clone();
    let Listing { tea, releases, state, left: not_shown } =
        tokio::task::spawn_blocking(move || list(&asked)).await??;
    let mut pulled = Pulled { left: not_shown, ..Pulled::default() };
    let state = Some(state);
    if !peer.sweep && peer.cursor == state {
        platform.peer_pulled(peer, Progress { cursor: state, ..Progress::default() }).await?;
        return Ok(pulled);
    }
    let mut complete = true;
    let (tea, received) = (Arc::new(tea), platform.received_envelopes(&peer.organization));
    for release in releases {
        let wanted = wanted(&release, |digest| received.contains(digest), &mut pulled);
        for (what, format) in wanted {
            let tea = Arc::clone(&tea);
            match tokio::task::spawn_blocking(move || tea.download(&format)).await? {
                Ok(download) => {
                    let offer = offer(peer, &release, download.bytes);
                    take(platform, peer, what, offer, &mut pulled).await;
                }
                Err(error) => {
                    complete &= !matches!(error, DownloadError::Fetch(_));
                    left(&mut pulled, what, crate::background::causes(&error));
                }
            }
        }
    }
    let cursor = reached(peer.cursor.as_deref(), state, complete);
    platform.peer_pulled(peer, Progress { cursor, ..Progress::default() }).await?;
    Ok(pulled)
}

/// Documents that may be statements and are not here yet.
fn wanted(
    release: &TeaRelease,
    is_here: impl Fn(&Sha256) -> bool,
    pulled: &mut Pulled,
) -> Vec<(String, Format)> {
    let mut wanted = Vec::new();
    for artifact in &release.artifacts {
        let Some(format) = artifact.formats.iter().find(|f| f.is_envelope()) else {
            let why = "it is not a signed statement".to_owned();
            left(pulled, artifact.uuid.clone(), why);
            continue;
        };
        let digests = format.checksums.iter().filter_map(|c| c.alg_value.parse().ok());
        match digests.into_iter().any(|digest| is_here(&digest)) {
            true => pulled.known = pulled.known.saturating_add(1),
            false => wanted.push((artifact.uuid.clone(), format.clone())),
        }
    }
    for uuid in &release.not_shown {
        left(pulled, uuid.clone(), "the component release is not shown".to_owned());
    }
    wanted
}

/// The server's word is only which release a statement is about; whose it is, the trust file says.
fn offer(peer: &Peer, release: &TeaRelease, envelope: Vec<u8>) -> Offer {
    let supplier = peer.trust.organizations.iter().flat_map(|o| &o.keys);
    let supplier_keys: Vec<KeyId> = supplier.map(|key| key.key_id).collect();
    let artifact = |(name, sha256): &(String, Sha256)| (name.clone(), *sha256, None);
    Offer {
        envelope,
        proof: None,
        hops: Vec::new(),
        level: DisclosureLevel::Full,
        release: Some(OfferedRelease {
            supplier_keys,
            product: release.product.clone(),
            kind: ProductKind::Software,
            version: release.version.clone(),
            artifacts: release.files.iter().map(artifact).collect(),
        }),
        tlp: None,
        embargo_until: None,
        kinds: BTreeMap::new(),
        view: None,
    }
}
