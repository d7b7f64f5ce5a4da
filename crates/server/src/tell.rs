//! Telling of changes whoever asked for it: webhooks and mailboxes. The list with what each was told lies in the
//! platform; a delivery that fails is tried again, later each time.

use std::sync::Arc;

use client::{Http, HttpError, Reach};
use share::{ChangeView, Due, Page, ReadError};
use tokio::sync::watch;

use crate::background::{GATHER, ROUND, causes, told};
use crate::mail::{MailError, Recipient};
use crate::site::Site;

/// Longest answer of a webhook, in bytes.
const MAX_ANSWER: u64 = 64 << 10;

/// Most changes in one delivery.
const BATCH: usize = 100;

/// Why somebody was not told.
#[derive(Debug, thiserror::Error)]
enum TellError {
    #[error(transparent)]
    Http(#[from] HttpError),
    #[error(transparent)]
    Mail(#[from] MailError),
    #[error("this platform sends no e-mail any more")]
    NoMail,
    #[error("a delivery was cut off")]
    Cut(#[from] tokio::task::JoinError),
}

/// Runs until `stopped` says so.
pub(crate) async fn telling(site: Arc<Site>, mut stopped: watch::Receiver<bool>) {
    let mut version = site.version();
    loop {
        version.borrow_and_update();
        let delivered = site.alone("webhooks", deliver(&site)).await;
        if let Err(error) = delivered.and_then(|done| done.unwrap_or(Ok(()))) {
            tracing::error!(%error, "cannot read the webhooks");
        }
        tokio::select! {
            // Failed ones are tried again although nothing new happens.
            () = tokio::time::sleep(ROUND) => {}
            _ = version.changed() => tokio::time::sleep(GATHER).await,
            () = told(&mut stopped) => return,
        }
    }
}

/// One delivery to each that has something to be told.
pub(crate) async fn deliver(site: &Arc<Site>) -> Result<(), ReadError> {
    for due in site.due_webhooks().await? {
        let page = site.changes(&due.viewer, due.cursor.clone(), Some(BATCH));
        let (Some(next), false) = (page.next.clone(), page.items.is_empty()) else { continue };
        let changes = page.items.len();
        match tell(site, &due, page).await {
            Ok(()) => site.webhook_delivered(&due.id, &next, changes).await?,
            Err(error) => {
                let why = causes(&error);
                tracing::warn!(webhook = due.id, error = why, "a webhook or mailbox was not told");
                site.webhook_failed(&due.id, changes, &why).await?;
            }
        }
    }
    Ok(())
}

async fn tell(site: &Arc<Site>, due: &Due, page: Page<ChangeView>) -> Result<(), TellError> {
    if let Some(recipient) = Recipient::of_url(&due.url) {
        let mail = site.mail.clone().ok_or(TellError::NoMail)?;
        let send = move || mail.send(&recipient, &page.items);
        return Ok(tokio::task::spawn_blocking(send).await??);
    }
    let body = serde_json::to_vec(&page).unwrap_or_default();
    let at = site.now();
    let (signature, key_id) = (site.sign_delivery(at, &body), site.instance_key().id().to_string());
    let url = due.url.clone();
    let send = move || post(&url, &at.to_string(), &signature, &key_id, &body);
    Ok(tokio::task::spawn_blocking(send).await??)
}

/// A customer named the address, so it must be a public one.
fn post(url: &str, at: &str, signature: &str, key_id: &str, body: &[u8]) -> Result<(), HttpError> {
    let http = Http::new(url, None, Reach::Public)?;
    let headers = [
        ("content-type", "application/json"),
        ("x-sukashi-time", at),
        ("x-sukashi-signature", signature),
        ("x-sukashi-key", key_id),
    ];
    let answer = http.send_single(&client::POST, "", &headers, body, MAX_ANSWER)?;
    http.accepted("", answer).map(drop)
}
