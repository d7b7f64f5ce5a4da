//! EPSS scores as FIRST publishes them: a comment with model and date, a header, `cve,epss,percentile`.

use super::{Context, Fact, csv};
use crate::Epss;

pub(super) fn recognise(head: &str) -> bool {
    head.lines().take(2).any(|line| line.trim() == "cve,epss,percentile")
}

pub(super) fn read(line: &str, context: &mut Context, out: &mut Vec<Fact>) -> Result<(), String> {
    let line = line.trim();
    if let Some(comment) = line.strip_prefix('#') {
        if let Some((_, date)) = comment.split_once("score_date:") {
            context.date = date.split(',').next().unwrap_or_default().to_owned();
        }
        return Ok(());
    }
    let fields = csv::fields(line);
    let [cve, probability, percentile] = fields.as_slice() else {
        return Err("it has not three columns".to_owned());
    };
    if cve == "cve" {
        return Ok(());
    }
    let share = |text: &str| text.parse::<f32>().ok().filter(|p| (0.0..=1.0).contains(p));
    match (share(probability), share(percentile)) {
        (Some(probability), Some(percentile)) if super::text::is_cve(cve) => {
            out.push(Fact::Probability(cve.clone(), Epss { probability, percentile }));
            Ok(())
        }
        _ => Err(format!("`{line}` is no score of a CVE")),
    }
}
