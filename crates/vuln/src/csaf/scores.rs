//! Tests on CVSS objects.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::view::{AFFECTED, FIXED, each, text, texts, vulnerabilities};
use super::{Faults, schema};
use crate::{Severity, score};

/// Name of the property, of the metric, and its values where their abbreviation is not their first letter.
type Metric = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

const V3: &[Metric] = &[
    ("attackVector", "AV", &[]),
    ("attackComplexity", "AC", &[]),
    ("privilegesRequired", "PR", &[]),
    ("userInteraction", "UI", &[]),
    ("scope", "S", &[]),
    ("confidentialityImpact", "C", &[]),
    ("integrityImpact", "I", &[]),
    ("availabilityImpact", "A", &[]),
    ("exploitCodeMaturity", "E", &[]),
    ("remediationLevel", "RL", &[]),
    ("reportConfidence", "RC", &[]),
    ("confidentialityRequirement", "CR", &[]),
    ("integrityRequirement", "IR", &[]),
    ("availabilityRequirement", "AR", &[]),
    ("modifiedAttackVector", "MAV", &[]),
    ("modifiedAttackComplexity", "MAC", &[]),
    ("modifiedPrivilegesRequired", "MPR", &[]),
    ("modifiedUserInteraction", "MUI", &[]),
    ("modifiedScope", "MS", &[]),
    ("modifiedConfidentialityImpact", "MC", &[]),
    ("modifiedIntegrityImpact", "MI", &[]),
    ("modifiedAvailabilityImpact", "MA", &[]),
];

const V2: &[Metric] = &[
    ("accessVector", "AV", &[]),
    ("accessComplexity", "AC", &[]),
    ("authentication", "Au", &[]),
    ("confidentialityImpact", "C", &[]),
    ("integrityImpact", "I", &[]),
    ("availabilityImpact", "A", &[]),
    ("exploitability", "E", &[("PROOF_OF_CONCEPT", "POC")]),
    ("remediationLevel", "RL", &[("OFFICIAL_FIX", "OF"), ("TEMPORARY_FIX", "TF")]),
    ("reportConfidence", "RC", &[("UNCONFIRMED", "UC"), ("UNCORROBORATED", "UR")]),
    ("collateralDamagePotential", "CDP", &[("LOW_MEDIUM", "LM"), ("MEDIUM_HIGH", "MH")]),
    ("targetDistribution", "TD", &[]),
    ("confidentialityRequirement", "CR", &[]),
    ("integrityRequirement", "IR", &[]),
    ("availabilityRequirement", "AR", &[]),
];

/// Metrics of the first group, by version; those of the second follow, the rest is the third.
const BASE: [usize; 2] = [8, 6];
const TEMPORAL: [usize; 2] = [11, 9];

/// A CVSS object.
struct Cvss<'d> {
    at: String,
    object: &'d Value,
    is_v2: bool,
}

impl<'d> Cvss<'d> {
    fn metrics(&self) -> &'static [Metric] {
        if self.is_v2 { V2 } else { V3 }
    }

    fn vector(&self) -> &'d str {
        text(self.object, "/vectorString").unwrap_or_default()
    }

    /// Metrics as the vector states them.
    fn stated(&self) -> BTreeMap<&'d str, &'d str> {
        self.vector().split('/').filter_map(|part| part.split_once(':')).collect()
    }

    /// The abbreviation of a property's value.
    fn short(&self, metric: &Metric) -> Option<&'d str> {
        let value = text(self.object, &format!("/{}", metric.0))?;
        let named = metric.2.iter().find(|(long, _)| *long == value).map(|(_, short)| *short);
        let first = || match (value, self.is_v2) {
            ("NOT_DEFINED", true) => Some("ND"),
            ("NOT_DEFINED", false) => Some("X"),
            _ => value.get(..1),
        };
        named.or_else(first)
    }

    /// A vector of the metrics of the first groups, taken from vector and properties.
    fn vector_of(&self, groups: usize) -> String {
        let stated = self.stated();
        let version = usize::from(self.is_v2);
        let most =
            [BASE, TEMPORAL].get(groups).and_then(|group| group.get(version)).copied().unwrap_or(usize::MAX);
        let metrics = self.metrics().iter().take(most).filter_map(|metric| {
            let value = stated.get(metric.1).copied().or_else(|| self.short(metric))?;
            Some(format!("{}:{value}", metric.1))
        });
        let prefix = stated.get("CVSS").map(|version| format!("CVSS:{version}"));
        prefix.into_iter().chain(metrics).collect::<Vec<_>>().join("/")
    }
}

fn all(document: &Value) -> Vec<Cvss<'_>> {
    let of = |key: &str, is_v2| {
        let found = each(document, &format!("/vulnerabilities[]/scores[]/{key}"));
        found.into_iter().map(move |(at, object)| Cvss { at, object, is_v2 })
    };
    of("cvss_v2", true).chain(of("cvss_v3", false)).collect()
}

/// Products of the score items of a vulnerability that have one of these objects.
fn scored<'d>(vulnerability: &'d Value, keys: &[&str]) -> BTreeSet<&'d str> {
    let scores = each(vulnerability, "/scores[]").into_iter();
    let with = scores.filter(|(_, score)| keys.iter().any(|key| score.get(key).is_some()));
    with.flat_map(|(_, score)| texts(score, &["/products[]"])).map(|(_, id)| id).collect()
}

