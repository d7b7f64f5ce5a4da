//! What is to be done when something arrives?
//!
//! The three engines know nothing of each other; here is what joins them. [`examine`] takes a delivered image through
//! `unpack`, `bom` and `inspect`; [`Known`] lets `assess` ask a snapshot of `vuln` about a model's software, and
//! [`match_components`] asks it about a bill of materials. A [`Worker`] does for a platform what is to be done when
//! something was registered: it matches bills of materials and assesses systems anew. [`assess_with`] tells what a delivery would
//! change in a system before it is installed. [`demo`] plays a whole supply chain through all of it.
//!
//! Not here: HTTP handlers, SQL, the terminal.

mod added;
mod assets;
mod cut_off;
mod delivered;
pub mod demo;
mod examine;
mod jobs;
mod known;
mod vulnerabilities;
mod words;
mod worker;

pub use assets::assets;
pub use cut_off::{cut_off, examining};
pub use delivered::{Delivered, DeliveredError, assess_with, installed_at};
pub use examine::{ExamineError, Examined, Limits, components, digest, examine, examine_bytes, unread};
pub use jobs::{Examiner, JobError, RESULTS, Step};
pub use known::{ComponentMatches, Known, match_components};
pub use vuln::SnapshotError;
pub use vulnerabilities::Vulnerabilities;
pub use worker::{Round, WorkError, Worker};
