//! Requests that end: bounded in time and size, repeated where that is safe, redirected nowhere.

use std::net::IpAddr;
use std::time::Duration;

use serde::Deserialize;
use ureq::http::{HeaderMap, Method, Request, Uri};

use crate::reach::{Guarded, Reach};

/// How long one attempt may take, until its whole answer is there.
const ATTEMPT: Duration = Duration::from_secs(120);

/// Attempts, of those requests that may be repeated.
const ATTEMPTS: u32 = 4;

/// First pause between attempts; doubled each time.
const PAUSE: Duration = Duration::from_millis(250);

/// A server may ask for a longer pause, up to this.
const MAX_PAUSE: Duration = Duration::from_secs(30);

/// Longest error document that is read, in bytes.
const MAX_PROBLEM_BYTES: u64 = 64 << 10;

/// The method of writing.
pub const POST: Method = Method::POST;

/// A client of one base address.
#[derive(Debug)]
pub struct Http {
    agent: ureq::Agent,
    base: String,
    token: Option<String>,
}

/// A whole answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Vec<u8>,
}

/// What a server says went wrong (RFC 9457).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct RemoteProblem {
    /// Stable.
    pub code: Option<String>,
    /// For reading.
    pub title: Option<String>,
    /// Of this request.
    pub detail: Option<String>,
    /// What to do about it.
    pub hint: Option<String>,
}

impl std::fmt::Display for RemoteProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = self.detail.as_ref().or(self.title.as_ref());
        f.write_str(text.map_or("no reason given", String::as_str))?;
        self.code.as_ref().map_or(Ok(()), |code| write!(f, " (`{code}`)"))?;
        self.hint.as_ref().map_or(Ok(()), |hint| write!(f, "; hint: {hint}"))
    }
}

/// Why there is no answer, or not the one that was asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HttpError {
    /// Not an address to talk to.
    #[error("`{url}` is not the address of a platform; hint: write it like `https://host:port`")]
    Address {
        /// What was given.
        url: String,
    },
    /// A token must not cross a network in clear.
    #[error("`{url}` is not encrypted and not on this machine; hint: use `https://`")]
    Clear {
        /// What was given.
        url: String,
    },
    /// Nobody answered.
    #[error("cannot reach `{url}`")]
    Unreachable {
        /// Where.
        url: String,
        /// Why.
        #[source]
        source: Box<ureq::Error>,
    },
    /// An answer that says no.
    #[error("`{url}` answers {status}: {problem}")]
    Refused {
        /// Where.
        url: String,
        /// HTTP status.
        status: u16,
        /// What it says.
        problem: Box<RemoteProblem>,
    },
    /// An answer that does not read.
    #[error("answer of `{url}` does not read")]
    Body {
        /// Where.
        url: String,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
}

impl HttpError {
    /// Status of an answer that says no.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// Code of an answer that says no.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused { problem, .. } => problem.code.as_deref(),
            _ => None,
        }
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|a| a.is_loopback())
}

impl Http {
    /// Talks to `base`, with `token` if there is one. A token goes in clear only to this machine.
    pub fn new(base: &str, token: Option<&str>, reach: Reach) -> Result<Self, HttpError> {
        let address = || HttpError::Address { url: base.to_owned() };
        let uri: Uri = base.parse().map_err(|_| address())?;
        let host = uri.host().ok_or_else(address)?;
        match uri.scheme_str() {
            Some("https") => {}
            Some("http") if token.is_none() || is_loopback(host) => {}
            Some("http") => return Err(HttpError::Clear { url: base.to_owned() }),
            _ => return Err(address()),
        }
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .timeout_global(Some(ATTEMPT))
            .user_agent(concat!("sukashi/", env!("CARGO_PKG_VERSION")))
            .build();
        let connector = ureq::unversioned::transport::DefaultConnector::default();
        let agent = ureq::Agent::with_parts(config, connector, Guarded { reach });
        Ok(Self { agent, base: base.trim_end_matches('/').to_owned(), token: token.map(str::to_owned) })
    }

    /// The same without a token, where nothing may cross a network in clear either.
    pub fn confidential(base: &str, reach: Reach) -> Result<Self, HttpError> {
        Ok(Self { token: None, ..Self::new(base, Some(""), reach)? })
    }

    #[cfg(test)]
    pub(crate) fn has_token(&self) -> bool {
        self.token.is_some()
    }

