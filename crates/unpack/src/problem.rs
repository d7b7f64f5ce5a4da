//! What could not be opened, and why.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Something in an image that was not (wholly) seen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Path in the tree; empty for the image itself.
    pub path: String,
    /// What was not seen: a format's name, `file`, `region 0x10000..0x20000`.
    pub what: String,
    /// Why not.
    pub cause: Cause,
}

/// Why something was not seen. `Display` gives a sentence for people.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[non_exhaustive]
pub enum Cause {
    /// [`crate::UnpackLimits::total_bytes`].
    #[error("the image unpacks to more than {limit} bytes")]
    TotalBytes {
        /// The limit.
        limit: u64,
    },
    /// [`crate::UnpackLimits::file_bytes`].
    #[error("a file in it is larger than {limit} bytes")]
    FileBytes {
        /// The limit.
        limit: u64,
    },
    /// [`crate::UnpackLimits::files`].
    #[error("it holds more than {limit} files")]
    Files {
        /// The limit.
        limit: u64,
    },
    /// [`crate::UnpackLimits::depth`].
    #[error("images are nested deeper than {limit}")]
    Depth {
        /// The limit.
        limit: u32,
    },
    /// [`crate::UnpackLimits::ratio`].
    #[error("it unpacks to more than {limit} times its size")]
    Ratio {
        /// The limit.
        limit: u64,
    },
    /// The bytes are not what their header says.
    #[error("damaged: {how}")]
    Damaged {
        /// What is wrong.
        how: String,
    },
    /// A feature of a known format that is not read.
    #[error("not supported: {what}")]
    Unsupported {
        /// The feature.
        what: String,
    },
    /// Nothing known: possibly encrypted if its entropy is near 8 bits a byte.
    #[error("not a known format, entropy {}", crate::entropy::text(.centibits))]
    Unknown {
        /// Entropy in hundredths of a bit for each byte, 0–800.
        centibits: u32,
    },
    /// A path that leads out of the image, or cannot be one; the harmless rest of it was used.
    #[error("its stated path `{stated}` leads out of the image or cannot be one")]
    Path {
        /// What the image states, escaped.
        stated: String,
    },
    /// A later file of the same path took its place.
    #[error("the image holds this path twice; the later file is shown")]
    Replaced,
    /// The operating system did not let us read it.
    #[error("cannot be read: {why}")]
    Unreadable {
        /// The system's message.
        why: String,
    },
}

/// Runs a third-party reader; a panic in it is damage of the input, not of us.
pub(crate) fn guarded<T>(work: impl FnOnce() -> Result<T, Cause>) -> Result<T, Cause> {
    let panicked = || Cause::Damaged { how: "the reader gave up in the middle".to_owned() };
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(panicked()))
}

/// An error of a third-party reader.
pub(crate) fn damaged(error: impl std::fmt::Display) -> Cause {
    Cause::Damaged { how: error.to_string() }
}
