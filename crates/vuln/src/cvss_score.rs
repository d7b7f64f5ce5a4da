//! CVSS 2.0, 3.0 and 3.1: base, temporal and environmental scores by their equations.
//!
//! Sources: FIRST, "A Complete Guide to the Common Vulnerability Scoring System Version 2.0", 3.2; "CVSS v3.0" and "v3.1
//! Specification Document", section 7. The crate `cvss` knows base scores only, and 4.0, where threat and environmental
//! metrics are part of the one score.

use std::collections::BTreeMap;

/// Scores of a vector, 0.0–10.0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scores {
    /// By the base metrics alone.
    pub base: f64,
    /// With temporal metrics; the base score if none is stated.
    pub temporal: f64,
    /// With environmental metrics too; the temporal score if none is stated.
    pub environmental: f64,
}

type Metrics<'v> = BTreeMap<&'v str, &'v str>;

/// Scores of a vector of version 2 or 3; `None` if it lacks a base metric, has an unknown value, or is of another version.
pub fn scores(vector: &str) -> Option<Scores> {
    let parts: Vec<(&str, &str)> =
        vector.split('/').map(|part| part.split_once(':')).collect::<Option<_>>()?;
    let metrics: Metrics<'_> = parts.iter().copied().collect();
    if metrics.len() != parts.len() {
        return None;
    }
    match metrics.get("CVSS") {
        None => version_2(&metrics),
        Some(&"3.0") => version_3(&metrics, false),
        Some(&"3.1") => version_3(&metrics, true),
        Some(_) => None,
    }
}

/// Weight of a metric's value; of one that is not stated or not defined, `otherwise`.
fn weight(metrics: &Metrics<'_>, name: &str, values: &[(&str, f64)], otherwise: Option<f64>) -> Option<f64> {
    match metrics.get(name) {
        None | Some(&("X" | "ND")) => otherwise,
        Some(value) => values.iter().find(|(known, _)| known == value).map(|(_, weight)| *weight),
    }
}

fn one_decimal(value: f64) -> f64 {
    // The tiny addition undoes what binary fractions lack at .05.
    (value * 10.0 + 1e-6).round() / 10.0
}

const V2_IMPACT: &[(&str, f64)] = &[("N", 0.0), ("P", 0.275), ("C", 0.660)];
const V2_REQUIREMENT: &[(&str, f64)] = &[("L", 0.5), ("M", 1.0), ("H", 1.51)];

fn version_2(metrics: &Metrics<'_>) -> Option<Scores> {
    let get = |name, values: &[(&str, f64)], otherwise| weight(metrics, name, values, otherwise);
    let vector = get("AV", &[("L", 0.395), ("A", 0.646), ("N", 1.0)], None)?;
    let complexity = get("AC", &[("H", 0.35), ("M", 0.61), ("L", 0.71)], None)?;
    let authentication = get("Au", &[("M", 0.45), ("S", 0.56), ("N", 0.704)], None)?;
    let impacts = [get("C", V2_IMPACT, None)?, get("I", V2_IMPACT, None)?, get("A", V2_IMPACT, None)?];
    let temporal = get("E", &[("U", 0.85), ("POC", 0.9), ("F", 0.95), ("H", 1.0)], Some(1.0))?
        * get("RL", &[("OF", 0.87), ("TF", 0.9), ("W", 0.95), ("U", 1.0)], Some(1.0))?
        * get("RC", &[("UC", 0.9), ("UR", 0.95), ("C", 1.0)], Some(1.0))?;
    let base_of = |impact: f64| {
        let exploitability = 20.0 * vector * complexity * authentication;
        let factor = if impact == 0.0 { 0.0 } else { 1.176 };
        one_decimal(((0.6 * impact) + (0.4 * exploitability) - 1.5) * factor)
    };
    let [c, i, a] = impacts;
    let base = base_of(10.41 * (1.0 - (1.0 - c) * (1.0 - i) * (1.0 - a)));
    let requirement = |name| get(name, V2_REQUIREMENT, Some(1.0));
    let (cr, ir, ar) = (requirement("CR")?, requirement("IR")?, requirement("AR")?);
    let adjusted = (10.41 * (1.0 - (1.0 - c * cr) * (1.0 - i * ir) * (1.0 - a * ar))).min(10.0);
    let adjusted = one_decimal(base_of(adjusted) * temporal);
    let damage = [("N", 0.0), ("L", 0.1), ("LM", 0.3), ("MH", 0.4), ("H", 0.5)];
    let damage = get("CDP", &damage, Some(0.0))?;
    let targets = get("TD", &[("N", 0.0), ("L", 0.25), ("M", 0.75), ("H", 1.0)], Some(1.0))?;
    let environmental = one_decimal((adjusted + (10.0 - adjusted) * damage) * targets);
    Some(Scores { base, temporal: one_decimal(base * temporal), environmental })
}

/// 3.1, appendix A; in 3.0 the smallest number with one decimal that is not less, which this computes as well.
fn round_up(value: f64) -> f64 {
    let whole = (value * 100_000.0).round();
    if whole % 10_000.0 == 0.0 { whole / 100_000.0 } else { ((whole / 10_000.0).floor() + 1.0) / 10.0 }
}

