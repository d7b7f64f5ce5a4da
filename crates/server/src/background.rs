//! What happens without being asked for: bills of materials are matched and systems assessed anew when something is
//! registered, webhooks and mailboxes are told of changes, other instances are pulled, and witnesses are asked to cosign new
//! checkpoints.
//!
//! Each round is short and begins anew from what is stored, so that stopping at any moment loses nothing. Of several
//! processes on one database, one does each kind of work, and another goes on where that one vanishes.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use client::{Http, HttpError, Reach};
use pipeline::{Examiner, Round, Vulnerabilities, Worker};
use share::{Platform, ReadError, WitnessOfOurs};
use tokio::sync::watch;

use crate::federation;
use crate::site::Site;
use crate::tell;

/// Pause between rounds.
pub(crate) const ROUND: Duration = Duration::from_secs(10);

/// How long registrations are gathered before a round begins.
pub(crate) const GATHER: Duration = Duration::from_millis(200);

/// How often it is looked whether there are new vulnerability data.
const LOOK: Duration = Duration::from_secs(1);

/// Pause before a database that failed is asked again.
const AGAIN: Duration = Duration::from_secs(1);

/// Longest answer of a witness, in bytes.
const MAX_LINES: u64 = 64 << 10;

/// Runs until `stopped` says so.
pub(crate) async fn run(site: Arc<Site>, stopped: watch::Receiver<bool>) {
    tokio::join!(
        witnessing(Arc::clone(site.platform()), stopped.clone()),
        tell::telling(Arc::clone(&site), stopped.clone()),
        pulling(Arc::clone(site.platform()), stopped.clone()),
        examining(Arc::clone(&site), stopped.clone()),
        renewing(Arc::clone(&site), stopped.clone()),
        working(site, stopped),
    );
}

/// Learns what other processes register, until `stopped` says so.
pub(crate) async fn follow(platform: Arc<Platform>, mut stopped: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            ended = platform.follow() => if let Err(error) = ended {
                tracing::warn!(error = causes(&error), "cannot follow what other processes register");
            },
            () = told(&mut stopped) => return,
        }
        tokio::select! {
            () = tokio::time::sleep(AGAIN) => {}
            () = told(&mut stopped) => return,
        }
    }
}

pub(crate) fn causes(error: &dyn std::error::Error) -> String {
    let layers: Vec<_> =
        std::iter::successors(Some(error), |e| e.source()).map(ToString::to_string).collect();
    layers.join(": ")
}

/// Completes when it is time to stop.
pub(crate) async fn told(stopped: &mut watch::Receiver<bool>) {
    let _ = stopped.wait_for(|s| *s).await;
}

async fn witnessing(platform: Arc<Platform>, mut stopped: watch::Receiver<bool>) {
    loop {
        let asked = platform.alone("witnesses", ask_witnesses(&platform)).await;
        if let Err(error) = asked.and_then(|done| done.unwrap_or(Ok(()))) {
            tracing::warn!(%error, "cannot read the list of witnesses");
        }
        tokio::select! {
            () = tokio::time::sleep(ROUND) => {}
            () = told(&mut stopped) => return,
        }
    }
}

/// Pulls from other instances whose turn it is.
async fn pulling(platform: Arc<Platform>, mut stopped: watch::Receiver<bool>) {
    loop {
        let pulled = platform.alone("peers", pull_due(&platform)).await;
        if let Err(error) = pulled.and_then(|done| done.unwrap_or(Ok(()))) {
            tracing::warn!(error = causes(&error), "cannot read the list of peers");
        }
        tokio::select! {
            () = tokio::time::sleep(ROUND) => {}
            () = told(&mut stopped) => return,
        }
    }
}

async fn pull_due(platform: &Arc<Platform>) -> Result<(), ReadError> {
    for peer in platform.due_peers().await? {
        match federation::pull(platform, &peer).await {
            Ok(done) if done.taken == 0 && done.left.is_empty() => {}
            Ok(done) => {
                let (peer, taken, left) = (&peer.name, done.taken, done.left.len());
                tracing::info!(peer, taken, left, "pulled from another instance");
            }
            Err(error) => {
                let why = causes(&error);
                tracing::warn!(peer = peer.name, error = why, "another instance could not be pulled");
                platform.peer_failed(&peer, &why).await?;
            }
        }
    }
    Ok(())
}

/// Opens the vulnerability data again when somebody replaced them. Answers need them as well, so every process does it.
async fn renewing(site: Arc<Site>, mut stopped: watch::Receiver<bool>) {
    let Some(file) = site.feed.clone() else { return };
    let mut seen = stamp(&file);
    loop {
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            () = told(&mut stopped) => return,
        }
        let now = stamp(&file);
        if now == seen || now.is_none() {
            continue;
        }
        seen = now;
        let path = file.clone();
        match tokio::task::spawn_blocking(move || Vulnerabilities::open(&path)).await {
            Ok(Ok(data)) => {
                tracing::info!(digest = %data.digest(), "there are new vulnerability data");
                site.renew(Arc::new(data));
            }
            Ok(Err(error)) => {
                tracing::error!(error = causes(&error), "the old vulnerability data stay in use")
            }
            Err(error) => tracing::error!(%error, "opening vulnerability data was cut off"),
        }
    }
}

