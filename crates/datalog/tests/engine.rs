//! The engine against the reference evaluator and recomputation; budgets; statements of what is incomplete.

use std::collections::BTreeSet;

use datalog::{Change, Fact, Limit, Method, Options, Program, Session, Source, Update, reference};
use proptest::prelude::*;

mod random;

use random::{RULES, all, any_fact, pattern, program};

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn incremental_equals_reference_equals_recomputed(
        rules in prop::sample::subsequence((0..RULES.len()).collect::<Vec<_>>(), 1..RULES.len()),
        batches in prop::collection::vec(prop::collection::vec((any_fact(), any::<bool>()), 1..8), 1..5),
        workers in 1..4_usize,
        method in prop_oneof![3 => Just(Method::SemiNaive), 1 => Just(Method::Dataflow)],
    ) {
        let program = program(&rules);
        let mut session = Session::new(program.clone(), Options { workers, method, ..Options::default() });
        let mut base = BTreeSet::new();
        let mut seen: BTreeSet<Fact> = BTreeSet::new();
        for batch in batches {
            for (fact, add) in batch {
                let changed = if add { session.insert(&fact) } else { session.retract(&fact) }.unwrap();
                let expected = if add { base.insert(fact) } else { base.remove(&fact) };
                prop_assert_eq!(changed, expected);
            }
            for update in session.commit().unwrap().updates(&session) {
                let changed = match update.change {
                    Change::Added => seen.insert(update.fact.clone()),
                    Change::Removed => seen.remove(&update.fact),
                };
                prop_assert!(changed, "{} is reported twice", update.fact);
            }
            let base: Vec<Fact> = base.iter().cloned().collect();
            let engine = all(&session);
            prop_assert_eq!(&engine, &reference(&program, &base).unwrap());
            prop_assert_eq!(&engine, &seen.iter().cloned().collect::<Vec<_>>(), "changes add up to the state");
            let mut fresh = Session::new(program.clone(), Options::default());
            for fact in &base {
                fresh.insert(fact).unwrap();
            }
            fresh.commit().unwrap();
            prop_assert_eq!(&engine, &all(&fresh));
        }
    }

    #[test]
    fn what_if_leaves_no_trace(
        rules in prop::sample::subsequence((0..RULES.len()).collect::<Vec<_>>(), 1..RULES.len()),
        facts in prop::collection::vec(any_fact(), 1..10),
        tried in prop::collection::vec((any_fact(), any::<bool>()), 1..6),
    ) {
        let mut session = Session::new(program(&rules), Options::default());
        for fact in &facts {
            session.insert(fact).unwrap();
        }
        session.commit().unwrap();
        let before = all(&session);
        let updates: Vec<Update> = tried
            .iter()
            .map(|(fact, add)| Update { fact: fact.clone(), change: if *add { Change::Added } else { Change::Removed } })
            .collect();
        session.what_if(&updates, |_, _| ()).unwrap();
        prop_assert_eq!(all(&session), before);
    }
}

fn chain(limit: u64, workers: usize) -> Session {
    let text = ".decl n(x: int) .decl even(x: int) .decl odd(x: int)\nn(0).\nn(Y) :- n(X), Y = X + 1.\n\
        even(X) :- n(X), X % 2 = 0.\nodd(X) :- n(X), !even(X).";
    let program = Program::load(&[Source { name: "endless.dl", text }]).unwrap();
    let mut session = Session::new(program, Options { workers, max_derived: limit, ..Options::default() });
    session.commit().unwrap();
    session
}

#[test]
fn endless_rules_stop_at_the_budget_at_the_same_place_for_any_number_of_workers() {
    let one = chain(500, 1);
    let incomplete = one.incomplete().unwrap();
    assert_eq!(
        (incomplete.limit, incomplete.cut.as_slice()),
        (Limit::Facts(500), ["n".to_owned()].as_slice())
    );
    assert_eq!(incomplete.untouched, ["even", "odd"]);
    assert_eq!(one.facts("n").len(), 501);
    assert!(one.facts("odd").is_empty(), "no negation on what is incomplete");
    for workers in [2, 4] {
        assert_eq!(all(&one), all(&chain(500, workers)));
    }
}

