//! Around every request: figures, a line of the log, and for writes a line of the audit trail.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use share::{AccountId, OrganizationId, Written};

use crate::caller::App;

/// Where [`crate::caller::Caller`] writes down who it found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Who(Arc<Mutex<Option<(AccountId, OrganizationId)>>>);

impl Who {
    pub(crate) fn is(&self, account: AccountId, organization: OrganizationId) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((account, organization));
    }

    fn found(&self) -> Option<(AccountId, OrganizationId)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

pub(crate) async fn observe(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let (start, who) = (Instant::now(), Who::default());
    request.extensions_mut().insert(who.clone());
    let route = request.extensions().get::<MatchedPath>().map_or("other", MatchedPath::as_str).to_owned();
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let response = next.run(request).await;
    let (status, took) = (response.status().as_u16(), start.elapsed());
    app.metrics.request(method.as_str(), &route, status, took);
    tracing::debug!(%method, route, status, duration_ms = took.as_millis(), "answered");
    let writes = !matches!(method, Method::GET | Method::HEAD | Method::OPTIONS);
    // Where the store is gone nothing was written, and the trail would wait for it once more.
    let gone = response.status() == StatusCode::SERVICE_UNAVAILABLE;
    if let Some((account, organization)) = who.found().filter(|_| writes && !gone) {
        let written = Written { account, organization, method: method.to_string(), path, status };
        if let Err(error) = app.note_written(written).await {
            tracing::error!(%error, "cannot write the audit trail");
        }
    }
    response
}