/// Tells one file from the next under the same name: when it was written, and how long it is.
fn stamp(file: &Path) -> Option<(SystemTime, u64)> {
    let metadata = std::fs::metadata(file).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

/// One upload after another; each has all processors.
async fn examining(site: Arc<Site>, mut stopped: watch::Receiver<bool>) {
    let Some((program, arguments)) = site.examiner.clone() else { return };
    let examiner = Examiner::new(Arc::clone(site.platform()), program, arguments);
    while !*stopped.borrow() {
        match examiner.one().await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => tracing::error!(error = causes(&error), "uploads are not examined"),
        }
        tokio::select! {
            () = site.job_added() => {}
            // Others may have added one, or left one behind.
            () = tokio::time::sleep(ROUND) => {}
            () = told(&mut stopped) => return,
        }
    }
}

/// A round whenever something was registered.
async fn working(site: Arc<Site>, mut stopped: watch::Receiver<bool>) {
    let mut version = site.version();
    let mut worker = Worker::new(Arc::clone(site.platform()), site.vulnerabilities());
    loop {
        version.borrow_and_update();
        worker.renew(site.vulnerabilities());
        let mut failed = false;
        match site.alone("rounds", worker.round()).await {
            Ok(None | Some(Ok(Round { matched: 0, assessed: 0, .. }))) => {}
            Ok(Some(Ok(Round { matched, found, assessed }))) => {
                tracing::info!(matched, found, assessed, "worked on what was registered");
            }
            Ok(Some(Err(error))) => {
                tracing::error!(error = causes(&error), "a round of work failed");
                failed = true;
            }
            Err(error) => {
                tracing::error!(error = causes(&error), "cannot tell who works");
                failed = true;
            }
        }
        // Whoever worked last may be gone; what failed is done once the store is well again.
        let waits = failed || site.is_shared();
        tokio::select! {
            () = tokio::time::sleep(ROUND), if waits => {}
            () = site.renewed.notified() => {}
            changed = version.changed() => {
                if changed.is_err() {
                    return;
                }
                // Several registrations at once are one round.
                tokio::time::sleep(GATHER).await;
            }
            () = told(&mut stopped) => return,
        }
    }
}

/// Asks every witness that has not seen the newest checkpoint.
pub(crate) async fn ask_witnesses(platform: &Platform) -> Result<(), ReadError> {
    for witness in platform.witnesses().await? {
        let url = witness.url.clone();
        match ask(platform, witness).await {
            Ok(true) => tracing::debug!(url, "a witness cosigned the log"),
            Ok(false) => {}
            Err(error) => tracing::warn!(url, %error, "a witness did not cosign the log"),
        }
    }
    Ok(())
}

#[derive(Debug, thiserror::Error)]
enum AskError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Http(#[from] HttpError),
    #[error("the witness signed something else")]
    Other,
    #[error("the request was cut off")]
    Cut(#[from] tokio::task::JoinError),
}

async fn ask(platform: &Platform, witness: WitnessOfOurs) -> Result<bool, AskError> {
    let Some((size, body)) = platform.witness_request(&witness).await? else { return Ok(false) };
    let url = witness.url.clone();
    let sent = tokio::task::spawn_blocking(move || post(&url, &body)).await?;
    match sent? {
        Sent::Lines(lines) if platform.keep_cosignature(&witness, size, &lines).await? => Ok(true),
        Sent::Lines(_) => Err(AskError::Other),
        // It saw another tree of ours; the next round begins there.
        Sent::Saw(size) => {
            platform.set_witness_size(&witness.url, size).await?;
            Ok(false)
        }
    }
}

enum Sent {
    Lines(String),
    Saw(u64),
}

/// An administrator named the address, so it may lie anywhere.
fn post(url: &str, body: &str) -> Result<Sent, HttpError> {
    const PATH: &str = "/add-checkpoint";
    let http = Http::new(url, None, Reach::Anywhere)?;
    let answer = http.send_single(&client::POST, PATH, &[], body.as_bytes(), MAX_LINES)?;
    if answer.status == 409 {
        let size = String::from_utf8_lossy(&answer.body).trim().parse().ok();
        if let Some(size) = size {
            return Ok(Sent::Saw(size));
        }
    }
    let answer = http.accepted(PATH, answer)?;
    Ok(Sent::Lines(String::from_utf8_lossy(&answer.body).into_owned()))
}