/// Sums of three figures that are never negative: nothing follows, after many steps.
fn barren(method: Method, workers: usize, max_steps: u64) -> Session {
    let text = ".decl n(x: int) .decl never(x: int) .decl small(x: int) .decl other(x: int)
        small(X) :- n(X), X < 3.
        never(X) :- n(X), !small(X), n(Y), n(Z), X + Y + Z < 0.
        other(X) :- n(X), !never(X).";
    let program = Program::load(&[Source { name: "barren.dl", text }]).unwrap();
    let mut session = Session::new(program, Options { workers, max_steps, method, ..Options::default() });
    for n in 0..300 {
        session.insert(&Fact { relation: "n".to_owned(), args: vec![n.into()] }).unwrap();
    }
    session.commit().unwrap();
    session
}

#[test]
fn a_join_without_conclusions_stops_at_the_budget_of_steps() {
    for method in [Method::SemiNaive, Method::Dataflow] {
        let one = barren(method, 1, 100_000);
        let incomplete = one.incomplete().unwrap();
        assert_eq!(incomplete.limit, Limit::Steps(100_000));
        assert_eq!(
            (incomplete.cut.as_slice(), incomplete.untouched.as_slice()),
            (&["never".to_owned()][..], &["other".to_owned()][..])
        );
        assert_eq!(one.facts("small").len(), 3, "what was complete before stays");
        assert!(one.facts("other").is_empty(), "no negation on what is incomplete");
        for workers in [2, 4] {
            assert_eq!(all(&one), all(&barren(method, workers, 100_000)));
        }
    }
}

#[test]
fn a_change_that_takes_too_many_steps_is_said_and_recovered_from() {
    let text = ".decl n(x: int) .decl go(x: int) .decl never(x: int)
        never(X) :- go(X), n(Y), n(Z), X + Y + Z < 0.";
    let program = Program::load(&[Source { name: "late.dl", text }]).unwrap();
    let mut session = Session::new(program, Options { max_steps: 100_000, ..Options::default() });
    for n in 0..3000 {
        session.insert(&Fact { relation: "n".to_owned(), args: vec![n.into()] }).unwrap();
    }
    session.commit().unwrap();
    assert_eq!(session.incomplete(), None);
    let go = Fact { relation: "go".to_owned(), args: vec![1.into()] };
    session.insert(&go).unwrap();
    session.commit().unwrap();
    assert_eq!(session.incomplete().map(|cut| cut.limit), Some(Limit::Steps(100_000)));
    session.retract(&go).unwrap();
    session.commit().unwrap();
    assert_eq!(session.incomplete(), None);
}

#[test]
fn a_session_recovers_once_the_cause_of_the_explosion_is_gone() {
    let mut session = chain(100, 1);
    session.retract(&Fact { relation: "n".to_owned(), args: vec![0.into()] }).unwrap();
    let changes = session.commit().unwrap();
    assert_eq!(changes.len(), 101);
    assert_eq!(session.incomplete(), None);
    assert!(all(&session).is_empty());
}

#[test]
fn a_fact_that_is_no_longer_stated_but_still_follows_carries_what_rests_on_it() {
    let text = ".decl edge(x: int, y: int) .decl path(x: int, y: int)\npath(X, Y) :- edge(X, Y).\n\
        path(X, Z) :- path(X, Y), edge(Y, Z).\nedge(0, 1). edge(1, 2). edge(2, 3).";
    let program = Program::load(&[Source { name: "paths.dl", text }]).unwrap();
    let mut session = Session::new(program, Options::default());
    let stated = Fact { relation: "path".to_owned(), args: vec![0.into(), 1.into()] };
    session.insert(&stated).unwrap();
    session.commit().unwrap();
    session.retract(&stated).unwrap();
    assert!(session.commit().unwrap().is_empty(), "it follows from an edge");
    let proof = session.why(&"path(0, 3)".parse().unwrap()).unwrap().unwrap();
    let steps: Vec<String> = proof.steps.iter().map(|step| step.conclusion.to_string()).collect();
    assert_eq!(steps, ["path(0, 1)", "path(0, 2)", "path(0, 3)"]);
}

