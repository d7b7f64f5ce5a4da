//! `time-bomb`: after a date, the program does harm.
//!
//! **Finds** calls that delete, overwrite, restart or run something and happen only if the clock has passed, or stands at,
//! a constant point in time (a number of seconds after the year 2001).
//! **Misses** dates compared field by field, counters, dates read from files.
//! **Wrongly reports** licences and certificates that end at a fixed date.
//! **Source**: CWE-511; logic bombs in the literature.

use flow::{Effect, Facts, Guard, Labels, Test, ValueId};
use program::FuncId;
use record::{Location, Payload, RouteStep, SourceKind, Trigger, TriggerValue};

use super::payload::place;
use super::{Case, Detector};
use crate::finding::{ProgramFinding, address, evidence, name_of, source};
use crate::score::{PayloadWeight, score};

pub(crate) const DETECTOR: Detector = Detector { rule: "time-bomb", version: 2, detect };

const HARMFUL: &[&str] = &["file.delete", "process.exec", "system.reboot"];
/// 2001-09-09, the first time with ten digits; below, numbers are durations.
const EARLIEST: u64 = 1_000_000_000;
/// 2100.
const LATEST: u64 = 4_102_444_800;

fn detect(case: &Case<'_>) -> Vec<ProgramFinding> {
    let mut found: Vec<ProgramFinding> = Vec::new();
    for (function, _) in case.facts.functions() {
        let harmful = case.facts.effects(function).iter().filter(|e| HARMFUL.contains(&e.operation));
        for effect in harmful {
            let site = case.facts.function(function).and_then(|f| f.calls.get(&effect.call));
            let guards = site.map(|site| case.facts.guards(function, site.block)).unwrap_or_default();
            let dated = guards.iter().find_map(|guard| Some((guard, date(case.facts, function, guard)?)));
            if let Some((guard, seconds)) = dated
                && !found.iter().any(|f| f.location.address == address(guard.address))
            {
                found.push(finding(case, function, effect, guard, seconds));
            }
        }
    }
    found
}

/// The point in time that a guard waits for.
fn date(facts: &Facts<'_>, function: FuncId, guard: &Guard) -> Option<u64> {
    let own = facts.function(function)?;
    let clock = |value: ValueId| facts.labels(function, value).meets(Labels::TIME);
    let number = |value: ValueId| own.arena.number(value).filter(|n| (EARLIEST..LATEST).contains(n));
    match (guard.test, guard.holds) {
        (Test::Less { left, right }, true) if clock(right) => number(left),
        (Test::Less { left, right }, false) if clock(left) => number(right),
        (Test::Equal { left, right }, true) if clock(left) => number(right).filter(|n| !is_word(*n)),
        _ => None,
    }
}

/// Four characters: what programs mark their own structures with.
fn is_word(number: u64) -> bool {
    u32::try_from(number).is_ok_and(|n| n.to_be_bytes().iter().all(u8::is_ascii_graphic))
}

fn finding(
    case: &Case<'_>,
    function: FuncId,
    effect: &Effect,
    guard: &Guard,
    seconds: u64,
) -> ProgramFinding {
    let facts = case.facts;
    let (source, mut route) = source(facts, function, Labels::TIME);
    let condition = format!("clock >= {seconds} s after 1970");
    let at = place(facts, effect);
    let name = facts.callee_name(function, effect.call).unwrap_or("?").to_owned();
    for (address_, note) in
        [(Some(guard.address), format!("goes on only if {condition}")), (at, format!("`{name}`"))]
    {
        route.push(RouteStep {
            address: address_.and_then(address),
            function: Some(name_of(facts, function)),
            note,
        });
    }
    let mut places = vec![(function, guard.address)];
    places.extend(at.map(|at| (function, at)));
    ProgramFinding {
        rule: DETECTOR.rule,
        score: score(PayloadWeight::Destroys, SourceKind::Time, &[]),
        title: format!("`{name}` runs once the clock has passed a fixed date"),
        why: format!(
            "The clock is compared with the constant {seconds} (seconds after 1970). Only from then on, the program calls \
             `{name}`. Nothing outside the program can change the date."
        ),
        params: [("seconds".to_owned(), seconds.to_string()), ("call".to_owned(), name.clone())].into(),
        location: Location {
            address: address(guard.address),
            function: Some(name_of(facts, function)),
            line: None,
        },
        source: Some(source),
        trigger: Some(Trigger {
            address: address(guard.address),
            condition,
            value: Some(TriggerValue { text: seconds.to_string(), hex: hex::encode(seconds.to_be_bytes()) }),
        }),
        payload: Some(Payload {
            address: at.and_then(address),
            operation: effect.operation.to_owned(),
            detail: format!("{name}(…)"),
        }),
        route,
        evidence: evidence(facts, &places),
        control_flow: None,
        witness: None,
        aim: None,
        entry: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_of_structures_are_no_dates() {
        assert!(is_word(u64::from(u32::from_be_bytes(*b"ZONE"))));
        assert!(!is_word(1_767_225_600));
    }
}
