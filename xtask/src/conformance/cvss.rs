//! Vectors with their scores, of Red Hat's calculator.

use std::fs;
use std::path::Path;
use std::str::FromStr;

use super::Rows;

/// Files of lines `vector - (base, temporal, environmental)`, or `vector - base`.
pub(super) fn vectors(folder: &Path, rows: &mut Rows) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder.join("tests"))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if !name.starts_with("vectors_") {
            continue;
        }
        let score = rows.entry(name).or_default();
        for line in fs::read_to_string(&path)?.lines().filter(|line| line.contains(" - ")) {
            score.add(cvss_case(line).unwrap_or(false), || line.to_owned());
        }
    }
    Ok(())
}

fn cvss_case(line: &str) -> Option<bool> {
    let (vector, scores) = line.split_once(" - ")?;
    let stated: Vec<f64> = scores
        .trim_matches(['(', ')', ' '])
        .split(',')
        .filter_map(|score| score.trim().parse().ok())
        .collect();
    let vector = cvss::Cvss::from_str(vector.trim()).ok()?;
    // The last stated score takes all metrics of the vector into account.
    stated.last().map(|expected| (vector.score() - expected).abs() < 0.05)
}