/// 6.1.7
pub(super) fn several_of_one_version(document: &Value) -> Faults {
    let mut faults = Vec::new();
    for (at, vulnerability) in vulnerabilities(document) {
        let mut seen = BTreeSet::new();
        for (inside, item) in each(vulnerability, "/scores[]") {
            let v2 = item.get("cvss_v2").map(|_| "2.0");
            let v3 = item.get("cvss_v3").map(|object| text(object, "/version").unwrap_or("3"));
            for version in v2.into_iter().chain(v3) {
                for (place, id) in texts(item, &["/products[]"]) {
                    if !seen.insert((version, id)) {
                        let message = format!("`{id}` has another score of CVSS {version}");
                        faults.push((format!("{at}{inside}{place}"), message));
                    }
                }
            }
        }
    }
    faults
}

/// 6.1.8
pub(super) fn invalid(document: &Value) -> Faults {
    let faults = all(document).into_iter().flat_map(|cvss| {
        let inside = schema::cvss(cvss.object).into_iter();
        inside.map(move |(path, message)| (format!("{}{path}", cvss.at), message)).collect::<Vec<_>>()
    });
    faults.collect()
}

/// 6.1.9
pub(super) fn computed_wrongly(document: &Value) -> Faults {
    const GROUPS: [(&str, &str); 3] = [
        ("baseScore", "baseSeverity"),
        ("temporalScore", "temporalSeverity"),
        ("environmentalScore", "environmentalSeverity"),
    ];
    let mut faults = Vec::new();
    for cvss in all(document) {
        for (groups, (score_key, severity_key)) in GROUPS.into_iter().enumerate() {
            let Some(right) = score(&cvss.vector_of(groups)) else { continue };
            let stated = cvss.object.get(score_key).and_then(Value::as_f64);
            if let Some(stated) = stated.filter(|stated| (stated - right).abs() > 0.01) {
                faults.push((
                    format!("{}/{score_key}", cvss.at),
                    format!("{stated} is stated, {right} is right"),
                ));
            }
            let word = format!("{:?}", Severity::of(right)).to_uppercase();
            let stated = text(cvss.object, &format!("/{severity_key}"));
            if let Some(stated) = stated.filter(|stated| *stated != word) {
                faults.push((
                    format!("{}/{severity_key}", cvss.at),
                    format!("`{stated}` is stated, `{word}` is right"),
                ));
            }
        }
    }
    faults
}

/// 6.1.10
pub(super) fn inconsistent(document: &Value) -> Faults {
    let mut faults = Vec::new();
    for cvss in all(document) {
        let stated = cvss.stated();
        let versions = (stated.get("CVSS"), text(cvss.object, "/version"));
        if let (Some(in_vector), Some(version)) = versions
            && *in_vector != version
        {
            faults.push((format!("{}/version", cvss.at), format!("the vector is of version {in_vector}")));
        }
        for metric in cvss.metrics() {
            let (Some(in_vector), Some(short)) = (stated.get(metric.1), cvss.short(metric)) else { continue };
            if *in_vector != short {
                let message = format!("the vector says `{}:{in_vector}`", metric.1);
                faults.push((format!("{}/{}", cvss.at, metric.0), message));
            }
        }
    }
    faults
}

/// 6.2.3
pub(super) fn missing(document: &Value) -> Faults {
    let mut faults = Vec::new();
    for (at, vulnerability) in vulnerabilities(document) {
        let scored = scored(vulnerability, &["cvss_v2", "cvss_v3"]);
        let bare = texts(vulnerability, AFFECTED).into_iter().filter(|(_, id)| !scored.contains(id));
        faults.extend(bare.map(|(inside, id)| (format!("{at}{inside}"), format!("`{id}` has no score"))));
    }
    faults
}

/// 6.2.19
pub(super) fn of_fixed(document: &Value) -> Faults {
    let mut faults = Vec::new();
    for (at, vulnerability) in vulnerabilities(document) {
        let fixed: BTreeSet<&str> = texts(vulnerability, FIXED).into_iter().map(|(_, id)| id).collect();
        for (inside, item) in each(vulnerability, "/scores[]") {
            let speaks = texts(item, &["/products[]"]).into_iter().any(|(_, id)| fixed.contains(id));
            let objects = [("cvss_v2", true), ("cvss_v3", false)].into_iter();
            let objects = objects.filter_map(|(key, is_v2)| {
                let place = format!("{at}{inside}/{key}");
                item.get(key).map(|object| Cvss { at: place, object, is_v2 })
            });
            for cvss in objects.filter(|_| speaks) {
                let stated = cvss.object.get("environmentalScore").and_then(Value::as_f64);
                if stated.or_else(|| score(&cvss.vector_of(2))).is_some_and(|score| score > 0.0) {
                    faults.push((cvss.at, "a fixed product has an environmental score above 0".to_owned()));
                }
            }
        }
    }
    faults
}

/// 6.3.1
pub(super) fn only_v2(document: &Value) -> Faults {
    let mut faults = Vec::new();
    for (at, vulnerability) in vulnerabilities(document) {
        let newer = scored(vulnerability, &["cvss_v3"]);
        for (inside, item) in
            each(vulnerability, "/scores[]").into_iter().filter(|(_, s)| s.get("cvss_v2").is_some())
        {
            let old = texts(item, &["/products[]"]).into_iter().filter(|(_, id)| !newer.contains(id));
            faults.extend(
                old.map(|(_, id)| (format!("{at}{inside}"), format!("`{id}` has only a score of CVSS 2"))),
            );
        }
    }
    faults
}

/// 6.3.2
pub(super) fn v3_0(document: &Value) -> Faults {
    let old = all(document).into_iter().filter(|cvss| {
        text(cvss.object, "/version") == Some("3.0") || cvss.vector().starts_with("CVSS:3.0/")
    });
    old.map(|cvss| (cvss.at, "CVSS 3.0 is used; hint: 3.1".to_owned())).collect()
}
