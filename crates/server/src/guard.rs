//! Headers on every answer: what pages may load, and who may frame or read them.

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use crate::problem::{Code, Problem};

/// Scripts and styles only from ourselves. Style attributes are allowed: positions of drawings are written there.
const CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; \
    img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// Documents of others are never rendered here.
const DOCUMENT_CSP: &str = "default-src 'none'; frame-ancestors 'none'; sandbox";

const FIXED: &[(&str, &str)] = &[
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
];

pub(crate) async fn headers(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let document = ["/api/", "/log/", "/tea/", "/.well-known/"].iter().any(|area| path.starts_with(area));
    // No id has it, and not every database can be asked for it.
    let mut response = match path.contains("%00") {
        true => Problem::new(Code::NotFound).into_response(),
        false => next.run(request).await,
    };
    let csp = HeaderValue::from_static(if document { DOCUMENT_CSP } else { CSP });
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, csp);
    for (name, value) in FIXED {
        response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response
}
