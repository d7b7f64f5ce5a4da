//! Which known vulnerabilities does a component have, how severe, exploited?
//!
//! [`build`] reads feeds, one importer a file under `import`, and writes a snapshot: one file that never changes.
//! [`Snapshot`] looks up and searches in it, [`Matcher`] finds the records that speak of a component, and says by
//! which name, which range and how surely.
//!
//! **VEX** ([`read_vex`]): what a supplier says of its own product. Of several statements on one component and one
//! vulnerability, the one that names the product most exactly counts, then the newest, then the most cautious.
//!
//! **How records of several sources become one** (`merge`). Records with one CVE id are one. Of one source the newest
//! wins. Configurations come from overrides, else from the NVD, else from CVE records; texts from the NVD, else from
//! CVE records, else from advisories; ratings, weaknesses, references and packages are joined. A record is rejected if
//! the newest of NVD and CVE record says so. A withdrawn advisory adds nothing but its name.
//!
//! Not here: whether a vulnerability can be exploited in a system (`assess`).

mod csaf;
mod cvss_score;
mod import;
mod matching;
mod merge;
mod record;
mod severity;
mod snapshot;
mod sync;
mod vex;

pub use csaf::{CsafFinding, CsafLevel, CsafVerdict, check_csaf};
pub use cvss_score::{Scores, scores};
pub use import::{Event, ImportError, Summary, build, update};
pub use matching::{Certainty, Context, Match, Matcher, Query, Verdict};
pub use record::{
    Bound, Concept, Configuration, Criterion, Epss, Exploit, ExploitSource, Exploitation, Kev, Node,
    PackageRange, Rating, Span, Status, Vulnerability,
};
pub use severity::{Severity, score};
pub use snapshot::{Found, Snapshot, SnapshotError, SnapshotInfo};
pub use sync::{Feed, FetchError, Schedule, ScheduleError, SyncOptions, SyncReport, Synced, sync};
pub use vex::{Applied, Justification, Product, ReadVexError, Statement, Vex, VexStatus, read_vex};

/// Reads any bytes as a feed, for fuzzing: every importer in turn.
#[doc(hidden)]
pub fn fuzz_importers(bytes: &[u8]) {
    import::fuzz(bytes);
}
