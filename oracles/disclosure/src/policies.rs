//! A universe in Cedar's words: entities with their hierarchy, and one policy or two for each supply link and grant.
//!
//! Actions: `begin`, to hand on without having got it here; `deliver`; and one for each level above hidden. `context.from` is the organization that hands the resource
//! to the principal; `context.now` the time. A release is in the releases that contain it and in its product, evidence
//! in its release, so that Cedar's `in` says whether a link carries it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::facts::{Effect, Evidence, Fact, Grant, Level, Link, Receipt, Scope, Universe};

/// Only a grant that names the evidence itself gives restricted evidence.
const RESTRICTED: &str = r#"((resource has tlp && resource.tlp == "red")
    || (resource has embargo && resource.embargo > context.now))"#;

/// What holds in every universe: one's own is one's own; what came from another instance is whole for whoever received
/// it, who may hand it on where that instance said so; a grant is shown whole to those it is given to, and is not
/// delivered.
const ALWAYS: &str = r#"
permit(principal, action in [Action::"exists", Action::"outcome", Action::"redacted", Action::"full",
    Action::"full-and-reshare"], resource)
when { context.from == Organization::"" && (resource.owner == principal || resource.received.contains(principal)) };
permit(principal, action == Action::"begin", resource)
when { (resource.native && resource.owner == principal) || resource.received.contains(principal) };
permit(principal, action in [Action::"exists", Action::"outcome", Action::"redacted", Action::"full"], resource)
when { resource.kept.contains(principal) && context.from == Organization::"" };
permit(principal, action in [Action::"exists", Action::"outcome", Action::"redacted", Action::"full"], resource)
when { resource has audience && resource.audience.contains(principal) };
forbid(principal, action == Action::"deliver", resource) when { resource has audience };
"#;

/// Name of the action that a level above hidden allows.
pub fn action(level: Level) -> &'static str {
    match level {
        Level::Hidden | Level::Exists => "exists",
        Level::Outcome => "outcome",
        Level::Redacted => "redacted",
        Level::Full => "full",
        Level::FullAndReshare => "full-and-reshare",
    }
}

/// `[Action::"exists", …]`, all that `level` allows.
fn actions(level: Level) -> String {
    list("Action", Level::ALL.into_iter().skip(1).filter(|l| *l <= level).map(action))
}

fn list<'a>(kind: &str, ids: impl Iterator<Item = &'a str>) -> String {
    format!("[{}]", ids.map(|id| format!("{kind}::\"{id}\"")).collect::<Vec<_>>().join(", "))
}

/// The policies of a universe.
pub fn policies(universe: &Universe) -> String {
    let mut text = ALWAYS.to_owned();
    let mut grants: BTreeMap<&str, Vec<(&Evidence, &Grant)>> = BTreeMap::new();
    for fact in &universe.facts {
        match fact {
            Fact::Organization { id } => {
                grants.entry(id).or_default();
            }
            Fact::Link(link) => text.push_str(&deliver(link)),
            Fact::Evidence(evidence) => {
                if let Effect::Grant(grant) = &evidence.effect {
                    grants.entry(&evidence.issuer).or_default().push((evidence, grant));
                }
            }
            _ => {}
        }
    }
    for (issuer, mut grants) in grants {
        // Narrower ones decide, and of these the later ones; the sort keeps the order of the rest.
        grants.sort_by_key(|(_, grant)| grant.scope.rank());
        disclose(&mut text, issuer, &grants);
    }
    text
}

fn deliver(link: &Link) -> String {
    let Link { id, supplier, customer, .. } = link;
    let mut when = format!(
        "context.from == Organization::\"{supplier}\" && Link::\"{id}\".accepted && !Link::\"{id}\".ended"
    );
    if let Some(from) = &link.valid_from {
        let _ = write!(when, " && context.now >= datetime(\"{from}\")");
    }
    if let Some(to) = &link.valid_to {
        let _ = write!(when, " && context.now < datetime(\"{to}\")");
    }
    if let Some(products) = &link.products {
        let _ = write!(when, " && resource in {}", list("Product", products.iter().map(String::as_str)));
    }
    format!(
        "permit(principal == Organization::\"{customer}\", action == Action::\"deliver\", resource)\nwhen {{ {when} }};\n"
    )
}

