//! Levels from 1 to 3 and the risk value, as sheets of the form of IPA's guide ask for.
//!
//! The guide (IPA, "Security Risk Assessment Guide for Industrial Control Systems", 2nd edition) has the analyst rate
//! threat, vulnerability and importance and read the risk off a matrix of the organization. Ours are derived from the
//! assessment and stated in the sheet; thresholds and matrix are our assumption.

use datalog::Pattern;
use record::{Path, Verdict};
use system::{Document, HostKind, Located, Process};

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

/// Of what a goal's fact does to the system; `None` where the model does not say.
///
/// Damage to a process is the highest, damage to data comes next. Taking a host is as grave as what the host is for.
pub(super) fn impact_of(document: &Document, goal: &str) -> Option<Level> {
    const PROCESS: &[&str] = &["process_manipulated", "process_stopped", "loss_of_control", "loss_of_safety"];
    const INFORMATION: &[&str] = &["data_access", "data_lost", "loss_of_view"];
    let fact: Pattern = document.goals.get(goal)?.fact.parse().ok()?;
    if PROCESS.contains(&fact.relation.as_str()) {
        return Some(Level::HIGH);
    }
    if INFORMATION.contains(&fact.relation.as_str()) {
        return Some(Level::MIDDLE);
    }
    // The attacker comes first, then what is attacked.
    let host = fact.args.get(1)?.as_deref()?;
    purpose_of(document, host)
}

/// How grave it is if a host fails its purpose, from the processes and data that name it.
fn purpose_of(document: &Document, host: &str) -> Option<Level> {
    let entry = document.hosts.get(host)?;
    let names = |places: &[Located<String>]| places.iter().any(|place| place.value == host);
    let moves = |process: &Process| {
        names(&process.controlled_by) || names(&process.safety) || names(&process.depends_on)
    };
    let acts =
        matches!(entry.kind, HostKind::Plc | HostKind::Rtu | HostKind::SafetyController | HostKind::Actuator);
    if acts || document.processes.values().any(|process| moves(process)) {
        return Some(Level::HIGH);
    }
    let views = document.processes.values().any(|process| names(&process.viewed_on));
    let keeps = document.data.values().any(|data| names(&data.stored_on) || names(&data.executed_on));
    (views || keeps).then_some(Level::MIDDLE)
}

/// Of a host: that of the gravest goal whose paths pass it; 1 where none does, `None` where that is not known.
pub(super) fn importance(report: &Report<'_>, host: &str) -> Option<Level> {
    gravest(report.goals_through(host).into_iter().map(|goal| impact_of(report.document, goal)))
}

/// The highest of all; what is unknown could be the highest, unless one is already.
pub(super) fn gravest(levels: impl Iterator<Item = Option<Level>>) -> Option<Level> {
    let levels: Vec<Option<Level>> = levels.collect();
    if levels.contains(&Some(Level::HIGH)) {
        return Some(Level::HIGH);
    }
    let known: Option<Vec<Level>> = levels.into_iter().collect();
    Some(known?.into_iter().max().unwrap_or(Level::LOW))
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
    fn an_unknown_level_hides_all_but_the_highest() {
        let of = |levels: &[Option<Level>]| gravest(levels.iter().copied());
        assert_eq!(of(&[]), Some(Level::LOW));
        assert_eq!(of(&[Some(Level::MIDDLE), Some(Level::LOW)]), Some(Level::MIDDLE));
        assert_eq!(of(&[Some(Level::MIDDLE), None]), None);
        assert_eq!(of(&[None, Some(Level::HIGH), None]), Some(Level::HIGH));
    }

    #[test]
    fn a_goal_is_as_grave_as_what_it_strikes() {
        let text = r#"
            schema: sukashi.system/1
            name: plant
            zones: {floor: {}}
            networks: {lan: {zone: floor}}
            hosts:
              plc: {kind: plc, interfaces: [{network: lan}]}
              files: {interfaces: [{network: lan}]}
              spare: {interfaces: [{network: lan}]}
            processes: {press: {controlled_by: [plc]}}
            data: {plans: {stored_on: [files]}}
            goals:
              moved: {title: a, fact: "process_manipulated(_, press)"}
              read: {title: b, fact: "data_access(_, plans, read)"}
              taken: {title: c, fact: "runs_code(_, plc, _)"}
              opened: {title: d, fact: "admin_on(_, files)"}
              idle: {title: e, fact: "admin_on(_, spare)"}
              any: {title: f, fact: "admin_on(_, _)"}
        "#;
        let document = system::read("plant", text).unwrap();
        let impact = |goal: &str| impact_of(&document, goal).map(Level::figure);
        assert_eq!(
            ["moved", "read", "taken", "opened", "idle", "any"].map(impact),
            [Some(3), Some(2), Some(3), Some(2), None, None]
        );
    }

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