const V3_VECTOR: &[(&str, f64)] = &[("N", 0.85), ("A", 0.62), ("L", 0.55), ("P", 0.2)];
const V3_COMPLEXITY: &[(&str, f64)] = &[("L", 0.77), ("H", 0.44)];
const V3_INTERACTION: &[(&str, f64)] = &[("N", 0.85), ("R", 0.62)];
const V3_IMPACT: &[(&str, f64)] = &[("H", 0.56), ("L", 0.22), ("N", 0.0)];
const V3_REQUIREMENT: &[(&str, f64)] = &[("H", 1.5), ("M", 1.0), ("L", 0.5)];

fn privileges(changed: bool) -> &'static [(&'static str, f64)] {
    if changed { &[("N", 0.85), ("L", 0.68), ("H", 0.5)] } else { &[("N", 0.85), ("L", 0.62), ("H", 0.27)] }
}

fn is_changed(metrics: &Metrics<'_>, name: &str) -> Option<bool> {
    match metrics.get(name) {
        Some(&"U") => Some(false),
        Some(&"C") => Some(true),
        _ => None,
    }
}

fn version_3(metrics: &Metrics<'_>, newest: bool) -> Option<Scores> {
    let get = |name, values: &[(&str, f64)], otherwise| weight(metrics, name, values, otherwise);
    let changed = is_changed(metrics, "S")?;
    let impacts = [get("C", V3_IMPACT, None)?, get("I", V3_IMPACT, None)?, get("A", V3_IMPACT, None)?];
    let [vector, complexity] = [get("AV", V3_VECTOR, None)?, get("AC", V3_COMPLEXITY, None)?];
    let interaction = get("UI", V3_INTERACTION, None)?;
    let temporal = get("E", &[("U", 0.91), ("P", 0.94), ("F", 0.97), ("H", 1.0)], Some(1.0))?
        * get("RL", &[("O", 0.95), ("T", 0.96), ("W", 0.97), ("U", 1.0)], Some(1.0))?
        * get("RC", &[("U", 0.92), ("R", 0.96), ("C", 1.0)], Some(1.0))?;
    let [c, i, a] = impacts;
    let lost = 1.0 - (1.0 - c) * (1.0 - i) * (1.0 - a);
    let impact = match changed {
        true => 7.52 * (lost - 0.029) - 3.25 * (lost - 0.02).powi(15),
        false => 6.42 * lost,
    };
    let exploitability = 8.22 * vector * complexity * get("PR", privileges(changed), None)? * interaction;
    let base = together(impact, exploitability, changed);

    let now_changed = match metrics.get("MS") {
        None | Some(&"X") => changed,
        Some(_) => is_changed(metrics, "MS")?,
    };
    let modified = |name, requirement, base| {
        Some(get(name, V3_IMPACT, Some(base))? * get(requirement, V3_REQUIREMENT, Some(1.0))?)
    };
    let (c, i, a) = (modified("MC", "CR", c)?, modified("MI", "IR", i)?, modified("MA", "AR", a)?);
    let lost = (1.0 - (1.0 - c) * (1.0 - i) * (1.0 - a)).min(0.915);
    let impact = match (now_changed, newest) {
        (true, true) => 7.52 * (lost - 0.029) - 3.25 * (lost * 0.9731 - 0.02).powi(13),
        (true, false) => 7.52 * (lost - 0.029) - 3.25 * (lost - 0.02).powi(15),
        (false, _) => 6.42 * lost,
    };
    let own_privileges = get("PR", privileges(now_changed), None)?;
    let exploitability = 8.22
        * get("MAV", V3_VECTOR, Some(vector))?
        * get("MAC", V3_COMPLEXITY, Some(complexity))?
        * get("MPR", privileges(now_changed), Some(own_privileges))?
        * get("MUI", V3_INTERACTION, Some(interaction))?;
    let environmental = round_up(together(impact, exploitability, now_changed) * temporal);
    Some(Scores { base, temporal: round_up(base * temporal), environmental })
}

fn together(impact: f64, exploitability: f64, changed: bool) -> f64 {
    let factor = if changed { 1.08 } else { 1.0 };
    if impact <= 0.0 { 0.0 } else { round_up((factor * (impact + exploitability)).min(10.0)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Examples of the standards: CVSS 2.0 guide, 3.3.1 (CVE-2002-0392); CVSS 3.1 examples document.
    #[test]
    fn examples_of_the_standards_have_their_scores() {
        for (vector, base, temporal, environmental) in [
            ("AV:N/AC:L/Au:N/C:N/I:N/A:C/E:F/RL:OF/RC:C/CDP:H/TD:H/CR:M/IR:M/AR:H", 7.8, 6.4, 9.2),
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H/E:P/RL:O/RC:C", 10.0, 9.0, 9.0),
            (
                "CVSS:3.0/AV:L/AC:L/PR:L/UI:R/S:C/C:L/I:L/A:N/MAV:A/MAC:L/MPR:N/MUI:N/MS:U/MC:N/MI:N/MA:N",
                4.6,
                4.6,
                0.0,
            ),
        ] {
            assert_eq!(scores(vector), Some(Scores { base, temporal, environmental }), "{vector}");
        }
    }

    #[test]
    fn what_lacks_or_repeats_a_metric_has_no_score() {
        for vector in [
            "",
            "AV:N",
            "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N/A:N",
            "CVSS:3.1/AV:Q/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N",
            "CVSS:9/AV:N",
        ] {
            assert_eq!(scores(vector), None, "{vector}");
        }
    }
}
