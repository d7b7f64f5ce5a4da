//! `--isolate`: a process of its own for each path, without network and with a bound on its memory.
//!
//! Whatever a hostile file does to the engines ends with that process; then the record says that nothing is known. The
//! process gets no environment and keeps nothing: the cache on disk is neither read nor written, so that nobody who takes
//! over one examination has a say in the next.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, ExitStatus};

use anyhow::{Context as _, bail};
use inspect::Progress;
use pipeline::{RESULTS, Step};
use record::Inspection;
use tracing::warn;

use super::{Args, Learnt, file_name};
use crate::input;

/// Longest document that is taken from such a process, in bytes.
const MAX_RESULT: u64 = 256 << 20;

/// How such processes are started.
pub(super) struct Isolation {
    /// The program and its arguments up to the path.
    words: Vec<String>,
}

impl Isolation {
    pub(super) fn new(args: &Args) -> anyhow::Result<Self> {
        let own = std::env::current_exe().context("cannot tell where this program lies")?;
        let own = own.to_str().context("the path of this program is no text")?.to_owned();
        let mut words = pipeline::cut_off().unwrap_or_else(|| {
            warn!(
                hint = "install util-linux and allow user namespaces",
                "processes of their own are not cut off from the network"
            );
            Vec::new()
        });
        words.extend([own, "examine-upload".to_owned(), format!("--depth={}", args.depth)]);
        words.extend(args.memory.map(|bytes| format!("--memory={bytes}")));
        words.extend(args.time.map(|time| format!("--time={}s", time.as_secs())));
        Ok(Self { words })
    }

    /// What such a process says of a path. If it does not end well, the record says so.
    pub(super) fn learn(
        &self,
        path: &Path,
        effort: Option<u64>,
        jobs: Option<usize>,
        progress: &dyn Progress,
    ) -> anyhow::Result<Learnt> {
        let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
        let mut file = folder.path().join("standard-input");
        if input::is_stdin(path) {
            std::fs::write(&file, input::bytes(path)?).context("cannot write a temporary file")?;
        } else {
            // A path that cannot be read is an error here as without isolation.
            file = path.canonicalize().with_context(|| format!("cannot read `{}`", path.display()))?;
        }
        let output = folder.path().join("out");
        std::fs::create_dir(&output).context("cannot make a temporary folder")?;
        let mut child = self.start(&file, &output, effort, jobs)?;
        tell(&mut child, progress);
        let status = child.wait().context("cannot wait for the process")?;
        if !matches!(status.code(), Some(0 | 3)) {
            let why = format!("the process that examined it {}", ended(status));
            warn!("`{}`: {why}", path.display());
            return Ok(Learnt { inspection: pipeline::unread(&file_name(path), &why), sbom: Vec::new() });
        }
        results(&output)
    }

    fn start(
        &self,
        file: &Path,
        output: &Path,
        effort: Option<u64>,
        jobs: Option<usize>,
    ) -> anyhow::Result<Child> {
        let (program, arguments) = self.words.split_first().context("there is no program")?;
        pipeline::examining(program, output)
            .args(arguments)
            .args(effort.map(|units| format!("--effort={units}")))
            .args(jobs.map(|jobs| format!("--jobs={jobs}")))
            .arg("--")
            .args([file, output])
            .spawn()
            .with_context(|| format!("cannot start `{program}`"))
    }
}

/// Passes on how far the process is, until it closes its output.
fn tell(child: &mut Child, progress: &dyn Progress) {
    let lines = child.stdout.take().map(BufReader::new).into_iter();
    let lines = lines.flat_map(|reader| reader.lines().map_while(Result::ok));
    let mut last = Step { done: 0, total: 0 };
    for step in lines.filter_map(|line| serde_json::from_str::<Step>(&line).ok()) {
        if step.total != last.total {
            progress.programs(usize::try_from(step.total).unwrap_or(usize::MAX));
        }
        if step.done > last.done {
            progress.done("");
        }
        last = step;
    }
}

fn ended(status: ExitStatus) -> String {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        // SIGABRT: what Rust does when there is no more memory.
        let memory = if signal == 6 { ", most likely for lack of memory" } else { "" };
        return format!("was ended by signal {signal}{memory}");
    }
    let code = status.code().unwrap_or_default();
    format!("ended with status {code}")
}

fn results(folder: &Path) -> anyhow::Result<Learnt> {
    let [record, sbom] = RESULTS.map(|(name, _)| name);
    let inspection: Inspection =
        serde_json::from_slice(&read(&folder.join(record))?).context("the process wrote no record")?;
    Ok(Learnt { inspection, sbom: read(&folder.join(sbom))? })
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    file.take(MAX_RESULT + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_RESULT {
        bail!("the process wrote a document of more than {} MiB", MAX_RESULT >> 20);
    }
    Ok(bytes)
}
