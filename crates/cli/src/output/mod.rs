//! Data: to standard output, or to the file or folder that `-o` names.

mod file;
mod target;

use std::io::{self, Write};

use anyhow::Context;

pub(crate) use file::write_atomically;
pub(crate) use target::{Target, write_into};

/// Standard output. Once its reader has gone (`… | head`), writing does nothing and fails no more.
#[derive(Debug, Default)]
pub(crate) struct Output {
    closed: bool,
}

impl Output {
    /// Writes and flushes, so that a reader sees each result when it is there.
    ///
    /// # Errors
    /// If the data could not be written, for another reason than a closed pipe.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        if self.closed {
            return Ok(());
        }
        let mut stdout = io::stdout().lock();
        match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => self.closed = true,
            result => result.context("cannot write to standard output")?,
        }
        Ok(())
    }

    /// Text and a line end.
    pub(crate) fn line(&mut self, text: &str) -> anyhow::Result<()> {
        self.write(format!("{text}\n").as_bytes())
    }

    /// A document of one value, indented, with a line end.
    pub(crate) fn json(&mut self, value: &impl serde::Serialize) -> anyhow::Result<()> {
        self.write(&json(value)?)
    }

    /// Nobody reads any more: what is left to do is not worth doing.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed
    }
}

/// A document of one value, indented, with a line end.
pub(crate) fn json(value: &impl serde::Serialize) -> anyhow::Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec_pretty(value).context("cannot write the result as JSON")?;
    bytes.push(b'\n');
    Ok(bytes)
}
