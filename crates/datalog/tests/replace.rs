//! Rules that are replaced while a session runs.

use std::collections::BTreeSet;

use datalog::{Change, Fact, Method, Options, Program, ReplaceError, Session, Source, reference};
use proptest::prelude::*;

const DECLARATIONS: &str = "
    .decl a(x: symbol, y: symbol)   .decl b(x: symbol)
    .decl p(x: symbol, y: symbol)   .decl q(x: symbol)   .decl r(x: symbol, y: symbol)   .decl s(x: symbol, n: int)
";

/// p, r < q < s. The last ones state facts.
const RULES: &[&str] = &[
    "p(X, Y) :- a(X, Y).",
    "p(X, Z) :- p(X, Y), a(Y, Z).",
    "p(X, X) :- b(X), !a(X, X).",
    "r(X, Y) :- a(Y, X), X != Y.",
    "r(X, new) :- b(X), a(X, other).",
    "q(X) :- b(X), !p(X, _).",
    "q(X) :- p(X, Y), !p(Y, X), q(Y).",
    "q(X) :- a(X, X), N = count { r(X, _) }, N > 1.",
    "s(X, N) :- N = count { p(X, _) }.",
    "s(X, N) :- N = count { p(X, _) }, !q(X).",
    "a(c0, c1).",
    "p(c1, c2).",
    "b(other).",
];

fn text(rules: &[usize]) -> String {
    let rules: Vec<&str> = rules.iter().map(|rule| RULES[*rule]).collect();
    format!("{DECLARATIONS}{}", rules.join("\n"))
}

fn program(rules: &[usize]) -> Program {
    Program::load(&[Source { name: "random.dl", text: &text(rules) }]).unwrap()
}

fn any_rules() -> impl Strategy<Value = Vec<usize>> {
    prop::sample::subsequence((0..RULES.len()).collect::<Vec<_>>(), 1..RULES.len())
}

fn any_fact() -> impl Strategy<Value = Fact> {
    let name = || (0..4_u8).prop_map(|n| datalog::Value::Symbol(format!("c{n}")));
    prop_oneof![
        3 => (name(), name()).prop_map(|(x, y)| Fact { relation: "a".to_owned(), args: vec![x, y] }),
        1 => name().prop_map(|x| Fact { relation: "b".to_owned(), args: vec![x] }),
    ]
}

fn all(session: &Session) -> Vec<Fact> {
    let relations: Vec<String> = session.program().relations().map(|r| r.name.clone()).collect();
    let mut facts: Vec<Fact> = relations.iter().flat_map(|relation| session.facts(relation)).collect();
    facts.sort();
    facts
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn a_session_with_replaced_rules_is_one_that_had_them_from_the_start(
        rules in prop::collection::vec(any_rules(), 1..5),
        facts in prop::collection::vec(any_fact(), 0..12),
        later in prop::collection::vec((any_fact(), any::<bool>()), 0..6),
        method in prop_oneof![3 => Just(Method::SemiNaive), 1 => Just(Method::Dataflow)],
    ) {
        let mut session = Session::new(program(&rules[0]), Options { method, ..Options::default() });
        let mut base: BTreeSet<Fact> = facts.into_iter().collect();
        // What the texts state goes with them.
        let own = ["a(c0, c1)", "b(other)"];
        base.retain(|fact| !own.contains(&fact.to_string().as_str()));
        for fact in &base {
            session.insert(fact).unwrap();
        }
        session.commit().unwrap();
        for rules in &rules[1..] {
            let mut seen: BTreeSet<Fact> = all(&session).into_iter().collect();
            let changes = session.replace_rules(&[Source { name: "other.dl", text: &text(rules) }]).unwrap();
            for update in changes.updates(&session) {
                let changed = match update.change {
                    Change::Added => seen.insert(update.fact.clone()),
                    Change::Removed => seen.remove(&update.fact),
                };
                prop_assert!(changed, "{} is reported without cause", update.fact);
            }
            let facts: Vec<Fact> = base.iter().cloned().collect();
            prop_assert_eq!(&all(&session), &reference(&program(rules), &facts).unwrap());
            prop_assert_eq!(&all(&session), &seen.into_iter().collect::<Vec<_>>(), "changes add up");
        }
        for (fact, add) in later {
            if own.contains(&fact.to_string().as_str()) {
                continue;
            }
            if add {
                session.insert(&fact).unwrap();
                base.insert(fact);
            } else {
                session.retract(&fact).unwrap();
                base.remove(&fact);
            }
        }
        session.commit().unwrap();
        let facts: Vec<Fact> = base.into_iter().collect();
        prop_assert_eq!(all(&session), reference(&program(rules.last().unwrap()), &facts).unwrap());
    }
}

#[test]
fn of_two_rules_that_count_the_same_both_go_on_counting() {
    let facts = [Fact::of("a", &["c0", "c0"])];
    let mut session = Session::new(program(&[0, 8]), Options::default());
    session.insert(&facts[0]).unwrap();
    session.commit().unwrap();
    for rules in [&[0, 8, 9][..], &[0, 9]] {
        session.replace_rules(&[Source { name: "other.dl", text: &text(rules) }]).unwrap();
        assert_eq!(all(&session), reference(&program(rules), &facts).unwrap(), "{rules:?}");
    }
}

#[test]
fn a_mistake_in_new_rules_leaves_the_old_ones() {
    let mut session = Session::new(program(&[0]), Options::default());
    session.insert(&Fact::of("a", &["x", "y"])).unwrap();
    session.commit().unwrap();
    let wrong = session.replace_rules(&[Source { name: "wrong.dl", text: "p(X) :- nothing(X)." }]);
    assert!(matches!(wrong, Err(ReplaceError::Program(_))));
    assert_eq!(session.facts("p"), [Fact::of("p", &["x", "y"])]);
}

#[test]
fn facts_are_not_lost_for_want_of_a_relation() {
    let mut session = Session::new(program(&[0]), Options::default());
    session.insert(&Fact::of("a", &["x", "y"])).unwrap();
    let other = ".decl a(x: symbol) .decl p(x: symbol) p(X) :- a(X).";
    let Err(error) = session.replace_rules(&[Source { name: "other.dl", text: other }]) else { panic!() };
    assert_eq!(error, ReplaceError::Facts { relation: "a".to_owned() });
    assert_eq!(session.facts("p"), [Fact::of("p", &["x", "y"])]);
}
