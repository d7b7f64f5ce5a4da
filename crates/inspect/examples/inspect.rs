//! Inspects files and folders and prints what was found: `inspect [--json|--brief] PATH...`.
#![allow(clippy::print_stdout, reason = "a terminal program")]

use std::path::Path;
use std::time::Instant;

use inspect::{Options, inspect_tree, subject_of_directory, subject_of_file};
use unpack::{UnpackLimits, unpack};

fn main() {
    let mut form = String::new();
    for path in std::env::args().skip(1) {
        if path.starts_with("--") {
            form = path;
            continue;
        }
        let start = Instant::now();
        let Ok(tree) = unpack(Path::new(&path), &UnpackLimits::default()) else { continue };
        let name = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        let subject = match std::fs::read(&path) {
            Ok(bytes) => subject_of_file(name, &bytes),
            Err(_) => subject_of_directory(name),
        };
        let record = inspect_tree(&tree, subject, &Options::default(), &());
        match form.as_str() {
            "--json" => println!("{}", serde_json::to_string_pretty(&record).unwrap_or_default()),
            "--brief" => {
                println!("{path}: {} findings, {} ms", record.findings.len(), start.elapsed().as_millis());
                for finding in &record.findings {
                    println!("  {} {} {} {}", finding.score, finding.rule, finding.artifact, finding.title);
                }
            }
            _ => println!("{}{} ms", inspect::render::human(&record), start.elapsed().as_millis()),
        }
    }
}
