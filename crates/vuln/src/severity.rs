//! Scores and severities from CVSS vectors.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::cvss_score::scores;
use crate::{Rating, Vulnerability};

/// Qualitative severity, from CVSS 3.1, table 14; CVSS 4.0 has the same bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// 0.0
    None,
    /// 0.1–3.9
    Low,
    /// 4.0–6.9
    Medium,
    /// 7.0–8.9
    High,
    /// 9.0–10.0
    Critical,
}

impl Severity {
    /// The severity of a score, 0.0–10.0.
    pub fn of(score: f64) -> Self {
        match score {
            s if s < 0.1 => Self::None,
            s if s < 4.0 => Self::Low,
            s if s < 7.0 => Self::Medium,
            s if s < 9.0 => Self::High,
            _ => Self::Critical,
        }
    }
}

/// Metrics that make a score environmental: CVSS 2.0, table 4; CVSS 3.1, table 17.
const ENVIRONMENTAL: &[&str] =
    &["AR", "CDP", "CR", "IR", "MA", "MAC", "MAV", "MC", "MI", "MPR", "MS", "MUI", "TD"];

/// Mandatory metrics of CVSS 4.0, table 23.
const BASE_4: &[&str] = &["AV", "AC", "AT", "PR", "UI", "VC", "VI", "VA", "SC", "SI", "SA"];

/// Score of a vector of CVSS 2.0, 3.0, 3.1 or 4.0, with whatever threat and environmental metrics it has; `None` if it
/// is no vector, or lacks a metric that its version demands.
pub fn score(vector: &str) -> Option<f64> {
    let has = |metric: &&str| {
        vector.split('/').any(|part| part.split_once(':').is_some_and(|(name, _)| name == *metric))
    };
    if vector.starts_with("CVSS:4") {
        // The crate takes what is not stated for the mildest value.
        let complete = BASE_4.iter().all(has);
        return cvss::Cvss::from_str(vector).ok().filter(|_| complete).map(|vector| vector.score());
    }
    let scores = scores(vector)?;
    Some(if ENVIRONMENTAL.iter().any(has) { scores.environmental } else { scores.temporal })
}

impl Vulnerability {
    /// The rating that counts, with its score: the newest version of CVSS, then the highest score.
    pub fn effective_rating(&self) -> Option<(&Rating, f64)> {
        let version = |rating: &Rating| match rating.vector.as_str() {
            v if v.starts_with("CVSS:4") => 4,
            v if v.starts_with("CVSS:3") => 3,
            _ => 2,
        };
        self.ratings
            .iter()
            .filter_map(|rating| Some((rating, score(&rating.vector)?)))
            .max_by(|(a, x), (b, y)| version(a).cmp(&version(b)).then(x.total_cmp(y)).then_with(|| b.cmp(a)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Scores as FIRST's examples and the NVD state them.
    #[test]
    fn vectors_of_each_version_have_their_published_score() {
        for (vector, expected) in [
            ("AV:N/AC:L/Au:N/C:C/I:C/A:C", 10.0),
            ("AV:N/AC:M/Au:N/C:C/I:C/A:C", 9.3),
            ("CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N", 7.5),
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", 10.0),
            ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 9.3),
        ] {
            assert_eq!(score(vector), Some(expected), "{vector}");
        }
        assert_eq!(score("CVSS:3.1/AV:N"), None);
        assert_eq!(Severity::of(8.95), Severity::High);
    }

    #[test]
    fn a_newer_version_of_cvss_counts_before_a_higher_score() {
        let rating = |vector: &str| Rating { source: String::new(), vector: vector.to_owned() };
        let old = rating("AV:N/AC:L/Au:N/C:C/I:C/A:C");
        let new = rating("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N");
        let record = Vulnerability { ratings: vec![old, new.clone()], ..Vulnerability::default() };
        assert_eq!(record.effective_rating(), Some((&new, 7.5)));
    }
}
