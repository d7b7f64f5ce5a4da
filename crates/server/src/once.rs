//! Idempotency keys: a write that is sent again with the same `Idempotency-Key` is answered again and done once.

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use record::Sha256;
use sha2::Digest as _;
use share::Attempt;

use crate::caller::{App, bearer, cookie};
use crate::problem::{Code, Problem};

const KEY: &str = "idempotency-key";

/// Longest key, in bytes.
const MAX_KEY: usize = 128;

/// Writes whose answers hold a secret, or that need no key: statements and pieces are taken once anyway.
const WITHOUT: [&str; 6] = ["/statements", "/tokens", "/accounts", "/login", "/pieces", "/bundles"];

/// Largest body and answer of a write with a key, in bytes.
const MAX_BODY: usize = 1 << 20;

pub(crate) async fn once(State(app): State<App>, request: Request, next: Next) -> Response {
    let key = request.headers().get(KEY).and_then(|k| k.to_str().ok()).map(str::to_owned);
    match key {
        Some(key) if request.method() == Method::POST && takes_keys(&request) => {
            keyed(app, &key, request, next).await.unwrap_or_else(IntoResponse::into_response)
        }
        _ => next.run(request).await,
    }
}

fn takes_keys(request: &Request) -> bool {
    let known = bearer(request.headers()).or_else(|| cookie(request.headers())).is_some();
    known && !WITHOUT.iter().any(|end| request.uri().path().ends_with(end))
}

async fn keyed(app: App, key: &str, request: Request, next: Next) -> Result<Response, Problem> {
    if key.is_empty() || key.len() > MAX_KEY {
        return Err(Problem::because(Code::BadRequest, format!("`{KEY}` has 1 to {MAX_KEY} characters")));
    }
    let (parts, body) = request.into_parts();
    let who = bearer(&parts.headers).or_else(|| cookie(&parts.headers)).unwrap_or_default();
    let scope = Sha256(sha2::Sha256::digest(who).into());
    let body = to_bytes(body, MAX_BODY).await.map_err(|_| Problem::new(Code::TooLarge))?;
    let target = parts.uri.path_and_query().map_or("", |p| p.as_str());
    let digest = sha2::Sha256::new().chain_update(target).chain_update([0]).chain_update(&body).finalize();
    match app.begin_once(scope, key, Sha256(digest.into())).await? {
        Attempt::Other => return Err(Problem::new(Code::KeyReused)),
        Attempt::UnderWay => return Err(Problem::new(Code::UnderWay)),
        Attempt::Answered { status, body } => return Ok(again(status, body)),
        Attempt::First => {}
    }
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, MAX_BODY).await.map_err(|_| Problem::new(Code::TooLarge))?;
    app.end_once(scope, key, parts.status.as_u16(), &body).await?;
    Ok(Response::from_parts(parts, Body::from(body)))
}

fn again(status: u16, body: Vec<u8>) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let media = if status.is_success() { "application/json" } else { "application/problem+json" };
    let mut response = (status, [(header::CONTENT_TYPE, media)], body).into_response();
    response.headers_mut().insert("idempotent-replayed", HeaderValue::from_static("true"));
    response
}
