//! A delivered image: its files, its components, its inspection record.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use bom::{Bom, Component, ComponentKind, Generated, HashAlgorithm, Target};
use inspect::Progress;
use record::{BlindSpot, ComponentsReference, Inspection, Sha256, Subject};
use sha2::Digest;
use unpack::{Cause, Tree, UnpackError, UnpackLimits};

/// What an examination may cost.
#[derive(Clone, Debug, Default)]
pub struct Limits {
    /// Opening images.
    pub unpack: UnpackLimits,
    /// Understanding programs.
    pub inspect: inspect::Options,
}

/// Why nothing was learnt.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExamineError {
    /// It could not be read.
    #[error(transparent)]
    Unpack(#[from] UnpackError),
    /// The file could not be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
    /// An engine failed on it. Nothing it says can be relied on.
    #[error("the inspection of `{name}` failed; hint: this is a bug, please report it with the file")]
    Failed {
        /// What was examined.
        name: String,
    },
}

/// What was learnt of an image.
#[derive(Clone, Debug)]
pub struct Examined {
    /// Findings, coverage, blind spots. Names the bill of materials by its digest.
    pub inspection: Inspection,
    /// Its components.
    pub bom: Bom,
    /// The same as a CycloneDX 1.7 document.
    pub sbom: Vec<u8>,
    /// What the generator could not see; also among the record's blind spots.
    pub blind_spots: Vec<BlindSpot>,
}

/// Examines a file, or everything in a folder, on disk.
///
/// # Errors
/// Only if nothing at all can be read. What is damaged or unsupported is a blind spot.
pub fn examine(path: &Path, limits: &Limits, progress: &dyn Progress) -> Result<Examined, ExamineError> {
    let name = name_of(path);
    if path.is_dir() {
        let tree = unpack::unpack(path, &limits.unpack)?;
        return finish(&tree, inspect::subject_of_directory(&name), limits, progress);
    }
    let metadata = std::fs::metadata(path);
    let metadata = metadata.map_err(|source| ExamineError::Read { path: path.to_owned(), source })?;
    if !metadata.is_file() {
        return Err(UnpackError::Special { path: path.to_owned() }.into());
    }
    let bytes = std::fs::read(path).map_err(|source| ExamineError::Read { path: path.to_owned(), source })?;
    examine_bytes(&name, bytes, limits, progress)
}

/// Only the components of a file or folder; `inspect` is left out.
///
/// # Errors
/// As [`examine`].
pub fn components(path: &Path, limits: &Limits) -> Result<Generated, ExamineError> {
    let name = name_of(path);
    let tree = unpack::unpack(path, &limits.unpack)?;
    let subject = match std::fs::read(path) {
        Ok(bytes) => inspect::subject_of_file(&name, &bytes),
        Err(_) => inspect::subject_of_directory(&name),
    };
    let work = || bom::generate(&tree, Some(component_of(&subject)));
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| ExamineError::Failed { name })
}

/// Examines a file in memory.
///
/// # Errors
/// [`ExamineError::Failed`].
pub fn examine_bytes(
    name: &str,
    bytes: Vec<u8>,
    limits: &Limits,
    progress: &dyn Progress,
) -> Result<Examined, ExamineError> {
    let subject = inspect::subject_of_file(name, &bytes);
    let opened = catch_unwind(AssertUnwindSafe(|| unpack::unpack_bytes(name, bytes, &limits.unpack)));
    let tree = opened.map_err(|_| ExamineError::Failed { name: name.to_owned() })?;
    finish(&tree, subject, limits, progress)
}

fn finish(
    tree: &Tree,
    subject: Subject,
    limits: &Limits,
    progress: &dyn Progress,
) -> Result<Examined, ExamineError> {
    let name = subject.name.clone();
    let component = component_of(&subject);
    // Readers of hostile input stand behind a wall: a bug in one must not look like an answer.
    let work = || {
        let generated = bom::generate(tree, Some(component));
        let inspection = inspect::inspect_tree(tree, subject, &limits.inspect, progress);
        (generated, inspection)
    };
    let (generated, mut inspection) =
        catch_unwind(AssertUnwindSafe(work)).map_err(|_| ExamineError::Failed { name })?;
    let target = Target::CycloneDx1_7;
    let sbom = bom::write(&generated.bom, target).bytes;
    inspection.components =
        Some(ComponentsReference { format: target.name().to_owned(), sha256: digest(&sbom) });
    // What the whole image is called is the same for both engines.
    let own = |mut spot: BlindSpot| {
        let artifact = spot.artifact.take().filter(|path| !path.is_empty());
        spot.artifact = artifact.or_else(|| Some(inspection.subject.name.clone()));
        spot
    };
    let more: Vec<BlindSpot> = generated.blind_spots.iter().cloned().map(own).collect();
    inspection.blind_spots.extend(more);
    // A data file in an image may be of any format; a delivery of which nothing is understood was not inspected.
    let understood = |p: &unpack::Problem| !p.path.is_empty() || !matches!(p.cause, Cause::Unknown { .. });
    inspection.complete &= tree.problems().iter().all(understood);
    inspection.blind_spots.sort();
    inspection.blind_spots.dedup();
    Ok(Examined { inspection, bom: generated.bom, sbom, blind_spots: generated.blind_spots })
}

/// The record of something that could not be read: nothing is known of it, and it says so.
pub fn unread(name: &str, why: &str) -> Inspection {
    Inspection {
        schema: record::InspectionFormat::V1,
        complete: false,
        reproducible: true,
        tool: record::Tool {
            name: "sukashi".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            detectors: inspect::detector_versions(),
        },
        subject: inspect::subject_of_directory(name),
        artifacts: Vec::new(),
        findings: Vec::new(),
        blind_spots: vec![BlindSpot {
            artifact: None,
            what: "the whole file".to_owned(),
            why: why.to_owned(),
        }],
        components: None,
        totals: record::InspectionTotals::default(),
    }
}

/// SHA-256 of some bytes.
pub fn digest(bytes: &[u8]) -> Sha256 {
    Sha256(sha2::Sha256::digest(bytes).into())
}

fn name_of(path: &Path) -> String {
    let whole = || std::fs::canonicalize(path).ok().and_then(|p| p.file_name().map(ToOwned::to_owned));
    let name = path.file_name().map(ToOwned::to_owned).or_else(whole);
    name.map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

/// The image as the component that all others are part of.
fn component_of(subject: &Subject) -> Component {
    let hash = subject.sha256.map(|sha256| (HashAlgorithm::Sha256, sha256.to_string()));
    Component {
        kind: if subject.sha256.is_some() { ComponentKind::Firmware } else { ComponentKind::Application },
        name: subject.name.clone(),
        hashes: hash.into_iter().collect(),
        ..Component::default()
    }
}
