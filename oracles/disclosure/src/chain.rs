//! From hop to hop: each single step is Cedar's decision, this file only goes on where Cedar lets it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, ensure};
use cedar_policy::{Authorizer, Context, Decision, Entities, EntityUid, PolicySet, Request};
use serde_json::json;

use crate::facts::{Effect, Fact, Level, Universe};
use crate::policies::{action, entities, policies, reference, time};

/// Answers for one universe.
pub struct Judge {
    authorizer: Authorizer,
    policies: PolicySet,
    entities: Entities,
    /// By organization: its name in Cedar, and the context in which it hands something on.
    organizations: BTreeMap<String, (EntityUid, Context)>,
    /// Evidence that is taken back, by the evidence that does it: that one is shown to whom it was shown.
    instead: BTreeMap<String, String>,
    /// The context in which nobody hands anything on.
    alone: Context,
}

fn context(from: &str, now: &str) -> anyhow::Result<Context> {
    let context = json!({"from": reference("Organization", from), "now": time(now)});
    Ok(Context::from_json_value(context, None)?)
}

impl Judge {
    pub fn new(universe: &Universe) -> anyhow::Result<Self> {
        let mut judge = Self {
            authorizer: Authorizer::new(),
            policies: policies(universe).parse().context("cannot read the policies")?,
            entities: Entities::from_json_value(entities(universe), None)
                .context("cannot read the entities")?,
            organizations: BTreeMap::new(),
            instead: BTreeMap::new(),
            alone: context("", &universe.now)?,
        };
        for fact in &universe.facts {
            match fact {
                Fact::Organization { id } => {
                    let name = format!("Organization::\"{id}\"").parse()?;
                    judge.organizations.insert(id.clone(), (name, context(id, &universe.now)?));
                }
                Fact::Evidence(evidence) => {
                    if let Effect::Withdraw { target } = &evidence.effect {
                        let name = format!("Evidence::\"{}\"", evidence.id);
                        judge.instead.insert(name, format!("Evidence::\"{target}\""));
                    }
                }
                _ => {}
            }
        }
        Ok(judge)
    }

    /// The level of `thing` for each organization that is not kept from it.
    pub fn levels(&self, thing: &str) -> anyhow::Result<BTreeMap<String, Level>> {
        let thing = self.instead.get(thing).map_or(thing, String::as_str);
        let resource: EntityUid = thing.parse()?;
        let mut best = BTreeMap::new();
        for organization in self.organizations.keys() {
            best.insert(organization.clone(), self.level(None, organization, &resource)?);
        }
        let mut waiting = Vec::new();
        for organization in self.organizations.keys() {
            if self.allows(None, organization, "begin", &resource)? {
                waiting.push(organization.clone());
            }
        }
        let mut passed = BTreeSet::new();
        while let Some(from) = waiting.pop() {
            if !passed.insert(from.clone()) {
                continue;
            }
            for (customer, known) in &mut best {
                if !self.allows(Some(&from), customer, "deliver", &resource)? {
                    continue;
                }
                let level = self.level(Some(&from), customer, &resource)?;
                *known = level.max(*known);
                if level == Level::FullAndReshare {
                    waiting.push(customer.clone());
                }
            }
        }
        Ok(best)
    }

    /// The highest level at which `from` hands the resource to `to`; without `from`, at which `to` has it anyway.
    fn level(&self, from: Option<&str>, to: &str, resource: &EntityUid) -> anyhow::Result<Level> {
        for level in Level::ALL.into_iter().skip(1).rev() {
            if self.allows(from, to, action(level), resource)? {
                return Ok(level);
            }
        }
        Ok(Level::Hidden)
    }

    fn allows(
        &self,
        from: Option<&str>,
        to: &str,
        action: &str,
        resource: &EntityUid,
    ) -> anyhow::Result<bool> {
        let context = match from {
            Some(from) => &self.organizations.get(from).context("no such organization")?.1,
            None => &self.alone,
        };
        let (principal, _) = self.organizations.get(to).context("no such organization")?;
        let action = format!("Action::\"{action}\"").parse()?;
        let request = Request::new(principal.clone(), action, resource.clone(), context.clone(), None)?;
        let response = self.authorizer.is_authorized(&request, &self.policies, &self.entities);
        let errors: Vec<_> = response.diagnostics().errors().map(ToString::to_string).collect();
        ensure!(errors.is_empty(), "Cedar cannot decide: {}", errors.join("; "));
        Ok(response.decision() == Decision::Allow)
    }
}
