//! Putting a record together: every program once, every file, what was not seen.

use std::collections::BTreeMap;

use rayon::prelude::*;
use record::{
    Artifact, ArtifactKind, BlindSpot, DetectorVersion, Finding, Inspection, InspectionFormat,
    InspectionTotals, Sha256, Subject, Tool,
};
use sha2::Digest as _;
use unpack::{Bytes, Cause, Tree, UnpackLimits};

use crate::executable::{Report, is_program, media_type, not_begun, report};
use crate::options::{Options, Progress};
use crate::{detectors, files};

/// Inspects everything that was found in a delivered image or folder.
///
/// `subject` says what was delivered; see [`subject_of_file`] and [`subject_of_directory`]. The record is the same for
/// any number of threads.
pub fn inspect_tree(tree: &Tree, subject: Subject, options: &Options, progress: &dyn Progress) -> Inspection {
    let mut programs: BTreeMap<Sha256, Vec<(&str, &Bytes)>> = BTreeMap::new();
    for (path, content) in tree.files().filter(|(_, content)| is_program(content)) {
        programs.entry(digest(content)).or_default().push((path, content));
    }
    progress.programs(programs.len());
    // The largest first: they decide how long the last thread works. The order of results is that of the digests.
    let mut work: Vec<(&Sha256, &Vec<(&str, &Bytes)>)> = programs.iter().collect();
    work.sort_by_key(|(digest, paths)| (std::cmp::Reverse(paths.first().map_or(0, |p| p.1.len())), **digest));
    let reports: BTreeMap<Sha256, Report> = work
        .par_iter()
        .filter_map(|(digest, paths)| {
            let (path, content) = paths.first()?;
            let report = report_on(digest, content, options);
            progress.done(path);
            Some((**digest, report))
        })
        .collect();
    Assembly::new(tree, subject).finish(&reports)
}

fn report_on(digest: &Sha256, content: &Bytes, options: &Options) -> Report {
    if let Some(why) = options.net.cuts(content.len() as u64) {
        return not_begun(why);
    }
    let make = || report(content.to_vec(), options);
    match &options.cache {
        Some(cache) => cache.report(digest, options, make),
        None => make(),
    }
}

/// Inspects one file that is a program.
pub fn inspect_program(bytes: Vec<u8>, name: &str, options: &Options) -> Inspection {
    let subject = subject_of_file(name, &bytes);
    let tree = unpack::unpack_bytes(name, bytes, &UnpackLimits::default());
    inspect_tree(&tree, subject, options, &())
}

/// The subject of a record on a file.
pub fn subject_of_file(name: &str, bytes: &[u8]) -> Subject {
    let media_type = media_type(bytes).unwrap_or("application/octet-stream");
    Subject {
        name: name.to_owned(),
        sha256: Some(digest(bytes)),
        size: Some(bytes.len() as u64),
        media_type: Some(media_type.to_owned()),
    }
}

/// The subject of a record on a folder.
pub fn subject_of_directory(name: &str) -> Subject {
    Subject { name: name.to_owned(), sha256: None, size: None, media_type: None }
}

/// Every detector that exists, sorted by rule.
pub fn detector_versions() -> Vec<DetectorVersion> {
    let programs = detectors::DETECTORS.iter().map(|d| (d.rule, d.version));
    let all = files::DETECTORS.iter().map(|d| (d.rule, d.version)).chain(programs);
    let mut all: Vec<DetectorVersion> =
        all.map(|(rule, version)| DetectorVersion { rule: rule.to_owned(), version }).collect();
    all.sort();
    all
}

fn digest(bytes: &[u8]) -> Sha256 {
    Sha256(sha2::Sha256::digest(bytes).into())
}

struct Assembly<'a> {
    tree: &'a Tree,
    record: Inspection,
}

impl<'a> Assembly<'a> {
    fn new(tree: &'a Tree, subject: Subject) -> Self {
        let record = Inspection {
            schema: InspectionFormat::V1,
            complete: true,
            reproducible: true,
            tool: Tool {
                name: "sukashi".to_owned(),
                version: env!("CARGO_PKG_VERSION").to_owned(),
                detectors: detector_versions(),
            },
            subject,
            artifacts: Vec::new(),
            findings: Vec::new(),
            blind_spots: Vec::new(),
            components: None,
            totals: InspectionTotals::default(),
        };
        Self { tree, record }
    }

