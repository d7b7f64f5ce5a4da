//! One feed over HTTP.

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use ureq::Agent;
use ureq::http::{Response, StatusCode};

use super::schedule::is_allowed;
use super::state::{Known, State};
use super::{Feed, SyncOptions, Synced};

/// Longest digest page read.
const MAX_DIGEST_BYTES: u64 = 1 << 16;
/// Bytes between two reports of progress.
const SHOW_EVERY: u64 = 1 << 20;

/// Why a feed could not be fetched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// The server cannot be reached, or breaks off.
    #[error("cannot fetch `{url}`")]
    Network {
        /// What was asked for.
        url: String,
        /// What happened.
        #[source]
        source: Box<ureq::Error>,
    },
    /// The server refuses.
    #[error("`{url}` answers {status}")]
    Status {
        /// What was asked for.
        url: String,
        /// HTTP status.
        status: u16,
    },
    /// The answer is longer than is allowed.
    #[error("`{url}` is longer than {limit} bytes")]
    TooLong {
        /// What was asked for.
        url: String,
        /// [`SyncOptions::max_bytes`].
        limit: u64,
    },
    /// The answer ended early, every time.
    #[error("`{url}` broke off after {bytes} bytes; hint: run again, it goes on from there")]
    BrokenOff {
        /// What was asked for.
        url: String,
        /// Bytes that are there.
        bytes: u64,
    },
    /// The file is not the one whose digest is published.
    #[error("`{url}` has SHA-256 {found}, published is {published}")]
    Digest {
        /// What was asked for.
        url: String,
        /// What came.
        found: String,
        /// What the publisher says.
        published: String,
    },
    /// No digest stands where it should.
    #[error("`{url}` states no SHA-256")]
    NoDigest {
        /// Where it should stand.
        url: String,
    },
    /// A file in the folder cannot be used.
    #[error("cannot use `{path}`")]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
}

/// A client that follows redirections, but never from HTTPS to HTTP.
pub(super) fn agent(options: &SyncOptions) -> Agent {
    let config = Agent::config_builder()
        .timeout_connect(Some(options.patience))
        .timeout_recv_response(Some(options.patience))
        .http_status_as_error(false)
        .max_redirects(0)
        .user_agent(concat!("sukashi/", env!("CARGO_PKG_VERSION")))
        .build();
    Agent::new_with_config(config)
}

/// Fetches a feed if the server has another one than we have.
pub(super) fn fetch(
    agent: &Agent,
    feed: &Feed,
    folder: &Path,
    state: &mut State,
    options: &SyncOptions,
    progress: &mut dyn FnMut(u64, Option<u64>),
) -> Result<Synced, FetchError> {
    let target = folder.join(&feed.name);
    let mut part = Part::open(folder.join(format!("{}.part", feed.name)))?;
    let known = state.known(feed).filter(|_| target.exists()).cloned();
    let mut transferred = 0;
    for _ in 0..options.tries.max(1) {
        let before = part.length()?;
        let step = step(agent, feed, known.as_ref(), &mut part, options, progress)?;
        transferred += part.length()?.saturating_sub(if before <= part.length()? { before } else { 0 });
        match step {
            Step::Unchanged => return Ok(Synced::Unchanged),
            Step::BrokenOff => {}
            Step::Complete => {
                let (sha256, bytes) = (part.digest(false)?, part.length()?);
                check(agent, feed, &mut part, &sha256)?;
                let Part { path, tag } = part;
                let known = Known { url: feed.url.clone(), sha256: sha256.clone(), ..tag };
                std::fs::rename(&path, &target).map_err(|source| FetchError::Write { path, source })?;
                state.set(feed, known);
                return Ok(Synced::Fetched { transferred, bytes, sha256 });
            }
        }
    }
    Err(FetchError::BrokenOff { url: feed.url.clone(), bytes: part.length()? })
}

enum Step {
    Unchanged,
    BrokenOff,
    Complete,
}

