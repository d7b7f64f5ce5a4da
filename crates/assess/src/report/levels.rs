//! Levels from 1 to 3 and the risk value, as sheets of the form of IPA's guide ask for.
//!
//! The guide (IPA, "Security Risk Assessment Guide for Industrial Control Systems", 2nd edition) has the analyst rate
//! threat, vulnerability and importance and read the risk off a matrix of the organization. Ours are derived from the
//! assessment and stated in the sheet; thresholds and matrix are our assumption.

use record::{Goal, Path, Verdict};

use super::Report;

/// 1 to 3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Level(u8);

impl Level {
    pub(super) const LOW: Self = Self(1);
    pub(super) const MIDDLE: Self = Self(2);
    pub(super) const HIGH: Self = Self(3);

    pub(super) fn figure(self) -> u8 {
        self.0
    }

    /// Of a probability: 30 % and 5 % are the borders.
    pub(super) fn of_probability(probability: f64) -> Self {
        if probability >= 0.3 {
            Self::HIGH
        } else if probability >= 0.05 {
            Self::MIDDLE
        } else {
            Self::LOW
        }
    }

    /// The countermeasure level that leaves this vulnerability level.
    pub(super) fn against(self) -> Self {
        Self(4 - self.0)
    }
}

/// A to E.
pub(super) fn risk(threat: Level, vulnerability: Level, impact: Level) -> char {
    match threat.0 * vulnerability.0 * impact.0 {
        18.. => 'A',
        12.. => 'B',
        8.. => 'C',
        4.. => 'D',
        _ => 'E',
    }
}

/// Of a path: how likely its weakest step succeeds is not known to the record, so the mean over its acts stands for it.
pub(super) fn vulnerability_of(path: &Path) -> Level {
    let acts = path.steps.len().max(1);
    #[expect(clippy::cast_precision_loss, reason = "a path has few steps")]
    let mean = path.probability.max(1e-9).powf(1.0 / acts as f64);
    if mean >= 0.8 {
        Level::HIGH
    } else if mean >= 0.5 {
        Level::MIDDLE
    } else {
        Level::LOW
    }
}

/// Of a goal: the damage is the model's own statement that it must not happen; physical damage is the highest.
pub(super) fn impact_of(goal: &Goal, fact: Option<&str>) -> Level {
    const PHYSICAL: &[&str] =
        &["loss_of_control", "loss_of_safety", "operates", "process_manipulated", "process_stopped"];
    const INFORMATION: &[&str] = &["data_access", "data_lost", "identity_compromised", "loss_of_view"];
    let relation = fact.and_then(|fact| fact.split('(').next()).unwrap_or_default().trim();
    if PHYSICAL.contains(&relation) || goal.title.is_empty() {
        Level::HIGH
    } else if INFORMATION.contains(&relation) {
        Level::MIDDLE
    } else {
        Level::HIGH
    }
}

/// Of a host: that of the gravest goal whose paths pass it; 1 where none does.
pub(super) fn importance(report: &Report<'_>, host: &str) -> Level {
    let through = report.goals_through(host);
    let goals = report.assessment.goals.iter().filter(|goal| through.contains(&goal.id.as_str()));
    let fact = |goal: &Goal| report.document.goals.get(&goal.id).map(|stated| stated.fact.as_str());
    goals.map(|goal| impact_of(goal, fact(goal))).max().unwrap_or(Level::LOW)
}

/// Of a verdict on one vulnerability.
pub(super) fn vulnerability_level(verdict: Verdict) -> Level {
    match verdict {
        Verdict::Exploitable => Level::HIGH,
        Verdict::Unknown => Level::MIDDLE,
        Verdict::NotReachable | Verdict::Mitigated | Verdict::NotAffected => Level::LOW,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_matrix_falls_with_every_level() {
        let levels = [Level::LOW, Level::MIDDLE, Level::HIGH];
        for a in levels {
            for b in levels {
                assert!(risk(a, b, Level::HIGH) <= risk(a, b, Level::MIDDLE));
                assert!(risk(a, Level::HIGH, b) <= risk(a, Level::MIDDLE, b));
                assert!(risk(Level::HIGH, a, b) <= risk(Level::LOW, a, b));
            }
        }
        assert_eq!(
            (risk(levels[2], levels[2], levels[2]), risk(levels[0], levels[0], levels[0])),
            ('A', 'E')
        );
    }
}
