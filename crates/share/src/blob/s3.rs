//! Blobs as objects of an S3 bucket, or of anything that speaks its protocol.
//!
//! Requests are signed by `rusty-s3` and sent by `ureq`. Credentials come from where every S3 client looks first:
//! `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`.

use std::io;
use std::thread::sleep;
use std::time::Duration;

use rusty_s3::{Bucket, Credentials, S3Action as _, UrlStyle};
use ureq::Agent;
use url::Url;

/// How long a signature is good for.
const SIGNED_FOR: Duration = Duration::from_secs(600);

/// Longest exchange.
const PATIENCE: Duration = Duration::from_secs(60);

/// Pauses before another attempt, where the other side failed.
const PAUSES: [Duration; 3] =
    [Duration::from_millis(100), Duration::from_millis(400), Duration::from_millis(1600)];

/// Why a bucket cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenBucketError {
    /// The URL does not read.
    #[error("`{url}` names no bucket; hint: s3://BUCKET/PREFIX?endpoint=https://HOST&region=REGION")]
    Url {
        /// What was given.
        url: String,
    },
    /// No credentials.
    #[error("no credentials for `{bucket}`; hint: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")]
    Credentials {
        /// Which bucket.
        bucket: String,
    },
    /// It does not answer, or not as a bucket does.
    #[error("cannot use bucket `{bucket}`")]
    Answer {
        /// Which bucket.
        bucket: String,
        /// Why.
        #[source]
        source: io::Error,
    },
}

#[derive(Debug)]
pub(crate) struct S3 {
    agent: Agent,
    bucket: Bucket,
    credentials: Credentials,
    prefix: String,
}

/// Bucket, prefix, endpoint and region of a URL.
fn parse(text: &str) -> Option<(Bucket, String)> {
    let url = Url::parse(text).ok().filter(|u| u.scheme() == "s3")?;
    let name = url.host_str().filter(|h| !h.is_empty())?.to_owned();
    let value = |key: &str| url.query_pairs().find(|(k, _)| k == key).map(|(_, v)| v.into_owned());
    let region = value("region").unwrap_or_else(|| "us-east-1".to_owned());
    let (endpoint, style) = match value("endpoint") {
        // Names below an own host need no DNS entry for each bucket.
        Some(endpoint) => (endpoint, UrlStyle::Path),
        None => (format!("https://s3.{region}.amazonaws.com"), UrlStyle::VirtualHost),
    };
    let endpoint = Url::parse(&endpoint).ok().filter(|u| matches!(u.scheme(), "http" | "https"))?;
    let prefix = url.path().trim_matches('/');
    let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
    Some((Bucket::new(endpoint, style, name, region).ok()?, prefix))
}

impl S3 {
    pub(super) fn open(url: &str) -> Result<Self, OpenBucketError> {
        let (bucket, prefix) = parse(url).ok_or_else(|| OpenBucketError::Url { url: url.to_owned() })?;
        let name = bucket.name().to_owned();
        let credentials =
            Credentials::from_env().ok_or_else(|| OpenBucketError::Credentials { bucket: name.clone() })?;
        let config = Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .http_status_as_error(false)
            .user_agent("sukashi")
            .build();
        let s3 = Self { agent: Agent::new_with_config(config), bucket, credentials, prefix };
        let url = s3.bucket.head_bucket(Some(&s3.credentials)).sign(SIGNED_FOR);
        let answer = s3.patiently(|| s3.agent.head(url.as_str()).call());
        answer.map(drop).map_err(|source| OpenBucketError::Answer { bucket: name, source })?;
        Ok(s3)
    }

    pub(super) fn put(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let object = format!("{}{name}", self.prefix);
        let url = self.bucket.put_object(Some(&self.credentials), &object).sign(SIGNED_FOR);
        self.patiently(|| self.agent.put(url.as_str()).send(bytes)).map(drop)
    }

    pub(super) fn get(&self, name: &str, limit: u64) -> io::Result<Vec<u8>> {
        let object = format!("{}{name}", self.prefix);
        let url = self.bucket.get_object(Some(&self.credentials), &object).sign(SIGNED_FOR);
        let mut answer = self.patiently(|| self.agent.get(url.as_str()).call())?;
        answer.body_mut().with_config().limit(limit).read_to_vec().map_err(unreachable)
    }

