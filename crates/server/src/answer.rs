//! Bodies in and out.

use axum::RequestExt as _;
use axum::body::{Body, HttpBody as _, to_bytes};
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt as _;
use http_body_util::LengthLimitError;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::Digest as _;
use share::Paging;

use crate::problem::{Code, Problem};

/// JSON with a status.
pub(crate) struct Json<T>(pub(crate) StatusCode, pub(crate) T);

/// 200 with JSON.
pub(crate) fn ok<T>(value: T) -> Json<T> {
    Json(StatusCode::OK, value)
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.1) {
            Ok(body) => (self.0, [(header::CONTENT_TYPE, "application/json")], body).into_response(),
            Err(error) => {
                tracing::error!(%error, "cannot write an answer");
                Problem::new(Code::Internal).into_response()
            }
        }
    }
}

/// A JSON body; what does not read is a problem, not plain text.
pub(crate) struct Input<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Input<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let bytes = Raw::from_request(request, state).await?.0;
        serde_json::from_slice(&bytes)
            .map(Self)
            .map_err(|e| Problem::because(Code::BadRequest, e.to_string()))
    }
}

/// Why a body did not arrive whole.
pub(crate) fn body_problem(error: axum::Error) -> Problem {
    let large = error.into_inner().is::<LengthLimitError>();
    Problem::new(if large { Code::TooLarge } else { Code::BadRequest })
}

/// The bytes of a body. They come together piece by piece, so that a long one is never there twice.
pub(crate) struct Raw(pub(crate) Vec<u8>);

impl<S: Send + Sync> FromRequest<S> for Raw {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let (mut bytes, mut pieces) =
            (Vec::new(), request.with_limited_body().into_body().into_data_stream());
        while let Some(piece) = pieces.next().await {
            bytes.extend_from_slice(&piece.map_err(body_problem)?);
        }
        Ok(Self(bytes))
    }
}

/// A query string; what does not read is a problem, not plain text.
pub(crate) struct Asked<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let query = Query::<T>::from_request_parts(parts, state).await;
        query.map(|q| Self(q.0)).map_err(|e| Problem::because(Code::BadRequest, e.body_text()))
    }
}

/// `?after=&limit=`.
#[derive(serde::Deserialize)]
pub(crate) struct List {
    pub(crate) after: Option<String>,
    pub(crate) limit: Option<usize>,
}

impl From<List> for Paging {
    fn from(list: List) -> Self {
        Self { after: list.after, limit: list.limit }
    }
}

/// Largest answer that gets an ETag, in bytes; larger ones are sent as they are.
const MAX_TAGGED: u64 = 64 << 20;

/// Tags what was read, and answers 304 to whoever has it already. Answers differ by who asks.
pub(crate) async fn tag(request: Request, next: Next) -> Response {
    let reading = matches!(*request.method(), Method::GET | Method::HEAD);
    let known = request.headers().get(header::IF_NONE_MATCH).cloned();
    let response = next.run(request).await;
    if !reading || response.status() != StatusCode::OK {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    parts.headers.insert(header::VARY, HeaderValue::from_static("Cookie, Authorization"));
    parts.headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    if body.size_hint().exact().is_none_or(|length| length > MAX_TAGGED) {
        return Response::from_parts(parts, body);
    }
    let Ok(bytes) = to_bytes(body, usize::MAX).await else {
        return Problem::new(Code::Internal).into_response();
    };
    let tag = format!("\"{}\"", hex::encode(sha2::Sha256::digest(&bytes).get(..16).unwrap_or_default()));
    let same =
        known.and_then(|k| k.to_str().map(|k| k.split(',').any(|t| t.trim() == tag)).ok()).unwrap_or(false);
    if let Ok(value) = HeaderValue::from_str(&tag) {
        parts.headers.insert(header::ETAG, value);
    }
    if same {
        parts.status = StatusCode::NOT_MODIFIED;
        parts.headers.remove(header::CONTENT_TYPE);
        return Response::from_parts(parts, Body::empty());
    }
    Response::from_parts(parts, Body::from(bytes))
}
