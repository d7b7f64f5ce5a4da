//! Where a caller reached us, for the absolute addresses that standards want in answers. Nothing else depends on it.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;

/// Whether everybody reaches us over TLS, ours or a proxy's; laid beside each request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OverTls(pub(crate) bool);

/// Scheme and authority.
#[derive(Clone, Debug)]
pub(crate) struct Here {
    /// `https://host:port`.
    pub(crate) origin: String,
    /// The host name alone.
    pub(crate) domain: String,
}

impl Here {
    fn new(over_tls: bool, host: &str) -> Self {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
        let host = if host.chars().all(plain) { host } else { "localhost" };
        let scheme = if over_tls { "https" } else { "http" };
        let domain = match host.split_once(']') {
            Some((address, _)) => format!("{address}]"),
            None => host.split(':').next().unwrap_or_default().to_owned(),
        };
        Self { origin: format!("{scheme}://{host}"), domain }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Here {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let text = |name: &str| parts.headers.get(name).and_then(|h| h.to_str().ok());
        let ours = parts.extensions.get::<OverTls>().is_some_and(|tls| tls.0);
        let proxy = text("x-forwarded-proto") == Some("https");
        Ok(Self::new(ours || proxy, text(header::HOST.as_str()).unwrap_or("localhost")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_header_cannot_put_anything_else_into_an_address() {
        let table = [
            ("a.example:8443", "https://a.example:8443", "a.example"),
            ("[::1]:7878", "https://[::1]:7878", "[::1]"),
            ("a.example/x?y", "https://localhost", "localhost"),
            ("u@a.example", "https://localhost", "localhost"),
        ];
        for (host, origin, domain) in table {
            let here = Here::new(true, host);
            assert_eq!((here.origin.as_str(), here.domain.as_str()), (origin, domain), "{host}");
        }
        assert_eq!(Here::new(false, "a").origin, "http://a");
    }
}