/// What one organization hands on, its grants sorted so that the last that applies decides.
fn disclose(text: &mut String, issuer: &str, grants: &[(&Evidence, &Grant)]) {
    let from = format!("context.from == Organization::\"{issuer}\"");
    let own = format!("resource.owner == Organization::\"{issuer}\" && !{RESTRICTED}");
    let applying: Vec<String> = grants.iter().map(|(evidence, grant)| applies(&evidence.id, grant)).collect();
    let none_of = |rest: &[String]| rest.iter().map(|a| format!("\n    && !({a})")).collect::<String>();
    for (n, (_, grant)) in grants.iter().enumerate() {
        let decides = format!("{from} && {}{}", applying[n], none_of(&applying[n + 1..]));
        if grant.level > Level::Hidden {
            permit(text, grant.level, &decides);
        }
        if grant.emergency {
            permit(text, Level::Outcome, &format!("{decides} && {own} && resource.endangered"));
        }
    }
    permit(text, Level::Redacted, &format!("{from} && {own}{}", none_of(&applying)));
}

fn permit(text: &mut String, level: Level, when: &str) {
    let _ = writeln!(text, "permit(principal, action in {}, resource)\nwhen {{ {when} }};", actions(level));
}

/// The condition under which a grant says something about the resource for the principal.
fn applies(id: &str, grant: &Grant) -> String {
    let audience = list("Organization", grant.audience.iter().map(String::as_str));
    let mut when = format!("{audience}.contains(principal) && !Evidence::\"{id}\".withdrawn");
    if let Some(until) = &grant.valid_until {
        let _ = write!(when, " && context.now < datetime(\"{until}\")");
    }
    if let Some(types) = &grant.types {
        let _ = write!(when, " && (resource is Release || {types:?}.contains(resource.kind))");
    }
    let about = |attribute: &str, kind: &str, id: &str| {
        format!(" && resource has {attribute} && resource.{attribute} == {kind}::\"{id}\"")
    };
    when.push_str(&match &grant.scope {
        Scope::Everything => String::new(),
        Scope::Product { id } => about("product", "Product", id),
        Scope::Release { id } => about("release", "Release", id),
        Scope::System { id } => about("system", "System", id),
        Scope::Evidence { id } => format!(" && resource == Evidence::\"{id}\""),
    });
    if grant.scope.rank() < 3 {
        let _ = write!(when, " && !{RESTRICTED}");
    }
    when
}

/// A reference to an entity, in Cedar's JSON.
pub fn reference(kind: &str, id: &str) -> Value {
    json!({"__entity": {"type": kind, "id": id}})
}

/// A time, in Cedar's JSON.
pub fn time(text: &str) -> Value {
    json!({"__extn": {"fn": "datetime", "arg": text}})
}

/// The entities of a universe, in Cedar's JSON.
pub fn entities(universe: &Universe) -> Value {
    let known = Known::of(universe);
    let made = universe.facts.iter().filter_map(|fact| match fact {
        Fact::Link(link) => Some(known.link(link)),
        Fact::Release(release) => Some(known.release(&release.id)),
        Fact::Evidence(evidence) => Some(known.evidence(evidence)),
        _ => None,
    });
    Value::Array(made.collect())
}

fn entity(kind: &str, id: &str, attributes: Value, parents: Vec<Value>) -> Value {
    json!({"uid": {"type": kind, "id": id}, "attrs": attributes, "parents": parents})
}

fn uid(kind: &str, id: &str) -> Value {
    json!({"type": kind, "id": id})
}

/// What several facts say together.
#[derive(Default)]
struct Known<'a> {
    accepted: BTreeSet<&'a str>,
    ended: BTreeSet<&'a str>,
    withdrawn: BTreeSet<&'a str>,
    endangered: BTreeSet<&'a str>,
    suppliers: BTreeMap<&'a str, &'a str>,
    products: BTreeMap<&'a str, &'a str>,
    /// Releases that came from another instance.
    came: BTreeSet<&'a str>,
    /// By release and by evidence: who received it from another instance.
    receipts: BTreeMap<&'a str, Vec<&'a Receipt>>,
    /// The releases that contain a release.
    outer: BTreeMap<&'a str, Vec<&'a str>>,
}

