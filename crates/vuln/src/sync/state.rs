//! What is remembered of each feed between runs.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::{Feed, FetchError};

const FILE: &str = "state.json";

/// By name of the feed.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct State {
    feeds: BTreeMap<String, Known>,
}

/// What the server said of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Known {
    /// Where it came from: another address is another file.
    pub(super) url: String,
    pub(super) etag: Option<String>,
    pub(super) modified: Option<String>,
    pub(super) sha256: String,
    /// Seconds since 1970.
    #[serde(default)]
    pub(super) checked: u64,
}

impl State {
    /// A folder without state is a new one; a damaged state costs one transfer.
    pub(super) fn read(folder: &Path) -> Result<Self, FetchError> {
        let path = folder.join(FILE);
        match std::fs::read(&path) {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes).unwrap_or_default()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(source) => Err(FetchError::Write { path, source }),
        }
    }

    pub(super) fn write(&self, folder: &Path) -> Result<(), FetchError> {
        let path = folder.join(FILE);
        let failed = |source| FetchError::Write { path: path.clone(), source };
        let text = serde_json::to_vec_pretty(self).map_err(|error| failed(std::io::Error::other(error)))?;
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
        std::io::Write::write_all(&mut file, &text).map_err(failed)?;
        file.persist(&path).map(drop).map_err(|error| failed(error.error))
    }

    pub(super) fn known(&self, feed: &Feed) -> Option<&Known> {
        self.feeds.get(&feed.name).filter(|known| known.url == feed.url)
    }

    pub(super) fn set(&mut self, feed: &Feed, known: Known) {
        self.feeds.insert(feed.name.clone(), known);
    }

    pub(super) fn checked(&mut self, feed: &Feed, now: SystemTime) {
        if let Some(known) = self.feeds.get_mut(&feed.name) {
            known.checked = seconds(now);
        }
    }

    pub(super) fn is_due(&self, feed: &Feed, now: SystemTime) -> bool {
        self.known(feed)
            .is_none_or(|known| seconds(now).saturating_sub(known.checked) >= feed.every.as_secs())
    }
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
