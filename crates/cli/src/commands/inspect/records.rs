//! One record for each program, script and image of a folder.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use inspect::Progress as _;
use rayon::prelude::*;
use record::Inspection;

use super::{Plan, complain, rendered, review};
use crate::failure::Failure;
use crate::outcome::Outcome;
use crate::output::write_into;
use crate::progress::Bar;

/// What findings on other files, and the folder as a whole, are written to.
const TREE: &str = "_tree";

/// Writes `folder/<relative path>.json` (or `.sarif`, `.html`) for each regular file of `root` that is a program, script or image, and the
/// record of the whole. Links are not followed.
pub(super) fn write_all(plan: &Plan<'_>, root: &Path, folder: &Path) -> anyhow::Result<Outcome> {
    let mut outcome = Outcome::Clean;
    let mut files = Vec::new();
    list(root, &mut files, &mut outcome)?;
    files.sort();
    let bar = Bar::new("files");
    bar.programs(files.len());
    let judged = files.par_iter().map(|path| {
        let relative = path.strip_prefix(root).unwrap_or(path);
        let judged = one(plan, path, relative, folder);
        bar.done(&relative.to_string_lossy());
        judged
    });
    for one in judged.collect::<Vec<_>>() {
        outcome = outcome.max(one?);
    }
    drop(bar);
    Ok(outcome.max(others(plan, root, folder)?))
}

/// The record of one file, if it is a program, script or image.
fn one(plan: &Plan<'_>, path: &Path, relative: &Path, folder: &Path) -> anyhow::Result<Outcome> {
    // Files are examined side by side, each in one thread.
    let (record, outcome) = match plan.learn(path, &plan.limits, Some(1), &()) {
        Ok(examined) if is_other(&examined.inspection) => return Ok(Outcome::Clean),
        Ok(mut examined) => {
            review(plan, &mut examined.inspection);
            let outcome = plan.judge(&examined.inspection);
            (examined.inspection, outcome)
        }
        Err(error) => {
            let failure = Failure::of(&error);
            complain(path, &failure);
            let name = relative.file_name().unwrap_or_default().to_string_lossy();
            (pipeline::unread(&name, &failure.message), Outcome::Partial)
        }
    };
    write(plan, folder, relative, &record)?;
    Ok(outcome)
}

/// Neither program, script nor image. Of what was not examined to its end, nobody knows.
fn is_other(record: &Inspection) -> bool {
    record.artifacts.is_empty() && record.subject.sha256.is_some()
}

/// Findings on files that are neither: accounts, keys, start-up files make sense only in the whole tree. Programs were
/// looked at already, so no work is spent on them here.
fn others(plan: &Plan<'_>, root: &Path, folder: &Path) -> anyhow::Result<Outcome> {
    let mut limits = plan.limits.clone();
    limits.inspect.program.work_units = 0;
    limits.inspect.program.function_instructions = 0;
    let mut whole = plan.learn(root, &limits, plan.jobs, &())?.inspection;
    review(plan, &mut whole);
    let programs: BTreeSet<String> = whole.artifacts.iter().map(|a| a.path.clone()).collect();
    whole.findings.retain(|finding| !programs.contains(&finding.artifact));
    whole.blind_spots.retain(|spot| !spot.artifact.as_ref().is_some_and(|path| programs.contains(path)));
    whole.artifacts.clear();
    if whole.findings.is_empty() {
        return Ok(Outcome::Clean);
    }
    whole.complete = whole.blind_spots.is_empty();
    write(plan, folder, Path::new(TREE), &whole)?;
    Ok(plan.judge(&whole))
}

fn write(plan: &Plan<'_>, folder: &Path, relative: &Path, record: &Inspection) -> anyhow::Result<()> {
    let mut name = relative.as_os_str().to_owned();
    name.push(".");
    name.push(plan.format.ending());
    write_into(folder, Path::new(&name), &rendered(plan, record)?)
}

/// All regular files below `root`, links left alone.
fn list(root: &Path, files: &mut Vec<PathBuf>, outcome: &mut Outcome) -> anyhow::Result<()> {
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if folder == root => {
                return Err(error).with_context(|| format!("cannot read `{}`", root.display()));
            }
            Err(error) => {
                complain(&folder, &Failure::of(&error.into()));
                *outcome = (*outcome).max(Outcome::Partial);
                continue;
            }
        };
        for entry in entries.flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => open.push(entry.path()),
                Ok(kind) if kind.is_file() => files.push(entry.path()),
                _ => {}
            }
        }
    }
    Ok(())
}