/// A file that is not complete, and what the server said of it when it began.
struct Part {
    path: PathBuf,
    tag: Known,
}

impl Part {
    /// What an earlier run left; without its tag it cannot be continued and is dropped.
    fn open(path: PathBuf) -> Result<Self, FetchError> {
        let tag = std::fs::read(path.with_extension("tag"))
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let mut part = Self { path, tag: Known::default() };
        match tag {
            Some(tag) if part.path.exists() => part.tag = tag,
            _ => part.restart(Known::default())?,
        }
        Ok(part)
    }

    fn failed(&self, source: io::Error) -> FetchError {
        FetchError::Write { path: self.path.clone(), source }
    }

    fn restart(&mut self, tag: Known) -> Result<(), FetchError> {
        File::create(&self.path).map_err(|source| self.failed(source))?;
        let text = serde_json::to_vec(&tag).unwrap_or_default();
        std::fs::write(self.path.with_extension("tag"), text).map_err(|source| self.failed(source))?;
        self.tag = tag;
        Ok(())
    }

    fn length(&self) -> Result<u64, FetchError> {
        std::fs::metadata(&self.path).map(|about| about.len()).map_err(|source| self.failed(source))
    }

    /// SHA-256 of the file as it came, or after decompression.
    fn digest(&self, plain: bool) -> Result<String, FetchError> {
        let mut digest = Sha256::new();
        let mut copy = || -> io::Result<()> {
            let file = BufReader::new(File::open(&self.path)?);
            match plain {
                true => io::copy(&mut flate2::bufread::MultiGzDecoder::new(file), &mut digest)?,
                false => io::copy(&mut { file }, &mut digest)?,
            };
            Ok(())
        };
        copy().map_err(|source| self.failed(source))?;
        Ok(digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

/// One request: what it says, and as much of the file as comes.
fn step(
    agent: &Agent,
    feed: &Feed,
    known: Option<&Known>,
    part: &mut Part,
    options: &SyncOptions,
    progress: &mut dyn FnMut(u64, Option<u64>),
) -> Result<Step, FetchError> {
    let have = part.length()?;
    let resume = part.tag.etag.clone().or_else(|| part.tag.modified.clone()).filter(|_| have > 0);
    let mut headers = Vec::new();
    if let Some(validator) = resume {
        headers.push(("Range", format!("bytes={have}-")));
        headers.push(("If-Range", validator));
    } else if let Some(known) = known {
        headers.extend(known.etag.clone().map(|etag| ("If-None-Match", etag)));
        headers.extend(known.modified.clone().map(|modified| ("If-Modified-Since", modified)));
    }
    let mut response = get(agent, &feed.url, &headers)?;
    let status = response.status();
    if status == StatusCode::NOT_MODIFIED {
        return Ok(Step::Unchanged);
    }
    if status == StatusCode::RANGE_NOT_SATISFIABLE {
        // What is there is not a beginning of what the server has.
        part.restart(Known::default())?;
        return Ok(Step::BrokenOff);
    }
    if !status.is_success() {
        return Err(FetchError::Status { url: feed.url.clone(), status: status.as_u16() });
    }
    let header =
        |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let (etag, modified) = (header("etag").filter(|etag| !etag.starts_with("W/")), header("last-modified"));
    let length = header("content-length").and_then(|text| text.parse::<u64>().ok());
    let continued = status == StatusCode::PARTIAL_CONTENT;
    if !continued {
        part.restart(Known { etag, modified, ..Known::default() })?;
    }
    let start = part.length()?;
    let total = length.map(|length| start.saturating_add(length));
    if total.is_some_and(|total| total > options.max_bytes) {
        return Err(FetchError::TooLong { url: feed.url.clone(), limit: options.max_bytes });
    }
    let end = copy(response.body_mut(), part, options, &mut |bytes| progress(bytes, total))?;
    if end > options.max_bytes {
        return Err(FetchError::TooLong { url: feed.url.clone(), limit: options.max_bytes });
    }
    Ok(match total {
        Some(total) if end < total => Step::BrokenOff,
        _ => Step::Complete,
    })
}

/// Appends what comes; how long the file is then. That the connection breaks is no error here.
fn copy(
    body: &mut ureq::Body,
    part: &Part,
    options: &SyncOptions,
    progress: &mut dyn FnMut(u64),
) -> Result<u64, FetchError> {
    let mut file = OpenOptions::new().append(true).open(&part.path).map_err(|source| part.failed(source))?;
    let mut length = part.length()?;
    let mut reader = body.as_reader().take(options.max_bytes.saturating_sub(length).saturating_add(1));
    let (mut buffer, mut shown) = (vec![0; 1 << 16], length);
    loop {
        let Ok(count) = reader.read(&mut buffer) else { return Ok(length) };
        if count == 0 {
            return Ok(length);
        }
        file.write_all(buffer.get(..count).unwrap_or_default()).map_err(|source| part.failed(source))?;
        length += count as u64;
        if length >= shown + SHOW_EVERY {
            shown = length;
            progress(length);
        }
    }
}

/// Follows redirections itself, because each must be allowed.
fn get(agent: &Agent, url: &str, headers: &[(&str, String)]) -> Result<Response<ureq::Body>, FetchError> {
    const MOST: usize = 5;
    let mut at = url.to_owned();
    for _ in 0..=MOST {
        let request =
            headers.iter().fold(agent.get(&at), |request, (name, value)| request.header(*name, value));
        let network = |source| FetchError::Network { url: at.clone(), source: Box::new(source) };
        let response = request.call().map_err(network)?;
        let status = response.status();
        let next = response.headers().get("location").and_then(|value| value.to_str().ok());
        match next.filter(|_| status.is_redirection() && status != StatusCode::NOT_MODIFIED) {
            Some(next) if next.starts_with('/') => at = format!("{}{next}", origin(&at)),
            Some(next) if is_allowed(next) && !(at.starts_with("https:") && next.starts_with("http:")) => {
                at = next.to_owned();
            }
            Some(_) => return Err(FetchError::Status { url: at, status: status.as_u16() }),
            None => return Ok(response),
        }
    }
    Err(FetchError::Status { url: at, status: StatusCode::LOOP_DETECTED.as_u16() })
}

/// `https://host:port` of an address.
fn origin(url: &str) -> &str {
    let host = url.find("://").map_or(0, |at| at + 3);
    let end = url.get(host..).and_then(|rest| rest.find('/')).map_or(url.len(), |at| host + at);
    url.get(..end).unwrap_or(url)
}

/// The published digest, if there is one.
fn check(agent: &Agent, feed: &Feed, part: &mut Part, sha256: &str) -> Result<(), FetchError> {
    let Some(url) = &feed.digest else { return Ok(()) };
    let mut response = get(agent, url, &[])?;
    if !response.status().is_success() {
        return Err(FetchError::Status { url: url.clone(), status: response.status().as_u16() });
    }
    let mut text = Vec::new();
    let read = response.body_mut().as_reader().take(MAX_DIGEST_BYTES).read_to_end(&mut text);
    read.map_err(|source| FetchError::Network { url: url.clone(), source: Box::new(source.into()) })?;
    let text = String::from_utf8_lossy(&text).to_lowercase();
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    let published =
        words.into_iter().find(|word| word.len() == 64 && word.bytes().all(|b| b.is_ascii_hexdigit()));
    let published = published.ok_or_else(|| FetchError::NoDigest { url: url.clone() })?;
    let found = if feed.digest_of_plain { part.digest(true)? } else { sha256.to_owned() };
    if found == published {
        return Ok(());
    }
    // The next run must not continue what is wrong.
    part.restart(Known::default())?;
    Err(FetchError::Digest { url: feed.url.clone(), found, published: published.to_owned() })
}
