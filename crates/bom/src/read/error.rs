//! Why a document could not be read.

use crate::{Format, Place};

/// Why bytes are no document we can read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// More bytes than the limit.
    #[error("the document has {bytes} bytes, the limit is {limit}")]
    TooLong {
        /// Bytes.
        bytes: usize,
        /// [`crate::ReadLimits::bytes`].
        limit: usize,
    },
    /// Nothing says which format it is.
    #[error(
        "neither CycloneDX nor SPDX; hint: JSON needs `bomFormat`, `spdxVersion` or `@context`, XML the CycloneDX name space, tag-value `SPDXVersion:`"
    )]
    Unknown,
    /// A format, or a version of it, that is not read.
    #[error("{standard} {} as `{format}` is not supported", version.as_deref().unwrap_or("of unknown version"), standard = format.standard())]
    Unsupported {
        /// The format.
        format: Format,
        /// The version as stated.
        version: Option<String>,
    },
    /// Broken syntax, or a value that cannot be what it should be.
    #[error("{place}: {message}")]
    Malformed {
        /// Where.
        place: Place,
        /// What is wrong.
        message: String,
    },
    /// More elements than a limit.
    #[error("{place}: more than {limit} {what}")]
    TooMany {
        /// Where the first one too many stands.
        place: Place,
        /// Components or relations.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
}
