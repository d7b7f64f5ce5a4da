//! `sukashi.assessment/1`: how a system is attacked, what is exploitable in it, what stops the attacks.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{BlindSpot, Sha256};

/// The format's name and major version; a document of another format does not read as this one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum AssessmentFormat {
    /// The only version so far.
    #[default]
    #[serde(rename = "sukashi.assessment/1")]
    V1,
}

/// The whole result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Assessment {
    /// Always `sukashi.assessment/1`.
    pub schema: AssessmentFormat,
    /// False where a budget cut the work.
    pub complete: bool,
    /// What was assessed.
    pub system: SystemSummary,
    /// Snapshot of vulnerability data, where one was used.
    pub vuln_db: Option<VulnerabilityDb>,
    /// Rule packs, sorted by name.
    pub rules: Vec<RulePack>,
    /// Seed of the sampled figures.
    pub seed: u64,
    /// In the order of the model's ids.
    pub goals: Vec<Goal>,
    /// One per vulnerability, host and component, sorted by these.
    pub vulnerabilities: Vec<VulnerabilityVerdict>,
    /// Facts that many paths share, largest share first.
    pub choke_points: Vec<ChokePoint>,
    /// Changes that remove attack paths.
    pub countermeasures: Vec<Countermeasure>,
    /// The cheapest choice among them; null where nothing is to be stopped or can be.
    pub plan: Option<Plan>,
    /// Against the model without overlay or what-if file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub difference: Option<AssessmentDifference>,
    /// What could not be judged.
    pub blind_spots: Vec<BlindSpot>,
    /// Sums.
    pub totals: AssessmentTotals,
}

/// The system model that was assessed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SystemSummary {
    /// Its name.
    pub name: String,
    /// Digest of the merged, normalised model.
    pub sha256: Sha256,
    /// Hosts in it.
    pub hosts: u64,
    /// Facts it gave.
    pub facts: u64,
}

/// A snapshot of vulnerability data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct VulnerabilityDb {
    /// Digest of what was imported.
    pub sha256: Sha256,
    /// Newest date in it.
    pub date: String,
}

/// A rule pack and its text's digest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct RulePack {
    /// Name, such as `core`.
    pub pack: String,
    /// Digest of its text.
    pub sha256: Sha256,
}

/// Something that must not happen, and whether it can.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Goal {
    /// Id in the model.
    pub id: String,
    /// Title in the model.
    pub title: String,
    /// Can an attacker get there?
    pub reached: bool,
    /// How likely; null where not reached.
    pub probability: Option<Probability>,
    /// How long it takes; null where not reached.
    pub days: Option<Days>,
    /// Cheapest first, then diverse ones.
    pub paths: Vec<Path>,
}

/// Sampled probability, 0.0–1.0, with its 95 % confidence interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Probability {
    /// Mean of the samples.
    pub mean: f64,
    /// Lower bound.
    pub low: f64,
    /// Upper bound.
    pub high: f64,
}

/// Sampled time to compromise, in days.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Days {
    /// One attack in ten is faster.
    pub p10: f64,
    /// Half of them are.
    pub p50: f64,
    /// Nine in ten are.
    pub p90: f64,
}

/// One way to a goal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Path {
    /// That every step of it succeeds, 0.0–1.0.
    pub probability: f64,
    /// Sum of the steps' expected days along the slowest branch.
    pub days: f64,
    /// In an order in which they can be carried out.
    pub steps: Vec<Step>,
}

/// One rule application.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// Rule id.
    pub rule: String,
    /// ATT&CK technique, where the rule names one.
    pub technique: Option<String>,
    /// Where it takes effect, `kind:id`.
    pub at: Option<String>,
    /// From where, `kind:id`.
    pub from: Option<String>,
    /// The vulnerability it uses.
    pub vulnerability: Option<String>,
    /// What it achieves.
    pub fact: String,
    /// What it needs.
    pub because: Vec<String>,
    /// One sentence, English.
    pub explain: String,
    /// Values of the sentence.
    pub params: BTreeMap<String, String>,
}

/// What a vulnerability means on one host of this system.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct VulnerabilityVerdict {
    /// CVE or other id.
    pub id: String,
    /// Host id.
    pub host: String,
    /// purl, CPE or software id of the component.
    pub component: String,
    /// Base score, 0.0–10.0.
    pub cvss: Option<f64>,
    /// Probability of exploitation anywhere in the next 30 days, 0.0–1.0.
    pub epss: Option<f64>,
    /// Listed as exploited in the wild.
    pub kev: bool,
    /// Verdict.
    pub verdict: Verdict,
    /// The reason, or the nearest missing premise.
    pub why: String,
    /// Attack paths that use it.
    pub path_count: u64,
}

/// Verdicts of a vulnerability in a system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// An attacker can use it.
    Exploitable,
    /// No attacker gets to it.
    NotReachable,
    /// A measure stops it.
    Mitigated,
    /// The component is not affected, by somebody's word.
    NotAffected,
    /// Something needed to decide is missing.
    Unknown,
}

/// A fact that many paths share.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ChokePoint {
    /// The fact.
    pub fact: String,
    /// Goals whose paths use it.
    pub goals: Vec<String>,
    /// Share of the reported paths, 0.0–1.0.
    pub share_of_paths: f64,
}

/// A change to the system model that removes attack paths.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Countermeasure {
    /// Id, from the model or made.
    pub id: String,
    /// Kind of change.
    pub kind: CountermeasureKind,
    /// What is changed, `kind:id` or a fact.
    pub target: String,
    /// In the model's unit, above 0.
    pub cost: f64,
    /// Goals it takes part in stopping.
    pub stops: Vec<String>,
}

/// Kinds of change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CountermeasureKind {
    /// Install a fixed version.
    Patch,
    /// Change a filter.
    Filter,
    /// Take something away.
    Remove,
    /// Change or protect a credential.
    Credential,
    /// Change an account or its rights.
    Account,
    /// Change how people use the system.
    Usage,
    /// Watch.
    Monitor,
}

/// A choice of countermeasures, verified by applying it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Plan {
    /// Ids, sorted.
    pub chosen: Vec<String>,
    /// Sum of their costs.
    pub cost: f64,
    /// True where no cheaper choice exists among the known countermeasures.
    pub optimal: bool,
    /// What remains of each goal.
    pub residual: Vec<GoalResidual>,
}

/// A goal after the plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GoalResidual {
    /// Goal id.
    pub goal: String,
    /// Can it still be reached?
    pub reached: bool,
    /// How likely, 0.0–1.0.
    pub probability: f64,
}

/// What an overlay or what-if file changes: ids with their state before and after.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AssessmentDifference {
    /// Goals whose reachability or probability changed.
    pub goals: Vec<GoalChange>,
    /// Vulnerabilities whose verdict changed.
    pub vulnerabilities: Vec<VerdictChange>,
}

/// A goal before and after. Probability is 0.0–1.0; 0 where not reached.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GoalChange {
    /// Goal id.
    pub goal: String,
    /// Probability before.
    pub before: f64,
    /// Probability after.
    pub after: f64,
}

/// A verdict before and after; null where the vulnerability is not in that model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct VerdictChange {
    /// Vulnerability id.
    pub id: String,
    /// Host id.
    pub host: String,
    /// Before.
    pub before: Option<Verdict>,
    /// After.
    pub after: Option<Verdict>,
}

/// Sums.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AssessmentTotals {
    /// Facts the rules derived.
    pub facts_derived: u64,
}
