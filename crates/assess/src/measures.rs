//! Countermeasures as changes of base facts: those that the model states, and those that attack paths suggest.

use std::collections::{BTreeMap, BTreeSet};

use datalog::{Fact, Pattern, Value};
use record::CountermeasureKind;
use system::{Kind, Reference, System};

use crate::facts::arguments;
use crate::graph::plain;
use crate::template::fill;

/// A change that may stop attacks.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Measure {
    pub(crate) id: String,
    pub(crate) kind: CountermeasureKind,
    /// `kind:id`.
    pub(crate) target: String,
    pub(crate) cost: f64,
    pub(crate) retract: BTreeSet<Fact>,
    pub(crate) insert: BTreeSet<Fact>,
}

/// How facts of a relation can be taken away: `id` and `target` over its columns, by number.
pub(crate) struct Removable {
    pub(crate) relation: &'static str,
    kind: CountermeasureKind,
    /// In person-days of an experienced administrator, as a default that a model's own countermeasures replace.
    cost: f64,
    id: &'static str,
    target: &'static str,
    /// Columns that facts taken away together share.
    group: &'static [usize],
    /// Fact to add instead of taking any away: relation and its arguments over the columns.
    adds: Option<(&'static str, &'static [&'static str])>,
}

const fn removes(
    relation: &'static str,
    kind: CountermeasureKind,
    cost: f64,
    id: &'static str,
    target: &'static str,
    group: &'static [usize],
) -> Removable {
    Removable { relation, kind, cost, id, target, group, adds: None }
}

const fn adds(
    relation: &'static str,
    kind: CountermeasureKind,
    cost: f64,
    id: &'static str,
    target: &'static str,
    added: (&'static str, &'static [&'static str]),
) -> Removable {
    Removable { relation, kind, cost, id, target, group: &[], adds: Some(added) }
}

use CountermeasureKind::{Account, Credential, Filter, Patch, Remove, Usage};

/// Sorted by relation.
pub(crate) const REMOVABLE: &[Removable] = &[
    removes("admin_of", Account, 2.0, "end-administration-{0}-of-{1}", "group:{0}", &[0, 1]),
    removes("allow", Filter, 1.0, "block-{0}-to-{1}-{2}", "zone:{1}", &[0, 1, 2]),
    removes("auto_update", Patch, 1.0, "test-updates-of-{0}", "software:{0}", &[0]),
    removes("bus_link", Remove, 4.0, "separate-bus-{0}-{1}", "host:{1}", &[0, 1]),
    removes("cached_on", Credential, 1.0, "keep-{0}-out-of-memory-of-{1}", "credential:{0}", &[0, 1]),
    removes("can_enter", Remove, 2.0, "lock-out-{0}-of-{1}", "place:{1}", &[0, 1]),
    removes("carries", Usage, 1.0, "keep-{1}-away-from-{2}", "person:{0}", &[1, 2]),
    removes("cleartext", Credential, 2.0, "encrypt-{0}", "service:{0}", &[0]),
    removes("console_unlocked", Usage, 0.5, "lock-screen-of-{0}", "host:{0}", &[0]),
    adds("data_on", Credential, 2.0, "encrypt-{0}", "data:{0}", ("encrypted", &["{0}"])),
    removes("default_password", Credential, 0.5, "set-password-of-{0}", "account:{0}", &[0]),
    removes("depends_on", Remove, 6.0, "second-{1}-for-{0}", "process:{0}", &[0, 1]),
    removes("executes", Remove, 2.0, "check-{1}-before-{0}-runs-it", "host:{0}", &[0, 1]),
    removes("finding", Patch, 3.0, "replace-{0}", "software:{0}", &[0]),
    removes("flow_trusted", Remove, 2.0, "check-input-of-{1}-from-{0}", "host:{1}", &[0, 1]),
    removes("has_account", Account, 1.0, "remove-account-{0}-from-{1}", "account:{0}", &[0, 1]),
    removes("leaver", Account, 0.5, "close-account-{0}", "account:{0}", &[0]),
    removes("listens", Remove, 3.0, "close-{1}", "service:{1}", &[1]),
    removes("login_service", Remove, 3.0, "no-logins-through-{0}", "service:{0}", &[0]),
    removes("member_of", Account, 1.0, "remove-{0}-from-{1}", "group:{1}", &[0, 1]),
    removes("mounts", Remove, 2.0, "unmount-{1}-from-{0}", "host:{0}", &[0, 1]),
    adds("opens", Account, 1.0, "second-factor-for-{1}", "account:{1}", ("mfa", &["{1}"])),
    removes("performs", Usage, 1.0, "end-{2}-by-{0}-on-{1}", "person:{0}", &[0, 1, 2]),
    adds("programs", Remove, 1.0, "lock-program-of-{1}", "host:{1}", ("protected", &["{1}", "program-lock"])),
    removes("remote_access", Remove, 2.0, "unplug-maintenance-of-{1}-from-{0}", "host:{1}", &[0, 1]),
    removes("remote_access_host", Remove, 2.0, "unplug-maintenance-of-{1}-from-{0}", "host:{1}", &[0, 1]),
    removes("reuses", Credential, 1.0, "own-secret-for-{1}", "credential:{1}", &[1]),
    removes("stored_on", Credential, 1.0, "do-not-store-{0}-on-{1}", "credential:{0}", &[0, 1]),
    removes("trusts", Account, 1.0, "end-trust-of-{0}-in-{1}", "host:{0}", &[0, 1]),
    removes("unauthenticated", Remove, 4.0, "authenticate-{0}", "service:{0}", &[0]),
    removes("uses_account", Usage, 1.0, "end-use-of-{2}-on-{1}", "account:{2}", &[1, 2]),
    removes("vul_exists", Patch, 2.0, "patch-{2}-on-{1}", "software:{2}", &[1, 2]),
    removes("weak", Credential, 0.5, "strong-secret-for-{0}", "credential:{0}", &[0]),
    removes("wireless_range", Remove, 2.0, "switch-off-radio-in-{1}", "zone:{1}", &[0, 1]),
];

/// What removing the base fact `fact` would be, and the base facts that are to be taken away for it; none are yet.
pub(crate) fn suggested(fact: &Fact) -> Option<(Measure, Option<Pattern>)> {
    let way = way(&fact.relation).filter(|_| is_suggestible(fact))?;
    let words: BTreeMap<String, String> =
        fact.args.iter().enumerate().map(|(at, value)| (at.to_string(), plain(value))).collect();
    let shared = |(column, value)| way.group.contains(&column).then(|| plain(value));
    let taken = way.adds.is_none().then(|| Pattern {
        relation: fact.relation.clone(),
        args: fact.args.iter().enumerate().map(shared).collect(),
    });
    let insert = way.adds.map(|(relation, args)| {
        let args = args.iter().map(|a| Value::Symbol(fill(a, &words))).collect();
        Fact { relation: relation.to_owned(), args }
    });
    let measure = Measure {
        id: fill(way.id, &words).replace(['/', ' '], "-"),
        kind: way.kind,
        target: fill(way.target, &words),
        cost: way.cost,
        retract: BTreeSet::new(),
        insert: insert.into_iter().collect(),
    };
    Some((measure, taken))
}

/// There is a countermeasure for the fact.
pub(crate) fn is_suggestible(fact: &Fact) -> bool {
    way(&fact.relation).is_some() && (fact.relation != "allow" || crosses_a_filter(fact))
}

/// The countermeasure for facts of a relation takes them away, rather than adding others.
pub(crate) fn is_taken_away(relation: &str) -> bool {
    way(relation).is_some_and(|way| way.adds.is_none())
}

/// Facts whose countermeasure adds one that fits `absent`.
pub(crate) fn adding(absent: &Pattern) -> Vec<Pattern> {
    let ways = REMOVABLE.iter().filter_map(|way| Some((way, way.adds?)));
    ways.filter_map(|(way, (_, templates))| {
        let columns = system::RELATIONS.iter().find(|r| r.name == way.relation)?.columns.len();
        let mut args = vec![None; columns];
        for (template, wanted) in templates.iter().zip(&absent.args) {
            let column = template.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
            match column.and_then(|column| column.parse::<usize>().ok()) {
                Some(column) => args.get_mut(column)?.clone_from(wanted),
                None if wanted.as_ref().is_none_or(|wanted| wanted == template) => {}
                None => return None,
            }
        }
        let fits = way.adds.is_some_and(|(relation, _)| relation == absent.relation);
        fits.then(|| Pattern { relation: way.relation.to_owned(), args })
    })
    .collect()
}

fn way(relation: &str) -> Option<&'static Removable> {
    let at = REMOVABLE.binary_search_by(|way| way.relation.cmp(relation)).ok()?;
    REMOVABLE.get(at)
}

/// The facts of a system in which the countermeasures with ids in `applied` are in place; unknown ids change nothing.
pub(crate) fn with_applied(
    system: &System,
    facts: BTreeSet<Fact>,
    applied: &BTreeSet<String>,
) -> BTreeSet<Fact> {
    if applied.is_empty() {
        return facts;
    }
    let mut by_relation: BTreeMap<&str, Vec<&Fact>> = BTreeMap::new();
    for fact in facts.iter().filter(|fact| is_suggestible(fact)) {
        by_relation.entry(&fact.relation).or_default().push(fact);
    }
    let same = |pattern: Pattern| -> BTreeSet<Fact> {
        let of = by_relation.get(pattern.relation.as_str()).into_iter().flatten();
        of.filter(|fact| fits(&pattern, fact)).map(|fact| (*fact).clone()).collect()
    };
    let suggested = facts.iter().filter_map(suggested).filter(|(measure, _)| applied.contains(&measure.id));
    let suggested =
        suggested.map(|(measure, taken)| Measure { retract: taken.map(same).unwrap_or_default(), ..measure });
    let stated = stated(system, &facts).into_iter().filter(|measure| applied.contains(&measure.id));
    let chosen: Vec<Measure> = stated.chain(suggested).collect();
    let mut changed = facts;
    for measure in chosen {
        changed.retain(|fact| !measure.retract.contains(fact));
        changed.extend(measure.insert);
    }
    changed
}

/// The fact is one that the pattern describes.
pub(crate) fn fits(pattern: &Pattern, fact: &Fact) -> bool {
    let given =
        |(wanted, value): (&Option<String>, &Value)| wanted.as_ref().is_none_or(|w| *w == plain(value));
    pattern.relation == fact.relation && pattern.args.iter().zip(&fact.args).all(given)
}

/// Inside one zone there is no filter to change.
fn crosses_a_filter(allow: &Fact) -> bool {
    // A compiled zone `it/web1` is part of the model's zone `it`.
    let model = |zone: &str| zone.split_once('/').map_or(zone.to_owned(), |(model, _)| model.to_owned());
    arguments(allow).is_ok_and(|[from, to, _]: [&str; 3]| model(from) != model(to))
}

/// The countermeasures that the model states, as changes of its facts.
pub(crate) fn stated(system: &System, facts: &BTreeSet<Fact>) -> Vec<Measure> {
    let document = system.document();
    let measure = |(id, stated): (&String, &system::Countermeasure)| {
        let target: Reference = stated.target.value.parse().ok()?;
        let kind = kind(stated.kind);
        let touched = touched(kind, &target);
        let retract = facts.iter().filter(|fact| touched.iter().any(|t| t.takes(fact))).cloned().collect();
        Some(Measure {
            id: id.clone(),
            kind,
            target: target.to_string(),
            cost: stated.cost.max(1e-6),
            retract,
            insert: added(kind, &target),
        })
    };
    document.countermeasures.iter().filter_map(|(id, entry)| measure((id, &entry.value))).collect()
}

fn kind(kind: system::CountermeasureKind) -> CountermeasureKind {
    use system::CountermeasureKind as Stated;
    match kind {
        Stated::Patch => Patch,
        Stated::Filter => Filter,
        Stated::Remove => Remove,
        Stated::Credential => Credential,
        Stated::Account => Account,
        Stated::Usage => Usage,
        Stated::Monitor => CountermeasureKind::Monitor,
    }
}

/// Facts of a relation whose column names the target.
struct Touched {
    relation: &'static str,
    column: usize,
    name: String,
}

impl Touched {
    fn takes(&self, fact: &Fact) -> bool {
        let named = fact.args.get(self.column).map(plain);
        // A compiled zone `it/web1` is part of the model's zone `it`.
        let zone = self.relation == "allow" && crosses_a_filter(fact);
        let same =
            |name: &str| name == self.name || zone && name.split('/').next() == Some(self.name.as_str());
        fact.relation == self.relation
            && (self.relation != "allow" || zone)
            && named.is_some_and(|n| same(&n))
    }
}

/// Which facts a stated countermeasure takes away.
fn touched(kind: CountermeasureKind, target: &Reference) -> Vec<Touched> {
    let columns: &[(&str, usize)] = match (kind, target.kind) {
        (Patch, Kind::Software) => &[("vul_exists", 2), ("finding", 0)],
        (Patch, Kind::Vulnerability) => &[("vul_exists", 0)],
        (Patch, Kind::Host) => &[("vul_exists", 1)],
        (Filter, Kind::Zone) => &[("allow", 1), ("remote_access", 0), ("wireless_range", 1)],
        (Filter | Remove, Kind::Service) => &[("listens", 1)],
        (Filter, Kind::Host) => &[("in_zone", 0), ("remote_access", 1), ("remote_access_host", 1)],
        (Remove, Kind::Host) => &[
            ("bus_link", 0),
            ("bus_link", 1),
            ("in_zone", 0),
            ("listens", 0),
            ("programs", 0),
            ("remote_access", 1),
            ("remote_access_host", 0),
            ("remote_access_host", 1),
        ],
        (Remove, Kind::Software) => &[("vul_exists", 2), ("finding", 0), ("service_software", 1)],
        (Remove | Account, Kind::Account) => &[
            ("account_user", 0),
            ("default_password", 0),
            ("has_account", 0),
            ("leaver", 0),
            ("member_of", 0),
            ("uses_account", 2),
        ],
        (Remove | Account, Kind::Group) => &[("admin_of", 0), ("member_of", 1)],
        (Credential | Remove, Kind::Credential) => {
            &[("cached_on", 0), ("reuses", 0), ("reuses", 1), ("stored_on", 0), ("weak", 0)]
        }
        (Credential, Kind::Account) => &[("default_password", 0)],
        (Credential, Kind::Service) => &[("cleartext", 0), ("unauthenticated", 0)],
        (Usage | Remove, Kind::Person) => &[("carries", 0), ("performs", 0), ("uses_account", 0)],
        (Usage, Kind::Host) => {
            &[("carries", 2), ("console_unlocked", 0), ("performs", 1), ("uses_account", 1)]
        }
        (Remove, Kind::Data) => &[("data_on", 0), ("executes", 1), ("mounts", 1)],
        _ => &[],
    };
    columns
        .iter()
        .map(|(relation, column)| Touched { relation, column: *column, name: target.id.clone() })
        .collect()
}

/// Which facts a stated countermeasure adds.
fn added(kind: CountermeasureKind, target: &Reference) -> BTreeSet<Fact> {
    let fact = match (kind, target.kind) {
        (Credential, Kind::Account) => Fact::of("mfa", &[&target.id]),
        (Credential, Kind::Data) => Fact::of("encrypted", &[&target.id]),
        (Usage, Kind::Person) => Fact::of("trained", &[&target.id]),
        _ => return BTreeSet::new(),
    };
    BTreeSet::from([fact])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_names_relations_of_the_vocabulary() {
        assert!(REMOVABLE.windows(2).all(|w| w[0].relation < w[1].relation));
        for way in REMOVABLE {
            let relation = system::RELATIONS.iter().find(|r| r.name == way.relation);
            assert!(
                relation.is_some_and(|r| way.group.iter().all(|c| *c < r.columns.len())),
                "{}",
                way.relation
            );
        }
    }

    #[test]
    fn a_passage_inside_one_zone_cannot_be_blocked() {
        let allow = |from, to| Fact::of("allow", &[from, to, "tcp/80"]);
        assert_eq!(suggested(&allow("it", "it/web1")), None);
        assert!(suggested(&allow("outside", "it/web1")).is_some());
    }
}
