//! Which known vulnerabilities does a component have, how severe, exploited?
//!
//! [`build`] reads feeds, one importer a file under `import`, and writes a snapshot: one file that never changes.
//! [`Snapshot`] looks up and searches in it, [`Matcher`] finds the records that speak of a component, and says by
//! which name, which range and how surely.
//!
//! **How records of several sources become one** (`merge`). Records with one CVE id are one. Of one source the newest
//! wins. Configurations come from overrides, else from the NVD, else from CVE records; texts from the NVD, else from
//! CVE records, else from advisories; ratings, weaknesses, references and packages are joined. A record is rejected if
//! the newest of NVD and CVE record says so. A withdrawn advisory adds nothing but its name.
//!
//! Not here: whether a vulnerability can be exploited in a system (`assess`).

mod import;
mod matching;
mod merge;
mod record;
mod severity;
mod snapshot;

pub use import::{Event, ImportError, Summary, build};
pub use matching::{Certainty, Match, Matcher, Query, Verdict};
pub use record::{
    Bound, Configuration, Criterion, Epss, Exploitation, Kev, Node, PackageRange, Rating, Span, Status,
    Vulnerability,
};
pub use severity::{Severity, score};
pub use snapshot::{Found, Snapshot, SnapshotError, SnapshotInfo};

/// Reads any bytes as a feed, for fuzzing: every importer in turn.
#[doc(hidden)]
pub fn fuzz_importers(bytes: &[u8]) {
    import::fuzz(bytes);
}
