//! Vectors with their scores, of Red Hat's calculator.

use std::fs;
use std::path::Path;

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

/// Every stated score must be ours.
fn cvss_case(line: &str) -> Option<bool> {
    let (vector, stated) = line.split_once(" - ")?;
    let stated = stated.trim_matches(['(', ')', ',', ' ']).split(',');
    let stated: Vec<Option<f64>> = stated.map(|score| score.trim().parse().ok()).collect();
    let vector = vector.trim();
    let found = match vuln::scores(vector) {
        Some(scores) => vec![scores.base, scores.temporal, scores.environmental],
        None => vec![vuln::score(vector)?],
    };
    let same =
        |(stated, found): (&Option<f64>, &f64)| stated.is_none_or(|stated| (stated - found).abs() < 0.05);
    Some(
        stated.iter().any(Option::is_some)
            && stated.len() <= found.len()
            && stated.iter().zip(&found).all(same),
    )
}
