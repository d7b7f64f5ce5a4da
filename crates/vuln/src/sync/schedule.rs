//! Which feeds to fetch, and how often.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

/// Official feeds, fetched unless the user names others.
const DEFAULT: &str = include_str!("feeds.toml");
/// Feeds of one schedule.
const MAX_FEEDS: usize = 1_000;

/// One feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feed {
    /// Name of its file in the folder.
    pub name: String,
    /// Where it lies.
    pub url: String,
    /// How old it may become.
    pub every: Duration,
    /// Where the SHA-256 of the file stands: the first run of 64 hexadecimal digits there.
    pub digest: Option<String>,
    /// Whether the digest is that of the file after decompression, as the NVD states it.
    pub digest_of_plain: bool,
}

/// Feeds in the order in which they are fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    feeds: Vec<Feed>,
}

/// Why a text is no schedule.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScheduleError {
    /// It is no TOML, or has keys that there are not.
    #[error("`{path}` is no list of feeds: {message}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong, with its place.
        message: String,
    },
    /// A feed cannot be as it is.
    #[error("feed `{name}`: {why}")]
    Feed {
        /// Its name.
        name: String,
        /// What is wrong.
        why: &'static str,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    feed: Vec<RawFeed>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFeed {
    name: String,
    url: String,
    #[serde(default = "daily")]
    every: String,
    digest: Option<String>,
    #[serde(default)]
    digest_of_plain: bool,
}

fn daily() -> String {
    "1d".to_owned()
}

impl Schedule {
    /// The official feeds.
    ///
    /// # Errors
    /// Never: a test reads them.
    pub fn official() -> Result<Self, ScheduleError> {
        Self::parse(DEFAULT, &PathBuf::from("feeds.toml"))
    }

    /// The text of the official schedule, as a start for one's own.
    pub fn official_text() -> &'static str {
        DEFAULT
    }

    /// Reads a schedule; `path` is for messages.
    ///
    /// # Errors
    /// See [`ScheduleError`].
    pub fn parse(text: &str, path: &std::path::Path) -> Result<Self, ScheduleError> {
        let malformed = |message: String| ScheduleError::Malformed { path: path.to_owned(), message };
        let raw: Raw = toml::from_str(text).map_err(|error| malformed(error.to_string()))?;
        if raw.feed.len() > MAX_FEEDS {
            return Err(malformed(format!("more than {MAX_FEEDS} feeds")));
        }
        let feeds = raw.feed.into_iter().map(feed).collect::<Result<Vec<_>, _>>()?;
        let twice =
            feeds.iter().enumerate().find(|(at, f)| feeds.iter().take(*at).any(|other| other.name == f.name));
        match twice {
            Some((_, feed)) => {
                Err(ScheduleError::Feed { name: feed.name.clone(), why: "the name stands twice" })
            }
            None => Ok(Self { feeds }),
        }
    }

    /// The feeds.
    pub fn feeds(&self) -> &[Feed] {
        &self.feeds
    }
}

fn feed(raw: RawFeed) -> Result<Feed, ScheduleError> {
    let wrong = |why| ScheduleError::Feed { name: raw.name.clone(), why };
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    if raw.name.is_empty()
        || raw.name.starts_with('.')
        || !raw.name.chars().all(plain)
        || raw.name.len() > 100
    {
        return Err(wrong("a name is a file name of letters, digits, `.`, `-` and `_`"));
    }
    if !(is_allowed(&raw.url) && raw.digest.as_deref().is_none_or(is_allowed)) {
        return Err(wrong("an address begins with `https://`; `http://` is for this machine itself"));
    }
    let every = duration(&raw.every).ok_or_else(|| wrong("`every` is a number with `m`, `h` or `d`"))?;
    let RawFeed { name, url, digest, digest_of_plain, .. } = raw;
    Ok(Feed { name, url, every, digest, digest_of_plain })
}

/// HTTPS, or this machine.
pub(super) fn is_allowed(url: &str) -> bool {
    let local = |host: &str| {
        let rest = url.strip_prefix(&format!("http://{host}"));
        rest.is_some_and(|rest| rest.starts_with(['/', ':']))
    };
    url.starts_with("https://") || ["127.0.0.1", "localhost", "[::1]"].into_iter().any(local)
}

fn duration(text: &str) -> Option<Duration> {
    let unit = text.chars().last()?;
    let number: u64 = text.strip_suffix(unit)?.parse().ok()?;
    let seconds = match unit {
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return None,
    };
    Some(Duration::from_secs(number.checked_mul(seconds)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_official_schedule_is_one() {
        assert!(Schedule::official().unwrap().feeds().len() > 10);
    }

    #[test]
    fn names_that_leave_the_folder_and_plain_http_are_refused() {
        let of = |name: &str, url: &str| {
            Schedule::parse(
                &format!("[[feed]]\nname = \"{name}\"\nurl = \"{url}\"\n"),
                std::path::Path::new("f"),
            )
        };
        assert!(of("kev.json", "https://x/k").is_ok());
        assert!(of("kev.json", "http://127.0.0.1:80/k").is_ok());
        for (name, url) in [
            ("../k", "https://x/k"),
            (".k", "https://x/k"),
            ("k", "http://x/k"),
            ("k", "http://localhost.evil/k"),
            ("k", "file:///k"),
        ] {
            assert!(of(name, url).is_err(), "{name} {url}");
        }
        assert_eq!(duration("6h"), Some(Duration::from_secs(21_600)));
        assert_eq!(duration("h"), None);
    }
}
