//! Verdicts on a folder of the official CycloneDX test suite (`tools/src/test/resources` of CycloneDX/specification):
//! `cargo run --release -p bom --example suite FOLDER`. Files named `valid-…` must be accepted, `invalid-…` refused.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn documents(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("readable folder") {
        let path = entry.expect("entry").path();
        if path.is_dir() {
            documents(&path, found);
        } else {
            found.push(path);
        }
    }
}

fn main() {
    let folder = PathBuf::from(std::env::args_os().nth(1).expect("usage: suite FOLDER"));
    let mut found = Vec::new();
    documents(&folder, &mut found);
    found.sort();
    let mut score: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for path in found {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let Some(kind) = ["valid", "invalid"].into_iter().find(|kind| name.starts_with(&format!("{kind}-")))
        else {
            continue;
        };
        let extension = path.extension().unwrap_or_default().to_string_lossy().into_owned();
        if !matches!(extension.as_str(), "json" | "xml") {
            continue;
        }
        let verdict = bom::validate(&std::fs::read(&path).expect("readable"));
        let right =
            verdict.outcome() == if kind == "valid" { bom::Outcome::Valid } else { bom::Outcome::Invalid };
        let row = score.entry(format!("{extension} {kind}")).or_default();
        row.0 += usize::from(right);
        row.1 += 1;
        if !right {
            println!("{}: {:?} {:?}", path.display(), verdict.violations.first(), verdict.unchecked);
        }
    }
    for (row, (right, all)) in score {
        println!("{row}: {right} of {all}");
    }
}
