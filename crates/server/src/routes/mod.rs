//! The one table of routes.

mod chain;
pub(crate) mod csaf;
mod events;
mod evidence;
mod log;
mod oidc;
mod peers;
mod people;
mod products;
mod systems;
mod tea;
mod trust;
pub(crate) mod uploads;
mod witness;

use axum::extract::DefaultBodyLimit;
use axum::http::Method;
use axum::routing::{MethodFilter, MethodRouter, on};
use schemars::{Schema, SchemaGenerator};

use crate::caller::App;
use crate::problem::{Code, Problem};

/// Largest body of a write that is not a statement, in bytes.
const SMALL: usize = 1 << 20;

/// Largest list of known exploited vulnerabilities, in bytes.
const MEDIUM: usize = 32 << 20;

/// Which rules an answer is under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Area {
    /// JSON for somebody, with an ETag.
    Api,
    /// The Transparency Exchange API: JSON for somebody, in the words of that standard; described there.
    Tea,
    /// For everybody.
    Open,
}

/// What the OpenAPI document says of a route.
pub(crate) struct Describes {
    pub(crate) summary: &'static str,
    /// Names of query parameters; all optional texts.
    pub(crate) query: &'static [&'static str],
    /// Schema of the body, where there is one.
    pub(crate) takes: Option<fn(&mut SchemaGenerator) -> Schema>,
    pub(crate) status: u16,
    /// Schema of the answer; none for bytes, text or nothing.
    pub(crate) gives: Option<fn(&mut SchemaGenerator) -> Schema>,
    /// Media type of an answer without schema; empty for nothing.
    pub(crate) media_type: &'static str,
}

pub(crate) struct Route {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    pub(crate) area: Area,
    pub(crate) describes: Describes,
    pub(crate) handler: MethodRouter<App>,
}

/// Schema of `T`, for [`Describes`].
pub(crate) fn schema<T: schemars::JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

macro_rules! get {
    ($path:literal, $handler:path, $gives:ty, $summary:literal $(, $query:literal)*) => {
        $crate::routes::Route {
            method: axum::http::Method::GET,
            path: $path,
            area: $crate::routes::Area::Api,
            describes: $crate::routes::Describes {
                summary: $summary,
                query: &[$($query),*],
                takes: None,
                status: 200,
                gives: Some($crate::routes::schema::<$gives>),
                media_type: "application/json",
            },
            handler: axum::routing::get($handler),
        }
    };
}

macro_rules! post {
    ($path:literal, $handler:path, $takes:ty, $status:literal $gives:ty, $summary:literal $(, $query:literal)*) => {
        $crate::routes::Route {
            method: axum::http::Method::POST,
            path: $path,
            area: $crate::routes::Area::Api,
            describes: $crate::routes::Describes {
                summary: $summary,
                query: &[$($query),*],
                takes: Some($crate::routes::schema::<$takes>),
                status: $status,
                gives: Some($crate::routes::schema::<$gives>),
                media_type: "application/json",
            },
            handler: axum::routing::post($handler),
        }
    };
}

pub(crate) use {get, post};

/// A route with an answer that is not described by a schema.
pub(crate) fn plain(
    method: MethodFilter,
    name: Method,
    path: &'static str,
    area: Area,
    answer: (u16, &'static str),
    summary: &'static str,
    handler: impl FnOnce(MethodFilter) -> MethodRouter<App>,
) -> Route {
    let (status, media_type) = answer;
    let describes = Describes { summary, query: &[], takes: None, status, gives: None, media_type };
    Route { method: name, path, area, describes, handler: handler(method) }
}

/// All routes; `secure`: cookies only over TLS. The order is that of the document.
pub(crate) fn table(secure: bool) -> Vec<Route> {
    let parts = [
        people::routes(secure),
        oidc::routes(secure),
        systems::routes(),
        products::routes(),
        evidence::routes(),
        chain::routes(),
        csaf::routes(),
        events::routes(),
        trust::routes(),
        peers::routes(),
        uploads::routes(),
        witness::routes(),
        tea::routes(),
        log::routes(),
        own(),
    ];
    let limited = |mut route: Route| {
        let limit = match route.path {
            evidence::STATEMENTS | uploads::PIECES | peers::BUNDLES => return route,
            trust::EMERGENCIES => MEDIUM,
            _ => SMALL,
        };
        route.handler = route.handler.layer(DefaultBodyLimit::max(limit));
        route
    };
    parts.into_iter().flatten().map(limited).collect()
}

fn own() -> Vec<Route> {
    let get = |path, media, summary, handler: fn(MethodFilter) -> MethodRouter<App>| {
        plain(MethodFilter::GET, Method::GET, path, Area::Open, (200, media), summary, handler)
    };
    vec![
        get("/api/v1/openapi.json", "application/json", "this document", |m| on(m, openapi)),
        get("/healthz", "application/json", "the process answers", |m| on(m, healthy)),
        plain(
            MethodFilter::GET,
            Method::GET,
            "/metrics",
            Area::Open,
            (200, "text/plain"),
            "figures for Prometheus (instance administrator; `serve --metrics` has an address of their own)",
            |m| on(m, metrics),
        ),
        get("/readyz", "application/json", "the database answers", |m| on(m, ready)),
    ]
}

pub(crate) use tea::paths as tea_paths;

async fn openapi() -> impl axum::response::IntoResponse {
    crate::answer::ok(crate::openapi::document())
}

async fn healthy() -> impl axum::response::IntoResponse {
    crate::answer::ok(serde_json::json!({"status": "ok"}))
}

async fn metrics(
    axum::extract::State(app): axum::extract::State<App>,
    caller: crate::caller::Caller,
) -> Result<String, Problem> {
    caller.viewer.administrator().ok_or(Problem::new(Code::Role))?;
    Ok(app.metrics().await)
}

async fn ready(
    axum::extract::State(app): axum::extract::State<App>,
) -> Result<impl axum::response::IntoResponse, Problem> {
    if app.is_ready().await { Ok(healthy().await) } else { Err(Problem::after(Code::Unavailable, 5)) }
}

pub(crate) async fn method_not_allowed() -> Problem {
    Problem::new(Code::MethodNotAllowed)
}
