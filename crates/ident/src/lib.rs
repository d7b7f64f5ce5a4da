//! Do these two names mean the same software?
//!
//! Three kinds of name: package URLs ([`Purl`]), platform names of the NVD ([`cpe::Cpe`]), and versions, which are
//! only comparable inside a [`Scheme`]. [`Vers`] is a range of versions in one scheme.
//!
//! Not here: where names come from (`bom`), and what is known about what they name (`vuln`).

pub mod cpe;
mod purl;
mod vers;
mod version;

pub use purl::{MAX_PURL_BYTES, ParsePurlError, Purl};
pub use vers::{Comparator, Constraint, MAX_VERS_BYTES, NativeRangeError, ParseVersError, Vers};
pub use version::{ParseSchemeError, Scheme};
