//! The whole command on real input: `cargo xtask bench chain` measures it, `cargo xtask real` tries it.
//!
//! Both run the release build as a user would, and fetch the Debian packages they need with `apt-get download`.

mod bench;
mod debian;
mod memory;
mod real;
mod run;

pub(crate) use bench::run as bench;
pub(crate) use memory::{MemoryWatch, peak_memory, resident};
pub(crate) use real::run as real;
pub(crate) use run::build;
