//! How to talk to others, and what to bring along where nobody can be asked.
//!
//! [`Remote`] speaks the native interface of a platform over [`Http`], which retries what may be repeated and gives up in
//! bounded time. A [`Bundle`] is a file with statements, their log proofs and the supply links' heads;
//! [`Bundle::verify`] needs it, a trust file and nothing else. [`Reach`] says which addresses may be connected to, so
//! that a webhook cannot be pointed at what lies inside.
//!
//! An instance that follows another one's log goes on from the last checkpoint it saw ([`advance`]) and fetches what is
//! new with what belongs to it ([`Gathering`]).
//!
//! [`Tea`] asks any server of the Transparency Exchange API, found by the identifier on a delivery.
//!
//! Everything is synchronous: a command waits anyway, and a server calls from a thread that may block.
//!
//! Not here: storage; what is true (see `statement` and `tlog`).

mod answers;
mod bundle;
mod check;
mod gather;
mod http;
mod reach;
mod remote;
mod tail;
mod tea;

pub use answers::{
    Evidence, HeadToSign, Hop, InstanceKeys, Left, Logged, Named, NewRelease, Peer, Pulled, Registered,
    Release,
};
pub use bundle::{
    Bundle, BundleFormat, Consistency, Disclosed, Item, MAX_BUNDLE_BYTES, Offered, OfferedArtifact,
    OfferedRelease, ReadBundleError,
};
pub use check::{Checked, CheckedItem, Fault, head_faults, proof_entry, proof_extra};
pub use gather::Gathering;
pub use http::{Answer, Http, HttpError, POST, RemoteProblem};
pub use reach::Reach;
pub use remote::{Remote, RemoteError, form, percent_encoded};
pub use tail::{TailError, advance};
pub use tea::{
    Artifact, Checksum, Download, DownloadError, FetchError, Format, Found, Integrity, OtherContent, Tea,
    TeaError, TeaRelease, Tei, TeiError,
};
/// What a log is followed by; callers need no other part of its crate.
pub use tlog::{Checkpoint, LogPolicy};
