//! What can be said against a pack before it runs on any system.
//!
//! Safety, types and layers are the engine's business; here is what only attack rules have: sentences that name no
//! variable of their rule, figures out of range, steps without a source, relations that no rule can fill or that
//! nobody reads, joins without a shared variable.

use std::collections::BTreeSet;

use datalog::ProgramError;

use super::{Figure, Knowledge, Pack, Role, StepRule};
use crate::measures::REMOVABLE;
use crate::template::names;

/// Something wrong with a rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Complaint {
    /// Rule id, or the relation where no rule is at fault.
    pub subject: String,
    /// What is wrong.
    pub what: String,
}

impl std::fmt::Display for Complaint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}`: {}", self.subject, self.what)
    }
}

/// Everything that can be said against packs as a whole, sorted.
///
/// # Errors
/// If they are no program.
pub fn lint(packs: &[Pack]) -> Result<Vec<Complaint>, ProgramError> {
    let knowledge = Knowledge::load(packs)?;
    let mut found = Vec::new();
    let mut ids = BTreeSet::new();
    for (rule, role) in knowledge.program.rules().iter().zip(&knowledge.roles) {
        let Role::Step(step) = role else { continue };
        let variables: BTreeSet<&str> = rule.variables().collect();
        let mut say = |what: String| found.push(Complaint { subject: step.id.clone(), what });
        check_step(step, &variables, &mut say);
        if !ids.insert(&step.id) {
            say("another rule has the same id".to_owned());
        }
        // Attackers are few, so that a product with them is no blow-up.
        let by_attacker = rule.reads(&knowledge.program).any(|r| ["attacker", "deceives"].contains(&r));
        if rule.is_cross_product() && !by_attacker {
            say("premises share no variable: the join grows with the product of their facts".to_owned());
        }
    }
    unused(&knowledge, &mut found);
    found.sort();
    Ok(found)
}

fn check_step(step: &StepRule, variables: &BTreeSet<&str>, say: &mut dyn FnMut(String)) {
    if step.id.is_empty() {
        say("a rule needs an id".to_owned());
    }
    if step.source.is_none() {
        say("no `source` for its figures".to_owned());
    }
    let templates = [Some(&step.sentence), step.at.as_ref(), step.from.as_ref(), step.vulnerability.as_ref()];
    for name in templates.into_iter().flatten().chain(&step.chance).flat_map(|t| names(t)) {
        if !variables.contains(name) {
            say(format!("`{{{name}}}` is no variable of the rule"));
        }
    }
    if let Figure::Fixed(probability) = step.probability
        && !(probability > 0.0 && probability <= 1.0)
    {
        say(format!("probability {probability} is not in 0–1"));
    }
    if (step.probability == Figure::Exploit || step.days == Figure::Exploit) && !variables.contains("V") {
        say("figures of a vulnerability need it in variable `V`".to_owned());
    }
    for relation in &step.removable {
        if !REMOVABLE.iter().any(|r| r.relation == relation) {
            say(format!("no countermeasure is known that removes `{relation}`"));
        }
    }
}

/// Relations that packs declare and nobody concludes, or that are concluded and never read, goals' relations aside.
fn unused(knowledge: &Knowledge, found: &mut Vec<Complaint>) {
    let stated: BTreeSet<&str> = system::RELATIONS.iter().map(|r| r.name).collect();
    let has_facts: BTreeSet<&str> = knowledge.program.stated().collect();
    let read: BTreeSet<&str> =
        knowledge.program.rules().iter().flat_map(|r| r.reads(&knowledge.program)).collect();
    for relation in knowledge.program.relations().filter(|r| !stated.contains(r.name.as_str())) {
        let name = relation.name.as_str();
        if !relation.derived && !has_facts.contains(name) && !name.starts_with("vul_") {
            let what = "no rule concludes it and no fact states it".to_owned();
            found.push(Complaint { subject: name.to_owned(), what });
        } else if relation.derived && !read.contains(name) && !OUTCOMES.contains(&name) {
            found.push(Complaint { subject: name.to_owned(), what: "nobody reads it".to_owned() });
        }
    }
}

/// Ends that goals name and no rule has to read.
pub(super) const OUTCOMES: &[&str] = &[
    "data_access",
    "data_lost",
    "denial",
    "loss_of_control",
    "loss_of_safety",
    "loss_of_view",
    "process_manipulated",
    "process_stopped",
];