    pub(super) fn remove(&self, name: &str) -> io::Result<()> {
        let object = format!("{}{name}", self.prefix);
        let url = self.bucket.delete_object(Some(&self.credentials), &object).sign(SIGNED_FOR);
        self.patiently(|| self.agent.delete(url.as_str()).call()).map(drop)
    }

    /// Sends until it is answered; what failed on the other side is tried again.
    fn patiently(
        &self,
        send: impl Fn() -> Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    ) -> io::Result<ureq::http::Response<ureq::Body>> {
        let mut pauses = PAUSES.iter();
        loop {
            let error = match send() {
                Ok(answer) if answer.status().is_success() => return Ok(answer),
                Ok(mut answer) => {
                    let status = answer.status();
                    let error = refused(status.as_u16(), &code(answer.body_mut()));
                    if !status.is_server_error() && status.as_u16() != 429 {
                        return Err(error);
                    }
                    error
                }
                Err(error) => unreachable(error),
            };
            match pauses.next() {
                Some(pause) => sleep(*pause),
                None => return Err(error),
            }
        }
    }
}

/// Longest description of an error, in bytes.
const MAX_ERROR: u64 = 64 << 10;

/// What S3 calls the error; empty where it does not say.
fn code(body: &mut ureq::Body) -> String {
    let text = body.with_config().limit(MAX_ERROR).read_to_string().unwrap_or_default();
    let code = text.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>"));
    code.map(|(code, _)| code.chars().filter(char::is_ascii_alphanumeric).take(64).collect())
        .unwrap_or_default()
}

fn refused(status: u16, code: &str) -> io::Error {
    let kind = match status {
        // Everything is gone, not this one thing: a bucket of that name may be there again.
        404 if code == "NoSuchBucket" => io::ErrorKind::NetworkDown,
        404 => io::ErrorKind::NotFound,
        401 | 403 => io::ErrorKind::PermissionDenied,
        400 if code == "ExpiredToken" => io::ErrorKind::PermissionDenied,
        507 => io::ErrorKind::StorageFull,
        429 | 500.. => io::ErrorKind::NetworkDown,
        _ => io::ErrorKind::Other,
    };
    let code = if code.is_empty() { String::new() } else { format!(" ({code})") };
    io::Error::new(kind, format!("the object store answered {status}{code}"))
}

fn unreachable(error: ureq::Error) -> io::Error {
    io::Error::new(io::ErrorKind::NetworkDown, error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_bucket_prefix_endpoint_and_region() {
        let (bucket, prefix) =
            parse("s3://vault/a/b/?endpoint=http://127.0.0.1:9000&region=eu-west-1").unwrap();
        assert_eq!((bucket.name(), bucket.region(), prefix.as_str()), ("vault", "eu-west-1", "a/b/"));
        assert_eq!(bucket.base_url().as_str(), "http://127.0.0.1:9000/vault/");
        let (bucket, prefix) = parse("s3://vault").unwrap();
        assert_eq!(
            (bucket.base_url().as_str(), prefix.as_str()),
            ("https://vault.s3.us-east-1.amazonaws.com/", "")
        );
        for wrong in ["http://vault", "s3://", "s3:///x", "s3://v?endpoint=ftp://x", "vault"] {
            assert!(parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn what_nobody_answers_is_told_apart_from_what_is_not_there() {
        assert_eq!(refused(503, "SlowDown").kind(), io::ErrorKind::NetworkDown);
        assert_eq!(refused(404, "NoSuchKey").kind(), io::ErrorKind::NotFound);
        assert_eq!(refused(404, "NoSuchBucket").kind(), io::ErrorKind::NetworkDown);
        assert_eq!(refused(403, "").kind(), io::ErrorKind::PermissionDenied);
        assert_eq!(refused(400, "ExpiredToken").kind(), io::ErrorKind::PermissionDenied);
        assert_eq!(refused(507, "").kind(), io::ErrorKind::StorageFull);
    }
}