    /// Where it talks to.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// One request, not repeated. `limit`: longest answer, in bytes.
    pub fn send_single(
        &self,
        method: &Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
        limit: u64,
    ) -> Result<Answer, HttpError> {
        let url = &format!("{}{path}", self.base);
        let unreachable = |source| HttpError::Unreachable { url: url.to_owned(), source: Box::new(source) };
        let mut request = Request::builder().method(method).uri(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let sent = match *method {
            Method::GET | Method::HEAD | Method::DELETE => {
                self.agent.run(request.body(()).map_err(|_| HttpError::Address { url: url.to_owned() })?)
            }
            _ => self.agent.run(request.body(body).map_err(|_| HttpError::Address { url: url.to_owned() })?),
        };
        let response = sent.map_err(unreachable)?;
        let (parts, mut body) = response.into_parts();
        let limit = if parts.status.is_success() { limit } else { MAX_PROBLEM_BYTES };
        let body = body.with_config().limit(limit).read_to_vec().map_err(unreachable)?;
        Ok(Answer { status: parts.status.as_u16(), headers: parts.headers, body })
    }

    /// The same, repeated while the other side is overloaded or away. Only for requests that do no harm twice.
    pub fn send(
        &self,
        method: &Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
        limit: u64,
    ) -> Result<Answer, HttpError> {
        let mut pause = PAUSE;
        for _ in 1..ATTEMPTS {
            let attempt = self.send_single(method, path, headers, body, limit);
            let Some(asked) = again(&attempt) else { return attempt };
            std::thread::sleep(asked.max(pause).min(MAX_PAUSE));
            pause = pause.saturating_mul(2);
        }
        self.send_single(method, path, headers, body, limit)
    }

    /// The body, where the answer says yes.
    pub fn accepted(&self, path: &str, answer: Answer) -> Result<Answer, HttpError> {
        if (200..300).contains(&answer.status) {
            return Ok(answer);
        }
        let problem = serde_json::from_slice(&answer.body).unwrap_or_default();
        let url = format!("{}{path}", self.base);
        Err(HttpError::Refused { url, status: answer.status, problem: Box::new(problem) })
    }

    /// The bytes at `path`.
    pub fn get(&self, path: &str, limit: u64) -> Result<Vec<u8>, HttpError> {
        let answer = self.send(&Method::GET, path, &[], &[], limit)?;
        Ok(self.accepted(path, answer)?.body)
    }

    /// The JSON at `path`.
    pub fn json<T: serde::de::DeserializeOwned>(&self, path: &str, limit: u64) -> Result<T, HttpError> {
        let body = self.get(path, limit)?;
        self.read(path, &body)
    }

    pub(crate) fn read<T: serde::de::DeserializeOwned>(
        &self,
        path: &str,
        body: &[u8],
    ) -> Result<T, HttpError> {
        let url = format!("{}{path}", self.base);
        serde_json::from_slice(body).map_err(|source| HttpError::Body { url, source })
    }
}

/// How long to wait before trying again; `None` where that is of no use.
fn again(attempt: &Result<Answer, HttpError>) -> Option<Duration> {
    match attempt {
        Ok(answer) if matches!(answer.status, 429 | 502 | 503 | 504) => {
            let seconds = answer.headers.get("retry-after").and_then(|v| v.to_str().ok()?.parse().ok());
            Some(Duration::from_secs(seconds.unwrap_or(0)))
        }
        Err(HttpError::Unreachable { source, .. }) => match **source {
            ureq::Error::Io(_) | ureq::Error::ConnectionFailed | ureq::Error::Timeout(_) => {
                Some(Duration::ZERO)
            }
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    /// Answers each connection with the next text, and ends; where it listens.
    fn server(answers: &'static [&'static str]) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for answer in answers {
                let (mut stream, _) = listener.accept().unwrap();
                let _ = stream.read(&mut [0; 4096]);
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        format!("http://{address}")
    }

    const BUSY: &str = "HTTP/1.1 503 Busy\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    const FINE: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";
    const AWAY: &str = "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

    #[test]
    fn what_is_busy_is_asked_again() {
        let http = Http::new(&server(&[BUSY, FINE]), None, Reach::Anywhere).unwrap();
        assert_eq!(http.get("/x", 10).unwrap(), b"{}");
    }

    #[test]
    fn redirects_are_not_followed_and_long_answers_not_read() {
        let http = Http::new(&server(&[AWAY]), None, Reach::Anywhere).unwrap();
        assert_eq!(http.get("/x", 10).unwrap_err().status(), Some(302));
        let http = Http::new(&server(&[FINE]), None, Reach::Anywhere).unwrap();
        assert!(matches!(http.get("/x", 1), Err(HttpError::Unreachable { .. })));
    }

    #[test]
    fn inside_addresses_are_out_of_reach_for_what_others_named() {
        let http = Http::new(&server(&[FINE]), None, Reach::Public).unwrap();
        assert!(matches!(http.get("/x", 10), Err(HttpError::Unreachable { .. })));
    }

    #[test]
    fn a_token_does_not_cross_a_network_in_clear() {
        assert!(matches!(
            Http::new("http://h.example", Some("t"), Reach::Anywhere),
            Err(HttpError::Clear { .. })
        ));
        for url in ["https://h.example", "http://127.0.0.1:1", "http://[::1]:1", "http://localhost"] {
            assert!(Http::new(url, Some("t"), Reach::Anywhere).is_ok(), "{url}");
        }
        assert!(matches!(Http::new("ftp://h", None, Reach::Anywhere), Err(HttpError::Address { .. })));
    }
}
