//! The pages: files of `ui/dist`, built into the program.

use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;

use crate::problem::{Code, Problem};

#[derive(RustEmbed)]
#[folder = "../../ui/dist"]
struct Dist;

/// The file of that name, or the first page: its script knows what the path means.
pub(crate) async fn page(uri: Uri) -> Response {
    let path = uri.path().trim_start_matches('/');
    if ["api/", "log/", "tea/", ".well-known/"].iter().any(|area| path.starts_with(area)) {
        return Problem::new(Code::NotFound).into_response();
    }
    let (name, cache) = match Dist::get(path).is_some() {
        // File names under `assets` carry a digest of the contents.
        true if path.starts_with("assets/") => (path, "public, max-age=31536000, immutable"),
        true => (path, "no-cache"),
        false => ("index.html", "no-cache"),
    };
    match Dist::get(name) {
        Some(file) => {
            let headers = [(header::CONTENT_TYPE, media_type(name)), (header::CACHE_CONTROL, cache)];
            (headers, file.data.into_owned()).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("json") => "application/json",
        Some("woff2") => "font/woff2",
        Some("png") => "image/png",
        _ => "application/octet-stream",
    }
}
