//! The command under measurement: serving a platform, importing vulnerability data.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use share::Places;

/// A served platform, until it is dropped.
pub(crate) struct Served {
    pub(crate) child: Child,
    pub(crate) url: String,
    pub(super) started: Duration,
}

impl Served {
    pub(crate) fn start(command: &Path, places: &Places, data: Option<&Path>) -> anyhow::Result<Self> {
        let start = Instant::now();
        let url = |option: &str, url: &Option<String>| {
            url.iter().flat_map(|u| [option.to_owned(), u.clone()]).collect::<Vec<_>>()
        };
        let mut child = Command::new(command)
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(&places.data)
            .args(url("--database", &places.database))
            .args(url("--blobs", &places.blobs))
            .args(data.map(|_| "--vuln-db"))
            .args(data)
            .env("SUKASHI_LOG_FORMAT", "json")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot start the command")?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("no output")?).read_line(&mut line)?;
        let url = line.trim().trim_start_matches("ready: ").trim_end_matches('/').to_owned();
        Ok(Self { child, url, started: start.elapsed() })
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A feed of the examples.
pub(super) fn example(name: &str) -> PathBuf {
    Path::new("examples/vulnerabilities").join(name)
}

/// Makes or replaces vulnerability data.
pub(super) fn import(command: &Path, feeds: &[PathBuf], into: &Path) -> anyhow::Result<()> {
    let status = Command::new(command)
        .args(["--quiet", "vuln", "import"])
        .args(feeds)
        .arg("--vuln-db")
        .arg(into)
        .stdout(Stdio::null())
        .status()?;
    anyhow::ensure!(status.success(), "the feeds are not imported");
    Ok(())
}
