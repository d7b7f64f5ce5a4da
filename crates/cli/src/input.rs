//! Reading what the user names: files, or standard input for `-`.

use std::fs;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, bail};

/// Longest text document read whole, in bytes.
const MAX_BYTES: u64 = 1 << 30;

/// How messages call it.
pub(crate) fn name(path: &Path) -> String {
    if is_stdin(path) { "standard input".to_owned() } else { path.display().to_string() }
}

pub(crate) fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

/// A whole file, or standard input.
pub(crate) fn bytes(path: &Path) -> anyhow::Result<Vec<u8>> {
    let failed = || format!("cannot read `{}`", name(path));
    let mut content = Vec::new();
    let read = if is_stdin(path) {
        std::io::stdin().lock().take(MAX_BYTES + 1).read_to_end(&mut content)
    } else {
        let file = fs::File::open(path).with_context(failed)?;
        file.take(MAX_BYTES + 1).read_to_end(&mut content)
    };
    read.with_context(failed)?;
    if content.len() as u64 > MAX_BYTES {
        bail!("`{}` has more than {MAX_BYTES} bytes", name(path));
    }
    Ok(content)
}

/// The same as text.
pub(crate) fn text(path: &Path) -> anyhow::Result<String> {
    String::from_utf8(bytes(path)?).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        anyhow::anyhow!("`{}` is not text: byte {at} is not UTF-8", name(path))
    })
}

/// The first line, without blanks around it: how tokens lie in files.
pub(crate) fn first_line(path: &Path) -> anyhow::Result<String> {
    Ok(text(path)?.lines().next().unwrap_or_default().trim().to_owned())
}