impl<'a> Known<'a> {
    fn of(universe: &'a Universe) -> Self {
        let mut known = Self::default();
        for fact in &universe.facts {
            known.add(fact);
        }
        known
    }

    fn add(&mut self, fact: &'a Fact) {
        match fact {
            Fact::LinkAccepted { id } => drop(self.accepted.insert(id)),
            Fact::LinkEnded { id } => drop(self.ended.insert(id)),
            Fact::Product { id, supplier } => drop(self.suppliers.insert(id, supplier)),
            Fact::Emergency { releases } => self.endangered.extend(releases.iter().map(|(r, _)| r.as_str())),
            Fact::Release(release) => {
                self.products.insert(&release.id, &release.product);
                self.receipts.entry(&release.id).or_default().extend(&release.receipt);
                self.came.extend(release.receipt.as_ref().map(|_| release.id.as_str()));
                for part in &release.parts {
                    self.outer.entry(part).or_default().push(&release.id);
                }
            }
            Fact::Received { evidence: id, receipt } | Fact::ReleaseReceived { release: id, receipt } => {
                self.receipts.entry(id).or_default().push(receipt);
            }
            Fact::Evidence(evidence) => {
                self.receipts.entry(&evidence.id).or_default().extend(&evidence.receipt);
                if let Effect::Withdraw { target } = &evidence.effect {
                    self.withdrawn.insert(target);
                }
            }
            Fact::Organization { .. } | Fact::Link(_) | Fact::Other => {}
        }
    }

    /// Says who received it, where it came from another instance.
    fn receive(&self, id: &str, native: bool, attributes: &mut Value) {
        let of = |keep: fn(&Level) -> bool| -> Value {
            let all = self.receipts.get(id).into_iter().flatten().filter(|r| keep(&r.level));
            all.map(|r| reference("Organization", &r.by)).collect()
        };
        attributes["native"] = json!(native);
        attributes["received"] = of(|level| *level == Level::FullAndReshare);
        attributes["kept"] = of(|level| *level == Level::Full);
    }

    fn link(&self, link: &Link) -> Value {
        let id = link.id.as_str();
        let attributes = json!({"accepted": self.accepted.contains(id), "ended": self.ended.contains(id)});
        entity("Link", id, attributes, Vec::new())
    }

    fn release(&self, id: &str) -> Value {
        let product = self.products[id];
        let outer = self.outer.get(id).into_iter().flatten().map(|outer| uid("Release", outer));
        let mut attributes = json!({
            "owner": reference("Organization", self.suppliers[product]),
            "product": reference("Product", product), "release": reference("Release", id),
            "endangered": self.endangered.contains(id),
        });
        self.receive(id, !self.came.contains(id), &mut attributes);
        entity("Release", id, attributes, outer.chain([uid("Product", product)]).collect())
    }

    fn evidence(&self, evidence: &Evidence) -> Value {
        let release = evidence.release.as_deref();
        let mut attributes = json!({
            "owner": reference("Organization", &evidence.issuer), "kind": evidence.kind,
            "withdrawn": self.withdrawn.contains(evidence.id.as_str()),
            "endangered": release.is_some_and(|r| self.endangered.contains(r)),
        });
        if let Some(release) = release {
            attributes["release"] = reference("Release", release);
            attributes["product"] = reference("Product", self.products[release]);
        }
        if let Some(system) = &evidence.system {
            attributes["system"] = reference("System", system);
        }
        if let Some(tlp) = &evidence.tlp {
            attributes["tlp"] = json!(tlp);
        }
        if let Some(until) = &evidence.embargo_until {
            attributes["embargo"] = time(until);
        }
        if let Effect::Grant(grant) = &evidence.effect {
            attributes["audience"] = grant.audience.iter().map(|o| reference("Organization", o)).collect();
        }
        self.receive(&evidence.id, evidence.receipt.is_none(), &mut attributes);
        let parents = release.map(|release| uid("Release", release)).into_iter().collect();
        entity("Evidence", &evidence.id, attributes, parents)
    }
}
