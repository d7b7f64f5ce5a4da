//! `cargo xtask bench pages`: how soon a browser shows a large status page, and whether it scrolls without a jerk.
//!
//! `npm run bench` in `ui/` looks at the pages as they are committed, with data of a large system, in a headless Chromium.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, bail};

pub(crate) fn run() -> anyhow::Result<()> {
    let pages = Path::new("ui");
    if !pages.join("node_modules").is_dir() {
        bail!("the pages' tools are not installed; hint: `npm ci` in `ui`");
    }
    let status = Command::new("npm").args(["run", "--silent", "bench"]).current_dir(pages).status();
    if !status.context("cannot run `npm`")?.success() {
        bail!("`npm run bench` failed");
    }
    Ok(())
}
