//! Uploads and the work on them.

use record::Sha256;
use schemars::JsonSchema;
use serde::Serialize;
use statement::Timestamp;

/// How a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum JobState {
    /// Nobody works on it; an attempt that failed is tried again.
    Waiting,
    /// A worker is at it.
    Running,
    /// Its results are there.
    Done,
    /// Given up; it can be tried again by hand.
    Dead,
}

impl JobState {
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        Some(match name {
            "waiting" => Self::Waiting,
            "running" => Self::Running,
            "done" => Self::Done,
            "dead" => Self::Dead,
            _ => return None,
        })
    }
}

views! {
    /// A file that arrives in pieces.
    UploadView {
        /// Id; the job has the same.
        id: String,
        /// Name of the file.
        name: String,
        /// Bytes of the whole.
        size: u64,
        /// What they must hash to.
        sha256: Option<Sha256>,
        /// Bytes that are there: where the next piece begins.
        received: u64,
        /// When it began.
        created_at: Timestamp,
    }
    /// Work on an upload.
    JobView {
        /// Id.
        id: String,
        /// Name of the file.
        name: String,
        /// How it stands.
        state: JobState,
        /// Attempts so far.
        attempts: u32,
        /// Parts that are done.
        done: u64,
        /// Parts there are; 0 while that is not known.
        total: u64,
        /// Why the last attempt failed.
        error: Option<String>,
        /// What it gave.
        results: Vec<JobResultView>,
        /// Next attempt after a failure.
        next_at: Option<Timestamp>,
        /// When it was added.
        created_at: Timestamp,
    }
    /// A document that a job gave, unsigned.
    JobResultView {
        /// `inspection` or `sbom`.
        kind: String,
        /// Digest.
        sha256: Sha256,
        /// Bytes.
        size: u64,
    }
}
