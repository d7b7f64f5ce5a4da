//! Which files are inside this image?
//!
//! An image is anything with files inside: an archive, a file system, a compressed stream, a firmware file with headers
//! of its maker around them, or a directory. [`unpack`] opens what it recognises, again inside what it found, and gives
//! one sorted tree. Everything stays in memory: nothing is ever written, and links are recorded, never followed.
//!
//! Every byte is an opponent's. Limits on bytes, files, depth and ratio hold over all layers together
//! ([`UnpackLimits`]); what they cut, what is damaged and what is not understood is a listed [`Problem`], and the rest
//! of the work is done.
//!
//! Paths of a nested archive begin with the path of the file that holds it. Layers that hold just one thing (a
//! compressed stream, a boot header) add nothing to the path.
//!
//! Not here: what the files mean.

mod bytes;
mod carve;
mod container;
mod directory;
mod entropy;
mod formats;
mod limits;
mod nested;
mod path;
mod problem;
mod tree;

pub use bytes::Bytes;
pub use formats::Format;
pub use limits::UnpackLimits;
pub use nested::{UnpackError, unpack, unpack_bytes};
pub use problem::{Cause, Problem};
pub use tree::{Entry, EntryKind, Tree};
