//! Who may see what, from whom, about what, latest?
//!
//! A [`Platform`] keeps append-only facts: organizations, keys, supply links, products, releases, and evidence, which
//! is always a [`statement::Verified`] statement. Facts are rows in SQLite; envelopes are content-addressed blobs;
//! each registration is a leaf of a transparency log. One transaction holds fact and leaf, and the blob is on disk
//! before it commits. Everything that is shown is computed from the facts in memory (`universe`), so every view can be
//! thrown away and made again.
//!
//! Disclosure has one choke point: each reading function takes a [`Viewer`] and asks `disclose` for the level of
//! everything it is about to show. What is hidden is not there: lists, counts, cursors and errors are those of a
//! platform on which it never existed. Ids are random for the same reason.
//!
//! Not here: HTTP; engines. Inspections and assessments are read as `record` types and never computed.

mod access;
mod blob;
mod change;
mod disclose;
mod error;
mod fact;
mod ids;
mod link;
mod log;
#[cfg(test)]
mod noninterference;
mod outcome;
mod people;
mod platform;
mod product;
mod read;
mod redact;
mod register;
mod status;
mod store;
mod system;
mod universe;
mod view;
mod viewer;

pub use error::{OpenError, ReadError, WriteError};
pub use ids::{AccountId, EvidenceId, LinkId, OrganizationId, ProductId, ReleaseId, SystemId};
pub use link::NewLink;
pub use people::{LOGIN_LINK_SECONDS, NewToken, SESSION_SECONDS, Secret, Session};
pub use platform::Platform;
pub use product::NewRelease;
pub use read::{Document, EvidenceFilter, Page, Paging};
pub use register::{Registered, Registration};
pub use view::{
    AccessView, AccountRef, ArtifactView, Aspects, AssessmentView, AssetView, ChangeKind, ChangeReason,
    ChangeView, ComponentView, Confidence, DisclosureView, EvidenceState, EvidenceView, FindingCounts,
    FindingSummary, FindingView, InstalledIn, KeyState, KeyView, LinkState, LinkView, LogProof, LogView,
    NamedRef, OrganizationKind, OrganizationRef, OrganizationView, Outcome, ProductKind, ProductView,
    Relation, ReleaseRef, ReleaseView, ScopeView, SessionView, SubjectView, SystemView, Tlp, VerdictCounts,
};
pub use viewer::{Administrator, Role, Viewer};
