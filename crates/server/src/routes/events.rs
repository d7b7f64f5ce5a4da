//! Changes as they happen: server-sent events.
//!
//! Each event is one change of the viewer's own sequence, with its cursor as the event's id, so that a browser that
//! connects again goes on where it was. Nothing is sent for what the viewer may not see; comments keep the connection
//! open at fixed intervals, whatever happens.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, Method};
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::routing::{MethodFilter, on};
use futures_util::stream::{self, Stream, StreamExt as _};
use serde::Deserialize;
use share::{ChangeView, Viewer};

use crate::answer::Asked;
use crate::caller::{App, Caller};
use crate::routes::{Area, Route, plain};

/// Most changes sent at once.
const BATCH: usize = 100;

pub(super) fn routes() -> Vec<Route> {
    vec![plain(
        MethodFilter::GET,
        Method::GET,
        "/api/v1/events",
        Area::Open,
        (200, "text/event-stream"),
        "changes as they happen, from `?since=` or `Last-Event-ID` on",
        |m| on(m, events),
    )]
}

#[derive(Deserialize)]
struct Since {
    since: Option<String>,
}

async fn events(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Asked(ask): Asked<Since>,
) -> impl IntoResponse {
    let last = headers.get("last-event-id").and_then(|v| v.to_str().ok()).map(str::to_owned);
    let stream = changes(app, caller.viewer, last.or(ask.since));
    Sse::new(stream).keep_alive(KeepAlive::new().interval(Duration::from_secs(15)))
}

fn event(change: &ChangeView) -> Event {
    let data = serde_json::to_string(change).unwrap_or_default();
    Event::default().event("change").id(change.cursor.clone()).data(data)
}

fn changes(app: App, viewer: Viewer, since: Option<String>) -> impl Stream<Item = Result<Event, Infallible>> {
    let version = app.version();
    let batches =
        stream::unfold((app, viewer, since, version), |(app, viewer, since, mut version)| async move {
            let mut stopping = app.stopping.subscribe();
            loop {
                version.borrow_and_update();
                let page = app.changes(&viewer, since.clone(), Some(BATCH));
                if !page.items.is_empty() {
                    let events: Vec<_> = page.items.iter().map(|c| Ok(event(c))).collect();
                    return Some((stream::iter(events), (app, viewer, page.next, version)));
                }
                tokio::select! {
                    changed = version.changed() => changed.ok()?,
                    () = async { let _ = stopping.wait_for(|s| *s).await; } => return None,
                }
            }
        });
    batches.flatten()
}
