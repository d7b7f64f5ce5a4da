//! Work on uploads: each is examined in a process of its own, with nothing but the file.
//!
//! Whatever a hostile image does to the engines ends with that process: it has no environment, so no credentials of
//! database or bucket, and an empty working directory; what it writes is read back within limits.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use share::{Claimed, JobFailure, Platform, ReadError, WriteError};
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use crate::cut_off::examining;

/// Longest examination.
const PATIENCE: Duration = Duration::from_secs(60 * 60);

/// Pause between words that keep a job.
const KEEP: Duration = Duration::from_secs(5);

/// Longest document that is taken from an examination, in bytes.
const MAX_RESULT: u64 = 256 << 20;

/// Names of the documents in the folder that an examination fills, and what they are.
pub const RESULTS: [(&str, &str); 2] = [("inspection.json", "inspection"), ("sbom.json", "sbom")];

/// A line that an examination prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Programs examined.
    pub done: u64,
    /// Programs there are.
    pub total: u64,
}

/// Examines uploads of one platform.
pub struct Examiner {
    platform: Arc<Platform>,
    /// Program and arguments to which a file and a folder for results are added.
    command: (PathBuf, Vec<String>),
}

/// Why work on uploads cannot go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JobError {
    /// The platform could not be read.
    #[error("cannot read jobs")]
    Read(#[from] ReadError),
    /// A result was not kept.
    #[error("cannot keep what an examination gave")]
    Write(#[from] WriteError),
}

impl Examiner {
    /// An examiner that runs `program` with `arguments`, a file and a folder.
    pub fn new(platform: Arc<Platform>, program: PathBuf, arguments: Vec<String>) -> Self {
        Self { platform, command: (program, arguments) }
    }

    /// Does the oldest job that waits. False: there is none.
    ///
    /// # Errors
    /// If the platform fails. An examination that fails is told to its owner.
    pub async fn one(&self) -> Result<bool, JobError> {
        let admin = self.platform.local_administrator();
        let Some(job) = self.platform.claim_job(&admin).await? else { return Ok(false) };
        match self.examine(&job).await {
            Ok(results) => self.platform.finish_job(&job, results).await?,
            Err(Ended::Failed(failure)) => self.platform.fail_job(&job, &failure).await?,
            Err(Ended::Lost) => tracing::info!(job = job.id, "a job was taken away"),
            Err(Ended::Platform(error)) => {
                let why = "the platform's store did not answer".to_owned();
                self.platform.fail_job(&job, &JobFailure { why, for_good: false }).await?;
                return Err(error.into());
            }
        }
        Ok(true)
    }

    async fn examine(&self, job: &Claimed) -> Result<Vec<(String, Vec<u8>)>, Ended> {
        let folder = tempfile::tempdir().map_err(|e| later(&e))?;
        // Records name the file; its name is a stranger's.
        let name = Path::new(&job.name).file_name().map_or_else(|| "upload".into(), ToOwned::to_owned);
        let (input, output) = (folder.path().join("in"), folder.path().join("out"));
        for made in [&input, &output] {
            std::fs::create_dir(made).map_err(|e| later(&e))?;
        }
        let file = input.join(name);
        match self.platform.assemble(&self.platform.local_administrator(), &job.id, &file).await {
            Ok(()) => {}
            Err(ReadError::Damaged { what }) => {
                return Err(Ended::Failed(JobFailure { why: what, for_good: true }));
            }
            Err(error) => return Err(Ended::Platform(error)),
        }
        let child = self.start(&file, &output).map_err(|e| later(&e))?;
        self.watch(job, child).await?;
        spawn_blocking(move || results(&output)).await.map_err(|e| later(&e))?.map_err(|e| later(&e))
    }

    fn start(&self, file: &Path, output: &Path) -> std::io::Result<Child> {
        let (program, arguments) = &self.command;
        examining(program, output).args(arguments).args([file, output]).spawn()
    }

    /// Keeps the job until the process ends; ends the process if the job is somebody else's, or it takes too long.
    async fn watch(&self, job: &Claimed, mut child: Child) -> Result<(), Ended> {
        let (told, mut steps) = mpsc::channel(64);
        let lines = child.stdout.take();
        let reading = spawn_blocking(move || {
            let lines = lines.map(BufReader::new).into_iter().flat_map(|r| r.lines().map_while(Result::ok));
            for step in lines.filter_map(|line| serde_json::from_str::<Step>(&line).ok()) {
                // Only the newest counts: a full channel loses nothing.
                let _ = told.try_send(step);
            }
        });
        let child = Running(Arc::new(Mutex::new(child)));
        let (began, mut last) = (Instant::now(), Step { done: 0, total: 0 });
        let ended = loop {
            let open = tokio::select! {
                step = steps.recv() => step.inspect(|step| last = *step).is_some(),
                () = tokio::time::sleep(KEEP) => true,
            };
            if !open {
                break Ok(());
            }
            match self.platform.keep_job(job, last.done, last.total).await {
                Ok(true) if began.elapsed() < PATIENCE => {}
                Ok(true) => break Err(failed("the examination took longer than an hour")),
                Ok(false) => break Err(Ended::Lost),
                Err(error) => break Err(Ended::Platform(error)),
            }
        };
        let over = Arc::clone(&child.0);
        let kill = ended.is_err();
        let status = spawn_blocking(move || {
            let mut child = over.lock().unwrap_or_else(PoisonError::into_inner);
            if kill {
                // It may have ended by itself.
                let _ = child.kill();
            }
            child.wait()
        });
        let status = status.await.map_err(|e| later(&e))?.map_err(|e| later(&e))?;
        drop(reading.await);
        ended?;
        // 3: partial, which the record says itself.
        match status.code() {
            Some(0 | 3) => Ok(()),
            Some(2) => Err(Ended::Failed(JobFailure {
                why: "nothing in the file can be read, or an engine failed on it".to_owned(),
                for_good: true,
            })),
            Some(code) => Err(failed(&format!("the examination ended with {code}"))),
            None => {
                Err(failed("the examination was ended by the system; it may have needed too much memory"))
            }
        }
    }
}

/// A process that does not outlive whoever watches it.
struct Running(Arc<Mutex<Child>>);

impl Drop for Running {
    fn drop(&mut self) {
        // Of one that has ended this does nothing.
        let _ = self.0.lock().unwrap_or_else(PoisonError::into_inner).kill();
    }
}

enum Ended {
    Failed(JobFailure),
    Lost,
    Platform(ReadError),
}

fn failed(why: &str) -> Ended {
    Ended::Failed(JobFailure { why: why.to_owned(), for_good: false })
}

fn later(error: &dyn std::error::Error) -> Ended {
    failed(&format!("the worker's machine failed: {error}"))
}

fn results(folder: &Path) -> std::io::Result<Vec<(String, Vec<u8>)>> {
    let read = |(name, kind): (&str, &str)| {
        let mut bytes = Vec::new();
        let length = std::fs::File::open(folder.join(name))?.take(MAX_RESULT + 1).read_to_end(&mut bytes)?;
        if length as u64 > MAX_RESULT {
            return Err(std::io::Error::other(format!("`{name}` is too large")));
        }
        Ok((kind.to_owned(), bytes))
    };
    RESULTS.into_iter().map(read).collect()
}
