//! How to talk to others, and what to bring along where nobody can be asked.
//!
//! [`Remote`] speaks the native interface of a platform over [`Http`], which retries what may be repeated and gives up in
//! bounded time. A [`Bundle`] is a file with statements, their log proofs and the supply links' heads;
//! [`Bundle::verify`] needs it, a trust file and nothing else. [`Reach`] says which addresses may be connected to, so
//! that a webhook cannot be pointed at what lies inside.
//!
//! Everything is synchronous: a command waits anyway, and a server calls from a thread that may block.
//!
//! Not here: storage; what is true (see `statement` and `tlog`).

mod bundle;
mod check;
mod http;
mod reach;
mod remote;

pub use bundle::{Bundle, BundleFormat, Consistency, Disclosed, Item, MAX_BUNDLE_BYTES, ReadBundleError};
pub use check::{Checked, CheckedItem, Fault, proof_entry, proof_extra};
pub use http::{Answer, Http, HttpError, POST, RemoteProblem};
pub use reach::Reach;
pub use remote::{Evidence, HeadToSign, Named, NewRelease, Registered, Release, Remote, RemoteError};
