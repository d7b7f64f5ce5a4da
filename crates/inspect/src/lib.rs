//! What is in here that should not be?
//!
//! [`inspect_tree`] looks at everything in an unpacked image and gives an inspection record: findings with source,
//! trigger, payload, route and evidence; what each program can do; how much was understood and what was not.
//!
//! - `detectors`: what may be hidden in programs, one file a detector; `query` and `decision` hold the questions that several ask.
//! - `files`: what may be hidden in other files, one file a detector.
//! - `score`, `files::Weight`: what a finding weighs, with reasons.
//! - `marks`: numbers that programs know their own structures by.
//! - `witness`: inputs that prove a finding.
//! - `picture`: the control flow around a route, as data.
//! - `executable`, `assemble`: one program, and the record over all of them; `cache`: reports on programs, on disk.
//! - [`render`]: records for readers; [`difference()`], [`compare_with`]: two versions compared; [`apply_review`]: people's decisions.
//!
//! Nothing from an image is executed. Evidence, not verdicts: a finding says what was seen and where.
//!
//! Not here: values and control flow (`flow`), components (`bom`), hosts and networks.

mod assemble;
mod cache;
mod capability_change;
mod decision;
mod detectors;
mod difference;
mod disassembly;
mod executable;
mod files;
mod finding;
mod marks;
mod options;
mod picture;
mod predecessor;
mod query;
pub mod render;
mod review;
mod runs;
mod score;
mod texts;
mod witness;

pub use assemble::{detector_versions, inspect_program, inspect_tree, subject_of_directory, subject_of_file};
pub use cache::Cache;
pub use capability_change::compare_with;
pub use difference::{CapabilityChange, Difference, difference};
pub use options::{Net, Options, Progress};
pub use review::{Decision, ReviewError, apply_review, read_review};
