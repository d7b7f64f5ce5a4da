//! For each rule a situation in which it fires, and one that differs a little and in which it does not.
//!
//! A case in `rules/cases/PACK.txt`: the rule's id; `given` facts; what it `fires`; what changes (`-fact`, `+fact`) so
//! that it `misses`.

use std::collections::{BTreeMap, BTreeSet};

use assess::packs::{built_in, program};
use datalog::{Change, Fact, Options, Pattern, Program, Session, Source, Update};

struct Case {
    rule: String,
    given: Vec<Fact>,
    fires: Pattern,
    misses: Vec<Update>,
}

fn facts(program: &Program, text: &str) -> Vec<Fact> {
    let lines = text.replace("; ", "\n");
    program.read_facts(Source { name: "case", text: &lines }).unwrap_or_else(|e| panic!("{text}: {e}"))
}

fn case(program: &Program, text: &str) -> Case {
    let lines: Vec<&str> = text.lines().collect();
    let [rule, given, fires, misses] = lines.as_slice() else { panic!("a case has four lines: {text}") };
    let rest = |line: &str, word: &str| {
        line.strip_prefix(word).unwrap_or_else(|| panic!("{word}: {text}")).to_owned()
    };
    let update = |change: &str| {
        let (sign, fact) = change.trim().split_at(1);
        let change = if sign == "+" { Change::Added } else { Change::Removed };
        Update { fact: facts(program, fact).remove(0), change }
    };
    Case {
        rule: (*rule).to_owned(),
        given: facts(program, &rest(given, "given ")),
        fires: rest(fires, "fires ").parse().unwrap(),
        misses: rest(misses, "misses ").split("; ").map(update).collect(),
    }
}

fn cases(program: &Program) -> Vec<Case> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/rules/cases");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()).collect();
    files.sort();
    let texts = files.iter().map(|f| std::fs::read_to_string(f).unwrap());
    let blocks: Vec<String> =
        texts.flat_map(|t| t.split("\n\n").map(|b| b.trim().to_owned()).collect::<Vec<_>>()).collect();
    blocks.iter().filter(|b| !b.is_empty()).map(|b| case(program, b)).collect()
}

fn id(rule: &datalog::Rule) -> Option<String> {
    let annotation = rule.annotations.iter().find(|a| a.name == "rule")?;
    annotation.positional.first().map(|id| match id {
        datalog::Argument::Text(id) => id.clone(),
        datalog::Argument::Number(_) => panic!("a rule's id is a word"),
    })
}

/// Whether this rule itself concludes it; others may as well.
fn concludes(session: &Session, rule: &str, fact: &Pattern) -> bool {
    let derivations = session.derivations_of(std::slice::from_ref(fact)).unwrap();
    let heads = derivations.matching(session, fact).unwrap();
    derivations.applications().any(|application| {
        let of = session.program().rules().get(application.rule.0).and_then(id);
        heads.contains(&application.head) && of.as_deref() == Some(rule)
    })
}

#[test]
fn every_rule_fires_where_it_should_and_misses_where_it_should_not() {
    let program = program(&built_in()).unwrap();
    let cases = cases(&program);
    let mut session = Session::new(program.clone(), Options::default());
    let mut wrong = Vec::new();
    for case in &cases {
        let given = |change| move |fact: &Fact| Update { fact: fact.clone(), change };
        let updates: Vec<Update> = case.given.iter().map(given(Change::Added)).collect();
        let fires = session.what_if(&updates, |s, _| concludes(s, &case.rule, &case.fires)).unwrap();
        let changed: Vec<Update> = updates.into_iter().chain(case.misses.iter().cloned()).collect();
        let near = session.what_if(&changed, |s, _| concludes(s, &case.rule, &case.fires)).unwrap();
        if !fires || near {
            wrong.push(format!("{}: fires {fires}, near miss fires {near}", case.rule));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let covered: BTreeSet<&str> = cases.iter().map(|c| c.rule.as_str()).collect();
    let rules: BTreeSet<String> = program.rules().iter().filter_map(id).collect();
    let missing: Vec<&String> = rules.iter().filter(|rule| !covered.contains(rule.as_str())).collect();
    assert!(missing.is_empty(), "rules without a case: {missing:?}");
}

#[test]
fn there_are_rules_for_every_concern() {
    let program = program(&built_in()).unwrap();
    let mut by_pack: BTreeMap<&str, usize> = BTreeMap::new();
    for rule in program.rules().iter().filter(|rule| id(rule).is_some()) {
        *by_pack.entry(&rule.source).or_default() += 1;
    }
    assert_eq!(by_pack.len(), 10);
    assert!(by_pack.values().sum::<usize>() >= 80, "{by_pack:?}");
}
