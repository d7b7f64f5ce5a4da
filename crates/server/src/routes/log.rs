//! The transparency log: its head for pages, its files for everybody (C2SP tlog-tiles).

use axum::extract::{Path, State};
use axum::http::{Method, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, on};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use share::LogView;

use crate::answer::{Asked, Json, ok};
use crate::caller::{App, Caller};
use crate::problem::Problem;
use crate::routes::{Area, Route, get, plain};

pub(super) fn routes() -> Vec<Route> {
    vec![
        get!("/api/v1/log", head, LogView, "the head of the transparency log"),
        get!(
            "/api/v1/log/consistency",
            consistency,
            Consistency,
            "proof that an earlier tree is a beginning of a later one",
            "old",
            "new"
        ),
        plain(
            MethodFilter::GET,
            Method::GET,
            "/log/checkpoint",
            Area::Open,
            (200, "text/plain"),
            "the signed checkpoint",
            |m| on(m, checkpoint),
        ),
        plain(
            MethodFilter::GET,
            Method::GET,
            "/log/tile/{*path}",
            Area::Open,
            (200, "application/octet-stream"),
            "a tile, or an entry bundle",
            |m| on(m, tile),
        ),
    ]
}

async fn head(State(app): State<App>, _: Caller) -> Result<Json<LogView>, Problem> {
    Ok(ok(app.log().await?))
}

#[derive(Deserialize)]
struct Between {
    old: u64,
    new: u64,
}

#[derive(Serialize, JsonSchema)]
struct Consistency {
    /// Leaves of the earlier tree.
    old: u64,
    /// Leaves of the later one.
    new: u64,
    /// Hexadecimal.
    hashes: Vec<String>,
}

async fn consistency(
    State(app): State<App>,
    _: Caller,
    Asked(Between { old, new }): Asked<Between>,
) -> Result<Json<Consistency>, Problem> {
    Ok(ok(Consistency { old, new, hashes: app.log_consistency(old, new).await? }))
}

async fn checkpoint(State(app): State<App>) -> Result<Response, Problem> {
    let headers = [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")];
    Ok((headers, app.log().await?.checkpoint).into_response())
}

async fn tile(State(app): State<App>, Path(path): Path<String>) -> Result<Response, Problem> {
    let bytes = app.log_tile(&path).await?;
    let cache = "public, max-age=31536000, immutable";
    Ok(([(header::CONTENT_TYPE, "application/octet-stream"), (header::CACHE_CONTROL, cache)], bytes)
        .into_response())
}
