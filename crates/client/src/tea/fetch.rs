//! Requests to addresses that answers name.
//!
//! One address is a person's: the one that was asked first. Everything on that server may be reached wherever it lies, and
//! gets the token. Wherever else an answer leads (a redirect, another server, a download), it has to be a public
//! address, over TLS, and learns no token.

use ureq::http::Method;
use url::Url;

use crate::http::{Http, HttpError};
use crate::reach::Reach;

/// Redirects that are followed, one after the other.
const MAX_REDIRECTS: usize = 5;

/// Longest address, in bytes.
const MAX_ADDRESS: usize = 8192;

/// Why something was not fetched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// The request.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// No address.
    #[error("`{url}` is no address of the web")]
    Address {
        /// What was named.
        url: String,
    },
    /// An answer led off TLS.
    #[error("an answer leads to `{url}`, which is not encrypted")]
    Clear {
        /// Where.
        url: String,
    },
    /// Too many redirects.
    #[error("`{url}` leads on and on")]
    Circle {
        /// Where it began.
        url: String,
    },
}

impl FetchError {
    /// Status of an answer that says no.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Http(error) => error.status(),
            _ => None,
        }
    }

    /// Whether another server may be asked instead: this one could not be reached, or failed by itself.
    pub(super) fn is_elsewhere_perhaps(&self) -> bool {
        match self {
            Self::Http(HttpError::Unreachable { .. }) => true,
            other => other.status().is_some_and(|s| s >= 500),
        }
    }
}

/// Fetches for somebody who named one server.
#[derive(Debug)]
pub(super) struct Fetcher {
    named: Url,
    token: Option<String>,
}

fn parsed(text: &str) -> Result<Url, FetchError> {
    let error = || FetchError::Address { url: text.chars().take(200).collect() };
    if text.len() > MAX_ADDRESS {
        return Err(error());
    }
    let url = Url::parse(text).map_err(|_| error())?;
    let web = matches!(url.scheme(), "http" | "https") && url.host().is_some();
    let plain = url.username().is_empty() && url.password().is_none();
    if web && plain { Ok(url) } else { Err(error()) }
}

impl Fetcher {
    /// `named`: what a person gave.
    pub(super) fn new(named: &str, token: Option<&str>) -> Result<Self, FetchError> {
        let named = parsed(named)?;
        // Refuses a token that would cross a network in clear before anything is sent.
        Http::new(&origin(&named), token, Reach::Anywhere)?;
        Ok(Self { named, token: token.map(str::to_owned) })
    }

    pub(super) fn named(&self) -> &Url {
        &self.named
    }

    fn http(&self, url: &Url) -> Result<Http, FetchError> {
        if url.origin() == self.named.origin() {
            return Ok(Http::new(&origin(url), self.token.as_deref(), Reach::Anywhere)?);
        }
        if url.scheme() != "https" {
            return Err(FetchError::Clear { url: url.to_string() });
        }
        Ok(Http::new(&origin(url), None, Reach::Public)?)
    }

    /// The bytes at `address`, wherever redirects lead; at most `limit`.
    pub(super) fn get(&self, address: &str, limit: u64) -> Result<Vec<u8>, FetchError> {
        let mut url = parsed(address)?;
        for _ in 0..=MAX_REDIRECTS {
            let http = self.http(&url)?;
            let path = url.query().map_or(url.path().to_owned(), |q| format!("{}?{q}", url.path()));
            let answer = http.send(&Method::GET, &path, &[("accept", "*/*")], &[], limit)?;
            let location = answer.headers.get("location").and_then(|l| l.to_str().ok());
            match (answer.status, location) {
                (301 | 302 | 303 | 307 | 308, Some(location)) => {
                    let next = url.join(location);
                    let next =
                        next.map_err(|_| FetchError::Address { url: location.chars().take(200).collect() })?;
                    url = parsed(next.as_str())?;
                }
                _ => return Ok(http.accepted(&path, answer)?.body),
            }
        }
        Err(FetchError::Circle { url: address.to_owned() })
    }

    pub(super) fn json<T: serde::de::DeserializeOwned>(
        &self,
        address: &str,
        limit: u64,
    ) -> Result<T, FetchError> {
        let body = self.get(address, limit)?;
        let error = |source| HttpError::Body { url: address.to_owned(), source };
        Ok(serde_json::from_slice(&body).map_err(error)?)
    }
}

/// Scheme, host and port.
fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_named_server_may_lie_inside_and_gets_the_token() {
        let fetcher = Fetcher::new("http://127.0.0.1:9", Some("secret")).unwrap();
        let own = fetcher.http(&parsed("http://127.0.0.1:9/x").unwrap()).unwrap();
        assert!(own.has_token());
        let other = fetcher.http(&parsed("https://127.0.0.1:8/x").unwrap()).unwrap();
        assert!(!other.has_token());
        assert!(matches!(other.get("/x", 1), Err(HttpError::Unreachable { .. })));
        let clear = fetcher.http(&parsed("http://h.example/x").unwrap());
        assert!(matches!(clear, Err(FetchError::Clear { .. })));
    }

    #[test]
    fn addresses_of_files_and_with_names_in_them_are_none() {
        for text in ["file:///etc/passwd", "https://u:p@h.example/", "https://", "", "gopher://h", "x"] {
            assert!(matches!(parsed(text), Err(FetchError::Address { .. })), "{text}");
        }
    }
}
