//! What was learnt of programs, kept on disk by their digests.
//!
//! A file a program: `FOLDER/ab/abcd….json`. Its name hangs on the program's bytes, the budgets, the detectors and the
//! stamp of the build, so another build never reads it. Whatever is wrong with a file, it is as if it were not there.
//! Findings hold secrets of programs; the folder is the user's own.

use std::fs;
use std::path::{Path, PathBuf};

use record::Sha256;
use sha2::Digest as _;

use crate::executable::Report;
use crate::{Options, assemble};

/// Reports kept in one of the 256 folders; the oldest make room.
const MAX_FILES: usize = 64;
/// Bytes of one report.
const MAX_BYTES: u64 = 64 << 20;

/// A folder with reports.
#[derive(Clone, Debug)]
pub struct Cache {
    folder: PathBuf,
    stamp: String,
}

impl Cache {
    /// Keeps reports below `folder`, for this build only: `stamp` must differ between any two builds.
    pub fn new(folder: PathBuf, stamp: String) -> Self {
        Self { folder, stamp }
    }

    /// The report on a program, from here or from `make`.
    pub(crate) fn report(&self, digest: &Sha256, options: &Options, make: impl FnOnce() -> Report) -> Report {
        let path = self.path(digest, options);
        if let Some(report) = read(&path) {
            return report;
        }
        let report = make();
        // A cache that cannot be written is only slow.
        let _ = self.write(&path, &report);
        report
    }

    fn path(&self, digest: &Sha256, options: &Options) -> PathBuf {
        let mut hash = sha2::Sha256::new();
        let budgets = format!("{:?} {:?} {:?}", options.program, options.flow, options.image);
        let detectors = format!("{:?}", assemble::detector_versions());
        for part in [&digest.to_string(), &self.stamp, &budgets, &detectors] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        let name = hex::encode(hash.finalize());
        self.folder.join(name.get(..2).unwrap_or_default()).join(format!("{name}.json"))
    }

    fn write(&self, path: &Path, report: &Report) -> std::io::Result<()> {
        let folder = path.parent().unwrap_or(&self.folder);
        private(folder)?;
        make_room(folder)?;
        // Others may write the same at the same time: each its own file, then one name for the last.
        let own =
            path.with_extension(format!("{}-{:?}.tmp", std::process::id(), std::thread::current().id()));
        fs::write(&own, serde_json::to_vec(report)?)?;
        fs::rename(&own, path)
    }
}

fn read(path: &Path) -> Option<Report> {
    let size = fs::metadata(path).ok()?.len();
    let bytes = (size <= MAX_BYTES).then(|| fs::read(path).ok()).flatten()?;
    serde_json::from_slice(&bytes).ok()
}

fn private(folder: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn make_room(folder: &Path) -> std::io::Result<()> {
    let age = |entry: fs::DirEntry| Some((entry.metadata().ok()?.modified().ok()?, entry.path()));
    let mut files: Vec<_> = fs::read_dir(folder)?.flatten().filter_map(age).collect();
    files.sort();
    for (_, path) in files.iter().take((files.len() + 1).saturating_sub(MAX_FILES)) {
        fs::remove_file(path)?;
    }
    Ok(())
}