#[test]
fn the_nearest_missing_premise_is_named_through_several_rules() {
    let text = "
        .decl allow(from: symbol, to: symbol) .decl zone(host: symbol, zone: symbol) .decl hole(host: symbol)
        .decl patched(host: symbol) .decl at(zone: symbol)
        .decl reach(host: symbol) .decl own(host: symbol)
        reach(H) :- at(Z), zone(H, Y), allow(Z, Y).
        reach(H) :- own(G), zone(G, Z), zone(H, Y), allow(Z, Y).
        own(H) :- reach(H), hole(H), !patched(H).
        at(out). zone(web, it). zone(plc, ot). zone(db, it). allow(out, it). hole(web). hole(plc). hole(db). patched(db).
    ";
    let program = Program::load(&[Source { name: "r.dl", text }]).unwrap();
    let mut session = Session::new(program, Options::default());
    session.commit().unwrap();
    let ask = |goal: &str| {
        let missing = session.missing(&goal.parse().unwrap(), 10_000).unwrap();
        missing.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(ask("own(web)"), [""; 0]);
    assert_eq!(ask("own(db)"), ["not patched(db)"]);
    assert_eq!(ask("own(plc)"), ["allow(out, ot)"]);
    assert_eq!(ask("own(nobody)"), ["own(nobody)"]);
}

#[test]
fn output_is_the_same_for_one_two_and_four_workers() {
    let rules: Vec<usize> = (0..RULES.len()).collect();
    let run = |workers| {
        let mut session = Session::new(program(&rules), Options { workers, ..Options::default() });
        for i in 0..40 {
            let names = [format!("c{}", i % 7), format!("c{}", (i * i + 3) % 11)];
            session.insert(&Fact::of("a", &[&names[0], &names[1]])).unwrap();
            session.insert(&Fact::of("b", &[&names[1]])).unwrap();
        }
        let changes = session.commit().unwrap().updates(&session);
        (all(&session), changes)
    };
    let one = run(1);
    assert!(one.0.len() > 100);
    assert_eq!(one, run(2));
    assert_eq!(one, run(4));
}

#[test]
fn a_rule_that_concludes_more_from_few_rows_than_is_held_at_once_gives_all_of_it() {
    let text = ".decl left(x: symbol)\n.decl right(x: symbol)\n.decl pair(x: symbol, y: symbol)\n\
        pair(X, Y) :- left(X), right(Y).";
    let program = Program::load(&[Source { name: "pairs.dl", text }]).unwrap();
    let run = |workers, max_derived| {
        let options = Options { workers, max_derived, ..Options::default() };
        let mut session = Session::new(program.clone(), options);
        for number in 0..600 {
            session.insert(&Fact::of("left", &[&format!("l{number}")])).unwrap();
            session.insert(&Fact::of("right", &[&format!("r{number}")])).unwrap();
        }
        session.commit().unwrap();
        session
    };
    for workers in [1, 2] {
        let whole = run(workers, 1_000_000);
        assert_eq!((whole.derived_facts(), whole.incomplete()), (360_000, None));
        assert!(run(workers, 100_000).incomplete().is_some());
    }
}

/// A graph with so many edges that workers share them.
fn dense(workers: usize) -> Session {
    let text = "
        .decl edge(from: symbol, to: symbol) .decl two(from: symbol, to: symbol)
        .decl reached(node: symbol) .decl lonely(node: symbol) .decl degree(node: symbol, n: int)
        two(X, Z) :- edge(X, Y), edge(Y, Z), X != Z.
        two(X, Y) :- edge(X, Y).
        reached(n0).
        reached(Y) :- reached(X), edge(X, Y).
        reached(Y) :- reached(X), two(X, Y), edge(Y, _).
        degree(X, N) :- N = count { two(X, _) }.
        lonely(X) :- edge(X, _), !reached(X).
    ";
    let program = Program::load(&[Source { name: "dense.dl", text }]).unwrap();
    let mut session = Session::new(program, Options { workers, ..Options::default() });
    for n in 0..30_000_u32 {
        let (from, to) = (n % 7001, n.wrapping_mul(2_654_435_761) % 6800);
        session.insert(&Fact::of("edge", &[&format!("n{from}"), &format!("n{to}")])).unwrap();
    }
    session
}

#[test]
fn workers_that_share_many_rows_find_the_same_facts_changes_and_proofs() {
    let run = |workers| {
        let mut session = dense(workers);
        let first = session.commit().unwrap().updates(&session);
        for n in 0..3000 {
            let edge = Fact::of("edge", &[&format!("n{n}"), &format!("n{}", n * 17 % 6800)]);
            session.insert(&edge).unwrap();
        }
        for fact in session.facts("edge").iter().step_by(9) {
            session.retract(fact).unwrap();
        }
        let second = session.commit().unwrap().updates(&session);
        let reached = session.facts("reached");
        let proofs: Vec<_> =
            reached.iter().step_by(500).map(|fact| session.why(&pattern(fact)).unwrap()).collect();
        (first, second, all(&session), proofs)
    };
    let one = run(1);
    assert!(one.2.len() > 100_000 && one.3.len() > 5, "{} facts", one.2.len());
    for workers in [2, 4] {
        assert!(one == run(workers), "{workers} workers differ");
    }
}

/// Reached along a row of diamonds: two equal ways at each step.
const DIAMONDS: &str = "
    .decl edge(from: symbol, to: symbol)
    .decl reached(node: symbol)
    reached(Y) :- reached(X), edge(X, Y).
    reached(a0).
";

fn diamonds(length: usize) -> Session {
    let program = Program::load(&[Source { name: "diamonds.dl", text: DIAMONDS }]).unwrap();
    let mut session = Session::new(program, Options::default());
    for at in 0..length {
        let (a, b, c, next) = (format!("a{at}"), format!("b{at}"), format!("c{at}"), format!("a{}", at + 1));
        for (from, to) in [(&a, &b), (&a, &c), (&b, &next), (&c, &next)] {
            session.insert(&Fact::of("edge", &[from.as_str(), to.as_str()])).unwrap();
        }
    }
    session.commit().unwrap();
    session
}

#[test]
fn a_proof_does_not_depend_on_what_was_asked_before() {
    let near = "reached(a9)".parse().unwrap();
    // Rests on more facts than are looked up one by one for a question.
    let far = "reached(a600)".parse().unwrap();
    let (first, second) = (diamonds(600), diamonds(600));
    let alone = first.why(&near).unwrap();
    let whole = second.why(&far).unwrap();
    assert_eq!(second.why(&near).unwrap(), alone);
    assert_eq!(first.why(&far).unwrap(), whole);
    assert_eq!(whole.map(|proof| proof.steps.len()), Some(1200));
}

#[test]
fn a_proof_is_of_the_last_commit() {
    let far = "reached(a600)".parse().unwrap();
    let mut session = diamonds(600);
    assert!(session.why(&far).unwrap().is_some());
    for from in ["b300", "c300"] {
        session.retract(&Fact::of("edge", &[from, "a301"])).unwrap();
    }
    session.commit().unwrap();
    assert_eq!(session.why(&far).unwrap(), None);
}

#[test]
fn facts_that_only_rest_on_each_other_go() {
    for method in [Method::SemiNaive, Method::Dataflow] {
        let program = Program::load(&[Source { name: "ring.dl", text: DIAMONDS }]).unwrap();
        let mut session = Session::new(program, Options { method, ..Options::default() });
        for (from, to) in [("a0", "x"), ("x", "y"), ("y", "z"), ("z", "x"), ("a0", "w"), ("w", "z")] {
            session.insert(&Fact::of("edge", &[from, to])).unwrap();
        }
        session.commit().unwrap();
        let reached = |session: &Session| session.facts("reached").len();
        assert_eq!(reached(&session), 5);
        session.retract(&Fact::of("edge", &["a0", "x"])).unwrap();
        session.commit().unwrap();
        assert_eq!(reached(&session), 5, "there is another way round");
        session.retract(&Fact::of("edge", &["w", "z"])).unwrap();
        session.commit().unwrap();
        assert_eq!(reached(&session), 2);
    }
}

#[test]
fn rows_that_come_and_go_many_times_leave_the_right_ones() {
    let program = Program::load(&[Source { name: "many.dl", text: DIAMONDS }]).unwrap();
    let mut session = Session::new(program, Options::default());
    let edge = |node: u32| Fact::of("edge", &["a0", &format!("n{node}")]);
    for round in 0..6 {
        // More rows go than are kept for coming back.
        for node in 0..3000 {
            session.insert(&edge(round * 3000 + node)).unwrap();
            if round > 0 {
                session.retract(&edge((round - 1) * 3000 + node)).unwrap();
            }
        }
        let changes = session.commit().unwrap().len();
        assert_eq!(changes, if round == 0 { 6001 } else { 12_000 });
        assert_eq!(session.facts("reached").len(), 3001);
    }
}

#[test]
fn more_conclusions_than_are_kept_at_once_all_arrive() {
    let text = ".decl n(x: symbol) .decl pair(x: symbol, y: symbol) .decl twice(x: symbol, y: symbol)
        pair(X, Y) :- n(X), n(Y).
        twice(X, Y) :- n(X), n(Y).
        twice(Y, X) :- n(X), n(Y), X != Y.";
    let program = Program::load(&[Source { name: "pairs.dl", text }]).unwrap();
    let mut session = Session::new(program, Options::default());
    for n in 0..1030 {
        session.insert(&Fact::of("n", &[&format!("n{n}")])).unwrap();
    }
    session.commit().unwrap();
    let counts: Vec<usize> = session.counts().map(|(_, count)| count).collect();
    assert_eq!(counts, [1030, 1030 * 1030, 1030 * 1030]);
}