    fn finish(mut self, reports: &BTreeMap<Sha256, Report>) -> Inspection {
        self.subject_image();
        for (path, content) in self.tree.files() {
            self.record.totals.files += 1;
            if is_program(content) {
                let digest = digest(content);
                if let Some(report) = reports.get(&digest) {
                    self.program(path, content, digest, report);
                }
            } else if content.starts_with(b"#!") {
                self.artifact(path, content, ArtifactKind::Script);
            } else if content.starts_with(b"MZ") && is_pe(content) {
                self.artifact(path, content, ArtifactKind::Pe);
                self.blind(path, "the whole program", "PE programs are not inspected yet");
                self.record.complete = false;
            }
        }
        self.record.totals.work_units = reports.values().map(|report| report.work_units).sum();
        self.problems();
        let found = files::DETECTORS.iter().flat_map(|detector| (detector.detect)(self.tree));
        self.record.findings.extend(found.map(files::FileFinding::into_finding));
        self.record.artifacts.sort_by(|a, b| a.path.cmp(&b.path));
        self.record.blind_spots.sort();
        self.record.blind_spots.dedup();
        unique(&mut self.record.findings);
        self.record
    }

    /// A delivered file with files inside is an artifact itself.
    fn subject_image(&mut self) {
        let Subject { name, sha256: Some(sha256), size: Some(size), .. } = &self.record.subject else {
            return;
        };
        if self.tree.entry(name).is_some() {
            return;
        }
        self.record.artifacts.push(Artifact {
            path: name.clone(),
            sha256: *sha256,
            size: *size,
            kind: ArtifactKind::Image,
            architecture: None,
            stripped: None,
            coverage: None,
            capabilities: Vec::new(),
        });
    }

    fn artifact(&mut self, path: &str, content: &Bytes, kind: ArtifactKind) {
        self.record.artifacts.push(Artifact {
            path: path.to_owned(),
            sha256: digest(content),
            size: content.len() as u64,
            kind,
            architecture: None,
            stripped: None,
            coverage: None,
            capabilities: Vec::new(),
        });
    }

    fn program(&mut self, path: &str, content: &Bytes, sha256: Sha256, report: &Report) {
        self.record.artifacts.push(Artifact {
            path: path.to_owned(),
            sha256,
            size: content.len() as u64,
            kind: ArtifactKind::Elf,
            architecture: report.architecture.clone(),
            stripped: report.stripped,
            coverage: report.coverage,
            capabilities: report.capabilities.clone(),
        });
        self.record.totals.programs += 1;
        self.record.totals.code_bytes += report.coverage.map_or(0, |coverage| coverage.code_bytes);
        self.record.complete &= report.complete;
        self.record.reproducible &= !report.hurried;
        for (what, why) in &report.blind_spots {
            self.blind(path, what, why);
        }
        let findings = report.findings.iter().cloned();
        self.record.findings.extend(findings.map(|finding| finding.into_finding(path)));
    }

    fn blind(&mut self, artifact: &str, what: &str, why: &str) {
        let spot =
            BlindSpot { artifact: Some(artifact.to_owned()), what: what.to_owned(), why: why.to_owned() };
        self.record.blind_spots.push(spot);
    }

    fn problems(&mut self) {
        for problem in self.tree.problems() {
            let path =
                if problem.path.is_empty() { self.record.subject.name.clone() } else { problem.path.clone() };
            let why = problem.cause.to_string();
            self.blind(&path, &problem.what, &why);
            // What is merely unknown or odd was looked at as far as it can be.
            let seen = matches!(problem.cause, Cause::Unknown { .. } | Cause::Path { .. } | Cause::Replaced);
            self.record.complete &= seen;
        }
    }
}

/// A DOS stub alone is no program for us; `e_lfanew` must lead to the PE signature.
fn is_pe(content: &Bytes) -> bool {
    let at = content.get(0x3c..0x40).and_then(|b| b.try_into().ok()).map(u32::from_le_bytes);
    let at = at.and_then(|at| usize::try_from(at).ok());
    at.and_then(|at| content.get(at..at.checked_add(4)?)).is_some_and(|signature| signature == b"PE\0\0")
}

/// Sorted by score and id; equal ids get a number, in the order of their places.
fn unique(findings: &mut [Finding]) {
    findings.sort_by(|a, b| (&a.id, &a.location).cmp(&(&b.id, &b.location)));
    let mut before = (String::new(), 1);
    for finding in findings.iter_mut() {
        if finding.id == before.0 {
            before.1 += 1;
            finding.id = format!("{}-{}", before.0, before.1);
        } else {
            before = (finding.id.clone(), 1);
        }
    }
    findings.sort_by(|a, b| b.score.cmp(&a.score).then_with(|| a.id.cmp(&b.id)));
}
