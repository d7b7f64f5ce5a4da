//! Who may see what, from whom, about what, latest?
//!
//! A [`Platform`] keeps append-only facts: organizations, keys, supply links, products, releases, and evidence, which
//! is always a [`statement::Verified`] statement. Facts are rows in SQLite or PostgreSQL; envelopes are
//! content-addressed blobs; each registration is a leaf of a transparency log. One transaction holds fact and leaf, and the blob is on disk
//! before it commits. Everything that is shown is computed from the facts in memory (`universe`), so every view can be
//! thrown away and made again.
//!
//! Disclosure has one choke point: each reading function takes a [`Viewer`] and asks `disclose` for the level of
//! everything it is about to show. What is hidden is not there: lists, counts, cursors and errors are those of a
//! platform on which it never existed. Ids are random for the same reason.
//!
//! Not here: HTTP; engines. Inspections and assessments are read as `record` types and never computed.

mod access;
mod accounts;
mod advisory;
mod audit;
mod backup;
mod blob;
mod change;
mod concern;
mod delivery;
mod disclose;
mod edition;
mod effect;
mod emergency;
mod error;
mod fact;
mod findings;
mod head;
mod idempotency;
mod identity;
mod ids;
mod instance;
mod integrity;
mod job;
mod lease;
mod link;
mod log;
mod looking;
mod matches;
#[cfg(test)]
mod noninterference;
#[cfg(test)]
mod oracle;
mod organizations;
mod outcome;
mod paging;
mod peer;
mod pending;
mod platform;
mod product;
mod question;
#[cfg(test)]
mod random_universe;
mod read;
mod reassess;
mod receive;
#[cfg(test)]
mod recorded_decisions;
mod redact;
mod register;
mod secret;
mod sessions;
mod shelf;
mod shown;
mod status;
mod store;
mod system;
mod target;
mod tokens;
mod transfer;
mod trouble;
mod universe;
mod upload;
mod view;
mod viewer;
mod webhook;
mod witness;

pub use advisory::Advisory;
pub use audit::Written;
pub use backup::{BackupError, Transferred, back_up, restore};
pub use blob::OpenBucketError;
pub use error::{OpenError, ReadError, WriteError};
pub use fact::Hop;
pub use idempotency::Attempt;
pub use identity::Identity;
pub use ids::now;
pub use ids::{AccountId, EvidenceId, LinkId, OrganizationId, ProductId, ReleaseId, SystemId};
pub use integrity::Integrity;
pub use job::{Claimed, JobFailure};
pub use link::NewLink;
pub use paging::{Page, Paging};
pub use peer::{NewPeer, Peer, Progress, Source};
pub use platform::Platform;
pub use product::NewRelease;
pub use question::Question;
pub use read::{Document, EvidenceFilter};
pub use reassess::{Installed, Reassessment, Word};
pub use receive::{Offer, OfferedRelease, ReceiveError, Taken, is_handed_on};
pub use register::{Registered, Registration};
pub use secret::Secret;
pub use sessions::{LOGIN_LINK_SECONDS, SESSION_SECONDS, Session};
pub use store::Places;
pub use tlog::Refusal;
pub use tokens::NewToken;
pub use transfer::move_platform;
pub use trouble::Trouble;
pub use upload::{MAX_CHUNK, MAX_UPLOAD};
pub use view::{
    AccessView, AccountRef, AffectedRelease, AffectedView, AnswerView, ArtifactView, Aspects, AssessmentView,
    AssetView, AuditView, ChangeKind, ChangeReason, ChangeView, ComponentView, Confidence, DeliveryView,
    DisclosureView, EvidenceState, EvidenceView, FindingCounts, FindingSummary, FindingView, HeadView,
    InstalledIn, JobResultView, JobState, JobView, KeyState, KeyView, LinkListView, LinkState, LinkView,
    LogProof, LogView, NamedRef, OrganizationKind, OrganizationRef, OrganizationView, Outcome, PeerKind,
    PeerView, PendingView, ProductKind, ProductView, Relation, ReleaseRef, ReleaseView, ScopeView,
    SessionView, ShownView, SubjectView, SystemView, Tlp, TokenView, UploadView, VerdictCounts, WebhookView,
};
pub use viewer::{Administrator, Role, Viewer};
pub use webhook::Due;
pub use witness::{CosignError, WitnessOfOurs};
